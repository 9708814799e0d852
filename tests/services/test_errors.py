"""Errors are one line, name no module, and hold no secret."""

import traceback

from services.errors import Forbidden, ServiceError, Unreadable
from services.redact import redact, remember_secret


def test_a_known_secret_is_blanked_wherever_it_stands() -> None:
    remember_secret("CANARY-93f1")
    assert redact("a CANARY-93f1 b CANARY-93f1") == "a [redacted] b [redacted]"
    assert "CANARY" not in str(Forbidden("HTTP 403: CANARY-93f1"))


def test_the_longer_of_two_secrets_is_blanked_whole() -> None:
    remember_secret("CANARY-short")
    remember_secret("CANARY-short-and-long")
    assert redact("CANARY-short-and-long") == "[redacted]"


def test_an_error_is_one_line() -> None:
    assert str(ServiceError("a\n  b\tc")) == "a b c"


def test_a_person_reads_the_outcome_and_not_a_module() -> None:
    try:
        try:
            raise ValueError("a body with CANARY")
        except ValueError:
            raise Forbidden("Zoom says no")  # noqa: B904
    except Forbidden as error:
        lines = traceback.format_exception(type(error), error, None)
    assert lines == ["Forbidden: Zoom says no\n"]


def test_what_cannot_be_read_is_one_family() -> None:
    assert issubclass(Forbidden, Unreadable)
