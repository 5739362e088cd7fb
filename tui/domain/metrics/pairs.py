"""Names and numbers in free text: `step 100: train loss 1.9, val loss 2.0` and its many relatives."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache

from tui.domain.metrics.kinds import MetricKind, kind, words
from tui.domain.metrics.model import Reading
from tui.domain.metrics.naming import LOOKED_BACK, Named, Role, named
from tui.domain.metrics.numbers import DIGITS, number, rate, seconds, whole

_VALUE = re.compile(
    rf"(?<![\w.@\-])([-+]?(?:{DIGITS}))"
    r"(%|\s?(?:[kKMG]\s?)?[A-Za-z]{1,12}/(?:s|sec|second|it|iter|step|batch|epoch|img|image|sample|token|min)(?!\s?[\w:=])"
    r"|[A-Za-z]{1,8})?(?!\w|\.\w)"
)
_ETA = re.compile(r"\beta\b[:=]?\s{0,3}((?:\d{1,4} days?, )?\d{1,4}:\d\d(?::\d\d)?)", re.IGNORECASE)
_MM_LOOP = re.compile(r"\b(Epoch|Iter)\((train|val|test)\)\s{0,4}\[")
"""OpenMMLab: `Epoch(train) [1][50/500]`."""
_WHOLE_ETA = re.compile(r"poch(?:\(train\))? \[")
_SETTINGS = re.compile(
    r"dropout|momentum=|'momentum'|seed\b|batch_size|optimizer|weight_decay|num_train_epochs|n_estimators|warmup|"
    r"\bepochs['\"]?[=:]|\w(?:==|>=)\d"
)
"""Words of a configuration that is printed as one line."""
_EVAL = frozenset({"eval", "evaluation", "val", "valid", "validation", "test", "testing", "dev"})
_MOST_VALUES = 64
_LOSSES = (MetricKind.LOSS, MetricKind.EVAL_LOSS)
_STEPS = (Role.STEP, Role.BATCH)
_PLACES = (*_STEPS, Role.EPOCH)


@dataclass(slots=True)
class Scan:
    """What was found so far, from left to right."""

    values: dict[str, float] = field(default_factory=dict)
    roles: dict[str, Role] = field(default_factory=dict)
    sure: int = 0
    """Telling metrics that are tied to their number by more than a space, or begin the line."""
    solid: int = 0
    """Other metrics whose number looks like one."""
    step: int | None = None
    total_steps: int | None = None
    epoch: float | None = None
    total_epochs: float | None = None
    per_epoch: bool = False
    remaining: float | None = None
    split: str = ""
    last: tuple[Role, str, float] = (Role.NONE, "", 0.0)
    bracketed: bool = False
    """Whether the number read last follows an opening bracket."""
    last_place: Role = Role.NONE
    """Whether a step or an epoch was read last."""

    @property
    def placed(self) -> bool:
        """Whether the text says where in the run it is."""
        lone_batch = self.per_epoch and self.total_steps is None
        return self.epoch is not None or (self.step is not None and not lone_batch)

    def take(self, digits: str, unit: str, before: str) -> None:
        """Judge one number by the text that leads to it."""
        value = number(digits)
        if value is None:
            return
        slash = before.strip()
        if slash in {"/", "of"}:
            self._total(value)
            return
        known = named(before)
        self.split = known.split or self.split
        self.last = (Role.NONE, "", value)
        self.bracketed = slash.endswith("[")
        if unit and unit != "%":
            self._rate(value, unit, known)
        elif known.bare or known.role is Role.NONE:
            pass
        elif known.role in _PLACES:
            self._place(known.role, value, unit)
        else:
            self._metric(known, value, digits)

    def _place(self, role: Role, value: float, unit: str) -> None:
        if unit or not value >= 0:
            return
        self.last, self.last_place = (role, "", value), role
        if role is Role.EPOCH:
            self.epoch = value if self.epoch is None else self.epoch
        elif self.step is None or (role is Role.STEP and self.per_epoch):
            self.step, self.total_steps = whole(value), None
            self.per_epoch = role is Role.BATCH

    def _total(self, value: float) -> None:
        role, name, done = self.last
        self.last = (Role.NONE, "", value)
        if role is Role.EPOCH:
            self.total_epochs = value if value >= done else None
        elif role in _STEPS:
            self.total_steps = whole(value) if value >= done else None
        elif not name and self.step is None and (self.last_place is Role.EPOCH or self.bracketed):
            # `Epoch: [3][ 10/5005]`, `Train Epoch: 1 [640/60000 (1%)]`, `loss: 2.3  [   64/60000]`
            self.step, self.total_steps, self.per_epoch = whole(done), whole(value), True
        elif name and value >= done >= 0 and value > 0 and kind(name) is MetricKind.ACCURACY:
            self.values[name] = done / value

    def _rate(self, value: float, unit: str, known: Named) -> None:
        if not (found := rate(unit)):
            return
        name, factor = found
        if known.role is not Role.NONE and known.explicit and kind(known.name) is MetricKind.THROUGHPUT:
            name = known.name
        if name not in self.values and len(self.values) < _MOST_VALUES:
            self.values[name] = value * factor
            self.roles[name] = Role.METRIC
            self.solid += 1

    def _metric(self, known: Named, value: float, digits: str) -> None:
        name = known.name
        if evaluated := _evaluated(name):
            self.split = evaluated
        elif self.split in _EVAL and (name in self.values or known.role is not Role.EXTRA):
            name = f"{self.split} {name}"
        if name in self.values or len(self.values) >= _MOST_VALUES:
            return
        fractional = not digits.strip("+-").replace(",", "").isdigit()
        if known.role is Role.EXTRA and not fractional:
            return
        self.values[name] = value
        self.roles[name] = known.role
        self.last = (known.role, name, value)
        if known.role is Role.TELLING and (known.explicit or (known.leading and kind(name) in _LOSSES)):
            self.sure += 1
        elif known.role is Role.METRIC and known.explicit and fractional:
            self.solid += 1

    def reading(self, text: str) -> Reading | None:
        """What the text says, if it is a training program's."""
        metrics = sum(role is not Role.EXTRA for role in self.roles.values())
        telling = sum(role is Role.TELLING for role in self.roles.values())
        if self.placed:
            good = telling or self.solid
        else:
            good = (self.sure or (telling and metrics > 1)) and not _SETTINGS.search(text)
        if not good or not self.values:
            return None
        per_epoch = self.per_epoch or self._counts_within_epoch()
        return Reading(
            values=self.values,
            step=self.step,
            epoch=self.epoch,
            total_steps=self.total_steps if self.split not in _EVAL else None,
            total_epochs=self.total_epochs,
            # OpenMMLab's estimate is of the whole run, torchvision's of the epoch.
            remaining_seconds=None if per_epoch and not _WHOLE_ETA.search(text) else self.remaining,
            per_epoch=per_epoch,
        )

    def _counts_within_epoch(self) -> bool:
        """`Epoch [3/10], Step [100/500]` counts anew in each epoch; `Step 100/500, epoch 0.6` does not."""
        return (
            self.epoch is not None
            and self.epoch.is_integer()
            and self.step is not None
            and self.total_steps is not None
            and self.last_place is not Role.EPOCH
        )


@lru_cache(maxsize=4096)
def _evaluated(name: str) -> str:
    """The word by which a name says that it is of an evaluation."""
    return next((word for word in words(name) if word in _EVAL), "")


def scan(text: str) -> Scan:
    """All names and numbers of a text that is cut to a bounded length already."""
    found = Scan()
    end = 0
    loop = None
    if "poch(" in text or "ter(" in text:
        loop = _MM_LOOP.search(text)
        text = _MM_LOOP.sub(r"\2: \1 [", text)
    for match in _VALUE.finditer(text):
        start = match.start()
        found.take(match[1], match[2] or "", text[max(end, start - LOOKED_BACK) : start])
        end = match.end()
    if "eta" in text or "ETA" in text:
        match_eta = _ETA.search(text)
        found.remaining = seconds(match_eta[1]) if match_eta else None
    if loop and loop[2] != "train":
        found.step = found.total_steps = None
        found.per_epoch = False
    return found
