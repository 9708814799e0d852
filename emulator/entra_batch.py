"""`$batch`: up to twenty requests in one, each with its own status."""

from __future__ import annotations

import json
import random

from .graph import GraphError, error_response, respond
from .server import Answer
from .wire import Headers, Json, NotJson, Request, Response

_MAX_ITEMS = 20
_INHERITED = ("Authorization", "client-request-id", "User-Agent")


def run(request: Request, answer: Answer) -> Response:
    """Answer every item; the order of the answers is nobody's promise, so it is shuffled."""
    if request.method != "POST":
        raise GraphError(405, "Request_BadRequest", "Only POST is allowed for $batch.")
    items = _items(request)
    answers: dict[str, Response] = {}
    for item in items:
        failed = [d for d in item.get("dependsOn", []) if answers[d].status >= 400]
        inner = _inner(request, item)
        if failed:
            error = GraphError(424, "FailedDependency", f"Request {failed[0]} failed.")
            answers[item["id"]] = error_response(inner, error)
        else:
            answers[item["id"]] = answer(inner)
        request.wrote |= inner.wrote
        status = answers[item["id"]].status
        request.items.append({"method": inner.method, "path": inner.path, "status": status})
    responses = [_item_answer(key, found) for key, found in answers.items() if not found.dropped]
    random.Random(request.n).shuffle(responses)  # noqa: S311
    if len(responses) > 1 and [r["id"] for r in responses] == list(answers):
        responses.reverse()
    return respond(200, {"responses": responses})


def _items(request: Request) -> list[dict[str, Json]]:
    try:
        body = request.json()
    except NotJson:
        raise _malformed("Invalid batch payload format.") from None
    items = body.get("requests") if isinstance(body, dict) else None
    if not isinstance(items, list) or not items:
        raise _malformed("Invalid batch payload format.")
    if len(items) > _MAX_ITEMS:
        raise _malformed(
            f"Number of batch request steps exceeds the maximum value of {_MAX_ITEMS}."
        )
    seen: list[str] = []
    for item in items:
        _check(item, seen)
        seen.append(item["id"])
    return items


def _check(item: Json, seen: list[str]) -> None:
    if not isinstance(item, dict) or not all(
        isinstance(item.get(name), str) and item[name] for name in ("id", "method", "url")
    ):
        raise _malformed("Every request step needs an id, a method and a url.")
    if item["id"].lower() in [key.lower() for key in seen]:
        raise _malformed(f"Request id {item['id']} occurs more than once.")
    if item["url"].lstrip("/").startswith("$batch"):
        raise _malformed("A batch cannot be nested in a batch.")
    if not set(item.get("dependsOn", [])) <= set(seen):
        raise _malformed(f"Request id {item['id']} depends on a request that is not before it.")
    headers = {name.lower() for name in item.get("headers", {})}
    if "body" in item and "content-type" not in headers:
        raise _malformed(
            f"Write request id : {item['id']} does not contain Content-Type header or body."
        )


def _inner(outer: Request, item: dict[str, Json]) -> Request:
    inherited = [(name, outer.headers.get(name)) for name in _INHERITED if name in outer.headers]
    headers = Headers([*inherited, *item.get("headers", {}).items()])
    body = json.dumps(item["body"]).encode() if "body" in item else b""
    target = f"/{outer.segments[0]}/{item['url'].lstrip('/')}"
    return Request(outer.service, item["method"].upper(), target, headers, body, outer.base)


def _item_answer(key: str, response: Response) -> dict[str, Json]:
    headers = {name: value for name, value in response.headers.items() if name != "request-id"}
    answer: dict[str, Json] = {"id": key, "status": response.status, "headers": headers}
    if response.body is not None:
        headers["Content-Type"] = response.content_type
        answer["body"] = response.body
    return answer


def _malformed(message: str) -> GraphError:
    return GraphError(400, "BadRequest", message)
