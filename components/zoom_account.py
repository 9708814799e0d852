"""Zoom's side: settings and locks over its API, and what only a person can set in its portal."""

import datetime

import pulumi

from components.prior import with_prior
from providers.values import leaves
from providers.zoom.calendar import CalendarIntegration
from providers.zoom.settings import AccountLocks, AccountSettings
from tenant.calendar import Check, check_attestations, declared_settings, portal_steps
from tenant.model import Tenant


class ZoomAccount(pulumi.ComponentResource):
    """What the tenant's Zoom account should be like."""

    checks: list[Check]
    steps: list[str]

    def __init__(self, tenant: Tenant, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("zoom-calendar:index:ZoomAccount", "zoom", {}, opts)
        zoom = tenant.zoom
        key = {"account": zoom.account}
        self.documents: list[pulumi.Resource] = []
        for make, name, tree in (
            (AccountSettings, "zoom-settings", zoom.settings),
            (AccountLocks, "zoom-locks", zoom.locks),
        ):
            if tree:
                document = with_prior(
                    make,
                    name,
                    key,
                    tree,
                    parent=self,
                    on_destroy=tenant.on_destroy,
                    leaves=sorted(path for path, _ in leaves(tree)),
                )
                self.documents.append(document)
        calendar = declared_settings(tenant)
        if calendar:
            CalendarIntegration(
                "zoom-calendar-integration",
                {**key, "channel": "attested", **calendar},
                pulumi.ResourceOptions(parent=self),
            )
        self.checks = check_attestations(tenant, datetime.date.today())
        self.steps = portal_steps(self.checks)
        if self.steps:
            pulumi.log.warn(
                f"{len(self.steps)} of {len(self.checks)} settings need a person in Zoom's portal, "
                "who then attests to them in the tenant's file:\n" + "\n".join(self.steps),
                self,
            )
        self.register_outputs({})
