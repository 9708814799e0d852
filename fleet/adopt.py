"""Takes what is live into a stack's state, without a write; the next preview then compares."""

import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from fleet import pulumi
from fleet.plan import UNKNOWN_VALUE
from providers.clients import graph, use_settings
from providers.engine import ADOPTING
from providers.entra.user_consent_settings import UserConsentSettingsProvider
from providers.prior import KINDS, PriorValuesProvider
from providers.shared import Props, SharedProvider
from providers.values import canonical
from providers.zoom.preflight import PreflightProvider
from services.entra.graph import literal, quote
from services.errors import NotFound, Unreadable
from services.permissions import GRANT_READ, PRINCIPAL_READ, ROLE_READ

_DYNAMIC = "pulumi-python:dynamic/"
# What only reads has nothing to record.
_READ_ONLY: dict[str, type[SharedProvider]] = {
    "zoom:Preflight": PreflightProvider,
    "entra:UserConsentSettings": UserConsentSettingsProvider,
}


Outcome = Literal["adopted", "nothing", "absent", "declared only"]

# The property that is the resource's part of an object that others share.
_PARTS = {
    "entra:DelegatedGrant": "scopes",
    "entra:AppRoleAssignments": "roles",
    "entra:PolicyAssignment": "assigned",
}


@dataclass(frozen=True)
class Adopted:
    """One resource of the program, and whether there was something live to adopt.

    nothing: the object it has a part in is there and in the state now, without any of its part.
    """

    name: str
    outcome: Outcome


def adopt(stack: str) -> list[Adopted]:
    """Imports every live object that the stack's program would create; returns what it did.

    Reads Entra and Zoom and writes only the stack's state. Raises PulumiFailed and ServiceError.
    """
    pulumi.select_or_create(stack)
    use_settings(pulumi.settings(stack))
    done: dict[str, Adopted] = {}
    while True:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "import.json"
            flags = ("--refresh=false", "--import-file", str(file))
            _, plan = pulumi.preview(stack, *flags, env={ADOPTING: "1"})
            steps = [step for step in plan["steps"] if step["op"] == "create"]
            skeleton = json.loads(file.read_text()) if file.exists() else {"resources": []}
            found = _find_all(steps, done)
            if not found:
                return list(done.values())
            _write_import_file(file, skeleton, found)
            pulumi.run(
                "import",
                f"--file={file}",
                "--generate-code=false",
                "--protect=false",
                "--skip-preview",
                "--yes",
                stack=stack,
            )


def _find_all(steps: list[dict[str, Any]], done: dict[str, Adopted]) -> dict[str, Props]:
    """Import entries by resource name; what cannot be told yet is left for the next round."""
    found: dict[str, Props] = {}
    priors: dict[str, str] = {}
    steps = [step for step in steps if step["newState"].get("custom")]
    # Records first: a resource carries the record of its object.
    steps.sort(key=lambda step: not step["newState"]["type"].endswith(":PriorValues"))
    for step in steps:
        state = step["newState"]
        name, type_ = step["urn"].rsplit("::", 1)[1], str(state["type"])
        inputs = state.get("inputs") or {}
        if name in done or type_.startswith("pulumi:"):
            continue
        if UNKNOWN_VALUE in json.dumps({k: v for k, v in inputs.items() if k != "prior"}):
            continue
        record = f"{name}-before"
        if inputs.get("prior") == UNKNOWN_VALUE and record not in done:
            continue
        entry = _find(type_, inputs, priors.get(record))
        if type_.endswith(":PriorValues") and entry is not None:
            priors[name] = entry["outputs"]["values"]
        outcome: Outcome = "adopted"
        if entry is not None and _holds_nothing(type_, entry):
            outcome = "nothing"
        if entry is None:
            outcome = "declared only" if type_.endswith(":CalendarIntegration") else "absent"
        else:
            found[name] = entry
        done[name] = Adopted(name, outcome)
    return found


def _find(type_: str, inputs: Props, prior: str | None) -> Props | None:
    if type_.startswith(_DYNAMIC):
        return _find_dynamic(type_.removeprefix(_DYNAMIC), inputs, prior)
    finder = _AZUREAD.get(type_)
    id_ = finder(inputs) if finder else None
    return None if id_ is None else {"id": id_}


def _find_dynamic(kind: str, inputs: Props, prior: str | None) -> Props | None:
    props = canonical(inputs)
    internal = {name: value for name, value in inputs.items() if name.startswith("__")}
    if kind == "shared:PriorValues":
        try:
            outs = PriorValuesProvider().create(props).outs or {}
        except NotFound:
            return None  # what would hold the object is not there either
        return _entry(f"prior/{props['of']}", {**props, **internal}, {**outs, **internal})
    if kind in _READ_ONLY:
        return _find_read_only(_READ_ONLY[kind](), props, internal)
    if kind not in KINDS:
        return None
    provider = KINDS[kind]()
    if props.get("prior") == UNKNOWN_VALUE:
        props["prior"] = prior
    if props.get("prior") is None:
        return None
    try:
        live = provider.live_or_absent(props)
    except Unreadable:
        if not provider.records_late:
            raise
        return None  # what only the portal has does not keep the rest from being adopted
    # What records late and shows nothing is a person's word, and nothing live.
    if not live and (provider.can_be_absent or provider.records_late):
        return None
    adopted = {**props, **live, **internal}
    outs = {**provider.state(adopted, live), **internal}
    return _entry(provider.object_id(props), adopted, outs)


def _holds_nothing(type_: str, entry: Props) -> bool:
    """Whether the live object has none of what is declared: no scope, no role, no entry."""
    part = _PARTS.get(type_.removeprefix(_DYNAMIC))
    return part is not None and not entry["inputs"][part]


def _find_read_only(provider: SharedProvider, props: Props, internal: Props) -> Props | None:
    if props.get("clientId") == UNKNOWN_VALUE:
        return None  # of a registration that is yet to be made
    outs = provider.create(props).outs or {}
    return _entry(provider.object_id(props), {**props, **internal}, {**outs, **internal})


def _entry(id_: str, inputs: Props, outputs: Props) -> Props:
    return {"id": id_, "inputs": inputs, "outputs": outputs}


def _write_import_file(file: Path, skeleton: Props, found: dict[str, Props]) -> None:
    resources = []
    for resource in skeleton["resources"]:
        if resource.get("component"):
            resources.append(resource)
        elif resource["name"] in found:
            resources.append({**resource, **found[resource["name"]]})
    file.write_text(json.dumps({**skeleton, "resources": resources}))


# ---- what azuread reads by itself, once it is told the id -------------------------------------


def _application(inputs: Props) -> str | None:
    query = {"$filter": f"displayName eq {literal(inputs['displayName'])}"}
    found = graph().list_all("/applications", PRINCIPAL_READ, query)
    if len(found) > 1:
        ids = ", ".join(str(app["id"]) for app in found)
        raise pulumi.PulumiFailed(
            f"{len(found)} applications are named {inputs['displayName']!r} ({ids}): delete or "
            "rename all but one, then adopt again"
        )
    return f"/applications/{found[0]['id']}" if found else None


def _principal(inputs: Props) -> str | None:
    query = {"$filter": f"appId eq {literal(inputs['clientId'])}"}
    found = graph().list_all("/servicePrincipals", PRINCIPAL_READ, query)
    return f"/servicePrincipals/{found[0]['id']}" if found else None


def _grant(inputs: Props) -> str | None:
    query = {"$filter": f"clientId eq {literal(inputs['servicePrincipalObjectId'])}"}
    for grant in graph().list_all("/oauth2PermissionGrants", GRANT_READ, query):
        if grant["resourceId"] == inputs["resourceServicePrincipalObjectId"] and (
            grant["consentType"] == "AllPrincipals"
        ):
            return f"/oauth2PermissionGrants/{grant['id']}"
    return None


def _app_role(inputs: Props) -> str | None:
    resource = quote(inputs["resourceObjectId"])
    path = f"/servicePrincipals/{quote(inputs['principalObjectId'])}/appRoleAssignments"
    for one in graph().list_all(path, ROLE_READ):
        if (one["resourceId"], one["appRoleId"]) == (
            inputs["resourceObjectId"],
            inputs["appRoleId"],
        ):
            return f"/servicePrincipals/{resource}/appRoleAssignedTo/{one['id']}"
    return None


def _federated(inputs: Props) -> str | None:
    application = str(inputs["applicationId"]).removeprefix("/applications/")
    path = f"/applications/{quote(application)}/federatedIdentityCredentials"
    for one in graph().list_all(path, PRINCIPAL_READ):
        if one["name"] == inputs["displayName"]:
            return f"{application}/federatedIdentityCredential/{one['id']}"
    return None


_AZUREAD: dict[str, Callable[[Props], str | None]] = {
    "azuread:index/application:Application": _application,
    "azuread:index/servicePrincipal:ServicePrincipal": _principal,
    "azuread:index/servicePrincipalDelegatedPermissionGrant:"
    "ServicePrincipalDelegatedPermissionGrant": _grant,
    "azuread:index/appRoleAssignment:AppRoleAssignment": _app_role,
    "azuread:index/applicationFederatedIdentityCredential:"
    "ApplicationFederatedIdentityCredential": _federated,
}
