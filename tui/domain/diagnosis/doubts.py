"""Jobs that succeeded and yet did not: lost exit codes, losses that are no numbers, missing outputs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from tui.domain.diagnosis.deaths import choose, last_run
from tui.domain.diagnosis.facts import Facts
from tui.domain.diagnosis.findings import Finding, Sign, Strength, told
from tui.domain.diagnosis.model import Case, Cause, Confidence
from tui.domain.diagnosis.reading import Log, Strand
from tui.domain.diagnosis.signs import signs
from tui.domain.text import printable

_NEAR = 60
"""Ordinary lines after a sign that are still near a job's end: a copy of the outputs, a farewell."""
_LOOKED = 8_000
"""Lines at the replicas' ends in which a loss is looked for, over all of them."""
_LEAST = 50
"""The same of each replica however many there are."""
_ENOUGH = 300
"""Values after which none is expected to be bad if none was."""
_LOSS = re.compile(
    r"([A-Za-z_][\w./-]{0,60})?(?:loss|LOSS|Loss)([\w./-]{0,40})['\"]?\]?\s{0,3}(?:[:=|]|is)\s{0,8}"
    r"(?:tensor\()?(-?(?:\d[\d.]{0,40}(?:[eE][-+]?\d{1,4})?|nan|NaN|NAN|inf|Inf|INF|[Ii]nfinity))(?![\w.])"
)
_BAD_WORDS = ("nan", "inf")
_NEEDLES = ("loss", "Loss", "LOSS")
_MOST_NAMES = 40


def doubts(case: Case, log: Log, facts: Facts) -> list[Finding]:
    """What is odd about a job that succeeded, the gravest first."""
    found: list[Finding] = []
    attempt = log.last_attempt()
    masked = _masked(attempt, facts)
    if masked:
        found += masked
    loss = bad_loss(attempt)
    if loss is not None:
        found.append(loss)
    if case.outputs_empty:
        found.append(
            Finding(Cause.NO_OUTPUTS, "The job succeeded, but nothing lies where its outputs belong.")
        )
    return found


def _masked(log: Log, facts: Facts) -> list[Finding]:
    """The first replica whose end looks like a failure: the lost exit code, and what it hides."""
    candidates: list[tuple[Sign, Sign | None]] = []
    for strand in log.replicas:
        run, after = last_run(strand, signs(strand, facts.own_packages))
        if not run or after > _NEAR:
            continue
        runner = next((sign for sign in run if sign.finding.hint == "runner"), None)
        sign = choose(run, None)
        if sign is None or (sign.collateral and runner is None):
            continue
        candidates.append((sign, runner))
    if not candidates:
        return []
    sign, runner = min(candidates, key=lambda each: (-each[0].strength, each[0].time_ns or 0))
    return _as_masked(sign, runner)


def _as_masked(sign: Sign, runner: Sign | None) -> list[Finding]:
    inner = sign.finding
    if inner.hint == "runner":
        words = f"The job succeeded, but its program did not: {inner.summary}"
        return [replace(inner, cause=Cause.MASKED_EXIT, summary=words, confidence=Confidence.SURE)]
    confidence = Confidence.SURE if runner else Confidence.LIKELY
    if sign.strength is Strength.WEAK and runner is None:
        confidence = Confidence.UNSURE
    may = "" if confidence is Confidence.SURE else "seems to have "
    words = (
        f"The job succeeded, but its program {may}failed near the end: {_lower(inner.summary)}"
        " Its exit code was lost on the way, as when a later command decides it."
    )
    evidence = inner.evidence + (runner.finding.evidence if runner else ())
    masked = Finding(
        Cause.MASKED_EXIT,
        words,
        confidence,
        exception=inner.exception,
        frame=inner.frame,
        evidence=tuple(dict.fromkeys(evidence)),
        replica=inner.replica,
    )
    return [masked, inner]


def _lower(summary: str) -> str:
    """A sentence to follow a colon."""
    return summary[:1].lower() + summary[1:] if summary.startswith(("The ", "A ", "One ")) else summary


def bad_loss(log: Log) -> Finding | None:
    """A loss whose last value is no number."""
    budget = _LOOKED
    for strand in log.replicas:
        last: dict[str, tuple[str, int]] = {}
        first_bad: dict[str, int] = {}
        for seen, (index, name, value) in enumerate(_losses(strand, budget)):
            last.setdefault(name, (value, index))
            if _is_bad(value):
                first_bad[name] = index
            if len(last) > _MOST_NAMES or (seen > _ENOUGH and not first_bad):
                break
        bad = {name: where for name, where in last.items() if _is_bad(where[0])}
        if bad:
            return _of_loss(strand, bad, first_bad)
        budget = max(budget - len(strand.texts), _LEAST)
    return None


def _of_loss(strand: Strand, bad: Mapping[str, tuple[str, int]], first_bad: Mapping[str, int]) -> Finding:
    name, (value, index) = next(iter(bad.items()))
    begun = first_bad[name]
    kind = "not a number (NaN)" if "nan" in value.lower() else "infinite"
    evidence = tuple(strand.quote(each) for each in dict.fromkeys((begun, index)))
    return Finding(
        Cause.NAN_LOSS,
        f"The last value of {told(name, 60)} is {kind}: what was learned after that is lost.",
        Confidence.SURE,
        printable(name),
        evidence=evidence,
        replica=strand.replica,
    )


def _is_bad(value: str) -> bool:
    return value.lower().lstrip("-+").startswith(_BAD_WORDS)


def _losses(strand: Strand, most: int) -> Iterator[tuple[int, str, str]]:
    """The losses that a replica printed: line, name and value, the last first."""
    for index in range(len(strand.texts) - 1, max(len(strand.texts) - most, 0) - 1, -1):
        entry = strand.entries[index]
        if entry is not None and entry.payload:
            yield from ((index, name, value) for name, value in _fields(entry.payload))
        text = strand.texts[index]
        if any(needle in text for needle in _NEEDLES):
            for match in _LOSS.finditer(text[:2000]):
                yield index, f"{match[1] or ''}loss{match[2]}", match[3]


def _fields(payload: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    for name, value in list(payload.items())[:200]:
        if (
            "loss" in str(name).lower()
            and isinstance(value, int | float | str)
            and not isinstance(value, bool)
        ):
            text = str(value)[:40]
            if _is_bad(text) or text.lstrip("-+")[:1].isdigit():
                yield str(name), text
