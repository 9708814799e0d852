"""From the text of a tenant's file to a checked `Tenant`, or one line that says what is wrong."""

import datetime
import re
from collections.abc import Hashable
from typing import Any, ClassVar, get_args

import msgspec
import yaml
from msgspec import UNSET

from tenant.catalogue import LOCKS, SETTINGS
from tenant.catalogue_check import check, shown
from tenant.consent_check import check_consent
from tenant.errors import DeclarationError
from tenant.model import Attestation, Calendar, PortalSetting, Tenant
from tenant.paths import check_paths
from tenant.spelling import did_you_mean
from tenant.stack_keys import KEY, refuse_misspelt_keys

# What YAML 1.2 reads otherwise than PyYAML, which follows 1.1: tag to pattern and first letters.
_OTHERWISE = {
    "tag:yaml.org,2002:bool": (r"true|True|TRUE|false|False|FALSE", "tTfF"),
    "tag:yaml.org,2002:int": (r"[-+]?[0-9]+|0x[0-9a-fA-F]+", "-+0123456789"),
    "tag:yaml.org,2002:float": (
        r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?",
        "-+.0123456789",
    ),
}


class _StrictLoader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Safe YAML that refuses a key given twice, so that a reviewer sees all there is.

    Scalars are read as the engine reads them: `yes` and `12:30` are text (YAML 1.2).
    """

    yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag not in _OTHERWISE]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def construct_object(self, node: Any, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except (ValueError, LookupError, AttributeError):  # 2026-02-30; !!bool x; !!timestamp x
            kind = node.tag.rpartition(":")[2].replace("timestamp", "date")
            problem = f"given {shown(node.value)}, which is no valid {kind}; put text in quotes"
            raise yaml.constructor.ConstructorError(None, None, problem, node.start_mark) from None

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[Hashable] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, str):
                raise yaml.constructor.ConstructorError(
                    None, None, f"key {key!r} is not text; put it in quotes", key_node.start_mark
                )
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"key {key!r} is given twice; keep one", key_node.start_mark
                )
            seen.add(key)
        mapping: dict[Hashable, Any] = super().construct_mapping(node, deep)
        return mapping


for _tag, (_pattern, _first) in _OTHERWISE.items():
    _StrictLoader.add_implicit_resolver(_tag, re.compile(f"^(?:{_pattern})$"), list(_first))


def parse_file(text: str, file: str) -> Tenant:
    """The checked declaration in a stack file's `text`; `file` is how errors name it.

    Raises DeclarationError. Nothing is read or written besides the text.
    """
    try:
        for event in yaml.parse(text, Loader=_StrictLoader):
            if isinstance(event, yaml.AliasEvent):  # also what a "billion laughs" file is made of
                raise DeclarationError(
                    file, _line(event.start_mark), f"alias *{event.anchor}; write the value out"
                )
        document = yaml.load(text, Loader=_StrictLoader)  # noqa: S506 (it is a SafeLoader)
    except yaml.MarkedYAMLError as error:
        raise DeclarationError(file, _line(error.problem_mark), str(error.problem)) from None
    except (ValueError, yaml.YAMLError) as error:  # characters that no YAML file may have
        raise DeclarationError(file, "", f"is no YAML: {str(error).splitlines()[0]}") from None
    config = document.get("config") if isinstance(document, dict) else None
    if not isinstance(config, dict):
        raise DeclarationError(file, "config", f"is missing; it must be a mapping that holds {KEY}")
    refuse_misspelt_keys(config, file)
    if KEY not in config:
        raise DeclarationError(file, f"config.{KEY}", "is missing")
    return parse(config[KEY], file)


def _line(mark: Any) -> str:
    return f"line {mark.line + 1}" if mark is not None else ""


def parse(value: Any, file: str) -> Tenant:
    """The checked declaration from the value of `zoom-calendar:tenant`. Raises DeclarationError."""
    try:
        tenant = msgspec.convert(_spelt_out(_dates_as_text(value)), Tenant)
    except msgspec.ValidationError as error:
        raise _explain(str(error), value, file) from None
    _check_combinations(tenant, file)
    return tenant


def _spelt_out(value: Any) -> Any:
    """`attestations: required` as the mapping it stands for."""
    match value:
        case {"zoom": {"calendar": {"attestations": "required", **calendar}, **zoom}, **rest}:
            calendar["attestations"] = {"required": True}
            return {**rest, "zoom": {**zoom, "calendar": calendar}}
    return value


def _check_combinations(tenant: Tenant, file: str) -> None:
    zoom = tenant.zoom
    check_consent(tenant, file)
    calendar = zoom.calendar
    if calendar is not UNSET and calendar.integrate_on_sign_in and not calendar.integration:
        raise DeclarationError(
            file,
            "zoom.calendar.integrateOnSignIn",
            "given true with integration false; Zoom offers it only when integration is true",
        )
    if calendar is not UNSET:
        _check_channel(zoom.account, calendar, file)
        _check_attestations(calendar, file)
    check_paths(tenant, file)
    check(zoom.settings, SETTINGS, file)
    check(zoom.locks, LOCKS, file)


def _check_channel(account: str, calendar: Calendar, file: str) -> None:
    if calendar.channel == "portal" and account != "me":
        raise DeclarationError(
            file,
            "zoom.calendar.channel",
            f"given 'portal' with zoom.account {account!r}, and the portal does not say whose it "
            "is; allowed: attested, or zoom.account me",
        )


def _check_attestations(calendar: Calendar, file: str) -> None:
    for name in calendar.attestations.__struct_fields__:
        said = getattr(calendar.attestations, name)
        if isinstance(said, Attestation) and said.until < said.when:
            raise DeclarationError(
                file,
                f"zoom.calendar.attestations.{name}.until",
                f"given {said.until}, so it never counts; allowed: {said.when} (when) or later",
            )


# How the engine writes a date of the file: once as JSON does, once as Go prints it.
_ENGINES_DATE = re.compile(r"^(\d{4}-\d{2}-\d{2})(?:T00:00:00Z| 00:00:00 \+0000 UTC)$")


def _dates_as_text(value: Any) -> Any:
    # YAML turns 2026-11-20 into a date; the engine hands the same value on as text with a time.
    if isinstance(value, dict):
        return {key: _dates_as_text(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_dates_as_text(item) for item in value]
    if isinstance(value, datetime.date):
        return value.isoformat()[:10]
    if isinstance(value, str):
        return _ENGINES_DATE.sub(r"\1", value)
    return value


# ---- one line for what msgspec refused -------------------------------------------------------


def _explain(message: str, value: Any, file: str) -> DeclarationError:
    text, _, path = message.partition(" - at `")
    if path.startswith("key` in "):  # zoom.paths, the one mapping with a closed list of free keys
        name = text.partition("'")[2].removesuffix("'")
        return DeclarationError(
            file, f"zoom.paths.{name}", _unknown(name, sorted(get_args(PortalSetting)))
        )
    keys = re.findall(r"\.?([^.\[\]`$]+)|\[(\d*|\.\.\.)\]", path.rstrip("`"))
    steps = [name or f"[{index}]" for name, index in keys]
    steps = [_which(value, steps[:at]) if s == "[...]" else s for at, s in enumerate(steps)]
    key = ".".join(steps).replace(".[", "[")
    node = _schema_at(steps)
    if unknown := re.search(r"unknown field `(.+)`", text):
        name = unknown[1]
        hint = _NEVER_DECLARED.get(name)
        full = f"{key}.{name}" if key else name
        return DeclarationError(file, full, hint or _unknown(name, sorted(node["properties"])))
    if missing := re.search(r"missing required field `(.+)`", text):
        name = missing[1]
        full = f"{key}.{name}" if key else name
        allowed = _allowed(_resolve(node["properties"][name]))
        return DeclarationError(file, full, f"is missing; allowed: {allowed}")
    if len(steps) == 3 and steps[0] == "zoom" and steps[1] in _DOCUMENTS:  # a section, or no such
        try:
            check({steps[2]: value["zoom"][steps[1]][steps[2]]}, _DOCUMENTS[steps[1]], file)
        except DeclarationError as error:
            return error
    given = _given(value, steps)
    return DeclarationError(file, key or KEY, f"given {given}; allowed: {_allowed(node)}")


_DOCUMENTS = {"settings": SETTINGS, "locks": LOCKS}
_NEVER_DECLARED = dict.fromkeys(
    ("users_can_consent", "usersCanConsent", "adminConsents", "userConsent"),
    "is never declared by itself: it follows from consent.by",
)


def _unknown(name: str, allowed: list[str]) -> str:
    return f"is not a key here{did_you_mean(name, allowed, 1)}; allowed: {', '.join(allowed)}"


def _which(value: Any, steps: list[str]) -> str:
    """The key that `[...]` stands for: msgspec does not name the keys of a free mapping."""
    for step in steps:
        value = value[step]
    return next((str(key) for key, item in value.items() if not isinstance(item, dict)), "[...]")


def _schema_at(steps: list[str]) -> dict[str, Any]:
    node = _resolve(json_schema())
    for step in steps:
        if step.startswith("["):
            node = node.get("items", node.get("additionalProperties", {}))
        else:
            node = node.get("properties", {}).get(step) or node.get("additionalProperties", {})
        node = _resolve(node if isinstance(node, dict) else {})
    return node


def _resolve(node: dict[str, Any]) -> dict[str, Any]:
    definitions = json_schema()["$defs"]
    while "$ref" in node or len(node.get("anyOf", ())) == 1:
        if "$ref" in node:
            node = {**definitions[node["$ref"].rsplit("/", 1)[1]], **_without(node, "$ref")}
        else:
            node = {**node["anyOf"][0], **_without(node, "anyOf")}
    return node


def _without(node: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in node.items() if name != key}


def _allowed(node: dict[str, Any]) -> str:
    if "enum" in node:
        return ", ".join(map(str, node["enum"]))
    words = {
        "boolean": "true or false",
        "array": "a list",
        "object": "a mapping",
        "string": "text",
        "integer": "a whole number",
    }
    kind = words.get(str(node.get("type")), "another value")
    if kind == "a mapping" and node.get("properties"):
        return f"a mapping with the keys {', '.join(node['properties'])}"
    if node.get("format") == "date":
        return "a date as YYYY-MM-DD"
    if node.get("minItems"):
        kind = "a list with at least one entry"
    described = node.get("description", "") if node.get("pattern") else ""
    return described.rstrip(".") if described else kind


def _given(value: Any, steps: list[str]) -> str:
    for step in steps:
        try:
            value = value[int(step[1:-1])] if step.startswith("[") else value[step]
        except (KeyError, IndexError, TypeError, ValueError):
            break
    return shown(value)


def json_schema() -> dict[str, Any]:
    """The JSON Schema of `zoom-calendar:tenant`, from the model; `$defs` are the classes."""
    (schema,), definitions = msgspec.json.schema_components([Tenant], ref_template="#/$defs/{name}")
    return {**schema, "$defs": definitions}
