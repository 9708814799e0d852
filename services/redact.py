"""Keeps secrets out of every text that leaves a process."""

import threading
from urllib.parse import quote_plus

_lock = threading.Lock()
_secrets: set[str] = set()


def remember_secret(value: str) -> None:
    """From now on `redact` blanks `value`, also as a form or a URL writes it.

    Texts under 4 characters are no secrets.
    """
    if len(value) >= 4:
        with _lock:
            # Errors are one line: a secret of several is blanked as it is written there, too.
            _secrets.update((value, quote_plus(value), " ".join(value.split())))


def redact(text: str) -> str:
    """`text` with every remembered secret replaced by [redacted]."""
    with _lock:
        known = sorted(_secrets, key=len, reverse=True)
    for secret in known:
        text = text.replace(secret, "[redacted]")
    return text
