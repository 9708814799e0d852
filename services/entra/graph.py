"""Microsoft Graph v1.0: paging, batched reads, and errors that name the missing permission."""

import contextlib
import threading
import time
import urllib.parse
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
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

# Reads that several resources ask for within this time of one another travel as one $batch.
GATHER_SECONDS = 0.01
GATHER_AT_MOST = 0.15
KEPT_SECONDS = 5.0
_DEFINITE = (200, 403, 404)  # what is no passing trouble
# Graph's 400 to a POST whose parts another of its copies does not have yet: azuread sends again.
_NOT_THERE_YET = (
    "one of its queried reference-property objects are not present",
    "Not a valid reference update",
)
BATCH_LIMIT = 20  # Microsoft Graph, "JSON batching"


# What reading an answer raises that lacks something, or has it of another kind.
NOT_AS_DOCUMENTED = (KeyError, TypeError, AttributeError, ValueError)


@contextlib.contextmanager
def as_documented(path: str) -> Iterator[None]:
    """Within it an answer is taken apart: raises Unavailable where that is not as documented."""
    try:
        yield
    except NOT_AS_DOCUMENTED:
        what = path.partition("?")[0]
        raise Unavailable(f"Entra: GET {what}: the answer is not as documented") from None


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
        self._flying: dict[str, _Read] = {}
        self._kept: dict[str, _Kept] = {}
        self._writes = 0
        self._lock = threading.Lock()

    def tenant(self) -> str | None:
        """The tenant that the credentials are for, where they say it."""
        return self._credentials.tenant()

    def get(
        self,
        path: str,
        need: Need,
        *,
        ahead: str | None = None,
        fresh: bool = False,
        purpose: str = "",
    ) -> dict[str, Any]:
        """The object at `path`. Raises NotFound only on a definite 404.

        One answer serves several purposes within a few seconds, each once, unless something was
        written in between. `ahead` is a path that is likely to be read next: it travels along.
        `fresh` takes no answer that came before: for what is changed and written back whole.
        """
        likely = [] if ahead is None else [ahead]
        (answer,) = self._read([path], purpose, likely, fresh=fresh)
        return self._object(answer, "GET", path, need)

    def get_together(
        self, needs: Mapping[str, Need], purpose: str, *, ahead: Sequence[str] = ()
    ) -> dict[str, dict[str, Any] | ServiceError]:
        """The object at each path, or the error of reading it: all in one request, as for `get`.

        Raises ServiceError where nothing can be asked at all: no token, no connection.
        """
        found: dict[str, dict[str, Any] | ServiceError] = {}
        for (path, need), answer in zip(
            needs.items(), self._read(list(needs), purpose, ahead), strict=True
        ):
            try:
                found[path] = self._object(answer, "GET", path, need)
            except ServiceError as error:
                found[path] = error
        return found

    def list_all(
        self,
        path: str,
        need: Need,
        query: Mapping[str, str] | None = None,
        *,
        ahead: str | None = None,
        fresh: bool = False,
        purpose: str = "",
    ) -> list[dict[str, Any]]:
        """All members of the collection at `path`, over all its pages; as for `get`."""
        whole = with_query(path, query)
        page = self.get(whole, need, ahead=ahead, fresh=fresh, purpose=purpose)
        return self.rest_of(page, path, need)

    def rest_of(self, page: dict[str, Any], path: str, need: Need) -> list[dict[str, Any]]:
        """All members of a collection whose first page is `page`.

        Raises Unavailable where a page has no list of objects: what it would hold is not known.
        """
        members = _members(page, path)
        seen: set[str] = set()
        while (link := page.get("@odata.nextLink")) is not None and link not in seen:
            seen.add(str(link))
            if not str(link).startswith(f"{self._root}/"):
                raise Unavailable(f"Entra: GET {path}: the next page is on another host; stopped")
            page = self._object(self._send("GET", str(link)), "GET", path, need)
            members += _members(page, path)
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
            with self._lock:
                self._writes += 1
                self._kept.clear()
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

    def _read(
        self, paths: list[str], purpose: str, ahead: Sequence[str] = (), *, fresh: bool = False
    ) -> list[Answer]:
        """GETs that share a request with the reads other threads ask for at the same moment."""
        answers: dict[str, Answer] = {}
        if not fresh:
            kept = ((path, self._take(path, purpose)) for path in paths)
            answers = {path: answer for path, answer in kept if answer is not None}
        if len(answers) < len(paths):
            asked = [path for path in (*paths, *ahead) if path not in answers]
            for read in self._gather(asked, fresh):
                answer = read.wait()
                if answer is None and read.path in paths:
                    answer = self._send("GET", self._root + read.path)
                    self._keep(read, answer)
                if answer is not None and read.path in paths:
                    answers[read.path] = answer
                    self._serve(read.path, purpose, answer)
        return [answers[path] for path in paths]

    def _take(self, path: str, purpose: str) -> Answer | None:
        """The answer kept for `path`, once for each purpose."""
        with self._lock:
            kept = self._kept.get(path)
            if kept is None or purpose in kept.served or time.monotonic() > kept.until:
                return None
            kept.served.add(purpose)
            return kept.answer

    def _keep(self, read: "_Read", answer: Answer | None) -> None:
        """Keeps an answer for other purposes, where nothing was written since it was asked for."""
        with self._lock:
            if self._flying.get(read.path) is read:
                del self._flying[read.path]
            if answer and answer.status in _DEFINITE and read.writes == self._writes:
                self._kept[read.path] = _Kept(answer, time.monotonic() + KEPT_SECONDS, set())

    def _serve(self, path: str, purpose: str, answer: Answer) -> None:
        with self._lock:
            kept = self._kept.get(path)
            if kept is not None and kept.answer is answer:
                kept.served.add(purpose)

    def _gather(self, paths: Iterable[str], fresh: bool) -> "list[_Read]":
        """A read for each path: one that is under way, or one of the next request."""
        reads, new = [], []
        with self._lock:
            for path in paths:
                read = None if fresh else self._flying.get(path)
                if read is None or read.writes != self._writes:
                    read = self._flying[path] = _Read(path, self._writes)
                    new.append(read)
                reads.append(read)
            leads = bool(new) and not self._gathering
            self._gathering.extend(new)
        if leads:
            gathered = self._gathered()
            for start in range(0, len(gathered), BATCH_LIMIT):
                self._answer_together(gathered[start : start + BATCH_LIMIT])
        return reads

    def _gathered(self) -> "list[_Read]":
        """What all threads ask for, once no more comes in: the engine asks for one thing after the
        other."""
        end, before = time.monotonic() + GATHER_AT_MOST, 0
        while True:
            time.sleep(GATHER_SECONDS)
            with self._lock:
                count = len(self._gathering)
                if count == before or time.monotonic() > end:
                    gathered, self._gathering = self._gathering, []
                    return gathered
            before = count

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
                self._keep(read, answers.get(str(at)))
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
            if isinstance(item, dict) and item.get("status") in _DEFINITE
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
    """One read that waits for its answer; `writes`: how many were sent before it."""

    def __init__(self, path: str, writes: int) -> None:
        self.path, self.writes = path, writes
        self._done = threading.Event()
        self._answer: Answer | None = None

    def give(self, answer: Answer | None) -> None:
        self._answer = answer
        self._done.set()

    def wait(self) -> Answer | None:
        self._done.wait()
        return self._answer


@dataclass
class _Kept:
    """An answer, until when it may be taken, and the purposes that took it."""

    answer: Answer
    until: float
    served: set[str]


def _members(page: Mapping[str, Any], path: str) -> list[dict[str, Any]]:
    members = page.get("value")
    if not isinstance(members, list) or not all(isinstance(one, dict) for one in members):
        raise Unavailable(f"Entra: GET {path}: the answer has no list of objects")
    return members.copy()


def with_query(path: str, query: Mapping[str, str] | None) -> str:
    """`path` with `query`, encoded as every read of it has it."""
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
        case 403 if error:
            raise Forbidden(
                f"{text}. The identity lacks {need.permission}, needed to {need.purpose}: add it "
                f"in Entra > App registrations > API permissions, with {need.granted_by}{trace}."
            )
        case 404 if code:
            raise NotFound(f"{text}{trace}.")
        case 400 if what.startswith("Entra: POST") and any(t in message for t in _NOT_THERE_YET):
            raise NotFound(f"{text}{trace}.")
        case 403 | 404:
            raise Unavailable(
                f"{text} without an error of Graph's. Something between answers in its place: "
                f"check ARM_METADATA_HOSTNAME and the network's proxy{trace}."
            )
        case 409:
            raise Conflict(f"{text}{trace}.")
        case status if status >= 500 or status in (408, 424, 429):
            raise Unavailable(f"{text}. Entra is in trouble; run again later{trace}.")
    raise Refused(f"{text}{trace}.")
