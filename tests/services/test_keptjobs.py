"""What is kept of the job list for the next start, and what never is."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.support import subprocess_environment
from tests.terminal import Terminal
from tui.cloud.session import open_gateway
from tui.domain.course.cost import cost_so_far
from tui.domain.joblist.spec_text import has_whole_spec
from tui.domain.jobs import Job, JobState, job_from_json
from tui.domain.places import Place
from tui.domain.setup.facts import APIS
from tui.domain.target import LocalEndpoint, Target
from tui.local import launcher
from tui.services.jobwatch import JobsSnapshot
from tui.services.keptjobs import MOST, KeptJobs
from tui.services.paths import find_paths
from tui.services.placewatch import PlaceState

NOW = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
HERE, THERE = Place("kelp-train", "europe-west4"), Place("reef-lab", "us-central1")
PARENT = "projects/123/locations/europe-west4"
SECRETS = (
    "never-kept-value",
    "never-kept-argument",
    "never-kept-error",
    "never-kept-image",
    "never-kept-account",
)


def a_job(number: int = 1, **more: Any) -> Job:
    raw: dict[str, Any] = {
        "name": f"{PARENT}/customJobs/{number}",
        "displayName": f"job-{number}",
        "state": "JOB_STATE_FAILED",
        "createTime": (NOW - timedelta(minutes=number)).isoformat(),
        "startTime": "2026-11-22T17:00:00.123456Z",
        "endTime": "2026-11-22T17:30:00Z",
        "updateTime": "2026-11-22T17:31:00Z",
        "labels": {"team": "a", "submitted-by": "ana"},
        "error": {"code": 3, "message": "OSError: never-kept-error"},
        "webAccessUris": {"workerpool0-0": "https://never-kept-value.example"},
        "jobSpec": {
            "serviceAccount": "never-kept-account@kelp-train.iam.gserviceaccount.com",
            "scheduling": {"strategy": "SPOT"},
            "workerPoolSpecs": [
                {
                    "machineSpec": {
                        "machineType": "g2-standard-4",
                        "acceleratorType": "NVIDIA_L4",
                        "acceleratorCount": 1,
                    },
                    "diskSpec": {"bootDiskType": "pd-ssd", "bootDiskSizeGb": 200},
                    "replicaCount": "2",
                    "containerSpec": {
                        "imageUri": "europe-docker.pkg.dev/never-kept-image",
                        "args": ["--token=never-kept-argument"],
                        "env": [{"name": "HF_TOKEN", "value": "never-kept-value"}],
                    },
                }
            ],
        },
    }
    return job_from_json({**raw, **more})


def listed(*jobs: Job, place: Place = HERE, whole: bool = True) -> JobsSnapshot:
    return JobsSnapshot(
        jobs, read_at=NOW, places=(PlaceState(place, read_at=NOW, whole=whole),), homes={PARENT: place}
    )


def the_file(state_dir: Path) -> Path:
    (found,) = (state_dir / "jobs").iterdir()
    return found


def test_what_a_list_shows_comes_back(tmp_path: Path) -> None:
    job = a_job()
    kept = KeptJobs(tmp_path, [HERE], local=False)
    kept.keep(listed(job))
    found = kept.read()
    assert found is not None
    assert (found.kept, found.read_at, found.homes) == (True, NOW, {PARENT: HERE})
    (again,) = found.jobs
    bare = replace(
        job, error=None, service_account="", pools=tuple(replace(pool, image_uri="") for pool in job.pools)
    )
    assert again == bare
    assert cost_so_far(again, NOW) == cost_so_far(job, NOW)


def test_the_cost_is_known_before_the_first_read(tmp_path: Path) -> None:
    machine = {"machineType": "ct5lp-hightpu-4t", "tpuTopology": "2x2"}
    pools = [{"machineSpec": machine, "replicaCount": "1"}]
    tpu = a_job(2, jobSpec={"workerPoolSpecs": pools})
    held = a_job(3, jobSpec={"workerPoolSpecs": pools, "persistentResourceId": "never-kept-value"})
    kept = KeptJobs(tmp_path, [HERE], local=False)
    kept.keep(listed(tpu, held))
    found = kept.read()
    assert found is not None
    assert [job.held for job in found.jobs] == [False, True]
    assert [has_whole_spec(job) for job in found.jobs] == [False, False]
    for again, job in zip(found.jobs, (tpu, held), strict=True):
        assert cost_so_far(again, NOW) == cost_so_far(job, NOW)
    assert cost_so_far(found.jobs[0], NOW).amount is not None
    assert "never-kept" not in the_file(tmp_path).read_text()


def test_no_spec_value_or_error_text_is_written_and_only_the_owner_reads_it(tmp_path: Path) -> None:
    KeptJobs(tmp_path, [HERE], local=False).keep(listed(a_job()))
    path = the_file(tmp_path)
    text = path.read_text()
    assert not [word for word in SECRETS if word in text]
    assert "HF_TOKEN" not in text
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00\xff",
        b"[]",
        b"null",
        b'{"read_at": "yesterday", "homes": {}, "jobs": []}',
        b'{"read_at": "2026-11-22T18:00:00+00:00", "jobs": []}',
        b'{"read_at": "2026-11-22T18:00:00+00:00", "homes": [], "jobs": []}',
        b'{"read_at": "2026-11-22T18:00:00+00:00", "homes": {"x": ["a"]}, "jobs": []}',
        b'{"read_at": 7, "homes": {}, "jobs": [{}]}',
        b'{"read_at": "2026-11-22T18:00:00+00:00", "homes": {}, "jobs": 7}',
    ],
)
def test_a_file_that_makes_no_sense_is_no_list(tmp_path: Path, content: bytes) -> None:
    kept = KeptJobs(tmp_path, [HERE], local=False)
    assert kept.read() is None
    kept.keep(listed(a_job()))
    the_file(tmp_path).write_bytes(content)
    assert kept.read() is None
    kept.keep(listed(a_job()))
    assert kept.read() is not None


def test_odd_records_in_the_file_do_no_harm(tmp_path: Path) -> None:
    kept = KeptJobs(tmp_path, [HERE], local=False)
    kept.keep(listed(a_job()))
    path = the_file(tmp_path)
    content = json.loads(path.read_bytes())
    content["jobs"] += [7, None, {}, {"state": ["x"], "labels": 3, "jobSpec": {"workerPoolSpecs": [None]}}]
    path.write_text(json.dumps(content))
    found = kept.read()
    assert found is not None
    assert [job.state for job in found.jobs] == [JobState.FAILED, JobState.UNKNOWN, JobState.UNKNOWN]


def test_other_places_and_the_local_server_have_lists_of_their_own(tmp_path: Path) -> None:
    keepers = [
        KeptJobs(tmp_path, [HERE], local=False),
        KeptJobs(tmp_path, [HERE], local=True),
        KeptJobs(tmp_path, [HERE, THERE], local=False),
        KeptJobs(tmp_path, [THERE], local=False),
    ]
    for number, keeper in enumerate(keepers, start=1):
        keeper.keep(listed(a_job(number)))
    assert [found.jobs[0].job_id for keeper in keepers if (found := keeper.read())] == ["1", "2", "3", "4"]


def test_it_is_written_when_there_is_news_but_not_all_the_time(tmp_path: Path) -> None:
    kept = KeptJobs(tmp_path, [HERE], local=False)
    assert not kept.due(listed(a_job(), whole=False))
    assert not kept.due(replace(listed(a_job()), kept=True))
    assert not kept.due(listed(a_job(), place=THERE))
    first = listed(a_job())
    assert kept.due(first)
    assert not kept.due(replace(first, read_at=NOW + timedelta(hours=1)))
    assert not kept.due(listed(a_job(2)))  # it comes with the end, or in a minute


def test_the_last_list_is_written_at_the_end_unless_it_is_of_other_places(tmp_path: Path) -> None:
    kept = KeptJobs(tmp_path, [HERE], local=False)
    for other in (
        JobsSnapshot(),
        listed(a_job(), whole=False),
        listed(a_job(), place=THERE),
        replace(listed(a_job()), kept=True),
    ):
        kept.keep_last(other)
        assert kept.read() is None
    kept.keep_last(listed(*(a_job(number) for number in range(MOST + 5))))
    found = kept.read()
    assert found is not None
    assert len(found.jobs) == MOST


def test_a_disk_that_takes_nothing_costs_only_the_list(tmp_path: Path) -> None:
    (tmp_path / "jobs").write_text("in the way")
    kept = KeptJobs(tmp_path, [HERE], local=False)
    kept.keep_last(listed(a_job()))
    assert kept.read() is None


# The app as a process


@pytest.fixture
def home_with_a_job() -> Iterator[tuple[str, str]]:
    """A home whose local server has one job, and the name of that job."""
    with tempfile.TemporaryDirectory() as folder:
        paths = find_paths({"VERTEX_TUI_HOME": folder})
        record = launcher.ensure(paths.local_dir)
        target = Target(
            record.project, "us-central1", local=LocalEndpoint(record.grpc_address, record.http_url)
        )
        yield folder, asyncio.run(_make_job(target))
        launcher.stop(paths.local_dir)


async def _make_job(target: Target) -> str:
    gateway = await open_gateway(target)
    try:
        await gateway.setup.enable_apis(list(APIS))
        container = {"imageUri": "python:3.11", "command": ["true"]}
        pool = {
            "machineSpec": {"machineType": "n1-standard-4"},
            "replicaCount": 1,
            "containerSpec": container,
        }
        job = await gateway.jobs.create_job(
            {"displayName": "kept-by-the-end", "jobSpec": {"workerPoolSpecs": [pool]}}
        )
    finally:
        await gateway.close()
    return job.display_name


def _kept_names(home: str) -> set[str]:
    folder = find_paths({"VERTEX_TUI_HOME": home}).state_dir / "jobs"
    files = list(folder.glob("*.json")) if folder.is_dir() else []
    return {job["displayName"] for path in files for job in json.loads(path.read_bytes())["jobs"]}


def _forget(home: str) -> None:
    for path in (find_paths({"VERTEX_TUI_HOME": home}).state_dir / "jobs").glob("*.json"):
        path.unlink()


@pytest.mark.parametrize("ending", ["q", "SIGTERM", "SIGHUP"])
def test_the_list_is_kept_however_the_app_ends(home_with_a_job: tuple[str, str], ending: str) -> None:
    home, name = home_with_a_job
    environ = {**subprocess_environment(Path(home)), "VERTEX_TUI_REGION": "us-central1"}
    command = [sys.executable, "-m", "tui", "--local"]
    with Terminal(command, environ, columns=100, rows=30) as terminal:
        terminal.wait("1 Setup")
        terminal.press("3")
        terminal.wait(name, "succeeded")
        terminal.until(lambda: name in _kept_names(home), what="the list, kept in the first minute")
        _forget(home)  # so that only the end can write it
        if ending == "q":
            terminal.press("q")
        else:
            terminal.send_signal(getattr(signal, ending))
        terminal.wait_exit()
    assert name in _kept_names(home)
