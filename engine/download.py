"""The official Pulumi release, where its site can be reached: decided in seconds.

What is assumed, as it was written where the site cannot be reached: the addresses below and the
format of the checksums file are those of Pulumi's own installer and self-update. The archive's
SHA-256 is compared with the file that Pulumi publishes beside it, fetched over TLS.
"""

from __future__ import annotations

import hashlib
import http.client
import shutil
import tarfile
import threading
import urllib.request
from pathlib import Path

from engine.entries import publish
from engine.errors import CHECKSUM, EngineError
from engine.places import Places, key_of, machine
from engine.progress import Progress

RELEASES = "https://get.pulumi.com/releases"
CONNECT_SECONDS = 3.0
READ_SECONDS = 60.0


def archive_name(version: str) -> str | None:
    """The release's file for this machine; None where Pulumi publishes none."""
    system, arch = machine()
    names = {"amd64": "x64", "arm64": "arm64"}
    if system not in {"linux", "darwin"} or arch not in names:
        return None
    return f"pulumi-v{version}-{system}-{names[arch]}.tar.gz"


def entry_of(where: Places, version: str) -> Path:
    """The release's place in the cache."""
    return where.cache / "engine" / f"pulumi-release-{key_of(*machine(), version)}"


def published_checksum(version: str, releases: str = RELEASES) -> str | None:
    """The SHA-256 that Pulumi publishes for this machine's archive; None: not to be had here.

    Says None within seconds: this is also how it is found out whether the site can be reached.
    """
    name = archive_name(version)
    if name is None:
        return None
    text = _fetch_text(f"{releases}/sdk/pulumi-{version}-checksums.txt")
    for line in (text or "").splitlines():
        parts = line.split()
        if len(parts) == 2 and parts[1].lstrip("*") == name and len(parts[0]) == 64:
            return parts[0].lower()
    return None


def plugin_reachable(name: str, version: str, releases: str = RELEASES) -> bool:
    """Whether the site that `pulumi plugin install` downloads from answers for this plugin."""
    system, arch = machine()
    file = f"pulumi-resource-{name}-v{version}-{system}-{arch}.tar.gz"
    return _fetch_text(f"{releases}/plugins/{file}", method="HEAD") is not None


def release(
    where: Places, version: str, checksum: str, progress: Progress, releases: str = RELEASES
) -> Path:
    """The folder of the release's programs, downloaded and verified now if it is not there."""
    name = archive_name(version)

    def fill(folder: Path) -> None:
        archive = folder / "archive.tar.gz"
        progress.say(f"pulumi {version}: downloading {name}")
        _fetch_file(f"{releases}/sdk/{name}", archive)
        with archive.open("rb") as file:
            actual = hashlib.file_digest(file, "sha256").hexdigest()
        if actual != checksum:
            raise EngineError(
                f"{name} has the SHA-256 {actual}, published is {checksum}: not used", CHECKSUM
            )
        with tarfile.open(archive) as tar:
            _unpack(tar, folder / "unpacked")
        archive.unlink()
        programs = folder / "unpacked" / "pulumi"
        nested = programs / "bin"  # older releases
        for path in (nested if nested.is_dir() else programs).iterdir():
            path.rename(folder / path.name)
        shutil.rmtree(folder / "unpacked")

    return publish(entry_of(where, version), f"pulumi {version}", progress, fill)


def _fetch_text(url: str, method: str = "GET") -> str | None:
    """What `url` answers, None without an answer in seconds.

    In a thread, as looking up a name has no time-out of its own.
    """
    answers: list[str] = []

    def fetch() -> None:
        request = urllib.request.Request(url, method=method)  # noqa: S310 - a constant https address
        try:
            with urllib.request.urlopen(request, timeout=CONNECT_SECONDS) as answer:  # noqa: S310
                answers.append(answer.read(1_000_000).decode("utf-8", "replace"))
        except (OSError, ValueError):  # URLError and time-outs are OSErrors
            return

    thread = threading.Thread(target=fetch, daemon=True)
    thread.start()
    thread.join(CONNECT_SECONDS + 1)
    return answers[0] if answers else None


def _fetch_file(url: str, target: Path) -> None:
    """Save what `url` answers; raises OSError for anything less than all of it."""
    with (
        urllib.request.urlopen(url, timeout=READ_SECONDS) as answer,  # noqa: S310
        target.open("wb") as file,
    ):
        try:
            shutil.copyfileobj(answer, file)
        except http.client.HTTPException as error:
            raise OSError(f"the connection broke: {error!r}") from error
        announced = answer.headers.get("Content-Length")
        if announced is not None and file.tell() != int(announced):
            raise OSError(f"{file.tell()} of {announced} bytes came")


def _unpack(tar: tarfile.TarFile, folder: Path) -> None:
    if hasattr(tarfile, "data_filter"):
        tar.extractall(folder, filter="data")
    else:  # Python 3.11 before 3.11.4; the archive's checksum was verified
        tar.extractall(folder)  # noqa: S202
