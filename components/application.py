"""The application that is consented to: Zoom's own, or a registration of this tenant."""

import os
from typing import Any

import pulumi
from msgspec import UNSET

from components.prior import with_prior
from providers.engine import ADOPTING
from providers.entra.ensured_principal import EnsuredPrincipal
from tenant import desired
from tenant.model import Tenant
from tenant.spelling import did_you_mean


class Application(pulumi.ComponentResource):
    """Its client id; with source registered also the registration and its service principal."""

    client_id: pulumi.Output[str]
    # Only with source registered: the object ids of our principal and of Microsoft Graph's.
    principal_id: pulumi.Output[str] | None = None
    graph_principal_id: pulumi.Output[str] | None = None
    # Ids of the declared application permissions, by name; only with source registered.
    role_ids: dict[str, pulumi.Output[str]]
    # Zoom's principal, where it is declared to be there: what is granted waits for it.
    ensured: list[pulumi.Resource]
    # And what this stack made of it, as JSON text, "" where it was there: see providers/prior.py.
    made: pulumi.Output[str] | None = None

    def __init__(self, tenant: Tenant, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("zoom-calendar:index:Application", "application", {}, opts)
        self.role_ids, self.ensured = {}, []
        known = desired.client_id(tenant)
        if known is None:
            self._register(tenant)
        else:
            self.client_id = pulumi.Output.from_input(known)
        self.register_outputs({"clientId": self.client_id})

    def ensure(self, tenant: Tenant, after: pulumi.Resource) -> None:
        """Declares that Zoom's principal is there. `after` reads it along with much else."""
        known = desired.client_id(tenant)
        ensured = with_prior(
            EnsuredPrincipal,
            "zoom-principal",
            {"clientId": known},
            {},
            parent=self,
            on_destroy=tenant.on_destroy,
            depends_on=[after],
        )
        self.ensured.append(ensured)
        self.made = ensured.made.apply(
            lambda made: (
                pulumi.Output.json_dumps(
                    {"clientId": known, "made": made, "asMade": ensured.asMade}, sort_keys=True
                )
                if made
                else ""
            )
        )

    def _register(self, tenant: Tenant) -> None:
        # Imported here: it takes longer than all of our own code, and most tenants use Zoom's app.
        import pulumi_azuread as azuread

        declared = tenant.application
        microsoft_graph = azuread.get_service_principal_output(
            client_id=desired.MICROSOFT_GRAPH, opts=pulumi.InvokeOutputOptions(parent=self)
        )
        ours = pulumi.ResourceOptions(parent=self, retain_on_delete=tenant.on_destroy == "leave")
        consent = tenant.consent
        roles = sorted(one.name for one in consent.application_permissions)
        scope_ids = {name: _scope_id(microsoft_graph, name) for name in sorted(consent.permissions)}
        self.role_ids = {name: _role_id(microsoft_graph, name) for name in roles}
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
                        {"id": id_, "type": kind}
                        for kind, ids in (("Scope", scope_ids), ("Role", self.role_ids))
                        for id_ in ids.values()
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
        for federated in declared.federated_credentials:
            azuread.ApplicationFederatedIdentityCredential(
                f"federated-{federated.name}",
                application_id=application.id,
                display_name=federated.name,
                issuer=federated.issuer,
                subject=federated.subject,
                audiences=list(federated.audiences),
                description=None if federated.description is UNSET else federated.description,
                opts=ours,
            )
        self.client_id = application.client_id
        self.principal_id = principal.object_id
        self.graph_principal_id = microsoft_graph.object_id


def _scope_id(principal: Any, name: str) -> pulumi.Output[str]:
    ids = principal.oauth2_permission_scope_ids
    return _id(ids, name, "consent.permissions: Microsoft Graph has no delegated permission")


def _role_id(principal: Any, name: str) -> pulumi.Output[str]:
    key = "consent.applicationPermissions"
    return _id(
        principal.app_role_ids, name, f"{key}: Microsoft Graph has no application permission"
    )


def _id(ids: pulumi.Output[dict[str, str]], name: str, refusal: str) -> pulumi.Output[str]:
    def pick(known: dict[str, str]) -> str:
        if name not in known:
            raise pulumi.RunError(f"{refusal} {name!r}{did_you_mean(name, known)}")
        return known[name]

    return ids.apply(pick)
