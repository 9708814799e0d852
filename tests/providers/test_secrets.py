"""No credential leaves the process: in no error, no result, and nothing that is printed."""

from __future__ import annotations

import contextlib
from base64 import b64encode
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote_plus

import pytest

from emulator import Emulator, Fault
from emulator.wire import Request
from tests import logins
from tests.canaries import assert_untold, echo, overhear
from tests.providers.stack import GRANT, POLICY, SETTINGS, Resource, together
from tests.providers.wire import Failed, Process

Start = Callable[..., Process]
Refused = Callable[[Callable[[], object]], str]

# With characters that a form or a URL writes otherwise.
ENTRA_SECRET = "CANARY~entra+secret/of=forty characters&1"
ZOOM_SECRET = "CANARY~zoom+secret/of=forty characters&22"


def assert_nothing_leaked(process: Process, secrets: list[str]) -> None:
    told = "\n".join([*process.said, *process.answered, process.output])
    assert told
    assert_untold(told, secrets)


def echoes(secret: str) -> Iterator[dict[str, object]]:
    """Bodies that repeat what was sent, also where a message is cut to its beginning."""
    for text in (
        f"bad header 'Authorization: Bearer {secret}' (request was rejected)",
        f"{'x' * 165} {secret}",
        f"form was client_secret={quote_plus(secret)}&grant_type=x",
    ):
        yield {
            "error": {"code": "Echo", "message": text, "innerError": {"request-id": secret}},
            "code": 300,
            "message": text,
            "errors": [{"field": secret, "message": text}],
        }


@pytest.fixture
def sent(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The last bearer token that each service was sent."""
    tokens: dict[str, str] = {}
    take = emulator.faults.take

    def note(request: Request, *, inner: bool = False) -> Fault | None:
        scheme, _, token = request.headers.get("Authorization").partition(" ")
        if scheme == "Bearer":
            tokens[request.service] = token
        return take(request, inner=inner)

    monkeypatch.setattr(emulator.faults, "take", note)
    return tokens


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409])
def test_an_answer_that_repeats_the_token_is_not_repeated(
    start: Start, emulator: Emulator, sent: dict[str, str], status: int
) -> None:
    process = start()
    resources = [Resource(process, kind) for kind in (SETTINGS, GRANT)]
    together(*(resource.up for resource in resources))
    tokens = dict(sent)
    assert tokens.keys() == {"entra", "zoom"}
    for service, token in tokens.items():
        for body in echoes(token):
            echo = Fault(service, status=status, json=body, headers={"request-id": token})
            emulator.faults.add(echo)
    for _ in range(3):
        for resource in resources:
            with contextlib.suppress(Failed):
                resource.refresh()
    assert all(fault["hits"] == 1 for fault in emulator.faults.as_list())
    assert_nothing_leaked(process, [*tokens.values(), *sent.values()])


@pytest.mark.parametrize("debug", ["", "1"])
def test_a_login_that_repeats_the_secret_is_not_repeated(
    start: Start, emulator: Emulator, debug: str
) -> None:
    process = start(
        ARM_CLIENT_SECRET=ENTRA_SECRET, ZOOM_CLIENT_SECRET=ZOOM_SECRET, ZOOM_CALENDAR_DEBUG=debug
    )
    basic = b64encode(f"{emulator.env['ZOOM_CLIENT_ID']}:{ZOOM_SECRET}".encode()).decode()
    for service, secret in (
        ("login", ENTRA_SECRET),
        ("zoom-oauth", ZOOM_SECRET),
        ("zoom-oauth", basic),
    ):
        for text in (
            f"invalid_client: client_secret={secret}",
            f"{'x' * 165} {secret}",
            f"{quote_plus(secret)} is wrong",
        ):
            body = {"error": text, "error_description": text, "reason": text}
            emulator.faults.add(Fault(service, status=400, json=body))
    for kind in [SETTINGS] * 6 + [GRANT] * 3:
        with pytest.raises(Failed, match="CredentialsRejected"):
            Resource(process, kind).up()
    assert emulator.faults.as_list()[-1]["hits"] == 1
    assert_nothing_leaked(process, [ENTRA_SECRET, ZOOM_SECRET, basic])


@pytest.mark.parametrize("kind", logins.KINDS)
def test_no_kind_of_credential_is_told_whatever_repeats_it(
    start: Start,
    emulator: Emulator,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
) -> None:
    login = logins.KINDS[kind](emulator, tmp_path)
    login.env.setdefault("ARM_CLIENT_SECRET", "")  # the fixture's own
    turns = iter(range(100))
    refusing = {"ci", "login", "imds"}

    def answer(request: Request, secret: str) -> Fault | None:
        return echo(request, secret, next(turns)) if request.service in refusing else None

    heard = overhear(emulator, monkeypatch, answer)
    process = start(ZOOM_CALENDAR_DEBUG="1", **login.env)
    grant = Resource(process, GRANT)
    tries = 6 if kind != "managed identity" else 0  # which sends no secret to who gives its token
    for _ in range(tries):
        with pytest.raises(Failed, match="CredentialsRejected"):
            grant.up()
    refusing.discard("ci")  # an assertion is given, and then repeated
    for _ in range(tries if kind in ("GitHub", "Azure DevOps") else 0):
        with pytest.raises(Failed, match="CredentialsRejected"):
            grant.up()
    refusing.clear()
    assert grant.up() == "create"
    refusing.add("entra")  # with its token
    for _ in range(6):
        with contextlib.suppress(Failed):
            grant.refresh()
    assert len(heard) > 0
    assert_nothing_leaked(process, [*login.secrets, *heard])


def test_a_wrong_secret_is_one_line_that_names_its_variables(
    start: Start, refused: Refused
) -> None:
    process = start(ARM_CLIENT_SECRET=ENTRA_SECRET, ZOOM_CLIENT_SECRET=ZOOM_SECRET)
    zoom, entra = refused(Resource(process, SETTINGS).up), refused(Resource(process, GRANT).up)
    assert zoom.startswith("CredentialsRejected: Zoom: POST token: HTTP 400: Invalid client_id")
    assert "Check ZOOM_ACCOUNT_ID, ZOOM_CLIENT_ID and ZOOM_CLIENT_SECRET" in zoom
    assert entra.startswith("CredentialsRejected: Entra: POST token: HTTP 401: AADSTS7000215")
    assert "Check ARM_TENANT_ID, ARM_CLIENT_ID and the secret" in entra
    assert_nothing_leaked(process, [ENTRA_SECRET, ZOOM_SECRET])


def test_a_missing_secret_names_both_ways_to_give_it(start: Start, refused: Refused) -> None:
    process = start(ARM_CLIENT_SECRET="", ZOOM_CLIENT_SECRET="")
    assert refused(Resource(process, SETTINGS).up) == (
        "MissingCredentials: ZOOM_CLIENT_SECRET is not set: export it, or run "
        "`pulumi config set --secret ZOOM_CLIENT_SECRET`"
    )
    assert refused(Resource(process, GRANT).up).startswith(
        "MissingCredentials: Entra: no credentials: set ARM_CLIENT_SECRET, "
    )


def test_secrets_of_the_stack_s_configuration_serve_as_well(
    start: Start, emulator: Emulator
) -> None:
    env = emulator.env
    process = start(
        config={
            "zoom-calendar:ZOOM_CLIENT_SECRET": env["ZOOM_CLIENT_SECRET"],
            "azuread:clientSecret": env["ARM_CLIENT_SECRET"],
        },
        ARM_CLIENT_SECRET="",
        ZOOM_CLIENT_SECRET="",
    )
    for kind in (SETTINGS, GRANT):
        assert Resource(process, kind).up() == "create"
    assert_nothing_leaked(process, [env["ZOOM_CLIENT_SECRET"], env["ARM_CLIENT_SECRET"]])


def test_the_life_of_every_resource_prints_nothing(start: Start, emulator: Emulator) -> None:
    process = start()
    for kind in (SETTINGS, GRANT, POLICY):
        resource = Resource(process, kind)
        resource.up()
        resource.destroy()
    assert process.said == []
    process.stop()
    assert process.output == ""


def test_a_traceback_comes_only_when_it_is_asked_for(start: Start, emulator: Emulator) -> None:
    emulator.faults.add(Fault("zoom", "GET", status=404, times=None))
    with pytest.raises(Failed) as short:
        Resource(start(), SETTINGS).up()
    with pytest.raises(Failed) as long:
        Resource(start(ZOOM_CALENDAR_DEBUG="1"), SETTINGS).up()
    assert str(short.value).startswith("NotFound: Zoom: GET settings of account me: HTTP 404")
    assert "\n" not in str(short.value)
    assert str(long.value).startswith("Traceback (most recent call last):")
    assert str(long.value).splitlines()[-1].startswith("NotFound: Zoom: GET settings")
