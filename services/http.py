"""One request with bounded, honest retries; every service's client is built on it."""

import datetime
import email.utils
import os
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from services.errors import Throttled, Unavailable
from services.redact import redact

if TYPE_CHECKING:
    import requests

USER_AGENT = "zoom-calendar"
CONNECT_TIMEOUT, READ_TIMEOUT = 5.0, 30.0  # seconds
ATTEMPTS = 5
LONGEST_WAIT = 60.0  # seconds; a service that asks for more ends the run with a clear line
_PASSING = {408, 424, 500, 502, 503, 504}


@dataclass(frozen=True)
class Answer:
    """What a service answered: `body` is the parsed JSON, or None where there is none."""

    status: int
    body: Any
    headers: Mapping[str, str]


class Http:
    """A service's HTTP session. Thread-safe; keeps no cookies and follows no redirects.

    `name` is how errors call the service. `watch` is given every answer, those that are sent for
    again included, with its request's label; what it raises ends the request. `proxy=False` is for
    what lives on this machine or its link: no proxy of the environment may see it.
    """

    def __init__(
        self,
        name: str,
        sleep: Callable[[float], None] = time.sleep,
        watch: Callable[[Answer, str], None] = lambda answer, label: None,
        *,
        proxy: bool = True,
    ) -> None:
        import http.cookiejar

        import requests  # heavy, and only a process that sends something needs it

        self.name, self._sleep, self._watch = name, sleep, watch
        self._session: requests.Session = requests.Session()
        # No shared mutable state besides the (thread-safe) connection pool.
        self._session.cookies.set_policy(http.cookiejar.DefaultCookiePolicy(allowed_domains=[]))
        self._session.trust_env = proxy
        # The variable that azuread and the engine take a private CA from; else requests' own rules.
        self._verify = os.environ.get("SSL_CERT_FILE") or None

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
        form: Mapping[str, str] | None = None,
        label: str | None = None,
        repeatable: bool | None = None,
    ) -> Answer:
        """Sends one request and returns the answer, whatever its status.

        `repeatable`: whether sending it twice does the same as once (default: all but POST); only
        then it is sent again when it may have been done. A request that was never sent, and one
        that got a 429, always is. Raises Unavailable and Throttled; `label` is how they name it.
        """
        label = label or f"{method} {url.split('?')[0]}"
        again = method != "POST" if repeatable is None else repeatable
        waited = 0.0
        for attempt in range(1, ATTEMPTS + 1):
            last = attempt == ATTEMPTS
            wait = _backoff(attempt)
            try:
                answer = self._once(method, url, headers, json, form, label)
            except Unavailable as error:
                if last or (error.sent and not again):
                    raise
            else:
                self._watch(answer, label)
                if answer.status == 429:
                    wait = self._asked_wait(answer, label, wait, waited, last)
                else:
                    wait = _retry_after(answer.headers.get("Retry-After")) or wait
                    passing = answer.status in _PASSING and waited + wait <= LONGEST_WAIT
                    if not passing or last or not again:
                        return answer
            waited += wait
            self._sleep(wait)
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _once(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        json: Any,
        form: Mapping[str, str] | None,
        label: str,
    ) -> Answer:
        import requests

        def failed(what: str, *, sent: bool) -> Unavailable:
            return Unavailable(
                f"{self.name}: {label}: {what}. Check the network and the service's status, "
                "then run again.",
                sent=sent,
            )

        try:
            response = self._session.request(
                method,
                url,
                headers={
                    "Accept": "application/json",
                    "User-Agent": USER_AGENT,
                    **(headers or {}),
                },
                json=json,
                data=form,
                timeout=(CONNECT_TIMEOUT, READ_TIMEOUT),
                allow_redirects=False,
                verify=self._verify,
                auth=lambda request: request,  # or a .netrc would replace our Authorization
            )
        except requests.exceptions.SSLError as error:
            raise failed(f"TLS: {_reason(error)}", sent=False) from None
        except requests.exceptions.ConnectTimeout:
            raise failed("no connection in time", sent=False) from None
        except requests.exceptions.ConnectionError as error:
            raise failed(_reason(error), sent=not _never_sent(error)) from None
        except requests.exceptions.Timeout:
            raise failed(f"no answer in {READ_TIMEOUT:.0f} s", sent=True) from None
        except requests.exceptions.RequestException as error:
            raise failed(f"broken answer ({_reason(error)})", sent=True) from None
        if 300 <= response.status_code < 400:
            raise failed(
                f"redirect (HTTP {response.status_code}), which is never followed", sent=True
            )
        return Answer(response.status_code, self._parse(response, failed), response.headers)

    @staticmethod
    def _parse(response: "requests.Response", failed: Callable[..., Unavailable]) -> Any:
        if not response.content:
            return None
        try:
            return response.json()
        except ValueError:
            if response.status_code >= 400:
                return None
            kind = response.headers.get("Content-Type", "no content type").split(";")[0]
            raise failed(
                f"HTTP {response.status_code} whose body is not JSON ({kind})", sent=True
            ) from None

    def _asked_wait(
        self, answer: Answer, label: str, fallback: float, waited: float, last: bool
    ) -> float:
        asked = answer.headers.get("Retry-After")
        wait = _retry_after(asked)
        if wait is None:
            wait = fallback
        if last or waited + wait > LONGEST_WAIT:
            when = f"in {wait:.0f} s ({asked!r})" if asked else "later"
            raise Throttled(
                f"{self.name}: {label}: too many requests (HTTP 429); the service asks to come "
                f"back {when}. Nothing more was sent; run again then."
            )
        return wait


def _retry_after(text: str | None) -> float | None:
    """Seconds to wait as a Retry-After header says; None if absent or not understood.

    RFC 9110 has whole seconds and HTTP dates; Graph also sends decimals (2.128) and Zoom an ISO
    8601 date-time on its daily limit.
    """
    if not text:
        return None
    text = text.strip()
    try:
        seconds = float(text)
        return seconds if 0 <= seconds < float("inf") else None
    except ValueError:
        pass
    moment: datetime.datetime | None = None
    try:
        moment = datetime.datetime.fromisoformat(text)
    except ValueError:
        try:
            moment = email.utils.parsedate_to_datetime(text)
        except ValueError:
            return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.UTC)
    return max(0.0, (moment - datetime.datetime.now(datetime.UTC)).total_seconds())


def _backoff(attempt: int) -> float:
    """0.25, 0.5, 1, 2 … s with jitter, so that many runs do not come back in step."""
    return 0.25 * 2.0 ** (attempt - 1) * random.uniform(0.75, 1.25)  # noqa: S311


def _never_sent(error: Exception) -> bool:
    import urllib3.exceptions

    inner = error.args[0] if error.args else None
    reason = getattr(inner, "reason", inner)
    return isinstance(
        reason, urllib3.exceptions.NewConnectionError | urllib3.exceptions.ConnectTimeoutError
    )


def _reason(error: BaseException) -> str:
    """The innermost cause in a few words, without addresses of objects."""
    while (inner := error.__cause__ or error.__context__) is not None:
        error = inner
    return redact(str(error).split(">: ")[-1])[:160] or type(error).__name__
