"""The declaration of one tenant, typed: the value of `zoom-calendar:tenant` in its file.

The JSON Schema in stacks/ is generated from these classes, descriptions included.
"""

import datetime
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field

# Zoom's "Calendar / Contacts integration" application, as named in a published EWS allow-list
# example; not confirmed by Zoom in writing (docs/assumptions.md), so `clientId` overrides it.
ZOOM_CALENDAR_CLIENT_ID = "fc108d3f-543d-4374-bbff-c7c51f651fe5"

GUID = r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"

Guid = Annotated[str, Meta(pattern=GUID, description="A GUID.")]
Domain = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)+$",
        description="A DNS domain such as contoso.com.",
    ),
]
Permission = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*$",
        description="A delegated Microsoft Graph permission by name, such as Calendars.ReadWrite.",
    ),
]
RedirectUri = Annotated[
    str,
    Meta(
        pattern=r"^(https://|http://localhost([:/]|$))\S*$",
        description="https://…, or http://localhost for work on one's own machine.",
    ),
]
Evidence = Annotated[
    str,
    Meta(
        pattern=r"^sha256:[0-9a-f]{64}$",
        description="sha256: and 64 hex digits, of a screenshot that is kept elsewhere.",
    ),
]
Text = Annotated[str, Meta(min_length=1, max_length=1024)]
# The fourth, admin_consents_for_company, is a sign-in at Microsoft and no setting of Zoom's.
PortalSetting = Literal[
    "calendar_and_contacts_integration", "integrate_calendar_on_sign_in", "users_can_consent"
]
SettingPath = Annotated[
    str,
    Meta(
        pattern=r"^[a-z0-9_]+(\.[a-z0-9_]+)+$",
        description="A path in Zoom's account settings with dots: section.setting.",
    ),
]


class ApplicationPermission(Struct, frozen=True, forbid_unknown_fields=True):
    """A Microsoft Graph permission that the application has by itself, without a user."""

    name: Permission
    reason: Annotated[Text | UnsetType, Meta(description="Why a delegated one does not do.")] = (
        UNSET
    )


class Consent(Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """Who consents to Zoom's access. Sets Entra and Zoom together, so they always match."""

    by: Annotated[
        Literal["admin", "user"],
        Meta(
            description="admin: one tenant-wide grant, and Zoom stops asking its users. "
            "user: users may consent to exactly these permissions, and Zoom asks them. No default."
        ),
    ]
    permissions: Annotated[
        tuple[Permission, ...],
        Meta(min_length=1, description="The delegated Microsoft Graph permissions Zoom needs."),
    ]
    user_policy: Annotated[
        Literal["least-privilege", "any-app", "leave"] | UnsetType,
        Meta(
            description="What users may consent to in Entra. least-privilege (the only value "
            "under by: user, and its default): this application and these permissions, nothing "
            "else. leave (default under by: admin): untouched. Under by: admin least-privilege "
            "prepares a later switch, since Entra takes about 30 minutes to let users consent."
        ),
    ] = UNSET

    application_permissions: tuple[ApplicationPermission, ...] = ()

    @property
    def users_may_consent_in_entra(self) -> bool:
        """Whether our own permission-grant policy is to be assigned to the tenant's users."""
        return self.by == "user" or self.user_policy == "least-privilege"


class Application(Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """The application that is consented to."""

    source: Annotated[
        Literal["zoom", "registered"],
        Meta(
            description="zoom: Zoom's published application, looked up by its client id and never "
            "owned. registered: an app registration of this tenant, made and owned here."
        ),
    ]
    client_id: Annotated[
        Guid | UnsetType,
        Meta(description="Only for source zoom: its client id, if not the published one."),
    ] = UNSET
    display_name: Annotated[
        Text | UnsetType, Meta(description="Only for source registered. Default: Zoom calendar.")
    ] = UNSET
    redirect_uris: Annotated[
        tuple[RedirectUri, ...], Meta(description="Only for source registered: web redirect URIs.")
    ] = ()
    owners: Annotated[
        tuple[Guid, ...],
        Meta(description="Only for source registered: object ids of the owners."),
    ] = ()
    notes: Annotated[
        Text | UnsetType, Meta(description="Only for source registered: notes for administrators.")
    ] = UNSET


class Attestation(Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """A person's word that a setting without an API has a value in the portal."""

    value: Annotated[bool, Meta(description="What the portal showed.")]
    who: Annotated[Text, Meta(description="Who looked, for example an e-mail address.")]
    when: Annotated[datetime.date, Meta(description="The day they looked, YYYY-MM-DD.")]
    until: Annotated[datetime.date, Meta(description="The last day it counts, YYYY-MM-DD.")]
    evidence: Evidence | UnsetType = UNSET


class Attestations(Struct, frozen=True, forbid_unknown_fields=True):
    """One attestation per article setting, by the setting's name."""

    required: Annotated[
        bool,
        Meta(
            description="true: a preview fails while an attestation is missing, expired or for "
            "another value. `attestations: required` says the same where there is none yet."
        ),
    ] = False
    calendar_and_contacts_integration: Attestation | UnsetType = UNSET
    integrate_calendar_on_sign_in: Attestation | UnsetType = UNSET
    users_can_consent: Attestation | UnsetType = UNSET
    admin_consents_for_company: Attestation | UnsetType = UNSET


class Calendar(Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """The article's own settings, none of which is in Zoom's published API."""

    integration: Annotated[
        bool, Meta(description="Calendar and contacts integration, the article's step 2.")
    ]
    integrate_on_sign_in: Annotated[
        bool,
        Meta(description="Integrate the calendar when a user signs in, the article's step 3."),
    ]
    channel: Annotated[
        Literal["portal", "attested"],
        Meta(
            description="portal: a browser reads and sets it in Zoom's portal, with the sign-in "
            "of `python -m fleet portal login`. attested (the default): a person sets it there "
            "and says so below."
        ),
    ] = "attested"
    attestations: Attestations = Attestations()


class Zoom(Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """Zoom's side of the tenant."""

    account: Annotated[
        str,
        Meta(
            pattern=r"^[A-Za-z0-9_-]{1,64}$",
            description="me for the account the credentials belong to, or a sub-account's id.",
        ),
    ] = "me"
    calendar: Calendar | UnsetType = UNSET
    paths: Annotated[
        dict[PortalSetting, SettingPath],
        Meta(
            description="Where Zoom's API has an article setting that its published description "
            "lacks: setting, then the path of a true or false in the account's settings. Such a "
            "setting is then read and written there, and needs no attestation."
        ),
    ] = field(default_factory=dict)
    settings: Annotated[
        dict[str, dict[str, Any]],
        Meta(description="Account settings by Zoom's published names: section, then setting."),
    ] = field(default_factory=dict)
    locks: Annotated[
        dict[str, dict[str, Any]],
        Meta(description="Lock settings by Zoom's published names: section, then true or false."),
    ] = field(default_factory=dict)


class Tenant(Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """One tenant: a Microsoft 365 tenant and the Zoom account that belongs to it."""

    name: Annotated[Text, Meta(description="The company's name, for people.")]
    domains: Annotated[
        tuple[Domain, ...],
        Meta(min_length=1, description="The e-mail domains the integration is for."),
    ]
    consent: Consent
    application: Application
    zoom: Zoom
    on_destroy: Annotated[
        Literal["restore", "leave"],
        Meta(
            description="restore: destroy puts back what was there before, where it is still ours. "
            "leave: destroy only forgets."
        ),
    ] = "restore"
