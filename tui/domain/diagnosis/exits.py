"""Exit codes: how a replica ended, in the service's words, and what the number alone means."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tui.domain.diagnosis.facts import Facts
from tui.domain.diagnosis.findings import Finding, told
from tui.domain.diagnosis.model import Cause, Confidence, Evidence

_EXIT = re.compile(
    r"The replicas? (.{1,400}?),? (ran out[ -]of[ -]memory and )?exited with a non-zero status of"
    r" (\d{1,9})(?:\(\w{1,20}\))?(?:\. Termination reason: (\w{1,60}))?"
)
_NAME = re.compile(r"workerpool\d{1,3}-\d{1,6}|(?:master|worker|ps|evaluator)[ -]\d{1,6}")
_OF_LOG = re.compile(r"Termination log message: (.{1,4000})", re.DOTALL)
_COMMAND = re.compile(r'exec: \\?"([^"\\]{1,300})')
_ARCHITECTURE = "exec format error"
_SEARCHED = 50_000
_MOST = 64
KILLED = frozenset({9, 137})
CRASHED = frozenset({6, 134, 11, 139, 132, 135, 136})
"""128 and a signal; the service also takes 6 and 11 for the signals (FACTS 1.9)."""
_SHELL_SIGNAL = 128
_SEGMENTATION = frozenset({11, 139})
_ABORTED = frozenset({6, 134})
_TERMINATED = frozenset({15, 143})


@dataclass(frozen=True, slots=True)
class Exit:
    """How a replica ended, as the service tells it."""

    replica: str
    code: int
    reason: str = ""
    """`Error`, `StartError`, `OOMKilled` …"""
    memory: bool = False
    """Whether it is said that it ran out of memory."""
    detail: str = ""
    """The end of what it printed, or why it did not start."""
    evidence: tuple[Evidence, ...] = ()

    @property
    def time_ns(self) -> int | None:
        """When it was told; None for the job's own error."""
        return self.evidence[0].time_ns if self.evidence else None


def exits_in(text: str, evidence: tuple[Evidence, ...] = ()) -> Iterator[Exit]:
    """The replica exits that a message of the service tells."""
    if "non-zero status" not in text:
        return
    matches = list(_EXIT.finditer(text[:_SEARCHED]))[:_MOST]
    for number, match in enumerate(matches):
        until = matches[number + 1].start() if number + 1 < len(matches) else len(text)
        detail = text[match.end() : min(until, _SEARCHED)].partition("\n\nTo find out more")[0].lstrip(". \n")
        reason = match[4] or ""
        memory = bool(match[2]) or reason.upper().startswith("OOM")
        names = _NAME.findall(match[1]) or [match[1].strip()]
        for name in names[:_MOST]:
            yield Exit(name, int(match[3]), reason, memory, detail, evidence)


def explain(end: Exit, facts: Facts) -> Finding | None:
    """What an exit means when nothing else is known; None for a code that says nothing, like 1."""
    code = end.code
    if end.memory:
        words = f"The machine ran out of memory, and the program was killed (exit code {code})."
        return _found(end, Cause.HOST_MEMORY, words, Confidence.SURE)
    if end.reason in {"StartError", "ContainerCannotRun"}:
        return _not_started(end)
    if code in KILLED | CRASHED:
        return _signalled(end)
    if code in _TERMINATED:
        return _terminated(end, facts)
    return _by_convention(end)


def _signalled(end: Exit) -> Finding:
    """An exit code that stands for a signal; below 128 it may be the program's own number."""
    code, own = end.code, end.code < _SHELL_SIGNAL
    if code in KILLED:
        words = f"The exit code {code} is that of a kill, as for memory, or the program's own number."
        if not own:
            words = (
                f"The program was killed (exit code {code}), most likely because the machine ran out of"
                " memory; nothing in the log proves it."
            )
        return _found(end, Cause.HOST_MEMORY, words, Confidence.UNSURE if own else Confidence.LIKELY)
    how = "an abort" if code in _ABORTED else "a segmentation fault" if code in _SEGMENTATION else "a signal"
    words = f"The program crashed with {how} (exit code {code}): a native library's doing, as a rule."
    if own:
        words += " Or it is a number that the program returned itself."
    return _found(end, Cause.CRASH, words, Confidence.LIKELY if own else Confidence.SURE)


def _by_convention(end: Exit) -> Finding | None:
    """Codes that shells and argument parsers use; programs may use them otherwise."""
    likely = Confidence.LIKELY
    if end.code == 126:  # noqa: PLR2004 (shells' code)
        words = (
            "A command of the job's could not be run (exit code 126): it is no program, or not executable."
        )
        return _found(end, Cause.COMMAND_NOT_FOUND, words, likely, hint="mode")
    if end.code == 127:  # noqa: PLR2004 (shells' code)
        words = "A command of the job's was not found in its container (exit code 127)."
        return _found(end, Cause.COMMAND_NOT_FOUND, words, likely)
    if end.code == 128:  # noqa: PLR2004 (what git and containerd use)
        words = "The job's container did not start, or git failed in it (exit code 128)."
        return _found(end, Cause.COMMAND_NOT_FOUND, words, Confidence.UNSURE)
    if end.code == 2:  # noqa: PLR2004 (what argparse uses)
        words = "The program ended with exit code 2: most often it did not understand its arguments."
        return _found(end, Cause.BAD_ARGUMENTS, words, Confidence.UNSURE)
    return None


def _terminated(end: Exit, facts: Facts) -> Finding:
    if facts.spot:
        words = (
            f"The program was asked to end (exit code {end.code}), as before a Spot machine is taken away."
        )
        return _found(end, Cause.PREEMPTION, words, Confidence.LIKELY)
    words = f"The program was asked to end from outside (exit code {end.code}); by whom is not known."
    return _found(end, Cause.CRASH, words, Confidence.UNSURE)


def _not_started(end: Exit) -> Finding:
    found = _OF_LOG.search(end.detail)
    detail = (found[1] if found else end.detail).strip()
    command = _COMMAND.search(detail)
    subject = told(command[1]) if command else ""
    if _ARCHITECTURE in detail:
        words = "The job's container did not start: its program is not made for this kind of machine."
        return _found(end, Cause.COMMAND_NOT_FOUND, words, Confidence.SURE, subject=subject, hint="format")
    if "names no command" in detail:
        words = "The spec names no command to run, and images are not run locally."
        return _found(end, Cause.COMMAND_NOT_FOUND, words, Confidence.SURE, hint="none")
    if "permission denied" in detail:
        words = f"The job's container did not start: {subject or 'its command'} is not executable."
        return _found(end, Cause.COMMAND_NOT_FOUND, words, Confidence.SURE, subject=subject, hint="mode")
    if subject:
        words = f"The job's container did not start: it has no command {subject}."
        return _found(end, Cause.COMMAND_NOT_FOUND, words, Confidence.SURE, subject=subject)
    words = f"The job's container did not start: {told(detail) or 'the service does not say why'}."
    return _found(end, Cause.COMMAND_NOT_FOUND, words, Confidence.LIKELY)


def _found(
    end: Exit, cause: Cause, words: str, confidence: Confidence, *, subject: str = "", hint: str = ""
) -> Finding:
    return Finding(
        cause,
        words,
        confidence,
        subject,
        hint,
        evidence=end.evidence,
        replica=end.replica,
        exit_code=end.code,
    )
