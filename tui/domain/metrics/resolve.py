"""Samples as points: with the epoch announced before them, and steps that count from the start of the run."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from tui.domain.metrics import attempts
from tui.domain.metrics.model import Point
from tui.domain.metrics.progress import Course
from tui.domain.metrics.track import Place, Track

_AT_END = 0.9
"""A bar that got this far and begins anew is a loop within a loop, not a restart."""
_STRIDE = 1024
"""Samples between two states that are kept, so that a change at the end costs no more than this."""
_OVERLAP = 16
"""Points before a change that are looked at again for falls."""


class _State(NamedTuple):
    """What the steps of the next samples depend on."""

    offset: int = 0
    """Steps of the rounds that the bar has come to the end of."""
    last: int = 0
    usual: int | None = None
    """The length of the loop that the first sample was of."""


class Resolved:
    """The points of one track, kept up to date at the cost of what changed."""

    def __init__(self, track: Track) -> None:
        self.points: tuple[Point, ...] = ()
        self.falls: list[attempts.Fall] = []
        self._track = track
        self._list: list[Point] = []
        self._states = [_State()]
        self._stamp: tuple[int, int] | None = None

    def update(self, course: Course, limit: int) -> tuple[Point, ...]:
        """The points as of now."""
        version = self._track.settle(limit)
        stamp = (version, course.reshaped)
        if stamp == self._stamp:
            return self.points
        first = self._track.take_changed()
        if self._stamp is None or course.reshaped != self._stamp[1]:
            first = 0
        self._stamp = stamp
        kept = min(first, len(self._list)) // _STRIDE
        del self._states[kept + 1 :]
        start = kept * _STRIDE
        del self._list[start:]
        self._resolve(course, start)
        self.points = tuple(self._list)
        again = self._list[max(start - _OVERLAP, 0) :]
        since = again[0].time_ns if again else 0
        older = [fall for fall in self.falls if fall[1] < since] if start else []
        self.falls = sorted({*older, *attempts.falls(again)})
        return self.points

    def _resolve(self, course: Course, start: int) -> None:
        state = self._states[-1]
        for number, (key, point, place) in enumerate(self._track.samples[start:], start):
            if number and number % _STRIDE == 0 and number // _STRIDE == len(self._states):
                self._states.append(state)
            epoch, step = point.epoch, point.step
            if epoch is None and course.marks:
                epoch = course.epoch_at(key)
            if place is not None:
                state, step = _step(state, place, None if epoch is None else course.epochs_before(epoch))
            same = epoch == point.epoch and step == point.step
            self._list.append(point if same else replace(point, epoch=epoch, step=step))


def _step(state: _State, place: Place, done: float | None) -> tuple[_State, int | None]:
    """The step of the run at a place, and what the next one depends on."""
    if state.usual is None:
        state = state._replace(usual=place.total)
    if place.total != state.usual:
        # Another loop that prints the same names, such as an evaluation: its count is not the run's.
        return state, None
    if place.within_epoch and done is not None:
        return state, int(done) * place.total + place.step
    offset = state.offset
    if place.step < state.last and state.last >= _AT_END * place.total > 0:
        offset += place.total
    return state._replace(offset=offset, last=place.step), offset + place.step
