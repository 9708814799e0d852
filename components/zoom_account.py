"""Zoom's side: settings and locks over its API, and what only a person can set in its portal."""

import copy
import dataclasses
import datetime
import json
import os
from typing import Any

import pulumi

from components.prior import with_prior
from providers.engine import ADOPTING
from providers.values import leaves, set_leaf
from providers.zoom.calendar import CalendarIntegration
from providers.zoom.preflight import Preflight
from providers.zoom.settings import AccountLocks, AccountSettings
from tenant.calendar import (
    Check,
    attestations_required,
    check_attestations,
    counted,
    declared_settings,
    in_portal,
    portal_steps,
)
from tenant.model import Tenant
from tenant.paths import by_path
from tenant.preflight import wanted


class ZoomAccount(pulumi.ComponentResource):
    """What the tenant's Zoom account should be like."""

    checks: list[Check]
    steps: list[str]

    def __init__(self, tenant: Tenant, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("zoom-calendar:index:ZoomAccount", "zoom", {}, opts)
        zoom = tenant.zoom
        key = {"account": zoom.account}
        paths = by_path(tenant, declared_settings(tenant))
        settings = copy.deepcopy(zoom.settings)
        for path, value in paths.items():
            set_leaf(settings, path, value)
        # Both are there even with nothing declared: the last setting that leaves the file is then
        # managed no more, like every other one, and not given back as if all were destroyed.
        self.documents: list[Any] = [
            with_prior(
                make,
                name,
                key,
                tree,
                parent=self,
                on_destroy=tenant.on_destroy,
                leaves=sorted(path for path, _ in leaves(tree)),
            )
            for make, name, tree in (
                (AccountSettings, "zoom-settings", settings),
                (AccountLocks, "zoom-locks", zoom.locks),
            )
        ]
        self._preflight(tenant)
        calendar = in_portal(tenant)
        if calendar:
            CalendarIntegration(
                "zoom-calendar-integration",
                {**key, "channel": "attested", **calendar},
                pulumi.ResourceOptions(parent=self),
            )
        self.checks = check_attestations(tenant, datetime.date.today())
        self.steps = portal_steps(self.checks)
        self._count(len(paths))
        if self.steps and attestations_required(tenant) and _is_preview():
            raise pulumi.RunError(
                f"attestations are required, and {len(self.steps)} of {len(self.checks)} settings "
                "have none that counts. A person sets them in Zoom's portal and attests to them "
                "(python -m fleet attest):\n" + "\n".join(self.steps)
            )
        if self.steps:
            pulumi.log.warn(
                f"{len(self.steps)} of {len(self.checks)} settings need a person in Zoom's portal, "
                "who then attests to them in the tenant's file:\n" + "\n".join(self.steps),
                self,
            )
        self.register_outputs({})

    def _preflight(self, tenant: Tenant) -> None:
        asked = {**dataclasses.asdict(wanted(tenant)), "domains": list(tenant.domains)}
        preflight = Preflight("zoom-preflight", asked, pulumi.ResourceOptions(parent=self))

        def warn(open_rows: str | None) -> None:
            lines = json.loads(open_rows or "[]")
            if lines:
                pulumi.log.warn("preflight:\n" + "\n".join(f"- {line}" for line in lines), self)

        preflight.open.apply(warn)

    def _count(self, by_path: int) -> None:
        """Says how the calendar's settings are known; what has a path is known once it is read."""
        if not self.checks and not by_path:
            return

        def say(read: int) -> None:
            pulumi.log.info(counted(self.checks, read, by_path - read), self)

        def when_read(id_: Any) -> None:
            # A preview knows the id of what is in state, which the refresh has read. It does not
            # know outputs that are not set, so `unknown` is text where the read failed.
            exists = isinstance(id_, str)
            settings.unknown.apply(
                lambda text: say(by_path if exists and not isinstance(text, str) else 0), True
            )

        settings = self.documents[0]
        if by_path:
            settings.id.apply(when_read, True)
        else:
            say(0)


def _is_preview() -> bool:
    """Only a preview fails: `up --skip-preview` is the way out, and adopting writes nothing."""
    return pulumi.runtime.is_dry_run() and not os.environ.get(ADOPTING)
