"""Every way to sign in to the emulated Entra: the environment of each, and the secrets in it."""

import functools
import os
import sys
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from emulator import Emulator
from emulator.seed_entra import AUTOMATION_ROLES
from tests.signing import Certificate

PASSWORD = "CANARY~archive+password/1"

# Azure CLI as far as sign-in goes: `az login --service-principal` was run with what is in
# AZURE_CONFIG_DIR. The token it gives is asked of the emulated Entra each time.
_AZ = """#!{python}
import json, os, ssl, sys, time, urllib.parse, urllib.request
from pathlib import Path

def options(names):
    given = dict(zip(sys.argv, sys.argv[1:]))
    return next((given[name] for name in names if name in given), None)

session = Path(os.environ.get("AZURE_CONFIG_DIR", "/nowhere"), "session.json")
if sys.argv[1:2] == ["version"]:
    print(json.dumps({{"azure-cli": "2.67.0", "azure-cli-core": "2.67.0", "extensions": {{}}}}))
    sys.exit()
if not session.is_file():
    sys.exit("ERROR: Please run 'az login' to setup account.")
who = json.loads(session.read_text())
if sys.argv[1:3] == ["account", "show"]:
    account = {{"tenantId": who["tenant"], "id": who["tenant"], "isDefault": True,
               "user": {{"name": who["client_id"], "type": "servicePrincipal"}}}}
    print(json.dumps(account))
    sys.exit()
assert sys.argv[1:3] == ["account", "get-access-token"], sys.argv
resource = options(["--resource"])
scope = options(["--scope"]) or resource + "/.default"
tenant = options(["--tenant"]) or who["tenant"]
form = {{"grant_type": "client_credentials", "client_id": who["client_id"],
        "client_secret": who["client_secret"], "scope": scope}}
tls = ssl.create_default_context(cafile=who["ca"])
opener = urllib.request.build_opener(
    urllib.request.ProxyHandler({{}}), urllib.request.HTTPSHandler(context=tls))
url = f"{{who['login']}}/{{tenant}}/oauth2/v2.0/token"
request = urllib.request.Request(url, urllib.parse.urlencode(form).encode(), {{"User-Agent": "az"}})
try:
    with opener.open(request) as answer:
        body = json.load(answer)
except urllib.error.HTTPError as error:
    sys.exit("ERROR: " + json.load(error)["error_description"])
expires = int(time.time()) + body["expires_in"]
print(json.dumps({{
    "accessToken": body["access_token"], "tokenType": "Bearer", "tenant": tenant,
    "expires_on": expires,
    "expiresOn": time.strftime("%Y-%m-%d %H:%M:%S.000000", time.localtime(expires)),
}}))
"""


@dataclass(frozen=True)
class Login:
    """What to set on top of `base`, and which secrets of it must be told nobody."""

    env: dict[str, str]
    secrets: list[str] = field(default_factory=list)


Kind = Callable[[Emulator, Path], Login]


def base(emulator: Emulator) -> dict[str, str]:
    """The emulator's environment without its own way to sign in to Entra."""
    return {name: value for name, value in emulator.env.items() if name != "ARM_CLIENT_SECRET"}


def secret(emulator: Emulator, _: Path) -> Login:
    value = emulator.env["ARM_CLIENT_SECRET"]
    return Login({"ARM_CLIENT_SECRET": value}, [value])


def secret_file(emulator: Emulator, folder: Path) -> Login:
    value = emulator.env["ARM_CLIENT_SECRET"]
    file = folder / "secret"
    file.write_text(f"{value}\n")
    return Login({"ARM_CLIENT_SECRET_FILE_PATH": str(file)}, [value])


@functools.cache
def the_certificate() -> Certificate:
    """One for all tests of a process: a key takes a moment to make."""
    return Certificate()


def certificate(emulator: Emulator, _: Path) -> Login:
    made = the_certificate()
    emulator.add_certificate(made.der)
    encoded = b64encode(made.archive(PASSWORD)).decode()
    env = {"ARM_CLIENT_CERTIFICATE": encoded, "ARM_CLIENT_CERTIFICATE_PASSWORD": PASSWORD}
    return Login(env, [encoded, PASSWORD])


def certificate_file(emulator: Emulator, folder: Path) -> Login:
    made = the_certificate()
    emulator.add_certificate(made.der)
    file = folder / "certificate.pfx"
    file.write_bytes(made.archive(PASSWORD))
    env = {
        "ARM_CLIENT_CERTIFICATE_PATH": str(file),
        "ARM_CLIENT_CERTIFICATE_PASSWORD": PASSWORD,
    }
    return Login(env, [PASSWORD])


def oidc_token(emulator: Emulator, _: Path) -> Login:
    token = emulator.world.builds.token()
    return Login({"ARM_USE_OIDC": "true", "ARM_OIDC_TOKEN": token}, [token])


def oidc_file(emulator: Emulator, folder: Path) -> Login:
    token = emulator.world.builds.token()
    file = folder / "token"
    file.write_text(token)
    return Login({"ARM_USE_OIDC": "true", "ARM_OIDC_TOKEN_FILE_PATH": str(file)}, [token])


def aks(emulator: Emulator, folder: Path) -> Login:
    env = oidc_file(emulator, folder).env
    del env["ARM_USE_OIDC"]
    env |= {"ARM_USE_AKS_WORKLOAD_IDENTITY": "true", "AZURE_TENANT_ID": emulator.tenant_id}
    return Login(env, [Path(env["ARM_OIDC_TOKEN_FILE_PATH"]).read_text()])


def github(emulator: Emulator, _: Path) -> Login:
    job = emulator.job_env
    return Login({"ARM_USE_OIDC": "true", **job}, [job["ACTIONS_ID_TOKEN_REQUEST_TOKEN"]])


def azure_devops(emulator: Emulator, _: Path) -> Login:
    pipeline = emulator.pipeline_env
    return Login({"ARM_USE_OIDC": "true", **pipeline}, [pipeline["SYSTEM_ACCESSTOKEN"]])


def managed_identity(emulator: Emulator, _: Path) -> Login:
    client = emulator.add_managed_identity("runner", AUTOMATION_ROLES)
    endpoint = f"{emulator.metadata_url}/metadata/identity/oauth2/token"
    env = {"ARM_USE_MSI": "true", "ARM_MSI_ENDPOINT": endpoint, "ARM_CLIENT_ID": client}
    return Login(env)


def cli(emulator: Emulator, folder: Path) -> Login:
    install_az(folder)
    session = folder / "azure"
    session.mkdir()
    value = emulator.env["ARM_CLIENT_SECRET"]
    text = (
        f'{{"client_id": "{emulator.env["ARM_CLIENT_ID"]}", "client_secret": "{value}", '
        f'"tenant": "{emulator.tenant_id}", "login": "{emulator.metadata_url}", '
        f'"ca": "{emulator.env["SSL_CERT_FILE"]}"}}'
    )
    (session / "session.json").write_text(text)
    env = {"ARM_USE_CLI": "true", "AZURE_CONFIG_DIR": str(session), **path_with(folder)}
    return Login(env, [value])


def install_az(folder: Path) -> None:
    """An `az` in `folder`, signed in where AZURE_CONFIG_DIR has a session."""
    (folder / "bin").mkdir(exist_ok=True)
    file = folder / "bin" / "az"
    file.write_text(_AZ.format(python=sys.executable))
    file.chmod(0o755)


def path_with(folder: Path) -> dict[str, str]:
    """PATH with the `az` of `folder` before all else."""
    return {"PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"}


KINDS: dict[str, Kind] = {
    "certificate": certificate,
    "certificate file": certificate_file,
    "secret": secret,
    "secret file": secret_file,
    "OIDC token": oidc_token,
    "OIDC token file": oidc_file,
    "AKS": aks,
    "Azure DevOps": azure_devops,
    "GitHub": github,
    "managed identity": managed_identity,
    "Azure CLI": cli,
}
