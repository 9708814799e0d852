"""One tenant: the application, who consents to it in Entra, and the Zoom account that matches."""

import msgspec
import pulumi
from msgspec import UNSET

from components.admin_grant import AdminGrant
from components.application import Application
from components.user_consent import UserConsent
from components.zoom_account import ZoomAccount
from tenant import desired
from tenant.matching import Verdict
from tenant.model import Tenant as Declaration


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
        consent = declared.consent
        # Where an administrator consents and nothing is said of users, nothing is read of them.
        if consent.by == "user" or consent.user_policy is not UNSET:
            user_consent = UserConsent(declared, application, child)
            shared += [user_consent.settings, *user_consent.shared]
        if consent.by == "admin":
            shared += AdminGrant(declared, application, child).shared
        for resource in [*shared, *self.zoom.documents]:
            _warn_if_unknown(resource, self)
        self.zoom.verdict.apply(self._tell)
        self.register_outputs(
            {
                "consent": desired.expected_consent(declared),
                # For policy packs, and no part of a diff: whoever reviews sees the file itself.
                "declaration": msgspec.json.encode(declared).decode(),
            }
        )

    def _tell(self, verdict: Verdict | None) -> None:
        """One line of each preview; an `up` changes what was read before it."""
        if verdict is None or not pulumi.runtime.is_dry_run():
            return
        say = pulumi.log.info if verdict.as_declared else pulumi.log.warn
        say(f"consent: {verdict.sentence}", self)


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
