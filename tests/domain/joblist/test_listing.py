"""Long lists are filtered and ordered by what is kept of each job, and never by its raw record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tui.domain.catalog.skus import PriceBook
from tui.domain.course.attempts import Attempt
from tui.domain.course.cost import cost_so_far, dollars_so_far
from tui.domain.insight import JobInsight
from tui.domain.joblist.columns import COLUMNS, Line, in_order
from tui.domain.joblist.listing import Known, Listing, ordered
from tui.domain.joblist.query import read_query
from tui.domain.jobs import Job, job_from_json
from tui.domain.metrics.model import JobProgress

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


class Unread(Mapping[str, Any]):
    """A raw record that nobody may look into."""

    def __getitem__(self, key: str) -> Any:
        raise AssertionError(key)

    def __iter__(self) -> Iterator[str]:
        raise AssertionError

    def __len__(self) -> int:
        raise AssertionError


def job(number: int, hours: float, machine: str = "g2-standard-4", **spec: Any) -> Job:
    """One that ran for so many hours, up to `number` minutes ago."""
    end = NOW - timedelta(minutes=number)
    pool = {"machineSpec": {"machineType": machine}, "replicaCount": "1", "diskSpec": {"bootDiskSizeGb": 200}}
    found = job_from_json(
        {
            "name": f"projects/{number % 2}/locations/europe-west4/customJobs/{number}",
            "displayName": f"kelp-{number}",
            "state": "JOB_STATE_SUCCEEDED",
            "createTime": (end - timedelta(hours=hours)).isoformat(),
            "startTime": (end - timedelta(hours=hours)).isoformat(),
            "endTime": end.isoformat(),
            "jobSpec": {"workerPoolSpecs": [pool] if machine else [], **spec},
        }
    )
    return replace(found, raw=Unread())


JOBS = (
    job(1, 1),
    job(2, 10, scheduling={"strategy": "SPOT"}),
    job(3, 2),
    job(4, 5, persistentResourceId="p"),
    job(5, 1, "x9-odd"),
)


def known(jobs: tuple[Job, ...] = JOBS, **more: Any) -> Known:
    asked: list[Job] = more.pop("asked", [])

    def project_of(one: Job) -> str:
        asked.append(one)
        return f"kelp-{one.name.split('/')[1]}"

    return Known(jobs, more.pop("insights", {}), project_of, more.pop("book", None), NOW)


def ids(jobs: Any) -> list[str]:
    return [one.job_id for one in jobs]


def test_costs_are_compared_without_looking_into_records() -> None:
    listing = Listing()
    amounts = [dollars_so_far(one, NOW) for one in JOBS]
    assert amounts[3:] == [None, None]
    for one, amount in zip(JOBS, amounts, strict=True):
        exact = cost_so_far(one, NOW).amount
        assert (amount is None) == (exact is None)
        assert amount == pytest.approx(float(exact)) if exact is not None else True
    assert ids(ordered(JOBS, "cost", known(), reverse=False))[:2] == ["4", "5"]
    dear = sorted(JOBS[:3], key=lambda one: dollars_so_far(one, NOW) or 0, reverse=True)
    assert ids(ordered(JOBS, "cost", known(), reverse=True))[:3] == ids(dear)
    limit = (dollars_so_far(dear[0], NOW) or 0) - 0.01
    assert ids(listing.found(read_query(f"cost>{limit}"), known())) == [dear[0].job_id]
    # What the log says of pauses counts, and is not kept when it says something else.
    begin = int((dear[0].start_time or NOW).timestamp()) * 10**9
    tries = (Attempt(1, begin, begin, begin + 10**9, "preempted"), Attempt(2, begin + 3 * 10**12, None))
    insights = {dear[0].name: JobInsight(attempts=tries)}
    assert not listing.found(read_query(f"cost>{limit}"), known(insights=insights))
    # Other prices, other costs.
    machine = [(part, "europe-west4", spot) for part in ("g2:vcpu", "g2:memory") for spot in (False, True)]
    book = PriceBook(NOW, {key: Decimal(900) for key in machine})
    with_book = [one for one in JOBS if (dollars_so_far(one, NOW, book=book) or 0) > 0.001]
    assert list(listing.found(read_query("cost>0.001"), known(book=book))) == with_book


@pytest.mark.parametrize("key", [column.key for column in COLUMNS if column.key != "cost"])
def test_every_column_orders_as_its_lines_do(key: str) -> None:
    lines = [Line(one, NOW, None, None, f"kelp-{one.name.split('/')[1]}") for one in JOBS]
    for reverse in (False, True):
        wanted = [line.job for line in in_order(lines, key, reverse=reverse)]
        newest = sorted(JOBS, key=lambda one: one.create_time or NOW, reverse=True)
        assert list(ordered(newest, key, known(), reverse=reverse)) == wanted


def test_what_was_made_of_a_job_is_kept_until_it_changes() -> None:
    listing, asked = Listing(), list[Job]()
    shown = known(asked=asked)
    assert listing.found(read_query(""), shown) is JOBS
    assert not asked
    assert ids(listing.found(read_query("kelp-1"), shown)) == ["1"]
    assert len(asked) == 2  # each project once
    assert ids(listing.found(read_query("project:kelp-0"), shown)) == ["2", "4"]
    assert len(asked) == 2
    renamed = (replace(JOBS[0], display_name="reef"), *JOBS[1:3])
    assert ids(listing.found(read_query("reef"), known(renamed))) == ["1"]
    listing.forget_all_but({one.name for one in renamed})
    assert len(listing._subjects) == 3


def test_what_the_log_says_of_a_few_jobs_is_taken_in_without_looking_at_all() -> None:
    listing, asked = Listing(), list[Job]()
    jobs, project_of = JOBS, known(asked=asked).project_of

    def at(percent: float | None) -> Known:
        progress = None if percent is None else JobProgress(fraction=percent / 100)
        insights = {} if percent is None else {JOBS[1].name: JobInsight(progress)}
        return Known(jobs, insights, project_of, None, NOW)

    half = read_query("progress>=50")
    for percent, found in ((None, []), (10.0, []), (60.0, ["2"]), (None, []), (50.0, ["2"])):
        assert ids(listing.found(half, at(percent))) == found
    assert ids(listing.found(read_query("kelp-2"), at(50.0))) == ["2"]
    assert len(asked) == 2
