"""A small strict GitHub on loopback: a pull request's comments, and identity tokens for jobs.

As its REST documentation has it (API version 2022-11-28): paths, methods, headers, paging, the
limit of a comment, and the answers to a wrong token and to a missing permission.
"""

import json
import re
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

REPOSITORY = "contoso/zoom-calendar"
NUMBER = 7
TOKEN = "ghs_fakefakefakefakefakefakefakefakefake"
IDENTITY_TOKEN = "eyfake.request.token"
BOT = "github-actions[bot]"

Answer = tuple[int, Any]


class FakeGitHub:
    """Serves from `__enter__` to `__exit__`. `comments` are those of the one pull request."""

    def __init__(self) -> None:
        self.comments: list[dict[str, Any]] = []
        self.requests: list[tuple[str, str]] = []
        self.permissions = {"contents": "read", "pull-requests": "write", "id-token": "write"}
        self.subject = f"repo:{REPOSITORY}:environment:tenants-read"
        self.broken: Answer | None = None  # what every request is answered with instead
        self.sign: Callable[..., str] = lambda **_: "unsigned"
        self._next_id = 1000

    def __enter__(self) -> Self:
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def _serve(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                status, body = fake.answer(self, self.rfile.read(length))
                data = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json; charset=utf-8")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = do_PATCH = do_DELETE = _serve  # noqa: N815

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), daemon=True
        )
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def add(self, body: str, author: str = BOT) -> dict[str, Any]:
        """A comment, made behind the client's back."""
        self._next_id += 1
        address = f"https://github.example/{REPOSITORY}/pull/{NUMBER}#issuecomment-{self._next_id}"
        user = {"login": author, "type": "Bot" if author == BOT else "User"}
        comment = {"id": self._next_id, "user": user, "body": body, "html_url": address}
        self.comments.append(comment)
        return comment

    # ---- answers ---------------------------------------------------------------------------

    def answer(self, request: BaseHTTPRequestHandler, data: bytes) -> Answer:
        url = urlsplit(request.path)
        query = {name: values[-1] for name, values in parse_qs(url.query).items()}
        self.requests.append((request.command, request.path))
        if self.broken is not None:
            return self.broken
        if url.path == "/identity":
            return self._identity(request, query)
        return self._rest(request, url.path, query, data)

    def _identity(self, request: BaseHTTPRequestHandler, query: dict[str, str]) -> Answer:
        if request.headers.get("Authorization", "").lower() != f"bearer {IDENTITY_TOKEN}":
            return 401, {"message": "no"}
        now = int(time.time())
        claims = {
            "iss": "https://token.actions.githubusercontent.com",
            "sub": self.subject,
            "aud": query.get("audience", f"https://github.com/{REPOSITORY.split('/')[0]}"),
            "nbf": now - 60,
            "exp": now + 300,
        }
        return 200, {"count": 1, "value": self.sign(**claims)}

    def _rest(
        self, request: BaseHTTPRequestHandler, path: str, query: dict[str, str], data: bytes
    ) -> Answer:
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return 401, {"message": "Bad credentials", "status": "401"}
        wanted = ("application/vnd.github+json", "2022-11-28")
        if (request.headers["Accept"], request.headers["X-GitHub-Api-Version"]) != wanted:
            return 400, {"message": "the documentation asks for these headers"}
        ours = re.fullmatch(rf"/repos/{REPOSITORY}/issues/(\d+)/comments", path)
        one = re.fullmatch(rf"/repos/{REPOSITORY}/issues/comments/(\d+)", path)
        found = {"GET": ours, "POST": ours, "PATCH": one}.get(request.command)
        if found is None or (found is ours and int(found[1]) != NUMBER):
            return 404, {"message": "Not Found", "status": "404"}
        if request.command == "GET":
            return self._list(query)
        if self.permissions.get("pull-requests") != "write":
            return 403, {"message": "Resource not accessible by integration", "status": "403"}
        body = json.loads(data)
        text = body.get("body")
        if set(body) != {"body"} or not isinstance(text, str) or not text.strip():
            return 422, {"message": "Validation Failed"}
        if len(text) > 65_536:
            message = "Body is too long (maximum is 65536 characters)"
            return 422, {"message": "Validation Failed", "errors": [{"message": message}]}
        if request.command == "POST":
            return 201, self.add(text)
        comment = next((c for c in self.comments if c["id"] == int(found[1])), None)
        if comment is None:
            return 404, {"message": "Not Found", "status": "404"}
        comment["body"] = text
        return 200, comment

    def _list(self, query: dict[str, str]) -> Answer:
        size, page = min(int(query.get("per_page", 30)), 100), int(query.get("page", 1))
        return 200, self.comments[(page - 1) * size : page * size]
