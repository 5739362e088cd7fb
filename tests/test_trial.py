"""Trials on this box: what is said when the answer is lost, and that no value of a secret is said."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from typing import Any

import pytest

from tui.domain.secrets import HIDDEN
from tui.local import launcher
from tui.local.admin.client import AdminClient
from tui.services.config import load
from tui.services.options import AppOptions
from tui.services.paths import find_paths
from tui.trial import SEE, Told, run_trial

FAST = '{"queued_seconds": 0, "pending_seconds": 0, "error_seconds": 0, "operation_seconds": 0}'
SECRET = "correct horse"  # noqa: S105  # looks like none: it is hidden because it was filled in
CONTAINER = {
    "imageUri": "python:3.11",
    "command": ["bash", "-c"],
    "args": ['echo "ValueError: cannot log in with $HF_TOKEN" >&2; exit 3'],
    "env": [{"name": "HF_TOKEN", "value": SECRET}, {"name": "REGION", "value": "here"}],
}


@pytest.fixture
def options(monkeypatch: pytest.MonkeyPatch) -> Iterator[AppOptions]:
    """Options for a server of this test's own, in a folder short enough for a socket's path."""
    monkeypatch.setenv("VERTEX_TUI_LOCAL_SETTINGS", FAST)
    with tempfile.TemporaryDirectory() as folder:
        environ = {"VERTEX_TUI_HOME": folder}
        paths = find_paths(environ)
        found = load(paths, environ, {"region": "europe-west4"}, local=True)
        yield AppOptions(found.settings, found.origins, local=True, spec=None, paths=paths)
        launcher.stop(paths.local_dir)


def request(**container: Any) -> dict[str, Any]:
    pool = {
        "machineSpec": {"machineType": "n1-standard-4"},
        "replicaCount": 1,
        "containerSpec": {**CONTAINER, **container},
    }
    return {"displayName": "tried", "jobSpec": {"workerPoolSpecs": [pool]}}


def break_call(options: AppOptions, call: str, code: str, message: str = "no") -> None:
    record = launcher.ensure(options.paths.local_dir)
    rule = {"kind": "call", "pattern": call, "effect": "error", "options": {"code": code, "message": message}}
    AdminClient(record).call("POST", "faults", rule)


async def test_a_job_that_cannot_be_followed_was_started_all_the_same(options: AppOptions) -> None:
    break_call(options, "*GetCustomJob", "PERMISSION_DENIED")
    told = await run_trial(options, request(args=["true"]))
    assert told == Told("tried was started on this box; how it ended is not known", SEE)


async def test_no_message_quotes_a_value_that_was_filled_in(options: AppOptions) -> None:
    told = await run_trial(options, request())
    assert "tried failed on this box" in told.title
    assert SECRET not in f"{told}"
    assert told.message.endswith(SEE)
    break_call(options, "*CreateCustomJob", "INVALID_ARGUMENT", f"bad value {SECRET}")
    told = await run_trial(options, request())
    assert "tried was not tried here" in told.title
    assert SECRET not in f"{told}"
    assert HIDDEN in f"{told}"
