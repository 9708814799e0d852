"""Solution 1 of the article: users may consent to exactly this application and its permissions."""

import pulumi

from components.application import Application
from components.prior import with_prior
from providers.entra.permission_grant_policy import PermissionGrantPolicy
from providers.entra.policy_assignment import PolicyAssignment
from tenant import desired
from tenant.model import Tenant


class UserConsent(pulumi.ComponentResource):
    """Our permission-grant policy, and its assignment to the tenant's users."""

    def __init__(
        self, tenant: Tenant, application: Application, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("zoom-calendar:index:UserConsent", "user-consent", {}, opts)
        policy = desired.permission_grant_policy(tenant, application.client_id)
        key = {"policyId": policy.pop("policyId")}
        self.policy = with_prior(
            PermissionGrantPolicy,
            "user-consent-policy",
            key,
            policy,
            parent=self,
            on_destroy=tenant.on_destroy,
        )
        self.assignment = with_prior(
            PolicyAssignment,
            "user-consent-assignment",
            key,
            {"assigned": True},
            parent=self,
            on_destroy=tenant.on_destroy,
            # Entra takes no assignment of a policy that is not there, nor deletes one in use.
            depends_on=[self.policy],
        )
        self.register_outputs({"policyId": desired.POLICY_ID})
