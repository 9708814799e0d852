"""Writes docs/clicks.md: what a person clicks in Zoom's portal, by the catalogue's labels."""

from tenant.catalogue import PortalSetting, load

_TOP = """<!-- Made by `make docs` from tenant/catalogue.json. -->
# By hand in Zoom's portal

The article's settings in the order to click, with each label that Zoom is known to have used. Sign
in at https://zoom.us as an owner or administrator. A preview prints the steps that are still open,
with the declared values; after a click, attest to what the portal shows
([attestations](channels/attested.md)). Numbers are articles at support.zoom.us, KB… at
support.zoom.com, CIS is the benchmark.
"""
_BESIDE = """
## Beside them

What is on the same pages and decides whether the integration works. Nothing here reads, sets or
attests to these.

| setting | page | label | choose | note |
|---|---|---|---|---|"""


def as_markdown() -> str:
    """The whole page."""
    settings = load().portal
    steps = [one for one in settings if one.article]
    lines = [_TOP, *(line for at, one in enumerate(steps, 1) for line in _step(at, one)), _BESIDE]
    for one in settings:
        if not one.article:
            label = one.labels[-1]
            choose = ", ".join(map(str, one.values)) or f"on: {one.on}; off: {one.off}"
            row = (f"`{one.name}`", label.page, label.label, choose, one.note)
            lines.append(f"| {' | '.join(row)} |")
    return "\n".join(lines).replace("\n\n\n", "\n\n") + "\n"


def _step(number: int, setting: PortalSetting) -> list[str]:
    rows = [
        f"| {label.era} | {label.page} | {label.label} | {label.source} |"
        for label in reversed(setting.labels)
    ]
    return [
        f"\n## {number}. `{setting.name}`\n",
        "| portal | page | label | source |",
        "|---|---|---|---|",
        *rows,
        "",
        f"- On: {setting.on}.",
        f"- Off: {setting.off}.",
        *([f"- {setting.note}"] if setting.note else []),
    ]


if __name__ == "__main__":
    print(as_markdown(), end="")
