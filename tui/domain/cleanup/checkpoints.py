"""Which objects are the checkpoints of a run, by the names that training libraries give them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from tui.domain.cleanup.items import PlanItems

_NUMBER = r"s?[-_=. ]{0,2}(\d{1,18})(?![\da-z])(?!-of-\d)"
_TIERS = (
    re.compile(rf"(?<![a-z])(?:checkpoint|ckpt){_NUMBER}", re.IGNORECASE),
    re.compile(rf"(?<![a-z])(?:global_?step|step|epoch|iteration|iter){_NUMBER}", re.IGNORECASE),
)
"""Words that name a checkpoint, the plainest first: of `epoch_3/checkpoint-500/` the latter is one.

`model-00001-of-00003` is a part of a whole and `model-7b` a size: neither is a checkpoint's number.
"""
_FILE = re.compile(rf"(?<![a-z])(?:model|weight|optimizer|optim|adapter){_NUMBER}", re.IGNORECASE)
"""Words that name one only in a file's name: a folder `model-2` is a run as well as not."""
_HOME = re.compile(r"(?:checkpoint|ckpt)s?$", re.IGNORECASE)
"""A folder below which a folder of only digits is a checkpoint, as Orbax writes them."""
_LONGEST_NUMBER = 18


@dataclass(slots=True)
class Checkpoint:
    """All objects of one checkpoint."""

    place: str
    """Its folder, or what its files' names begin with."""
    numbers: tuple[int, ...]
    """Its step, or epoch and step."""
    members: list[int] = field(default_factory=list)
    """Which of the items are its own."""
    newest: float = 0.0
    """When the newest of them was updated, in seconds since the epoch."""
    bytes: int = 0


@dataclass(slots=True)
class Run:
    """Checkpoints of one folder that are named alike, the oldest first."""

    place: str
    """The folder, and what their names begin with."""
    checkpoints: list[Checkpoint]


def find_runs(items: PlanItems, start: int, numbers: Iterable[int] | None = None) -> list[Run]:
    """The runs among objects, read from their names after character `start`; sorted by place.

    In a run the order is that of the numbers, then of the time.
    """
    runs: dict[str, dict[tuple[int, ...], Checkpoint]] = {}
    for number in range(len(items)) if numbers is None else numbers:
        name = items.name(number)
        found = checkpoint_of(name[start:])
        if found is None:
            continue
        stem, order, end = found
        own = runs.setdefault(name[:start] + stem, {})
        checkpoint = own.get(order)
        if checkpoint is None:
            checkpoint = own[order] = Checkpoint(name[: start + end], order)
        checkpoint.members.append(number)
        checkpoint.bytes += items.size(number)
        checkpoint.newest = max(checkpoint.newest, items.updated(number))
    return [
        Run(place, sorted(found.values(), key=lambda each: (each.numbers, each.newest)))
        for place, found in sorted(runs.items())
    ]


def checkpoint_of(name: str) -> tuple[str, tuple[int, ...], int] | None:
    """Of which run and which checkpoint an object is: what comes before the number, its numbers, its end.

    The end is where the checkpoint's own name ends: behind its folder's slash, or behind its number.
    """
    segments = name.split("/")
    for tier in _TIERS:
        begin = 0
        for place, segment in enumerate(segments):
            if found := list(tier.finditer(segment)):
                is_folder = place < len(segments) - 1
                return _told(name, begin, segment, found, is_folder=is_folder)
            if tier is _TIERS[0] and place and _is_bare(segments, place):
                return name[:begin], (int(segment),), begin + len(segment) + 1
            begin += len(segment) + 1
    last = segments[-1]
    if found := list(_FILE.finditer(last)):
        return _told(name, len(name) - len(last), last, found, is_folder=False)
    return None


def _told(
    name: str, begin: int, segment: str, found: list[re.Match[str]], *, is_folder: bool
) -> tuple[str, tuple[int, ...], int]:
    numbers = [int(match[1]) for match in found]
    # A second number in the same name is that of a step in an epoch, whichever tier the first one is of.
    numbers += [int(match[1]) for match in _TIERS[1].finditer(segment, found[-1].end())]
    stem = name[: begin + found[0].start(1)]
    end = begin + (len(segment) + 1 if is_folder else found[0].end(1))
    return stem, tuple(numbers), end


def _is_bare(segments: list[str], place: int) -> bool:
    segment = segments[place]
    return (
        segment.isascii()
        and segment.isdecimal()
        and len(segment) <= _LONGEST_NUMBER
        and place < len(segments) - 1
        and _HOME.search(segments[place - 1]) is not None
    )
