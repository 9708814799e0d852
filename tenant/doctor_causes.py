"""The causes that the doctor knows: each looks at a case, and says what it finds or None.

What a cause proposes are the article's two solutions (tenant/doctor_fixes.py), where they help.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

from tenant.consent_policies import Unread
from tenant.doctor_case import Case, Cause, Certainty, User
from tenant.doctor_fixes import correct, entra, solution_1, solution_2, yaml
from tenant.effective import Finding, Principal, effective, lacking, unpublished
from tenant.spelling import did_you_mean, meant

_PRINCIPALS, _RISKY = "servicePrincipals", "allowUserConsentForRiskyApps"


def _unknown_user(case: Case) -> Cause | None:
    if case.user is not None:
        return None
    evidence = Finding("the tenant has no user of this name", "users")
    fix = correct(case.tenant, "Use the user's name in Entra (userPrincipalName)", "")
    return Cause("user-absent", "found", "The user is not in this tenant", (evidence,),
                 ("50020", "50034"), (fix,))  # fmt: skip


def _disabled_user(case: Case) -> Cause | None:
    if not isinstance(case.user, User) or case.user.enabled:
        return None
    evidence = Finding(f"{case.user.name} is disabled", "users")
    fix = entra("Enable the account in Entra > Users", "a User Administrator", "a few minutes")
    title = "The user's account is disabled"
    return Cause("user-disabled", "found", title, (evidence,), ("50057",), (fix,))


def _domains(case: Case) -> Cause | None:
    if isinstance(case.verified, Unread):
        return None
    known = {domain.casefold() for domain in case.verified}
    missing = [domain for domain in case.tenant.domains if domain.casefold() not in known]
    if not missing:
        return None
    evidence = Finding(f"not among the verified domains: {', '.join(missing)}", "organization")
    left = [domain for domain in case.tenant.domains if domain not in missing]
    fixes = (
        entra(
            "Verify the domain in Entra under Settings > Domain names",
            "a Domain Name Administrator, and whoever manages the domain's DNS",
            "until DNS shows the record, minutes to days",
        ),
        correct(
            case.tenant,
            "Or correct domains, or the tenant (ARM_TENANT_ID), if it is another company's",
            yaml({"domains": left or ["the tenant's own domains"]}),
        ),
    )
    title = f"Users of {', '.join(missing)} sign in elsewhere: the domain is not verified"
    return Cause("domain-not-verified", "found", title, (evidence,), ("50020", "50034"), fixes)


def _wrong_client_id(case: Case) -> Cause | None:
    if case.facts.principal is not None or not isinstance(case.others, Mapping) or not case.others:
        return None
    if case.tenant.application.source == "registered":
        return None
    named = [f"{name} ({id_})" for id_, name in case.others.items()]
    evidence = (
        Finding(f"no service principal of {case.facts.client_id}", "servicePrincipals"),
        Finding(f"there are {', '.join(named)}", "servicePrincipals"),
    )
    fix = correct(
        case.tenant,
        "If Zoom's calendar uses another of its applications here, name that one",
        yaml({"application": {"source": "zoom", "clientId": next(iter(case.others))}}),
    )
    title = "The client id may be another application's than the one Zoom uses here"
    return Cause("wrong-client-id", "possible", title, evidence, ("700016", "650056"), (fix,))


def _absent(case: Case) -> Cause | None:
    if case.facts.principal is not None:
        return None
    # The first user's consent adds the application, so where users may it is no obstacle.
    comes = case.verdict.answer.may_consent is not False and case.verdict.asks.value is not False
    evidence = (Finding(f"no service principal of {case.facts.client_id}", "servicePrincipals"),)
    by_zoom = solution_2(
        case.tenant,
        "`python -m fleet portal authorize TENANT` walks to Zoom's page that adds it and asks for "
        "the administrator's consent",
        {"application": {"source": "zoom", "ensurePrincipal": True}}
        if case.tenant.application.source == "zoom"
        else {},
    )
    first = solution_1(case.tenant, "It comes with the first user's consent, once users may")
    title = "Zoom's application is not in the tenant"
    certainty: Certainty = "possible" if comes else "found"
    return Cause("application-absent", certainty, title, evidence,
                 ("700016", "650056", "65001"), (first, by_zoom))  # fmt: skip


def _disabled(case: Case) -> Cause | None:
    principal = case.facts.principal
    if not isinstance(principal, Principal) or (principal.enabled and not principal.stopped):
        return None
    evidence = tuple(one for one in case.verdict.answer.findings if one.source == _PRINCIPALS)
    if principal.stopped:
        fix = entra(
            "Ask Zoom and Microsoft why: Microsoft disabled the application for all tenants",
            "Zoom's support",
            "not in your hands",
        )
    else:
        fix = entra(
            'Enterprise applications > the application > Properties: "Enabled for users to '
            'sign-in?": Yes',
            "a Cloud Application Administrator",
            "a few minutes",
        )
    title = "The application is disabled, so it refuses everybody"
    return Cause("application-disabled", "found", title, evidence, ("7000112",), (fix,))


def _assignment(case: Case) -> Cause | None:
    principal, user = case.facts.principal, case.user
    if not isinstance(principal, Principal) or not principal.assignment_required:
        return None
    if isinstance(user, User) and user.assigned is True and case.verdict.answer.granted:
        return None
    evidence = [Finding("the application takes only assigned users", _PRINCIPALS)]
    certainty: Certainty = "possible"
    if isinstance(user, User) and isinstance(user.assigned, bool):
        certainty = "found"
        word = "is" if user.assigned else "is not"
        evidence.append(Finding(f"{user.name} {word} assigned", "users/appRoleAssignments"))
    elif case.facts.someone_assigned is False:
        certainty = "found"
        evidence.append(Finding("nobody is assigned", "appRoleAssignedTo"))
    elif case.verdict.answer.granted is False:
        certainty = "found"
    codes = ["50105"]
    fixes = [
        entra(
            "Enterprise applications > the application > Users and groups: assign them; or "
            'Properties: "Assignment required?": No',
            "a Cloud Application Administrator, or the application's owner",
            "a few minutes; users sign in again",
        )
    ]
    if case.verdict.answer.granted is not True:
        codes += ["90094", "65001"]
        evidence.append(Finding("users may never consent alone to such an application", "Entra"))
        fixes.append(solution_2(case.tenant, "And consent for the company"))
    title = "The application takes only users who are assigned to it"
    return Cause("not-assigned", certainty, title, tuple(evidence), tuple(codes), tuple(fixes))


def _unpublished(case: Case) -> Cause | None:
    missing = unpublished(case.facts)
    if not missing:
        return None
    known = () if isinstance(case.facts.published, Unread) else case.facts.published
    hinted = ", ".join(f"{name}{did_you_mean(name, known)}" for name in missing)
    evidence = (Finding(f"Microsoft Graph has no {hinted}", _PRINCIPALS),)
    corrected = {name: meant(name, known) if name in missing else name
                 for name in case.facts.permissions}  # fmt: skip
    unclear = [name for name, one in corrected.items() if one is None]
    left = list(dict.fromkeys(one for one in corrected.values() if one is not None))
    fix = correct(
        case.tenant,
        f"Correct {', '.join(missing)}"
        + (f"; what {', '.join(unclear)} should be is for you to say" if unclear else ""),
        yaml({"consent": {"permissions": left or ["Calendars.ReadWrite"]}}),
    )
    title = f"There is no delegated permission {', '.join(missing)}"
    return Cause("permission-unpublished", "found", title, evidence, ("650053",), (fix,))


def _loop(case: Case) -> Cause | None:
    answer, asks = case.verdict.answer, case.verdict.asks
    if not (asks.value and answer.granted and answer.may_consent is False):
        return None
    evidence = (zoom_asks(case), *_who_consents(case))
    fixes = (
        solution_2(case.tenant, "Let Zoom stop asking: the administrator has consented already"),
        solution_1(case.tenant, "Or let users consent as well, which is what Zoom asks them for"),
    )
    title = 'Users meet "Need admin approval" again and again, although an administrator approved'
    return Cause("consent-loop", "found", title, evidence, ("90094", "90093", "65001"), fixes)


def _users_may_not(case: Case) -> Cause | None:
    answer, asks = case.verdict.answer, case.verdict.asks
    if answer.may_consent is not False or answer.granted is not False or asks.value is False:
        return None
    if lacking(case.facts) != list(case.facts.permissions) and not asks.value:
        return None  # there is a grant, and it lacks something: told below
    evidence = (zoom_asks(case), *_who_consents(case))
    fixes = (
        solution_1(case.tenant, "Let users consent to exactly this application"),
        solution_2(case.tenant, "Or consent once for the company, and let Zoom stop asking"),
    )
    title = "Users may not consent, and nobody has consented for them"
    return Cause("users-may-not-consent", "found", title, evidence,
                 ("90094", "90093", "65001", "650056"), fixes)  # fmt: skip


def _nobody_consented(case: Case) -> Cause | None:
    answer, asks = case.verdict.answer, case.verdict.asks
    if asks.value is not False or answer.granted is not False:
        return None
    if lacking(case.facts) != list(case.facts.permissions):
        return None
    evidence = (zoom_asks(case), *_who_consents(case))
    fixes = (
        solution_2(case.tenant, "Consent once for the company"),
        solution_1(case.tenant, "Or let Zoom ask its users, and let them consent"),
    )
    title = "Zoom asks nobody, and nobody has consented for the company"
    return Cause("nobody-consented", "found", title, evidence, ("65001", "90094", "650056"), fixes)


def _grant_lacks(case: Case) -> Cause | None:
    lacks, answer = lacking(case.facts), case.verdict.answer
    if not lacks or len(lacks) == len(case.facts.permissions):
        return None
    if case.verdict.asks.value and answer.may_consent is not False:
        return None
    evidence = tuple(one for one in answer.findings if one.source == "oauth2PermissionGrants")
    fixes = (
        solution_2(case.tenant, f"Consent for the company to {', '.join(lacks)} too"),
        solution_1(case.tenant, "Or let Zoom ask its users, and let them consent"),
    )
    title = f"The company's grant lacks {', '.join(lacks)}"
    # If Zoom asks, who may consent is not refused.
    sure = case.verdict.asks.value is False or answer.may_consent is False
    certainty: Certainty = "found" if sure else "possible"
    return Cause("grant-lacks", certainty, title, evidence, ("65001", "90094", "650056"), fixes)


def _asks_for_more(case: Case) -> Cause | None:
    if isinstance(case.asked, Unread) or isinstance(case.facts.granted, Unread):
        return None
    more = sorted(case.asked - set(case.facts.permissions) - case.facts.granted)
    whole = [*case.facts.permissions, *more]
    # Where users may consent to all of it too, it stops nobody.
    wider = effective(replace(case.facts, permissions=tuple(whole)))
    if not more or (case.verdict.asks.value and wider.may_consent):
        return None
    evidence = Finding(f"users' own grants also hold {', '.join(more)}", "oauth2PermissionGrants")
    fix = correct(
        case.tenant,
        "Declare what Zoom asks for, then `pulumi up`",
        yaml({"consent": {"permissions": whole}}),
    )
    title = f"Zoom may ask for more than is declared: {', '.join(more)}"
    return Cause("asks-for-more", "possible", title, (evidence,), ("65001", "90094"), (fix,))


def _no_sign_in(case: Case) -> Cause | None:
    if case.tenant.application.source != "registered" or "User.Read" in case.facts.permissions:
        return None
    evidence = Finding("consent.permissions has no User.Read", "the tenant's file")
    fix = correct(
        case.tenant,
        "Declare it, then `pulumi up`",
        yaml({"consent": {"permissions": [*case.facts.permissions, "User.Read"]}}),
    )
    title = "The registration asks for no permission to sign users in"
    return Cause("no-sign-in-permission", "possible", title, (evidence,),
                 ("90008", "650056"), (fix,))  # fmt: skip


def _risky(case: Case) -> Cause | None:
    principal, answer = case.facts.principal, case.verdict.answer
    if not isinstance(principal, Principal) or principal.publisher is not None:
        return None
    if not case.verdict.asks.value or not answer.may_consent or case.facts.risky_apps is not False:
        return None
    evidence = (
        Finding("its publisher is not verified", _PRINCIPALS),
        Finding("requests that Microsoft finds risky need an administrator", _RISKY),
    )
    title = "Microsoft may find the request risky, since the publisher is not verified"
    fixes = (solution_2(case.tenant, "Consent once for the company"),)
    return Cause("risky-request", "possible", title, evidence, ("90094", "90093"), fixes)


# In the order in which a sign-in meets them.
IN_ORDER: tuple[Callable[[Case], Cause | None], ...] = (
    _unknown_user,
    _disabled_user,
    _domains,
    _wrong_client_id,
    _absent,
    _disabled,
    _assignment,
    _unpublished,
    _loop,
    _users_may_not,
    _nobody_consented,
    _grant_lacks,
    _asks_for_more,
    _no_sign_in,
    _risky,
)


def zoom_asks(case: Case) -> Finding:
    """Zoom's setting as a fact."""
    asks = case.verdict.asks
    if asks.value is None:
        return Finding(f"whether Zoom asks its users is unknown: {asks.reason}", "Zoom")
    word = "asks" if asks.value else "does not ask"
    return Finding(f"Zoom {word} its users to consent ({asks.standing}: {asks.reason})", "Zoom")


def _who_consents(case: Case) -> list[Finding]:
    told = ("permissionGrantPolicies", "authorizationPolicy", "oauth2PermissionGrants",
            "adminConsentRequestPolicy")  # fmt: skip
    return [one for one in case.verdict.answer.findings if one.source in told]
