"""The OData that Graph understands: filters, selections, pages, and how a PATCH merges."""

from __future__ import annotations

import base64
import copy
import re
from collections.abc import Callable, Iterable
from urllib.parse import urlencode

from .graph import Call, GraphError, bad_request, respond
from .wire import Json, Response

_TOKEN = re.compile(r"\s*(?:(\()|(\))|(,)|'((?:[^']|'')*)'|([A-Za-z][\w./]*)|(\S))")
_OF_ONE = frozenset({"$select", "$format"})
_OF_MANY = _OF_ONE | {"$filter", "$top", "$skiptoken", "$count"}
Test = Callable[[dict[str, Json]], bool]


def unsupported(message: str = "Unsupported Query.") -> GraphError:
    return GraphError(400, "Request_UnsupportedQuery", message)


class _Filter:
    """A recursive-descent parser for `eq`, `in`, `startswith`, `and`, `or`, brackets."""

    def __init__(self, text: str, allowed: frozenset[str], kind: str) -> None:
        self._tokens = self._split(text)
        self._allowed, self._kind, self._at = allowed, kind, 0

    @staticmethod
    def _split(text: str) -> list[tuple[str, str]]:
        tokens = []
        for open_, close, comma, string, word, rest in _TOKEN.findall(text):
            if rest:
                raise GraphError(400, "BadRequest", "Invalid filter clause")
            if open_ or close or comma:
                tokens.append(("mark", open_ or close or comma))
            elif word:
                tokens.append(("word", word))
            else:
                tokens.append(("string", string.replace("''", "'")))
        return tokens

    def parse(self) -> Test:
        test = self._either()
        if self._at != len(self._tokens):
            raise GraphError(400, "BadRequest", "Invalid filter clause")
        return test

    def _next(self, kind: str | None = None, *values: str) -> str:
        if self._at >= len(self._tokens):
            raise GraphError(400, "BadRequest", "Invalid filter clause")
        found, value = self._tokens[self._at]
        if (kind and found != kind) or (values and value not in values):
            raise GraphError(400, "BadRequest", "Invalid filter clause")
        self._at += 1
        return value

    def _peek(self, value: str) -> bool:
        return self._at < len(self._tokens) and self._tokens[self._at] in (
            ("word", value),
            ("mark", value),
        )

    def _either(self) -> Test:
        tests = [self._both()]
        while self._peek("or"):
            self._next()
            tests.append(self._both())
        return lambda item: any(test(item) for test in tests)

    def _both(self) -> Test:
        tests = [self._one()]
        while self._peek("and"):
            self._next()
            tests.append(self._one())
        return lambda item: all(test(item) for test in tests)

    def _one(self) -> Test:
        if self._peek("("):
            self._next()
            test = self._either()
            self._next("mark", ")")
            return test
        if self._peek("startswith"):
            return self._startswith()
        name = self._property()
        if self._next("word", "eq", "in") == "in":
            return self._within(name)
        return self._equal(name)

    def _startswith(self) -> Test:
        self._next()
        self._next("mark", "(")
        name = self._property()
        self._next("mark", ",")
        start = self._next("string").lower()
        self._next("mark", ")")
        return lambda item: str(item.get(name) or "").lower().startswith(start)

    def _within(self, name: str) -> Test:
        self._next("mark", "(")
        values = [self._next("string").lower()]
        while self._peek(","):
            self._next()
            values.append(self._next("string").lower())
        self._next("mark", ")")
        return lambda item: str(item.get(name)).lower() in values

    def _equal(self, name: str) -> Test:
        kind = self._tokens[self._at][0] if self._at < len(self._tokens) else ""
        if kind == "string":
            text = self._next("string").lower()
            return lambda item: item.get(name) is not None and str(item[name]).lower() == text
        literal = {"true": True, "false": False, "null": None}
        value = literal[self._next("word", *literal)]
        return lambda item: item.get(name) is value

    def _property(self) -> str:
        name = self._next("word")
        if name not in self._allowed:
            raise bad_request(
                f"Could not find a property named '{name}' on type 'microsoft.graph.{self._kind}' "
                "that can be filtered."
            )
        return name


def filtered(
    call: Call, items: Iterable[dict[str, Json]], kind: str, allowed: frozenset[str]
) -> list[dict[str, Json]]:
    """The items that match `$filter`."""
    call.filtered = True
    text = call.request.query.get("$filter")
    if text is None:
        return list(items)
    test = _Filter(text, allowed, kind).parse()
    return [item for item in items if test(item)]


def listing(call: Call, name: str, items: list[dict[str, Json]], *, paged: bool = True) -> Response:
    """A collection as Graph answers it: one page, and the link to the next."""
    query = call.request.query
    _check_options(call, _OF_MANY if call.filtered else _OF_MANY - {"$filter"})
    start = _skip(query.get("$skiptoken"))
    size = _top(query.get("$top"), call.page_size) if paged else len(items) or 1
    page = [select(call, item) for item in items[start : start + size]]
    body: dict[str, Json] = {"@odata.context": call.context(name)}
    if paged and start + size < len(items):
        token = base64.urlsafe_b64encode(f"after:{start + size}".encode()).decode().rstrip("=")
        path = call.request.target.partition("?")[0]
        rest = urlencode({k: v for k, v in query.items() if k != "$skiptoken"}, safe="$'")
        link = f"{call.request.base}{path}?{rest + '&' if rest else ''}$skiptoken={token}"
        body["@odata.nextLink"] = link
    return respond(200, body | {"value": page})


def entity(call: Call, name: str, item: dict[str, Json]) -> Response:
    """One object as Graph answers it."""
    _check_options(call, _OF_ONE)
    return respond(200, {"@odata.context": call.context(f"{name}/$entity")} | select(call, item))


def select(call: Call, item: dict[str, Json]) -> dict[str, Json]:
    wanted = call.request.query.get("$select")
    if not wanted:
        return item
    names = {name.strip() for name in wanted.split(",")}
    for name in sorted(names - set(item)):
        raise GraphError(
            400,
            "BadRequest",
            f"Parsing OData Select and Expand failed: Could not find a property named '{name}'.",
        )
    return {key: value for key, value in item.items() if key in names}


def _check_options(call: Call, known: frozenset[str]) -> None:
    for option in call.request.query:
        if option.startswith("$") and option not in known:
            raise unsupported(f"The query option '{option}' is not supported here.")


def _top(text: str | None, default: int) -> int:
    if text is None:
        return default
    if not text.isdigit() or not 1 <= int(text) <= 999:
        raise unsupported(
            f"Invalid page size specified: '{text}'. Must be between 1 and 999 inclusive."
        )
    return int(text)


def _skip(token: str | None) -> int:
    if token is None:
        return 0
    try:
        word, _, start = base64.urlsafe_b64decode(token + "==").decode().partition(":")
        if word == "after":
            return int(start)
    except ValueError:
        pass
    raise GraphError(
        400, "Directory_ExpiredPageToken", "The specified page token value is invalid."
    )


def merge(target: dict[str, Json], change: dict[str, Json]) -> None:
    """Merge a PATCH: complex properties deep, collections whole, null clears."""
    for key, value in change.items():
        if isinstance(value, dict) and isinstance(target.get(key), dict):
            merge(target[key], value)
        else:
            target[key] = copy.deepcopy(value)
