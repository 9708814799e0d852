"""Whether Zoom and Entra match, now and after an update, and what users meet in between. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from tenant.calendar import Check
from tenant.desired import USER_POLICIES
from tenant.matching import NEED_APPROVAL, USERS_CAN_CONSENT, Asks, Verdict
from tenant.model import Tenant
from tenant.user_policy import PROPAGATION, Told

_WAIT = "up to about 30 minutes"


@dataclass(frozen=True)
class Outlook:
    """Both verdicts; `moved`: whether consent is to be for another application than before."""

    now: Verdict
    after: Verdict
    moved: bool


def asks_after(asks: Asks, checks: list[Check]) -> Asks:
    """Zoom's setting once the declaration is applied: as declared where a service sets it.

    What a service could not read it does not set either, and what a person sets stays as they said.
    """
    check = next((one for one in checks if one.setting.name == USERS_CAN_CONSENT), None)
    if check is None or check.standing not in ("verified", "pending"):
        return asks
    if asks.value in (None, check.declared):
        return asks
    return replace(asks, value=check.declared, standing="declared", reason="this update sets it")


def told_before(outlook: Outlook, tenant: Tenant) -> Told:
    """What a preview says: one line where the update changes nothing of it, else two."""
    now, after = outlook.now, outlook.after
    lines = [(f"consent: {now.sentence}", not now.as_declared)]
    if after.sentence != now.sentence:
        wrong = not after.as_declared
        lines = [
            (f"consent now: {now.sentence}", wrong or now.match == "mismatch"),
            (_after(outlook), wrong),
        ]
    lines += [(f"consent: {text}", True) for text in _windows(outlook, tenant)]
    lines += [(f"consent: {text}", False) for text in _notes(outlook, tenant)]
    return Told(tuple(lines))


def told_at_the_end(outlook: Outlook) -> Told:
    """What an `up` says once all is written."""
    return Told(((_after(outlook), not outlook.after.as_declared),))


def _after(outlook: Outlook) -> str:
    counts = _other_policies(outlook) and not outlook.after.answer.granted
    late = f" ({PROPAGATION})" if counts else ""
    return f"consent after this update: {outlook.after.sentence}{late}"


def _other_policies(outlook: Outlook) -> bool:
    """Whether users may consent, but by none of the policies that let them consent now."""
    now, after = outlook.now.answer.policies, outlook.after.answer.policies
    return bool(after) and not set(now) & set(after)


def _windows(outlook: Outlook, tenant: Tenant) -> Iterator[str]:
    """What keeps users from the calendar for a while only, and what to do instead."""
    now, after = outlook.now, outlook.after
    served = now.answer.granted and now.answer.may_enter is not False and not now.asks.value
    if outlook.moved:
        yield (
            "the application changes: what was consented to for the last one does not count for "
            "this one, and what this stack granted or allowed the last one goes with this update. "
            "Have Zoom use this one on the same day; to keep the last one's grant meanwhile, run "
            "`pulumi up` with `onDestroy: leave` before, and take it away by hand later"
        )
    elif tenant.consent.by == "user":
        if served and after.answer.may_consent is not False:
            yield from _from_admin(outlook, tenant)
        elif now.answer.policies and _other_policies(outlook) and after.asks.value is not False:
            yield _replaced(outlook, tenant)
    elif now.answer.may_consent and not after.answer.may_consent and after.asks.value is not False:
        yield (
            "Zoom may go on asking its users until a person turns that off, and this update may "
            "take away what lets them consent: those who have not yet would then meet "
            f"{NEED_APPROVAL}. Keep `userPolicy: {_named(now.answer.policies)}` until Zoom asks "
            "nobody"
        )


def _from_admin(outlook: Outlook, tenant: Tenant) -> Iterator[str]:
    """The administrator's grant serves users now; it goes, or Zoom no longer relies on it."""
    after, late = outlook.after, _other_policies(outlook)
    by_hand = after.asks.value is not True
    if not (late or by_hand) or (by_hand and after.answer.granted):
        return
    why, steps = [], []
    if late:
        value = tenant.consent.effective_user_policy
        why.append(f"Entra takes {_WAIT} to let users consent")
        steps.append(f"declare `userPolicy: {value}` under `by: admin`, run `pulumi up` and wait")
    if by_hand:
        perhaps = "perhaps " if after.asks.value is None else ""
        why.append(f"{perhaps}Zoom does not ask them until a person turns that on")
        steps.append("turn on in Zoom that users can consent")
    sure = after.answer.granted is False or after.asks.value
    serves = "no longer serves" if sure else "may no longer serve"
    yield (
        f"from this update the administrator's consent {serves} users, and {', and '.join(why)}: "
        f"until then they cannot use the calendar. Instead, first {', then '.join(steps)}; declare "
        "`by: user` after that"
    )


def _replaced(outlook: Outlook, tenant: Tenant) -> str:
    old, new = (_named(one.answer.policies) for one in (outlook.now, outlook.after))
    return (
        f"{old} is replaced by {new}. For {_WAIT} Entra may still go by the one or not yet by the "
        f"other, and users who have not consented yet may meet {NEED_APPROVAL}. To spare them, "
        f"declare `by: admin` with `userPolicy: {tenant.consent.effective_user_policy}` meanwhile"
    )


def _named(policies: tuple[str, ...]) -> str:
    """The values of `userPolicy` that these policies are; an id where none is."""
    names = {policy: value for value, policy in USER_POLICIES.items()}
    return ", ".join(names.get(one.casefold(), one) for one in policies)


def _notes(outlook: Outlook, tenant: Tenant) -> Iterator[str]:
    now, after = outlook.now.answer, outlook.after.answer
    if tenant.consent.by == "admin" and now.may_consent and not now.granted and after.granted:
        yield (
            "what users have consented to for themselves stays in Entra beside the company's grant,"
            " and lets Zoom read their calendars also without it, until it is taken away user by "
            "user"
        )
