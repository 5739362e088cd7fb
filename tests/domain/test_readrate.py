"""The quota of log reads is kept, and found again after a refusal."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tui.domain.readrate import BURST, FIRST, LEAST, MOST, SHARE, UNLIMITED, ReadRate


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


def test_refusals_of_reads_made_together_halve_the_rate_once_and_a_limit_that_is_named_holds() -> None:
    rate = ReadRate()
    for each in range(5):
        rate.take(1.0)
        rate.refused(2.0 + each / 10, begun=1.0)
    assert rate.per_minute == FIRST / 2
    assert rate.made(3.0) == 5
    assert rate.made(62.0) == 0
    rate.refused(70.0, begun=69.0, limit=20.0)
    for _ in range(100):
        rate.succeeded()
    assert rate.per_minute == 20.0 * SHARE
    free = ReadRate(most=UNLIMITED)
    assert free.wait(0.0) == 0.0
    assert free.spare(0.0)
