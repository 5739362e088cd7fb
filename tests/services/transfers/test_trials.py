"""However transfers are interrupted: no wrong file, nothing outside the folder, and they go on to the end.

`python -m benchmarks.campaign transfers` runs hundreds.
"""

from __future__ import annotations

import pytest

from tests.local.clients import Server
from tests.local.conftest import fresh_server
from tests.services.transfers.trials import may_mount, play


@pytest.fixture(scope="module")
def server() -> object:
    with fresh_server() as found:
        yield found


@pytest.mark.parametrize("full", [False, True])
def test_what_interruptions_leave(server: Server, full: bool) -> None:  # noqa: FBT001
    if full and not may_mount():
        pytest.skip("this user may not mount a small file system")
    found = list(play(server.record, seed=103 if full else 1, count=1 if full else 2, full=full))
    assert [case for case in found if case.problems] == []
    assert len(found) == (1 if full else 2)
