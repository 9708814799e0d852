"""Microsoft Graph's own principal: the permissions it offers, with their real ids."""

from __future__ import annotations

from .wire import Json

# Whether users may consent by themselves ("User") or only administrators ("Admin").
_SCOPES = """
User.Read                      e1fe6dd8-ba31-4d61-89e7-88639da4683d User
Calendars.Read                 465a38f9-76ea-45b9-9f34-9e8b0d4b0b42 User
Calendars.ReadWrite            1ec239c2-d7c9-4623-a91a-a9775856bb36 User
Calendars.ReadWrite.Shared     12466101-c9b8-439a-8589-dd09ee67e8e9 User
Contacts.Read                  ff74d97f-43af-4b68-9f2a-b77ee6968c5d User
Contacts.ReadWrite             d56682ec-c09e-4743-aaf4-1a3aac4caa21 User
Mail.Read                      570282fd-fa5c-430d-a7fd-fc8dc98a9dca User
offline_access                 7427e0e9-2fba-42fe-b0c0-848c9e6a8182 User
openid                         37f7f235-527c-4136-accd-4a02d197296e User
profile                        14dad69e-099b-42c9-810b-d002981feec1 User
email                          64a6cdd6-aab1-4aaf-94b8-3cc8405e90d0 User
User.Read.All                  a154be20-db9c-4678-8ab7-66f6cc099a59 Admin
Directory.Read.All             06da0dbc-49e2-44d2-8312-53f166ab848a Admin
"""
_ROLES = """
Application.Read.All                     9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30
Application.ReadWrite.All                1bfefb4e-e0b5-418b-a88f-73c46d2cc8e9
Application.ReadWrite.OwnedBy            18a4783c-866b-4cc7-a460-3d5e5662c884
AppRoleAssignment.ReadWrite.All          06b708a9-e830-4db3-a914-8e69da51d44f
AuditLog.Read.All                        b0afded3-3588-46d8-8b3d-9842eff778da
Calendars.Read                           798ee544-9d2d-430c-a058-570e29e34338
Calendars.ReadWrite                      ef54d2bf-783f-4e0f-bca1-3210c0444d99
Contacts.Read                            089fe4d0-434a-44c5-8827-41ba8a0b17f5
Contacts.ReadWrite                       6918b873-d17a-4dc1-b314-35f528134491
DelegatedPermissionGrant.Read.All        81b4724a-58aa-41c1-8a55-84ef97466587
DelegatedPermissionGrant.ReadWrite.All   8e8e4742-1d95-4f68-9d56-6ee75648c72a
Directory.Read.All                       7ab1d382-f21e-4acd-a863-ba3e13f7da61
Directory.ReadWrite.All                  19dbc75e-c2e2-444c-a770-ec69d8559fc7
Domain.Read.All                          dbb9058a-0e50-45d7-ae91-66909b5d4664
Domain.ReadWrite.All                     7e05723c-0bb0-42da-be95-ae9f08a6e53c
Group.Read.All                           5b567255-7703-4780-807c-7be8301ae99b
GroupMember.Read.All                     98830695-27a2-44f7-8c18-0c3ebc9698f6
Mail.Read                                810c84a8-4a9e-49e6-bf7d-12d183f40d01
Organization.Read.All                    498476ce-e0fe-48b0-b801-37ba7e2685c6
Organization.ReadWrite.All               292d869f-3427-49a8-9dab-8c70152b74e9
Policy.Read.All                          246dd0d5-5bd0-4def-940b-0421030a5b68
Policy.Read.PermissionGrant              9e640839-a198-48fb-8b9a-013fd6f6cbcd
Policy.ReadWrite.Authorization           fb221be6-99f2-473f-bd32-01c6a0e9ca3b
Policy.ReadWrite.ConsentRequest          999f8c63-0a38-4f1b-91fd-ed1947bdd1a9
Policy.ReadWrite.PermissionGrant         a402ca1c-2696-4531-972d-6e5ee4aa11ea
User.Read.All                            df021288-bdef-4463-88db-98f22de89214
User.ReadBasic.All                       97235f07-e226-4f63-ace3-39588e11d3a1
User.ReadWrite.All                       741f803b-c850-494e-b5df-cde7c675a1ca
"""


def scopes() -> list[dict[str, Json]]:
    """The delegated permissions of Microsoft Graph that matter here."""
    return [scope(value, key, kind) for value, key, kind in map(str.split, _lines(_SCOPES))]


def kept_from_users() -> list[str]:
    """Permissions that Microsoft's recommended policy leaves to administrators, by their ids."""
    names = (
        "Calendars.Read",
        "Calendars.ReadWrite",
        "Calendars.ReadWrite.Shared",
        "Contacts.ReadWrite",
        "Mail.Read",
    )
    return [item["id"] for item in scopes() if item["value"] in names]


def roles() -> list[dict[str, Json]]:
    """The application permissions of Microsoft Graph that matter here."""
    return [role(value, key) for value, key in map(str.split, _lines(_ROLES))]


def role_ids() -> dict[str, str]:
    """Application permission to its id."""
    return {item["value"]: item["id"] for item in roles()}


def scope(value: str, key: str, kind: str) -> dict[str, Json]:
    return {
        "id": key,
        "value": value,
        "type": kind,
        "isEnabled": True,
        "adminConsentDisplayName": value,
        "adminConsentDescription": f"Allows the app {value} on behalf of the signed-in user.",
        "userConsentDisplayName": value,
        "userConsentDescription": f"Allows the app {value} on your behalf.",
    }


def role(value: str, key: str) -> dict[str, Json]:
    return {
        "id": key,
        "value": value,
        "isEnabled": True,
        "allowedMemberTypes": ["Application"],
        "displayName": value,
        "description": f"Allows the app {value} without a signed-in user.",
    }


def _lines(table: str) -> list[str]:
    return table.strip().splitlines()
