"""`vertex-tui export`: a record that the local server can serve again, whole or not there at all."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from google.cloud.aiplatform_v1 import EnvVar

from tests.commands.conftest import Run
from tests.local.clients import REGION, Server, job_id, script_job
from tests.local.conftest import fresh_server

HERE = ("--local", "--region", REGION)
TOKEN = "hf_abcdefghijklmnopqrstuvwxyzABCDEFGH"  # noqa: S105  # of no account
FAILS = f'echo \'token {TOKEN}\'; echo \'{{"message": "step", "api_key": "0123456789abcdef-x"}}\'; exit 5'


@pytest.fixture
def failed(local: Server) -> str:
    """The id of a job with secrets in its spec and its log."""
    job = script_job(FAILS)
    job.display_name = "to-export"
    job.job_spec.worker_pool_specs[0].container_spec.env = [EnvVar(name="HF_TOKEN", value=TOKEN)]
    return job_id(local.run(job))


def test_a_record_comes_back_as_it_was(
    failed: str, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "records" / "one"
    done = run("export", failed, place, *HERE)
    assert done.status == 0, done.err
    assert done.out.splitlines() == [str(place / "job.json"), str(place / "log.jsonl")]
    assert sorted(each.name for each in place.iterdir()) == ["job.json", "log.jsonl"]
    whole = (place / "job.json").read_text() + (place / "log.jsonl").read_text()
    assert TOKEN not in whole
    assert "0123456789abcdef-x" not in whole
    assert [each.stat().st_mode & 0o777 for each in place.iterdir()] == [0o600, 0o600]
    before = run("logs", failed, *HERE, "--jsonl").out
    why = run("explain", failed, *HERE, "--json").json
    record = run("job", failed, *HERE, "--json").json
    with fresh_server() as other:
        other.enable("aiplatform", "logging")
        home = tmp_path / "another home"
        (home / "data").mkdir(parents=True, mode=0o700)
        (home / "data" / "local").symlink_to(other.data_dir)
        monkeypatch.setenv("VERTEX_TUI_HOME", str(home))
        assert run("local", "import", place.parent).status == 0
        assert run("logs", failed, *HERE, "--jsonl").out == before
        assert run("explain", failed, *HERE, "--json").json == why
        assert run("job", failed, *HERE, "--json").json == record
        assert record["state"] == "JOB_STATE_FAILED"


def test_secrets_stay_only_if_asked_for(failed: str, run: Run, tmp_path: Path) -> None:
    done = run("export", failed, tmp_path / "open", *HERE, "--with-secrets")
    assert done.status == 0
    assert "hold the secrets" in done.err
    job = json.loads((tmp_path / "open" / "job.json").read_text())
    assert job["jobSpec"]["workerPoolSpecs"][0]["containerSpec"]["env"][0]["value"] == TOKEN
    assert TOKEN in (tmp_path / "open" / "log.jsonl").read_text()


def test_nothing_is_overwritten_and_nothing_half_done_stays(failed: str, run: Run, tmp_path: Path) -> None:
    place = tmp_path / "there"
    place.mkdir()
    (place / "log.jsonl").write_text("mine\n")
    refused = run("export", failed, place, *HERE)
    assert refused.status == 1
    assert "has log.jsonl already" in refused.err
    assert (place / "log.jsonl").read_text() == "mine\n"
    assert run("export", "no-such-job", tmp_path / "new", *HERE).status == 1
    fault = ("local", "fault", "add", "call", "ListLogEntries", "error", "--code", "PERMISSION_DENIED")
    assert run(*fault, "--once").status == 0
    broken = run("export", failed, tmp_path / "new" / "deeper", *HERE)
    assert broken.status == 1
    assert run("export", failed, place, *HERE, "--force").status == 0
    assert sorted(each.name for each in place.iterdir()) == ["job.json", "log.jsonl"]
    assert [each.name for each in tmp_path.iterdir()] == ["there"]
    blocked = tmp_path / "a-file"
    blocked.write_text("")
    assert run("export", failed, blocked / "below", *HERE).status == 1
