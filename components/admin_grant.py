"""Solution 2 of the article: an administrator consents once, for the whole company."""

import pulumi

from components.application import Application
from components.prior import with_prior
from providers.entra.delegated_grant import DelegatedGrant
from tenant import desired
from tenant.model import Tenant


class AdminGrant(pulumi.ComponentResource):
    """The tenant-wide grant of exactly the declared permissions."""

    grant: pulumi.Resource

    def __init__(
        self, tenant: Tenant, application: Application, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("zoom-calendar:index:AdminGrant", "admin-grant", {}, opts)
        scopes = sorted(tenant.consent.permissions)
        if application.principal_id is not None:
            import pulumi_azuread as azuread

            assert application.graph_principal_id is not None
            self.grant = azuread.ServicePrincipalDelegatedPermissionGrant(
                "grant",
                service_principal_object_id=application.principal_id,
                resource_service_principal_object_id=application.graph_principal_id,
                claim_values=scopes,
                opts=pulumi.ResourceOptions(
                    parent=self, retain_on_delete=tenant.on_destroy == "leave"
                ),
            )
        else:
            # Zoom's principal is not ours, and Zoom may have made the grant already.
            self.grant = with_prior(
                DelegatedGrant,
                "grant",
                {
                    "clientId": desired.client_id(tenant),
                    "resourceClientId": desired.MICROSOFT_GRAPH,
                },
                {"scopes": scopes},
                parent=self,
                on_destroy=tenant.on_destroy,
            )
        self.register_outputs({"permissions": scopes})
