"""How the checks become lines on screen: what is right is folded, what needs attention stands out.

Pure functions of the checks, the room, and what the user has unfolded.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import groupby

from textual.content import Content

from tui.domain.setup.model import Check, CheckState, Fix, Group, merged
from tui.domain.text import middle_cut, printable
from tui.widgets.table import FILL, Column

TITLE_WIDTH = 22
WIDE_COLUMNS = (
    Column("group", "", 10),
    Column("state", "STATE", 10),
    Column("check", "CHECK", TITLE_WIDTH),
    Column("finding", "FINDING", FILL),
)
NARROW_COLUMNS = (
    Column("group", "", 10),
    Column("state", "", 1),
    Column("check", "CHECK", TITLE_WIDTH),
    Column("finding", "FINDING", FILL),
)
"""Where there is no room for the state's word beside its glyph; the detail below has it."""

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

TROUBLED = (CheckState.FAILED, CheckState.WARNING, CheckState.UNKNOWN)
"""States that need the user's attention."""


class Tightness(IntEnum):
    """How much is folded for want of room."""

    LOOSE = 0
    """What is right."""
    ALIKE = 1
    """Also troubles of a group with the same finding."""
    TIGHT = 2
    """Also all troubles of a group."""


EVERYTHING = "everything"
"""Stands for all groups in which everything is right, when even one line for each is too much."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table: a check, or several folded into one."""

    key: str
    """The check's id, `group:…` for a whole group, `part:…` for some of it, or EVERYTHING."""
    heading: str
    """The group, on the first of its lines."""
    state: CheckState
    title: str
    finding: str
    checks: tuple[Check, ...]

    @property
    def folded(self) -> bool:
        """Whether it stands for several checks."""
        return len(self.checks) > 1

    @property
    def check(self) -> Check | None:
        """The check that it shows; None when several are folded into it."""
        return None if self.folded else self.checks[0]

    @property
    def groups(self) -> frozenset[Group]:
        """The groups that its checks are of: one, or more for EVERYTHING."""
        return frozenset(check.group for check in self.checks)

    @property
    def fixes(self) -> tuple[Fix, ...]:
        """What puts all its checks right."""
        return merged(fix for check in self.checks for fix in check.fixes)


def fold(
    checks: Sequence[Check], unfolded: Collection[str] = (), room: int = 1_000, held: str = ""
) -> tuple[Line, ...]:
    """The lines for the checks, in as few as it takes to fit into `room` lines.

    What the user unfolds comes on top of that: no other group is folded for it, so that none moves.

    Args:
        checks: all of them, the checks of a group one after the other.
        unfolded: names of groups whose checks are all shown, and EVERYTHING.
        room: lines that the table has; more are made only where nothing else can be folded.
        held: the id of a check that keeps its own line whatever it says.
    """
    groups = [list(rows) for _, rows in groupby(checks, key=lambda check: check.group)]

    parts: list[tuple[Line, ...]] = []
    together = False
    for tightness in Tightness:
        parts = [_folded(rows, held, tightness) for rows in groups]
        length = sum(map(len, parts))
        together = length > room and tightness is not Tightness.LOOSE and EVERYTHING not in unfolded
        if (len(_with_the_fine_in_one(parts)) if together else length) <= room:
            break
    parts = [
        _whole(rows) if rows[0].group in unfolded else part for rows, part in zip(groups, parts, strict=True)
    ]
    return _with_the_fine_in_one(parts) if together else _joined(parts)


def _joined(groups: Iterable[tuple[Line, ...]]) -> tuple[Line, ...]:
    return tuple(line for group in groups for line in group)


def _with_the_fine_in_one(groups: list[tuple[Line, ...]]) -> tuple[Line, ...]:
    """One last line for all groups that are one line about what is right."""
    fine = [group[0] for group in groups if len(group) == 1 and all(map(_is_quiet, group[0].checks))]
    if len(fine) < 2:  # noqa: PLR2004 (nothing to fold)
        return _joined(groups)
    rest = [group for group in groups if group[0] not in fine]
    members = tuple(check for line in fine for check in line.checks)
    names = ", ".join(line.heading for line in fine)
    last = Line(EVERYTHING, "All else", CheckState.OK, f"{len(fine)} groups are fine", names, members)
    return (*_joined(rest), last)


def _is_fine(check: Check) -> bool:
    """Whether nothing is asked of the user: right, or of no use without an open spec."""
    quiet = check.state is CheckState.SKIPPED and check.optional and _WAITS not in check.finding
    return quiet or check.state is CheckState.OK


def _is_quiet(check: Check) -> bool:
    """Whether nothing is asked of the user, perhaps for he took it as it is."""
    return _is_fine(check) or (check.state is CheckState.ACCEPTED and check.optional)


def _whole(rows: list[Check]) -> tuple[Line, ...]:
    return tuple(_single(check, heading=number == 0) for number, check in enumerate(rows))


def _single(check: Check, *, heading: bool) -> Line:
    name = check.group.value if heading else ""
    return Line(check.id, name, check.state, check.title, check.finding, (check,))


def _folded(rows: list[Check], held: str, tightness: Tightness) -> tuple[Line, ...]:
    """A group's lines: its troubles first, and one line for each kind of what is not."""
    kinds: dict[str, list[Check]] = {}
    for check in rows:
        kinds.setdefault(_kind(check, held, tightness), []).append(check)
    ordered = sorted(kinds, key=lambda kind: _RANKS.index(kinds[kind][0].state))
    ordered.sort(key=lambda kind: kind == _FINE)
    lines = []
    for number, kind in enumerate(ordered):
        members = kinds[kind]
        if len(members) == 1:
            lines.append(_single(members[0], heading=number == 0))
        else:
            lines.append(_several(kind, members, rows, heading=number == 0))
    return tuple(lines)


_RANKS = (
    CheckState.FAILED,
    CheckState.UNKNOWN,
    CheckState.WARNING,
    CheckState.RUNNING,
    CheckState.SKIPPED,
    CheckState.ACCEPTED,
    CheckState.OK,
)
_FINE = "fine"
_LESS = "less"
_TROUBLES = "troubles"
_WAITS = "waits for "
"""In the finding of a check that could not be made for want of something else."""
_READING = "checking …"
"""The end of the finding of a check that is being read."""


def _kind(check: Check, held: str, tightness: Tightness) -> str:
    """What a check is folded with: the same name for those that share a line."""
    if check.id == held:
        return check.id
    if _is_fine(check) or _is_read(check):
        return _FINE
    if check.state in TROUBLED:
        if tightness is Tightness.LOOSE:
            return check.id
        if tightness is Tightness.TIGHT:
            return _TROUBLES
        if check.optional and not check.fixes:
            return _LESS
    return f"{check.state.word}:{check.finding}"


def _is_read(check: Check) -> bool:
    return check.state is CheckState.RUNNING and check.finding.endswith(_READING)


def _several(kind: str, members: list[Check], rows: list[Check], *, heading: bool) -> Line:
    group, all_of_it = rows[0].group, len(members) == len(rows)
    key = f"group:{group.name}" if all_of_it else f"part:{group.name}:{kind}"
    name = group.value if heading else ""
    reading = [check for check in members if _is_read(check)]
    if reading:
        title = f"{len(reading)} of {len(rows)}" if all_of_it else f"{len(reading)} more"
        return Line(key, name, CheckState.RUNNING, title, f"checking {_titles(reading)} …", tuple(members))
    if kind == _FINE:
        title, finding = _words_for_fine(group, members, all_of_it=all_of_it)
        state = next(state for state in reversed(_RANKS) if any(row.state is state for row in members))
        return Line(key, name, state, title, finding, tuple(members))
    first = members[0]
    title = f"all {len(rows)}" if all_of_it else f"{len(members)} of {len(rows)}"
    if len({check.finding for check in members}) > 1:
        finding = _titles(members)
    else:
        finding = first.finding if all_of_it else f"{first.finding}: {_titles(members)}"
    return Line(key, name, _worst(members), title, finding, tuple(members))


def _worst(checks: Iterable[Check]) -> CheckState:
    return min((check.state for check in checks), key=_RANKS.index)


def _words_for_fine(group: Group, members: list[Check], *, all_of_it: bool) -> tuple[str, str]:
    right = [check for check in members if check.state is CheckState.OK]
    finding = _WORDS.get(group, _titles)(right or members)
    if not all_of_it:
        all_right = len(right) == len(members)
        return f"… and {len(members)} {'that are right' if all_right else 'more'}", _titles(members)
    if not right:
        return f"all {len(members)}", finding
    if len(right) == 1:
        return right[0].title, right[0].finding
    return f"all {len(right)} are {'on' if group is Group.APIS else 'right'}", finding


def _titles(checks: Sequence[Check]) -> str:
    return ", ".join(check.title for check in checks)


def _findings(checks: Sequence[Check]) -> str:
    return " · ".join(check.finding for check in checks)


def _both(checks: Sequence[Check]) -> str:
    return " · ".join(f"{check.title} {check.finding}" for check in checks)


_WORDS: dict[Group, Callable[[Sequence[Check]], str]] = {
    Group.CONNECTION: _findings,
    Group.ACCOUNT: _findings,
    Group.BUCKET: _findings,
    Group.QUOTA: _both,
    Group.TERMINAL: _findings,
}
"""What the one line of a group tells, where the names of its rows would tell less."""


def holder(lines: Iterable[Line], before: Line) -> str:
    """The key of the line that now shows what `before` showed; empty if none does."""
    found = list(lines)
    if any(line.key == before.key for line in found):
        return before.key
    ids = [check.id for check in before.checks]
    for wanted in ids:
        for line in found:
            if any(check.id == wanted for check in line.checks):
                return line.key
    return ""


def state_label(state: CheckState) -> Content:
    """Glyph and word in the state's colour."""
    return Content.styled(f"{state.glyph} {state.word}", TONES[state])


def cells(line: Line, room: int, *, wide: bool) -> tuple[Content, ...]:
    """The line for the table, whose last column is `room` cells wide."""
    label = state_label(line.state) if wide else Content.styled(line.state.glyph, TONES[line.state])
    title = Content(middle_cut(printable(line.title), TITLE_WIDTH))
    finding = Content(printable(line.finding)).truncate(room, ellipsis=True)
    if line.folded and all(map(_is_fine, line.checks)):
        title, finding = title.stylize("$secondary"), finding.stylize("$secondary")
    return Content.styled(line.heading, "$secondary"), label, title, finding
