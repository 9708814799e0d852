"""The tenant a test starts from: a company with a life of its own beside what is tested."""

from __future__ import annotations

import base64
import hashlib
import uuid
from collections.abc import Callable

from . import seed_graph
from .entra_applications import new_application
from .entra_ci import AUDIENCE, ISSUER, SUBJECT
from .entra_consent import SET_DEFAULTS
from .entra_grants import grant_id, new_assignment
from .entra_login import GRAPH_APP_ID, digest_of, graph_principal
from .entra_principals import new_principal
from .wire import Json

ZOOM_APP_ID = "fc108d3f-543d-4374-bbff-c7c51f651fe5"
# Published by Zoom, too, and connected by nobody in this tenant.
ROOMS_APP_ID = "a651cfda-cbdd-4a39-bd03-fa829c3c1b29"
MICROSOFT_TENANT = "f8cdef31-a31e-4b4a-93e4-5f571e91255a"
AUTOMATION_ROLES = (
    "AppRoleAssignment.ReadWrite.All",
    "Application.Read.All",
    "Application.ReadWrite.All",
    "DelegatedPermissionGrant.ReadWrite.All",
    "Directory.Read.All",
    "Domain.Read.All",
    "Organization.Read.All",
    "Policy.Read.All",
    "Policy.Read.PermissionGrant",
    "Policy.ReadWrite.Authorization",
    "Policy.ReadWrite.PermissionGrant",
)
CREATED = "2024-03-04T09:30:00Z"
_BUILT_IN = (
    ("microsoft-user-default-legacy", "all", "delegatedUserConsentable"),
    ("microsoft-application-admin", "all", "delegated"),
    ("microsoft-company-admin", "all", "delegated"),
    ("microsoft-all-application-permissions", "all", "application"),
    ("microsoft-all-application-permissions-verified", "all", "application"),
    ("microsoft-all-application-permissions-for-chat", "all", "application"),
    ("microsoft-dynamically-managed-permissions-for-chat", "all", "application"),
    ("microsoft-dynamically-managed-permissions-for-team", "all", "application"),
    ("microsoft-pre-approval-apps-for-chat", "all", "application"),
    ("microsoft-pre-approval-apps-for-team", "all", "application"),
    ("microsoft-pre-approval-apps-for-group", "all", "application"),
)
_MAIL_CLIENTS = (
    "f8d98a96-0999-43f5-8af3-69971c7bb423",  # Apple Mail
    "b50c1dbd-1855-4e54-b07c-d3c3029e93d3",  # Spark
    "e9a7fea1-1cc0-4cd9-a31b-9137ca5deedd",  # eM Client
    "8acd33ea-7197-4a96-bc33-d7cc7101262f",  # Android, Samsung's
    "2cee05de-2b8f-45a2-8289-2a06ca32c4c8",  # Android
    "9e5f94bc-e8a4-4e73-b8be-63364c29d753",  # Thunderbird
)


class Ids:
    """Ids and secrets that are the same in every run of the same tenant."""

    def __init__(self, tenant_id: str) -> None:
        self._tenant = uuid.UUID(tenant_id)

    def of(self, name: str) -> str:
        return str(uuid.uuid5(self._tenant, name))

    def short(self, name: str) -> str:
        """22 characters, as Zoom writes its ids."""
        return base64.urlsafe_b64encode(uuid.uuid5(self._tenant, name).bytes).decode().rstrip("=")

    def secret(self, name: str) -> str:
        return hashlib.sha256(f"secret/{self._tenant}/{name}".encode()).hexdigest()[:40]


def entra(tenant_id: str) -> dict[str, Json]:
    """The state of the Entra side."""
    ids = Ids(tenant_id)
    state: dict[str, Json] = {
        "tenant_id": tenant_id,
        "organization": _organization(tenant_id),
        "domains": [
            _domain("contoso.com", isDefault=True),
            _domain("contoso.onmicrosoft.com", isInitial=True),
            _domain("contoso-labs.com", isVerified=False),
        ],
        "users": {u["id"]: u for u in (_user(ids, n) for n in ("adele", "diego", "megan", "lee"))},
        # Who may consent for the company.
        "administrators": [ids.of("user/megan")],
        "groups": {ids.of("group/zoom"): _group(ids, "Zoom users")},
        "publishedApplications": {p["appId"]: p for p in _published(ids)},
        "applications": {},
        "servicePrincipals": {},
        "oauth2PermissionGrants": {},
        "appRoleAssignments": {},
        # By the id of the principal whose permissions are classified.
        "delegatedPermissionClassifications": {},
        "secrets": {},
        "certificates": {},
        "managedIdentities": [],
        "authorizationPolicy": _authorization(),
        "permissionGrantPolicies": {p["id"]: p for p in _policies(ids, tenant_id)},
        "adminConsentRequestPolicy": {
            "isEnabled": False,
            "notifyReviewers": False,
            "remindersEnabled": False,
            "requestDurationInDays": 30,
            "version": 0,
            "reviewers": [],
        },
    }
    for published in state["publishedApplications"].values():
        _add_principal(state, ids, published, published["appOwnerOrganizationId"])
    rooms = _foreign(ROOMS_APP_ID, "Zoom", ids.of("tenant/zoom"))
    state["publishedApplications"][ROOMS_APP_ID] = rooms
    _add_automation(state, ids)
    _add_portal_app(state, ids)
    _add_grants(state, ids)
    return state


def without_user_consent(state: dict[str, Json]) -> None:
    """Users may not consent to anything: the cause behind "Need admin approval"."""
    permissions = state["authorizationPolicy"]["defaultUserRolePermissions"]
    permissions["permissionGrantPoliciesAssigned"] = [
        entry for entry in permissions["permissionGrantPoliciesAssigned"] if "ForSelf" not in entry
    ]


def without_zoom(state: dict[str, Json]) -> None:
    """Nobody ever connected: Zoom's application is published, but not in this tenant."""
    zoom = next(k for k, p in state["servicePrincipals"].items() if p["appId"] == ZOOM_APP_ID)
    del state["servicePrincipals"][zoom]
    for key, grant in list(state["oauth2PermissionGrants"].items()):
        if grant["clientId"] == zoom:
            del state["oauth2PermissionGrants"][key]


VARIANTS: dict[str, Callable[[dict[str, Json]], None]] = {
    "contoso": lambda state: None,
    "empty-consent": without_user_consent,
    "no-zoom": without_zoom,
}


def assign_roles(state: dict[str, Json], principal_id: str, roles: list[str]) -> None:
    """Give a principal exactly these application permissions of Microsoft Graph."""
    known = seed_graph.role_ids()
    unknown = sorted(set(roles) - set(known))
    if unknown:
        raise ValueError(f"not an application permission of Microsoft Graph here: {unknown}")
    graph = graph_principal(state)
    name = state["servicePrincipals"][principal_id]["displayName"]
    assignments = state["appRoleAssignments"]
    for key, item in list(assignments.items()):
        if item["principalId"] == principal_id and item["resourceId"] == graph["id"]:
            del assignments[key]
    for role in sorted(set(roles)):
        key = {
            "principalId": principal_id,
            "resourceId": graph["id"],
            "appRoleId": known[role],
        }
        item = new_assignment(key, name, "ServicePrincipal", graph["displayName"])
        assignments[item["id"]] = item | {"createdDateTime": CREATED}


def add_managed_identity(state: dict[str, Json], name: str, roles: list[str]) -> str:
    """An identity of the machine that clients run on; its client id."""
    ids = Ids(state["tenant_id"])
    client = ids.of(f"identity/{name}")
    key = _add_principal(state, ids, _foreign(client, name, state["tenant_id"]), state["tenant_id"])
    state["servicePrincipals"][key]["servicePrincipalType"] = "ManagedIdentity"
    assign_roles(state, key, roles)
    state["managedIdentities"].append(client)
    return client


def _organization(tenant_id: str) -> dict[str, Json]:
    return {
        "id": tenant_id,
        "displayName": "Contoso",
        "countryLetterCode": "US",
        "createdDateTime": CREATED,
        "defaultUsageLocation": "US",
        "tenantType": "AAD",
        "technicalNotificationMails": ["it@contoso.com"],
    }


def _domain(name: str, **fields: bool) -> dict[str, Json]:
    return {
        "id": name,
        "authenticationType": "Managed",
        "isAdminManaged": True,
        "isDefault": False,
        "isInitial": False,
        "isRoot": True,
        "isVerified": True,
        "supportedServices": ["Email", "OfficeCommunicationsOnline"],
        "passwordNotificationWindowInDays": None,
        "passwordValidityPeriodInDays": None,
        "state": None,
    } | fields


def _user(ids: Ids, name: str) -> dict[str, Json]:
    return {
        "id": ids.of(f"user/{name}"),
        "displayName": name.title(),
        "userPrincipalName": f"{name}@contoso.com",
        "mail": f"{name}@contoso.com",
        "accountEnabled": True,
    }


def _group(ids: Ids, name: str) -> dict[str, Json]:
    return {
        "id": ids.of("group/zoom"),
        "displayName": name,
        "mail": None,
        "mailEnabled": False,
        "securityEnabled": True,
        "members": [ids.of("user/adele")],
    }


def _published(ids: Ids) -> list[dict[str, Json]]:
    """Applications that other tenants publish, and that this tenant may have a principal of."""
    graph = _foreign(GRAPH_APP_ID, "Microsoft Graph", MICROSOFT_TENANT)
    graph |= {"appRoles": seed_graph.roles()}
    graph["api"]["oauth2PermissionScopes"] = seed_graph.scopes()
    zoom = _foreign(ZOOM_APP_ID, "Zoom", ids.of("tenant/zoom"))
    zoom["verifiedPublisher"] = {
        "displayName": "Zoom Video Communications, Inc.",
        "verifiedPublisherId": "1234567",
        "addedDateTime": "2021-02-01T00:00:00Z",
    }
    survey = _foreign(ids.of("app/survey"), "Northwind Surveys", ids.of("tenant/northwind"))
    return [graph, zoom, survey]


def _foreign(app_id: str, name: str, tenant: str) -> dict[str, Json]:
    return {
        "appId": app_id,
        "displayName": name,
        "appOwnerOrganizationId": tenant,
        "signInAudience": "AzureADMultipleOrgs",
        "appRoles": [],
        "api": {"oauth2PermissionScopes": []},
        "identifierUris": [],
        "web": {"homePageUrl": None, "logoutUrl": None, "redirectUris": []},
        "info": {"termsOfServiceUrl": None, "privacyStatementUrl": None},
        "verifiedPublisher": {
            "displayName": None,
            "verifiedPublisherId": None,
            "addedDateTime": None,
        },
    }


def _authorization() -> dict[str, Json]:
    return {
        "id": "authorizationPolicy",
        "displayName": "Authorization Policy",
        "description": "Used to manage authorization related settings across the company.",
        "allowInvitesFrom": "adminsAndGuestInviters",
        "allowedToSignUpEmailBasedSubscriptions": True,
        "allowedToUseSSPR": True,
        "allowEmailVerifiedUsersToJoinOrganization": False,
        "allowUserConsentForRiskyApps": None,
        "blockMsolPowerShell": False,
        "guestUserRoleId": "10dae51f-b6af-4016-8d66-8c2a99b929b3",
        "defaultUserRolePermissions": {
            "allowedToCreateApps": True,
            "allowedToCreateSecurityGroups": True,
            "allowedToCreateTenants": False,
            "allowedToReadBitlockerKeysForOwnedDevice": True,
            "allowedToReadOtherUsers": True,
            # Mixed case, as real tenants answer; the documentation writes a small m.
            "permissionGrantPoliciesAssigned": [
                "ManagePermissionGrantsForSelf.microsoft-user-default-recommended",
                "ManagePermissionGrantsForOwnedResource."
                "microsoft-dynamically-managed-permissions-for-chat",
                "ManagePermissionGrantsForOwnedResource."
                "microsoft-dynamically-managed-permissions-for-team",
            ],
        },
    }


def _for_users(ids: Ids, tenant_id: str) -> list[dict[str, Json]]:
    """The built-in policies that users get, as Entra's "Manage app consent policies" has them."""
    users = SET_DEFAULTS | {"permissionType": "delegatedUserConsentable"}
    graph = SET_DEFAULTS | {"permissionType": "delegated", "resourceApplication": GRAPH_APP_ID}
    low = users | {"permissionClassification": "low"}
    # Microsoft manages these two and changes them; mail and calendars are for mail clients only.
    mail = graph | {"permissions": seed_graph.kept_from_users()}
    sets = {
        "microsoft-user-default-low": (
            [
                low | {"clientApplicationsFromVerifiedPublisherOnly": True},
                low | {"clientApplicationTenantIds": [tenant_id]},
            ],
            [],
        ),
        "microsoft-user-default-recommended": ([users], [mail]),
        "microsoft-user-default-allow-consent-apps": (
            [mail | {"clientApplicationIds": list(_MAIL_CLIENTS)}],
            [],
        ),
    }
    return [
        {
            "id": key,
            "displayName": key.removeprefix("microsoft-").replace("-", " ").title(),
            "description": "A built-in permission grant policy.",
            "includes": [{"id": ids.of(f"set/{key}/{n}")} | s for n, s in enumerate(includes)],
            "excludes": [{"id": ids.of(f"set/{key}/x{n}")} | s for n, s in enumerate(excludes)],
        }
        for key, (includes, excludes) in sets.items()
    ]


def _policies(ids: Ids, tenant_id: str) -> list[dict[str, Json]]:
    built_in = [
        {
            "id": key,
            "displayName": key.removeprefix("microsoft-").replace("-", " ").title(),
            "description": "A built-in permission grant policy.",
            "includes": [
                {"id": ids.of(f"set/{key}")}
                | SET_DEFAULTS
                | {"permissionClassification": level, "permissionType": kind}
            ],
            "excludes": [],
        }
        for key, level, kind in _BUILT_IN
    ]
    custom = {
        "id": "contoso-tier-1",
        "displayName": "Tier 1 help desk",
        "description": "What the help desk may consent to.",
        "includes": [
            {"id": ids.of("set/contoso-tier-1")}
            | SET_DEFAULTS
            | {
                "permissionClassification": "low",
                "permissionType": "delegated",
                "clientApplicationsFromVerifiedPublisherOnly": True,
            }
        ],
        "excludes": [],
    }
    return [*_for_users(ids, tenant_id), *built_in, custom]


def _add_principal(
    state: dict[str, Json], ids: Ids, app: dict[str, Json], owner_tenant: str
) -> str:
    key = ids.of(f"principal/{app['appId']}")
    item = new_principal(app, owner_tenant, {}, key=key)
    state["servicePrincipals"][key] = item | {"createdDateTime": CREATED}
    return key


def _add_application(state: dict[str, Json], ids: Ids, name: str, **fields: Json) -> str:
    app = new_application(
        state,
        {"displayName": name} | fields,
        key=ids.of(f"application/{name}"),
        app_id=ids.of(f"app/{name}"),
    )
    state["applications"][app["id"]] = app | {"createdDateTime": CREATED}
    return str(app["id"])


def _add_automation(state: dict[str, Json], ids: Ids) -> None:
    """The application that the credentials of `Emulator.env` belong to."""
    app = state["applications"][_add_application(state, ids, "automation")]
    key = ids.of("key/automation")
    app["passwordCredentials"] = [
        {
            "customKeyIdentifier": None,
            "displayName": "pipeline",
            "endDateTime": "2099-01-01T00:00:00Z",
            "hint": ids.secret("automation")[:3],
            "keyId": key,
            "secretText": None,
            "startDateTime": CREATED,
        }
    ]
    state["secrets"][key] = digest_of(ids.secret("automation"))
    app["federatedIdentityCredentials"] = [
        {
            "id": ids.of("federated/automation"),
            "name": "main-branch",
            "issuer": ISSUER,
            "subject": SUBJECT,
            "description": "Runs of the main branch",
            "audiences": [AUDIENCE],
        }
    ]
    principal = _add_principal(state, ids, app, state["tenant_id"])
    assign_roles(state, principal, list(AUTOMATION_ROLES))


def _add_portal_app(state: dict[str, Json], ids: Ids) -> None:
    """An application of somebody else in the company; nobody asked us to touch it."""
    key = _add_application(
        state,
        ids,
        "Intranet",
        identifierUris=["https://intranet.contoso.com"],
        web={"redirectUris": ["https://intranet.contoso.com/signed-in"]},
        requiredResourceAccess=[
            {
                "resourceAppId": GRAPH_APP_ID,
                "resourceAccess": [{"id": "e1fe6dd8-ba31-4d61-89e7-88639da4683d", "type": "Scope"}],
            }
        ],
    )
    app = state["applications"][key]
    app["owners"] = [ids.of("user/megan")]
    _add_principal(state, ids, app, state["tenant_id"])


def _add_grants(state: dict[str, Json], ids: Ids) -> None:
    graph = graph_principal(state)["id"]
    intranet = ids.of(f"principal/{ids.of('app/Intranet')}")
    survey = ids.of(f"principal/{ids.of('app/survey')}")
    zoom = ids.of(f"principal/{ZOOM_APP_ID}")
    for client, user, scope in (
        (intranet, None, "openid profile User.Read"),
        (survey, ids.of("user/lee"), "User.Read offline_access"),
        # One user consented alone, before anybody administered this.
        (zoom, ids.of("user/adele"), "openid profile offline_access User.Read Calendars.ReadWrite"),
    ):
        grant: dict[str, Json] = {
            "clientId": client,
            "consentType": "Principal" if user else "AllPrincipals",
            "principalId": user,
            "resourceId": graph,
            "scope": scope,
        }
        key = grant_id(grant)
        state["oauth2PermissionGrants"][key] = grant | {"id": key}
