"""What costs money now: sums that never say less or more than what was read."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.domain.course.cost import SoFar, cost_so_far
from tui.domain.jobs import Job, JobState, job_from_json
from tui.domain.places import Place
from tui.domain.regions import TRAINING_REGIONS
from tui.domain.spend import (
    LIVE_FILTER,
    BucketUse,
    Count,
    How,
    LiveJob,
    Rate,
    Spend,
    Unread,
    ahead,
    regions_of,
    unread_lines,
    with_page,
)
from tui.domain.storage import Amount, Bucket, ContentSums
from tui.panes.spend_words import (
    JobLine,
    about_bucket,
    about_job,
    as_text,
    bucket_cells,
    buckets_title,
    job_cells,
    jobs_title,
    notes,
    progress,
)

NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)
PLACE = Place("kelp-train", "europe-west4")


def raw(state: str = "JOB_STATE_RUNNING", **spec: Any) -> dict[str, Any]:
    machine = {"machineType": "g2-standard-4", "acceleratorType": "NVIDIA_L4", "acceleratorCount": 1}
    return {
        "name": f"projects/1/locations/{PLACE.region}/customJobs/7",
        "displayName": "ana-gemma",
        "state": state,
        "createTime": (NOW - timedelta(hours=3)).isoformat(),
        "startTime": (NOW - timedelta(hours=2)).isoformat() if state == "JOB_STATE_RUNNING" else None,
        "jobSpec": {"workerPoolSpecs": [{"machineSpec": machine, "replicaCount": "1"}], **spec},
    }


def line(state: str = "JOB_STATE_RUNNING", **spec: Any) -> JobLine:
    job = job_from_json(raw(state, **spec))
    return JobLine(LiveJob(job, PLACE), cost_so_far(job, NOW), NOW)


def use(name: str = "kelp-runs", **more: Any) -> BucketUse:
    bucket = Bucket(name, "EU", "multi-region", "STANDARD", NOW, soft_delete_seconds=604_800)
    return replace(BucketUse(bucket, "kelp-train"), **more)


WHOLE: dict[str, Any] = {"count": Count.DONE, "whole": True, "deleted_whole": True}


def test_the_filter_leaves_out_what_has_ended_and_nothing_else() -> None:
    parts = LIVE_FILTER.split(" AND ")
    assert parts == [f'state!="{state.wire}"' for state in JobState if not state.live]
    assert JobState.from_wire("JOB_STATE_OF_A_NEWER_API").live  # or it would cost money unseen


def test_all_training_regions_are_read_the_configured_ones_first() -> None:
    places = [PLACE, Place("reef-lab", "us-east1"), Place("kelp-train", "moon-west1")]
    assert regions_of("kelp-train", places)[:2] == ("europe-west4", "moon-west1")
    assert regions_of("reef-lab", places)[0] == "us-east1"
    assert set(regions_of("reef-lab", places)) == set(TRAINING_REGIONS)
    assert len(regions_of("reef-lab", places)) == len(TRAINING_REGIONS)


@pytest.mark.parametrize(
    ("spec", "how"),
    [
        ({}, How.ON_DEMAND),
        ({"scheduling": {"strategy": "SPOT"}}, How.SPOT),
        ({"scheduling": {"strategy": "FLEX_START"}}, How.FLEX_START),
        ({"scheduling": {"strategy": "SPOT"}, "persistentResourceId": "pool"}, How.PERSISTENT),
        ({"scheduling": "odd"}, How.ON_DEMAND),
    ],
)
def test_how_machines_are_paid(spec: dict[str, Any], how: How) -> None:
    assert LiveJob(Job("n", "d", JobState.RUNNING, raw={"jobSpec": spec}), PLACE).how is how


def test_a_job_without_a_limit_may_go_on_for_seven_days() -> None:
    endless, limited = line(), line(scheduling={"timeout": "10800s"})
    assert not endless.ahead.limited
    assert endless.ahead.seconds == (7 * 24 - 2) * 3600
    assert endless.cost.per_hour is not None
    assert endless.ahead.amount == pytest.approx(endless.cost.per_hour * (7 * 24 - 2))
    assert endless.ahead.words.startswith("⚠ ≈ $")
    assert limited.ahead.limited
    assert limited.ahead.seconds == 3600
    assert limited.ahead.words.startswith("≈ $")
    over = SoFar(Decimal(9), Decimal(1), 20_000)
    assert ahead(limited.found, over).seconds == 0
    assert ahead(endless.found, SoFar(None, None, 10)).words == "⚠ ?"


def test_sums_say_what_is_missing_from_them() -> None:
    known, other = SoFar(Decimal(1), Decimal("0.5"), 7200), SoFar(None, None, 60)
    held = SoFar(None, None, 60, held=True)
    assert Rate.of([known, known, held]).words() == "≈ $1.00 an hour"
    assert Rate.of([known]).words(at_least=True) == "at least ≈ $0.50 an hour"
    assert Rate.of([known, other]).words() == "at least ≈ $0.50 an hour (1 at a price that is not known)"
    assert Rate.of([other]).words() == "at a price that is not known"
    assert Rate.of([]).words() == "$0 an hour"


def test_reasons_that_differ_by_the_name_alone_are_one_line() -> None:
    denied = [Unread(name, "kelp", f"denied on locations/{name}") for name in TRAINING_REGIONS[:6]]
    other = Unread("us-east1", "kelp", "no answer")
    lines = unread_lines([*denied, other], several=False)
    assert lines[0] == f"{', '.join(TRAINING_REGIONS[:4])} and 2 more: denied on locations/…"
    assert lines[1] == "us-east1: no answer"
    assert unread_lines(denied[:1], several=True) == [
        f"{TRAINING_REGIONS[0]} of kelp: denied on locations/{TRAINING_REGIONS[0]}"
    ]
    assert all(name in unread_lines(denied, several=False, named=0)[0] for name in TRAINING_REGIONS[:6])


def test_pages_of_a_bucket_add_up_and_the_last_to_go_counts() -> None:
    until = NOW + timedelta(days=6)
    counted = with_page(use(), ContentSums(Amount(2, 10), Amount(1, 5)))
    counted = with_page(counted, ContentSums(deleted=Amount(1, 7), deleted_until=until))
    counted = with_page(counted, ContentSums(deleted=Amount(1, 1), deleted_until=NOW))
    assert (counted.live, counted.noncurrent, counted.deleted) == (Amount(2, 10), Amount(1, 5), Amount(2, 8))
    assert counted.deleted_until == until
    assert counted.bytes == 23


def test_what_was_not_read_to_its_end_is_at_least() -> None:
    whole = Spend(("p",), 38, 38, buckets=(use(**WHOLE),), buckets_listed=True, began=NOW, ended=NOW)
    assert not whole.jobs_partial
    assert not whole.bytes_partial
    assert replace(whole, places_done=37).jobs_partial
    assert replace(whole, jobs_missing=True).jobs_partial
    assert replace(whole, buckets_missing=True).bytes_partial
    assert replace(whole, buckets=(use(count=Count.DONE, whole=True),)).bytes_partial
    assert jobs_title([line()], whole).startswith("Live jobs 1 · ≈ $")
    assert "Live jobs 1+ · at least ≈ $" in jobs_title([line()], replace(whole, jobs_missing=True))
    assert "at least" in buckets_title(replace(whole, buckets_missing=True))
    assert "price not known" in buckets_title(whole)


def test_waiting_jobs_cost_nothing_yet() -> None:
    waits = line("JOB_STATE_QUEUED")
    whole = Spend(("p",), 1, 1, buckets_listed=True, began=NOW, ended=NOW)
    title = jobs_title([waits], whole)
    assert title.startswith("Live jobs 1 · 1 waiting: ≈ $")
    assert title.endswith(" an hour more")
    assert waits.hourly.startswith("(≈ $")
    assert "created" in about_job(waits)


def test_cells_of_buckets_tell_how_far_counting_is() -> None:
    def cells(found: BucketUse) -> list[str]:
        return [cell.plain for cell in bucket_cells(found)]

    assert cells(use())[3:7] == ["…", "…", "…", "…"]
    assert cells(use(live=Amount(3, 2048), count=Count.COUNTING))[3:5] == ["2.0 KiB …", "3 …"]
    assert cells(use(live=Amount(3, 2048), count=Count.DONE))[3:5] == ["≥ 2.0 KiB", "≥ 3"]
    assert cells(use(count=Count.DONE))[3] == "?"
    assert cells(use(live=Amount(3, 2048), **WHOLE))[3:7] == ["2.0 KiB", "3", "–", "–"]
    assert "billed for 7 days more" in about_bucket(use(**WHOLE))
    gone = use(deleted=Amount(1, 1), deleted_until=NOW, **WHOLE)
    assert "billed until" in about_bucket(gone)


def test_progress_and_notes() -> None:
    spend = Spend(("p",), 38, 12, buckets=(use(live=Amount(9, 9), count=Count.COUNTING),), began=NOW)
    assert progress(spend) == "Reading … 12 of 38 regions · buckets, kelp-runs: 9 objects"
    assert progress(replace(spend, stopped=True)).startswith("Stopped: 12 of 38 regions")
    spend = replace(spend, unread=tuple(Unread(f"us-{n}", "p", f"reason {n}!") for n in range(5)))
    lines = [note.plain for note in notes([line()], spend, local=False)]
    assert lines[0].startswith("⚠ 1 job sets no time limit: until Vertex AI stops it after 7 days, may still")
    assert sum("not read" in text for text in lines) == 4
    assert "2 more: y copies them all" in lines[4]
    assert lines[-1].startswith("Not looked at: persistent resources, endpoints")
    told = as_text([line()], spend, local=False)
    assert all(f"reason {number}!" in told for number in range(5))
    assert "ana-gemma" in told


@given(st.text(max_size=200), st.text(max_size=50))
def test_hostile_names_stay_on_their_line(name: str, bucket: str) -> None:
    job = job_from_json({**raw(), "displayName": name})
    row = JobLine(LiveJob(job, PLACE), cost_so_far(job, NOW), NOW)
    shown = [*job_cells(row), *bucket_cells(use(bucket))]
    words = [about_job(row), about_bucket(use(bucket)), *(cell.plain for cell in shown)]
    assert not any("\n" in text or "\x1b" in text for text in words)
