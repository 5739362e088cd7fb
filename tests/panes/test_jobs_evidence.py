"""Lines of evidence use the room that the detail has."""

from __future__ import annotations

from tests.panes.jobs_world import NOW, NOW_NS, raw
from tui.domain.diagnosis.model import Cause, Diagnosis, Evidence
from tui.domain.insight import JobInsight
from tui.domain.jobs import job_from_json
from tui.domain.logs import EntryKey
from tui.panes.jobs_cards import DetailState
from tui.panes.jobs_summary import summary

KEY = EntryKey(NOW_NS, "e7", "log")
CARD = Diagnosis(
    Cause.CRASH,
    "It crashed.",
    evidence=(Evidence("word " * 24 + "tail", KEY.timestamp_ns, "workerpool0-1", KEY), Evidence("x" * 900)),
)


def rows(width: int) -> list[str]:
    state = DetailState(job_from_json(raw(1, "FAILED")), NOW, JobInsight(diagnosis=CARD, lines=9))
    return summary(state, width).plain.splitlines()


def test_a_long_line_takes_several_rows_but_not_all() -> None:
    narrow = rows(41)
    first = next(number for number, row in enumerate(narrow) if row.startswith("Evidence  E "))
    assert narrow[first + 3].endswith("…")
    assert narrow[first + 5].endswith("x…")
    assert max(map(len, narrow)) <= 41
    assert any("tail" in row for row in rows(76))
