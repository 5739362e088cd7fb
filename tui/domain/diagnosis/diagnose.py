"""From a job and its log to the card that says what happened, how sure that is, and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tui.domain.diagnosis import advice, service
from tui.domain.diagnosis.doubts import bad_loss, doubts
from tui.domain.diagnosis.exits import Exit, exits_in
from tui.domain.diagnosis.facts import Facts, facts_of
from tui.domain.diagnosis.findings import Finding, quoted
from tui.domain.diagnosis.hiding import entries_without, error_words, job_without, secrets_of
from tui.domain.diagnosis.model import Case, Cause, Confidence, Diagnosis, Evidence
from tui.domain.diagnosis.programs import program, unexplained
from tui.domain.diagnosis.reading import SERVICE, Log, read
from tui.domain.diagnosis.service import Said
from tui.domain.diagnosis.subjects import refusal
from tui.domain.jobs import Job, JobState
from tui.domain.logs import LogEntry, Severity, rfc3339

_SERVICE_ENTRIES = 400
"""Messages of the service that are looked at, the last ones."""
_ENDINGS = ("exited with a non-zero status", "ran out of memory", "ran out-of-memory")
_ASKED = ("being cancelled", "being canceled", "cancel requested", "cancellation")
_CHATTER = (
    "job failed",
    "job will not be retried",
    "job cancelled",
    "job canceled",
    "the job is restarted",
    "the replica",
)
_HEALTHY = Diagnosis(Cause.NONE, "")


def diagnose(case: Case) -> Diagnosis:
    """Say why a job failed, or what is odd about one that succeeded; odd input gives no exception.

    A job that still lives gives `Cause.NONE`.
    """
    job = case.job
    if job.state.live and (job.state is not JobState.UNKNOWN or job.error is None):
        return _HEALTHY
    facts = facts_of(job)
    case = _harmless(case, facts)
    job, log = case.job, read(case.entries)
    done = job.state is JobState.SUCCEEDED or (
        job.state is JobState.PARTIALLY_SUCCEEDED and job.error is None
    )
    found = doubts(case, log, facts) if done else _failure(case, log, facts)
    if not found:
        return _HEALTHY
    main, *others = (_card(each, facts) for each in found)
    return replace(main, also=tuple(others), said=error_words(job))


def _harmless(case: Case, facts: Facts) -> Case:
    """The case without values that are known to be secrets; others are hidden where lines are quoted."""
    values = (*case.secrets, *secrets_of(facts.pools))
    if not values:
        return case
    return replace(case, job=job_without(case.job, values), entries=entries_without(case.entries, values))


def as_json(diagnosis: Diagnosis) -> dict[str, Any]:
    """The form that `vertex-tui explain --json` prints."""
    return {
        "class": diagnosis.cause.value,
        "summary": diagnosis.summary,
        "evidence": [
            {
                "text": each.text,
                "time": None if each.time_ns is None else _time(each.time_ns),
                "replica": each.replica,
            }
            for each in diagnosis.evidence
        ],
        "next": [step.words for step in diagnosis.steps],
        "confidence": diagnosis.confidence.value,
    }


def _time(time_ns: int) -> str | None:
    try:
        return rfc3339(time_ns)
    except (OverflowError, ValueError, OSError):  # a time at the edge of the calendar
        return None


def _card(finding: Finding, facts: Facts) -> Diagnosis:
    refused = finding.cause is Cause.PERMISSION and finding.hint in ("", "credentials")
    who = refusal(each.text for each in finding.evidence) if refused else ""
    return Diagnosis(
        finding.cause,
        f"{finding.summary} {who}".strip(),
        finding.confidence,
        finding.evidence,
        advice.steps(finding, facts),
        finding.replica,
        finding.exit_code,
        finding.frame,
        finding.exception,
    )


def _failure(case: Case, log: Log, facts: Facts) -> list[Finding]:
    """The cause of a failure first, then what else was found."""
    job = case.job
    entries = [entry for entry in case.entries if entry.replica == SERVICE][-_SERVICE_ENTRIES:]
    said = _said(job)
    exits, named = _exits(entries, said)
    found = _stopped(said, job, facts, entries, named)
    inner = program(_until(log, found), facts, exits, named)
    if found is None and named is None:
        found = _platform(said, entries, job, facts)
    if found is None:
        found = inner or (unexplained(log, named, complete=case.complete) if named else None)
    found = found or _without_words(job, facts) or service.unknown(said)
    if inner is not None and found.cause is Cause.UNKNOWN:
        found = replace(inner, confidence=min(inner.confidence, Confidence.LIKELY, key=_doubt))
    if found.cause is Cause.INTERNAL:
        found = _counted(found, entries)
    others = [inner] if inner is not None and inner.cause is not found.cause and _telling(inner) else []
    if inner is not None and inner.earlier is not None:
        others.append(inner.earlier)
    loss = bad_loss(log.last_attempt())
    if loss is not None and Cause.NAN_LOSS not in (found.cause, *(each.cause for each in others)):
        others.append(loss)
    return [found, *others]


def _doubt(confidence: Confidence) -> int:
    return -list(Confidence).index(confidence)


def _telling(inner: Finding) -> bool:
    return inner.confidence is not Confidence.UNSURE and inner.cause is not Cause.UNKNOWN


def _said(job: Job) -> Said | None:
    if job.error is None:
        return None
    text = job.error.message
    return Said(text, job.error.code, (Evidence(quoted(text)),) if text.strip() else ())


def _exits(entries: list[LogEntry], said: Said | None) -> tuple[Mapping[str, Exit], Exit | None]:
    """How replicas ended by the service's words, and the exit that the job ends with."""
    listed = [
        end
        for entry in entries
        if any(words in entry.text for words in _ENDINGS)
        for end in exits_in(entry.text, (_evidence(entry),))
    ]
    in_error = list(exits_in(said.text, said.evidence)) if said else []
    by_name: dict[str, Exit] = {}
    for end in (*listed, *in_error):
        known = by_name.get(end.replica)
        detail = end.detail or (known.detail if known else "")
        evidence = (known.evidence if known else ()) or end.evidence
        by_name[end.replica] = replace(end, detail=detail, evidence=evidence)
    last = in_error[0] if in_error else (listed[-1] if listed and said is None else None)
    return by_name, by_name[last.replica] if last else None


def _evidence(entry: LogEntry) -> Evidence:
    return Evidence(quoted(entry.text), entry.timestamp_ns, entry.replica, entry.key)


def _stopped(
    said: Said | None, job: Job, facts: Facts, entries: list[LogEntry], named: Exit | None
) -> Finding | None:
    """Whether somebody or the clock ended the job."""
    if named is not None:
        return None
    asked = next((entry for entry in entries if any(words in entry.text.lower() for words in _ASKED)), None)
    evidence = _evidence(asked) if asked else None
    if job.state is JobState.CANCELLED or (said and said.code in (1, 4)):
        by_clock = service.timeout(said, job, facts)
        if by_clock and (evidence is None or by_clock.confidence is Confidence.SURE):
            return by_clock
        return service.cancelled(said, job, evidence)
    return service.timeout(said, job, facts) if said and not said.has("nccl") else None


def _until(log: Log, stopped: Finding | None) -> Log:
    """What was printed before somebody ended the job: what comes after is only the end itself."""
    times = [each.time_ns for each in stopped.evidence if each.time_ns is not None] if stopped else []
    if not times:
        return log
    end = min(times)
    for strand in log.replicas:
        count = next(
            (number for number, entry in enumerate(strand.entries) if entry and entry.timestamp_ns >= end),
            len(strand.texts),
        )
        del strand.texts[count:], strand.entries[count:]
    return log


def _platform(said: Said | None, entries: list[LogEntry], job: Job, facts: Facts) -> Finding | None:
    """What the service says; its log may tell what the job's error does not."""
    found = service.platform(said, job, facts) if said else None
    if found is not None and found.cause is not Cause.INTERNAL:
        return _with_entry(found, said, entries)
    for entry in reversed(entries):
        low = entry.text[:200].lower()
        if entry.severity < Severity.ERROR or low.startswith(_CHATTER):
            continue
        other = service.platform(Said(entry.text, 0, (_evidence(entry),)), job, facts)
        if other is not None and (found is None or other.cause is not Cause.INTERNAL):
            return other
    return _with_entry(found, said, entries) if found else None


def _with_entry(found: Finding, said: Said | None, entries: list[LogEntry]) -> Finding:
    """The entry with the same words as the error can be jumped to."""
    text = said.text.strip() if said else ""
    same = next((entry for entry in reversed(entries) if text and entry.text.strip() == text), None)
    return replace(found, evidence=(_evidence(same),)) if same else found


def _without_words(job: Job, facts: Facts) -> Finding | None:
    """A state that says something although nobody does."""
    if job.state is not JobState.EXPIRED:
        return None
    if job.start_time is None:
        words = "The job expired before it ran: no machines were free for it in time."
        sure = Confidence.LIKELY if facts.strategy == "FLEX_START" else Confidence.UNSURE
        return Finding(Cause.STOCKOUT, words, sure)
    return Finding(Cause.TIMEOUT, "The job expired: its time was up.", Confidence.UNSURE)


def _counted(found: Finding, entries: list[LogEntry]) -> Finding:
    """Restarts before the end, for an error that is nobody's."""
    count = sum("is restarted" in entry.text for entry in entries)
    if not count:
        return found
    times = "once" if count == 1 else f"{count} times"
    return replace(found, summary=f"{found.summary} It had restarted the job or a replica {times}.")
