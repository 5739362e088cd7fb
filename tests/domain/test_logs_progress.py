"""Progress bars in logs: hostile lines cost no more than their length."""

from __future__ import annotations

import time

import pytest

from tui.domain.logs_progress import progress

_LONG = 256_000


@pytest.mark.parametrize(
    "line",
    [
        "1" * _LONG + "it [",
        " " * _LONG + "5%|",
        "9" * _LONG + "%|",
        "5%|x|" + "1." * (_LONG // 2),
        "━" * _LONG + " 1",
        "x" + " " * _LONG + "━",
        "1" * _LONG + "/1 [=",
        "a: " * (_LONG // 3) + "% (",
        "/ [1/5 files]" + "1%" * (_LONG // 2) + "% Done",
    ],
    ids=lambda line: line[:5].strip() + line[-5:].strip(),
)
def test_a_hostile_line_is_soon_done_with(line: str) -> None:
    began = time.process_time()
    assert progress(line) is None
    # Generous: what is not linear takes minutes here.
    assert time.process_time() - began < 2
