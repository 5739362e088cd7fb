"""One check as text: a pure function of the check."""

from __future__ import annotations

from textual.content import Content

from tui.domain.setup.changes import changes, commands
from tui.domain.setup.model import Check, CheckState, Fix
from tui.domain.text import printable
from tui.widgets.confirm import Question

TONES = {
    CheckState.OK: "$text-success",
    CheckState.FAILED: "$text-error",
    CheckState.WARNING: "$text-warning",
    CheckState.UNKNOWN: "$text-warning",
    CheckState.RUNNING: "$text-accent",
    CheckState.SKIPPED: "$secondary",
    CheckState.ACCEPTED: "$secondary",
}
"""Colours of states, fit for a table's cells; each state also has a word and a glyph."""

FIXABLE = (CheckState.FAILED, CheckState.WARNING)
"""States in which a row offers its fix."""


def state_label(check: Check) -> Content:
    """Glyph and word in the state's colour."""
    return Content.styled(f"{check.state.glyph} {check.state.word}", TONES[check.state])


def detail(check: Check, *, local: bool, roomy: bool) -> Content:
    """The text beside the rows: what was found, what to do, what that changes, and why it matters."""
    lines = [state_label(check) + Content(f" · {printable(check.finding)}")]
    if check.said:
        lines.append(Content.styled(printable(check.said), "$secondary"))
    if check.next_step:
        lines.append(_field("Next", printable(check.next_step)))
    if check.fixes and check.state is not CheckState.OK:
        key = "f fixes it: " if check.state in FIXABLE else ""
        lines.append(_field("Fix", key + "; ".join(map(_sentence, check.fixes))))
    lines.append(_field("Why", check.why))
    if check.command:
        name = 'gcloud (after eval "$(vertex-tui local env)")' if local else "gcloud"
        lines.append(_field(name, "\n" * ("\n" in check.command) + printable(check.command, multiline=True)))
    if check.link:
        lines.append(_field("See", printable(check.link)))
    return Content("\n\n" if roomy else "\n").join(lines)


def _sentence(fix: Fix) -> str:
    head, *rest = changes(fix)
    return head + (": " if rest else "") + ", ".join(line.strip() for line in rest)


def _field(name: str, text: str) -> Content:
    return Content.styled(f"{name}  ", "bold") + Content(text)


def fix_question(fixes: tuple[Fix, ...], project: str, *, local: bool, single: bool) -> Question:
    """The confirmation that names every change; a single fix also with its gcloud command."""
    where = f"Project   {project}, on this box" if local else f"Project   {project}, on Google Cloud"
    lines: list[str | Content] = [where, ""]
    for fix in fixes:
        lines += [f"• {line}" if not line.startswith(" ") else f"  {line}" for line in changes(fix)]
    lines.append("")
    if single:
        lines += [f"$ {command}" for fix in fixes for command in commands(fix, project)]
    else:
        lines.append("Everything else in the project stays as it is.")
    title = "Make this change?" if single else "Make all these changes?"
    return Question(title, [printable(line) if isinstance(line, str) else line for line in lines], yes="Fix")
