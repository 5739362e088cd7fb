"""The filter of job lists and the tables behind it, without a server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tui.local.clock import SECOND, stamp
from tui.local.filters.grammar import FilterError
from tui.local.filters.jobs import job_filter
from tui.local.state.database import Database
from tui.local.state.jobs import JobRow, Jobs, Run, State
from tui.local.wire.gtypes import CustomJob

REGION = "europe-west4"


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A database with nine jobs, made a second apart."""
    opened = Database(tmp_path_factory.mktemp("lists") / "state.db")
    Jobs(opened).add_many([row(number) for number in range(1, 10)])
    yield opened
    opened.close()


def row(number: int) -> JobRow:
    """Job `number`: made in that second, even ones have run and failed."""
    job = CustomJob(name=f"projects/1/locations/{REGION}/customJobs/{number}", display_name=f"job-{number}")
    job.labels["parity"] = "odd" if number % 2 else "even"
    if number == 5:
        job.labels["vertex-tui-id"] = "x.y"
        job.display_name = "odd [one]? *"
    job.state = State.JOB_STATE_FAILED if number % 2 == 0 else State.JOB_STATE_RUNNING
    stamp(job.create_time, number * SECOND)
    if number % 2 == 0:
        stamp(job.end_time, (number + 10) * SECOND)
    return JobRow(str(number), REGION, job, Run())


def listed(
    database: Database, text: str, size: int = 100, before: tuple[int, str] | None = None
) -> list[int]:
    """Numbers of the jobs that pass a filter, as listed."""
    found = Jobs(database).page(REGION, before, job_filter(text), size)
    return [int(CustomJob.FromString(data).name.rpartition("/")[2]) for _, data in found]


ALL = [9, 8, 7, 6, 5, 4, 3, 2, 1]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ALL),
        ('display_name="job-3"', [3]),
        ("displayName=job-3", [3]),
        ('display_name!="job-3"', [9, 8, 7, 6, 5, 4, 2, 1]),
        ('display_name:"job-*"', [9, 8, 7, 6, 4, 3, 2, 1]),
        ('display_name:"*-3"', [3]),
        ('display_name:"ob-"', [9, 8, 7, 6, 4, 3, 2, 1]),
        ('display_name:"odd [one]? *"', [5]),
        ('display_name:"odd [eno]*"', []),
        ('NOT display_name:"job-*"', [5]),
        ('state="JOB_STATE_FAILED"', [8, 6, 4, 2]),
        ('state=FAILED AND create_time<"1970-01-01T00:00:05Z"', [4, 2]),
        ('state!="JOB_STATE_FAILED"', [9, 7, 5, 3, 1]),
        ('create_time>="1970-01-01T00:00:08Z"', [9, 8]),
        ('createTime="1970-01-01T00:00:08Z"', [8]),
        ('create_time<"9999-12-31T23:59:59Z"', ALL),
        ('end_time>"1970-01-01T00:00:15Z"', [8, 6]),
        ('NOT end_time>"1970-01-01T00:00:15Z"', [9, 7, 5, 4, 3, 2, 1]),
        ("labels.parity=odd", [9, 7, 5, 3, 1]),
        ("labels.parity!=odd", [8, 6, 4, 2]),
        ("labels.parity:*", ALL),
        ('labels."vertex-tui-id":*', [5]),
        ("labels.vertex-tui-id=x.y", [5]),
        ('labels.vertex-tui-id="x.y"', [5]),
        ("labels:vertex-tui-id", [5]),
        ("NOT labels.vertex-tui-id:*", [9, 8, 7, 6, 4, 3, 2, 1]),
        ("labels.none!=x", ALL),
        ("(display_name=job-1 OR display_name=job-2) AND state=RUNNING", [1]),
        ("display_name=job-1 OR display_name=job-2 AND state=RUNNING", [1]),
        ("-state=FAILED display_name:job", [9, 7, 3, 1]),
    ],
)
def test_filters(database: Database, text: str, expected: list[int]) -> None:
    assert listed(database, text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "nonsense",
        "name=x",
        "state=ASLEEP",
        "state>RUNNING",
        "display_name>x",
        "create_time>yesterday",
        "create_time:x",
        "labels=x",
        "display_name = = x",
        'display_name="\0"',
        "(state=RUNNING OR state=FAILED AND " * 40 + "state=RUNNING" + ")" * 40,
        "(" * 200 + "state=RUNNING" + ")" * 200,
        " OR ".join(["state=RUNNING"] * 1001),
        "display_name=" + "x" * 20_000,
    ],
)
def test_what_is_no_filter(text: str) -> None:
    with pytest.raises(FilterError):
        job_filter(text)


def test_long_filters(database: Database) -> None:
    assert listed(database, " OR ".join([f"display_name=job-{number}" for number in range(800)])) == [
        number for number in ALL if number != 5
    ]
    deep = "(state=FAILED OR display_name=job-1 AND " * 14 + "state=RUNNING" + ")" * 14
    assert listed(database, deep) == [1]
    assert listed(database, f"NOT {deep}") == [9, 8, 7, 6, 5, 4, 3, 2]
    assert listed(database, "NOT " * 99 + "display_name=job-1") == [9, 8, 7, 6, 5, 4, 3, 2]


WORDS = st.sampled_from(
    "display_name state labels . k create_time = != : > AND OR NOT - ( ) \" * RUNNING ' \\ ? [ % ;".split()  # noqa: SIM905
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.text(max_size=40)
    | st.lists(WORDS, max_size=12).map(" ".join)
    | st.lists(WORDS, max_size=12).map("".join)
)
def test_any_text_is_a_filter_or_refused(database: Database, text: str) -> None:
    try:
        condition = job_filter(text)
    except FilterError:
        return
    assert len(Jobs(database).page(REGION, None, condition, 100)) <= 9


def test_pages_go_on_where_they_stopped(database: Database) -> None:
    assert listed(database, "", 4) == [9, 8, 7, 6]
    assert listed(database, "", 4, (6 * SECOND, "6")) == [5, 4, 3, 2]
    assert listed(database, "labels.parity=odd", 2, (6 * SECOND, "6")) == [5, 3]
    assert Jobs(database).page("us-west1", None, job_filter(""), 4) == []


def test_the_tables_follow_the_jobs(tmp_path: Path) -> None:
    database = Database(tmp_path / "state.db")
    jobs = Jobs(database)
    rows = [row(number) for number in range(1, 4)]
    for each in rows:
        jobs.add(each)
    assert [job.display_name for job in jobs.living(REGION)] == ["job-1", "job-3"]
    rows[0].job.state = State.JOB_STATE_SUCCEEDED
    jobs.save(rows[0])
    assert listed(database, "state=SUCCEEDED") == [1]
    jobs.delete("3")
    jobs.save(rows[2])
    assert listed(database, "") == [2, 1]
    assert jobs.living(REGION) == []
    database.connection.execute("DELETE FROM job_facts")
    database.connection.execute("DELETE FROM job_labels")
    assert listed(database, "labels.parity=even") == [2]
    database.close()


def test_a_failed_write_leaves_both_tables(tmp_path: Path) -> None:
    database = Database(tmp_path / "state.db")
    jobs = Jobs(database)
    jobs.add(row(1))
    clash: Any = [row(2), row(1)]
    with pytest.raises(Exception, match="UNIQUE"):
        jobs.add_many(clash)
    assert listed(database, "") == [1]
    database.close()
