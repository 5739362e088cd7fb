"""The app in a shell that `vertex-tui local env` has turned to the local server."""

from __future__ import annotations

from pathlib import Path

import pytest

from tui.cli_common import Options
from tui.domain.target import Target
from tui.local.environ import BEFORE


@pytest.mark.parametrize(
    ("local", "before", "diverted"),
    [(None, "{}", True), (None, None, False), (True, "{}", False)],
)
def test_a_shell_turned_to_the_local_server_is_told(
    *, tmp_path: Path, local: bool | None, before: str | None, diverted: bool
) -> None:
    environ = {"VERTEX_TUI_HOME": str(tmp_path)} | ({BEFORE: before} if before else {})

    options = Options(local=local, environ=environ).app_options(None)

    assert options.diverted is diverted


def test_a_diverted_target_costs_nothing() -> None:
    assert Target("local-project", "europe-west4", diverted=True).is_local
    assert not Target("a-project", "europe-west4").is_local
