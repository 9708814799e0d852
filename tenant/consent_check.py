"""What the parts of `consent` and `application` may be together."""

from collections.abc import Iterable

from msgspec import UNSET

from tenant.errors import DeclarationError
from tenant.model import Tenant
from tenant.zoom_apps import mistaken_for

# Sources: the recommendation's title in CIS's benchmark, and CISA's SCuBA baseline for Entra ID.
BROKEN_BY_ANY_APP = (
    'CIS Microsoft 365 Foundations ("Ensure user consent to apps accessing company data on their '
    'behalf is not allowed") and CISA SCuBA MS.AAD.5.2 (only administrators consent)'
)


def check_consent(tenant: Tenant, file: str) -> None:
    """Raises DeclarationError for the first combination that makes no sense."""
    _check_user_policy(tenant, file)
    _check_admins_own(tenant, file)
    _check_application(tenant, file)
    _check_repeated(tenant, file)


def _check_user_policy(tenant: Tenant, file: str) -> None:
    consent = tenant.consent
    if consent.user_policy == "any-app" and consent.acknowledge is UNSET:
        raise DeclarationError(
            file,
            "consent.userPolicy",
            "given 'any-app' without acknowledge: any-app. It lets every user consent to any "
            f"application, against {BROKEN_BY_ANY_APP}; add consent.acknowledge: any-app, or use "
            "least-privilege",
        )
    if consent.user_policy != "any-app" and consent.acknowledge is not UNSET:
        raise DeclarationError(
            file, "consent.acknowledge", "is only for userPolicy any-app; leave the key out"
        )


def _check_admins_own(tenant: Tenant, file: str) -> None:
    consent = tenant.consent
    if consent.by == "admin":
        return
    for key, given in (
        ("exclusive", consent.exclusive),
        ("applicationPermissions", bool(consent.application_permissions)),
    ):
        if given:
            why = "is only for by: admin; what users consent to is theirs, one by one"
            raise DeclarationError(file, f"consent.{key}", why)


def _check_application(tenant: Tenant, file: str) -> None:
    app = tenant.application
    if app.source == "registered":
        given = {"clientId": app.client_id is not UNSET, "ensurePrincipal": app.ensure_principal}
        why = "is only for source zoom; a registered application gets its client id and principal"
    else:
        given = {
            "displayName": app.display_name is not UNSET,
            "redirectUris": bool(app.redirect_uris),
            "owners": bool(app.owners),
            "notes": app.notes is not UNSET,
            "federatedCredentials": bool(app.federated_credentials),
        }
        why = "is only for source registered; Zoom's own application is never changed"
    for key in (key for key, is_given in given.items() if is_given):
        raise DeclarationError(file, f"application.{key}", why)
    if app.client_id is not UNSET and (what := mistaken_for(app.client_id)) is not None:
        raise DeclarationError(
            file,
            "application.clientId",
            f"given {app.client_id!r}, which is {what}; leave the key out for Zoom's published "
            "application",
        )


def _check_repeated(tenant: Tenant, file: str) -> None:
    app, consent = tenant.application, tenant.consent
    federated = app.federated_credentials
    _refuse_twice("domains", tenant.domains, file)
    _refuse_twice("consent.permissions", consent.permissions, file)
    names = (one.name for one in consent.application_permissions)
    _refuse_twice("consent.applicationPermissions", names, file)
    _refuse_twice("application.redirectUris", app.redirect_uris, file)
    _refuse_twice("application.owners", app.owners, file)
    _refuse_twice("application.federatedCredentials", (one.name for one in federated), file)
    # Entra knows a token by these two, so it takes each pair once.
    pairs = (f"{one.issuer} {one.subject}" for one in federated)
    _refuse_twice("application.federatedCredentials", pairs, file)


def _refuse_twice(key: str, values: Iterable[str], file: str) -> None:
    seen: dict[str, str] = {}
    for value in values:
        first = seen.setdefault(value.casefold(), value)
        if first is not value:
            raise DeclarationError(file, key, f"names {first!r} twice; keep one")
