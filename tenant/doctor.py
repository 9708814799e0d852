"""Why users are refused: causes with evidence, ranked, each with what to do about it. Pure.

services/doctor.py reads the case; `python -m fleet doctor` shows what is found.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from tenant.aadsts import CODES
from tenant.consent_policies import Unread
from tenant.doctor_case import UNASKED, Case, Cause, User
from tenant.doctor_causes import IN_ORDER, zoom_asks
from tenant.effective import Finding, Principal, unread_parts
from tenant.matching import Verdict


@dataclass(frozen=True)
class Diagnosis:
    """What the doctor says. facts: what it rests on. unknown: what could not be read, and why.

    error: the code that was asked about; others: how many causes are not about it. rules: which
    rules are broken besides, a line each; none of them refuses users. partial: whether the domains,
    or something of the user who was asked for, could not be read.
    """

    verdict: Verdict
    facts: tuple[Finding, ...]
    causes: tuple[Cause, ...]
    unknown: tuple[str, ...]
    error: str | None = None
    others: int = 0
    rules: tuple[str, ...] = ()
    partial: bool = False

    @property
    def exit_code(self) -> int:
        """3 a cause was found, 4 it cannot be told, 0 nothing refuses users."""
        if any(cause.certainty == "found" for cause in self.causes):
            return 3
        unexplained = self.error is not None or self.partial
        return 4 if self.causes or unexplained or self.verdict.match != "match" else 0


def diagnose(case: Case, error: str | None = None) -> Diagnosis:
    """The causes in the order in which a sign-in meets them, those that are certain first."""
    found = [_fitting(case, cause) for find in IN_ORDER if (cause := find(case)) is not None]
    found.sort(key=lambda cause: cause.certainty == "possible")
    told = [cause for cause in found if error is None or error in cause.codes]
    deciding = _unread(
        {"verified domains": case.verified, "the user": case.user, **_parts_of(case.user)}
    )
    parts = {
        **unread_parts(case.facts),
        **_unread({"what users consented to": case.asked, "other applications": case.others}),
        **deciding,
    }
    unknown = [f"{name}: {why}" for name, why in parts.items()]
    asks = case.verdict.asks
    if asks.value is None:
        unknown.append(f"Zoom's consent setting: {asks.reason}")
    facts = (*case.verdict.answer.findings, *_of_user(case), zoom_asks(case))
    return Diagnosis(
        case.verdict,
        facts,
        tuple(told),
        tuple(unknown),
        error,
        others=len(found) - len(told),
        rules=case.rules,
        partial=bool(deciding),
    )


def _unread(parts: Mapping[str, object]) -> dict[str, str]:
    return {
        name: part.why
        for name, part in parts.items()
        if isinstance(part, Unread) and part != UNASKED
    }


def _parts_of(user: object) -> dict[str, object]:
    if not isinstance(user, User):
        return {}
    return {"what the user consented to": user.granted, "the user's assignment": user.assigned}


def _fitting(case: Case, cause: Cause) -> Cause:
    """The cause for this tenant and this user."""
    principal, user = case.facts.principal, case.user
    if isinstance(principal, Principal) and principal.assignment_required:
        # Such an application needs an administrator's consent, whatever users may do.
        cause = replace(cause, fixes=tuple(fix for fix in cause.fixes if fix.solution != "1"))
    if cause.name not in ("users-may-not-consent", "nobody-consented", "grant-lacks"):
        return cause
    alone = user.granted if isinstance(user, User) else Unread("")
    if isinstance(alone, Unread) or not alone >= set(case.facts.permissions):
        return cause
    told = Finding("this user has consented alone to all of it", "oauth2PermissionGrants")
    return replace(cause, certainty="possible", evidence=(*cause.evidence, told))


def _of_user(case: Case) -> list[Finding]:
    user = case.user
    if not isinstance(user, User):
        return []
    if isinstance(user.granted, Unread):
        granted = f"unknown: {user.granted.why}"
    else:
        granted = ", ".join(sorted(user.granted)) or "nothing"
    assigned = {True: "yes", False: "no"}.get(user.assigned is True)
    if isinstance(user.assigned, Unread):
        assigned = f"unknown: {user.assigned.why}"
    return [
        Finding(f"{user.name} has consented alone to: {granted}", "oauth2PermissionGrants"),
        Finding(f"{user.name} is assigned to the application: {assigned}", "appRoleAssignments"),
    ]


def explained(error: str | None) -> str:
    """What an error's number means, in a sentence; '' for none."""
    if error is None:
        return ""
    code = CODES.get(error)
    if code is None:
        return f"AADSTS{error} is none that is known here."
    return f"{code}: {code.says}."
