"""`vertex-tui run` against a real local server, and against one that loses replies."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest

from tests.commands.conftest import Run
from tests.local.clients import REGION, Server
from tui.cli_common import CommandLineError, Options
from tui.commands import waiting
from tui.commands.run import allow
from tui.commands.run_follow import outcome
from tui.commands.specs import Surroundings
from tui.domain.jobs import JobError, JobState, job_from_json
from tui.domain.setup.facts import SetupFacts
from tui.domain.setup.model import Check, CheckState, Group
from tui.domain.spec.check import check
from tui.domain.spec.references import Source, Value
from tui.domain.spec.request import build_request
from tui.domain.target import Target
from tui.services.planned import PlannedStart
from tui.services.preflight import Finding, Report
from tui.services.processes import this_host
from tui.services.submission import Record, SubmissionStore

HERE = ("--local", "--region", REGION)
TOLD = ("--set", "SECRET_TOKEN=kelp-forest-of-ana")
SPEC = """\
workerPoolSpecs:
  - machineSpec:
      machineType: e2-standard-4
    replicaCount: 1
    containerSpec:
      imageUri: python:3.11
      command: [bash, -c]
      args:
        - |
          set -e
          echo "as ${WHO:-nobody} with $SECRET_TOKEN"
          exit $CODE
      env:
        - name: CODE
          value: "0"
        - name: SECRET_TOKEN
          value: ${SECRET_TOKEN}
scheduling:
  timeout: 3600s
"""


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SECRET_TOKEN", "quite-a-secret-1234")
    Path("job.yaml").write_text(SPEC)


def test_a_job_is_started_once_and_its_name_is_all_that_stdout_has(
    local: Server, run: Run, home: Path
) -> None:
    done = run("run", "job.yaml", *HERE, "--name", "run-one", "--set", "labels.team=a", *TOLD)
    assert done.status == 0, done.err
    (name,) = done.out.splitlines()
    assert name.startswith("projects/123456789012/locations/europe-west4/customJobs/")
    job = local.ended(name)
    assert (job.display_name, job.labels["team"]) == ("run-one", "a")
    assert [each["display_name"] for each in run("jobs", *HERE, "--filter", "run-one", "--json").json] == [
        "run-one"
    ]
    for words in (("logs", name), ("logs", name, "--raw"), ("explain", name), ("export", name, "record")):
        printed = run(*words, *HERE)
        assert printed.status == 0, printed.err
        assert "kelp-forest" not in printed.out + printed.err
    assert "as nobody with ••••••" in Path("record/log.jsonl").read_text()
    assert "kelp-forest" not in Path("record/job.json").read_text()
    store = SubmissionStore(home / "state" / "journals")
    assert not store.pending_submissions()
    assert store.next_number(str(Path("job.yaml").resolve())) == 2


@pytest.mark.usefixtures("local")
def test_the_log_is_followed_and_the_status_is_the_job_s(run: Run) -> None:
    good = run("run", "job.yaml", *HERE, "--follow")
    assert good.status == 0, good.err
    assert "as nobody with" in good.out
    assert "quite-a-secret" not in good.out + good.err
    assert "customJobs/" in good.err
    assert "succeeded" in good.err
    bad = run("run", "job.yaml", *HERE, "--follow", "--set", "env.CODE=7")
    assert bad.status == 7
    assert "vertex-tui explain" in bad.err


@pytest.mark.usefixtures("local")
def test_what_speaks_against_a_start_is_said_and_nothing_is_sent(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = len(run("jobs", *HERE, "--json").json)
    Path("bad.yaml").write_text(SPEC.replace("replicaCount: 1", "replicaCount: many"))
    wrong = run("run", "bad.yaml", *HERE)
    assert wrong.status == 1
    assert "bad.yaml:4:" in wrong.err
    monkeypatch.delenv("SECRET_TOKEN")
    missing = run("run", "job.yaml", *HERE)
    assert missing.status == 1
    assert "SECRET_TOKEN has no value; set the environment variable, or store it in" in missing.err
    assert run("run", "nowhere.yaml", *HERE).status == 2
    assert run("run", "job.yaml", *HERE, "--name", "x" * 200).status == 2
    assert run("run", "job.yaml", *HERE, "--set", "nosuchfield=1", "--set", "SECRET_TOKEN=a").status == 2
    assert len(run("jobs", *HERE, "--json").json) == before


@pytest.mark.usefixtures("local")
def test_a_lost_reply_is_looked_for_and_the_job_is_there_once(run: Run) -> None:
    assert run("local", "fault", "add", "call", "CreateCustomJob", "drop", "--once").status == 0
    done = run("run", "job.yaml", *HERE, "--name", "run-lost-reply")
    assert done.status == 0, done.err
    assert "No clear reply came" in done.err
    (found,) = run("jobs", *HERE, "--filter", "run-lost-reply", "--json").json
    assert done.out.strip() == found["name"]


@pytest.mark.usefixtures("local")
def test_earlier_starts_are_settled_unless_another_process_waits_for_them(run: Run, home: Path) -> None:
    """As after a kill: one arrived, one did not, one may still be on its way, and one is a sibling's."""
    (job,) = run("jobs", *HERE, "--filter", "run-one", "--json").json or [None]
    store = SubmissionStore(home / "state" / "journals")
    parent = psutil.Process(os.getppid())
    record = Record("", "local-project", REGION, local=True, display_name="", file="", sent_at="")
    old, new = "2026-11-01T10:00:00+00:00", datetime.now(UTC).isoformat()
    store.write(replace(record, label="jgone", display_name="gone", sent_at=old))
    store.write(replace(record, label="jnew", display_name="new", sent_at=new))
    sibling = replace(record, pid=parent.pid, process_started=parent.create_time(), host=this_host())
    store.write(replace(sibling, label="jsibling", display_name="sibling", sent_at=old))
    if job is not None:
        store.write(replace(record, label=job["labels"]["vertex-tui-id"], display_name="one", sent_at=old))
    done = run("run", "job.yaml", *HERE)
    assert done.status == 0, done.err
    assert "gone, sent at 2026-11-01" in done.err
    assert "never arrived" in done.err
    assert "whether new, sent at" in done.err
    look = f"look: vertex-tui jobs --filter label:vertex-tui-id=jnew --local --region {REGION}"
    assert look in done.err
    assert "sibling" not in done.err
    assert job is None or f"is {job['name']}" in done.err
    assert [each.label for each in store.pending_submissions()] == ["jsibling", "jnew"]


@pytest.mark.usefixtures("local")
def test_a_refusal_is_told_without_secrets(run: Run) -> None:
    fault = ("local", "fault", "add", "call", "CreateCustomJob", "error", "--code", "INVALID_ARGUMENT")
    assert run(*fault, "--message", "quite-a-secret-1234 is wrong", "--once").status == 0
    done = run("run", "job.yaml", *HERE, "--name", "run-refused")
    assert done.status == 1
    assert done.out == ""
    assert "run-refused was not started" in done.err
    assert "quite-a-secret" not in done.err


@pytest.mark.usefixtures("local")
def test_a_job_whose_log_cannot_be_read_still_tells_its_outcome(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "TOLD_AFTER", 0.0)
    for call in ("ListLogEntries", "TailLogEntries"):
        assert run("local", "fault", "add", "call", call, "error", "--code", "PERMISSION_DENIED").status == 0
    assert run("local", "fault", "add", "call", "GetCustomJob", "error", "--code", 503, "--once").status == 0
    try:
        done = run("run", "job.yaml", *HERE, "--follow", "--set", "env.CODE=9")
    finally:
        assert run("local", "fault", "clear").status == 0
    assert done.status == 9
    assert done.out == ""
    assert "Its log cannot be read: Permission denied" in done.err
    assert "The job's state could not be read since " in done.err
    assert f"vertex-tui doctor --local --region {REGION}; its end is awaited all the same" in done.err


def plan(timeout: str) -> PlannedStart:
    spec = check(SPEC.replace("3600s", timeout))
    values = {"SECRET_TOKEN": Value("quite-a-secret-1234", Source.ENVIRONMENT)}
    finding = Finding(Check("quota.cpus", Group.QUOTA, "CPUs", CheckState.WARNING, "needs 4, 2 left"))
    return PlannedStart(
        spec=spec,
        request=build_request(spec, "run-billed", {}, values),
        values=values,
        target=Target("kelp-train", "europe-west4"),
        file="",
        number=1,
        report=Report(SetupFacts(), (finding,)),
        prices=None,
        last=None,
        doubtful=(),
    )


def test_google_cloud_is_asked_about_with_price_and_limit(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    around = Surroundings.of(Options(project="kelp-train"))
    with pytest.raises(CommandLineError, match="Nobody is there to answer") as nobody:
        allow(plan("3600s"), around, force=False, yes=False)
    assert nobody.value.status == 2
    allow(plan("3600s"), around, force=False, yes=True)
    said = capsys.readouterr().err
    assert "quota of CPUs: needs 4, 2 left" in said
    assert "Project   kelp-train, as account unknown, GOOGLE CLOUD · BILLED" in said
    assert "At most   ≈ $" in said
    assert "SECRET_TOKEN (hidden, from the environment)" in said
    assert "quite-a-secret" not in said
    monkeypatch.setenv("VERTEX_TUI_JOBS_PRICE_LIMIT", "1")
    around = Surroundings.of(Options(project="kelp-train"))
    with pytest.raises(CommandLineError, match=r"your limit is \$1.00") as over:
        allow(plan("360000s"), around, force=False, yes=True)
    assert over.value.status == 1


def test_what_surely_is_refused_is_not_sent_unless_forced(capsys: pytest.CaptureFixture[str]) -> None:
    around = Surroundings.of(Options(project="kelp-train"))
    wrong = Finding(Check("billing", Group.CONNECTION, "billing", CheckState.FAILED, "is off"), sure=True)
    refused = replace(plan("3600s"), report=Report(SetupFacts(), (wrong,)))
    with pytest.raises(CommandLineError, match="--force"):
        allow(refused, around, force=False, yes=True)
    assert capsys.readouterr().err == "✗ billing: is off\n"
    allow(refused, around, force=True, yes=True)


@pytest.mark.parametrize(
    ("state", "message", "told", "status"),
    [
        ("SUCCEEDED", "", 3, 0),
        ("FAILED", "The replica workerpool0-0 exited with a non-zero status of 137.", None, 137),
        ("FAILED", "The replica workerpool0-0 exited with a non-zero status of 300.", 4, 1),
        ("FAILED", "Internal error", 4, 4),
        ("FAILED", "", None, 1),
        ("CANCELLED", "CANCELED", None, 1),
    ],
)
def test_the_status_is_that_of_the_job(state: str, message: str, told: int | None, status: int) -> None:
    raw = {"name": "n", "state": f"JOB_STATE_{state}", "error": {"code": 3, "message": message}}
    job = job_from_json(raw if message else {**raw, "error": {}})
    assert job.state is JobState[state]
    assert job.error in (None, JobError(3, message))
    assert outcome(job, told) == status
    assert json.dumps(raw)
