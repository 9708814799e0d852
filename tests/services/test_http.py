"""How often a request is sent, how long it waits, and what is said when it gives up."""

import datetime
import http.server
import threading
from collections.abc import Callable, Iterator
from email.utils import format_datetime

import pytest

from services.errors import Throttled, Unavailable
from services.http import Http, _retry_after

Handler = Callable[[http.server.BaseHTTPRequestHandler], None]


class Service:
    """A loopback server that plays a list of behaviours, the last one for ever."""

    def __init__(self) -> None:
        self.plays: list[Handler] = []
        self.requests: list[tuple[str, dict[str, str]]] = []
        service = self

        class Play(http.server.BaseHTTPRequestHandler):
            def _play(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                self.rfile.read(length)
                service.requests.append((self.command, dict(self.headers)))
                play = service.plays.pop(0) if len(service.plays) > 1 else service.plays[0]
                play(self)

            do_GET = do_POST = do_PATCH = do_DELETE = _play  # noqa: N815

            def log_message(self, *_: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Play)
        self.url = f"http://127.0.0.1:{self.server.server_port}/x"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.thread.start()

    def stop(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def service() -> Iterator[Service]:
    service = Service()
    yield service
    service.stop()


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def client(waits: list[float]) -> Http:
    return Http("Service", sleep=waits.append)


def answer(status: int, body: bytes = b"{}", **headers: str) -> Handler:
    def play(handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("Content-Type", headers.pop("content_type", "application/json"))
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return play


def reset(handler: http.server.BaseHTTPRequestHandler) -> None:
    handler.close_connection = True
    handler.connection.close()


def truncate(handler: http.server.BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "100")
    handler.end_headers()
    handler.wfile.write(b'{"a": ')
    reset(handler)


OK = answer(200, b'{"fine": true}')


def test_a_good_answer_is_parsed(service: Service, client: Http) -> None:
    service.plays = [OK]
    assert client.send("GET", service.url).body == {"fine": True}


def test_an_empty_answer_has_no_body(service: Service, client: Http) -> None:
    service.plays = [answer(204, b"")]
    assert client.send("PATCH", service.url, json={}).body is None


def in_seconds(seconds: float) -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("header", "low", "high"),
    [
        (lambda: "3", 3, 3),
        (lambda: "2.128", 2.128, 2.128),
        (lambda: "0", 0, 0),
        (lambda: format_datetime(in_seconds(40)), 30, 40),
        (lambda: format_datetime(in_seconds(40), usegmt=True), 30, 40),
        (lambda: in_seconds(40).isoformat(), 30, 40),
        (lambda: in_seconds(-40).isoformat(), 0, 0),
        (lambda: "-5", 0.1, 0.5),
        (lambda: "soon", 0.1, 0.5),
        (lambda: "inf", 0.1, 0.5),
        (lambda: "nan", 0.1, 0.5),
        (lambda: "", 0.1, 0.5),
    ],
)
def test_a_429_waits_as_long_as_is_asked_or_a_little(
    service: Service,
    client: Http,
    waits: list[float],
    header: Callable[[], str],
    low: float,
    high: float,
) -> None:
    service.plays = [answer(429, Retry_After=header()), OK]
    assert client.send("POST", service.url).status == 200
    assert len(waits) == 1
    assert low <= waits[0] <= high


@pytest.mark.parametrize("header", ["3600", "2999-01-01T00:00:00Z", "61", "1e300"])
def test_an_absurd_wait_ends_the_run_with_a_clear_line(
    service: Service, client: Http, waits: list[float], header: str
) -> None:
    service.plays = [answer(429, Retry_After=header)]
    with pytest.raises(Throttled, match=r"asks to come back in \d+ s"):
        client.send("GET", service.url, label="GET things")
    assert waits == []
    assert len(service.requests) == 1


def test_waits_add_up_to_a_bound(service: Service, client: Http, waits: list[float]) -> None:
    service.plays = [answer(429, Retry_After="25")]
    with pytest.raises(Throttled):
        client.send("GET", service.url)
    assert sum(waits) <= 60


@pytest.mark.parametrize("trouble", [answer(503), answer(500), reset, truncate])
@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_what_may_be_repeated_is(
    service: Service, client: Http, trouble: Handler, method: str
) -> None:
    service.plays = [trouble, trouble, OK]
    assert client.send(method, service.url).status == 200
    assert len(service.requests) == 3


@pytest.mark.parametrize("trouble", [reset, truncate])
def test_a_post_that_may_have_been_done_is_not_sent_again(
    service: Service, client: Http, trouble: Handler
) -> None:
    service.plays = [trouble, OK]
    with pytest.raises(Unavailable) as caught:
        client.send("POST", service.url, json={})
    assert caught.value.sent
    assert len(service.requests) == 1


def test_a_post_that_ends_in_5xx_is_left_to_the_caller(service: Service, client: Http) -> None:
    service.plays = [answer(503), OK]
    assert client.send("POST", service.url, json={}).status == 503


def test_a_post_said_to_be_repeatable_is_repeated(service: Service, client: Http) -> None:
    service.plays = [reset, OK]
    assert client.send("POST", service.url, repeatable=True).status == 200


def test_a_refused_connection_was_never_sent(service: Service, client: Http) -> None:
    service.stop()
    service.__init__()  # type: ignore[misc]
    closed = "http://127.0.0.1:9/x"
    with pytest.raises(Unavailable) as caught:
        client.send("POST", closed)
    assert not caught.value.sent


def test_a_body_that_is_not_json_is_no_answer(service: Service, client: Http) -> None:
    service.plays = [answer(200, b"<html>proxy</html>", content_type="text/html")]
    with pytest.raises(Unavailable, match="not JSON"):
        client.send("GET", service.url)


def test_a_redirect_is_not_followed_and_takes_no_credentials_along(
    service: Service, client: Http
) -> None:
    service.plays = [answer(302, Location=service.url + "/other")]
    with pytest.raises(Unavailable, match="redirect"):
        client.send("POST", service.url, headers={"Authorization": "Bearer s"})
    assert len(service.requests) == 1


def test_a_netrc_does_not_replace_our_credentials(
    service: Service, client: Http, tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"  # type: ignore[operator]
    netrc.write_text("machine 127.0.0.1 login a password b")
    monkeypatch.setenv("NETRC", str(netrc))
    service.plays = [OK]
    client.send("GET", service.url, headers={"Authorization": "Bearer ours"})
    assert service.requests[0][1]["Authorization"] == "Bearer ours"


def test_a_date_without_a_zone_is_taken_as_utc() -> None:
    moment = datetime.datetime.now(datetime.UTC).replace(tzinfo=None) + datetime.timedelta(0, 30)
    wait = _retry_after(moment.isoformat())
    assert wait is not None
    assert 25 < wait <= 30
