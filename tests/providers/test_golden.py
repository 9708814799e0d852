"""What is written into every tenant's state and can never be renamed."""

from __future__ import annotations

import json
import os
import pickletools
import subprocess
import sys
from base64 import b64decode

import pytest

from tests.providers.wire import ROOT

# Class → (its `__provider` text in state, its type token in every URN).
PINNED = {
    "providers.entra.app_role_assignments.AppRoleAssignmentsProvider": (
        "gASVSgAAAAAAAACMJHByb3ZpZGVycy5lbnRyYS5hcHBfcm9sZV9hc3NpZ25tZW50c5SMGkFwcFJvbGVBc3NpZ2"
        "5tZW50c1Byb3ZpZGVylJOUKYGULg==",
        "pulumi-python:dynamic/entra:AppRoleAssignments",
    ),
    "providers.entra.delegated_grant.DelegatedGrantProvider": (
        "gASVQQAAAAAAAACMH3Byb3ZpZGVycy5lbnRyYS5kZWxlZ2F0ZWRfZ3JhbnSUjBZEZWxlZ2F0ZWRHcmFudFBy"
        "b3ZpZGVylJOUKYGULg==",
        "pulumi-python:dynamic/entra:DelegatedGrant",
    ),
    "providers.entra.ensured_principal.EnsuredPrincipalProvider": (
        "gASVRQAAAAAAAACMIXByb3ZpZGVycy5lbnRyYS5lbnN1cmVkX3ByaW5jaXBhbJSMGEVuc3VyZWRQcmluY2lwYW"
        "xQcm92aWRlcpSTlCmBlC4=",
        "pulumi-python:dynamic/entra:EnsuredPrincipal",
    ),
    "providers.entra.permission_grant_policy.PermissionGrantPolicyProvider": (
        "gASVUAAAAAAAAACMJ3Byb3ZpZGVycy5lbnRyYS5wZXJtaXNzaW9uX2dyYW50X3BvbGljeZSMHVBlcm1pc3Np"
        "b25HcmFudFBvbGljeVByb3ZpZGVylJOUKYGULg==",
        "pulumi-python:dynamic/entra:PermissionGrantPolicy",
    ),
    "providers.entra.policy_assignment.PolicyAssignmentProvider": (
        "gASVRQAAAAAAAACMIXByb3ZpZGVycy5lbnRyYS5wb2xpY3lfYXNzaWdubWVudJSMGFBvbGljeUFzc2lnbm1l"
        "bnRQcm92aWRlcpSTlCmBlC4=",
        "pulumi-python:dynamic/entra:PolicyAssignment",
    ),
    "providers.entra.user_consent_settings.UserConsentSettingsProvider": (
        "gASVTAAAAAAAAACMJXByb3ZpZGVycy5lbnRyYS51c2VyX2NvbnNlbnRfc2V0dGluZ3OUjBtVc2VyQ29uc2VudF"
        "NldHRpbmdzUHJvdmlkZXKUk5QpgZQu",
        "pulumi-python:dynamic/entra:UserConsentSettings",
    ),
    "providers.prior.PriorValuesProvider": (
        "gASVLgAAAAAAAACMD3Byb3ZpZGVycy5wcmlvcpSME1ByaW9yVmFsdWVzUHJvdmlkZXKUk5QpgZQu",
        "pulumi-python:dynamic/shared:PriorValues",
    ),
    "providers.zoom.calendar.CalendarIntegrationProvider": (
        "gASVPgAAAAAAAACMF3Byb3ZpZGVycy56b29tLmNhbGVuZGFylIwbQ2FsZW5kYXJJbnRlZ3JhdGlvblByb3Zp"
        "ZGVylJOUKYGULg==",
        "pulumi-python:dynamic/zoom:CalendarIntegration",
    ),
    "providers.zoom.preflight.PreflightProvider": (
        "gASVNQAAAAAAAACMGHByb3ZpZGVycy56b29tLnByZWZsaWdodJSMEVByZWZsaWdodFByb3ZpZGVylJOUKYGULg==",
        "pulumi-python:dynamic/zoom:Preflight",
    ),
    "providers.zoom.settings.AccountLocksProvider": (
        "gASVNwAAAAAAAACMF3Byb3ZpZGVycy56b29tLnNldHRpbmdzlIwUQWNjb3VudExvY2tzUHJvdmlkZXKUk5QpgZQu",
        "pulumi-python:dynamic/zoom:AccountLocks",
    ),
    "providers.zoom.settings.AccountSettingsProvider": (
        "gASVOgAAAAAAAACMF3Byb3ZpZGVycy56b29tLnNldHRpbmdzlIwXQWNjb3VudFNldHRpbmdzUHJvdmlkZXKU"
        "k5QpgZQu",
        "pulumi-python:dynamic/zoom:AccountSettings",
    ),
}
# Kinds are written into the state of the records.
KINDS = {
    "zoom:AccountSettings": "AccountSettingsProvider",
    "zoom:AccountLocks": "AccountLocksProvider",
    "zoom:CalendarIntegration": "CalendarIntegrationProvider",
    "entra:AppRoleAssignments": "AppRoleAssignmentsProvider",
    "entra:DelegatedGrant": "DelegatedGrantProvider",
    "entra:EnsuredPrincipal": "EnsuredPrincipalProvider",
    "entra:PermissionGrantPolicy": "PermissionGrantPolicyProvider",
    "entra:PolicyAssignment": "PolicyAssignmentProvider",
}

_DUMP = """
import importlib, json, pkgutil
import providers
from providers.prior import KINDS
from providers.shared import SharedProvider
from pulumi.dynamic import Resource
from pulumi.dynamic.dynamic import serialize_provider

modules = [
    importlib.import_module(found.name)
    for found in pkgutil.walk_packages(providers.__path__, "providers.")
]
classes = [
    item
    for module in modules
    for item in vars(module).values()
    if isinstance(item, type) and item.__module__ == module.__name__
]
concrete = [c for c in classes if issubclass(c, SharedProvider) and not c.__subclasses__()]
resources = {
    c.__name__: "pulumi-python:" + c._resource_type_name
    for c in classes if issubclass(c, Resource)
}
print(json.dumps({
    "kinds": {kind: c.__name__ for kind, c in KINDS.items()},
    "pinned": {
        f"{c.__module__}.{c.__name__}": (
            serialize_provider(c()), resources[c.__name__.removesuffix("Provider")]
        )
        for c in sorted(concrete, key=lambda c: c.__name__)
    },
    "secret": {c.__name__: c.serialize_as_secret_always for c in concrete},
    "state": {c.__name__: vars(c()) for c in concrete},
}))
"""


@pytest.mark.parametrize("seed", ["0", "1", "20261123"])
def test_what_state_says_of_each_provider_never_changes(seed: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _DUMP],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": seed},
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(done.stdout)

    assert found["kinds"] == KINDS
    assert found["pinned"].keys() == PINNED.keys()
    for name, (provider, token) in PINNED.items():
        text, type_token = found["pinned"][name]
        assert type_token == token
        assert _without_protocol(text) == _without_protocol(provider), text
    assert set(found["secret"].values()) == {False}
    assert all(state == {} for state in found["state"].values())


@pytest.mark.parametrize("name", PINNED)
def test_a_provider_in_state_is_two_names_and_nothing_else(name: str) -> None:
    """No code, no values, no secrets: a class by reference, made without arguments."""
    module, _, cls = name.rpartition(".")
    told = [
        argument
        for _, argument, _ in pickletools.genops(b64decode(PINNED[name][0]))
        if isinstance(argument, str)
    ]
    assert told == [module, cls]


def _without_protocol(text: str) -> bytes:
    """Python 3.14 writes protocol 5 where earlier ones write 4; both are read by all."""
    raw = b64decode(text)
    assert raw[:1] == b"\x80"
    assert raw[1] in (4, 5)
    return raw[2:]
