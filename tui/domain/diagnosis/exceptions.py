"""From an exception to its cause."""

from __future__ import annotations

from dataclasses import dataclass

from tui.domain.diagnosis.exception_rules import RULES, Rule
from tui.domain.diagnosis.findings import told
from tui.domain.diagnosis.model import Cause, Confidence
from tui.domain.diagnosis.subjects import subject_of
from tui.domain.diagnosis.tracebacks import Block, Trace

_SEARCHED = 6_000
"""Characters of an exception's text that are searched."""
_CARRIED = frozenset(
    {
        Cause.GPU_MEMORY,
        Cause.HOST_MEMORY,
        Cause.DISK_FULL,
        Cause.PERMISSION,
        Cause.API_DISABLED,
        Cause.MODEL_ACCESS,
        Cause.WANDB_LOGIN,
        Cause.NETWORK,
    }
)
"""Causes that still count when the handler of their exception failed as well."""
_FROM_LOOSE_LINES = _CARRIED | {Cause.NCCL, Cause.CRASH}
"""Causes that may be told by lines that only come after the exception's own."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an exception means."""

    cause: Cause
    summary: str
    block: Block
    """The exception of the chain that says so."""
    confidence: Confidence = Confidence.SURE
    subject: str = ""
    hint: str = ""
    collateral: bool = False
    wrapper: bool = False


def judge(trace: Trace) -> Verdict | None:
    """What ended the program, of all exceptions in a chain or group; None if the log was cut before any."""
    named = [block for block in trace.blocks if block.name]
    if not named:
        return None
    if any(block.is_group for block in named):
        return _of_group(named)
    return _of_chain(named)


def _of_group(blocks: list[Block]) -> Verdict:
    members = [_classify(block) for block in blocks if not block.is_group]
    if not members:
        return _classify(blocks[-1])
    special = [each for each in members if each.cause is not Cause.TRACEBACK and not each.collateral]
    return (special or [each for each in members if not each.collateral] or members)[0]


def _of_chain(blocks: list[Block]) -> Verdict:
    """The last exception if it tells enough; else the one it came from."""
    last = _classify(blocks[-1])
    if last.cause is not Cause.TRACEBACK and not last.wrapper:
        return last
    for index in range(len(blocks) - 2, -1, -1):
        earlier, link = _classify(blocks[index]), blocks[index + 1]
        plain = earlier.cause is Cause.TRACEBACK or earlier.wrapper
        if link.caused and not plain:
            return earlier
        if not link.caused and earlier.cause in _CARRIED and not earlier.collateral:
            return Verdict(
                earlier.cause,
                earlier.summary,
                earlier.block,
                Confidence.LIKELY,
                earlier.subject,
                earlier.hint,
            )
    return last if not blocks[-1].caused and not last.wrapper else _root(blocks, last)


def _root(blocks: list[Block], last: Verdict) -> Verdict:
    """The start of an unbroken chain of direct causes."""
    index = len(blocks) - 1
    wraps = last.wrapper
    while index > 0 and (blocks[index].caused or (wraps and blocks[index].linked)):
        index -= 1
        wraps = False
    found = last if index == len(blocks) - 1 else _classify(blocks[index])
    if last.wrapper and len(blocks) > 1 and not blocks[-1].caused and blocks[-1].linked:
        return _classify(blocks[-1])
    return found


def _classify(block: Block) -> Verdict:
    """What one exception means by its name and message."""
    first = f"{block.name}: {block.head}"
    rule = find_rule(block.name, first[:_SEARCHED])
    whole = f"{block.name}: {block.message}"[:_SEARCHED]
    if rule is None or (rule.cause is Cause.TRACEBACK and not rule.hint):
        wider = find_rule(block.name, whole)
        if wider is not None and (wider.cause in _FROM_LOOSE_LINES or (rule is None and wider.wrapper)):
            rule = wider
    if rule is None:
        return Verdict(Cause.TRACEBACK, "", block)
    subject = subject_of(rule.cause, whole)
    return Verdict(
        rule.cause,
        rule.words.replace("{subject}", told(subject) if subject else rule.nobody),
        block,
        rule.confidence,
        subject,
        rule.hint,
        rule.collateral,
        rule.wrapper,
    )


def find_rule(name: str, text: str) -> Rule | None:
    """The first rule that an exception fits; `text` begins with its name."""
    short = name.rpartition(".")[2].partition("(")[0]
    low = text.lower()
    for rule in RULES:
        if rule.names and short not in rule.names:
            continue
        if rule.package and not name.startswith(rule.package):
            continue
        if rule.marks and not any(mark in low for mark in rule.marks):
            continue
        return rule
    return None
