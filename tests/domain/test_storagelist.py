"""Entries of a place kept in columns, their order, the paths to them, and what buckets mean for jobs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tui.domain.jobs import Job, JobState
from tui.domain.storage import Bucket, GcsUri, Holds, ObjectInfo, Past
from tui.domain.storagelist import order
from tui.domain.storagelist.classes import region_match
from tui.domain.storagelist.entries import Entries, Key, Kind, Mode
from tui.domain.storagelist.locations import is_location, location_fault
from tui.domain.storagelist.newbucket import NewBucket
from tui.domain.storagelist.order import Wish, arrange
from tui.domain.storagelist.places import fitting, places_of_job, step_names, steps, web_address
from tui.domain.text import cell_width

NOON = datetime(2026, 7, 14, 12, 0, 0, 123_456, UTC)

moments = st.none() | st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
pasts = st.none() | st.builds(
    Past,
    replaced_at=moments,
    deleted_at=moments.filter(bool),
    gone_at=moments,
    restore_token=st.sampled_from(["", "t"]),
)
holds = st.none() | st.builds(Holds, st.booleans(), st.booleans(), moments)
objects = st.builds(
    ObjectInfo,
    st.just("kelp"),
    st.text(max_size=6).map(lambda text: f"runs/{text}"),
    st.integers(0, 2**62),
    st.integers(1, 2**62),
    moments,
    st.sampled_from(["", "text/plain", "x/\x1b"]),
    st.sampled_from(["", "gzip"]),
    st.sampled_from(["STANDARD", "NEARLINE"]),
    st.sampled_from(["", "qTxfkw==", "AAAAAA=="]),
    holds,
    pasts,
)


@given(st.lists(objects, max_size=8))
def test_what_is_put_in_comes_out(items: list[ObjectInfo]) -> None:
    entries = Entries(GcsUri("kelp", "runs/"), Mode.VERSIONS)
    entries.add(("runs/a/", "runs/a/", "runs/b/"), items)
    assert [entries.object(number) for number in range(len(entries.names))] == items
    assert entries.prefixes == ["a/", "b/"]
    for number in range(len(items)):
        key = Key.parse(entries.object_key(number))
        assert str(key) == entries.object_key(number)
        found = entries.find(key)
        assert found is not None
        assert entries.object_key(found) == entries.object_key(number)
        assert entries.uri_of(key) == items[number].uri


def long_level(count: int) -> Entries:
    entries = Entries(GcsUri("kelp"))
    items = (
        ObjectInfo("kelp", f"{n:05}", (n * 7919) % 1000, n, NOON + timedelta(seconds=-n))
        for n in range(count)
    )
    entries.add(("a/", "b/"), items)
    return entries


@given(st.sampled_from(["size", "updated", "generation", "type"]), st.booleans(), st.sampled_from(["", "7"]))
def test_parts_sorted_and_merged_are_sorted(column: str, descending: bool, words: str) -> None:  # noqa: FBT001
    entries = long_level(300)
    before, order.AT_ONCE = order.AT_ONCE, 37
    try:
        rows = arrange(entries, Wish(words, column, descending))
    finally:
        order.AT_ONCE = before
    columns: dict[str, Sequence[Any]] = {
        "size": entries.sizes,
        "updated": entries.updated,
        "generation": entries.generations,
        "type": [""] * 300,
    }
    numbers = [n for n in range(300) if words in entries.names[n]]
    wanted = sorted(numbers, key=columns[column].__getitem__, reverse=descending)
    keys = [f"o:{entries.names[n]}" for n in wanted]
    assert list(rows) == ([] if words else ["p:a/", "p:b/"]) + keys
    assert [rows.index(key) for key in rows] == list(range(len(rows)))
    assert "o:none" not in rows
    assert rows[-1:] == [keys[-1]]


def test_rows_stay_as_they_were_while_a_level_grows() -> None:
    entries = long_level(3)
    rows = arrange(entries, Wish())
    entries.add(("c/",), (ObjectInfo("kelp", "z", 1, 1),))
    assert (len(rows), rows[2], rows[-1]) == (5, "o:00000", "o:00002")
    assert list(arrange(entries, Wish(descending=True)))[:3] == ["p:c/", "p:b/", "p:a/"]
    assert arrange(entries, Wish(column="size", descending=True), {"p:b/": 9})[0] == "p:b/"


def test_earlier_generations_stand_below_the_live_one() -> None:
    entries = Entries(GcsUri("kelp"), Mode.VERSIONS)
    past = Past(replaced_at=NOON)
    entries.add(
        (),
        (
            ObjectInfo("kelp", "a", 1, 1, past=past),
            ObjectInfo("kelp", "a", 1, 2, past=past),
            ObjectInfo("kelp", "a", 1, 3),
            ObjectInfo("kelp", "b", 1, 1, past=past),
        ),
    )
    assert list(arrange(entries, Wish())) == ["o:a", "g2:a", "g1:a", "g1:b"]


def test_keys_of_paths() -> None:
    entries = Entries(GcsUri("kelp"))
    entries.add(("both/",), (ObjectInfo("kelp", "both", 1, 1), ObjectInfo("kelp", "tail/", 1, 1)))
    for name in ("p:both/", "o:both", "o:tail/"):
        assert entries.key_of(GcsUri("kelp", name[2:])) == name
    buckets = Entries(None)
    buckets.buckets.append(Bucket("kelp"))
    assert buckets.find(Key(Kind.BUCKET, "kelp")) == 0
    assert buckets.key_of(GcsUri("kelp")) == "b:kelp"


@given(st.text(st.sampled_from("a/é\n"), max_size=30), st.integers(20, 60))
def test_the_way_to_a_place(name: str, width: int) -> None:
    place = GcsUri("kelp", f"{name}/" if name else "")
    way, names = steps(place), step_names(place)
    assert (way[0], way[-1], len(way)) == (GcsUri("kelp"), place, len(names))
    shown = fitting(names, width)
    assert shown[-1][0] == len(names) - 1
    assert sum(cell_width(text) for _, text in shown) <= max(width, 20)


def test_addresses_for_a_browser() -> None:
    assert web_address(GcsUri("kelp")) == "https://console.cloud.google.com/storage/browser/kelp"
    for name, wanted in (
        ("a b/ü#?%.txt", "a%20b/%C3%BC%23%3F%25.txt"),
        ("a/../b", "a%2F..%2Fb"),
        ("/lead", "/lead"),
    ):
        assert web_address(GcsUri("kelp", name)) == f"https://storage.cloud.google.com/kelp/{wanted}"
    assert web_address(GcsUri("kelp", "a/")).endswith("/browser/kelp/a/")


def test_where_a_job_may_have_written() -> None:
    container = {"args": ["cp a gs://kelp/first && cp b gs://kelp/second/"]}
    raw = {"jobSpec": {"workerPoolSpecs": [{"containerSpec": container}]}}
    job = Job("j", "ana", JobState.SUCCEEDED, output_uri="gs://kelp/base", raw=raw)
    found = places_of_job(job, ["gs://kelp/first", "gs://kelp/seen.txt", "nonsense"])
    assert [str(uri) for uri, _ in found] == [
        "gs://kelp/base/",
        "gs://kelp/second/",
        "gs://kelp/first/",
        "gs://kelp/seen.txt",
    ]
    assert places_of_job(Job("j", "ana", JobState.SUCCEEDED)) == []


def test_what_a_location_means_for_jobs() -> None:
    assert region_match("EUROPE-WEST4", "region", "europe-west4").good
    assert region_match("US-EAST1", "region", "europe-west4").short == "other region"
    far, near = region_match("US", "", "europe-west4"), region_match("EU", "", "europe-west4")
    assert "egress" in far.about
    assert "egress" not in near.about
    assert near.short == "multi-region"
    assert region_match("", "", "europe-west4").short == ""


def test_a_new_bucket_as_a_command() -> None:
    plain = NewBucket("kelp-new", "europe-west4")
    assert plain.fault == ""
    assert plain.soft_delete_seconds is None
    assert plain.command("kelp") == (
        "gcloud storage buckets create gs://kelp-new --location=europe-west4"
        " --uniform-bucket-level-access --project=kelp"
    )
    assert NewBucket("kelp", "").fault
    assert NewBucket("Kelp", "eu").fault
    full = NewBucket("kelp-new", "europe-west10", "ARCHIVE", versioning=True, soft_delete_days=0)
    assert "--soft-delete-duration=0d" in full.command("")
    assert full.command("").endswith("buckets update gs://kelp-new --versioning")
    assert "not a region" in full.about_location("europe-west4")


def test_a_bucket_is_only_made_where_buckets_can_be() -> None:
    for place in ("US", "nam4", "europe-west4", "northamerica-south1", "moon-west1"):
        assert not location_fault(place)
    assert [is_location(place) for place in ("ASIA1", "moon-west1")] == [True, False]
    assert "us-central1" in location_fault("us-central1-a")
    assert location_fault("mars").endswith("a region, or eu, us, asia")
