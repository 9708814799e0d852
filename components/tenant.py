"""One tenant: the application, who consents to it in Entra, and the Zoom account that matches."""

import msgspec
import pulumi

from components.admin_grant import AdminGrant
from components.application import Application
from components.user_consent import UserConsent
from components.zoom_account import ZoomAccount
from tenant import desired
from tenant.model import Tenant as Declaration


class Tenant(pulumi.ComponentResource):
    """Composes the others; `consent.by` decides on both sides at once."""

    zoom: ZoomAccount

    def __init__(self, declared: Declaration, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("zoom-calendar:index:Tenant", "tenant", {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        application = Application(declared, child)
        shared: list[pulumi.Resource] = []
        if declared.consent.users_may_consent_in_entra:
            user_consent = UserConsent(declared, application, child)
            shared += [user_consent.policy, user_consent.assignment]
        if declared.consent.by == "admin":
            shared.append(AdminGrant(declared, application, child).grant)
        self.zoom = ZoomAccount(declared, child)
        for resource in [*shared, *self.zoom.documents]:
            _warn_if_unknown(resource, self)
        self.register_outputs(
            {
                "consent": desired.expected_consent(declared),
                # For policy packs, and no part of a diff: whoever reviews sees the file itself.
                "declaration": msgspec.json.encode(declared).decode(),
            }
        )


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
