"""Zoom's account API: server-to-server OAuth, settings and locks, and its ways of saying no."""

import copy
import email.utils
import re
import threading
import time
import urllib.parse
from base64 import b64encode
from dataclasses import dataclass, field
from typing import Any, NoReturn

from services.errors import (
    CredentialsRejected,
    Forbidden,
    NotFound,
    NotInPlan,
    Refused,
    Unavailable,
)
from services.http import Answer, Http
from services.permissions import (
    LOCKS_READ,
    LOCKS_WRITE,
    LOCKS_WRITE_SUB,
    MANAGED_DOMAINS_READ,
    ROOMS_READ,
    SETTINGS_READ,
    SETTINGS_READ_SUB,
    SETTINGS_WRITE,
    SETTINGS_WRITE_SUB,
    Need,
)
from services.redact import redact, remember_secret
from services.settings import Settings
from services.zoom.limits import RateLimits

API_URL, OAUTH_URL = "https://api.zoom.us/v2", "https://zoom.us/oauth/token"
RENEW_BEFORE = 120.0  # seconds of life left at which a token is renewed; it lives an hour

_NEEDS = {
    ("GET", "settings"): SETTINGS_READ,
    ("PATCH", "settings"): SETTINGS_WRITE,
    ("GET", "lock_settings"): LOCKS_READ,
    ("PATCH", "lock_settings"): LOCKS_WRITE,
    ("GET", "managed_domains"): MANAGED_DOMAINS_READ,
}

_SUB_NEEDS = {
    **_NEEDS,
    ("GET", "settings"): SETTINGS_READ_SUB,
    ("PATCH", "settings"): SETTINGS_WRITE_SUB,
    ("PATCH", "lock_settings"): LOCKS_WRITE_SUB,
}

# How long a document that was read for one purpose also serves another one, in seconds.
SHARED_FOR = 5.0


@dataclass
class _Read:
    """A document as it was read, when, and for which purposes it has served."""

    body: dict[str, Any]
    when: float
    served: set[str] = field(default_factory=set)


class ZoomApi:
    """One Zoom account's API. Thread-safe; keep one per process."""

    def __init__(self, settings: Settings, http: Http | None = None) -> None:
        self._settings = settings
        self.limits = RateLimits()
        self._http = http or Http("Zoom", watch=self.limits.after)
        self._root = (settings.get("ZOOM_API_URL") or API_URL).rstrip("/")
        self._lock = threading.Lock()
        self._token, self._expires, self._scopes = "", 0.0, ""
        self._clock_skew: float | None = None
        self._reads: dict[tuple[str, str, str | None], _Read] = {}
        self._documents: dict[tuple[str, str], threading.Lock] = {}

    def read(
        self, account: str, kind: str, purpose: str = "", option: str | None = None
    ) -> dict[str, Any]:
        """The document `kind` of `account`, as Zoom sends it; `option` asks for another shape.

        One request within a few seconds serves several purposes; the same purpose never gets the
        same answer twice, and nobody gets one from before a write.
        """
        key = (account, kind, option)
        with self._alone((account, kind)):
            with self._lock:
                known = self._reads.get(key)
            if (
                known is None
                or purpose in known.served
                or time.monotonic() > known.when + SHARED_FOR
            ):
                answer = self._send("GET", account, kind, option=option)
                if not isinstance(answer.body, dict):
                    raise Unavailable(
                        f"Zoom: GET {kind} of account {account}: no object in the answer"
                    )
                known = _Read(answer.body, time.monotonic())
            known.served.add(purpose)
            with self._lock:
                self._reads[key] = known
            return copy.deepcopy(known.body)

    def scopes(self) -> frozenset[str]:
        """The scopes of the token, as the token endpoint named them; empty where it named none."""
        self._access_token()
        return frozenset(self._scopes.split())

    def clock_skew(self) -> float | None:
        """How many seconds this machine's clock is ahead of Zoom's; None where it did not say."""
        self._access_token()
        return self._clock_skew

    def change(
        self, account: str, kind: str, body: dict[str, Any], option: str | None = None
    ) -> None:
        """PATCHes `body` into the document. Zoom answers 204 also where it changed nothing."""
        with self._alone((account, kind)):
            with self._lock:
                # One shape may show what was written into another.
                for key in [one for one in self._reads if one[:2] == (account, kind)]:
                    del self._reads[key]
            self._send("PATCH", account, kind, body, option)

    def _alone(self, key: tuple[str, str]) -> threading.Lock:
        """Held while a document is read or written, so that no read tells of before a write."""
        with self._lock:
            return self._documents.setdefault(key, threading.Lock())

    def calendar_services(self) -> list[str]:
        """The names of the calendar services of Zoom Rooms: what remains of an authorization."""
        what = "GET rooms/calendar/services"
        answer = self._http.send(
            "GET",
            f"{self._root}/rooms/calendar/services",
            headers={"Authorization": f"Bearer {self._access_token()}"},
            label=what,
        )
        if answer.status != 200 or _error_code(answer) is not None:
            _fail(answer, f"Zoom: {what}", ROOMS_READ)
        services = answer.body.get("calendar_services") if isinstance(answer.body, dict) else None
        return [str(one.get("calendar_service_name")) for one in services or ()]

    def _send(
        self, method: str, account: str, kind: str, body: Any = None, option: str | None = None
    ) -> Answer:
        query = f"?option={option}" if option else ""
        url = f"{self._root}/accounts/{urllib.parse.quote(account, safe='')}/{kind}{query}"
        what = f"{method} {kind}{query} of account {account}"
        token = self._access_token()
        for last in (False, True):
            self.limits.before(what)
            answer = self._http.send(
                method,
                url,
                headers={"Authorization": f"Bearer {token}"},
                json=body,
                label=what,
                # A change sends siblings along, which somebody may have changed meanwhile: it is
                # looked at again first.
                repeatable=method == "GET",
            )
            if not _token_is_stale(answer) or last:
                break
            token = self._access_token(not_this=token)
        if not 200 <= answer.status < 300 or _error_code(answer) is not None:
            needs = _NEEDS if account == "me" else _SUB_NEEDS
            _fail(answer, f"Zoom: {what}", needs[method, kind])
        return answer

    def _access_token(self, *, not_this: str | None = None) -> str:
        with self._lock:
            if time.monotonic() > self._expires - RENEW_BEFORE or self._token == not_this:
                self._token, lifetime = self._request_token()
                self._expires = time.monotonic() + lifetime
                remember_secret(self._token)
            return self._token

    def _request_token(self) -> tuple[str, float]:
        account = self._settings.require("ZOOM_ACCOUNT_ID")
        client = self._settings.require("ZOOM_CLIENT_ID")
        secret = self._settings.require("ZOOM_CLIENT_SECRET")
        basic = b64encode(f"{client}:{secret}".encode()).decode()
        remember_secret(basic)
        answer = self._http.send(
            "POST",
            self._settings.get("ZOOM_OAUTH_URL") or OAUTH_URL,
            headers={"Authorization": f"Basic {basic}"},
            form={"grant_type": "account_credentials", "account_id": account},
            label="POST token",
            repeatable=True,
        )
        body: dict[str, Any] = answer.body if isinstance(answer.body, dict) else {}
        token = body.get("access_token")
        if answer.status == 200 and isinstance(token, str) and token:
            self._scopes = str(body.get("scope") or "")
            self._clock_skew = _skew(answer)
            return token, float(body.get("expires_in") or 3600)
        if answer.status >= 500:
            raise Unavailable(f"Zoom: POST token: HTTP {answer.status}. Run again later.")
        why = redact(str(body.get("reason") or body.get("error") or "no reason given"))[:200]
        raise CredentialsRejected(
            f"Zoom: POST token: HTTP {answer.status}: {why.rstrip('.')}. Check ZOOM_ACCOUNT_ID, "
            "ZOOM_CLIENT_ID and ZOOM_CLIENT_SECRET of the Server-to-Server OAuth app, and that "
            "the app is activated."
        )


def _skew(answer: Answer) -> float | None:
    try:
        theirs = email.utils.parsedate_to_datetime(answer.headers.get("Date") or "")
    except ValueError:
        return None
    return time.time() - theirs.timestamp()


def _error_code(answer: Answer) -> int | None:
    """Zoom's own code, also under HTTP 200 (paid accounts, missing accounts)."""
    body = answer.body
    if isinstance(body, dict) and isinstance(body.get("code"), int) and "message" in body:
        return int(body["code"])
    return None


def _token_is_stale(answer: Answer) -> bool:
    # 4711 (scope missing) comes as 400, in some places as 401: a new token would not help there.
    return answer.status == 401 and _error_code(answer) not in (4711, 4700)


def _fail(answer: Answer, what: str, need: Need) -> NoReturn:
    code = _error_code(answer)
    body = answer.body if isinstance(answer.body, dict) else {}
    message = redact(str(body.get("message", "no reason given")))[:200].rstrip(".")
    tracking = answer.headers.get("x-zm-trackingid")
    trace = f" (x-zm-trackingid {tracking})" if tracking else ""
    shown = f"{code}: {message}" if code is not None else message
    text = f"{what}: HTTP {answer.status} {shown}"
    scopes = re.search(r"does not contain scopes:\s*\[([^\]]*)\]", message)
    if scopes or code in (4711, 4700):
        missing = scopes[1] if scopes else need.permission
        raise Forbidden(
            f"{text}. Missing scope: {missing}, needed to {need.purpose}: add it in "
            f"{need.granted_by}, then run again{trace}."
        )
    if answer.status == 401:
        raise CredentialsRejected(f"{text}. A new token did not help{trace}.")
    if code is None and answer.status in (403, 404):
        raise Unavailable(
            f"{what}: HTTP {answer.status} without an error of Zoom's. Something between answers "
            f"in its place: check ZOOM_API_URL and the network's proxy{trace}."
        )
    if answer.status == 404 or code == 2001:
        raise NotFound(f"{text}. Check zoom.account in the tenant's file{trace}.")
    if code == 200 and re.search(r"\bpaid\b", message, re.IGNORECASE):
        raise NotInPlan(
            f"{text}. The account's plan or the app owner's role does not allow it; needed is a "
            f"paid account and {need.permission}{trace}."
        )
    if answer.status == 403 or code == 200:
        raise Forbidden(
            f"{text}. The account's plan or the app owner's role does not allow it; needed is "
            f"{need.permission}{trace}."
        )
    if answer.status >= 500 or answer.status in (408, 424, 429):
        raise Unavailable(f"{text}. Zoom is in trouble; run again later{trace}.")
    fields = "; ".join(
        f"{error.get('field')}: {error.get('message')}"
        for error in body.get("errors", ())
        if isinstance(error, dict)
    )
    fields = redact(fields)[:300]
    raise Refused(f"{text}{f' ({fields})' if fields else ''}{trace}.")
