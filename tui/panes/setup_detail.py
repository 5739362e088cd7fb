"""The line under the cursor as text, and the questions before a change: pure functions."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from tui.domain.setup.changes import changes, commands
from tui.domain.setup.model import HERE, Check, CheckState, Fix, Grant, Revoke, merged
from tui.domain.text import printable
from tui.panes.setup_rows import TONES, TROUBLED, Line, state_label
from tui.widgets.confirm import Question

NOTE_LINES = 3
"""The most that a note takes from the rows."""
NOTE_CUT = " … m shows all of it"


def detail(line: Line, *, local: bool, read_only: bool, roomy: bool) -> Content:
    """The text beside the rows."""
    if line.check is None:
        return _overview(line, read_only=read_only)
    return _explained(line.check, local=local, read_only=read_only, roomy=roomy)


def _overview(line: Line, *, read_only: bool) -> Content:
    """What is folded into the line."""
    wrong = merged(fix for check in line.checks if check.fixable and not check.choice for fix in check.fixes)
    fixes = usable(wrong, read_only=read_only)
    keys = "enter shows each on its own line" + ("; f fixes all of them" if fixes else "")
    lines = [Content.styled(keys, "$secondary")]
    for check in line.checks:
        glyph = Content.styled(check.state.glyph, TONES[check.state])
        lines.append(glyph + Content(f" {printable(check.title)}  {printable(check.finding)}"))
    return Content("\n").join(lines)


def _explained(check: Check, *, local: bool, read_only: bool, roomy: bool) -> Content:
    """What was found, what to do, what that changes, and why it matters."""
    lines = [state_label(check.state) + Content(f" · {printable(check.finding)}")]
    if check.accepted:
        lines.append(Content.styled("Taken as it is by you; s asks for it again", "$secondary"))
    if check.said:
        lines.append(Content.styled(printable(check.said), "$secondary"))
    if check.next_step:
        lines.append(_field("Next", printable(check.next_step)))
    if check.fixes and (check.choice or check.state is not CheckState.OK):
        lines.append(_field("Fix", _offer(check, read_only=read_only)))
    if check.why:
        lines.append(_field("Why", printable(check.why)))
    if check.command:
        name = 'gcloud (after eval "$(vertex-tui local env)")' if local else "gcloud"
        lines.append(_field(name, "\n" * ("\n" in check.command) + printable(check.command, multiline=True)))
    if check.link:
        lines.append(_field("See", printable(check.link)))
    if check.draft and check.state in TROUBLED:
        lines.append(_field("To send, w copies it", "\n" + printable(check.draft, multiline=True)))
    return Content("\n\n" if roomy else "\n").join(lines)


def _offer(check: Check, *, read_only: bool) -> str:
    words = "; ".join(map(_sentence, check.fixes))
    if not usable(check.fixes, read_only=read_only):
        return f"not made while read-only is on: {words}"
    if not check.fixable:
        return words
    return f"{'f does it' if check.choice else 'f fixes it'}: {words}"


def _sentence(fix: Fix) -> str:
    head, *rest = changes(fix)
    return printable(head + (": " if rest else "") + ", ".join(line.strip() for line in rest))


def _field(name: str, text: str) -> Content:
    return Content.styled(f"{name}  ", "bold") + Content(text)


def short_note(text: str, width: int) -> str:
    """A note in at most `NOTE_LINES` lines of so many columns; what is cut says which key shows the whole."""
    lines = Content(text).wrap(max(width, 1))
    if width <= len(NOTE_CUT) or len(lines) <= NOTE_LINES:
        return text
    last = lines[NOTE_LINES - 1].truncate(width - len(NOTE_CUT))
    return "\n".join([*(line.plain for line in lines[: NOTE_LINES - 1]), last.plain.rstrip() + NOTE_CUT])


def usable(fixes: tuple[Fix, ...], *, read_only: bool) -> tuple[Fix, ...]:
    """The fixes if they may be made: read-only leaves those that change nothing but this box."""
    return () if read_only and not all(isinstance(fix, HERE) for fix in fixes) else fixes


def fix_question(fixes: Sequence[Fix], project: str, *, local: bool, single: bool) -> Question:
    """The confirmation that names every change; a single fix also with its commands."""
    remote = any(not isinstance(fix, HERE) for fix in fixes)
    lines: list[str] = [_where(project, local=local, remote=remote), ""]
    for fix in fixes:
        lines += [f"  {line}" if line.startswith(" ") else f"• {line}" for line in changes(fix)]
    lines.append("")
    if single:
        lines += [f"$ {command}" for fix in fixes for command in commands(fix, project)]
    elif remote:
        lines.append("Everything else in the project stays as it is.")
    count = len(fixes)
    title = "Make this change?" if count == 1 else f"Make these {count} changes?"
    return Question(title, [printable(line) for line in lines], yes="Fix")


def _where(project: str, *, local: bool, remote: bool) -> str:
    if not remote:
        return "On this box alone; the project stays as it is."
    return f"Project   {project}, {'on this box' if local else 'on Google Cloud'}"


def undo_question(grant: Grant, project: str, *, local: bool) -> Question:
    """The confirmation that takes a grant back."""
    fix = Revoke(grant)
    lines = [_where(project, local=local, remote=True), ""]
    lines += [f"  {line}" if line.startswith(" ") else f"• {line}" for line in changes(fix)]
    lines += ["", "Only what this session granted; what was there before stays.", ""]
    lines += [f"$ {command}" for command in commands(fix, project)]
    return Question("Take this grant back?", [printable(line) for line in lines], yes="Take back")
