"""Series as JSON and CSV for other programs."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable
from typing import Any

from tui.domain.logs import rfc3339
from tui.domain.metrics.model import Point, Series


def as_json(series: Iterable[Series]) -> list[dict[str, Any]]:
    """A list of `{name, replica, points: [{step, epoch, time, value}]}`; null where the log does not say.

    JSON has no NaN and no infinities: such a value is null, and `special` says which (`nan`, `inf`, `-inf`).
    """
    return [
        {"name": one.name, "replica": one.replica, "points": [_point(point) for point in one.points]}
        for one in series
    ]


def as_csv(series: Iterable[Series]) -> str:
    """A table with the columns name, replica, step, epoch, time, value; empty where the log does not say."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("name", "replica", "step", "epoch", "time", "value"))
    for one in series:
        for point in one.points:
            place = ("" if part is None else part for part in (point.step, point.epoch))
            writer.writerow(
                (_cell(one.name), _cell(one.replica), *place, rfc3339(point.time_ns), point.value)
            )
    return out.getvalue()


def _point(point: Point) -> dict[str, Any]:
    made: dict[str, Any] = {"step": point.step, "epoch": _number(point.epoch), "time": rfc3339(point.time_ns)}
    if math.isfinite(point.value):
        return made | {"value": point.value}
    return made | {"value": None, "special": str(point.value)}


def _number(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _cell(text: str) -> str:
    """A name from the log, never a formula for the program that opens the table."""
    return f"'{text}" if text[:1] in {"=", "+", "-", "@"} else text
