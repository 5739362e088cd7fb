"""The course of a training by `trainer_state.json`, which Hugging Face's Trainer writes with a checkpoint."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

from tui.domain.metrics.model import Point, Series
from tui.domain.preview.model import Run
from tui.domain.text import printable

FILE = "trainer_state.json"

MOST_SERIES = 32
MOST_POINTS = 5_000
"""Points of one series; of more, the least and the largest of each few are kept."""

_HISTORY = re.compile(r'"log_history"\s{0,80}:\s{0,80}\[')
_FACTS = (
    ("best_metric", "best value"),
    ("best_model_checkpoint", "best checkpoint"),
    ("best_global_step", "best step"),
    ("global_step", "step"),
    ("max_steps", "of steps"),
    ("epoch", "epoch"),
    ("num_train_epochs", "of epochs"),
)
_AXES = frozenset({"step", "epoch"})
_TOTAL = re.compile(
    r"train_(?:runtime|loss|samples_per_second|steps_per_second|tokens_per_second)|total_flos"
)
_FACT_WIDTH = 80
_TEXT_OF_HEAD = 64 * 1024


def read_run(text: str) -> Run | None:
    """The series of `log_history` as far as it was read, and the totals; None when there is none."""
    found = _HISTORY.search(text)
    if found is None:
        return None
    values: dict[str, list[Point]] = {}
    totals: dict[str, float] = {}
    for record in _records(text, found.end()):
        _take(record, values, totals)
    if not values:
        return None
    series = [
        Series(printable(name[:_FACT_WIDTH]), "", tuple(_thinned(points))) for name, points in values.items()
    ]
    facts = [*_head_facts(text[: found.start()]), *_total_facts(totals)]
    return Run(tuple(series[:MOST_SERIES]), tuple(facts))


def _records(text: str, at: int) -> Iterator[Mapping[str, Any]]:
    """The records one after the other, up to the first that is torn or broken."""
    decoder = json.JSONDecoder(parse_int=_number)
    while True:
        while at < len(text) and text[at] in " \t\r\n,":
            at += 1
        try:
            record, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            return
        if isinstance(record, dict):
            yield record


def _number(digits: str) -> float:
    return float(digits) if len(digits) > 15 else int(digits)  # noqa: PLR2004 (exact up to here; never a refusal)


def _take(record: Mapping[str, Any], values: dict[str, list[Point]], totals: dict[str, float]) -> None:
    step, epoch = (_finite(record.get(axis)) for axis in ("step", "epoch"))
    if step is None and epoch is None:
        return
    whole = int(step) if step is not None else None
    for name, value in record.items():
        if name in _AXES or isinstance(value, bool) or not isinstance(value, int | float):
            continue
        if _TOTAL.fullmatch(name):
            totals[name] = float(value)
        elif name in values or len(values) < MOST_SERIES:
            points = values.setdefault(name, [])
            points.append(Point(len(points), float(value), whole, epoch))


def _finite(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def _thinned(points: list[Point]) -> list[Point]:
    if len(points) <= MOST_POINTS:
        return points
    size = 2 * len(points) // MOST_POINTS + 1
    kept: list[Point] = []
    for start in range(0, len(points), size):
        few = points[start : start + size]
        ends = {id(end): end for end in (min(few, key=_value), max(few, key=_value))}
        kept += sorted(ends.values(), key=lambda point: point.time_ns)
    return kept


def _value(point: Point) -> float:
    return point.value if math.isfinite(point.value) else 0.0


def _head_facts(head: str) -> list[tuple[str, str]]:
    """What stands before the history, which is whole when the history has begun."""
    text = head[:_TEXT_OF_HEAD].rstrip().rstrip(",") + "}"
    try:
        told = json.loads(text, parse_int=_number)
    except (ValueError, RecursionError):
        return []
    if not isinstance(told, dict):
        return []
    return [
        (words, _words(told[key])) for key, words in _FACTS if isinstance(told.get(key), int | float | str)
    ]


def _total_facts(totals: Mapping[str, float]) -> list[tuple[str, str]]:
    return [(name.removeprefix("train_").replace("_", " "), _words(value)) for name, value in totals.items()]


def _words(value: float | str) -> str:
    if isinstance(value, str):
        return printable(value[:_FACT_WIDTH])
    return f"{value:,}" if isinstance(value, int) else f"{value:,.6g}"
