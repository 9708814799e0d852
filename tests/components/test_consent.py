"""Both solutions in full, as declared: user policies, an ensured principal, app roles, sign-in."""

from __future__ import annotations

import pytest

from tenant import desired
from tests.components.test_components import (
    ENSURED,
    FEDERATED,
    REGISTERED,
    WITH_ROLES,
    Engine,
    build,
)


def test_what_is_granted_waits_for_the_principal_and_goes_before_it(engine: Engine) -> None:
    """The grant's record may have to give the principal back, so it goes last."""
    build(ENSURED, WITH_ROLES)
    assert engine.depends["zoom-principal-before"] == {"zoom-preflight"}
    assert engine.depends["zoom-principal"] == {"zoom-principal-before"}
    assert engine.depends["grant-before"] == {"zoom-principal"}
    assert engine.depends["grant"] == {"grant-before"}
    assert engine.depends["app-roles-before"] == {"zoom-principal", "grant"}
    assert engine.depends["app-roles"] == {"app-roles-before"}


@pytest.mark.parametrize(
    ("value", "policy"),
    [
        ("least-privilege", desired.POLICY_ID),
        ("verified-publishers", "microsoft-user-default-low"),
        ("recommended", "microsoft-user-default-recommended"),
        ("any-app", "microsoft-user-default-legacy"),
    ],
)
@pytest.mark.parametrize("by", ["admin", "user"])
def test_each_user_policy_assigns_exactly_one_policy(
    engine: Engine, by: str, value: str, policy: str
) -> None:
    meant = {"acknowledge": "any-app"} if value == "any-app" else {}
    build({"consent": {"by": by, "userPolicy": value, **meant}})
    assert engine.inputs("user-consent-assignment")["policyId"] == policy
    assert ("user-consent-policy" in engine.made) is (value == "least-privilege")
    warned = [line for line in engine.logged if "CIS Microsoft 365 Foundations" in line]
    assert len(warned) == (value == "any-app")


def test_application_permissions_reach_the_registration_and_its_principal(engine: Engine) -> None:
    build(REGISTERED, WITH_ROLES, FEDERATED)
    (access,) = engine.inputs("registration")["requiredResourceAccesses"]
    assert {"id": "role-1", "type": "Role"} in access["resourceAccesses"]
    assert engine.inputs("app-role-Mail.Read") == {
        "appRoleId": "role-1",
        "principalObjectId": "object of principal",
        "resourceObjectId": "object of graph",
    }
    assert engine.inputs("federated-ci") == {
        "applicationId": "id of registration",
        "displayName": "ci",
        "issuer": "https://ci.example",
        "subject": "repo:contoso/tenants",
        "audiences": ["api://AzureADTokenExchange"],
    }


def test_exclusive_is_an_input_and_recorded_as_all_scopes(engine: Engine) -> None:
    build({"consent": {"exclusive": True}})
    assert engine.inputs("grant")["exclusive"] is True
    assert engine.inputs("grant-before")["leaves"][-1] == "*"
