"""`vertex-tui jobs`, `job`, `cancel` and `delete` against a real local server."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from google.cloud.aiplatform_v1 import EnvVar

from tests.commands.conftest import Run
from tests.local.clients import PARENT, REGION, Server, job_id, script_job
from tui.commands.jobs import service_filter
from tui.domain.jobs import JobState

HERE = ("--local", "--region", REGION)


def made(server: Server, name: str, script: str = "true", **labels: str) -> str:
    """The id of a job that has ended."""
    job = script_job(script)
    job.display_name, job.labels = name, labels
    return job_id(server.run(job))


def started(server: Server, name: str) -> str:
    """The id of a job that lives until it is cancelled."""
    job = script_job("sleep 300")
    job.display_name = name
    return job_id(server.jobs.create_custom_job(parent=PARENT, custom_job=job))


def test_jobs_are_listed_by_the_query_of_the_app(local: Server, run: Run) -> None:
    good = made(local, "list-good", team="alpha-list")
    bad = made(local, "list-bad", "exit 3", team="alpha-list")
    both = run("jobs", *HERE, "--filter", "label:team=alpha-list")
    assert both.status == 0
    assert both.lines[0] == "STATE NAME MACHINE REGION AGE RAN ID"
    assert [line.split()[:3] for line in both.lines[1:]] == [
        ["✗", "failed", "list-bad"],
        ["✓", "succeeded", "list-good"],
    ]
    found = run("jobs", *HERE, "--state", "failed", "--filter", "alpha-list age<1h", "--json").json
    assert [job["id"] for job in found] == [bad]
    assert found[0]["state"] == "JOB_STATE_FAILED"
    assert found[0]["machine_type"] == "n1-standard-4"
    assert found[0]["error"]["code"]
    assert found[0]["create_time"].endswith("Z")
    elsewhere = run("jobs", "--local", "--region", "us-east4", "--filter", "list-good")
    assert (elsewhere.status, elsewhere.out, elsewhere.err) == (0, "", "No jobs.\n")
    assert run("jobs", "--local", "--filter", "nosuch:x").status == 2
    open_quote = run("jobs", "--local", "--filter", 'label:"')
    assert (open_quote.status, "a quote is not closed" in open_quote.err) == (2, True)
    assert good


def test_places_of_the_settings_are_listed_and_looked_into(
    local: Server, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = made(local, "in-another-region")
    missed = run("job", found, "--local", "--region", "us-east4")
    assert missed.status == 1
    assert "there is no job" in missed.err
    assert "--region" in missed.err
    monkeypatch.setenv("VERTEX_TUI_JOBS_PLACES", REGION)
    printed = run("jobs", "--local", "--region", "us-east4", "--filter", "in-another-region", "--json")
    assert [job["region"] for job in printed.json] == [REGION]
    assert run("job", found, "--local", "--region", "us-east4").lines[0] == "in-another-region"


def test_a_job_is_found_by_number_resource_name_and_beginning_of_its_name(local: Server, run: Run) -> None:
    number = made(local, "find-me-one", "exit 4")
    made(local, "find-me-two")
    for wanted in (number, f"{PARENT}/customJobs/{number}", "find-me-o"):
        printed = run("job", wanted, *HERE)
        assert printed.status == 0, printed.err
        assert printed.lines[0] == "find-me-one"
    assert "State ✗ failed" in printed.lines
    assert any(line.startswith("Error The replica workerpool0-0 exited") for line in printed.lines)
    several = run("job", "find-me", *HERE)
    assert several.status == 1
    assert several.out == ""
    assert "find-me may be any of 2 jobs, listed above; name one by its ID" in several.err
    assert number in several.err
    record = run("job", number, *HERE, "--json").json
    assert record["displayName"] == "find-me-one"
    assert record["jobSpec"]["workerPoolSpecs"][0]["machineSpec"]["machineType"] == "n1-standard-4"


def test_secrets_of_a_record_are_hidden(local: Server, run: Run) -> None:
    job = script_job("true")
    job.display_name = "with-secrets"
    container = job.job_spec.worker_pool_specs[0].container_spec
    container.env = [EnvVar(name="HF_TOKEN", value="hf_abcdefghijklmnopqrstuvwxyzABCDEFGH")]
    number = job_id(local.run(job))
    for printed in (run("job", number, *HERE), run("job", number, *HERE, "--json")):
        assert "hf_abc" not in printed.out
        assert "HF_TOKEN" in printed.out


def test_of_several_jobs_the_good_ones_are_cancelled(local: Server, run: Run) -> None:
    first, second = started(local, "cancel-one"), started(local, "cancel-two")
    ended = made(local, "cancel-ended")
    asked = run("cancel", first, *HERE)
    assert asked.status == 2
    assert "Nobody is there to answer" in asked.err
    done = run("cancel", first, second, ended, "no-such-job", *HERE, "--yes")
    assert done.status == 1
    assert sorted(done.lines) == [
        f"asked to cancel: cancel-one {first}",
        f"asked to cancel: cancel-two {second}",
    ]
    assert "cancel-ended has ended: succeeded; there is nothing to cancel" in done.err
    assert "there is no job no-such-job" in done.err
    local.ended(f"{PARENT}/customJobs/{first}")
    local.ended(f"{PARENT}/customJobs/{second}")


def test_a_live_job_is_not_deleted_and_ended_ones_are(local: Server, run: Run) -> None:
    live, ended = started(local, "delete-live"), made(local, "delete-ended")
    done = run("delete", live, ended, *HERE, "--yes")
    assert done.status == 1
    assert done.lines == [f"deleted: delete-ended {ended}"]
    assert f"delete-live is running: cancel it first, with vertex-tui cancel {live}" in done.err.replace(
        "pending", "running"
    ).replace("queued", "running")
    assert run("job", ended, *HERE).status == 1
    nothing = run("delete", live, *HERE, "--yes")
    assert nothing.status == 1
    assert nothing.out == ""
    assert run("cancel", live, *HERE, "--yes").status == 0
    local.ended(f"{PARENT}/customJobs/{live}")


def test_a_session_that_only_reads_changes_nothing(local: Server, run: Run) -> None:
    ended = made(local, "read-only-ended")
    done = run("delete", ended, *HERE, "--yes", "--read-only")
    assert (done.status, "nothing was deleted: this is read-only" in done.err) == (2, True)
    assert run("job", ended, *HERE).status == 0


def test_the_service_leaves_out_what_the_query_surely_does() -> None:
    now = datetime(2026, 11, 23, 12, tzinfo=UTC)
    assert service_filter("state:failed,expired words", now) == (
        '(state="JOB_STATE_FAILED" OR state="JOB_STATE_EXPIRED")'
    )
    live = service_filter("state:live", now)
    assert all((f'state!="{state.wire}"' in live) is state.terminal for state in JobState)
    assert service_filter("age<2h", now) == (
        f'create_time>="{now - timedelta(hours=2, minutes=5):%Y-%m-%dT%H:%M:%SZ}"'
    )
    assert service_filter('-state:failed "open', now) == ""
    assert service_filter("state:", now) == ""
    assert json.dumps(service_filter("cost>5 age>2h by:ana", now)) == '""'
