"""However much jobs have printed, it is stored bit by bit: other calls and other jobs come in between."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from tests.local.clients import FAST, REGION, script_job
from tests.local.works import Works, state, works
from tests.support import wait_for
from tui.local.faults.book import FaultBook
from tui.local.jobs.crew import Crew
from tui.local.jobs.output import OutputReader, hide_token
from tui.local.jobs.progress import Progress, Workshop
from tui.local.settings import Settings
from tui.local.state.jobs import JobRow, Run
from tui.local.wire import gtypes

LINES = 20_000
CALLS = 10


def workshop(made: Works, folder: Path) -> Workshop:
    settings = Settings(**FAST)  # type: ignore[arg-type]
    return Workshop(made.jobs, made.entries, made.project, settings, folder, FaultBook())


def crew(shop: Workshop, job_id: str) -> Crew:
    """The crew of a job whose one replica has printed `LINES` lines."""
    job = gtypes.CustomJob()
    job.CopyFrom(type(script_job("")).pb(script_job("true")))
    found = Crew(shop, Progress(shop, JobRow(job_id, REGION, job, Run())))
    path = found.replicas[0].output
    path.parent.mkdir(parents=True)
    lines = (json.dumps([number, 1, f"line {number}"]) for number in range(1, LINES + 1))
    path.write_text("".join(f"{line}\n" for line in lines))
    return found


def stored(made: Works, job_id: str) -> int:
    query = "SELECT count(*) FROM entries WHERE job_id = ?"
    return int(made.database.connection.execute(query, (job_id,)).fetchone()[0])


async def test_others_are_answered_while_much_output_is_stored(tmp_path: Path) -> None:
    async with works(tmp_path) as made:
        drain = asyncio.create_task(crew(workshop(made, tmp_path / "crews"), "1").drain())
        calls = 0
        while not drain.done():
            await asyncio.to_thread(int)
            calls += 1
        await drain
        assert stored(made, "1") == LINES
        assert calls >= CALLS


async def test_jobs_share_what_time_there_is(tmp_path: Path) -> None:
    async with works(tmp_path) as made:
        shop = workshop(made, tmp_path / "crews")
        ids = ("1", "2", "3")
        drains = [asyncio.create_task(crew(shop, job_id).drain()) for job_id in ids]
        await asyncio.wait(drains, return_when=asyncio.FIRST_COMPLETED)
        assert min(stored(made, job_id) for job_id in ids) > LINES / 2
        await asyncio.gather(*drains)
        assert [stored(made, job_id) for job_id in ids] == [LINES] * 3


async def test_an_end_is_told_although_others_print_on(tmp_path: Path) -> None:
    async with works(tmp_path) as made:
        job = script_job("sleep 0.1; exit 5")
        job.job_spec.worker_pool_specs.append(script_job("yes").job_spec.worker_pool_specs[0])
        row = await made.run(job)
        assert state(row) == "FAILED"
        assert "status of 5" in row.job.error.message


async def test_what_ended_jobs_left_is_removed_beside_the_work(tmp_path: Path) -> None:
    left = [tmp_path / "jobs" / str(number) for number in range(1, 20)]
    for folder in left:
        (folder / "workerpool0-0" / "work").mkdir(parents=True)
    async with works(tmp_path) as made:
        row = await made.script("echo ran")
        assert made.lines(row) == ["ran"]
        await wait_for(lambda: not any(folder.exists() for folder in left), what="the sweep")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (
            "http://127.0.0.1:1/_as/ya29.local-Ab_9-x/storage/v1/b?x=1",
            "http://127.0.0.1:1/_as/…/storage/v1/b?x=1",
        ),
        ("u=http%3A%2F%2Fh%2F_as%2Fya29.local-Ab%2Fb", "u=http%3A%2F%2Fh%2F_as%2F…%2Fb"),
        ("'/_as/ya29.local-x', '/_as/ya29.local-y'", "'/_as/…', '/_as/…'"),
        ("run_as_root /was/here", "run_as_root /was/here"),
    ],
)
def test_the_token_in_an_address_is_left_out(text: str, shown: str) -> None:
    assert hide_token(text) == shown


async def test_what_a_reader_says_of_an_end_holds_no_token(tmp_path: Path) -> None:
    path = tmp_path / "output.jsonl"
    lines = ["Traceback (most recent call last)", "Error: http://h/_as/ya29.local-x/b"]
    path.write_text("".join(f"{json.dumps([number, 2, text])}\n" for number, text in enumerate(lines, 1)))
    async with works(tmp_path / "works") as made:
        for _ in range(2):  # the second recalls what the first has read
            reader = OutputReader(made.entries, "1", "workerpool0-0", path, key="workerpool0-0")
            reader.read()
            assert reader.traceback().endswith("\nError: http://h/_as/…/b")
