"""The words in which past deletes are listed, and an undo is asked for and accounted for."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime

from tui.domain.cleanup.undoing import NEWER_LIVE, How, UndoPlan
from tui.domain.deleteplan import count_and_size, gcloud_can_name
from tui.domain.storage import GcsUri
from tui.domain.storagewords import place_name, when, where_line
from tui.domain.target import Target
from tui.domain.text import duration, printable, size
from tui.services.deleteplans import Aim
from tui.services.deletion import words
from tui.services.deletion.records import Fate, Outcome, Record
from tui.services.deletion.undo import UndoReport
from tui.services.deletion.words import lost_lines, place_of, state_of, undo_of
from tui.widgets.confirm import Question

__all__ = [
    "aim_lines",
    "detail_lines",
    "lost_lines",
    "place_of",
    "state_of",
    "title",
    "undo_failures",
    "undo_of",
    "undo_question",
    "why_nothing",
]

NAMES_SHOWN = 1_000
"""Names listed one by one in the details of a delete."""


def title(plan: UndoPlan, record: Record | None) -> str:
    """The question in one line."""
    if record is not None:
        return "Undo this delete?"
    if plan.over:
        return "Make it live again?" if plan.count == 1 else f"Make these {plan.count:,} live again?"
    return "Bring this back?"


def why_nothing(plan: UndoPlan) -> str:
    """Why nothing comes back, in one line."""
    if plan.lost and all(each.why == NEWER_LIVE for each in plan.lost):
        return "A newer object of that name is there, and nothing takes its place: move that away first."
    return "None of it is kept any more, or it is there."


def aim_lines(aims: Iterable[Aim]) -> list[str]:
    """What is pointed at; of a generation, which."""
    return [
        f"{place_name(aim.uri)} · generation {aim.item.generation}, written {when(aim.item.updated)}"
        if aim.item is not None
        else place_name(aim.uri)
        for aim in aims
    ]


def undo_question(plan: UndoPlan, target: Target, title: str, about: Iterable[str]) -> Question:
    """The question before an undo or a restore."""
    lines = [*about, "", *words.undo_lines(plan)]
    if command := _command(plan):
        lines += ["", f"Same as: {command}"]
    return Question(title, [*lines, where_line(target)], "Bring back")


def _command(plan: UndoPlan) -> str:
    """The gcloud command for one object."""
    if len(plan.chains) != 1 or plan.buckets or len(plan.chains[0].steps) != 1:
        return ""
    chain, step = plan.chains[0], plan.chains[0].steps[0]
    uri = GcsUri(chain.bucket, chain.name)
    if not gcloud_can_name(uri) or chain.retire:
        return ""
    version = shlex.quote(f"{uri}#{step.generation}")
    if step.how is How.SOFT_DELETE:
        return f"gcloud storage restore {version}"
    return f"gcloud storage cp --if-generation-match={chain.over} {version} {shlex.quote(str(uri))}"


def undo_failures(report: UndoReport) -> list[tuple[str, str]]:
    """What did not come back, with its reason; trouble first."""
    lines = [("it ended early", str(report.trouble))] if report.trouble is not None else []
    return [*lines, *((each.name, each.why) for each in report.failed)]


def detail_lines(record: Record, told: Iterable[Fate], looked_up: UndoPlan | None) -> list[str]:
    """Everything that is known of a past delete."""
    lines = [
        f"{'LOCAL' if record.local else 'Google Cloud'}, project {printable(record.project) or 'not known'}",
        *(f"place      {printable(aim)}" for aim in record.aims),
        f"began      {when(record.began)}",
        f"counted    {count_and_size(record.count, record.bytes)}"
        + (", earlier versions included" if record.with_earlier else ""),
    ]
    if record.rule:
        lines.append(f"rule       {printable(record.rule)}")
    lines += [f"state      {state_of(record)}", *_account(record), *_promises(record)]
    start = record.aims[0] if len(record.aims) == 1 and record.aims[0].endswith("/") else ""
    counts: Counter[Outcome] = Counter()
    names: list[str] = []
    for fate in told:
        counts[fate.outcome] += 1
        if len(names) < NAMES_SHOWN or (fate.outcome is not Outcome.GONE and len(names) < 2 * NAMES_SHOWN):
            reason = f": {printable(fate.reason)}" if fate.reason else ""
            uri = f"gs://{fate.bucket}/{fate.name}".removeprefix(start)
            names.append(f"{fate.outcome.value:<8} {size(fate.size):>10}  {printable(uri)}{reason}")
    lines.append(
        "sent       " + (", ".join(f"{count:,} {key.value}" for key, count in counts.items()) or "nothing")
    )
    if looked_up is not None:
        lines += _looked_up(looked_up)
    more = sum(counts.values()) - len(names)
    rest = [f"… and {more:,} more"] if more > 0 else []
    return [*lines, f"journal    {record.path}", "", *names, *rest]


def _account(record: Record) -> list[str]:
    end = record.end
    if not end:
        return []
    words = (("gone", "gone"), ("absent", "gone already"), ("kept", "replaced, kept"), ("failed", "failed"))
    told = [f"{int(end.get(key, 0)):,} {word}" for key, word in words if end.get(key) or key == "gone"]
    told += [f"{int(end[key]):,} {key}" for key in ("unknown", "left") if end.get(key)]
    lines = [f"account    {', '.join(told)}"]
    if end.get("trouble"):
        lines.append(f"trouble    {printable(str(end['trouble']))}")
    return lines


def _promises(record: Record) -> list[str]:
    lines = []
    for bucket in record.buckets:
        kept = "versions kept, " if bucket.versioning else ""
        seconds = bucket.soft_delete_seconds
        soft = "not known" if seconds is None else (duration(seconds) if seconds else "off")
        went = ", itself deleted" if bucket.goes else ""
        lines.append(f"bucket     gs://{printable(bucket.name)}: {kept}soft delete {soft}{went}")
    return lines


def _looked_up(plan: UndoPlan) -> list[str]:
    """What a listing says now of what is not known."""
    told = [f"{plan.present:,} there", f"{plan.count + plan.pending:,} gone, can come back"]
    for why, count in Counter(each.why for each in plan.lost).items():
        told.append(f"{count:,} {why}")
    return [f"looked up  {', '.join(told)} ({datetime.now(UTC).astimezone():%H:%M:%S})"]
