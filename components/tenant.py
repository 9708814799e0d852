"""One tenant: the application, who consents to it in Entra, and the Zoom account that matches."""

from typing import Any

import msgspec
import pulumi
from msgspec import UNSET

from components.admin_grant import AdminGrant
from components.application import Application
from components.user_consent import UserConsent
from components.zoom_account import ZoomAccount
from providers.engine import is_destroying
from tenant import desired
from tenant.model import Tenant as Declaration
from tenant.outlook import Outlook, told_at_the_end, told_before


class Tenant(pulumi.ComponentResource):
    """Composes the others; `consent.by` decides on both sides at once."""

    zoom: ZoomAccount

    def __init__(self, declared: Declaration, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("zoom-calendar:index:Tenant", "tenant", {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        application = Application(declared, child)
        # First: what its preflight asks of Entra then travels with what the others ask.
        self.zoom = ZoomAccount(declared, application, child)
        if declared.application.ensure_principal:
            application.ensure(declared, self.zoom.preflight)
        shared: list[pulumi.Resource] = [*application.ensured]
        written: list[pulumi.CustomResource] = [*self.zoom.documents]
        consent = declared.consent
        # Where an administrator consents and nothing is said of users, nothing is read of them.
        if consent.by == "user" or consent.user_policy is not UNSET:
            user_consent = UserConsent(declared, application, child)
            shared += [user_consent.settings, *user_consent.shared]
            written += user_consent.shared
        if consent.by == "admin":
            granted = AdminGrant(declared, application, child)
            shared += granted.shared
            written.append(granted.grant)
        for resource in [*shared, *self.zoom.documents]:
            _warn_if_unknown(resource, self)
        self._tell_of_consent(declared, written)
        self.register_outputs(
            {
                "consent": desired.expected_consent(declared),
                # For policy packs, and no part of a diff: whoever reviews sees the file itself.
                "declaration": msgspec.json.encode(declared).decode(),
            }
        )

    def _tell_of_consent(self, declared: Declaration, written: list[pulumi.CustomResource]) -> None:
        """Says in a preview what is and what will be, and in an `up` what has become of it.

        `written` are the resources that make it so: an `up` waits for them, and says nothing of
        consent where one fails. A destroy makes none of it so.
        """
        if is_destroying():
            return
        preview = pulumi.runtime.is_dry_run()

        def tell(found: list[Any]) -> None:
            outlook: Outlook | None = found[0]
            if outlook is None:
                return
            told = told_before(outlook, declared) if preview else told_at_the_end(outlook)
            for line, worry in told.lines:
                (pulumi.log.warn if worry else pulumi.log.info)(line, self)

        done = [] if preview else [resource.id for resource in written]
        pulumi.Output.all(self.zoom.outlook, *done).apply(tell)


def _warn_if_unknown(resource: pulumi.Resource, component: pulumi.Resource) -> None:
    unknown = getattr(resource, "unknown", None)

    def warn(reason: str | None) -> None:
        if reason:
            pulumi.log.warn(
                f"{resource._name} is unknown, not compared and not written since {reason}",
                component,
            )

    if isinstance(unknown, pulumi.Output):
        unknown.apply(warn)
