"""Which of many signs ended a replica, and which replica was the first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from tui.domain.diagnosis.exits import CRASHED, KILLED
from tui.domain.diagnosis.findings import Finding, Sign, Strength, told
from tui.domain.diagnosis.model import Cause, Confidence
from tui.domain.diagnosis.reading import Strand

_GAP = 40
"""Ordinary lines between two signs of the same end."""
_AFTER = 200
"""Ordinary lines after a sign that a program may still print before it ends."""
_FAR = 2_000
"""Ordinary lines after which a sign says nothing about the end, whatever the exit code."""
SOON_NS = 45 * 60 * 1_000_000_000
"""How long other replicas take to notice a death; NCCL waits for 10 or 30 minutes."""
_NOISE = (
    "wandb:",
    "Copying ",
    "/ [",
    "- [",
    "\\ [",
    "| [",
    "Operation completed",
    "Task completed",
    "==> NOTE",
    "Removing ",
    "Uploading ",
    "[rank",
    "frame #",
    "W0",
    "E0",
    "I0",
)
_PARTS = ("Process ", "Error in atexit", "Exception in ", "Error in sys.excepthook", "Original exception was")
"""How the line begins that stands before the traceback of a part of a program."""
_BY_CODE = {
    126: frozenset({Cause.COMMAND_NOT_FOUND}),
    127: frozenset({Cause.COMMAND_NOT_FOUND}),
    2: frozenset({Cause.BAD_ARGUMENTS, Cause.MISSING_FILE}),
}
_MEMORY = frozenset({Cause.HOST_MEMORY, Cause.GPU_MEMORY})


@dataclass(frozen=True, slots=True)
class Death:
    """How a replica seems to have ended."""

    sign: Sign
    survived: bool = False
    """Whether so much was printed afterwards that it did not end it."""

    @property
    def finding(self) -> Finding:
        """What the sign says."""
        return self.sign.finding

    @property
    def plain(self) -> bool:
        """Whether it is a cause in itself."""
        return not (self.sign.collateral or self.sign.wrapper)


def ordinary(strand: Strand, start: int, end: int, most: int) -> int:
    """How many lines from `start` to `end` are neither empty nor tools' last words; `most` at most."""
    count = 0
    for index in range(start, end):
        text = strand.texts[index]
        if text and not text.isspace() and not text.startswith(_NOISE):
            count += 1
            if count >= most:
                break
    return count


def last_run(strand: Strand, signs: Sequence[Sign]) -> tuple[list[Sign], int]:
    """The signs of a strand's end, in order, and the ordinary lines after them."""
    run: list[Sign] = []
    after, until = 0, len(strand.texts)
    for sign in reversed(signs):
        gap = ordinary(strand, sign.end, until, _FAR + 1)
        if not run:
            after = gap
        elif gap > _GAP:
            break
        run.append(sign)
        until = min(until, sign.start)
    run.reverse()
    return run, after


def death(strand: Strand, signs: Sequence[Sign], code: int | None) -> Death | None:
    """What ended a replica, if its lines say so; `code` is its exit code."""
    run, after = last_run(strand, signs)
    if not run or after > _FAR:
        return None
    best = choose(run, code)
    if best and code not in KILLED | CRASHED:
        best = superseded(strand, run, best)
    return Death(best, survived=after > _AFTER) if best else None


def superseded(strand: Strand, run: Sequence[Sign], best: Sign) -> Sign:
    """The last traceback instead of an earlier one that the job went on after, as `A || B` does."""
    if not _of_program(strand, best):
        return best
    begin = next(number for number, sign in enumerate(run) if sign is best)
    several = any(sign.wrapper for sign in run[begin:])
    last = best
    for sign in run[begin + 1 :]:
        if not _of_program(strand, sign) or sign.finding.exception == last.finding.exception:
            continue
        went_on = bool(ordinary(strand, last.end, sign.start, 1))
        alike = _kind(sign) == _kind(last)
        if (went_on and not (several and alike)) or not (several or alike):
            last = sign
    if last is best:
        return best
    between = ordinary(strand, best.end, last.start, 1)
    sure = Confidence.LIKELY if between else Confidence.UNSURE
    finding = last.finding
    words = (
        f"{finding.summary} A program before it failed with {told(best.finding.exception, 160).rstrip('.')}."
    )
    if finding.confidence is Confidence.UNSURE:
        sure = finding.confidence
    return replace(last, finding=replace(finding, confidence=sure, summary=words, earlier=best.finding))


def _of_program(strand: Strand, sign: Sign) -> bool:
    """Whether a sign is the traceback of a program that the job's script ran itself.

    Not of a rank, an actor or a child process, which others may outlive, nor of what runs at Python's exit.
    """
    before = strand.texts[sign.start - 1] if sign.start else ""
    return (
        sign.strength is Strength.STRONG
        and not (sign.collateral or sign.wrapper)
        and bool(sign.finding.exception)
        and strand.texts[sign.start].startswith("Traceback")
        and not before.startswith(_PARTS)
    )


def _kind(sign: Sign) -> str:
    """The exception without its message: processes of one program tend to fail alike."""
    return sign.finding.exception.partition(":")[0]


def choose(run: Sequence[Sign], code: int | None) -> Sign | None:
    """The telling one of the signs of one end."""
    plain = [sign for sign in run if not (sign.collateral or sign.wrapper)]
    if code in KILLED or code in CRASHED:
        return _killed(run) if code in KILLED else _crashed(run, plain)
    wanted = _BY_CODE.get(code or 0, frozenset())
    fitting = [sign for sign in plain if sign.finding.cause in wanted]
    if fitting:
        return fitting[-1]
    if _only_follows(run, plain):
        return next(sign for sign in run if sign.collateral)
    for strength in (Strength.STRONG, Strength.FIRM):
        for sign in plain:
            if sign.strength is strength:
                return sign
    return plain[-1] if plain else next((sign for sign in run if sign.collateral), run[-1])


def _killed(run: Sequence[Sign]) -> Sign | None:
    memory = [sign for sign in run if sign.finding.cause in _MEMORY]
    certain = [sign for sign in memory if sign.finding.confidence is Confidence.SURE]
    return next(iter(certain or memory), None)


def _crashed(run: Sequence[Sign], plain: Sequence[Sign]) -> Sign | None:
    if _only_follows(run, plain):
        return next(sign for sign in run if sign.collateral)
    telling = [
        sign for sign in plain if sign.finding.cause is not Cause.CRASH and sign.strength > Strength.WEAK
    ]
    return next(iter(telling or [sign for sign in plain if sign.kill]), None)


def _only_follows(run: Sequence[Sign], plain: Sequence[Sign]) -> bool:
    """Whether the processes lost each other first, and only then crashed."""
    return run[0].collateral and all(sign.finding.cause is Cause.CRASH for sign in plain)


def first(deaths: Iterable[Death], whole: Iterable[Sign]) -> Death | None:
    """The death that the others follow from; `whole` are all signs of all replicas."""
    known = [each for each in deaths if not each.survived]
    latest = max((each.sign.time_ns or 0 for each in known), default=0)
    plain = [each for each in known if each.plain]
    for strength in (Strength.FIRM, Strength.WEAK):
        found = [each for each in plain if each.sign.strength >= strength]
        near = [each for each in found if _time(each.sign) >= latest - SOON_NS]
        if found:
            return min(near or found, key=lambda each: _time(each.sign))
    others = sorted(
        (each for each in known if not each.plain), key=lambda each: (each.sign.wrapper, _time(each.sign))
    )
    if not others:
        return None
    return _before(_time(others[0].sign), whole) or others[0]


def _before(time_ns: int, whole: Iterable[Sign]) -> Death | None:
    """What happened shortly before processes lost each other, though its replica was started again."""
    found = [
        sign
        for sign in whole
        if not (sign.collateral or sign.wrapper)
        and sign.strength is Strength.STRONG
        and time_ns - SOON_NS <= _time(sign) <= time_ns
    ]
    if not found:
        return None
    sign = max(found, key=_time)
    return Death(replace(sign, finding=replace(sign.finding, confidence=Confidence.LIKELY)))


def _time(sign: Sign) -> int:
    """When; a sign without a time is the job's own error, which comes last."""
    return sign.time_ns if sign.time_ns is not None else 1 << 63
