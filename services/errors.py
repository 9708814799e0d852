"""What can go wrong with a service, as one tree.

ServiceError
├── MissingCredentials    nothing was sent: a variable is not set
├── CredentialsRejected   the token endpoint, or two 401s in a row, said no
├── Unreadable            the answer is not known: a read is then *unknown*, never absent
│   ├── Forbidden         a permission, scope or plan is missing; the text says which, and where
│   │   └── NotInPlan     the account's plan does not have it
│   ├── SignedOut         no signed-in state of Zoom's portal, an expired one, or no browser
│   ├── Throttled         the service asks for a longer wait than a run should take
│   └── Unavailable       5xx, no connection, a reset, or an answer that is not what it should be
├── LimitReached          the account's day is used up; the text says when to come back
├── NotFound              a definite 404: absent
├── Conflict              409: it is there already
├── Refused               the service read the request and said no
├── ForeignObject         something with our name is there that we did not make
└── WriteHadNoEffect      a success that changed nothing

Each text is one line with a next step, and holds no secret.
"""

from services.redact import redact


class ServiceError(Exception):
    """Base of all; `str()` is one redacted line."""

    def __init_subclass__(cls) -> None:
        # A person reads "Forbidden: …", not the path of a module.
        cls.__module__ = "builtins"

    def __init__(self, text: str, *, sent: bool = True) -> None:
        super().__init__(redact(" ".join(text.split())))
        self.__suppress_context__ = True  # what was being handled may hold bodies and tokens
        # Whether the request may have reached the service: then a write may have been done.
        self.sent = sent


class MissingCredentials(ServiceError):
    """A credential is neither in the environment nor in the stack's configuration."""


class CredentialsRejected(ServiceError):
    """The service does not accept the credentials."""


class Unreadable(ServiceError):
    """The answer is not known."""


class Forbidden(Unreadable):
    """The credentials are fine and lack a permission."""


class NotInPlan(Forbidden):
    """The account's plan does not have it."""


class SignedOut(Unreadable):
    """Zoom's portal cannot be looked at: nobody is signed in, or there is no browser here."""


class Throttled(Unreadable):
    """Too many requests, for longer than a run should wait."""


class Unavailable(Unreadable):
    """The service could not be reached or gave no usable answer."""


class LimitReached(ServiceError):
    """A daily limit: no read and no write of this run can go on."""


class NotFound(ServiceError):
    """A definite 404."""


class Conflict(ServiceError):
    """The object is there already."""


class Refused(ServiceError):
    """The request was understood and refused."""


class ForeignObject(ServiceError):
    """An object with our name that is not ours; it is never overwritten."""


class WriteHadNoEffect(ServiceError):
    """A write that was answered with success and changed nothing."""
