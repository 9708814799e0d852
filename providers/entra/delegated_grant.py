"""The tenant-wide grant of an application we do not own: our scopes in it, and only those."""

import contextlib
from typing import Any

import pulumi
from pulumi.dynamic import Resource, UpdateResult

from providers.clients import graph
from providers.entra.principals import find_principal, require_principal, require_scopes
from providers.shared import Props, SharedProvider, recorded
from providers.values import canonical, has_unknown
from services.entra.consent import GRANTS, tenant_wide
from services.entra.graph import quote
from services.errors import NotFound, WriteHadNoEffect
from services.permissions import GRANT_READ, GRANT_WRITE


class DelegatedGrantProvider(SharedProvider):
    """Adds and removes our scopes. Zoom itself, or another administrator, may have made the grant.

    An absent grant is one without our scopes: Entra has one per client and resource, and whether
    the object exists follows from whether it has scopes.
    """

    identity = ("clientId", "resourceClientId")
    output_only = ("unknown", "principalId", "resourceId")

    def object_id(self, props: Props) -> str:
        return f"{props['clientId']}/{props['resourceClientId']}/AllPrincipals"

    def validated(self, props: Props) -> Props:
        scopes = props["scopes"]
        return {**props, "scopes": scopes if has_unknown(scopes) else sorted(scopes)}

    def live(self, props: Props) -> Props:
        grant = self._find(props, fresh=False)
        held = _scopes(grant)
        return {"scopes": [scope for scope in props["scopes"] if scope in held]}

    def outs(self, props: Props, live: Props) -> Props:
        # Kept so that a preview reads the grant with one request.
        return {**props, **(self._principals(props, required=False) or {})}

    def write(self, props: Props, live: Props) -> None:
        grant = self._find(props)
        if grant is not None:
            held = _scopes(grant)
            missing = [scope for scope in props["scopes"] if scope not in held]
            self._set_scopes(grant, " ".join([grant.get("scope") or "", *missing]).strip())
            return
        ids = self._principals(props)
        body = {
            "clientId": ids["principalId"],
            "consentType": "AllPrincipals",
            "resourceId": ids["resourceId"],
            "scope": " ".join(props["scopes"]),
        }
        graph().post(GRANTS, GRANT_WRITE, body)

    def update(self, _id: str, _olds: Props, _news: Props) -> UpdateResult:
        # Added first, then removed: a grant without any scope would be deleted in between.
        result = super().update(_id, _olds, _news)
        news = canonical(_news)
        dropped = set(canonical(_olds).get("scopes", ())) - set(news["scopes"])
        ours = dropped - set((recorded(news) or "").split())
        if ours:
            self.repeat_until_done(lambda: self._take_away(news, ours))
        return result

    def restore(self, props: Props, live: Props) -> bool:
        before = recorded(props)
        ours = set(props["scopes"]) - set((before or "").split())
        return self._take_away(props, ours, before)

    def prior(self, props: Props) -> Any:
        # Without the principal there is nothing to record yet: Zoom makes it, and a grant with it.
        self._principals(props)
        grant = self._find(props)
        return None if grant is None else grant.get("scope") or ""

    def no_effect(self, props: Props, live: Props) -> WriteHadNoEffect:
        missing = [scope for scope in props["scopes"] if scope not in live.get("scopes", ())]
        return WriteHadNoEffect(
            f"Entra: the grant of {props['clientId']} was written and still lacks "
            f"{', '.join(missing)}. Run again in a minute; if it stays, look at the application's "
            "Permissions in Entra."
        )

    def _take_away(self, props: Props, scopes: set[str], before: str | None = None) -> bool:
        """Removes `scopes` from the grant; returns whether any was there."""
        grant = self._find(props)
        if grant is None or not scopes & _scopes(grant):
            return False
        left = [scope for scope in grant["scope"].split() if scope not in scopes]
        if not left and before is None:
            with contextlib.suppress(NotFound):  # gone already, by an earlier try
                graph().delete(f"{GRANTS}/{quote(grant['id'])}", GRANT_WRITE)
        elif before is not None and set(left) == set(before.split()):
            self._set_scopes(grant, before)  # byte for byte as it was
        else:
            self._set_scopes(grant, " ".join(left))
        return True

    def _set_scopes(self, grant: dict[str, Any], scope: str) -> None:
        path = f"{GRANTS}/{quote(grant['id'])}"
        # Not repeatable: somebody may have added a scope since it was read.
        graph().patch(path, GRANT_WRITE, {"scope": scope}, repeatable=False)

    def _find(self, props: Props, *, fresh: bool = True) -> dict[str, Any] | None:
        ids = self._principals(props, required=False)
        if ids is None:
            return None
        query = tenant_wide(ids["principalId"])
        for grant in graph().list_all(GRANTS, GRANT_READ, query, fresh=fresh):
            if grant.get("resourceId") == ids["resourceId"] and (
                grant.get("consentType") == "AllPrincipals"
            ):
                return grant
        return None

    def _principals(self, props: Props, *, required: bool = True) -> Any:
        """Object ids of both principals; from state where they are known."""
        if props.get("principalId") and props.get("resourceId"):
            return {"principalId": props["principalId"], "resourceId": props["resourceId"]}
        client = (require_principal if required else find_principal)(props["clientId"])
        resource = (require_principal if required else find_principal)(props["resourceClientId"])
        if client is None or resource is None:
            return None
        if props.get("scopes"):
            require_scopes(resource, props["scopes"])
        return {"principalId": client["id"], "resourceId": resource["id"]}


def _scopes(grant: dict[str, Any] | None) -> set[str]:
    return set() if grant is None else set(str(grant.get("scope") or "").split())


class DelegatedGrant(Resource, module="entra", name="DelegatedGrant"):
    """Our scopes in the tenant-wide grant of an application."""

    KIND = "entra:DelegatedGrant"
    unknown: pulumi.Output[str | None]
    principalId: pulumi.Output[str]

    def __init__(self, name: str, props: Props, opts: pulumi.ResourceOptions | None = None):
        nothing = {"unknown": None, "principalId": None, "resourceId": None}
        super().__init__(DelegatedGrantProvider(), name, {**nothing, **props}, opts)
