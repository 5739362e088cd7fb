"""Brings made-up histories to a running server: made here, in the caller's process, and taken over there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

from tui.local.admin.client import AdminClient
from tui.local.recordings.staging import StagedJob, Staging
from tui.local.seed.histories import History, Plan, histories
from tui.local.seed.lines import counts, rows

CHUNK = 40_000
"""About as many entries are made, and then taken over while the next ones are made."""
_JOBS = 1_000
"""Jobs of one chunk at most."""

Progress = Callable[[str, int], None]
"""Told what is done so far: `jobs`, `entries` or `objects`, and how many more."""


def load(client: AdminClient, data_dir: Path, plan: Plan, progress: Progress) -> None:
    """Make a plan's histories and objects and have the server take them over.

    Raises:
        LauncherError: the server refuses; what it took before stays, and can be cleared.
    """
    with ThreadPoolExecutor(1) as sender:
        sent: list[Future[dict[str, int]]] = []
        for chunk in _chunks(plan):
            name = _stage(data_dir, chunk)
            while sent:
                _tell(sent.pop().result(), progress)
            sent.append(sender.submit(client.call, "POST", "seed/history", {"staged": name}))
        for each in sent:
            _tell(each.result(), progress)
    if plan.objects:
        _tell(client.call("POST", "seed/objects", asdict(plan)), progress)


def _tell(answer: dict[str, int], progress: Progress) -> None:
    for what, count in answer.items():
        progress(what, count)


def _chunks(plan: Plan) -> Iterator[list[tuple[History, int]]]:
    """Jobs with their numbers of entries, in handy portions."""
    given = counts(histories(plan), plan.entries)
    chunk: list[tuple[History, int]] = []
    for history, count in zip(histories(plan), given, strict=True):
        chunk.append((history, count))
        if len(chunk) == _JOBS or sum(each for _, each in chunk) >= CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _stage(data_dir: Path, chunk: list[tuple[History, int]]) -> str:
    with Staging(data_dir, "seed") as staging:
        for history, _ in chunk:
            staging.add_job(StagedJob(history.job_id, history.region, history.job.SerializeToString()))
        # In the order of the file, which is written twice as fast that way.
        staging.add_entries(sorted(row for history, count in chunk for row in rows(history, count)))
        return staging.finish()
