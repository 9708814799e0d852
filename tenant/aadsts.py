"""Entra's error codes that users of the integration meet, and what each says.

Sources: Entra, "Unexpected error when performing consent to an application", "Troubleshoot consent
issues", "Microsoft Entra authentication and authorization error codes"; what 650057, 500111 and
500113 say is in Microsoft's own messages.
"""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Code:
    """An error code. says: what Entra means by it. look: where to look if no cause was found."""

    number: str
    says: str
    look: str = "the user's entry in Entra > Sign-in logs, which names application and permissions"

    def __str__(self) -> str:
        return f"AADSTS{self.number}"


_API = (
    "Enterprise applications > Microsoft Graph (filter: Microsoft applications), which has to be "
    "there and enabled, and the tenant's Microsoft 365 subscriptions"
)
_REPLY = (
    "application.redirectUris, which has to have the address to the letter; for Zoom's own "
    "application, application.clientId"
)

CODES = {
    code.number: code
    for code in (
        Code("65001", "neither the user nor an administrator has consented to what is asked for"),
        Code(
            "90008",
            "the application asks for no permission to sign users in (User.Read), so its "
            "registration is incomplete",
            "application.clientId: another application than Zoom's may be named there",
        ),
        Code(
            "90093",
            "the user may not consent to what is asked for: a policy of the tenant prevents it, or "
            "a permission is for administrators",
        ),
        Code("90094", "only an administrator may consent to what is asked for"),
        Code(
            "650053",
            "a permission is asked for that the API does not have",
            "consent.permissions, for a misspelt name",
        ),
        Code(
            "650056",
            "the request and the application do not fit: nobody consented in this tenant, no "
            "permission is listed, or the client id is another application's",
        ),
        Code(
            "65005",
            "the application asks for an API that this tenant does not have, or that its "
            "registration does not list",
            _API,
        ),
        Code(
            "650052",
            "the application asks for a service that the tenant has not subscribed to or has "
            "switched off",
            _API,
        ),
        Code(
            "650057",
            "the request names an API that is not among the permissions of the registration",
            "application.clientId; with source registered, whether somebody took Microsoft Graph "
            "out of the registration's API permissions: `pulumi preview` shows it",
        ),
        *(
            Code(number, f"{says}, so Entra does not know where to send the user back to", _REPLY)
            for number, says in (
                ("50011", "the request's reply address is none of the registration's"),
                ("500111", "the request's reply address has a scheme that Entra does not allow"),
                ("500113", "the registration has no reply address"),
            )
        ),
        Code(
            "700016",
            "the application is not in this tenant",
            "application.clientId and ARM_TENANT_ID; the sign-in may have gone to another tenant",
        ),
        Code("7000112", "the application is disabled"),
        Code(
            "50105",
            "the application takes only users who are assigned to it, and this one is not",
            "Enterprise applications > the application > Users and groups; nested groups do not "
            "count",
        ),
        Code(
            "50020",
            "the user is of another tenant or identity provider than this one",
            "the account that signed in: a personal one, a guest's, or another company's that the "
            "browser remembers; domains",
        ),
        Code("50034", "the tenant has no such user"),
        Code("50057", "the user's account is disabled"),
    )
}

_IN_TEXT = re.compile(r"AADSTS\s*(\d{5,7})", re.IGNORECASE)
_IN_LINK = re.compile(r"[?&]code=(\d{5,7})\b")
# The page's titles, without and with the admin-consent workflow.
_APPROVAL = re.compile(
    r"(need|requires?)\s+admin(istrator)?\s+approval|\bapproval\s+required\b", re.IGNORECASE
)


def code_in(text: str) -> str | None:
    """The number of the error that `text` names: AADSTS65001, 65001, or a whole error page."""
    found = _IN_TEXT.search(text) or _IN_LINK.search(text)
    if found is None and re.fullmatch(r"\s*\d{5,7}\s*", text):
        return text.strip()
    if found is None and _APPROVAL.search(text):
        return "90094"  # the page "Need admin approval" is this error, without its number
    return found[1] if found else None
