"""The ticks of a chart's axes: round values, with labels that fit."""

from __future__ import annotations

import math
from itertools import takewhile

from tui.domain import text
from tui.panes.jobs_curves import Axis

Ticks = list[tuple[float, str]]
"""Values, and what stands beside them."""

LABEL = 8
"""Characters of a label beside the plot; below it there is more room."""
_BELOW = 11
SMALLEST = 1e-200
"""Smaller differences are none: floating point has no room to divide them."""
_NICE = (1, 2, 5)
_LEAST_GAP = 0.301
"""Between 1 and 2, in decades."""
_DECADES = 2
_STRIDES = (1, 2, 3, 5, 10, 20, 50, 100, 200)
_FEWEST = 2
_READABLE = 2
"""Decimals of a million that are read more easily than the whole number."""
_MILLION, _BILLION = 1e6, 1e9
_NAMES = {Axis.STEP: "step", Axis.EPOCH: "epoch", Axis.TIME: "time"}


def ticks(low: float, high: float, most: int, *, axis: Axis | None = None) -> Ticks:
    """At most about so many round values between two, with their labels."""
    span = high - low
    if not SMALLEST < span < math.inf:
        return []
    values: list[float] = []
    step = 1.0
    for wished in range(max(most, 1), 2 * max(most, 1) + 1):
        step = _step(span / wished, whole=axis is Axis.STEP, times=axis is Axis.TIME)
        values = _multiples(low, high, step, 4 * most + 4)
        if len(values) >= _FEWEST:
            break  # one alone would not say how long the axis is
    if axis is Axis.TIME:
        return [(value, _time(value)) for value in values]
    largest = max(map(abs, values), default=0.0)
    room = LABEL if axis is None else _BELOW
    return [(value, label(value, step, largest, room)) for value in values]


def below(found: Ticks, axis: Axis, low: float, high: float, columns: int) -> Ticks:
    """The ticks of the axis below: the first says what is counted, and none reaches over the edge.

    A label stands in the middle of its text, so that blanks on one side of it move it to the other.
    """
    made: Ticks = []
    for number, (value, words) in enumerate(found):
        name = f"{_NAMES[axis]} " if number == 0 else ""
        column = math.floor((value - low) / (high - low) * columns)
        over = max(column + len(words) // 2 - columns, 0)
        made.append((value, f"{name}{words}{' ' * (len(name) + 2 * over)}"))
    return made


def _multiples(low: float, high: float, step: float, most: int) -> list[float]:
    first = math.ceil(low / step)
    return [at * step for at in takewhile(lambda at: at * step <= high, range(first, first + most))]


def _step(least: float, *, whole: bool, times: bool) -> float:
    if times:
        units = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1_200, 1_800, 3_600, 7_200, 14_400, 21_600, 43_200)
        if (found := next((unit for unit in units if unit >= least), None)) is not None:
            return float(found)
        return math.ceil(least / 86_400) * 86_400.0
    power = 10.0 ** math.floor(math.log10(least))
    step = next((nice * power for nice in _NICE if nice * power >= least), 10 * power)
    return max(step, 1.0) if whole else step


def _time(value: float) -> str:
    return text.duration(value).removesuffix(" 0s").removesuffix(" 0m") if value >= 0 else ""


def label(value: float, step: float, largest: float, room: int = LABEL) -> str:
    """A value of an axis whose ticks are a step apart: `0.25`, `12,000`, `1.5M`, `2e9`, `1e-5`; never cut."""
    if abs(value) < step / 2:
        return "0"
    digits = math.floor(math.log10(step) + 1e-9)
    made = ""
    decimals = max(6 - digits, 0)
    if _MILLION <= largest < _BILLION and (decimals <= _READABLE or len(f"-{largest:,.0f}") > room):
        made = f"{value / _MILLION:.{decimals}f}M"
    elif _MILLION <= largest < _BILLION:
        made = f"{value:,.0f}"
    elif largest < _MILLION and step >= 1e-4:  # noqa: PLR2004 (zeros would be counted)
        made = f"{value:,.{max(-digits, 0)}f}"
    if made and len(made) <= room:
        return made
    wanted = max(math.floor(math.log10(abs(value))) - digits, 0)
    return next(
        words
        for places in range(min(wanted, room), -1, -1)
        if _fits(words := _power(value, places), room, places)
    )


def _fits(words: str, room: int, places: int) -> bool:
    return len(words) <= room or not places


def _power(value: float, places: int) -> str:
    """`2e9`, `1.5e-5`."""
    digits, _, exponent = f"{value:.{places}e}".partition("e")
    digits = digits.rstrip("0").rstrip(".") if "." in digits else digits
    return f"{digits}e{int(exponent)}"


def log_ticks(low: float, high: float, rows: int = 20) -> Ticks:
    """Powers of ten between two logarithms that fit into rows; in two decades 2 and 5 times them, too."""
    span = high - low
    if not SMALLEST < span < math.inf:
        return []
    if span <= _DECADES:
        found = _with_factors(low, high)
        if len(found) <= _FEWEST:
            return _within_a_decade(low, high, rows) or found
        decades = [(at, words) for at, words in found if at == math.floor(at)]
        return found if _LEAST_GAP * rows >= span or len(decades) < _FEWEST else decades
    stride = next((one for one in _STRIDES if span / one <= max(rows // 2, 2)), _STRIDES[-1])
    first, last = math.ceil(low / stride), math.floor(high / stride)
    return [(float(at * stride), decade(at * stride)) for at in range(first, last + 1)]


def _with_factors(low: float, high: float) -> Ticks:
    """Powers of ten, and 2 and 5 times them."""
    exponents = range(math.floor(low), math.floor(high) + 1)
    found = (
        (exponent + math.log10(factor), decade(exponent, factor))
        for exponent in exponents
        for factor in _NICE
    )
    return [(at, words) for at, words in found if low <= at <= high]


def _within_a_decade(low: float, high: float, rows: int) -> Ticks:
    """Round values at equal distances, where hardly one of the usual ones lies."""
    if not -100 < low < high < 100:  # noqa: PLR2004 (beyond, floating point has no room)
        return []
    plain = ticks(10.0**low, 10.0**high, max(rows // 3, 2))
    return [(math.log10(value), words) for value, words in plain if value > 0]


def decade(exponent: int, factor: int = 1) -> str:
    """`0.001`, `200`, `5M`, `1e-5`."""
    if -3 <= exponent < 6:  # noqa: PLR2004 (what is read without counting zeros)
        return f"{factor * 10.0**exponent:,.{max(-exponent, 0)}f}"
    if 6 <= exponent < 9:  # noqa: PLR2004 (millions)
        return f"{factor * 10 ** (exponent - 6)}M"
    return f"{factor}e{exponent}"
