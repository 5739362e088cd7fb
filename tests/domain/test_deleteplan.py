"""A plan says exactly what goes, and no command it offers says more."""

from __future__ import annotations

import shlex
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.domain.deleteplan import (
    BATCH,
    TYPED_ABOVE,
    DeletePlan,
    Tally,
    gcloud_rm,
    typed_name,
)
from tui.domain.storage import Bucket, GcsUri, ObjectInfo
from tui.domain.text import printable

NOON = datetime(2026, 7, 14, 12, tzinfo=UTC)


def objects(count: int) -> list[ObjectInfo]:
    return [
        ObjectInfo("kelp", f"runs/{number}", number, number + 1, NOON + timedelta(minutes=number))
        for number in range(count)
    ]


def plan(uri: str, count: int = 3, bucket: Bucket | None = None) -> DeletePlan:
    tally = Tally()
    tally.add(objects(count))
    return DeletePlan.of(GcsUri.parse(uri), tally, bucket)


@given(st.lists(st.integers(0, 5), max_size=10))
def test_a_tally_is_the_sum_of_its_pages(pages: list[int]) -> None:
    everything = objects(sum(pages))
    tally = Tally()
    start = 0
    for length in pages:
        tally.add(everything[start : start + length])
        start += length
    assert len(tally.items) == len(everything)
    assert tally.bytes == sum(item.size for item in everything)
    assert tally.newest == (everything[-1].updated if everything else None)
    assert tally.pages == len(pages)


@given(st.integers(0, 350))
def test_chunks_hold_every_item_once(count: int) -> None:
    whole = plan("gs://kelp/runs/", count)
    chunks = list(whole.chunks())
    assert [item for chunk in chunks for item in chunk] == list(whole.items)
    assert all(0 < len(chunk) <= BATCH for chunk in chunks)


def test_the_name_is_typed_for_many_objects_and_for_buckets() -> None:
    assert plan("gs://kelp/runs/a/", TYPED_ABOVE).must_type == ""
    assert plan("gs://kelp/runs/a/", TYPED_ABOVE + 1).must_type == "a"
    assert plan("gs://kelp", 0).must_type == "kelp"
    assert typed_name(GcsUri("kelp", "//")) == "kelp"
    assert typed_name(GcsUri("kelp", "a\n/")) == "kelp"


def test_whether_it_can_be_undone_is_said_plainly() -> None:
    assert "not known" in plan("gs://kelp/a/").undo
    assert plan("gs://kelp/a/", bucket=Bucket("kelp")).undo.startswith("Cannot be undone")
    assert "for 7 days" in plan("gs://kelp/a/", bucket=Bucket("kelp", soft_delete_seconds=604_800)).undo
    assert "for 1 day:" in plan("gs://kelp/a/", bucket=Bucket("kelp", soft_delete_seconds=86_400)).undo


@pytest.mark.parametrize(
    ("uri", "command"),
    [
        ("gs://kelp", "gcloud storage rm --recursive gs://kelp"),
        ("gs://kelp/runs/a/", "gcloud storage rm --recursive gs://kelp/runs/a/"),
        ("gs://kelp/my file", "gcloud storage rm 'gs://kelp/my file'"),
        ("gs://kelp/a*", ""),
        ("gs://kelp/a[1]", ""),
        ("gs://kelp/a#123", ""),
        ("gs://kelp/#a", "gcloud storage rm 'gs://kelp/#a'"),
        ("gs://kelp/a\nb", ""),
    ],
)
def test_the_command_names_only_this(uri: str, command: str) -> None:
    assert gcloud_rm(GcsUri("kelp", uri.removeprefix("gs://kelp").removeprefix("/"))) == command


@given(st.text(min_size=1))
def test_a_command_is_one_word_of_path_and_fit_for_a_terminal(name: str) -> None:
    command = gcloud_rm(GcsUri("kelp", name))
    if command:
        assert printable(command) == command
        assert shlex.split(command)[-1] == f"gs://kelp/{name}"
