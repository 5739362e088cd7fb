"""The quota of log reads is kept, and found again after a refusal."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tui.domain.readrate import BURST, LEAST, MOST, ReadRate


@given(st.lists(st.floats(0, 5), max_size=300))
def test_never_more_than_the_most_in_any_minute(pauses: list[float]) -> None:
    rate, now = ReadRate(), 0.0
    made: list[float] = []
    for pause in pauses:
        now += pause
        now += rate.wait(now)
        rate.take(now)
        rate.succeeded()
        made.append(now)
    for start in made:
        assert sum(1 for moment in made if start <= moment < start + 60) <= MOST + BURST + 1


def test_a_refusal_halves_the_rate_and_rests() -> None:
    rate = ReadRate()
    before = rate.per_minute
    rate.refused(0.0, retry_after=7.0)
    assert rate.per_minute == before / 2
    assert rate.wait(0.0) == 7.0
    for _ in range(20):
        rate.refused(0.0)
    assert rate.per_minute == LEAST
    assert rate.wait(1_000.0) == 0.0
    for _ in range(100):
        rate.succeeded()
    assert rate.per_minute == MOST
