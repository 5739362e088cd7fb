"""What the logs of ended jobs said, kept for the next start: their causes, never their lines."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from tui.domain.diagnosis.hiding import without_secrets
from tui.domain.diagnosis.model import Cause, Confidence, Diagnosis
from tui.domain.jobs import Job
from tui.domain.text import ELLIPSIS, printable
from tui.services.file_lock import locked
from tui.services.files import write_atomic
from tui.services.paths import private_dir

if TYPE_CHECKING:
    from tui.domain.insight import JobInsight

FOLDER = "verdicts"
"""Below the state folder."""
MOST = 2_000
"""Verdicts kept, those of the jobs that changed last."""
_LONGEST = 200
"""Characters of a summary."""
_CLASS = re.compile(r"[A-Za-z_][\w.]{0,79}")
_STOPPED = "The program stopped with "
"""How a summary begins that goes on with an exception as it was printed."""
_QUOTES = (": ", "“")
"""What stands before somebody else's words in a summary."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a job ended by its log; `Cause.NONE` when there is nothing to say."""

    updated: datetime
    """The job's `update_time`: of a record that has changed since it says nothing."""
    cause: Cause
    confidence: Confidence
    summary: str = ""
    """In our own words, with names that were recognised; no words of the program's own."""


class KeptVerdicts:
    """The verdicts of all places, in a private file that all sessions on this box share.

    `read` and `keep` wait for the disk and are for a thread; all else belongs to the event loop.
    """

    def __init__(self, state_dir: Path, *, local: bool) -> None:
        self._path = state_dir / FOLDER / ("local.json" if local else "cloud.json")
        self._known: dict[str, Verdict] = {}
        self._pending: dict[str, Verdict] = {}
        self._wake = asyncio.Event()
        self._version = 0
        self._matched: tuple[int, Sequence[Job], dict[str, JobInsight]] = (-1, (), {})
        self._joined: dict[str, tuple[JobInsight, JobInsight, JobInsight]] = {}

    # What is known

    def adopt(self, kept: Mapping[str, Verdict]) -> None:
        """Take what `read` gave; what was learnt meanwhile is newer."""
        self._known = {**kept, **self._known}
        self._version += 1

    def has(self, job: Job) -> bool:
        """Whether an earlier session or this one has read this job's log as it is now."""
        known = self._known.get(job.name)
        return known is not None and known.updated == job.update_time

    def learn(self, job: Job, diagnosis: Diagnosis, *, outputs_known: bool) -> None:
        """Take what a job's log says; `outputs_known` is whether its outputs were looked at, too."""
        if job.update_time is None or not job.state.terminal:
            return
        verdict = Verdict(job.update_time, diagnosis.cause, diagnosis.confidence, own_words(diagnosis))
        known = self._known.get(job.name)
        if verdict == known:
            return
        if (
            known is not None
            and known.updated == job.update_time
            and (known.cause, diagnosis.cause) == (Cause.NO_OUTPUTS, Cause.NONE)
            and not outputs_known
        ):
            return  # that was not looked at this time
        self._known[job.name] = self._pending[job.name] = verdict
        self._version += 1
        self._wake.set()

    def joined(self, jobs: Sequence[Job], fresh: Mapping[str, JobInsight]) -> Mapping[str, JobInsight]:
        """What this session knows of jobs, and what earlier ones knew where this one has not read yet.

        Insights that have not changed stay the same objects.
        """
        kept = self._of(jobs)
        if not kept:
            return fresh
        both = {name: self._better(name, kept[name], found) for name, found in fresh.items() if name in kept}
        self._joined = {name: known for name, known in self._joined.items() if name in both}
        return {**kept, **fresh, **both}

    def _of(self, jobs: Sequence[Job]) -> dict[str, JobInsight]:
        """The verdicts that hold for the jobs of a list, as insights."""
        version, listed, matched = self._matched
        if version == self._version and listed is jobs:
            return matched
        found: dict[str, JobInsight] = {}
        if self._known:
            from tui.domain.insight import JobInsight  # noqa: PLC0415 (metrics; after the first frame)

            for job in jobs:
                known = self._known.get(job.name)
                if known is None or known.updated != job.update_time or not job.state.terminal:
                    continue
                diagnosis = Diagnosis(known.cause, known.summary, known.confidence)
                before = matched.get(job.name)
                same = before is not None and before.diagnosis == diagnosis
                found[job.name] = before if before and same else JobInsight(diagnosis=diagnosis, kept=True)
        self._matched = (self._version, jobs, found)
        return found

    def _better(self, name: str, kept: JobInsight, fresh: JobInsight) -> JobInsight:
        """What was read now, unless that is less than what was read before."""
        known = self._joined.get(name)
        if known is not None and known[0] is kept and known[1] is fresh:
            return known[2]
        found = _better(kept, fresh)
        self._joined[name] = (kept, fresh, found)
        return found

    # On disk

    def read(self) -> dict[str, Verdict]:
        """What is kept; nothing where that cannot be read."""
        try:
            content = json.loads(self._path.read_bytes())
            return {str(name): found for name, raw in content.items() if (found := _read(raw)) is not None}
        except (OSError, ValueError, AttributeError, RecursionError):
            return {}

    async def news(self) -> None:
        """Wait until there is something to keep."""
        await self._wake.wait()

    def take_news(self) -> Mapping[str, Verdict]:
        """What is to be kept, for `keep`."""
        news, self._pending = self._pending, {}
        self._wake.clear()
        return news

    def keep(self, news: Mapping[str, Verdict], secrets: Callable[[], Iterable[str]]) -> None:
        """Add to what sessions have kept; on a disk that takes nothing, logs are read again.

        `secrets` gives values that must not be written.
        """
        if not news:
            return
        from tui.domain.secrets import hide  # noqa: PLC0415 (many patterns; the diagnosis had them loaded)

        values = tuple(secrets())
        told = {
            name: replace(verdict, summary=without_secrets(hide(verdict.summary, values), _LONGEST))
            for name, verdict in news.items()
        }
        try:
            private_dir(self._path.parent)
            with locked(self._path):
                before = self.read()
                after = _newest({**before, **told})
                if after != before:
                    content = {name: _written(verdict) for name, verdict in after.items()}
                    write_atomic(self._path, json.dumps(content).encode(), mode=0o600)
        except OSError:
            return


def own_words(diagnosis: Diagnosis) -> str:
    """The summary without what the program or its spec may have put into it.

    An exception is told by its class and place, as its message may hold anything; of other sentences what
    comes before quoted words stays.
    """
    words = diagnosis.summary
    for mark in _QUOTES:
        words = words.partition(mark)[0]
    name = diagnosis.exception.partition(":")[0]
    raised = f"{name if _CLASS.fullmatch(name) else 'an exception'}{_place(diagnosis)}"
    if words.startswith(_STOPPED):
        words = f"{_STOPPED}{raised}"
    elif diagnosis.cause is Cause.MASKED_EXIT and diagnosis.exception:
        words = f"{words}: {raised}"
    words = words.rstrip(" .;,")
    if len(words) < _LONGEST:
        return f"{words}." if words else ""
    return words[: _LONGEST - 1] + ELLIPSIS


def _place(diagnosis: Diagnosis) -> str:
    frame = diagnosis.frame
    if frame is None:
        return ""
    return f" in {printable(frame.file.rpartition('/')[2] or frame.file)}, line {frame.line}"


def _better(kept: JobInsight, fresh: JobInsight) -> JobInsight:
    """The fresh insight, with the kept verdict as long as the log has not been read again."""
    before, now = kept.diagnosis, fresh.diagnosis
    if before is None:
        return fresh
    if now is None or (now.healthy and before.cause is Cause.NO_OUTPUTS):
        return replace(fresh, diagnosis=before, kept=True)
    if fresh.lines or fresh.complete or now.cause is before.cause:
        return fresh
    return replace(fresh, diagnosis=replace(before, also=(now,), said=now.said), kept=True)


def _newest(verdicts: Mapping[str, Verdict]) -> dict[str, Verdict]:
    if len(verdicts) <= MOST:
        return dict(verdicts)
    return dict(sorted(verdicts.items(), key=lambda item: item[1].updated, reverse=True)[:MOST])


def _written(verdict: Verdict) -> list[str]:
    return [verdict.updated.isoformat(), verdict.cause.value, verdict.confidence.value, verdict.summary]


def _read(raw: object) -> Verdict | None:
    """What `_written` wrote; None for anything else, and for causes of a later version."""
    if not isinstance(raw, list):
        return None
    try:
        updated, cause, confidence, summary = map(str, raw)
        when = datetime.fromisoformat(updated)
        return Verdict(
            when if when.tzinfo else when.replace(tzinfo=UTC),
            Cause(cause),
            Confidence(confidence),
            printable(summary)[:_LONGEST],
        )
    except ValueError:
        return None
