"""A terminal's output as a picture: `python docs/picture.py FILE.svg < output`."""

import io
import re
import sys
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

# Rich's own template loads a font from a web host; a picture should need nothing.
FORMAT = """<svg class="rich-terminal" viewBox="0 0 {width} {height}" \
xmlns="http://www.w3.org/2000/svg">
<!-- Made by `make docs` from the output of `make demo`. -->
<style>
.{unique_id}-matrix {{ font-family: Menlo, Consolas, "DejaVu Sans Mono", monospace;
  font-size: {char_height}px; line-height: {line_height}px; font-variant-east-asian: full-width; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" />
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def main() -> None:
    """Reads text with ANSI colours from standard input and writes the picture."""
    # Cursor movements go, and with them the frames of a spinner (Braille patterns).
    output = re.sub(r"\x1b\[[0-9;?]*[A-HJKSTfhlsu]|\r", "", sys.stdin.read())
    lines = [line for line in output.splitlines() if not _frame(line)]
    console = Console(record=True, width=112, file=io.StringIO(), force_terminal=True)
    lines = [re.sub(" (?= )", "\u00a0", line) for line in lines]  # SVG folds spaces
    console.print(Text("$ make demo", style="bold"))
    for line in lines:
        console.print(Text.from_ansi(line), soft_wrap=True)
    svg = console.export_svg(title="make demo", theme=MONOKAI, code_format=FORMAT, unique_id="demo")
    Path(sys.argv[1]).write_text(svg, encoding="utf-8")


def _frame(line: str) -> bool:
    text = re.sub(r"\x1b\[[0-9;]*m", "", line).lstrip()
    return not text or "\u2800" <= text[0] <= "\u28ff"


if __name__ == "__main__":
    main()
