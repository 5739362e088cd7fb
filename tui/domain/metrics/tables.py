"""Tables printed row by row (fastai, Ultralytics, scikit-learn): the names stand in a line of their own."""

from __future__ import annotations

import re

from tui.domain.metrics.kinds import MetricKind, kind
from tui.domain.metrics.model import Reading
from tui.domain.metrics.naming import measured
from tui.domain.metrics.numbers import DIGITS, number, whole

_FIRST = frozenset({"epoch", "step", "iter", "iteration", "epochs"})
_APART = re.compile(r"\s{2,}|\t|\s?\|\s?")
_PLACE = re.compile(r"(\d{1,9})(?:/(\d{1,9}))?$")
_CELL = re.compile(
    rf"(?:[-+]?(?:{DIGITS})|[\d:]{{3,12}}|[\d.]{{1,12}}(?:[kKMGT]i?B?|m?s|min|m|h)|[\d.]{{1,12}}%)$"
)
_PLAIN = re.compile(rf"[-+]?(?:{DIGITS})%?$")
_BAR = re.compile(r":?\s{1,8}\d{1,3}%.*$|:\s.*$")
_FEWEST_COLUMNS, _MOST_COLUMNS = 2, 40


def header(text: str) -> tuple[str, ...] | None:
    """The names of a table's columns, the first of which is the step or epoch, if the line is a header."""
    columns = tuple(part for part in _APART.split(text.strip(" |\t")) if part)
    if not _FEWEST_COLUMNS <= len(columns) <= _MOST_COLUMNS or columns[0].lower() not in _FIRST:
        return None
    if any(char.isdigit() for name in columns for char in name[:1]) or not any(
        kind(name) in {MetricKind.LOSS, MetricKind.EVAL_LOSS, MetricKind.ACCURACY} for name in columns
    ):
        return None
    return columns


def row(text: str) -> tuple[str, ...] | None:
    """The cells of a row of numbers that begins with a count, if the line is one."""
    first = text.lstrip(" |\t")
    if not first[:1].isdigit() or not _PLACE.match(first.split(None, 1)[0]):
        return None
    cells = tuple(_BAR.sub("", first).replace("|", " ").split())
    if not _FEWEST_COLUMNS <= len(cells) <= _MOST_COLUMNS or not all(map(_CELL.match, cells[1:])):
        return None
    return cells


def read(columns: tuple[str, ...], cells: tuple[str, ...]) -> Reading | None:
    """What a row says under these columns; None if it is not theirs."""
    place = _PLACE.match(cells[0])
    if len(columns) != len(cells) or not place:
        return None
    values = {}
    for name, cell in zip(columns[1:], cells[1:], strict=True):
        if not _PLAIN.match(cell) or (value := number(cell.rstrip("%"))) is None:
            continue
        if kind(name) is not MetricKind.OTHER or (measured(name) and "." in cell):
            values[name] = value
    done, total = whole(number(place[1])), whole(number(place[2] or ""))
    if not values or done is None:
        return None
    if columns[0].lower().startswith("epoch"):
        return Reading(values=values, epoch=float(done), total_epochs=float(total) if total else None)
    return Reading(values=values, step=done, total_steps=total)
