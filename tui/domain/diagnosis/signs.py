"""All signs of trouble in a strand: tracebacks and telling lines."""

from __future__ import annotations

from dataclasses import replace

from tui.domain.diagnosis.exceptions import Verdict, judge
from tui.domain.diagnosis.findings import Finding, Sign, Strength, told
from tui.domain.diagnosis.hiding import without_secrets
from tui.domain.diagnosis.line_rules import BY_NEEDLE, LINE_RULES, LineRule
from tui.domain.diagnosis.model import Cause, Confidence, Evidence, Frame
from tui.domain.diagnosis.reading import Strand, hits
from tui.domain.diagnosis.subjects import subject_of
from tui.domain.diagnosis.tracebacks import (
    HEADER,
    SYNTAX,
    Block,
    Trace,
    flat_trace,
    syntax_trace,
    traces,
    user_frame,
)
from tui.domain.text import printable

_NEEDLES = (HEADER, *SYNTAX, *BY_NEEDLE)
_TORCHRUN = "exitcode  : -9"
"""Stands indented in torchrun's table of failures."""
_SEARCHED = 1_000
"""Characters of a line in which patterns are looked for."""
_MOST = 400
"""Signs of one strand that are kept, the last ones."""
_EXCEPTION = 400
"""Characters of an exception's text on a card."""
_CODE = 300
"""The same of the line of code that raised it."""
_ORDER = {id(rule): number for number, rule in enumerate(LINE_RULES)}


def signs(strand: Strand, own: frozenset[str] = frozenset()) -> list[Sign]:
    """Every sign of a strand, in order; a line within a traceback is part of that only."""
    heads: list[int] = []
    lines: list[tuple[int, list[str]]] = []
    for index, found in hits(strand, _NEEDLES):
        if HEADER in found:
            heads.append(index)
        elif not strand.texts[index].startswith(" ") or _TORCHRUN in found:
            lines.append((index, found))
    made = [sign for trace in traces(strand, heads[-_MOST:]) if (sign := _of_trace(strand, trace, own))]
    inside = [(sign.start, sign.end) for sign in made]
    made += _of_lines(strand, lines[-10 * _MOST :], inside, own)
    made.sort(key=lambda sign: sign.start)
    return made[-_MOST:]


def _of_lines(
    strand: Strand,
    lines: list[tuple[int, list[str]]],
    inside: list[tuple[int, int]],
    own: frozenset[str],
) -> list[Sign]:
    made: list[Sign] = []
    spans = iter([*inside, (len(strand.texts), len(strand.texts))])
    begin, end = next(spans)
    for index, found in lines:
        while index >= end and begin < len(strand.texts):
            begin, end = next(spans)
        if not begin <= index < end and (sign := _of_line(strand, index, found, own)):
            made.append(sign)
    return made


def _of_line(strand: Strand, index: int, found: list[str], own: frozenset[str]) -> Sign | None:
    text = strand.texts[index][:_SEARCHED]
    bare = syntax_trace(strand, index)
    if bare is not None:
        return _of_trace(strand, bare, own)
    rules = {id(rule): rule for needle in found for rule in BY_NEEDLE.get(needle, ())}
    for key in sorted(rules, key=_ORDER.__getitem__):
        rule = rules[key]
        match = rule.pattern.search(text) if rule.pattern else None
        if rule.pattern is None or match:
            group = match[1] or "" if match and match.re.groups else ""
            return _line_sign(strand, index, rule, group)
    return None


def _line_sign(strand: Strand, index: int, rule: LineRule, group: str) -> Sign:
    text = strand.texts[index]
    subject = group or subject_of(rule.cause, text[:_SEARCHED])
    cause, words = rule.cause, rule.words.replace("{0}", told(group).rstrip(".") or "it needs")
    finding = Finding(
        cause,
        words,
        rule.confidence,
        printable(subject),
        rule.hint,
        evidence=(strand.quote(index), *_what(strand, index, rule)),
        replica=strand.replica,
    )
    return Sign(
        finding,
        index,
        index + 1,
        strand.time_ns(index),
        rule.strength,
        rule.collateral,
        rule.wrapper,
        rule.kill,
    )


def _what(strand: Strand, index: int, rule: LineRule) -> tuple[Evidence, ...]:
    """The `what():` line that follows a C++ program's last words."""
    after = index + 1
    if rule.kill and after < len(strand.texts) and strand.texts[after].lstrip().startswith("what():"):
        return (strand.quote(after),)
    return ()


def _of_trace(strand: Strand, trace: Trace, own: frozenset[str]) -> Sign | None:
    verdict = judge(trace)
    if verdict is None:
        return _cut_short(strand, trace, own)
    block = verdict.block
    frame = shown(_frame_of(trace, block, own))
    said = exception_text(block)
    summary = verdict.summary or _stopped(said, frame)
    if verdict.cause is Cause.GPU_MEMORY and verdict.subject:
        summary = f"{summary.removesuffix('.')}: {told(verdict.subject)} more could not be had."
    last = next((each for each in reversed(trace.blocks) if each.name), block)
    if last is not block and last.caused and verdict.cause is Cause.TRACEBACK:
        summary = f"{summary.removesuffix('.')}; it was reported as {told(exception_text(last), 120)}."
    lines = [index for index in (block.line, last.line) if index >= 0]
    finding = Finding(
        verdict.cause,
        summary,
        verdict.confidence,
        printable(verdict.subject),
        verdict.hint,
        said,
        frame,
        tuple(strand.quote(index) for index in dict.fromkeys((*lines, trace.start))),
        strand.replica,
    )
    return _trace_sign(strand, trace, finding, verdict)


def _trace_sign(strand: Strand, trace: Trace, finding: Finding, verdict: Verdict) -> Sign:
    strength = Strength.WEAK if trace.aside else Strength.STRONG
    if trace.aside:
        finding = replace(finding, confidence=Confidence.LIKELY)
    return Sign(
        finding,
        trace.start,
        trace.end,
        strand.time_ns(trace.start),
        strength,
        verdict.collateral,
        verdict.wrapper,
        verdict.cause is Cause.HOST_MEMORY and verdict.confidence is not Confidence.SURE,
    )


def _cut_short(strand: Strand, trace: Trace, own: frozenset[str]) -> Sign | None:
    """A traceback without its last line still tells where."""
    frame = shown(_frame_of(trace, trace.blocks[-1], own))
    if frame is None and not trace.blocks[-1].frames:
        return None
    where = f" in {frame.function or 'its code'} ({frame.file}, line {frame.line})" if frame else ""
    finding = Finding(
        Cause.TRACEBACK,
        f"The program stopped with an exception{where}; the log ends before it says which.",
        Confidence.LIKELY,
        frame=frame,
        evidence=(strand.quote(trace.end - 1), strand.quote(trace.start)),
        replica=strand.replica,
    )
    return Sign(finding, trace.start, trace.end, strand.time_ns(trace.start), Strength.FIRM, wrapper=True)


def _frame_of(trace: Trace, block: Block, own: frozenset[str]) -> Frame | None:
    """The frame in the user's code: of the telling exception, else of those it led to, else of the others."""
    at = trace.blocks.index(block)
    for each in (block, *trace.blocks[at + 1 :], *reversed(trace.blocks[:at])):
        if (frame := user_frame(each, own)) is not None:
            return frame
    return None


def shown(frame: Frame | None) -> Frame | None:
    """A frame made harmless, its code without secrets and not too long."""
    if frame is None:
        return None
    code = without_secrets(frame.code, _CODE)
    return Frame(printable(frame.file), frame.line, printable(frame.function), printable(code))


def exception_text(block: Block) -> str:
    """`KeyError: 'labels'`, harmless and not too long; the module of Python's own exceptions is left out."""
    return told(block.text, _EXCEPTION)


def _stopped(said: str, frame: Frame | None) -> str:
    where = ""
    if frame is not None:
        function = frame.function if frame.function not in ("", "<module>") else ""
        file = frame.file.rpartition("/")[2] or frame.file
        where = (
            f" in {told(function, 60)} ({told(file, 60)}, line {frame.line})"
            if function
            else (f" in {told(file, 60)}, line {frame.line}")
        )
    return f"The program stopped with {told(said, 160).rstrip('.')}{where}."


def sign_in_error(strand: Strand, own: frozenset[str] = frozenset()) -> Sign | None:
    """What the traceback or words within the job's own error tell."""
    found = [sign for sign in signs(strand, own) if sign.finding.exception or sign.finding.frame]
    if found:
        return next((sign for sign in found if not (sign.collateral or sign.wrapper)), found[-1])
    block = flat_trace("\n".join(strand.texts))
    if block is None or not block.name:
        return None
    return _of_trace(strand, Trace(0, 1, [block]), own)
