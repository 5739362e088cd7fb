"""The pace of polling: never zero, never endless."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tui.domain.polling import MAX_BACKOFF_SECONDS, MOST_ASKED_FOR, PollPace


def test_fast_while_live_slow_when_idle() -> None:
    pace = PollPace(5, 30)
    assert pace.delay(live=True) == 5
    assert pace.delay(live=False) == 30


@given(st.integers(1, 5000), st.floats(0, 1, exclude_max=True))
def test_backoff_grows_but_stays_bounded(failures: int, jitter: float) -> None:
    pace = PollPace(5, 30, jitter=lambda: jitter)
    for _ in range(failures):
        pace.failed()
    assert 2.5 <= pace.delay(live=True) <= MAX_BACKOFF_SECONDS
    pace.succeeded()
    assert pace.delay(live=True) == 5


def test_the_service_may_ask_for_longer() -> None:
    pace = PollPace(5, 30)
    pace.failed(retry_after=300)
    assert pace.delay(live=False) == 300
    pace.failed(retry_after=1e9)
    assert pace.delay(live=False) == MOST_ASKED_FOR
