"""What users may consent to, as it is: read for the preview, never written."""

import json
from typing import Any

import pulumi
from pulumi.dynamic import CheckResult, CreateResult, Resource

from providers.clients import graph
from providers.shared import Props, SharedProvider, to_json
from services.entra.consent import AUTHORIZATION, POLICIES, policies_for_self
from services.errors import ServiceError, Unreadable
from services.permissions import AUTHORIZATION_READ, POLICY_READ
from tenant.user_policy import in_words

_PURPOSE = "what users may consent to"


class UserConsentSettingsProvider(SharedProvider):
    """Which policies are assigned to the users, and what each lets them consent to, in words.

    Nothing of it is declared, so no change of the file makes its outputs unknown to a preview.
    `found` are the policies that were assigned before this stack assigned any.
    """

    output_only = ("unknown", "assigned", "found")

    def object_id(self, props: Props) -> str:
        return "authorizationPolicy/users"

    def live(self, props: Props) -> Props:
        try:
            policies = graph().list_all(
                POLICIES, POLICY_READ, ahead=AUTHORIZATION, purpose=_PURPOSE
            )
        except Unreadable:
            policies = []  # which are assigned is worth more than what they say
        known = {str(policy.get("id")).lower(): policy for policy in policies}
        authorization = graph().get(AUTHORIZATION, AUTHORIZATION_READ, purpose=_PURPOSE)
        assigned = policies_for_self(authorization)
        return {
            "assigned": to_json([(key, in_words(key, known.get(key.lower()))) for key in assigned])
        }

    def check(self, _olds: Props, news: Props) -> CheckResult:
        if not _olds:
            # What is created has no outputs in a preview that the component could tell of.
            print(f"before, users can consent in Entra to: {_in_a_line(self)}", flush=True)
        return super().check(_olds, news)

    def create(self, props: Props) -> CreateResult:
        read = self.read(self.object_id(props), props)
        outs: dict[str, Any] = {**(read.outs or {}), **self.owner()}
        if "assigned" in outs:
            found = [key for key, _ in json.loads(outs["assigned"])]
            outs["found"] = to_json(found)
        return CreateResult(self.object_id(props), outs)

    def delete(self, _id: str, _props: Props) -> None:
        """Nothing was written, so there is nothing to put back."""


def _in_a_line(provider: UserConsentSettingsProvider) -> str:
    try:
        assigned = json.loads(provider.live({})["assigned"])
    except ServiceError as error:
        return f"not known ({error})"
    return "; ".join(f"{words} [{key}]" for key, words in assigned) or "nothing"


class UserConsentSettings(Resource, module="entra", name="UserConsentSettings"):
    """`assigned` is JSON text: a list of policy id and words; `found` one of policy ids."""

    unknown: pulumi.Output[str | None]
    assigned: pulumi.Output[str | None]
    found: pulumi.Output[str | None]

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None):
        nothing = dict.fromkeys(UserConsentSettingsProvider.output_only)
        super().__init__(UserConsentSettingsProvider(), name, nothing, opts)
