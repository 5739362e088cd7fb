"""Times to go to in a log, as one types them."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.domain.logfind.moments import MomentError, moment_of

SECOND = 1_000_000_000
ZONE = timezone(timedelta(hours=2))
FIRST = int(datetime(2026, 11, 21, 9, 30, tzinfo=ZONE).timestamp()) * SECOND
LAST = int(datetime(2026, 11, 22, 18, 40, 30, tzinfo=ZONE).timestamp()) * SECOND + 5


def moment(text: str) -> datetime:
    found = moment_of(text, first_ns=FIRST, last_ns=LAST, zone=ZONE)
    return datetime.fromtimestamp(found // SECOND, ZONE)


def at(day: int, hour: int, minute: int, second: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, second, tzinfo=ZONE)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("18:40", at(22, 18, 40)),
        (" 18:40:30 ", at(22, 18, 40, 30)),
        ("18:40:31", at(21, 18, 40, 31)),
        ("8:05", at(22, 8, 5)),
        ("16:40z", at(22, 18, 40)),
        ("2026-11-21 23:59:59", at(21, 23, 59, 59)),
        ("2026-11-21T21:59:59Z", at(21, 23, 59, 59)),
        ("2026-11-22", at(22, 0, 0)),
        ("+90s", at(21, 9, 31, 30)),
        ("+1h30m", at(21, 11, 0)),
        ("+1:30:00", at(21, 11, 0)),
        ("+ 1.5h", at(21, 11, 0)),
        ("-10m", at(22, 18, 30, 30)),
        ("-1d", at(21, 18, 40, 30)),
        ("-0:30", at(22, 18, 40)),
    ],
)
def test_what_is_typed_means_a_time(text: str, meant: datetime) -> None:
    assert moment(text) == meant


@pytest.mark.parametrize("text", ["", "noon", "25:00", "18:61", "+", "+90", "10m", "2026-13-01", "+1h x"])
def test_what_says_no_time_is_refused_in_words(text: str) -> None:
    with pytest.raises(MomentError, match="time"):
        moment(text)


@settings(max_examples=50)
@given(st.text("0123456789:+-.dhmsTZz ", max_size=24), st.integers(-(2**63), 2**63))
def test_anything_typed_is_a_time_or_refused(text: str, last: int) -> None:
    with suppress(MomentError):
        moment_of(text, first_ns=0, last_ns=last, zone=UTC)


@settings(max_examples=50)
@given(st.integers(31_536_000, 4_102_444_800), st.integers(0, 86_399))
def test_a_time_of_day_is_the_last_one_before_the_end(end: int, second: int) -> None:
    last = end * SECOND
    text = f"{second // 3600}:{second // 60 % 60:02}:{second % 60:02}"
    found = moment_of(text, first_ns=0, last_ns=last, zone=UTC)
    assert 0 <= last - found < 86_400 * SECOND
    assert found // SECOND % 86_400 == second
