"""Zoom's side: settings and locks over the API, and what only the portal has."""

import copy
import dataclasses
import datetime
import json
import os
from typing import Any

import pulumi
from msgspec import UNSET

from components.application import Application
from components.prior import with_prior
from providers.engine import ADOPTING, is_destroying
from providers.values import leaves, set_leaf
from providers.zoom.calendar import CalendarIntegration
from providers.zoom.preflight import Preflight
from providers.zoom.settings import AccountLocks, AccountSettings
from tenant import desired
from tenant.calendar import (
    Check,
    attestations_required,
    check_settings,
    counted,
    portal_steps,
    settings_over,
)
from tenant.effective import answer_of
from tenant.matching import asks_of, compare, where_of
from tenant.model import Tenant
from tenant.outlook import Outlook, asks_after
from tenant.paths import by_path
from tenant.preflight import wanted
from tenant.projection import declared_of


class ZoomAccount(pulumi.ComponentResource):
    """The account's documents, and the article's four settings over the channel each one has.

    `steps` is what a person still has to do in Zoom's portal, in order. `outlook` says whether Zoom
    and Entra match, now and after this update, None where that is not read yet.
    """

    preflight: Preflight
    steps: pulumi.Output[list[str]]
    outlook: pulumi.Output[Outlook | None]

    def __init__(
        self, tenant: Tenant, application: Application, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("zoom-calendar:index:ZoomAccount", "zoom", {}, opts)
        zoom = tenant.zoom
        settings = copy.deepcopy(zoom.settings)
        for path, value in by_path(tenant, settings_over(tenant, "api")).items():
            set_leaf(settings, path, value)
        # Both are there even with nothing declared: the last setting that leaves the file is then
        # managed no more, like every other one, and not given back as if all were destroyed.
        self.documents: list[Any] = [
            with_prior(
                make,
                name,
                {"account": zoom.account},
                tree,
                parent=self,
                on_destroy=tenant.on_destroy,
                leaves=sorted(path for path, _ in leaves(tree)),
            )
            for make, name, tree in (
                (AccountSettings, "zoom-settings", settings),
                (AccountLocks, "zoom-locks", zoom.locks),
            )
        ]
        self.preflight = self._declare_preflight(tenant, application)
        reads = self._declare_calendar(tenant)
        if api := settings_over(tenant, "api"):
            document = self.documents[0]
            reads.append(_unread(document, dict.fromkeys(api), document.unknown))
        unread = pulumi.Output.all(*reads)
        self.steps = unread.apply(lambda read: self._tell(tenant, read), True)
        self.outlook = pulumi.Output.all(self.preflight.consent, unread).apply(
            lambda both: _outlook(tenant, *both), True
        )
        self.register_outputs({})

    def _declare_preflight(self, tenant: Tenant, application: Application) -> Preflight:
        roles = tenant.application.source == "zoom" and tenant.consent.application_permissions
        asked = {
            **dataclasses.asdict(wanted(tenant)),
            "domains": list(tenant.domains),
            "clientId": application.client_id,
            "permissions": sorted(tenant.consent.permissions),
            "declared": dataclasses.asdict(declared_of(tenant)),
            "policies": [desired.POLICY_ID]
            if desired.user_policy_id(tenant) == desired.POLICY_ID
            else [],
            **({"appRoles": True} if roles else {}),
            # The stack's name is that of the portal's signed-in state.
            "asks": {**dataclasses.asdict(where_of(tenant)), "tenant": pulumi.get_stack()},
        }
        preflight = Preflight("zoom-preflight", asked, pulumi.ResourceOptions(parent=self))

        def warn(open_rows: str | None) -> None:
            lines = json.loads(open_rows or "[]")
            if lines:
                pulumi.log.warn("preflight:\n" + "\n".join(f"- {line}" for line in lines), self)

        preflight.open.apply(warn)
        return preflight

    def _declare_calendar(self, tenant: Tenant) -> list[pulumi.Output[dict[str, str | None]]]:
        """What a browser reads and sets, or a person does; returns what the browser left unread."""
        if tenant.zoom.calendar is UNSET:
            return []
        over_portal = settings_over(tenant, "portal")
        declared = over_portal or settings_over(tenant, "attested")
        # Both are there over every channel: a setting that leaves the portal's is then managed no
        # more, like one that leaves the file, and not given back as if all were destroyed. The
        # stack's name is that of the file with the signed-in state.
        integration: CalendarIntegration = with_prior(
            CalendarIntegration,
            "zoom-calendar-integration",
            {
                "account": tenant.zoom.account,
                "channel": "portal" if over_portal else "attested",
                "tenant": pulumi.get_stack(),
            },
            dict(declared),
            parent=self,
            on_destroy=tenant.on_destroy,
            leaves=list(over_portal),
        )
        self.documents.append(integration)
        if not over_portal:
            return []
        return [_unread(integration, dict.fromkeys(over_portal), integration.unread)]

    def _tell(self, tenant: Tenant, read: list[dict[str, str | None]]) -> list[str]:
        """Says how the article's settings are known; returns what a person still has to do.

        read: of each resource, why each of its settings is unread: None where it is yet to be. A
        destroy needs nobody to set anything.
        Raises RunError in a preview, where attestations are required and one is missing.
        """
        checks = _checks(tenant, read)
        if not checks or is_destroying():
            return []
        steps = portal_steps(checks)
        pulumi.log.info(counted(checks), self)
        if steps and attestations_required(tenant) and _is_preview():
            raise pulumi.RunError(
                f"attestations are required, and {len(steps)} of {len(checks)} settings have none "
                "that counts. A person sets them in Zoom's portal and attests to them "
                "(python -m fleet attest):\n" + "\n".join(steps)
            )
        if steps:
            pulumi.log.warn(
                f"{len(steps)} of {len(checks)} settings need a person in Zoom's portal, who then "
                "attests to them in the tenant's file:\n" + "\n".join(steps),
                self,
            )
        return steps


def _checks(tenant: Tenant, read: list[dict[str, str | None]]) -> list[Check]:
    """Where the article's settings stand; `read` as for `_tell`."""
    reasons = {name: reason for one in read for name, reason in one.items()}
    return check_settings(
        tenant,
        datetime.date.today(),
        unread={name: reason for name, reason in reasons.items() if reason is not None},
        pending=[name for name, reason in reasons.items() if reason is None],
    )


def _outlook(
    tenant: Tenant, consent: str | None, read: list[dict[str, str | None]]
) -> Outlook | None:
    """Entra's answers as the preflight read them, beside where Zoom's setting stands."""
    found = json.loads(consent) if isinstance(consent, str) else {}
    if "now" not in found:
        return None  # yet to be read, or read by a version that did not look ahead
    checks = _checks(tenant, read)
    now = asks_of(tenant, checks, found["asks"]["value"], datetime.date.today())
    return Outlook(
        compare(answer_of(found["now"]), now, tenant.consent.by),
        compare(answer_of(found["after"]), asks_after(now, checks), tenant.consent.by),
        found["moved"],
    )


def _unread(
    resource: Any, pending: dict[str, str | None], unread: pulumi.Output[Any]
) -> pulumi.Output[dict[str, str | None]]:
    """Why each of the `pending` settings was not read by `resource`; {} where all were.

    unread: one reason for all of them, or a reason for each.
    """

    def settle(outputs: list[Any]) -> dict[str, str | None]:
        # A preview does not know the outputs of what will be written: all is pending then. Nor does
        # it know an output that is not set.
        written, reason = outputs
        if not isinstance(written, str):
            return pending
        if isinstance(reason, str):
            return dict.fromkeys(pending, reason)
        return dict(reason) if isinstance(reason, dict) else {}

    return pulumi.Output.all(resource.written, unread).apply(settle, True)


def _is_preview() -> bool:
    """Only a preview fails: `up --skip-preview` is the way out, and adopting writes nothing."""
    return pulumi.runtime.is_dry_run() and not os.environ.get(ADOPTING)
