"""Records: the dicts that the Hugging Face Trainer prints, and JSON lines."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from tui.domain.metrics.kinds import MetricKind, kind, telling
from tui.domain.metrics.model import Reading
from tui.domain.metrics.naming import STEPS, measured
from tui.domain.metrics.numbers import DIGITS, number, seconds, whole

_ITEM = re.compile(
    r"['\"]([^'\"\\]{1,100})['\"]\s{0,4}:\s{0,4}(?:[A-Za-z_][\w.]{0,24}\()?['\"]?"
    rf"([-+]?(?:{DIGITS})%?)['\"]?\s{{0,4}}(?=[,}}\])]|$)"
)
_REMAINING = frozenset({"remaining_time", "eta", "eta_seconds", "remaining_seconds"})
_PLACES = {
    "step": frozenset({"step", "global_step", "iteration"}),
    "epoch": frozenset({"epoch"}),
    "total_steps": frozenset(
        {"total_steps", "max_steps", "num_steps", "total_iters", "max_iters", "num_training_steps"}
    ),
    "total_epochs": frozenset({"total_epochs", "num_epochs", "max_epochs", "num_train_epochs", "epochs"}),
    "remaining": _REMAINING,
}
_VALUE = "value"
_MESSAGES = ("message", "msg", "event", "log")
_DEPTH = 3
_MOST_VALUES = 64
_NUMERIC = re.compile(rf"[-+]?(?:{DIGITS})%?")

Pairs = list[tuple[str, float]]


def from_text(text: str, *, cut: bool) -> Reading | str | None:
    """The record in a line that holds a brace; a string is the message that a JSON log record carries."""
    start = text.find("{")
    body = text[start:].rstrip()
    if body.startswith('{"') and body.endswith("}") and not cut:
        try:
            loaded = json.loads(body)
        except (ValueError, RecursionError):
            loaded = None
        if isinstance(loaded, dict):
            return from_mapping(loaded) or _message(loaded)
    items = [
        (name, value)
        for name, digits in _ITEM.findall(body)
        if (value := number(digits.rstrip("%"))) is not None
    ]
    return judged(items, {}) if items else None


def from_mapping(record: Mapping[str, Any]) -> Reading | None:
    """The reading in a record, such as an entry's `jsonPayload`; nested records lend their names."""
    clocks: dict[str, float] = {}
    return judged(list(_items(record, "", _DEPTH, clocks)), clocks)


def _items(
    record: Mapping[str, Any], prefix: str, depth: int, clocks: dict[str, float]
) -> Iterator[tuple[str, float]]:
    for count, (key, value) in enumerate(record.items()):
        if count >= 4 * _MOST_VALUES:
            return
        name = f"{prefix}{key}"[:120]
        if isinstance(value, bool) or value is None:
            continue
        if isinstance(value, int | float):
            try:
                yield name, float(value)
            except OverflowError:
                continue
        elif isinstance(value, str):
            text = value.strip()[:40]
            if _NUMERIC.fullmatch(text) and (found := number(text.rstrip("%"))) is not None:
                yield name, found
            elif name in _REMAINING and (left := seconds(text)) is not None:
                clocks[name] = left
        elif isinstance(value, Mapping) and depth > 1:
            yield from _items(value, f"{name}/", depth - 1, clocks)


def _message(record: Mapping[str, Any]) -> str | None:
    return next((value for key in _MESSAGES if isinstance(value := record.get(key), str)), None)


def judged(items: Pairs, clocks: Mapping[str, float]) -> Reading | None:
    """The reading that named numbers make, if they are a training program's."""
    found = dict(items)
    if "train_runtime" in found:
        return Reading(values=found, epoch=found.get("epoch"), summary=True)
    places: dict[str, float] = {}
    values: dict[str, float] = {}
    for name, value in items:
        part = _part(name)
        if part == _VALUE and len(values) < _MOST_VALUES:
            values[name] = value
        elif part != _VALUE:
            places.setdefault(part, value)
    step, epoch = whole(places.get("step")), places.get("epoch")
    if not values or not _training(values, placed=step is not None or epoch is not None):
        return None
    return Reading(
        values=values,
        step=step,
        epoch=epoch if epoch is not None and 0 <= epoch < float("inf") else None,
        total_steps=whole(places.get("total_steps")),
        total_epochs=places.get("total_epochs"),
        remaining_seconds=next(iter(clocks.values()), places.get("remaining")),
    )


@lru_cache(maxsize=4096)
def _part(name: str) -> str:
    """What a key is to a reading: a place in the run, `value`, or nothing."""
    last = name.rsplit("/", 1)[-1].lower()
    for part, names in _PLACES.items():
        if last in names:
            return part
    if name.lower() in STEPS:
        return "step"
    if name.startswith("eval") and name.endswith(("_runtime", "_per_second", "_time")):
        return ""
    return _VALUE if kind(name) is not MetricKind.OTHER or measured(name) else ""


def _training(values: Mapping[str, float], *, placed: bool) -> bool:
    if any(map(telling, values)):
        return True
    if not placed:
        return False
    return any(
        name.startswith(("eval_", "eval/", "train/", "val/", "test/"))
        or kind(name) not in {MetricKind.OTHER, MetricKind.MEMORY}
        for name in values
    )
