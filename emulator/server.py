"""The HTTP plumbing: a threading server on loopback that hands requests to one function."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import ssl
import struct
import sys
import threading
import traceback
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast

from .wire import Headers, Request, Response

Answer = Callable[[Request], Response]

_MAX_BODY = 8 * 1024 * 1024


class Server(ThreadingHTTPServer):
    """One port. With a TLS context every connection is wrapped, and shaken hands in its thread."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 256

    def __init__(self, answer: Answer, port: int = 0, tls: ssl.SSLContext | None = None) -> None:
        self.answer = answer
        self.tls = tls
        super().__init__(("127.0.0.1", port), _Handler)
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.server_address[1]}"
        self._stopping = False
        self._thread = threading.Thread(target=self._accept, daemon=True)

    def server_bind(self) -> None:
        # HTTPServer would look up its own host name, which can take seconds without a network.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = "127.0.0.1", int(self.server_address[1])

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        if self.tls is not None:
            # Shaking hands here would let one slow client block all others.
            connection = self.tls.wrap_socket(
                connection, server_side=True, do_handshake_on_connect=False
            )
        return connection, address

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that go away are part of the tests; anything else is a bug of ours."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Stop at once: `shutdown` of the base class would wait for its poll."""
        self._stopping = True
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", self.server_port), timeout=1).close()
        self._thread.join()
        self.server_close()

    def _accept(self) -> None:
        while not self._stopping:
            try:
                connection, address = self.get_request()
            except OSError:
                continue
            if self._stopping:
                self.shutdown_request(connection)
            else:
                self.process_request(connection, address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60

    def version_string(self) -> str:
        return "emulator"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """The journal keeps the log; standard error stays quiet."""

    def _serve(self) -> None:
        self.close_connection = True
        server = cast(Server, self.server)
        length = int(self.headers.get("Content-Length") or 0)
        if "Transfer-Encoding" in self.headers or not 0 <= length <= _MAX_BODY:
            self._send(Response(411 if length == 0 else 413))
            return
        body = self.rfile.read(length)
        headers = Headers(self.headers.items())
        request = Request("", self.command, self.path, headers, body, server.url)
        try:
            response = server.answer(request)
        except Exception:
            # Never 500: clients would retry a bug of ours for minutes.
            traceback.print_exc()
            response = Response(
                501, {"error": {"code": "EmulatorBug", "message": "see its stderr"}}
            )
        self._send(response)

    do_GET = do_HEAD = do_POST = do_PATCH = do_PUT = do_DELETE = do_OPTIONS = _serve  # noqa: N815

    def _send(self, response: Response) -> None:
        if response.reset:
            self._reset()
            return
        payload = response.payload()
        headers = {"Date": self.date_time_string(), "Connection": "close"}
        if response.body is not None:
            headers["Content-Type"] = response.content_type
        if response.status != 204:
            headers["Content-Length"] = str(len(payload))
        lines = [f"HTTP/1.1 {response.status} {_reason(response.status)}"]
        lines += [f"{name}: {value}" for name, value in (headers | response.headers).items()]
        if response.truncate:
            payload = payload[: len(payload) // 2]
        if self.command == "HEAD":
            payload = b""
        # One write: two would wait for each other's acknowledgement.
        self.wfile.write("\r\n".join([*lines, "", ""]).encode("latin-1") + payload)

    def _reset(self) -> None:
        """Close with RST instead of FIN, past the TLS layer and the server's own shutdown."""
        with contextlib.suppress(OSError):
            raw = socket.socket(fileno=self.connection.detach())
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            raw.close()


def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"
