"""What the files of this package hand each other: findings, and the signs that they rest on."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from tui.domain.diagnosis.hiding import without_secrets
from tui.domain.diagnosis.model import Cause, Confidence, Evidence, Frame
from tui.domain.text import ELLIPSIS, printable, strip_escapes

_QUOTED = 2000
"""Characters of a line that are quoted at most."""
_REACH = 4000
"""Characters after those in which the rest of a secret is looked for."""
_TOLD = 200
"""Characters of somebody else's words within a sentence of ours."""


class Strength(IntEnum):
    """How much a line says about the end of a program."""

    WEAK = 1
    """Also printed by programs that go on."""
    FIRM = 2
    """Hardly ever printed by a program that goes on."""
    STRONG = 3


@dataclass(frozen=True, slots=True)
class Finding:
    """A card in the making: all but its next steps."""

    cause: Cause
    summary: str
    confidence: Confidence = Confidence.SURE
    subject: str = ""
    """What it is about: a module, file, model, bucket, service or metric, by its name."""
    hint: str = ""
    """A kind within the cause, for the next steps, e.g. `shm`."""
    exception: str = ""
    frame: Frame | None = None
    evidence: tuple[Evidence, ...] = ()
    replica: str = ""
    exit_code: int | None = None
    earlier: Finding | None = None
    """What another program of the same replica had failed with, after which the job went on."""


@dataclass(frozen=True, slots=True)
class Sign:
    """Lines of one replica that speak of trouble."""

    finding: Finding
    start: int
    """Index of the first line in its strand."""
    end: int
    """Index after the last line."""
    time_ns: int | None
    strength: Strength
    collateral: bool = False
    """Whether it usually follows from the end of another process."""
    wrapper: bool = False
    """Whether it only reports that another process failed."""
    kill: bool = False
    """Whether it tells of a signal."""


def quoted(text: str) -> str:
    """A line made harmless and without secrets, for evidence."""
    plain = strip_escapes(text[: _QUOTED + _REACH])
    return printable(without_secrets(plain, _QUOTED), multiline=True).rstrip()


def told(text: str, most: int = _TOLD) -> str:
    """Somebody else's words for a sentence of ours: one line, harmless, without secrets, not too long."""
    plain = without_secrets(strip_escapes(text[: 4 * most + _REACH]), 4 * most)
    flat = " ".join(printable(plain).replace("␊", " ").split())
    return flat if len(flat) <= most else flat[: most - 1].rstrip() + ELLIPSIS
