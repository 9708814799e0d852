"""One emulated tenant and one provider process for each module; every test starts anew in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from emulator import DEFAULT_TENANT, Emulator
from emulator.emulator import seeded
from emulator.seed_entra import AUTOMATION_ROLES
from emulator.seed_zoom import SCOPES
from providers.entra.policy_assignment import PolicyAssignmentProvider
from tests.providers.stack import ASSIGNMENT
from tests.providers.wire import Failed, Process

Start = Callable[..., Process]


@pytest.fixture(scope="module")
def tenant() -> Iterator[Emulator]:
    with Emulator() as running:
        yield running


@pytest.fixture(scope="module")
def shared_process(tenant: Emulator) -> Iterator[Process]:
    with Process(tenant.env) as running:
        yield running


@pytest.fixture
def emulator(tenant: Emulator) -> Emulator:
    """The tenant as it was on the first day, with an empty log."""
    tenant.faults.clear()
    tenant.world.replace(seeded(DEFAULT_TENANT, "contoso"))
    tenant.page_size = 100
    tenant.clear_log()
    return tenant


@pytest.fixture
def process(emulator: Emulator, shared_process: Process) -> Process:
    """The module's process, which has read nothing ahead in the test before."""
    shared_process.of(PolicyAssignmentProvider).read("x", ASSIGNMENT.key)
    emulator.clear_log()
    return shared_process


@pytest.fixture
def start(emulator: Emulator) -> Iterator[Start]:
    """Starts a process of the test's own, with more in its environment where asked."""
    running: list[Process] = []

    def boot(config: dict[str, str] | None = None, **more: str) -> Process:
        environment = {k: v for k, v in (emulator.env | more).items() if v}
        running.append(Process(environment, config))
        return running[-1]

    yield boot
    for one in running:
        one.stop()


class Lacking:
    """Takes permissions from the credentials, in force at once."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator

    def __call__(self, *names: str) -> None:
        self._emulator.grant_roles([role for role in AUTOMATION_ROLES if role not in names])
        self._emulator.set_zoom_scopes([scope for scope in SCOPES if scope not in names])
        self.renew()

    def renew(self) -> None:
        for service in ("entra", "zoom"):
            self._emulator.world.tokens.expire(service)


@pytest.fixture
def lacking(emulator: Emulator, process: Process) -> Iterator[Lacking]:
    lack = Lacking(emulator)
    yield lack
    lack.renew()


@pytest.fixture
def refused() -> Callable[[Callable[[], object]], str]:
    """Calls what must fail; the one line it fails with."""

    def call(step: Callable[[], object]) -> str:
        with pytest.raises(Failed) as caught:
            step()
        text = str(caught.value)
        assert text == text.strip()
        assert "\n" not in text
        assert "Traceback" not in text
        return text

    return call
