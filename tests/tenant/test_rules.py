"""What no tenant should be declared with; the files of this repository are not."""

import datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from tenant.declaration import parse
from tenant.model import Tenant
from tenant.rules import LONGEST, RULES, SOON, broken, credential_problem
from tenant.stack_keys import KEY

TODAY = datetime.date(2026, 11, 23)
ROOT = Path(__file__).parents[2]
CLEAN: dict[str, Any] = {
    "name": "Contoso",
    "domains": ["contoso.com"],
    "consent": {"by": "admin", "permissions": ["Calendars.ReadWrite"]},
    "application": {"source": "registered", "redirectUris": ["https://zoom.us/oauth"]},
    "zoom": {
        "calendar": {
            "integration": True,
            "integrateOnSignIn": True,
            "attestations": {
                "users_can_consent": {
                    "value": False,
                    "who": "ada@contoso.com",
                    "when": "2026-11-01",
                    "until": "2026-11-23",
                }
            },
        }
    },
}


def clean() -> Any:
    return msgspec.json.decode(msgspec.json.encode(CLEAN))


def names(tenant: Tenant, today: datetime.date = TODAY) -> list[str]:
    return [rule.name for rule, _ in broken(tenant, today)]


def test_a_careful_tenant_breaks_none() -> None:
    assert broken(parse(clean(), "f"), TODAY) == []


def test_any_app_is_named_even_where_it_was_acknowledged() -> None:
    value = clean()
    value["consent"] |= {"userPolicy": "any-app", "acknowledge": "any-app"}
    assert names(parse(value, "f")) == ["consent-to-any-app"]


def test_an_application_permission_needs_a_reason() -> None:
    value = clean()
    value["consent"]["applicationPermissions"] = [
        {"name": "Mail.Read"},
        {"name": "Calendars.Read", "reason": "rooms have no user"},
    ]
    ((rule, line),) = broken(parse(value, "f"), TODAY)
    assert rule.name == "application-permission-reason"
    assert "Mail.Read" in line


def test_an_attestation_is_in_date_on_its_last_day_and_not_after_it() -> None:
    tenant = parse(clean(), "f")
    assert names(tenant, TODAY) == []
    assert names(tenant, TODAY + datetime.timedelta(days=1)) == ["attestation-in-date"]
    assert names(tenant, datetime.date(2026, 10, 31)) == ["attestation-in-date"]


def test_localhost_is_for_ones_own_machine() -> None:
    value = clean()
    value["application"]["redirectUris"] += ["http://localhost:8080/back"]
    ((rule, line),) = broken(parse(value, "f"), TODAY)
    assert rule.name == "redirect-uri-https"
    assert "http://localhost:8080/back" in line


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (None, "has no end"),
        (-1, "ended on"),
        (0, "in 0 days"),
        (SOON, f"in {SOON} days"),
        (SOON + 1, None),
        (LONGEST, None),
        (LONGEST + 1, f"{LONGEST} at most"),
    ],
)
def test_a_credential_ends_neither_soon_nor_never(days: int | None, words: str | None) -> None:
    end = None if days is None else TODAY + datetime.timedelta(days=days)
    problem = credential_problem(end, TODAY)
    assert problem is None if words is None else words in str(problem)


def test_every_rule_has_a_name_of_its_own() -> None:
    assert len({rule.name for rule in RULES}) == len(RULES)


@pytest.mark.parametrize(
    "file",
    [*sorted(ROOT.glob("stacks/*.yaml")), ROOT / "demo/contoso.yaml"],
    ids=lambda file: file.name,
)
def test_the_files_of_this_repository_keep_the_rules(file: Path) -> None:
    document = yaml.safe_load(file.read_text(encoding="utf-8"))
    assert broken(parse(document["config"][KEY], file.name), datetime.date.today()) == []
