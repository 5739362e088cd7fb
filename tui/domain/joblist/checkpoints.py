"""Checkpoints of a job, told by their names, and how the next job is made to go on from one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

MOST = 40
"""Checkpoints that are offered, the latest first."""
VARIABLE = "RESUME_FROM_CHECKPOINT"
"""The variable that is offered where no argument takes a checkpoint."""

OPTIONS = (
    *("--resume_from_checkpoint", "--resume-from-checkpoint", "--resume_from", "--resume-from", "--resume"),
    *("--checkpoint_path", "--checkpoint-path", "--ckpt_path", "--ckpt-path", "--checkpoint", "--ckpt"),
    *("--load_checkpoint", "--load-checkpoint", "--restore_from", "--restore-from", "--init_from", "--load"),
)
"""Options that take one, the plainest first (Hugging Face, Lightning, fairseq, Megatron)."""

_NUMBERED = re.compile(
    r"(?:checkpoint|ckpt|global[-_]?step|step|epoch|iter|iteration|weights)s?[-_=.]?(\d{1,12})(?!\d)",
    re.IGNORECASE,
)
_FILE = re.compile(r"\.ckpt\Z", re.IGNORECASE)
_INSIDE = re.compile(
    rf"(?<!\S)({'|'.join(re.escape(option) for option in OPTIONS)})"
    r"(=|[ \t]{1,20})([^\s'\"-][^\s'\"]{0,2000})"
)
"""An option with its value in the middle of a script."""
_MOUNT = "/gcs/"
"""Where Vertex AI mounts buckets in a job's container."""
_LONGEST = 2_000


def checkpoints(paths: Iterable[str]) -> tuple[str, ...]:
    """The checkpoints among `gs://` paths, or that these lie in; the one with the highest number first."""
    found: dict[str, int] = {}
    for order, path in enumerate(paths):
        if (place := checkpoint_of(path)) is not None:
            found[place] = order
    ranked = sorted(found, key=lambda place: (_number(place), found[place]), reverse=True)
    return tuple(ranked[:MOST])


def checkpoint_of(path: str) -> str | None:
    """The checkpoint that a `gs://` path is, or lies in; None when no part of it is named like one."""
    if not path.startswith("gs://") or len(path) > _LONGEST:
        return None
    bucket, *parts = path.removeprefix("gs://").rstrip("/").split("/")
    for number, part in enumerate(parts, start=1):
        if _FILE.search(part) or _NUMBERED.match(part):
            return f"gs://{'/'.join([bucket, *parts[:number]])}"
    return None


def option_of(args: Sequence[str]) -> str:
    """The option of these arguments that takes a checkpoint; empty if they have none."""
    for item in args:
        if item.partition("=")[0] in OPTIONS:
            return item.partition("=")[0]
        if (inside := _INSIDE.search(item)) is not None:
            return inside[1]
    return ""


def with_checkpoint(args: Sequence[str], path: str) -> tuple[str, ...] | None:
    """The arguments with the checkpoint as the value of their option; None if they have no such option."""
    changed = list(args)
    for number, item in enumerate(changed):
        name, sign, old = item.partition("=")
        if name in OPTIONS and sign:
            changed[number] = f"{name}={_spelt(path, old)}"
        elif item in OPTIONS:
            follows = changed[number + 1] if number + 1 < len(changed) else "-"
            if follows.startswith("-"):
                changed.insert(number + 1, path)
            else:
                changed[number + 1] = _spelt(path, follows)
        elif (inside := _INSIDE.search(item)) is not None:
            changed[number] = f"{item[: inside.start(3)]}{_spelt(path, inside[3])}{item[inside.end(3) :]}"
        else:
            continue
        return tuple(changed)
    return None


def _spelt(path: str, old: str) -> str:
    """As the old value was written: a path below the mounted buckets stays one."""
    return _MOUNT + path.removeprefix("gs://") if old.startswith(_MOUNT) else path


def _number(path: str) -> int:
    """The last number counts: `epoch=3-step=1200.ckpt`."""
    found = _NUMBERED.findall(path.rpartition("/")[2])
    return int(found[-1]) if found else -1
