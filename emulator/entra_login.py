"""The token endpoint of Entra and the metadata of the cloud it stands for."""

from __future__ import annotations

import hashlib
import hmac
import time
import uuid

from . import jwt
from .entra_assertions import check_assertion
from .login_error import LoginError, invalid_client
from .wire import Json, Request, Response
from .world import World, timestamp

GRAPH_APP_ID = "00000003-0000-0000-c000-000000000000"
# Access tokens of the service live 60 to 90 minutes.
TOKEN_LIFE = 75 * 60


def metadata(request: Request) -> Response:
    """`/metadata/endpoints`: where this cloud's Graph and login are."""
    if request.query.get("api-version") != "2022-09-01":
        return Response(400, {"error": {"code": "InvalidApiVersionParameter"}})
    return Response(
        200,
        {
            "name": "Emulator",
            "portal": request.base,
            # Never contacted: nothing here manages Azure resources.
            "resourceManager": "https://127.0.0.1:1",
            "microsoftGraphResourceId": f"{request.base}/",
            "authentication": {
                "loginEndpoint": request.base,
                "audiences": [f"{request.base}/management"],
                "tenant": "common",
                "identityProvider": "AAD",
            },
        },
    )


def token(request: Request, entra: dict[str, Json], world: World) -> Response:
    """`/{tenant}/oauth2/v2.0/token`: client credentials by secret or assertion."""
    try:
        return _token(request, entra, world)
    except LoginError as error:
        return _error_response(request, error)


def login_error(request: Request, status: int) -> Response:
    """What the endpoint says when it is unwell."""
    error = LoginError(
        status, "temporarily_unavailable", 90033, "A transient error has occurred. Try again."
    )
    return _error_response(request, error)


def _token(request: Request, entra: dict[str, Json], world: World) -> Response:
    form = request.form if request.is_form else {}
    _check_tenant(request.segments[0], entra)
    for name in ("grant_type", "client_id", "scope"):
        if not form.get(name):
            raise LoginError(
                400,
                "invalid_request",
                900144,
                f"The request body must contain the following parameter: '{name}'.",
            )
    if form["grant_type"] != "client_credentials":
        raise LoginError(
            400,
            "unsupported_grant_type",
            70003,
            f"The app requested an unsupported grant type '{form['grant_type']}'.",
        )
    app = _application(form["client_id"], entra)
    _check_credential(request, form, app, entra, world)
    _check_scope(form["scope"], request, entra)
    access_token = issue(request, app, _principal(app, entra), entra, world)
    life = TOKEN_LIFE - 1
    return Response(
        200,
        {
            "token_type": "Bearer",
            "expires_in": life,
            "ext_expires_in": life,
            "access_token": access_token,
        },
        {"Cache-Control": "no-store, no-cache"},
    )


def issue(
    request: Request,
    app: dict[str, Json],
    principal: dict[str, Json],
    entra: dict[str, Json],
    world: World,
) -> str:
    """An access token of a principal, which counts from now on."""
    claims = _claims(request, app, principal, entra)
    world.tokens.entra.add(str(claims["uti"]))
    return jwt.encode(claims, world.tokens.key)


def _check_tenant(tenant: str, entra: dict[str, Json]) -> None:
    names = [entra["tenant_id"], *(d["id"] for d in entra["domains"] if d["isVerified"])]
    if tenant.lower() not in [name.lower() for name in names]:
        raise LoginError(
            400,
            "invalid_request",
            90002,
            f"Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and "
            "are signing into the correct cloud.",
        )


def _application(client_id: str, entra: dict[str, Json]) -> dict[str, Json]:
    for app in entra["applications"].values():
        if app["appId"] == client_id.lower():
            found: dict[str, Json] = app
            return found
    name = entra["organization"]["displayName"]
    raise LoginError(
        400,
        "unauthorized_client",
        700016,
        f"Application with identifier '{client_id}' was not found in the directory '{name}'. This "
        "can happen if the application has not been installed by the administrator of the tenant "
        "or consented to by any user in the tenant.",
    )


def _check_credential(
    request: Request,
    form: dict[str, str],
    app: dict[str, Json],
    entra: dict[str, Json],
    world: World,
) -> None:
    if form.get("client_secret"):
        _check_secret(form["client_secret"], app, entra)
    elif form.get("client_assertion"):
        url = f"{request.base}{request.path}"
        check_assertion(form, app, entra.get("certificates", {}), url, world.builds)
    else:
        raise invalid_client(
            7000216,
            "'client_assertion', 'client_secret' or 'request' is required for the "
            "'client_credentials' grant type.",
        )


def _check_secret(secret: str, app: dict[str, Json], entra: dict[str, Json]) -> None:
    digest = digest_of(secret)
    for credential in app["passwordCredentials"]:
        if hmac.compare_digest(entra["secrets"].get(credential["keyId"], ""), digest):
            if credential["endDateTime"] <= timestamp():
                raise invalid_client(
                    7000222,
                    f"The provided client secret keys for app '{app['appId']}' are expired.",
                )
            return
    raise invalid_client(
        7000215,
        "Invalid client secret provided. Ensure the secret being sent in the request is the "
        "client secret value, not the client secret ID, for a secret added to app "
        f"'{app['appId']}'.",
    )


def _check_scope(scope: str, request: Request, entra: dict[str, Json]) -> None:
    resource, suffix, rest = scope.partition("/.default")
    if not suffix or rest or " " in scope:
        raise LoginError(
            400,
            "invalid_scope",
            1002012,
            f"The provided value for scope {scope} is not valid. Client credential flows must "
            "have a scope value with /.default suffixed to the resource identifier "
            "(application ID URI).",
        )
    check_resource(resource, request, entra)


def check_resource(resource: str, request: Request, entra: dict[str, Json]) -> None:
    """Raises LoginError unless the resource is Microsoft Graph, the only one there is."""
    port = request.base.rpartition(":")[2]
    known = (f"https://127.0.0.1:{port}", f"https://localhost:{port}", GRAPH_APP_ID)
    if resource.rstrip("/") not in known:
        name = entra["organization"]["displayName"]
        raise LoginError(
            400,
            "invalid_resource",
            500011,
            f"The resource principal named {resource} was not found in the tenant named {name}.",
        )


def _principal(app: dict[str, Json], entra: dict[str, Json]) -> dict[str, Json]:
    for principal in entra["servicePrincipals"].values():
        if principal["appId"] != app["appId"]:
            continue
        if not principal["accountEnabled"]:
            raise LoginError(
                401,
                "unauthorized_client",
                7000112,
                f"Application '{app['appId']}'({app['displayName']}) is disabled.",
            )
        found: dict[str, Json] = principal
        return found
    raise invalid_client(
        7000229,
        f"The client application {app['appId']} is missing service principal in the tenant "
        f"{entra['tenant_id']}.",
    )


def _claims(
    request: Request, app: dict[str, Json], principal: dict[str, Json], entra: dict[str, Json]
) -> dict[str, Json]:
    now = int(time.time())
    return {
        "aud": f"{request.base}/",
        "iss": f"{request.base}/{entra['tenant_id']}/",
        "iat": now,
        "nbf": now,
        "exp": now + TOKEN_LIFE,
        "app_displayname": app["displayName"],
        "appid": app["appId"],
        "idtyp": "app",
        "oid": principal["id"],
        "sub": principal["id"],
        "roles": roles_of(principal["id"], entra),
        "tid": entra["tenant_id"],
        "uti": uuid.uuid4().hex,
        "ver": "1.0",
    }


def roles_of(principal_id: str, entra: dict[str, Json]) -> list[str]:
    """The Graph application permissions that are assigned to a principal."""
    graph = graph_principal(entra)
    names = {role["id"]: role["value"] for role in graph["appRoles"]}
    return sorted(
        names[assignment["appRoleId"]]
        for assignment in entra["appRoleAssignments"].values()
        if (assignment["principalId"], assignment["resourceId"]) == (principal_id, graph["id"])
        and assignment["appRoleId"] in names
    )


def graph_principal(entra: dict[str, Json]) -> dict[str, Json]:
    """Microsoft Graph's own service principal."""
    principals = entra["servicePrincipals"].values()
    found: dict[str, Json] = next(p for p in principals if p["appId"] == GRAPH_APP_ID)
    return found


def digest_of(secret: str) -> str:
    """Secrets are kept as digests: the state can be shown and saved."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _error_response(request: Request, error: LoginError) -> Response:
    stamp = time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime())
    trace, correlation = request.request_id, str(uuid.uuid4())
    return Response(
        error.status,
        {
            "error": error.error,
            "error_description": f"AADSTS{error.number}: {error.text} Trace ID: {trace} "
            f"Correlation ID: {correlation} Timestamp: {stamp}",
            "error_codes": [error.number],
            "timestamp": stamp,
            "trace_id": trace,
            "correlation_id": correlation,
            "error_uri": f"{request.base}/error?code={error.number}",
        },
    )
