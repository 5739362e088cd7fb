"""A plan says exactly what goes, and no command it offers says more."""

from __future__ import annotations

import shlex
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.domain.cleanup.items import PlanItems
from tui.domain.deleteplan import (
    BATCH,
    TYPED_ABOVE,
    DeletePlan,
    Part,
    Tally,
    gcloud_of,
    gcloud_rm,
    narrowed,
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


def plan(uri: str, count: int = 3, bucket: Bucket | None = None, earlier: int = 0) -> DeletePlan:
    aim = GcsUri.parse(uri)
    past = PlanItems.of(objects(earlier))
    part = Part("kelp", bucket, PlanItems.of(objects(count)), past, whole=not aim.name)
    return DeletePlan((aim,), (part,))


@given(st.lists(st.integers(0, 5), max_size=10))
def test_a_tally_is_the_sum_of_its_pages(pages: list[int]) -> None:
    everything = objects(sum(pages))
    tally = Tally()
    start = 0
    for length in pages:
        tally.add(everything[start : start + length])
        start += length
    assert tally.count == len(everything)
    assert tally.bytes == sum(item.size for item in everything)
    assert tally.newest == (everything[-1].updated if everything else None)
    assert tally.pages == len(pages)


@given(st.lists(st.tuples(st.text(), st.integers(0, 1 << 62), st.integers(0, 1 << 50)), max_size=350))
def test_items_come_out_as_they_went_in(wanted: list[tuple[str, int, int]]) -> None:
    items = PlanItems()
    for each in wanted:
        items.put(*each)
    assert [tuple(item) for item in items] == wanted
    assert [tuple(item) for chunk in items.chunks(BATCH) for item in chunk] == wanted
    assert all(0 < len(chunk) <= BATCH for chunk in items.chunks(BATCH))
    assert [tuple(item) for item in items.pick(range(0, len(wanted), 2))] == wanted[::2]
    assert items.bytes == sum(size for _, _, size in wanted)


def test_the_name_is_typed_for_many_objects_and_for_buckets() -> None:
    assert plan("gs://kelp/runs/a/", TYPED_ABOVE).must_type == ""
    assert plan("gs://kelp/runs/a/", TYPED_ABOVE + 1).must_type == "a"
    assert plan("gs://kelp", 0).must_type == "kelp"
    assert typed_name(GcsUri("kelp", "//")) == "kelp"
    assert typed_name(GcsUri("kelp", "a\n/")) == "kelp"
    several = replace(
        plan("gs://kelp/a/", TYPED_ABOVE + 1), aims=(GcsUri("kelp", "a/"), GcsUri("kelp", "b/"))
    )
    assert several.must_type == "101 objects"


def test_whether_it_can_be_undone_is_said_plainly() -> None:
    def undo(bucket: Bucket | None = None, **more: int) -> str:
        return " ".join(plan("gs://kelp/a/", bucket=bucket, **more).undo_lines(NOON))

    assert "not known" in undo()
    assert undo(Bucket("kelp")).startswith("Cannot be undone")
    assert "for 7 days" in undo(Bucket("kelp", soft_delete_seconds=604_800))
    assert "for 1 day," in undo(Bucket("kelp", soft_delete_seconds=86_400))
    versioned = Bucket("kelp", versioning=True)
    assert "frees nothing" in undo(versioned)
    whole = plan("gs://kelp", bucket=versioned).taking_earlier(also=True)
    assert whole.undo_lines(NOON)[0].startswith("Cannot be undone")


def test_earlier_versions_go_only_when_asked_for() -> None:
    both = plan("gs://kelp/runs/", 2, Bucket("kelp", versioning=True), earlier=3)
    assert [(len(each.items), each.noncurrent) for each in both.requests()] == [(2, False)]
    assert (both.count, both.must_take_earlier) == (2, False)
    assert gcloud_of(both) == "gcloud storage rm 'gs://kelp/runs/**'"
    also = both.taking_earlier(also=True)
    assert [(len(each.items), each.noncurrent) for each in also.requests()] == [(3, True), (2, True)]
    assert gcloud_of(also) == "gcloud storage rm --recursive gs://kelp/runs/"
    assert plan("gs://kelp", 2).must_take_earlier
    one = plan("gs://kelp/a", 1, Bucket("kelp", versioning=True), earlier=2)
    assert gcloud_of(one) == "gcloud storage rm gs://kelp/a"
    assert gcloud_of(one.taking_earlier(also=True)) == "gcloud storage rm --all-versions gs://kelp/a"
    picked = replace(plan("gs://kelp/a", 0, earlier=1), picked=True, with_earlier=True)
    assert gcloud_of(picked).startswith("gcloud storage rm 'gs://kelp/")
    assert gcloud_of(replace(picked, parts=one.parts)) == ""


def test_a_rule_narrows_a_plan_and_takes_earlier_versions_of_the_same_names() -> None:
    whole = plan("gs://kelp/runs/", 5, Bucket("kelp", versioning=True), earlier=5)
    some = narrowed(whole, {"kelp": [1, 3]}, {}, "older than 3 days")
    assert (some.live, some.earlier, some.staying, some.newest_name) == (2, 2, 3, "runs/3")
    assert gcloud_of(some) == ""


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


@given(st.text(min_size=1), st.text(min_size=1))
def test_a_command_is_one_word_of_path_and_fit_for_a_terminal(name: str, other: str) -> None:
    command = gcloud_rm(GcsUri("kelp", name))
    if command:
        assert printable(command) == command
        assert shlex.split(command)[-1] == f"gs://kelp/{name}"
    aims = (GcsUri("kelp", name), GcsUri("kelp", other))
    both = gcloud_of(DeletePlan(aims, (Part("kelp"),)))
    if both:
        assert shlex.split(both)[-2:] == [str(aim) for aim in aims]
