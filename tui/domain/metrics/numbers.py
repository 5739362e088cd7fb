"""Numbers as training programs print them: exponents, thousands, percent, units, NaN."""

from __future__ import annotations

DIGITS = (
    r"(?:(?:\d{1,3}(?:,\d{3}){1,6}(?!\d)|\d{1,18})(?:\.\d{0,40})?|\.\d{1,40})(?:[eE][-+]?\d{1,4})?"
    r"|(?i:nan|inf(?:inity)?)(?![\w])"
)
"""A pattern of one number; every part is bounded, so that it is linear on any text."""

_MOST = 1e15
_MULTIPLES = {"k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15}
_THINGS = frozenset(
    {"it", "its", "iter", "iters", "step", "steps", "tok", "toks", "token", "tokens", "sample", "samples"}
    | {"img", "imgs", "image", "images", "ex", "example", "examples", "seq", "seqs", "word", "words", "frame"}
    | {"frames", "item", "items", "batch", "batches", "epoch", "epochs", "graph", "graphs", "game", "games"}
)


def number(digits: str) -> float | None:
    """The value of a printed number; None if it is none."""
    try:
        return float(digits.replace(",", ""))
    except ValueError:
        return None


def scaled(digits: str) -> float | None:
    """A count with an optional letter: `4.5k` is 4,500."""
    if digits and (factor := _MULTIPLES.get(digits[-1])):
        value = number(digits[:-1])
        return None if value is None else value * factor
    return number(digits)


def rate(unit: str) -> tuple[str, float] | None:
    """The name and factor of a unit of throughput: `k tok/s` is (`tok/s`, 1000); None for other units."""
    thing, slash, per = unit.strip().partition("/")
    if not slash or per not in {"s", "sec", "second"}:
        return None
    factor = 1.0
    if thing not in _THINGS and thing[:1] in _MULTIPLES:
        factor, thing = _MULTIPLES[thing[0]], thing[1:].lstrip()
    return (f"{thing}/s", factor) if thing in _THINGS else None


def whole(value: float | None) -> int | None:
    """A value as a count: None for what is none."""
    if value is None or not 0 <= value < _MOST or value != int(value):
        return None
    return int(value)


def seconds(clock: str) -> float | None:
    """The seconds of `00:12`, `1:02:03` or `1 day, 2:03:04`; None if it is no duration."""
    days, found, rest = clock.partition(" day")
    total = 0.0
    if found:
        total = (number(days) or 0.0) * 86400
        clock = rest.lstrip("s").lstrip(", ")
    parts = clock.strip().split(":")
    if len(parts) not in {2, 3} or not all(part.isascii() and part.isdigit() for part in parts):
        return None
    clocked = 0
    for part in parts:
        clocked = clocked * 60 + int(part[:9])
    return total + clocked
