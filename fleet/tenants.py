"""A tenant by its name: its file, what that declares, and its credentials."""

from fleet import pulumi
from fleet.changed import tenant_of
from services.settings import Settings
from tenant import declaration
from tenant.errors import DeclarationError
from tenant.model import Tenant


def tenant_names() -> list[str]:
    """Every tenant that has a file."""
    files = (pulumi.ROOT / "stacks").glob("Pulumi.*.yaml")
    return sorted(name for file in files if (name := tenant_of(file)) is not None)


def declared_by(tenant: str) -> Tenant:
    """What the tenant's file declares.

    Raises DeclarationError: one line on why the file cannot be used, or not even read.
    """
    file = pulumi.stack_file(tenant)
    shown = str(file.relative_to(pulumi.ROOT))
    try:
        return declaration.parse_file(file.read_text(encoding="utf-8"), shown)
    except OSError as error:
        raise DeclarationError(shown, "", str(error.strerror)) from None
    except UnicodeDecodeError:
        raise DeclarationError(shown, "", "is not UTF-8 text") from None


def settings_of(tenant: str) -> Settings:
    """Credentials of the environment and of the tenant's file; encrypted ones need its stack.

    Raises PulumiFailed.
    """
    known = pulumi.run("stack", "--show-name", stack=tenant, check=False).code == 0
    return pulumi.settings(tenant) if known else pulumi.settings_of_file(tenant)
