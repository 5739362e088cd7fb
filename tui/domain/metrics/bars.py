"""Progress bars of training loops: tqdm, Keras, Lightning; not those of downloads and the like."""

from __future__ import annotations

import re

from tui.domain.metrics.model import Reading
from tui.domain.metrics.numbers import number, scaled, seconds, whole
from tui.domain.metrics.pairs import scan

_TQDM = re.compile(
    r"(\d{1,3})%\|[^|]{0,400}\|\s{0,8}([\d.]{1,16}[kMGTP]?)/([\d.]{1,16}[kMGTP]?)\s{0,4}(?:\[([^<\]]{0,20})<([^,\]]{0,30}),([^,\]]{0,40})([^\n]*))?"
)
_COUNTER = re.compile(r"(\d{1,15})it \[[\d:]{4,12},\s{0,4}[\d.?]{1,16}\s?(?:it/s|s/it)([^\n]*)")
_KERAS = re.compile(
    r"\s{0,8}(\d{1,9})/(\d{1,9}|Unknown)\s{1,8}(?:\[[=>.]{1,300}\]|[━─╸╺╶]{1,300}|-(?= \d{1,6}m?s))\s{0,4}"
)
_RICH = re.compile(
    r"(?:(?:train(?:ing)?\s)?epoch:?\s{0,4}(\d{1,7})(?:/(-?\d{1,7}))?:?|train(?:ing)?:?\.{0,3})\s{1,8}"
    r"[━─╸╺╶ ]{1,300}\s{0,4}(?:\d{1,3}%\s{1,4})?(\d{1,12})/(\d{1,12})\s{1,4}([^\n]*)",
    re.IGNORECASE,
)
_EPOCH = re.compile(
    r"\bep(?:och)?s?\b\s{0,4}[:#=]?\s{0,4}[\[(]?\s{0,4}(\d{1,7})(?:\s{0,2}(?:/|of)\s{0,2}(\d{1,7}))?",
    re.IGNORECASE,
)
_SIDE = re.compile(
    r"(?:^|[^A-Za-z])(?:(?:down|up)?load|map\b|token|fetch|generat|filter|sav|cast|creat|resolv|eval|val\b|valid|"
    r"predict|sanity|test|copy|collect|process|preproc|unpack|receiv|convert|add|truncat|pack|apply|extract|read|writ|"
    r"infer|quanti|merg|comput|group|shard|prepar|import|build|compil|calibrat|index|encod|embed|cach|install|verif|"
    r"check|scan|flatten|shuffl|sort|split|materiali|class\b|push|pull|moving|transform(?:ing|s)|transfer|decod|render|sampling|dedup|hash|"
    r"format|pars|pagin|query|writing|capturing|initiali|warm)|\.[a-z]\w{1,11}:?\s{0,4}$",
    re.IGNORECASE,
)
"""Captions of bars that are not the training loop."""
_SIDE_UNIT = re.compile(
    r"(?:i?B|examples| ?ba|files?|shards?|docs?|rows?|records|lines|chars|objects?)/s"
    r"|s/(?:file|shard|doc|row|ba)\b"
)
_VALUES = re.compile(r"[\w/]{1,60}\s?[=:]\s?[-+]?[\d.][\d.eE+-]*")
_NUMBERS = re.compile(r"[-+]?\d[\d.,]*(?:e[-+]?\d+)?")


def side(caption: str) -> bool:
    """Whether a bar with this caption is something else than the training loop."""
    return bool(_SIDE.search(_VALUES.sub(" ", caption)))


def caption(label: str) -> str:
    """A bar's label without its numbers: what stays the same from state to state."""
    return _NUMBERS.sub("#", label.strip(" :|-"))[-120:]


def tqdm(text: str, after_prefix: str) -> Reading | None:
    """A state of a tqdm bar of a training loop."""
    match = _TQDM.search(text)
    if not match:
        return _counter(after_prefix)
    label = text[: match.start()]
    if side(label) or (match[6] and _SIDE_UNIT.search(match[6])):
        return None
    done, total = whole(scaled(match[2])), whole(scaled(match[3]))
    if done is None or not total or done > total or match[3][-1] in "GTP":
        return None
    found = scan(f"{label}, {_inside(match[7] or '')}")
    remaining = seconds(match[5] or "")
    name = caption(label)
    epoch = _EPOCH.search(label)
    if not epoch and name.lower() in {"epoch", "epochs"}:
        # The outer loop: so many epochs are done.
        return Reading(
            values=found.values,
            epoch=float(done),
            total_epochs=float(total),
            fraction=done / total,
            remaining_seconds=remaining,
            bar=name,
        )
    return Reading(
        values=found.values,
        step=done,
        epoch=float(epoch[1]) if epoch else found.epoch,
        total_steps=total,
        total_epochs=_epochs(epoch, zero_based="v_num=" in text) if epoch else found.total_epochs,
        fraction=None if epoch else done / total,
        remaining_seconds=None if epoch else remaining,
        per_epoch=epoch is not None,
        bar=name,
    )


def _epochs(match: re.Match[str], *, zero_based: bool) -> float | None:
    total = number(match[2] or "")
    if not total or total < float(match[1]):
        return None
    return total + 1 if zero_based else total


def _inside(postfix: str) -> str:
    """What follows the rate in a bar's brackets."""
    return postfix.strip().removesuffix("]").lstrip(", ")


def _counter(text: str) -> Reading | None:
    """A bar of tqdm without a total: `1234it [00:10, 123.4it/s, loss=0.5]`."""
    match = _COUNTER.search(text)
    if not match or side(label := text[: match.start()]):
        return None
    found = scan(f"{label}, {_inside(match[2])}")
    step = int(match[1])
    if not found.values:
        return None
    return Reading(values=found.values, step=step, epoch=found.epoch, bar=caption(label))


def keras(text: str) -> Reading | None:
    """A state of the bar of Keras or of Lightning's rich bar, its logging prefix taken off."""
    if match := _KERAS.match(text):
        found = scan(text[match.end() :])
        total = None if match[2] == "Unknown" else int(match[2])
        # Without values it is `predict`.
        if not found.values or (total is not None and int(match[1]) > total):
            return None
        return Reading(
            values=found.values, step=int(match[1]), total_steps=total, per_epoch=True, bar="keras"
        )
    if match := _RICH.match(text):
        found = scan(match[5].replace("•", ","))
        step, total = int(match[3]), int(match[4])
        if step > total or not total:
            return None
        zero_based = "v_num" in match[5]
        last = int(match[2] or 0)
        return Reading(
            values=found.values,
            step=step,
            epoch=float(match[1]) if match[1] else None,
            total_steps=total,
            total_epochs=float(last + zero_based) if last > 0 else None,
            per_epoch=bool(match[1]),
            fraction=None if match[1] else step / total,
            bar="rich",
        )
    return None
