"""The tenant-wide grant of an application we do not own: our scopes in it, and only those."""

import contextlib
from collections.abc import Iterable
from typing import Any

import pulumi
from pulumi.dynamic import CheckResult, Resource, UpdateResult

from providers.clients import graph
from providers.entra.principals import (
    find_principals,
    refuse_unpublished,
    require_principals,
    require_scopes,
)
from providers.shared import Props, SharedProvider, recorded, to_json, written
from providers.values import canonical, has_unknown
from services.entra.consent import GRANTS, tenant_wide
from services.entra.graph import quote
from services.errors import NotFound, ServiceError, WriteHadNoEffect
from services.permissions import GRANT_READ, GRANT_WRITE


class DelegatedGrantProvider(SharedProvider):
    """Adds and removes our scopes. Zoom itself, or another administrator, may have made the grant.

    An absent grant is one without our scopes: Entra has one per client and resource, and whether
    the object exists follows from whether it has scopes. `surplus` are the scopes of others, which
    stay; with `exclusive` they are drift. `removed` are those of before us that `exclusive` took.
    `written` are the scopes that we declared last: what is read since may be others'. `added` are
    those of them that were not there before us, as the first record of each has it: a later one,
    made while our scope was live, would take it for somebody else's.
    """

    identity = ("clientId", "resourceClientId")
    output_only = ("unknown", "principalId", "resourceId", "surplus", "removed", "written", "added")

    def object_id(self, props: Props) -> str:
        return f"{props['clientId']}/{props['resourceClientId']}/AllPrincipals"

    def validated(self, props: Props) -> Props:
        scopes = props["scopes"]
        return {**props, "scopes": scopes if has_unknown(scopes) else sorted(scopes)}

    def check(self, _olds: Props, news: Props) -> CheckResult:
        result = super().check(_olds, news)
        olds, asked = canonical(_olds), canonical(news)
        if asked.get("exclusive") and not olds.get("exclusive"):
            self._tell_what_goes(asked)
        resource = asked["resourceClientId"]
        return refuse_unpublished(result, resource, asked["scopes"], olds.get("scopes"))

    def _tell_what_goes(self, props: Props) -> None:
        """The diff has the file's scopes only, and none of those that `exclusive` will take."""
        if has_unknown([props["scopes"], *(props[name] for name in self.identity)]):
            return
        with contextlib.suppress(ServiceError):  # said where it is written
            surplus = _scopes(self._find(props, fresh=False)) - set(props["scopes"])
            if surplus:
                print(
                    "preflight: consent.exclusive: `pulumi up` takes away what others granted: "
                    f"{', '.join(sorted(surplus))}",
                    flush=True,
                )

    def prepared(self, props: Props) -> Props:
        ids = {name: props[name] for name in ("principalId", "resourceId") if props.get(name)}
        if len(ids) < 2:
            ids = _ids(require_principals(props["clientId"], props["resourceClientId"]), props)
        return {**props, **ids}

    def live(self, props: Props) -> Props:
        held = _scopes(self._find(props, fresh=False))
        if props.get("exclusive"):
            return {"scopes": sorted(held)}
        ours = _ours(props)
        return {"scopes": sorted(ours & held), "surplus": " ".join(sorted(held - ours))}

    def is_as_declared(self, props: Props, live: Props) -> bool:
        return bool(live["scopes"] == props["scopes"])

    def outs(self, props: Props, live: Props) -> Props:
        # The ids are kept so that a preview reads the grant with one request.
        ids = self._known_ids(props) or {}
        written = to_json({"scopes": props["scopes"]})
        added = " ".join(sorted(set(props["scopes"]) - _before(props)))
        told = {"surplus": live.get("surplus", ""), "written": written, "added": added}
        return {**props, **ids, **told}

    def write(self, props: Props, live: Props) -> None:
        grant = self._find(props)
        if grant is None:
            self._make(props, props["scopes"])
            return
        text = str(grant.get("scope") or "")
        if props.get("exclusive"):
            text = " ".join(scope for scope in text.split() if scope in props["scopes"])
        missing = [scope for scope in props["scopes"] if scope not in _scopes(grant)]
        self._set_scopes(grant, " ".join([text, *missing]).strip())

    def update(self, _id: str, _olds: Props, _news: Props) -> UpdateResult:
        # Added first, then removed: a grant without any scope would be deleted in between.
        result = super().update(_id, _olds, _news)
        olds, now = canonical(_olds), canonical(result.outs)
        added, declared = _added(olds), set(now["scopes"])
        if added - declared:
            self.repeat_until_done(now, lambda _: self._change(now, take=added - declared))
        removed = self._removed(olds) - declared
        told = {
            "removed": " ".join(sorted(removed)),
            "added": " ".join(sorted(added & declared | _added(now))),
        }
        return UpdateResult({**(result.outs or {}), **told})

    def restore(self, props: Props, live: Props) -> bool:
        added, before = _added(props), recorded(props)
        if before and added & set(before.split()):  # what the record has of ours was not there
            before = " ".join(scope for scope in before.split() if scope not in added) or None
        return self._change(props, take=added, add=self._removed(props), before=before)

    def prior(self, props: Props) -> Any:
        # Without the principal there is nothing to record yet: Zoom makes it, and a grant with it.
        grant = self._find(self.prepared(props))
        return None if grant is None else grant.get("scope") or ""

    def more_prior(self, known: Any, props: Props, parts: list[str]) -> Any:
        """Scopes that somebody else granted before we declared them are of before us, too.

        `*` among `leaves` stands for all scopes: `exclusive` will take what others granted.
        """
        new = set(props["leaves"]) - set(parts)
        grant = self._find(self.prepared(props)) if new else None
        ours = {*parts, *(known or "").split()}
        theirs = [
            scope
            for scope in ("" if grant is None else str(grant.get("scope") or "")).split()
            if scope not in ours and (scope in new or "*" in new)
        ]
        return " ".join([*([known] if known else []), *theirs]) if theirs else known

    def no_effect(self, props: Props, live: Props) -> WriteHadNoEffect:
        missing = [scope for scope in props["scopes"] if scope not in live.get("scopes", ())]
        return WriteHadNoEffect(
            f"Entra: the grant of {props['clientId']} was written and still lacks "
            f"{', '.join(missing)}. Run again in a minute; if it stays, look at the application's "
            "Permissions in Entra."
        )

    @staticmethod
    def _removed(props: Props) -> set[str]:
        """Scopes of before us that we took away."""
        removed = set(str(props.get("removed") or "").split())
        return removed | (_before(props) - _ours(props) if props.get("exclusive") else removed)

    def _change(
        self,
        props: Props,
        *,
        take: set[str],
        add: set[str] = frozenset(),  # type: ignore[assignment]
        before: str | None = None,
    ) -> bool:
        """Takes scopes from the grant and adds others; returns whether that was still to do."""
        grant = self._find(props)
        if not (take & _scopes(grant) or add - _scopes(grant)):
            return False
        if grant is None:
            ids = self._known_ids(props)
            if ids is not None:  # else the principal is gone, and all that was granted with it
                self._make({**props, **ids}, sorted(add))
            return ids is not None
        left = [scope for scope in grant["scope"].split() if scope not in take]
        left += sorted(add - set(left))
        if not left and before is None:
            with contextlib.suppress(NotFound):  # gone already, by an earlier try
                graph().delete(f"{GRANTS}/{quote(grant['id'])}", GRANT_WRITE)
        elif before is not None and set(left) == set(before.split()):
            self._set_scopes(grant, before)  # byte for byte as it was
        else:
            self._set_scopes(grant, " ".join(left))
        return True

    @staticmethod
    def _make(props: Props, scopes: Iterable[str]) -> None:
        body = {
            "clientId": props["principalId"],
            "consentType": "AllPrincipals",
            "resourceId": props["resourceId"],
            "scope": " ".join(scopes),
        }
        graph().post(GRANTS, GRANT_WRITE, body)

    def _set_scopes(self, grant: dict[str, Any], scope: str) -> None:
        path = f"{GRANTS}/{quote(grant['id'])}"
        # Not repeatable: somebody may have added a scope since it was read.
        graph().patch(path, GRANT_WRITE, {"scope": scope}, repeatable=False)

    def _find(self, props: Props, *, fresh: bool = True) -> dict[str, Any] | None:
        ids = self._known_ids(props)
        if ids is None:
            return None
        query = tenant_wide(ids["principalId"])
        for grant in graph().list_all(GRANTS, GRANT_READ, query, fresh=fresh):
            if grant.get("resourceId") == ids["resourceId"] and (
                grant.get("consentType") == "AllPrincipals"
            ):
                return grant
        return None

    @staticmethod
    def _known_ids(props: Props) -> dict[str, str] | None:
        """Object ids of both principals, from state where they are known; None where one is not."""
        if props.get("principalId") and props.get("resourceId"):
            return {"principalId": props["principalId"], "resourceId": props["resourceId"]}
        client, resource = find_principals(props["clientId"], props["resourceClientId"])
        return None if client is None or resource is None else _ids([client, resource], props)


def _ids(principals: list[dict[str, Any]], props: Props) -> dict[str, str]:
    client, resource = principals
    require_scopes(resource, props.get("scopes") or [])
    return {"principalId": client["id"], "resourceId": resource["id"]}


def _ours(props: Props) -> set[str]:
    """What we declared last, or are about to."""
    ours: list[str] = written(props).get("scopes") or props["scopes"]
    return set(ours)


def _added(props: Props) -> set[str]:
    """Those of what we declared last that were not there before us."""
    known = props.get("added")
    return _ours(props) - _before(props) if known is None else set(str(known).split())


def _before(props: Props) -> set[str]:
    return set((recorded(props) or "").split())


def _scopes(grant: dict[str, Any] | None) -> set[str]:
    return set() if grant is None else set(str(grant.get("scope") or "").split())


class DelegatedGrant(Resource, module="entra", name="DelegatedGrant"):
    """Our scopes in the tenant-wide grant of an application."""

    KIND = "entra:DelegatedGrant"
    unknown: pulumi.Output[str | None]
    surplus: pulumi.Output[str | None]

    def __init__(self, name: str, props: Props, opts: pulumi.ResourceOptions | None = None):
        nothing = dict.fromkeys(DelegatedGrantProvider.output_only)
        super().__init__(DelegatedGrantProvider(), name, {**nothing, **props}, opts)
