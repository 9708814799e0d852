"""What a token endpoint answers: a token, or why there is none."""

import math
from typing import Any, NamedTuple

from services.errors import CredentialsRejected, ServiceError, Unavailable
from services.http import Answer
from services.redact import redact

# Seconds a token lives where its answer does not say; Entra's live 60 to 90 minutes.
DEFAULT_LIFE = 3600.0


class Token(NamedTuple):
    """An access token and how many seconds it lives."""

    value: str
    lifetime: float


def token_in(answer: Answer) -> Token | None:
    """The token of an answer; None where there is none."""
    body: dict[str, Any] = answer.body if isinstance(answer.body, dict) else {}
    value = body.get("access_token")
    if answer.status != 200 or not isinstance(value, str) or not value:
        return None
    try:
        lifetime = float(body.get("expires_in") or DEFAULT_LIFE)
    except (TypeError, ValueError):
        lifetime = DEFAULT_LIFE
    return Token(value, lifetime if math.isfinite(lifetime) else DEFAULT_LIFE)


def refusal(answer: Answer, what: str, check: str) -> ServiceError:
    """The error for an answer without a token to the request `what`; `check` is the next step."""
    body: dict[str, Any] = answer.body if isinstance(answer.body, dict) else {}
    if answer.status >= 500 or answer.status < 300:
        return Unavailable(f"Entra: {what}: HTTP {answer.status} without a token. Run again.")
    why = str(body.get("error_description") or body.get("error") or "no reason given")
    first = redact(why.splitlines()[0])[:400].rstrip(". ")
    return CredentialsRejected(f"Entra: {what}: HTTP {answer.status}: {first}. {check}")
