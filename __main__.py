"""One tenant: its declaration in, its resources out."""

from pathlib import Path

import pulumi

from components.tenant import Tenant
from providers.engine import collect_rarely, shorten_errors
from services.settings import misspelt_variables
from tenant import declaration
from tenant.errors import DeclarationError
from tenant.stack_keys import KEY, PROJECT

collect_rarely()
file = f"stacks/Pulumi.{pulumi.get_stack()}.yaml"
value = pulumi.Config(PROJECT).get_object("tenant")
try:
    if value is None:
        raise DeclarationError(file, f"config.{KEY}", "is missing")
    if Path(file).exists():
        # The whole file, too: the engine says nothing of a misspelt key beside the tenant's.
        declaration.parse_file(Path(file).read_text(encoding="utf-8"), file)
    declared = declaration.parse(value, file)
except DeclarationError as error:
    # RunError: one line for a person, no traceback.
    raise pulumi.RunError(str(error)) from None

for line in misspelt_variables():
    pulumi.log.warn(line)
tenant = Tenant(declared)
pulumi.export("consent", declared.consent.by)
pulumi.export("needs_a_person", tenant.zoom.steps)
# Last: Pulumi's constructors of resources look at the stack, and hang without one.
shorten_errors()
