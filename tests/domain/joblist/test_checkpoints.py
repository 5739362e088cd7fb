"""Checkpoints are told by their names, and get into the arguments that take one."""

from __future__ import annotations

import time

import pytest

from tui.domain.joblist.checkpoints import MOST, checkpoint_of, checkpoints, option_of, with_checkpoint

PATH = "gs://b/out/checkpoint-1500"


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("gs://b/out/checkpoint-500/model.safetensors", "gs://b/out/checkpoint-500"),
        ("gs://b/out/checkpoint-500/", "gs://b/out/checkpoint-500"),
        ("gs://b/checkpoints/step_1200/x", "gs://b/checkpoints/step_1200"),
        ("gs://b/l/epoch=3-step=1200.ckpt", "gs://b/l/epoch=3-step=1200.ckpt"),
        ("gs://b/last.CKPT", "gs://b/last.CKPT"),
        ("gs://b/global_step1000", "gs://b/global_step1000"),
        ("gs://b/checkpoints/", None),
        ("gs://checkpoint-1/model", None),
        ("gs://b/model.safetensors", None),
        ("/local/checkpoint-1", None),
        ("gs://b/" + "x" * 3_000 + "/checkpoint-1", None),
    ],
)
def test_what_is_a_checkpoint(path: str, found: str | None) -> None:
    assert checkpoint_of(path) == found


def test_the_latest_comes_first_and_each_once() -> None:
    paths = [f"gs://b/checkpoint-{number}/{part}" for number in (500, 1500, 1000) for part in "ab"]
    assert [path.rpartition("-")[2] for path in checkpoints(paths)] == ["1500", "1000", "500"]
    assert len(checkpoints(f"gs://b/checkpoint-{number}" for number in range(500))) == MOST


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (["--resume_from_checkpoint", "gs://b/old"], ["--resume_from_checkpoint", PATH]),
        (["--resume-from-checkpoint=x", "--lr", "1"], [f"--resume-from-checkpoint={PATH}", "--lr", "1"]),
        (["--resume", "--lr", "1"], ["--resume", PATH, "--lr", "1"]),
        (["--ckpt_path"], ["--ckpt_path", PATH]),
        (["--resume", "/gcs/b/out/checkpoint-1"], ["--resume", "/gcs/b/out/checkpoint-1500"]),
        (
            ["-c", "cd x\npython t.py --resume_from_checkpoint gs://old --lr 1\necho"],
            ["-c", f"cd x\npython t.py --resume_from_checkpoint {PATH} --lr 1\necho"],
        ),
        (["--epochs", "3"], None),
        (["-c", "python t.py --resume_from_checkpoint --lr 1"], None),
        ([], None),
    ],
)
def test_it_gets_into_the_option_that_takes_it(before: list[str], after: list[str] | None) -> None:
    assert with_checkpoint(before, PATH) == (None if after is None else tuple(after))
    assert bool(option_of(before)) is (after is not None)


def test_hostile_arguments_take_no_time() -> None:
    begun = time.monotonic()
    for text in (
        " --resume" * 28_000,
        "--resume " + " " * 256_000,
        "checkpoint" * 25_000,
        " --ckpt=" * 30_000,
    ):
        with_checkpoint([text], PATH)
        checkpoint_of(f"gs://b/{text}")
    assert time.monotonic() - begun < 10  # linear takes milliseconds; this only catches what never ends
