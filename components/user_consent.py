"""Solution 1 of the article: what users may consent to in Entra, by one policy of the file's."""

import json
from typing import Any

import pulumi

from components.application import Application
from components.prior import with_prior
from providers.engine import is_destroying
from providers.entra.permission_grant_policy import PermissionGrantPolicy
from providers.entra.policy_assignment import PolicyAssignment
from providers.entra.user_consent_settings import UserConsentSettings
from tenant import desired
from tenant.model import Tenant
from tenant.user_policy import told


class UserConsent(pulumi.ComponentResource):
    """The assignment of the declared policy, our own policy where it is that, and what is there.

    `shared` are the resources that write.
    """

    shared: list[Any]

    def __init__(
        self, tenant: Tenant, application: Application, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("zoom-calendar:index:UserConsent", "user-consent", {}, opts)
        self.settings = UserConsentSettings(
            "user-consent-settings", pulumi.ResourceOptions(parent=self)
        )
        self.shared = []
        policy_id = desired.user_policy_id(tenant)
        if policy_id == desired.POLICY_ID:
            self._declare_policy(tenant, application)
        if policy_id is not None:
            self._declare_assignment(tenant, policy_id)
        settings = self.settings
        assignment = self.shared[-1] if self.shared else None
        read = (
            settings.assigned,
            settings.found,
            settings.unknown,
            application.client_id,
            assignment and assignment.replaces,
        )
        pulumi.Output.all(*read).apply(lambda known: self._tell(tenant, *known), True)
        self.register_outputs({"policyId": policy_id})

    def _declare_policy(self, tenant: Tenant, application: Application) -> None:
        policy = desired.permission_grant_policy(tenant, application.client_id)
        key = {"policyId": policy.pop("policyId")}
        self.shared.append(
            with_prior(
                PermissionGrantPolicy,
                "user-consent-policy",
                key,
                policy,
                parent=self,
                on_destroy=tenant.on_destroy,
            )
        )

    def _declare_assignment(self, tenant: Tenant, policy_id: str) -> None:
        self.shared.append(
            with_prior(
                PolicyAssignment,
                "user-consent-assignment",
                {"policyId": policy_id},
                {"assigned": True},
                parent=self,
                on_destroy=tenant.on_destroy,
                # Entra takes no assignment of a policy that is not there, nor deletes one in use;
                # and what was assigned before us is read before that changes.
                depends_on=[*self.shared, self.settings],
            )
        )

    def _tell(
        self,
        tenant: Tenant,
        assigned: Any,
        found: Any,
        unknown: Any,
        client_id: Any,
        replaces: Any,
    ) -> None:
        """Says what users can consent to, before and after; its parts may not be known yet."""
        if isinstance(unknown, str) or is_destroying():
            return  # which is warned of; what is destroyed lets nobody consent
        application = client_id if isinstance(client_id, str) else "registered here"
        live = json.loads(assigned) if isinstance(assigned, str) else []
        there = json.loads(found) if isinstance(found, str) else [key for key, _ in live]
        known, taken = isinstance(assigned, str), replaces if isinstance(replaces, str) else None
        said = told(tenant, live, there, application, known=known, taken=taken)
        for line, worry in said.lines:
            (pulumi.log.warn if worry else pulumi.log.info)(line, self)
