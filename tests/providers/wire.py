"""The real process of the dynamic providers, driven over gRPC as the engine drives it."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Any

import grpc  # type: ignore[import-untyped]
from google.protobuf.json_format import (  # type: ignore[import-untyped]
    MessageToDict,
    ParseDict,
)
from google.protobuf.struct_pb2 import Struct  # type: ignore[import-untyped]
from pulumi.dynamic.dynamic import serialize_provider
from pulumi.runtime.proto import provider_pb2 as messages
from pulumi.runtime.proto import provider_pb2_grpc

from providers.shared import SharedProvider

ROOT = Path(__file__).resolve().parents[2]
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"  # how the engine writes a value not known yet
SAME = messages.DiffResponse.DIFF_NONE
COMPARE = messages.DiffResponse.DIFF_UNKNOWN

Props = dict[str, Any]


class Failed(Exception):
    """What the process answered instead of a result; `str()` is what the engine would print."""


class Process:
    """One `python -m pulumi.dynamic`, with an engine at the other end that only listens.

    `output` is all it printed, standard error included; `said` is every error it answered, and
    `answered` every result.
    """

    def __init__(self, env: Mapping[str, str], config: Mapping[str, str] | None = None) -> None:
        self.said: list[str] = []
        self.answered: list[str] = []
        self._lines: list[str] = []
        self._engine = socket.create_server(("127.0.0.1", 0))
        self._threads = [threading.Thread(target=self._listen, daemon=True)]
        self._process = subprocess.Popen(
            [
                sys.executable,
                "-u",
                "-m",
                "pulumi.dynamic",
                f"127.0.0.1:{self._engine.getsockname()[1]}",
            ],
            cwd=ROOT,
            env={**_environment(), **env},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        port = int(self._process.stdout.readline())
        for stream in (self._process.stdout, self._process.stderr):
            self._threads.append(threading.Thread(target=self._collect, args=(stream,)))
        for thread in self._threads:
            thread.start()
        self._channel = grpc.insecure_channel(f"127.0.0.1:{port}")
        self.stub = provider_pb2_grpc.ResourceProviderStub(self._channel)
        self.call("Configure", messages.ConfigureRequest(args=struct(dict(config or {}))))

    def __enter__(self) -> Process:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def of(self, provider: type[SharedProvider]) -> Provider:
        """The methods of one provider class in this process."""
        return Provider(self, provider)

    def call(self, method: str, request: Any) -> Any:
        """One RPC. Raises Failed with the text of its error."""
        try:
            answer = getattr(self.stub, method)(request, timeout=60, wait_for_ready=True)
        except grpc.RpcError as error:
            text = str(error.details()).removesuffix("\n")
            self.said.append(text)
            raise Failed(text) from None
        self.answered.append(str(answer))
        return answer

    @property
    def output(self) -> str:
        return "".join(self._lines)

    def has_told(self, words: str) -> bool:
        """Whether it printed `words`; what it prints arrives a moment after its answer."""
        end = time.monotonic() + 5
        while words not in self.output and time.monotonic() < end:
            time.sleep(0.02)
        return words in self.output

    def end_engine(self) -> None:
        """As after kill -9 of the engine: nobody listens on its address any more."""
        with contextlib.suppress(OSError):
            self._engine.shutdown(socket.SHUT_RDWR)
        self._engine.close()

    def stop(self) -> None:
        """Ends the process, and reads what it printed to the end."""
        self._channel.close()
        self._process.terminate()
        self._process.wait(timeout=10)
        self.end_engine()
        for thread in self._threads:
            thread.join(timeout=10)
        for stream in (self._process.stdout, self._process.stderr):
            assert stream is not None
            stream.close()

    def _listen(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                self._engine.accept()[0].close()

    def _collect(self, stream: IO[str]) -> None:
        for line in stream:
            self._lines.append(line)


class Provider:
    """What the engine sends to one provider class, and what it gets back."""

    def __init__(self, process: Process, provider: type[SharedProvider]) -> None:
        self.process = process
        self.key = serialize_provider(provider())

    def check(self, news: Props, olds: Props | None = None) -> Props:
        """The checked inputs. Raises Failed with the reasons where it refuses them."""
        request = messages.CheckRequest(olds=self._props(olds), news=self._props(news))
        answer = self.process.call("Check", request)
        if answer.failures:
            assert all(failure.property == "" for failure in answer.failures), answer.failures
            raise Failed("; ".join(failure.reason for failure in answer.failures))
        return plain(answer.inputs)

    def diff(self, id_: str, olds: Props, news: Props) -> messages.DiffResponse:
        """Whether the provider sees a change, and what it would replace for it."""
        request = messages.DiffRequest(id=id_, olds=self._props(olds), news=self._props(news))
        answer: messages.DiffResponse = self.process.call("Diff", request)
        return answer

    def create(self, props: Props) -> tuple[str, Props]:
        """The id and the outputs."""
        request = messages.CreateRequest(properties=self._props(props))
        answer = self.process.call("Create", request)
        return answer.id, plain(answer.properties)

    def read(self, id_: str, outs: Props) -> tuple[str, Props, Props]:
        """The id, the outputs and the inputs, as they are live."""
        request = messages.ReadRequest(id=id_, properties=self._props(outs))
        answer = self.process.call("Read", request)
        return answer.id, plain(answer.properties), plain(answer.inputs)

    def update(self, id_: str, olds: Props, news: Props) -> Props:
        """The outputs."""
        request = messages.UpdateRequest(id=id_, olds=self._props(olds), news=self._props(news))
        return plain(self.process.call("Update", request).properties)

    def delete(self, id_: str, outs: Props) -> None:
        """Gives back, or only forgets."""
        request = messages.DeleteRequest(id=id_, properties=self._props(outs))
        self.process.call("Delete", request)

    def _props(self, props: Props | None) -> Struct:
        return struct({**(props or {}), "__provider": self.key})


def struct(props: Props) -> Struct:
    """Properties as they travel: every number a float, null kept."""
    return ParseDict(props, Struct())


def plain(answer: Struct) -> Props:
    """Properties of an answer; whoever reads them need not see the provider's own text."""
    props: Props = MessageToDict(answer)
    props.pop("__provider", None)
    return props


def _environment() -> dict[str, str]:
    """The test's own environment, without what could point the process elsewhere."""
    ours = ("ARM_", "ZOOM_", "PULUMI_", "ACTIONS_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return {**kept, "PULUMI_PROJECT": "zoom-calendar", "NO_PROXY": "127.0.0.1"}
