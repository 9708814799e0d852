"""What a page showed when it was refused: a screenshot and an outline, without personal data.

Kept are the texts of controls, tabs, headings and dialogs in the page's content, since a changed
label is what a person has to see; all other text, every picture and every field is blanked, and
addresses and numbers are blanked everywhere. It is done in the page, before both are taken.
"""

import datetime
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from services.redact import redact

if TYPE_CHECKING:
    from playwright.sync_api import Page

KEPT = 20  # pairs of files; the oldest are deleted

_MASK = r"""
() => {
  const controls = 'button,label,legend,h1,h2,h3,h4,h5,h6,[role=button],[role=tab],[role=switch],'
    + '[role=radio],[role=checkbox],[role=heading],[role=alert]';
  const around = 'header,nav,footer,aside,[role=banner],[role=navigation],[role=contentinfo],'
    + '[role=complementary],[role=menu],[role=list]';
  const personal = [/\S+@\S+/g, /\+?\d[\d\s().-]{5,}\d/g, /[0-9a-f]{8}-[0-9a-f-]{27}/gi];
  const dots = (text) => text.replace(/\S/g, '•');
  const clean = (text) => personal.reduce((now, one) => now.replace(one, dots), text);
  const kept = (element) => element.closest(controls) && !element.closest(around);
  const roots = [document];
  for (let at = 0; at < roots.length; at++) {
    const both = NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT;
    const walker = document.createTreeWalker(roots[at], both);
    for (let node = walker.currentNode; node; node = walker.nextNode()) {
      if (node.nodeType === Node.TEXT_NODE) {
        const parent = node.parentElement;
        if (!parent || ['SCRIPT', 'STYLE', 'TEMPLATE'].includes(parent.tagName)) continue;
        node.data = kept(parent) ? clean(node.data) : dots(node.data);
      } else if (node.nodeType === Node.ELEMENT_NODE) {
        if (node.shadowRoot) roots.push(node.shadowRoot);
        for (const name of ['aria-label', 'title', 'alt', 'placeholder', 'aria-description',
                            'aria-valuetext'])
          if (node.hasAttribute(name)) {
            const text = node.getAttribute(name);
            const inside = name === 'aria-label' && !node.closest(around)
              && !node.matches('a,img,svg,[role=img],[role=link]');
            node.setAttribute(name, inside ? clean(text) : dots(text));
          }
        if (node.matches('input[type=submit],input[type=button]')) node.value = clean(node.value);
        if (node.matches('input:not([type=radio]):not([type=checkbox]):not([type=submit])'
                         + ':not([type=button]),textarea')) node.value = '';
        if (node.matches('img,picture,canvas,video,iframe,object,embed,svg'))
          node.style.setProperty('visibility', 'hidden', 'important');
        node.style.setProperty('background-image', 'none', 'important');
      }
    }
  }
  document.title = '';
}
"""


def keep(page: "Page", folder: Path, what: str) -> str:
    """Takes both, into `folder`; the page is of no more use after it. Returns where they are.

    Never fails: what could not be taken is said in the text.
    """
    from playwright.sync_api import Error

    try:
        page.evaluate(_MASK)
        outline = page.locator("body").aria_snapshot(timeout=5000)
        picture = page.screenshot(animations="disabled", timeout=10000)
    except Error as error:
        return f"no screenshot could be taken: {str(error).splitlines()[0]}"
    moment = datetime.datetime.now(datetime.UTC).strftime("%Y%m%dT%H%M%S%f")
    stem = f"{moment}-{re.sub(r'[^a-z0-9_]+', '-', what.lower())[:60]}"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write(folder / f"{stem}.png", picture)
        _write(folder / f"{stem}.txt", f"{_address(page.url)}\n{redact(outline)}\n".encode())
        for old in sorted(folder.glob("*T*-*.*"))[: -2 * KEPT]:
            old.unlink(missing_ok=True)
    except OSError as error:
        return f"no screenshot could be kept: {folder}: {error.strerror}"
    return f"screenshot and outline: {folder / stem}.png, .txt"


def _address(url: str) -> str:
    return url.partition("?")[0].partition("#")[0]


def _write(file: Path, content: bytes) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
