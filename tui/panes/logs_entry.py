"""The entry under the cursor in full: its times, levels, names, links and structured payload."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from tui.domain.logreading.level_words import level_word
from tui.domain.logreading.links import links
from tui.domain.logreading.model import Mark
from tui.domain.logreading.payload import payload_lines
from tui.domain.logs import rfc3339
from tui.domain.logstore.model import LinePlace, Lines, LogLine
from tui.domain.text import printable
from tui.services.handout import cleaned
from tui.widgets.log_paint import NO_TEXT

MOST_LINES = 500
"""Lines of a payload that are shown."""
MOST_TEXT = 20_000
"""Characters of a line that are shown at once; the log itself scrolls through longer ones."""


class EntryView(VerticalScroll, can_focus=False):
    """A box below the log; follows the cursor while it is open."""

    def __init__(self, *, id: str, classes: str) -> None:  # noqa: A002 (Textual's name)
        super().__init__(Static(id="logs-entry-text"), id=id, classes=classes)
        self.border_title = "Entry"
        self.border_subtitle = "enter closes · ctrl+d ctrl+u scroll"
        self._place: LinePlace | None = None

    def show(self, lines: Lines, index: int, folded: int) -> None:
        """Show the entry of a line, unless it is shown already."""
        line = lines.line(index)
        if line.place == self._place:
            return
        self._place = line.place
        self.query_one(Static).update(Content("\n").join(_rows(lines, index, line, folded)))
        self.scroll_home(animate=False)

    def forget(self) -> None:
        """Draw anew the next time."""
        self._place = None


def _rows(lines: Lines, index: int, line: LogLine, folded: int) -> list[Content]:
    """What one looks for first: the text, the payload, and where it comes from below."""
    text = line.text or NO_TEXT
    if len(text) > MOST_TEXT:
        text = f"{text[:MOST_TEXT]} … {len(text):,} characters"
    rows = [Content(text)]
    payload = lines.payload(index)
    if payload is not None and _says_more(payload):
        shown = cleaned("\n".join(payload_lines(payload, MOST_LINES)))
        rows += [Content.styled("jsonPayload", "$text-muted"), Content(shown)]
    found = {f"link {number}": link.address for number, link in enumerate(links(line.text), 1)}
    if folded:
        found["folded"] = f"{folded:,} lines are folded into this one; space shows them"
    found |= {
        "time": _times(line.timestamp_ns),
        "severity": _severity(line),
        "replica": printable(line.replica) or "-",
        "insertId": printable(line.place.key.insert_id) or "-",
        "logName": printable(line.place.key.log_name) or "-",
    }
    return rows + [
        Content.assemble((f"{name:<10}", "$text-muted"), cleaned(words)) for name, words in found.items()
    ]


def _says_more(payload: Mapping[str, Any]) -> bool:
    """Whether there is anything beside what Vertex AI makes of a plain line."""
    attrs = payload.get("attrs")
    plain = attrs is None or (isinstance(attrs, Mapping) and attrs.keys() <= {"tag"})
    return not (plain and payload.keys() <= {"message", "levelname", "attrs"})


def _times(timestamp_ns: int) -> str:
    try:
        moment = datetime.fromtimestamp(timestamp_ns // 1_000_000_000, UTC).astimezone()
        return f"{moment:%Y-%m-%d %H:%M:%S} {moment.tzname()} · {rfc3339(timestamp_ns)}"
    except (ValueError, OverflowError, OSError):
        return f"{timestamp_ns} ns since 1970"


def _severity(line: LogLine) -> str:
    own = level_word(line.severity)
    if not line.marks & Mark.REINFERRED:
        return own
    return f"{level_word(line.level)} by its words; the entry says {own}, as of all on standard error"
