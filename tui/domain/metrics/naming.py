"""What the text before a number calls it: a step, an epoch, a metric, or nothing of the kind."""

from __future__ import annotations

import re
from enum import Enum, auto
from functools import lru_cache
from typing import NamedTuple

from tui.domain.metrics.kinds import NEVER, MetricKind, kind, telling, words

LOOKED_BACK = 96
"""Characters before a number in which its name is looked for."""


class Role(Enum):
    """What a number is to a reading."""

    NONE = auto()
    STEP = auto()
    BATCH = auto()
    """A step that counts from the start of the epoch."""
    EPOCH = auto()
    TELLING = auto()
    """A metric that only a training program prints."""
    METRIC = auto()
    """A metric by name that other programs print too."""
    EXTRA = auto()
    """A name that means nothing in itself."""


class Named(NamedTuple):
    """The name of the number that follows a text."""

    role: Role
    name: str = ""
    explicit: bool = False
    """Whether a colon or an equals sign stands between the name and the number."""
    split: str = ""
    """The part of the data that the text says it speaks of from here on: `val`, `train`."""
    bare: bool = False
    """Whether there is nothing but brackets and signs before the number."""
    leading: bool = False
    """Whether nothing stands before the name."""


STEPS = frozenset(
    {"step", "iter", "iteration", "it", "global_step", "global step", "update", "num_updates", "train_step"}
    | {"train step", "training step", "training_step", "optimizer step", "_step", "train/global_step"}
    | {"trainer/global_step", "train_iter", "training iteration", "current_step", "current_steps", "timestep"}
)
"""Names of the step in lower case."""
_BATCHES = frozenset({"batch", "batch_idx", "minibatch", "mini-batch"})
_EPOCHS = frozenset(
    {"epoch", "ep", "train epoch", "training epoch", "current_epoch", "_epoch", "train/epoch"}
)
_QUALIFIERS = frozenset(
    (  # noqa: SIM905 (words apart by spaces read better)
        "train training val valid validation eval evaluation test testing dev avg avg. average averaged mean "
        "running total batch epoch step lm mlm nsp mtp ce cross entropy kl aux auxiliary masked load "
        "balancing box cls obj dfl mask rpn reg regression classification bbox generator discriminator gen "
        "disc g d policy value critic actor smoothed current final best contrastive reconstruction recon "
        "grad gradient norm learning rate word top-1 top-5 exact match macro micro weighted balanced per "
        "tokens samples second sec steps images"
    ).split()
)
_NEVER = frozenset(
    (  # noqa: SIM905 (words apart by spaces read better)
        "eta time times elapsed duration runtime secs seconds sec ms minutes hours remaining wall clock data "
        "mem memory vram version ver v pid port rank seed size bsz wpb num number count n gpu gpus cuda cpu "
        "device devices world node nodes worker workers param params parameters id ids line char col job "
        "date timestamp ts lineno thread threads http https status code exit port group layer layers dim "
        "heads hidden width height length len max min limit cap capacity tokens tok samples examples "
        "consumed "
        "allocated reserved workerpool localhost host patience interval freq every warmup total_flos flos "
        "momentum beta beta1 beta2 eps epsilon decay dropout bytes percentage percent progress pct mom "
        "skipped skip scale scaler"
    ).split()
)
_NEVER_A_KEY = _NEVER - {
    *("mem", "memory", "vram", "allocated", "reserved", "max", "min"),
    *("tokens", "samples", "length", "examples", "len"),
}
"""Beside a metric, a record's key says on purpose what it says: lengths and memory count there."""
_OPEN = re.compile(
    r"(?:(?:\b(?:tensor|array|Array|DeviceArray|(?:np\.|jnp\.|numpy\.)?float\d\d))?[(\[{]|['\"])\s{0,8}$"
)
_CUT = re.compile(r"[,;|()\[\]{}\t\"'•!]| {2,}| - |: ?|= ?|> ")
_LINK = re.compile(r"[=:]>?\s{0,8}$|->\s{0,8}$")
_COMPARED = re.compile(r"(?:[=!<>~]=|[<>])\s{0,8}$(?<!->)(?<!=>)")
_SPLIT = re.compile(
    r"\b(train(?:ing)?|val(?:id(?:ation)?)?|eval(?:uation)?|test(?:ing)?|dev)\b"
    r"(?: (?:set|results?|stats?))?\s?[:|\])>-]",
    re.IGNORECASE,
)
_IDENTIFIER = re.compile(r"[A-Za-z_][\w/@+.%#-]{0,60}$")


@lru_cache(maxsize=8192)
def named(before: str) -> Named:
    """What the last characters before a number say of it."""
    splits = _SPLIT.findall(before)
    split = splits[-1].lower() if splits else ""
    text = before.rstrip()
    for _ in range(3):
        text, opened = _OPEN.subn("", text)
        text = text.rstrip()
        if not opened:
            break
    if _COMPARED.search(text):
        return Named(Role.NONE, split=split)
    explicit = bool(_LINK.search(text))
    text = text.rstrip(" \t:=>#")
    if explicit and text.endswith("-"):
        text = text[:-1].rstrip()
    if not text.strip(" \t]):,;|[(/-"):
        return Named(Role.NONE, split=split, bare=True)
    pieces = _CUT.split(text)
    segment = pieces[-1].strip(" -*>#")
    leading = len(text) < LOOKED_BACK and not any(pieces[:-1])
    return _judged(segment.split(), split, explicit=explicit, leading=leading)


def _judged(parts: list[str], split: str, *, explicit: bool, leading: bool) -> Named:
    while parts and parts[-1].lower() in {"is", "was", "of", "at"}:
        parts = parts[:-1]
    if not parts:
        return Named(Role.NONE, split=split)
    last = parts[-1].lower()
    pair = " ".join(parts[-2:]).lower()
    for names, role in ((STEPS, Role.STEP), (_BATCHES, Role.BATCH), (_EPOCHS, Role.EPOCH)):
        if last in names or pair in names:
            return Named(role, last, explicit, split)
    if not NEVER.isdisjoint(part.lower() for part in parts):
        return Named(Role.NONE, split=split)
    name = _metric_name(parts)
    role = _metric_role(name)
    if role is Role.NONE and explicit and _IDENTIFIER.match(parts[-1]) and _extra(parts[-1]):
        name, role = parts[-1], Role.EXTRA
    return Named(role, name, explicit, split, leading=leading and name == " ".join(parts))


def _metric_name(parts: list[str]) -> str:
    taken: list[str] = []
    for part in reversed(parts[-5:]):
        if part.lower() not in _QUALIFIERS and (
            not _IDENTIFIER.match(part) or _metric_role(part) is Role.NONE
        ):
            break
        taken.insert(0, part)
    return " ".join(taken)


def _metric_role(name: str) -> Role:
    if not name or ".py" in name or "::" in name:
        return Role.NONE
    if telling(name):
        return Role.TELLING
    found = kind(name)
    if found in {MetricKind.OTHER, MetricKind.MEMORY}:
        return Role.NONE
    return Role.METRIC


def _extra(name: str) -> bool:
    return len(name) > 1 and ".py" not in name and not set(words(name)) & _NEVER and not name.isdigit()


@lru_cache(maxsize=4096)
def measured(name: str) -> bool:
    """Whether a key of a structured record may name a metric: no time, size, count or identity."""
    return _NEVER_A_KEY.isdisjoint(words(name))
