"""The app in a shell that `vertex-tui local env` has turned to the local server."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tui.cli_common import Options
from tui.domain.target import Target
from tui.local import launcher
from tui.local.environ import BEFORE
from tui.local.jobs.runner import process_mark

DOOR = "http://127.0.0.1:4999"
TURNED = {
    BEFORE: "{}",
    **dict.fromkeys(("HTTPS_PROXY", "https_proxy", "grpc_proxy"), DOOR),
    **dict.fromkeys(("NO_PROXY", "no_proxy"), "intranet.example,127.0.0.1,localhost,::1"),
}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home whose local server seems to run: it is written down with this process."""
    data_dir = Options(environ={"VERTEX_TUI_HOME": str(tmp_path)}).paths().local_dir
    data_dir.mkdir(parents=True)
    record = launcher.Record(
        pid=os.getpid(),
        process_start=process_mark(os.getpid()) or "",
        version="",
        protocol=launcher.PROTOCOL,
        grpc_address="",
        http_url="http://127.0.0.1:4998",
        proxy_url=DOOR,
        project="local-project",
        project_number="",
        data_dir=str(data_dir),
    )
    launcher.write_record(data_dir, record)
    return tmp_path


def diverted(home: Path, environ: dict[str, str], *, local: bool | None = None) -> bool:
    """What the app is told."""
    options = Options(local=local, environ={"VERTEX_TUI_HOME": str(home)} | environ)
    return options.app_options(None).diverted


def test_a_shell_turned_to_the_local_server_is_told(home: Path) -> None:
    assert diverted(home, TURNED)
    tokens = dict.fromkeys(("HTTPS_PROXY", "https_proxy", "grpc_proxy"), "http://local:t@127.0.0.1:4999")
    assert diverted(home, TURNED | tokens)
    assert not diverted(home, TURNED, local=True)
    assert not diverted(home, {})


@pytest.mark.parametrize(
    "since",
    [
        {"https_proxy": "http://proxy.example:3128"},
        {"HTTPS_PROXY": ""},
        {"no_proxy": "localhost,.googleapis.com"},
        {"NO_PROXY": "*"},
    ],
)
def test_a_shell_that_was_turned_elsewhere_since_is_billed(home: Path, since: dict[str, str]) -> None:
    assert not diverted(home, TURNED | since)


def test_a_shell_whose_server_is_gone_is_billed(tmp_path: Path) -> None:
    assert not diverted(tmp_path / "another", TURNED)


def test_a_diverted_target_costs_nothing() -> None:
    assert Target("local-project", "europe-west4", diverted=True).is_local
    assert not Target("a-project", "europe-west4").is_local
