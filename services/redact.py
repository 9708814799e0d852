"""Keeps secrets out of every text that leaves a process."""

import html
import threading
from urllib.parse import quote, quote_plus

_lock = threading.Lock()
_secrets: set[str] = set()


def remember_secret(value: str) -> None:
    """From now on `redact` blanks `value`, also as a form, a URL or a page writes it.

    Texts under 4 characters are no secrets.
    """
    if len(value) >= 4:
        with _lock:
            _secrets.update((value, quote(value), quote_plus(value), html.escape(value)))
            _secrets.add(" ".join(value.split()))  # as an error, which is one line, has it


def redact(text: str) -> str:
    """`text` with every remembered secret replaced by [redacted]."""
    with _lock:
        known = sorted(_secrets, key=len, reverse=True)
    for secret in known:
        text = text.replace(secret, "[redacted]")
    return text
