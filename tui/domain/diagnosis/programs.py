"""What happened to the program itself: the first replica that failed, and how."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from tui.domain.diagnosis.deaths import Death, death, first, ordinary
from tui.domain.diagnosis.exits import Exit, explain
from tui.domain.diagnosis.facts import Facts
from tui.domain.diagnosis.findings import Finding, Sign, Strength, told
from tui.domain.diagnosis.model import Cause, Confidence, Evidence
from tui.domain.diagnosis.reading import Log, Strand, strand_of
from tui.domain.diagnosis.signs import sign_in_error, signs
from tui.domain.logreading.levels import guess
from tui.domain.logs import Severity

_LAST = 60
"""Lines at a replica's end among which something that sounds bad is looked for."""
_QUOTED = 3
_MOST_EVIDENCE = 6


def program(log: Log, facts: Facts, exits: Mapping[str, Exit], named: Exit | None) -> Finding | None:
    """Why the program failed; None if neither log nor exit codes tell.

    Args:
        log: the job's log.
        facts: of its spec.
        exits: how replicas ended, as far as the service tells.
        named: the exit that the job's own error names.
    """
    attempt = log.last_attempt()
    found = _chosen(attempt, facts, exits, named)
    if found is None and attempt is not log:
        found = _chosen(log, facts, exits, named)
    return found


def _chosen(log: Log, facts: Facts, exits: Mapping[str, Exit], named: Exit | None) -> Finding | None:
    deaths: list[Death] = []
    whole: list[Sign] = []
    strands = {strand.replica: strand for strand in log.replicas}
    for replica in dict.fromkeys((*strands, *exits)):
        strand, end = strands.get(replica) or Strand(replica), exits.get(replica)
        found = signs(strand, facts.own_packages)
        whole += found
        deaths += _deaths_of(strand, found, end, facts, own=named is not None and replica == named.replica)
    chosen = first(deaths, whole)
    return _with_exit(chosen.finding, exits, named) if chosen else None


def _deaths_of(
    strand: Strand, found: Sequence[Sign], end: Exit | None, facts: Facts, *, own: bool
) -> list[Death]:
    """How one replica ended, by its log, the service's word and its exit code."""
    by_log = death(strand, found, end.code if end else None)
    if end is None:
        return [by_log] if by_log else []
    by_code = explain(end, facts)
    if by_code and (by_code.confidence is Confidence.SURE and by_code.cause is not Cause.CRASH):
        return [_by_word(by_code, by_log, end)]
    in_error = sign_in_error(strand_of(end.detail, end.replica), facts.own_packages) if end.detail else None
    if in_error is not None:
        in_error = _placed(in_error, end)
        if by_log is None or _better(in_error, by_log):
            return [Death(in_error)]
    if by_log is not None and not (by_log.survived and by_code):
        survived = by_log.survived and not (own and by_log.sign.strength > Strength.WEAK)
        return [Death(_sure(by_log), survived)]
    if by_code is not None:
        return [Death(Sign(by_code, 0, 0, end.time_ns, Strength.STRONG))]
    return []


def _by_word(by_code: Finding, by_log: Death | None, end: Exit) -> Death:
    """The service says for certain how it ended; the log may show it as well."""
    time_ns = end.time_ns
    if by_log is not None and by_log.finding.cause is by_code.cause:
        by_code = replace(by_code, evidence=_joined(by_log.finding.evidence, by_code.evidence))
        time_ns = by_log.sign.time_ns
    return Death(Sign(by_code, 0, 0, time_ns, Strength.STRONG))


def _sure(by_log: Death) -> Sign:
    """A sign after which much was still printed is likely only."""
    sign = by_log.sign
    if by_log.survived and sign.finding.confidence is Confidence.SURE:
        return replace(sign, finding=replace(sign.finding, confidence=Confidence.LIKELY))
    return sign


def _placed(sign: Sign, end: Exit) -> Sign:
    """A sign from within an error: where the error stands is all that can be jumped to."""
    evidence = tuple(_moved(each, end) for each in sign.finding.evidence)
    return replace(sign, time_ns=end.time_ns, finding=replace(sign.finding, evidence=evidence))


def _moved(evidence: Evidence, end: Exit) -> Evidence:
    source = end.evidence[0] if end.evidence else evidence
    return replace(evidence, time_ns=source.time_ns, key=source.key)


def _better(in_error: Sign, by_log: Death) -> bool:
    """Whether the error's traceback tells more than the replica's log."""
    if by_log.finding.exception == in_error.finding.exception:
        return False
    if by_log.survived:
        return True
    told = not (in_error.collateral or in_error.wrapper)
    return told and (not by_log.plain or by_log.sign.strength < Strength.STRONG)


def _with_exit(finding: Finding, exits: Mapping[str, Exit], named: Exit | None) -> Finding:
    """The finding with its exit code, and the service's line as further evidence."""
    end = exits.get(finding.replica)
    if end is None:
        return finding
    evidence = _joined(finding.evidence, end.evidence if end is named or end.evidence else ())
    return replace(finding, exit_code=end.code, evidence=evidence)


def _joined(one: tuple[Evidence, ...], other: tuple[Evidence, ...]) -> tuple[Evidence, ...]:
    return tuple(dict.fromkeys((*one, *other)))[:_MOST_EVIDENCE]


def unexplained(log: Log, end: Exit, *, complete: bool) -> Finding:
    """A replica ended, and no line is known that says why: its last words that sound bad."""
    strand = next((each for each in log.replicas if each.replica == end.replica), None)
    last = bad_lines(strand) if strand else ()
    words = f"The program ended with exit code {end.code}"
    if last:
        words += "; no exception is in its log, but these are its last words of trouble."
    elif strand is None or not strand.texts:
        words += ", and there is no log of it."
    elif last := last_lines(strand):
        part = "" if complete else "the part that was read of "
        words += f"; no exception is in {part}its log. The program's last line: “{told(last[0].text)}”"
    else:
        words += ", and its log does not say why."
    evidence = _joined(last, end.evidence)
    return Finding(
        Cause.UNKNOWN, words, Confidence.UNSURE, evidence=evidence, replica=end.replica, exit_code=end.code
    )


def last_lines(strand: Strand) -> tuple[Evidence, ...]:
    """A program's last words, those of its error output first: `sys.exit` writes its message there.

    What was printed before may come after them, as Python keeps it back until it ends.
    """
    said = [
        index
        for index in range(max(len(strand.texts) - _LAST, 0), len(strand.texts))
        if ordinary(strand, index, index + 1, 1)
    ]
    errors = [
        index for index in said if (entry := strand.entries[index]) and entry.severity >= Severity.ERROR
    ]
    chosen = (*errors[-1:], *said[-1:])
    return tuple(strand.quote(index) for index in dict.fromkeys(chosen))


def bad_lines(strand: Strand) -> tuple[Evidence, ...]:
    """The last lines that sound like trouble, the very last first."""
    found: list[Evidence] = []
    for index in range(len(strand.texts) - 1, max(len(strand.texts) - _LAST, 0) - 1, -1):
        text = strand.texts[index]
        if text.strip() and guess(text) >= Severity.ERROR:
            found.append(strand.quote(index))
            if len(found) >= _QUOTED:
                break
    return tuple(found)
