"""Microsoft Graph v1.0: paging, batched reads, and errors that name the missing permission."""

import threading
import time
import urllib.parse
from collections.abc import Mapping
from typing import Any, NoReturn

from services.entra.auth import Credentials
from services.entra.endpoints import find_cloud
from services.errors import (
    Conflict,
    CredentialsRejected,
    Forbidden,
    NotFound,
    Refused,
    ServiceError,
    Unavailable,
)
from services.http import Answer, Http
from services.permissions import Need
from services.redact import redact
from services.settings import Settings

# Reads that several resources ask for within this time travel as one $batch request.
GATHER_SECONDS = 0.01
AHEAD_SECONDS = 5.0
BATCH_LIMIT = 20  # Microsoft Graph, "JSON batching"


def quote(value: str) -> str:
    """`value` as one segment of a path."""
    return urllib.parse.quote(value, safe="")


def literal(value: str) -> str:
    """`value` as an OData string literal."""
    return "'" + value.replace("'", "''") + "'"


class Graph:
    """One tenant's Graph. Thread-safe; keep one per process."""

    def __init__(self, settings: Settings, http: Http | None = None) -> None:
        self._http = http or Http("Entra")
        cloud = find_cloud(settings, self._http)
        self._root = f"{cloud.graph}/v1.0"
        self._credentials = Credentials(settings, cloud, self._http)
        self._gathering: list[_Read] = []
        self._ahead: dict[str, list[tuple[float, Answer]]] = {}
        self._lock = threading.Lock()

    def get(
        self, path: str, need: Need, *, ahead: str | None = None, fresh: bool = False
    ) -> dict[str, Any]:
        """The object at `path`. Raises NotFound only on a definite 404.

        `ahead` is a path that is likely to be read next: it travels along, and answers the next
        read of it within a few seconds, unless something was written in between. `fresh` takes
        no answer that came ahead: for what is changed and written back whole.
        """
        if fresh:
            self._ahead.pop(path, None)
        return self._object(self._read(path, ahead), "GET", path, need)

    def list_all(
        self,
        path: str,
        need: Need,
        query: Mapping[str, str] | None = None,
        *,
        ahead: str | None = None,
    ) -> list[dict[str, Any]]:
        """All members of the collection at `path`, over all its pages. `ahead` as in `get`."""
        page = self._object(self._read(_with_query(path, query), ahead), "GET", path, need)
        members: list[dict[str, Any]] = list(page.get("value", ()))
        seen: set[str] = set()
        while (link := page.get("@odata.nextLink")) is not None and link not in seen:
            seen.add(str(link))
            if not str(link).startswith(f"{self._root}/"):
                raise Unavailable(f"Entra: GET {path}: the next page is on another host; stopped")
            page = self._object(self._send("GET", str(link)), "GET", path, need)
            members.extend(page.get("value", ()))
        return members

    def post(self, path: str, need: Need, body: Any) -> dict[str, Any]:
        """Creates; returns what was created. Raises Conflict where it exists."""
        return self._object(self._send("POST", self._root + path, json=body), "POST", path, need)

    def patch(self, path: str, need: Need, body: Any, *, repeatable: bool = True) -> None:
        """Changes parts of the object. Not `repeatable` when it replaces a list others share."""
        answer = self._send("PATCH", self._root + path, json=body, repeatable=repeatable)
        self._check(answer, "PATCH", path, need)

    def delete(self, path: str, need: Need) -> None:
        """Deletes. Raises NotFound where it is gone already."""
        self._check(self._send("DELETE", self._root + path), "DELETE", path, need)

    # ---- transport -------------------------------------------------------------------------

    def _send(
        self, method: str, url: str, *, json: Any = None, repeatable: bool | None = None
    ) -> Answer:
        token = self._credentials.token()
        if method != "GET" and not url.endswith("/$batch"):
            self._ahead.clear()
        label = f"{method} {url.removeprefix(self._root).split('?')[0]}"
        for last in (False, True):
            answer = self._http.send(
                method,
                url,
                headers={"Authorization": f"Bearer {token}"},
                json=json,
                label=label,
                repeatable=repeatable,
            )
            if answer.status != 401 or last:
                return answer
            token = self._credentials.token(not_this=token)
        raise AssertionError("unreachable")

    def _read(self, path: str, ahead: str | None = None) -> Answer:
        """A GET that shares a request with the reads other threads ask for at the same moment."""
        with self._lock:
            # Each answer that came ahead serves one reader; who writes in between clears them.
            while waiting := self._ahead.get(path):
                came, answer = waiting.pop(0)
                if time.monotonic() - came < AHEAD_SECONDS:
                    return answer
        reads = [_Read(one) for one in (path, ahead) if one is not None]
        with self._lock:
            leads = not self._gathering
            self._gathering.extend(reads)
        if leads:
            time.sleep(GATHER_SECONDS)
            with self._lock:
                gathered, self._gathering = self._gathering, []
            for start in range(0, len(gathered), BATCH_LIMIT):
                self._answer_together(gathered[start : start + BATCH_LIMIT])
        for read in reads[1:]:
            if (early := read.wait()) is not None:
                with self._lock:
                    self._ahead.setdefault(read.path, []).append((time.monotonic(), early))
        return reads[0].wait() or self._send("GET", self._root + path)

    def _answer_together(self, reads: "list[_Read]") -> None:
        """Gives each read its answer; None where it has to ask by itself."""
        answers: dict[str, Answer] = {}
        try:
            if len(reads) > 1:
                answers = self._batch([read.path for read in reads])
        except ServiceError:
            pass  # each asks by itself and reports its own error
        finally:
            for at, read in enumerate(reads):
                read.give(answers.get(str(at)))

    def _batch(self, paths: list[str]) -> dict[str, Answer]:
        requests = [{"id": str(at), "method": "GET", "url": path} for at, path in enumerate(paths)]
        answer = self._send(
            "POST", f"{self._root}/$batch", json={"requests": requests}, repeatable=True
        )
        items = answer.body.get("responses") if isinstance(answer.body, dict) else None
        if answer.status != 200 or not isinstance(items, list):
            return {}
        return {
            str(item.get("id")): Answer(item["status"], item.get("body"), item.get("headers") or {})
            for item in items
            if isinstance(item, dict) and (item.get("status") in (200, 403, 404))
        }

    # ---- answers ---------------------------------------------------------------------------

    def _object(self, answer: Answer, method: str, path: str, need: Need) -> dict[str, Any]:
        self._check(answer, method, path, need)
        if not isinstance(answer.body, dict):
            raise Unavailable(f"Entra: {method} {path}: HTTP {answer.status} without an object")
        return answer.body

    def _check(self, answer: Answer, method: str, path: str, need: Need) -> None:
        if not 200 <= answer.status < 300:
            _fail(answer, f"Entra: {method} {path.split('?')[0]}", need)


class _Read:
    """One read that waits for its answer."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._done = threading.Event()
        self._answer: Answer | None = None

    def give(self, answer: Answer | None) -> None:
        self._answer = answer
        self._done.set()

    def wait(self) -> Answer | None:
        self._done.wait()
        return self._answer


def _with_query(path: str, query: Mapping[str, str] | None) -> str:
    return (
        f"{path}?{urllib.parse.urlencode(query, quote_via=urllib.parse.quote)}" if query else path
    )


def _fail(answer: Answer, what: str, need: Need) -> NoReturn:
    error = answer.body.get("error") if isinstance(answer.body, dict) else None
    error = error if isinstance(error, dict) else {}
    code, message = str(error.get("code", "")), redact(str(error.get("message", "")))[:200]
    request_id = answer.headers.get("request-id")
    inner = error.get("innerError")
    if not request_id and isinstance(inner, dict):
        request_id = inner.get("request-id")
    trace = f" (request-id {request_id})" if request_id else ""
    text = f"{what}: HTTP {answer.status}" + (f" {code}: {message.rstrip('.')}" if code else "")
    match answer.status:
        case 401:
            raise CredentialsRejected(
                f"{text}. Entra gave a token that Graph does not take: check the cloud "
                f"(ARM_ENVIRONMENT, ARM_METADATA_HOSTNAME){trace}."
            )
        case 403:
            raise Forbidden(
                f"{text}. The identity lacks {need.permission}, needed to {need.purpose}: add it "
                f"in Entra > App registrations > API permissions, with {need.granted_by}{trace}."
            )
        case 404 if code:
            raise NotFound(f"{text}{trace}.")
        case 404:
            raise Unavailable(
                f"{text} without an error of Graph's. Something between answers in its place: "
                f"check ARM_METADATA_HOSTNAME and the network's proxy{trace}."
            )
        case 409:
            raise Conflict(f"{text}{trace}.")
        case status if status >= 500 or status in (408, 424, 429):
            raise Unavailable(f"{text}. Entra is in trouble; run again later{trace}.")
    raise Refused(f"{text}{trace}.")
