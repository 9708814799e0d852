"""How Entra's token endpoint says no."""

from __future__ import annotations


class LoginError(Exception):
    """An error of the token endpoint: HTTP status, OAuth code, AADSTS number and text."""

    def __init__(self, status: int, error: str, number: int, text: str) -> None:
        super().__init__(text)
        self.status, self.error, self.number, self.text = status, error, number, text


def invalid_client(number: int, text: str) -> LoginError:
    """The credential is not accepted."""
    return LoginError(401, "invalid_client", number, text)
