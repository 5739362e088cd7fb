"""What `doctor` says: the checks as rows, as paragraphs and as JSON, in the words of a shell."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from tui.commands.output import safe, styled, wrapped
from tui.commands.table import Cell, Column
from tui.domain.setup.changes import changes
from tui.domain.setup.model import Check, CheckState, Fix
from tui.domain.text import printable

COLOURS = {
    CheckState.OK: "green",
    CheckState.FAILED: "red",
    CheckState.WARNING: "yellow",
    CheckState.UNKNOWN: "yellow",
    CheckState.RUNNING: "cyan",
    CheckState.SKIPPED: "bright_black",
    CheckState.ACCEPTED: "bright_black",
}
SHAPE = (
    Column("STATE"),
    Column("ABOUT"),
    Column("CHECK", give=True),
    Column("FINDING", give=True, prose=True),
)

_TROUBLED = (CheckState.FAILED, CheckState.WARNING, CheckState.UNKNOWN)
_WORDS = (
    ("no readable spec is open: press 2", "name a spec with --spec FILE"),
    (": press 2", ""),
    ("the open spec", "the spec"),
    ("In the spec (2), ", "In the spec, "),
    ("in the spec (2)", "in the spec"),
    ("Press r to check again.", "Run it again."),
    ("w copies one request for all that is missing", "vertex-tui doctor --request writes one for all of it"),
    ("y copies a request", "the text to send is below"),
    ("that y copies", "below"),
    ("and y copies the command", "with the command below"),
    ("y copies the command", "the command is below"),
    ("y copies it", "it is below"),
    ("f keeps it here, without showing it", "Setup in the app keeps it without showing it"),
    ("enter it here; it is not shown", "export it, or keep it in Setup of the app"),
    ("f on this row", "vertex-tui doctor --fix"),
    ("; no restart is needed", ", then run this again"),
)
"""What the rows say of the app's keys, and what is meant by it in a shell."""
_KEYS = re.compile(r"(?:; |: )?\b[fwy] (?:copies|keeps|fixes|does|writes) [^.;]*")
"""Whatever else speaks of one."""
_RETRIED = re.compile(
    r"\b(?P<i>[Ii])t (?:is tried again|goes on more slowly) by itself(?:; r tries at once)?"
)
"""What only the app does."""


def for_shell(text: str) -> str:
    """A text of the rows without the keys of the app."""
    for there, here in _WORDS:
        text = text.replace(there, here)
    text = _RETRIED.sub(lambda found: f"{'R' if found['i'] == 'I' else 'r'}un it again later", text)
    return _KEYS.sub("", text)


def standing(check: Check) -> CheckState:
    """How a row stands in a shell: what keeps jobs from running has failed, whatever puts it right."""
    return CheckState.FAILED if check.to_fix else check.state


def row(check: Check) -> tuple[Cell, str, str, str]:
    """A line of the table."""
    stands = standing(check)
    state = Cell(f"{stands.glyph} {stands.word}", COLOURS[stands])
    return state, check.group.value, check.title, for_shell(check.finding)


def paragraph(check: Check) -> Iterator[str]:
    """What a row that needs attention means and what to do, below a heading."""
    stands = standing(check)
    head = f"{stands.glyph} {check.group.value} · {check.title}: {for_shell(check.finding)}"
    yield styled(safe(head), fg=COLOURS[stands], bold=True)
    told = (("Why", check.why), ("Said", check.said), ("Next", check.next_step), ("Fix", offer(check)))
    for name, text in told:
        if text:
            yield from wrapped(" ".join(for_shell(text).split()), f"  {name + ':':<6}")
    for line in check.command.splitlines():
        yield f"  $ {safe(line)}"
    if check.link:
        yield f"  See:  {safe(check.link)}"
    if check.draft:
        yield "  To send:"
        yield from (f"    {line}" for line in printable(check.draft, multiline=True).splitlines())


def paragraphs(checks: Sequence[Check]) -> list[str]:
    """One for each row that needs attention, with an empty line before each."""
    return [line for check in checks if check.state in _TROUBLED for line in ("", *paragraph(check))]


def offer(check: Check) -> str:
    """What puts it right, in one line; empty if nothing here does."""
    if not check.fixable or check.choice:
        return ""
    words = "; ".join(fix_words(fix) for fix in check.fixes)
    return f"{words} (in Setup of the app)" if check.by_hand else f"{words} (--fix does it)"


def fix_words(fix: Fix) -> str:
    """A change in one line."""
    head, *rest = changes(fix)
    return for_shell(head + (": " if rest else "") + ", ".join(line.strip() for line in rest))


def check_json(check: Check) -> dict[str, object]:
    """A row as `--json` prints it."""
    return {
        "id": check.id,
        "group": check.group.value,
        "title": check.title,
        "state": standing(check).name.lower(),
        "blocks": check.to_fix,
        "optional": check.optional,
        "finding": for_shell(check.finding),
        "why": for_shell(check.why),
        "said": check.said,
        "next": for_shell(check.next_step),
        "command": check.command,
        "link": check.link,
        "fixes": [fix_words(fix) for fix in check.fixes],
        "by_hand": check.by_hand,
    }
