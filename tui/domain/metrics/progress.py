"""How far a replica's run is: which of its loops is the main one, how much is done, how long it will take."""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

from tui.domain.metrics.model import JobProgress, Reading
from tui.domain.metrics.track import Key

_MOST_SIGHTINGS = 2000
_MOST_MARKS = 4000
_MOST_LOOPS = 32
_WINDOW_NS = 300 * 1_000_000_000
"""How far back the rate is measured."""
_SILENT_NS = 600 * 1_000_000_000
"""After so long without a line an estimate says nothing, unless lines were as far apart before."""
_AT_END = 0.9
"""A bar that got this far and begins anew is a loop within a loop, not a restart."""
_MAIN = re.compile(r"train|epoch|step|iter|fit", re.IGNORECASE)


class Sighting(NamedTuple):
    """A state of a loop."""

    key: Key
    step: int | None
    total: int | None
    epoch: float | None
    fraction: float | None
    remaining: float | None
    finished: bool
    """Whether the line closes its epoch: it has values but no step."""


class Mark(NamedTuple):
    """From here on this epoch runs."""

    key: Key
    epoch: float
    counted: bool
    """Whether the number counts epochs that are done (an outer bar) instead of naming the one that runs."""


class LoopKey(NamedTuple):
    """What tells loops apart."""

    bar: str | None
    total: int | None
    per_epoch: bool


class View(NamedTuple):
    """What one loop says of one attempt."""

    loop_key: LoopKey
    seen: list[Sighting]
    fractions: list[float | None]
    """Of the whole run, one for each state."""
    nested: bool
    """Whether the loop is one epoch of the run."""
    weight: float


@dataclass(slots=True)
class Loop:
    """The states of one bar, or of all lines that are no bar."""

    sightings: list[Sighting] = field(default_factory=list)

    def note(self, seen: Sighting) -> bool:
        """Take a state in; False for one that is known."""
        seen_list = self.sightings
        if not seen_list or seen.key > seen_list[-1].key:
            seen_list.append(seen)
        else:
            index = bisect_left(seen_list, seen.key, key=_key)
            if seen_list[index].key == seen.key:
                return False
            seen_list.insert(index, seen)
        if len(seen_list) > _MOST_SIGHTINGS:
            # The recent ones stay whole: they make the rate.
            half = len(seen_list) // 2
            del seen_list[1:half:2]
        return True


def _key(seen: Sighting | Mark) -> Key:
    return seen.key


class Course:
    """What a replica's lines say of how far it is."""

    def __init__(self) -> None:
        self.version = 0
        """Rises when something changed."""
        self.marks: list[Mark] = []
        self.reshaped = 0
        """Rises when an announcement came late, so that what was read before it means something else."""
        self._latest: Key = (0, "", 0)
        self.total_epochs: float | None = None
        self.zero_based = False
        self._loops: dict[LoopKey, Loop] = {}
        self._total_steps: int | None = None
        self._told: dict[str, Key] = {}

    def note(self, key: Key, reading: Reading) -> None:
        """Take in what a line says of the place in the run."""
        if reading.summary:
            return
        self._latest = max(self._latest, key)
        self._totals(key, reading)
        outer = reading.bar is not None and reading.step is None
        if reading.epoch == 0 and (reading.per_epoch or reading.step is None) and not outer:
            self._change(zero=True)
        if reading.epoch is not None and reading.step is None and (outer or not reading.values):
            self._mark(Mark(key, reading.epoch, outer))
        if reading.step is None and reading.epoch is None:
            return
        bar = reading.bar
        loop_key = LoopKey(bar, reading.total_steps if bar is not None else None, reading.per_epoch)
        loop = self._loops.get(loop_key)
        if loop is None:
            if len(self._loops) >= _MOST_LOOPS:
                return
            loop = self._loops[loop_key] = Loop()
        finished = bool(reading.values) and reading.step is None
        seen = Sighting(
            key,
            reading.step,
            reading.total_steps,
            reading.epoch,
            reading.fraction,
            reading.remaining_seconds,
            finished,
        )
        self.version += loop.note(seen)

    def _totals(self, key: Key, reading: Reading) -> None:
        if reading.total_epochs and key >= self._told.get("epochs", key):
            self._told["epochs"] = key
            if self.total_epochs != reading.total_epochs:
                self.total_epochs = reading.total_epochs
                self.version += 1
        plain = reading.bar is None and not reading.per_epoch
        if reading.total_steps and plain and key >= self._told.get("steps", key):
            self._told["steps"] = key
            if self._total_steps != reading.total_steps:
                self._total_steps = reading.total_steps
                self.version += 1

    def _change(self, *, zero: bool) -> None:
        if self.zero_based is not zero:
            self.zero_based = zero
            self.reshaped += 1
            self.version += 1

    def _mark(self, mark: Mark) -> None:
        marks = self.marks
        index = bisect_left(marks, mark.key, key=_key)
        if index < len(marks) and marks[index].key == mark.key:
            return
        marks.insert(index, mark)
        if len(marks) > _MOST_MARKS:
            del marks[1 : len(marks) // 2 : 2]
            self.reshaped += 1
        if mark.key < self._latest:
            self.reshaped += 1
        self.version += 1

    def epoch_at(self, key: Key) -> float | None:
        """The epoch that was announced last before `key`, as it was printed."""
        index = bisect_left(self.marks, key, key=_key)
        return self.marks[index - 1].epoch if index else None

    def epochs_before(self, epoch: float, *, counted: bool = False) -> float:
        """How many epochs are done when that one runs."""
        return epoch if counted or self.zero_based else max(epoch - 1, 0)

    def _done_at(self, seen: Sighting) -> float | None:
        """Epochs that were done when this one began."""
        if seen.epoch is not None:
            return self.epochs_before(seen.epoch)
        index = bisect_left(self.marks, seen.key, key=_key)
        if not index:
            return None
        mark = self.marks[index - 1]
        return self.epochs_before(mark.epoch, counted=mark.counted)

    def progress(self, since_ns: int, now_ns: int) -> JobProgress | None:
        """How far the attempt that began at `since_ns` is; None if nothing says so."""
        views = [
            self._view(loop_key, seen)
            for loop_key, loop in self._loops.items()
            if (seen := loop.sightings[bisect_left(loop.sightings, (since_ns, "", 0), key=_key) :])
        ]
        return self._told_progress(max(views, key=_rank), now_ns) if views else None

    def _view(self, loop_key: LoopKey, seen: list[Sighting]) -> View:
        bare_bar = loop_key.bar is not None and seen[0].step is not None
        nested = loop_key.per_epoch or (bare_bar and self._nested(seen))
        fractions = [self._fraction(one, nested=nested) for one in seen]
        return View(loop_key, seen, fractions, nested, self._weight(loop_key, seen[-1]))

    def _weight(self, loop_key: LoopKey, last: Sighting) -> float:
        if loop_key.bar is None:
            return 2 if last.step is not None and (last.total or self._total_steps) else 0.5
        if last.step is None:
            # The outer bar of two counts whole epochs only.
            return 0.7
        return 2 if _MAIN.search(loop_key.bar) or loop_key.per_epoch else 1

    def _nested(self, seen: list[Sighting]) -> bool:
        """Whether a bar that names no epoch is a loop within the epochs: it begins anew."""
        for before, here in pairwise(seen):
            if (before.step or 0) > (here.step or 0) and (before.fraction or 0) >= _AT_END:
                return True
            if (before.step or 0) < (here.step or 0) and self.epoch_at(before.key) != self.epoch_at(here.key):
                return False
        return self.epoch_at(seen[0].key) is not None

    def _fraction(self, seen: Sighting, *, nested: bool) -> float | None:
        epochs = self.total_epochs
        found: float | None = None
        if nested:
            done = self._done_at(seen)
            if done is not None and epochs and seen.step is not None and seen.total:
                found = (done + min(seen.step / seen.total, 1)) / epochs
        elif seen.fraction is not None:
            found = seen.fraction
        elif seen.step is not None:
            total = seen.total or self._total_steps
            found = seen.step / total if total else None
        if found is None and not nested and seen.epoch is not None and epochs:
            whole_epoch = seen.epoch.is_integer()
            done = self.epochs_before(seen.epoch) + seen.finished if whole_epoch else seen.epoch
            found = done / epochs
        return None if found is None else min(max(found, 0.0), 1.0)

    def _told_progress(self, view: View, now_ns: int) -> JobProgress:
        last = view.seen[-1]
        known = [fraction for fraction in view.fractions if fraction is not None]
        fraction = max(known) if view.fractions[-1] is not None else None
        step, total = last.step, last.total
        if view.nested:
            done = self._done_at(last)
            if step is not None and total and done is not None:
                step += int(done) * total
                total = int(self.total_epochs * total) if self.total_epochs else None
            else:
                total = None
        elif view.loop_key.bar is None:
            total = total or self._total_steps
        return JobProgress(
            step=step,
            total_steps=total,
            epoch=last.epoch if last.epoch is not None else self.epoch_at(last.key),
            total_epochs=self.total_epochs,
            fraction=fraction,
            eta_seconds=_eta(view, fraction, now_ns),
            as_of_ns=last.key[0],
        )

    def bar_falls(self) -> list[tuple[int, int]]:
        """Times before and after which bars of whole runs fell back without having come to their end."""
        found = []
        for loop_key, loop in self._loops.items():
            if loop_key.bar is None or loop_key.per_epoch or not loop_key.total:
                continue
            for before, here in pairwise(loop.sightings):
                if (here.step or 0) < (before.step or 0) < _AT_END * loop_key.total:
                    found.append((before.key[0], here.key[0]))
        return found


def _rank(view: View) -> tuple[bool, float, int, int]:
    """The main loop is the one that says how far it is, looks like training, and went on for longest."""
    span = view.seen[-1].key[0] - view.seen[0].key[0]
    return view.fractions[-1] is not None, view.weight, span, view.loop_key.total or 0


def _eta(view: View, fraction: float | None, now_ns: int) -> float | None:
    """Seconds that are left as of the last line; None if nothing says."""
    seen = view.seen
    last = seen[-1].key[0]
    if fraction is not None and fraction >= 1:
        return 0.0
    usual = last - seen[-2].key[0] if len(seen) > 1 else 0
    if now_ns - last > max(_SILENT_NS, 3 * usual):
        return None
    # A bar within the epochs estimates its own end only.
    if seen[-1].remaining is not None and (not view.nested or view.loop_key.per_epoch):
        return seen[-1].remaining
    if fraction is None:
        return None
    first: tuple[int, float] | None = None
    for one, known in zip(reversed(seen), reversed(view.fractions), strict=True):
        if known is None or known > fraction:
            continue
        if first is not None and first[0] < last and last - one.key[0] > _WINDOW_NS:
            break
        first = (one.key[0], known)
    if first is None or first[0] >= last or first[1] >= fraction:
        return None
    return (1 - fraction) * (last - first[0]) / (fraction - first[1]) / 1e9
