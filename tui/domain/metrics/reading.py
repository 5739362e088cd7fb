"""What one line of a log says of a training run: values, step, epoch, how far."""

from __future__ import annotations

import re
from dataclasses import replace

from tui.domain.metrics import bars, boosting, mappings
from tui.domain.metrics.model import Reading
from tui.domain.metrics.numbers import number, whole
from tui.domain.metrics.pairs import scan
from tui.domain.text import strip_escapes

LOOKED_AT = 2000
"""Characters of a line that are looked at."""

_WORDS = (
    "loss",
    "step",
    "iter",
    "epoch",
    "acc",
    "val",
    "auc",
    "mae",
    "mse",
    "f1",
    "ppl",
    "perplex",
    "error",
    "score",
    "reward",
    "learn: ",
    "bleu",
    "rouge",
    "nll",
    "iou",
)
"""One of these is in every line that is read further (a rate alone says nothing); most lines have none."""
_NAMES = re.compile(
    r"loss|acc|epoch|(?:global_|update|num_up|\b|_)(?:step|iter|it|lr|mae|mse|auc|f1|ppl)|eval|val|perplex|rmse|grad|"
    r"bleu|rouge|nll|iou|score|reward|wer\b|learn: |learning.rate|error|norm"
)
_PREFIX = re.compile(
    r"(?:\s{0,20}(?:\[(?!\d{1,9}\])[^\]\[]{1,80}\]|\d{2,4}[-/]\d\d[-/]\d{2,4}[T ][\d:.,+Z]{5,20}|"
    r"\d\d:\d\d:\d\d[.,\d]{0,8}|[IWEF]\d{4} [\d:.]{8,18}\s{1,4}\d{1,10} [^\]\s]{1,80}\]|"
    r"(?:DEBUG|INFO|WARNING|ERROR|NOTICE)\b:?|"
    r"[\w.]{1,40}:(?=[\w.]{1,40}:)|-(?=\s)|\|)){1,10}\s{0,8}"
)
_EPOCH_LINE = re.compile(
    r"[\s\-=*#>|]{0,80}(?:(?:start(?:ing|ed)?|begin(?:ning)?|train(?:ing)?|running)\s){0,2}epoch\s{0,4}[:#=]?\s{0,4}[\[(]?"
    r"\s{0,8}(\d{1,7})(?:\s{0,4}(?:/|of)\s{0,4}(\d{1,7}))?[\])]?[\s\-=*#.:>|]{0,200}$",
    re.IGNORECASE,
)
_STEP_LINE = re.compile(
    r"[\s\[(|]{0,8}(?:(?:train(?:ing)?|global|current)[ _]){0,1}(?:step|iter|iteration|update)s?"
    r"\s{0,4}[:#=\[]?\s{0,8}([\d,]{1,20})\s{0,4}(?:/|of)\s{0,8}([\d,]{1,20})[\])]?"
    r"(?:[\s:,|\-(]{0,8}\d{1,3}(?:\.\d{1,6})?\s?%\)?)?(?:[\s.:|,\-]{0,20}$|.{0,200}?(?:\beta\b|/s\b|elapsed|s/it))",
    re.IGNORECASE,
)
_TRAINER = re.compile(r"\s{0,8}(Num Epochs|Total optimization steps) = ([\d,]{1,20})\s{0,40}$")


def reading(text: str) -> Reading | None:
    """What the line says; None for a line that is no training program's. Never raises."""
    head = text[:LOOKED_AT]
    if "\r" in head:
        head = next((part for part in reversed(head.split("\r")) if part.strip()), "")
    return _read(head, cut=len(text) > LOOKED_AT, nested=False)


def _read(head: str, *, cut: bool, nested: bool) -> Reading | None:
    bar = "%|" in head or "━" in head or "it [" in head or "[=" in head
    if not bar and not _promising(head.lower()):
        return None
    if "\x1b" in head or "\x9b" in head:
        head = strip_escapes(head)
    if not nested and "{" in head and ("'" in head or '"' in head):
        found = mappings.from_text(head, cut=cut)
        if isinstance(found, str):
            return _read(found[:LOOKED_AT], cut=True, nested=True)
        if found:
            return _beside_bar(found, head) if bar else found
    return _line(head, bar=bar)


def _beside_bar(found: Reading, head: str) -> Reading:
    """A record printed behind a bar on the same line: the bar says the step."""
    before = head[: head.find("{")]
    if found.step is not None or found.summary or (own := bars.tqdm(before, before)) is None:
        return found
    if own.step is None or own.per_epoch:
        return found
    return replace(own, values=found.values, epoch=found.epoch)


def _promising(low: str) -> bool:
    for word in _WORDS:
        if word in low:
            return _NAMES.search(low) is not None
    return False


def _line(head: str, *, bar: bool) -> Reading | None:
    match = _PREFIX.match(head)
    body = head[match.end() :] if match else head
    if "%|" in head or "it [" in head:
        return bars.tqdm(head, body)
    if (bar or " - " in body) and (found := bars.keras(body)):
        return found
    if "━" in head:
        return None
    if body[:1] in "[0123456789" and (found := boosting.boosting(body)):
        return found
    return scan(head).reading(head) or _place(body)


def _place(body: str) -> Reading | None:
    """A line that says nothing but where in the run it is."""
    if match := _EPOCH_LINE.match(body):
        return Reading(epoch=float(match[1]), total_epochs=number(match[2] or ""))
    if match := _STEP_LINE.match(body):
        step, total = whole(number(match[1])), whole(number(match[2]))
        if step is not None and total and step <= total:
            return Reading(step=step, total_steps=total)
    if match := _TRAINER.match(body):
        value = number(match[2])
        if match[1] == "Num Epochs":
            return Reading(total_epochs=value)
        return Reading(total_steps=whole(value))
    return None
