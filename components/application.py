"""The application that is consented to: Zoom's own, or a registration of this tenant."""

import os
from typing import Any

import pulumi
from msgspec import UNSET

from providers.engine import ADOPTING
from tenant import desired
from tenant.model import Tenant


class Application(pulumi.ComponentResource):
    """Its client id; with source registered also the registration and its service principal."""

    client_id: pulumi.Output[str]
    # Only with source registered: the object ids of our principal and of Microsoft Graph's.
    principal_id: pulumi.Output[str] | None = None
    graph_principal_id: pulumi.Output[str] | None = None

    def __init__(self, tenant: Tenant, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("zoom-calendar:index:Application", "application", {}, opts)
        known = desired.client_id(tenant)
        if known is None:
            self._register(tenant)
        else:
            self.client_id = pulumi.Output.from_input(known)
        self.register_outputs({"clientId": self.client_id})

    def _register(self, tenant: Tenant) -> None:
        # Imported here: it takes longer than all of our own code, and most tenants use Zoom's app.
        import pulumi_azuread as azuread

        declared = tenant.application
        microsoft_graph = azuread.get_service_principal_output(
            client_id=desired.MICROSOFT_GRAPH, opts=pulumi.InvokeOutputOptions(parent=self)
        )
        ours = pulumi.ResourceOptions(parent=self, retain_on_delete=tenant.on_destroy == "leave")
        application = azuread.Application(
            "registration",
            display_name=desired.display_name(tenant),
            # A run killed after Entra made it would otherwise make a second one. It refuses
            # previews too, so adopting, which is the way out, goes without.
            prevent_duplicate_names=not os.environ.get(ADOPTING),
            sign_in_audience="AzureADMyOrg",
            owners=list(declared.owners) or None,
            notes=None if declared.notes is UNSET else declared.notes,
            web={"redirect_uris": list(declared.redirect_uris)} if declared.redirect_uris else None,
            required_resource_accesses=[
                {
                    "resource_app_id": desired.MICROSOFT_GRAPH,
                    "resource_accesses": [
                        {"id": _scope_id(microsoft_graph, name), "type": "Scope"}
                        for name in sorted(tenant.consent.permissions)
                    ],
                }
            ],
            opts=ours,
        )
        principal = azuread.ServicePrincipal(
            "principal",
            client_id=application.client_id,
            # Spelt out: what is left to azuread's defaults is not compared on a refresh.
            account_enabled=True,
            app_role_assignment_required=False,
            owners=list(declared.owners) or None,
            opts=ours,
        )
        self.client_id = application.client_id
        self.principal_id = principal.object_id
        self.graph_principal_id = microsoft_graph.object_id


def _scope_id(principal: Any, name: str) -> pulumi.Output[str]:
    def pick(ids: dict[str, str]) -> str:
        if name not in ids:
            raise pulumi.RunError(
                f"consent.permissions: Microsoft Graph has no delegated permission {name!r}"
            )
        return ids[name]

    ids: pulumi.Output[dict[str, str]] = principal.oauth2_permission_scope_ids
    return ids.apply(pick)
