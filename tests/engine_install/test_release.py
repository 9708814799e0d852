"""The official release: decided in seconds, verified, never half there."""

from __future__ import annotations

import hashlib
import http.server
import io
import socket
import tarfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine import download
from engine.errors import CHECKSUM, EngineError
from engine.places import machine
from tests.engine_install.conftest import Told, User

VERSION = "3.259.0"


class Site:
    """A download site on loopback: `files` by path, each optionally announced as larger."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.extra_length = 0
        site = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = site.files.get(self.path)
                self.send_response(404 if body is None else 200)
                self.send_header("Content-Length", str(len(body or b"") + site.extra_length))
                self.end_headers()
                if self.command == "GET":
                    self.wfile.write(body or b"")

            def do_HEAD(self) -> None:
                self.do_GET()

            def log_message(self, *args: object) -> None:
                """Quiet."""

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def publish(self, checksum: str | None = None) -> str:
        """Serve a release; the checksum that is published for it."""
        name = download.archive_name(VERSION)
        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode="w:gz") as tar:
            for program in ("pulumi", "pulumi-language-python"):
                member = tarfile.TarInfo(f"pulumi/{program}")
                member.mode = 0o755
                member.size = 4
                tar.addfile(member, io.BytesIO(b"text"))
        self.files[f"/sdk/{name}"] = archive.getvalue()
        checksum = checksum or hashlib.sha256(archive.getvalue()).hexdigest()
        listed = f"{'f' * 64}  pulumi-v{VERSION}-plan9-x64.tar.gz\n{checksum}  {name}\n"
        self.files[f"/sdk/pulumi-{VERSION}-checksums.txt"] = listed.encode()
        return checksum


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A site that answers, asked without a proxy."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    site = Site()
    thread = threading.Thread(target=site.server.serve_forever, args=(0.02,))
    thread.start()
    yield site
    site.server.shutdown()
    site.server.server_close()
    thread.join()


def test_the_published_checksum_is_this_machines(site: Site) -> None:
    checksum = site.publish()
    assert download.published_checksum(VERSION, site.url) == checksum


def test_a_site_that_answers_something_else_does_not_count(site: Site) -> None:
    site.files[f"/sdk/pulumi-{VERSION}-checksums.txt"] = b"<html>Please sign in</html>"
    assert download.published_checksum(VERSION, site.url) is None


def test_a_refused_connection_is_decided_at_once() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        started = time.monotonic()
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
        assert download.published_checksum(VERSION, url) is None
        assert not download.plugin_reachable("azuread", "6.11.1", url)
    assert time.monotonic() - started < 1


def test_a_silent_site_is_decided_in_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "CONNECT_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:  # accepts, and never answers
        started = time.monotonic()
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        assert download.published_checksum(VERSION, url) is None
        assert time.monotonic() - started < 2


def test_the_plugins_address_is_asked_for(site: Site) -> None:
    assert not download.plugin_reachable("azuread", "6.11.1", site.url)
    system, arch = machine()
    site.files[f"/plugins/pulumi-resource-azuread-v6.11.1-{system}-{arch}.tar.gz"] = b"plugin"
    assert download.plugin_reachable("azuread", "6.11.1", site.url)


def test_a_verified_release_is_used(site: Site, user: User, told: Told) -> None:
    checksum = site.publish()
    folder = download.release(user.where(), VERSION, checksum, told, site.url)
    assert folder == download.entry_of(user.where(), VERSION)
    assert sorted(path.name for path in folder.iterdir()) == ["pulumi", "pulumi-language-python"]


def test_a_release_with_another_checksum_is_not_used(site: Site, user: User, told: Told) -> None:
    site.publish()
    with pytest.raises(EngineError, match="not used") as caught:
        download.release(user.where(), VERSION, "0" * 64, told, site.url)
    assert caught.value.code == CHECKSUM
    assert _left(user.where().cache) == []


def test_a_release_that_breaks_off_leaves_nothing(site: Site, user: User, told: Told) -> None:
    checksum = site.publish()
    site.extra_length = 10
    with pytest.raises(OSError, match=r"bytes came|connection broke"):
        download.release(user.where(), VERSION, checksum, told, site.url)
    assert _left(user.where().cache) == []


def _left(cache: Path) -> list[str]:
    return [path.name for path in (cache / "engine").iterdir() if path.suffix != ".lock"]
