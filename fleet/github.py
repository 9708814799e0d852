"""The one comment of a pull request, and a job's annotations."""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from fleet.report import Report, clean, difference
from services.errors import (
    CredentialsRejected,
    Forbidden,
    MissingCredentials,
    NotFound,
    Refused,
    ServiceError,
    Unavailable,
)
from services.http import Answer, Http
from services.redact import remember_secret

MARKER = "<!-- zoom-calendar:preview -->"
AUTHOR = "github-actions[bot]"  # who GITHUB_TOKEN writes as
LONGEST = 65_536  # characters of a comment
_PAGE = 100
_PAGES = 100  # a bound, not a wish: 10,000 comments
_ANNOTATIONS = 10  # GitHub shows no more per step


class PullRequest:
    """The pull request that started a job, as its environment names it.

    Raises MissingCredentials where a variable or the event is missing.
    """

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        self._token = _required(environ, "GITHUB_TOKEN")
        remember_secret(self._token)
        self._repository = _required(environ, "GITHUB_REPOSITORY")
        self._api = environ.get("GITHUB_API_URL") or "https://api.github.com"
        self._number = _number(Path(_required(environ, "GITHUB_EVENT_PATH")))
        self._http = Http("GitHub")

    def comment(self, text: str, author: str = AUTHOR) -> str:
        """Makes `text` the body of our one comment. Returns its address. Raises ServiceError."""
        body = f"{MARKER}\n{text}"
        if len(body) > LONGEST:
            raise Refused(f"GitHub: the report has {len(body)} characters, a comment {LONGEST}")
        ours = next((c for c in self._comments() if _is_ours(c, author)), None)
        if ours is None:
            path = f"issues/{self._number}/comments"
            answer = self._send("POST", path, 201, {"body": body})
        else:
            answer = self._send("PATCH", f"issues/comments/{int(ours['id'])}", 200, {"body": body})
        if not isinstance(answer.body, dict) or "html_url" not in answer.body:
            raise Unavailable("GitHub: the comment was accepted, and the answer is not a comment")
        return str(answer.body["html_url"])

    def _comments(self) -> Iterator[dict[str, Any]]:
        for page in range(1, _PAGES + 1):
            path = f"issues/{self._number}/comments?per_page={_PAGE}&page={page}"
            found = self._send("GET", path, 200).body
            if not isinstance(found, list):
                raise Unavailable("GitHub: the comments are not a list")
            yield from found
            if len(found) < _PAGE:
                return

    def _send(self, method: str, path: str, expected: int, body: Any = None) -> Answer:
        answer = self._http.send(
            method,
            f"{self._api}/repos/{self._repository}/{path}",
            headers={
                "Accept": "application/vnd.github+json",
                "Authorization": f"Bearer {self._token}",
                "X-GitHub-Api-Version": "2022-11-28",
            },
            json=body,
            label=f"{method} {path.split('?')[0]}",
        )
        if answer.status != expected:
            raise _error(method, path.split("?")[0], answer)
        return answer


def _is_ours(comment: Any, author: str) -> bool:
    """Our marker in somebody else's comment is theirs; quoted further down it is a quotation."""
    if not isinstance(comment, dict) or (comment.get("user") or {}).get("login") != author:
        return False
    return str(comment.get("body")).startswith(MARKER)


def _error(method: str, path: str, answer: Answer) -> ServiceError:
    said = answer.body.get("message") if isinstance(answer.body, dict) else None
    text = f"GitHub: {method} {path}: HTTP {answer.status}: {said or 'no reason given'}."
    if answer.status == 401:
        return CredentialsRejected(f"{text} GITHUB_TOKEN is not accepted: pass the job's own.")
    if answer.status == 403:
        return Forbidden(f"{text} The job needs `permissions: pull-requests: write`.")
    if answer.status == 404:
        return NotFound(f"{text} Is GITHUB_REPOSITORY right, and may the token see it?")
    return Refused(f"{text} Nothing was commented.")


def _required(environ: Mapping[str, str], name: str) -> str:
    value = environ.get(name)
    if not value:
        raise MissingCredentials(f"{name} is not set: `comment` runs in a GitHub job")
    return value


def _number(event: Path) -> int:
    try:
        return int(json.loads(event.read_text(encoding="utf-8"))["pull_request"]["number"])
    except (OSError, ValueError, KeyError, TypeError):
        raise MissingCredentials(
            "GITHUB_EVENT_PATH names no event of a pull request: run `comment` on pull_request"
        ) from None


# ---- annotations -------------------------------------------------------------------------------


def annotations(report: Report) -> list[str]:
    """Workflow commands that put what needs attention on the job's page, one per tenant.

    Failures and differences of a drift report are errors; what is unknown is a warning.
    """
    errors, warnings = [], []
    for plan in report.plans:
        if plan.error is not None:
            errors.append((plan.tenant, plan.error))
        elif plan.changes and report.kind == "drift":
            differences = [
                f"{change.operation} {change.resource}"
                + (f": {change.property}: {difference(change)}" if change.property else "")
                for change in plan.changes
            ]
            errors.append((plan.tenant, "\n".join(differences)))
        if plan.unknown:
            reasons = [f"{unknown.resource} since {unknown.reason}" for unknown in plan.unknown]
            warnings.append((f"{plan.tenant}: not compared", "\n".join(reasons)))
    return _commands("error", errors) + _commands("warning", warnings)


def _commands(level: str, items: list[tuple[str, str]]) -> list[str]:
    shown = items if len(items) <= _ANNOTATIONS else items[: _ANNOTATIONS - 1]
    commands = [f"::{level} title={_data(t, ':,')}::{_data(text)}" for t, text in shown]
    rest = [title for title, _ in items[len(shown) :]]
    if rest:
        commands.append(f"::{level} title={len(rest)} more::{_data(', '.join(rest))}")
    return commands


def _data(text: str, also: str = "") -> str:
    """Escaped as the runner's commands ask for it; each line without control characters."""
    lines = "\n".join(clean(line) for line in text.split("\n"))
    for char in "%\r\n" + also:
        lines = lines.replace(char, f"%{ord(char):02X}")
    return lines
