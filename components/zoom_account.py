"""Zoom's side: settings and locks over its API, and what only a person can set in its portal."""

import datetime

import pulumi

from components.prior import with_prior
from providers.values import leaves
from providers.zoom.calendar import CalendarIntegration
from providers.zoom.settings import AccountLocks, AccountSettings
from tenant.calendar import (
    Check,
    check_attestations,
    check_portal,
    declared_settings,
    need_of_a_person,
    portal_settings,
    portal_steps,
    uses_portal,
)
from tenant.model import Tenant


class ZoomAccount(pulumi.ComponentResource):
    """What the tenant's Zoom account should be like."""

    # What a person still has to click; known at the end where a browser looks.
    steps: pulumi.Input[list[str]]

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
        if uses_portal(tenant):
            self.steps = self._drive_portal(tenant)
        else:
            self.steps = self._leave_to_a_person(tenant)
        self.register_outputs({})

    def _drive_portal(self, tenant: Tenant) -> pulumi.Output[list[str]]:
        """A browser reads and sets what it can; the rest is told as a person's when it is known."""
        declared = portal_settings(tenant)
        integration: CalendarIntegration = with_prior(
            CalendarIntegration,
            "zoom-calendar-integration",
            # The stack's name is that of the file with the signed-in state.
            {"account": tenant.zoom.account, "channel": "portal", "tenant": pulumi.get_stack()},
            dict(declared),
            parent=self,
            on_destroy=tenant.on_destroy,
            leaves=list(declared),
        )
        self.documents.append(integration)

        def tell(unread: dict[str, str] | None) -> list[str]:
            return self._tell(check_portal(tenant, unread or {}, datetime.date.today()))

        return integration.unread.apply(tell)

    def _leave_to_a_person(self, tenant: Tenant) -> list[str]:
        calendar = declared_settings(tenant)
        if calendar:
            CalendarIntegration(
                "zoom-calendar-integration",
                {"account": tenant.zoom.account, "channel": "attested", **calendar},
                pulumi.ResourceOptions(parent=self),
            )
        return self._tell(check_attestations(tenant, datetime.date.today()))

    def _tell(self, checks: list[Check]) -> list[str]:
        steps = portal_steps(checks)
        if steps:
            pulumi.log.warn("\n".join([need_of_a_person(checks), *steps]), self)
        return steps
