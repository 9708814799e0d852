"""The service principal of an application of somebody else, created where there is none."""

import contextlib
from typing import Any

import pulumi
from pulumi.dynamic import Resource, UpdateResult

from providers.clients import graph
from providers.entra.principals import find_principal
from providers.shared import Props, SharedProvider, deleted_here, recorded, to_json
from services.entra.consent import principal_path
from services.entra.graph import quote
from services.errors import Conflict, NotFound, WriteHadNoEffect
from services.permissions import GRANT_READ, PRINCIPAL_CREATE, PRINCIPAL_READ, ROLE_READ

_PRINCIPALS = "/servicePrincipals"

# What an administrator can set on a principal, and what Entra gives a new one.
_NEW: Props = {
    "accountEnabled": True,
    "alternativeNames": [],
    "appRoleAssignmentRequired": False,
    "description": None,
    "keyCredentials": [],
    "loginUrl": None,
    "notes": None,
    "notificationEmailAddresses": [],
    "passwordCredentials": [],
    "preferredSingleSignOnMode": None,
    "tags": [],
}
# Whatever hangs on a principal: who uses it, in words, and the permission to look.
_USES = (
    ("oauth2PermissionGrants", "delegated permission grants", GRANT_READ),
    ("appRoleAssignments", "application permissions", ROLE_READ),
    ("appRoleAssignedTo", "assigned users or groups", ROLE_READ),
)

# Client ids whose principal somebody else created while this process was about to, and those whose
# principal this process created.
_somebody_elses: set[str] = set()
_made_here: set[str] = set()
# Object ids of those that are a grant's to give back from now on (providers/prior.py).
handed_over: set[str] = set()


class EnsuredPrincipalProvider(SharedProvider):
    """One that is there already is looked up, and neither changed nor deleted.

    `made` is the object id of the one we created, "" where we did not, and `asMade` how it was
    right after: destroy deletes it only where it is still that one, still like that, and nobody
    else uses it.
    """

    identity = ("clientId",)
    output_only = ("unknown", "principalId", "made", "asMade")
    can_be_absent = True

    def object_id(self, props: Props) -> str:
        return f"servicePrincipal/{props['clientId']}"

    def live(self, props: Props) -> Props:
        # The preflight reads the same, so a preview asks once.
        principal = graph().get(principal_path(props["clientId"]), PRINCIPAL_READ)
        return {"principalId": principal["id"]}

    def is_as_declared(self, props: Props, live: Props) -> bool:
        return bool(live)

    def outs(self, props: Props, live: Props) -> Props:
        outs = {**props, "principalId": live["principalId"]}
        if recorded(props) is not None or props["clientId"] in _somebody_elses:
            return {**outs, "made": ""}
        standing = self.once_there(lambda: self._standing(live["principalId"]))
        # A run that was killed may have made it; then it is as Entra makes them.
        if props["clientId"] not in _made_here and standing != {**_NEW, "owners": []}:
            return {**outs, "made": ""}
        return {**outs, "made": live["principalId"], "asMade": to_json(standing)}

    def update(self, _id: str, _olds: Props, _news: Props) -> UpdateResult:
        """What was made, and how, is known since it was: it may have changed meanwhile."""
        result = super().update(_id, _olds, _news)
        known: Props = {name: _olds[name] for name in ("made", "asMade") if name in _olds}
        return UpdateResult({**(result.outs or {}), **known})

    def write(self, props: Props, live: Props) -> None:
        _somebody_elses.discard(props["clientId"])
        try:
            graph().post(_PRINCIPALS, PRINCIPAL_CREATE, {"appId": props["clientId"]})
            _made_here.add(props["clientId"])
        except Conflict:
            _somebody_elses.add(props["clientId"])
            raise

    def restore(self, props: Props, live: Props) -> bool:
        # Without `made` a create was killed before it was in the state: what is there is ours if
        # it is like new.
        key = live["principalId"]
        if recorded(props) is not None or key != props.get("made", key):
            return False
        if key in handed_over:
            print(
                f"the service principal of {props['clientId']} that was created here stays: this "
                "stack's grant needs it; it goes with the grant, unless others use it then",
                flush=True,
            )
            return False
        with contextlib.suppress(NotFound):  # gone already, by an earlier try
            uses = self._uses_by_now(key, props)
            if uses:
                print(
                    f"the service principal of {props['clientId']} that was created here stays: it "
                    f"has {', '.join(uses)}",
                    flush=True,
                )
                return False
            graph().delete(f"{_PRINCIPALS}/{quote(key)}", PRINCIPAL_CREATE)
        return True

    def prior(self, props: Props) -> Any:
        principal = find_principal(props["clientId"])
        return None if principal is None else {"id": principal["id"]}

    def no_effect(self, props: Props, live: Props) -> WriteHadNoEffect:
        return WriteHadNoEffect(
            f"Entra: the service principal of {props['clientId']} was created and does not show. "
            "Run again in a minute."
        )

    def _uses_by_now(self, key: str, props: Props) -> list[str]:
        """What others have on the principal, once lists are without what was just deleted here."""
        as_made = props.get("asMade") or to_json({**_NEW, "owners": []})
        uses: list[str] = []

        def unused() -> bool:
            uses[:] = self._uses(key, as_made)
            return not uses

        own = type(self).__name__
        if any(
            name != own and state.get("clientId") == props["clientId"]
            for (name, _), state in deleted_here.items()
        ):
            self.shows(unused)
        else:
            unused()
        return uses

    def _uses(self, key: str, as_made: str) -> list[str]:
        """What is on the principal that we did not put there, in words."""
        path = f"{_PRINCIPALS}/{quote(key)}"
        found = [
            f"{len(there)} {words} of others"
            for name, words, need in _USES
            if (there := graph().list_all(f"{path}/{name}", need))
        ]
        if to_json(self._standing(key)) != as_made:
            found.append("changed properties or owners")
        return found

    @staticmethod
    def _standing(key: str) -> Props:
        """What administrators can change of a principal, as it is now."""
        path = f"{_PRINCIPALS}/{quote(key)}"
        principal = graph().get(path, PRINCIPAL_READ)
        owners = graph().list_all(f"{path}/owners", PRINCIPAL_READ)
        return {
            **{name: principal.get(name) for name in _NEW},
            "owners": sorted(owner["id"] for owner in owners),
        }


class EnsuredPrincipal(Resource, module="entra", name="EnsuredPrincipal"):
    """The service principal of an application; ours only where it was created here."""

    KIND = "entra:EnsuredPrincipal"
    unknown: pulumi.Output[str | None]

    def __init__(self, name: str, props: Props, opts: pulumi.ResourceOptions | None = None):
        nothing = dict.fromkeys(EnsuredPrincipalProvider.output_only)
        super().__init__(EnsuredPrincipalProvider(), name, {**nothing, **props}, opts)
