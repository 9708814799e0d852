"""The article's settings, which only Zoom's portal has: declared here, set by a person.

Nothing is read or written. The resource is there so that a change of who consents shows in the
reviewed diff on Zoom's side too; what is still to be clicked is a warning on its component.
"""

import pulumi
from pulumi.dynamic import Resource

from providers.shared import Props, SharedProvider


class CalendarIntegrationProvider(SharedProvider):
    """Keeps what is declared; says nothing about what the portal shows."""

    side = "zoom"
    identity = ("account",)

    def object_id(self, props: Props) -> str:
        return f"{props['account']}/calendar"

    def live(self, props: Props) -> Props:
        return {name: value for name, value in props.items() if name not in self.output_only}

    def restore(self, props: Props, live: Props) -> bool:
        return False  # nothing was written, so there is nothing to put back


class CalendarIntegration(Resource, module="zoom", name="CalendarIntegration"):
    """What the portal should show, by this project's names for the settings."""

    def __init__(self, name: str, props: Props, opts: pulumi.ResourceOptions | None = None):
        super().__init__(CalendarIntegrationProvider(), name, props, opts)
