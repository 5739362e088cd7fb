"""Rules take what they say and nothing else; what a job may write to is found in its whole spec."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta
from fnmatch import translate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.domain.cleanup.checkpoints import checkpoint_of
from tui.domain.cleanup.globs import Glob, PatternError
from tui.domain.cleanup.holding import policy_words, span_words
from tui.domain.cleanup.items import PlanItems
from tui.domain.cleanup.rules import Rule, RuleError, choose, emptied_folders, read_rule
from tui.domain.cleanup.writers import places_of, writers
from tui.domain.jobs import JobState, job_from_json
from tui.domain.storage import Bucket, GcsUri, ObjectInfo

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def items(
    *names: str, sizes: dict[str, int] | None = None, ages: dict[str, float] | None = None
) -> PlanItems:
    return PlanItems.of(
        ObjectInfo(
            "kelp",
            name,
            (sizes or {}).get(name, 1),
            number + 1,
            NOW - timedelta(days=(ages or {}).get(name, 0)),
        )
        for number, name in enumerate(names)
    )


def going(rule: Rule, found: PlanItems, start: int = 0) -> list[str]:
    return [found.name(number) for number in choose(rule, found, start, NOW).going]


@pytest.mark.parametrize(
    ("name", "run", "numbers"),
    [
        ("a/checkpoint-500/model-00001-of-00003.safetensors", "a/checkpoint-", (500,)),
        ("epoch_3/checkpoint-500/x", "epoch_3/checkpoint-", (500,)),
        ("run-5/epoch_3/w.pt", "run-5/epoch_", (3,)),
        ("step=1000/w", "step=", (1000,)),
        ("ckpt-12.data-00000-of-00001", "ckpt-", (12,)),
        ("epoch=3-step=1000.ckpt", "epoch=", (3, 1000)),
        ("model-00010.pt", "model-", (10,)),
        ("iter_0001000/mp_rank_00/m.pt", "iter_", (1000,)),
        ("x/checkpoints/1000/state", "x/checkpoints/", (1000,)),
        ("weights.05-0.12.hdf5", "weights.", (5,)),
        ("checkpoint-500/rng_state_0.pth", "checkpoint-", (500,)),
    ],
)
def test_checkpoints_are_known_by_their_names(name: str, run: str, numbers: tuple[int, ...]) -> None:
    found = checkpoint_of(name)
    assert found is not None
    assert found[:2] == (run, numbers)


@pytest.mark.parametrize(
    "name",
    [
        "model-00001-of-00003.safetensors",
        "model-7b/config.json",
        "last.ckpt",
        "model-2/config.json",
        "a/1000/b",
    ],
)
def test_what_is_no_checkpoint_is_not_taken_for_one(name: str) -> None:
    assert checkpoint_of(name) is None


def test_the_newest_checkpoints_of_each_run_stay_whole() -> None:
    found = items(
        "runs/a/checkpoint-10/m",
        "runs/a/checkpoint-10/o",
        "runs/a/checkpoint-9/m",
        "runs/a/checkpoint-100/m",
        "runs/a/final/m",
        "runs/b/checkpoint-7/m",
        "runs/b/ckpt-12.index",
        "runs/b/ckpt-12.data-00000-of-00001",
        "runs/b/ckpt-13.index",
    )
    assert going(Rule(keep=1), found, 5) == [
        "runs/a/checkpoint-10/m",
        "runs/a/checkpoint-10/o",
        "runs/a/checkpoint-9/m",
        "runs/b/ckpt-12.index",
        "runs/b/ckpt-12.data-00000-of-00001",
    ]
    assert going(Rule(keep=2), found, 5) == ["runs/a/checkpoint-9/m"]
    assert going(read_rule("1", "", "a/**", ""), found, 5) == going(Rule(keep=1), found, 5)[:3]


def test_a_checkpoint_is_as_old_as_the_newest_of_it() -> None:
    found = items(
        "checkpoint-1/a",
        "checkpoint-1/b",
        "checkpoint-2/a",
        "checkpoint-3/a",
        ages={"checkpoint-1/a": 9, "checkpoint-1/b": 1, "checkpoint-2/a": 9},
    )
    assert going(read_rule("1", "3", "", ""), found) == ["checkpoint-2/a"]
    assert going(read_rule("", "3", "", ""), found) == ["checkpoint-1/a", "checkpoint-2/a"]
    assert going(read_rule("", "20h", "", ""), found) == [
        "checkpoint-1/a",
        "checkpoint-1/b",
        "checkpoint-2/a",
    ]


def test_the_largest_go_first() -> None:
    found = items("a", "b", "c", "d", sizes={"a": 10, "b": 3000, "c": 2000, "d": 5})
    assert going(read_rule("", "", "", "2"), found) == ["b", "c"]
    assert going(read_rule("", "", "", "3 KiB"), found) == ["b", "c"]
    assert going(read_rule("", "", "", "1 B"), found) == ["b"]
    assert going(Rule(), found) == []


@pytest.mark.parametrize(
    ("values", "field", "words"),
    [
        (("0", "", "", ""), "keep", "from 1 on"),
        (("x", "", "", ""), "keep", "a number"),
        (("", "3 fortnights", "", ""), "older", "12h"),
        (("", "", "a[b", ""), "pattern", "“[” is not closed, at character 2"),
        (("", "", "{a{", ""), "pattern", "“{” within “{”, at character 3"),
        (("", "", "{a,b", ""), "pattern", "“{” is not closed, at character 1"),
        (("", "", "ab]", ""), "pattern", "“]” without “[” before it, at character 3"),
        (("", "", "a/***", ""), "pattern", "more than two “*” side by side, at character 5"),
        (("", "", "[z-a]", ""), "pattern", "backwards, at character 3"),
        (("", "", "", "big"), "largest", "50 GiB"),
    ],
)
def test_what_cannot_be_read_is_said_with_its_place(
    values: tuple[str, str, str, str], field: str, words: str
) -> None:
    with pytest.raises(RuleError, match=re.escape(words)) as caught:
        read_rule(*values)
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("pattern", "fits", "not_"),
    [
        ("*.tmp", "a.tmp", "x/a.tmp"),
        ("**/*.tmp", "x/y/a.tmp", "a.tmp/x"),
        ("**/*.tmp", "a.tmp", "atmp"),
        ("tmp/", "tmp/a/b", "tmpa"),
        ("{a,b*}/c", "bzz/c", "c/c"),
        ("[!a-c]?", "dx", "bx"),
        ("a**b", "a/x/b", "a/x/c"),
        ("[]]x", "]x", "x"),
        ("a.b", "a.b", "axb"),
    ],
)
def test_patterns_are_those_of_shells(pattern: str, fits: str, not_: str) -> None:
    assert Glob(pattern).matches(fits)
    assert not Glob(pattern).matches(not_)


@given(st.text(alphabet="ab*?.", min_size=1, max_size=8), st.text(alphabet="ab.\n", max_size=8))
def test_without_slashes_a_pattern_is_fnmatch(pattern: str, name: str) -> None:
    if "**" not in pattern:
        assert Glob(pattern).matches(name) == bool(re.match(translate(pattern), name))


@given(st.text(max_size=30), st.text(max_size=30))
def test_any_text_is_a_pattern_or_an_error_with_a_column(pattern: str, name: str) -> None:
    column = 1
    try:
        Glob(pattern).matches(name)
    except PatternError as error:
        column = error.column
    assert 1 <= column <= len(pattern) + 1


def test_no_pattern_takes_long() -> None:
    begin = time.process_time()
    assert not Glob("*a" * 500).matches("a" * 499 + "b" * 500)
    assert checkpoint_of("checkpoint" * 100 + "-" * 24) is None
    assert time.process_time() - begin < 5  # a pattern that blows up takes for ever


def test_folders_go_when_nothing_stays_in_them() -> None:
    found = items("a/x", "a/b/y", "c/z")
    folders = ("a/", "a/b/", "c/", "empty/")
    assert emptied_folders(folders, found, [1]) == ("a/b/",)
    assert emptied_folders(folders, found, [0, 1]) == ("a/", "a/b/")


def test_every_path_of_a_live_jobs_spec_counts() -> None:
    container = {
        "args": ["--data=gs://data/in/*.csv", "--out", "${ROOT}/x", "/gcs/kelp/mounted/f"],
        "env": [{"name": "ROOT", "value": "gs://kelp/runs/one"}],
    }
    raw = {
        "state": "JOB_STATE_RUNNING",
        "jobSpec": {
            "workerPoolSpecs": [{}, {"containerSpec": container}],
            "baseOutputDirectory": {"outputUriPrefix": "gs://base/out"},
        },
    }
    job = job_from_json(raw)
    assert set(map(str, places_of(job))) >= {
        "gs://base/out",
        "gs://data/in/",
        "gs://kelp/runs/one/x",
        "gs://kelp/mounted/f",
    }
    for aim in (
        "gs://kelp",
        "gs://kelp/runs/",
        "gs://kelp/runs/one/x/y",
        "gs://kelp/mounted/",
        "gs://data/in/",
    ):
        assert writers([job], [GcsUri.parse(aim)]) == [job], aim
    for aim in ("gs://kelp/runs/two/", "gs://other", "gs://kelp/runs/one-more/"):
        assert not writers([job], [GcsUri.parse(aim)]), aim
    ended = job_from_json({**raw, "state": JobState.SUCCEEDED.wire})
    assert not writers([ended], [GcsUri("kelp")])


def test_spans_and_policies_read_well() -> None:
    assert [span_words(each) for each in (604_800, 86_400, 3600, 5400, 90)] == [
        "7 days",
        "1 day",
        "1 hour",
        "90 minutes",
        "90 seconds",
    ]
    assert policy_words(Bucket("kelp")) == ""
    assert "locked" in policy_words(Bucket("kelp", retention_seconds=60, retention_locked=True))
