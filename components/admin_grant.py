"""Solution 2 of the article: an administrator consents once, for the whole company."""

from typing import Any

import pulumi

from components.application import Application
from components.prior import with_prior
from providers.entra.app_role_assignments import AppRoleAssignments
from providers.entra.delegated_grant import DelegatedGrant
from tenant import desired
from tenant.model import Tenant


class AdminGrant(pulumi.ComponentResource):
    """The tenant-wide grant of the declared permissions, and the declared app roles.

    `shared` are the resources that share their object with others.
    """

    grant: pulumi.CustomResource
    shared: list[Any]

    def __init__(
        self, tenant: Tenant, application: Application, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("zoom-calendar:index:AdminGrant", "admin-grant", {}, opts)
        self.shared = []
        if application.principal_id is not None:
            self._grant_to_own(tenant, application)
        else:
            self._grant_to_zooms(tenant, application)
        self.register_outputs({"permissions": sorted(tenant.consent.permissions)})

    def _grant_to_own(self, tenant: Tenant, application: Application) -> None:
        """Grant and app roles of our registration: wholly ours."""
        import pulumi_azuread as azuread

        assert application.principal_id is not None
        assert application.graph_principal_id is not None
        ours = pulumi.ResourceOptions(parent=self, retain_on_delete=tenant.on_destroy == "leave")
        self.grant = azuread.ServicePrincipalDelegatedPermissionGrant(
            "grant",
            service_principal_object_id=application.principal_id,
            resource_service_principal_object_id=application.graph_principal_id,
            claim_values=sorted(tenant.consent.permissions),
            opts=ours,
        )
        for name, role_id in application.role_ids.items():
            azuread.AppRoleAssignment(
                f"app-role-{name}",
                app_role_id=role_id,
                principal_object_id=application.principal_id,
                resource_object_id=application.graph_principal_id,
                opts=ours,
            )

    def _grant_to_zooms(self, tenant: Tenant, application: Application) -> None:
        """Zoom's principal is not ours, and Zoom may have made grant and app roles already."""
        consent = tenant.consent
        key = {
            "clientId": desired.client_id(tenant),
            "resourceClientId": desired.MICROSOFT_GRAPH,
        }
        scopes = sorted(consent.permissions)
        exclusive = {"exclusive": True} if consent.exclusive else {}
        self.grant = with_prior(
            DelegatedGrant,
            "grant",
            key,
            {"scopes": scopes, **exclusive},
            parent=self,
            on_destroy=tenant.on_destroy,
            leaves=[*scopes, *(["*"] if exclusive else [])],
            depends_on=application.ensured,
            principal=application.made,
        )
        self.shared.append(self.grant)
        self._tell_surplus(self.grant, "consent.exclusive: true takes them away")
        roles = {one.name: one.reason for one in consent.application_permissions}
        if roles:
            reasons = {name: reason for name, reason in roles.items() if isinstance(reason, str)}
            declared = {"roles": sorted(roles), **({"reasons": reasons} if reasons else {})}
            app_roles = with_prior(
                AppRoleAssignments,
                "app-roles",
                key,
                declared,
                parent=self,
                on_destroy=tenant.on_destroy,
                leaves=sorted(roles),
                # The grant's record may hold the principal, so all else on it has to go before.
                depends_on=[*application.ensured, self.grant],
            )
            self.shared.append(app_roles)
            self._tell_surplus(app_roles, "an administrator can take them away in Entra")

    def _tell_surplus(self, resource: Any, remedy: str) -> None:
        def tell(surplus: str | None) -> None:
            if surplus:
                pulumi.log.info(
                    f"{resource._name}: the application also has {', '.join(surplus.split())}, "
                    f"which this file does not declare; others granted it, and it stays ({remedy})",
                    self,
                )

        resource.surplus.apply(tell)
