"""What a delete or an undo takes, in lines of text for whoever asks: a pane or a command."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import islice

from tui.domain.cleanup.holding import Held, policy_words
from tui.domain.cleanup.undoing import Lost, UndoPlan
from tui.domain.cleanup.writers import writers
from tui.domain.deleteplan import DeletePlan, count_and_size
from tui.domain.jobs import Job
from tui.domain.storage import GcsUri
from tui.domain.storagewords import place_name, when
from tui.domain.text import age, duration, printable, size
from tui.services.deletion.records import Record, State

PLACES_SHOWN = 5
"""Places named one by one in a question."""


# A delete


def title(plan: DeletePlan) -> str:
    """The question in one line."""
    if plan.rule:
        return "Delete what the rule chose?"
    if plan.versions_only:
        several = f"these {plan.earlier:,} earlier versions"
        return f"Delete {'this earlier version' if plan.earlier == 1 else several}?"
    if len(plan.aims) > 1:
        return f"Delete these {len(plan.aims):,}?"
    aim = plan.aims[0]
    if not aim.name:
        return "Delete this bucket?" if plan.buckets else "Delete what is in this bucket?"
    return "Delete this prefix?" if aim.is_prefix else "Delete this object?"


def places(aims: Sequence[GcsUri]) -> list[str]:
    """What is pointed at, not too many lines of it."""
    lines = [place_name(aim) for aim in aims[:PLACES_SHOWN]]
    if len(aims) > PLACES_SHOWN:
        lines.append(f"… and {len(aims) - PLACES_SHOWN:,} more")
    return lines


def pointed_at(plan: DeletePlan) -> list[str]:
    """What is pointed at: places, or each earlier version with when it was written."""
    if not plan.versions_only:
        return places(plan.aims)
    lines = [
        f"{place_name(GcsUri(part.bucket, item.name))}\n"
        f"generation {item.generation}, written {when(part.earlier.moment(number))}, {size(item.size)}"
        for part in plan.parts
        for number, item in enumerate(islice(part.earlier, PLACES_SHOWN))
    ][:PLACES_SHOWN]
    return [*lines, f"… and {plan.earlier - len(lines):,} more"] if plan.earlier > len(lines) else lines


def amount(plan: DeletePlan) -> list[str]:
    """How much goes, how new the newest of it is, and what a rule leaves."""
    live_bytes = sum(part.live.bytes for part in plan.parts)
    if plan.versions_only:
        if plan.earlier == 1:
            return ["It is an earlier version: what is live under its name stays."]
        told = f"{plan.earlier:,} earlier versions, {size(plan.earlier_bytes)}"
        return [f"{told}: what is live under their names stays."]
    lines = [count_and_size(plan.live, live_bytes)] if plan.live or not plan.earlier else []
    for count, word in ((plan.managed, "managed folder"), (plan.folders, "folder")):
        if count:
            lines.append(f"{count:,} {word}{'s' if count != 1 else ''}, after what is in them")
    if plan.newest is not None:
        lines.append(_newest(plan, plan.newest))
    if plan.rule:
        lines.append(f"By the rule: {plan.rule}")
        lines.append(f"{plan.staying:,} object{' stays' if plan.staying == 1 else 's stay'}")
    return lines


def _newest(plan: DeletePlan, moment: datetime) -> str:
    """How new the newest of it is; named when there are several."""
    ago = age((datetime.now(UTC) - moment).total_seconds())
    past = "just now" if ago == "now" else f"{ago} ago"
    if plan.count == 1:
        return f"updated {when(moment)} ({past})"
    return f"the newest updated {when(moment)} ({past}): {printable(plan.newest_name)}"


def earlier(plan: DeletePlan, taker: str) -> list[str]:
    """What happens to earlier versions; `taker` is the key or option that takes them too."""
    if not plan.earlier or plan.versions_only:
        return []
    told = f"{plan.earlier:,} earlier version{'s' if plan.earlier != 1 else ''}, {size(plan.earlier_bytes)}"
    if plan.with_earlier:
        return [f"With {'it' if plan.live == 1 else 'them'} go{'es' * (plan.earlier == 1)} {told}."]
    return [f"{told}, stay and are billed; {taker} takes them too."]


def left_out(plan: DeletePlan) -> list[str]:
    """What cannot be deleted, and why."""
    lines = [held_line(held) for held in plan.held]
    lines += [
        f"⚠ Whether gs://{part.bucket} has managed folders there cannot be seen (it takes the permission "
        "storage.managedFolders.list): they stay."
        for part in plan.parts
        if part.managed_hidden
    ]
    policies = dict.fromkeys(policy_words(part.settings) for part in plan.parts)
    return [*lines, *(words for words in policies if words)]


def held_line(held: Held) -> str:
    """How many cannot be deleted, why, and until when."""
    count = len(held.items)
    until = f" until {when(held.until)}" if held.until is not None else ""
    such = f" (such as {printable(held.items.name(0))})"
    return (
        f"⚠ {count:,} cannot be deleted and {'is' if count == 1 else 'are'} left out: {held.why}{until}{such}"
    )


def buckets(plan: DeletePlan) -> list[str]:
    """What becomes of the buckets themselves."""
    lines = []
    for part in plan.parts:
        name = f"gs://{part.bucket}"
        if part.takes_bucket and not part.live and not part.earlier:
            alone = len(plan.aims) == 1
            lines.append("The bucket is empty; it is deleted." if alone else f"{name} is empty; it goes.")
        elif part.takes_bucket:
            lines.append(f"The bucket {name} itself is deleted too.")
        elif part.whole:
            lines.append(f"The bucket {name} itself stays: not all that is in it can be deleted.")
    return lines


def writer_lines(aims: Sequence[GcsUri], jobs: Iterable[Job], *, known: bool) -> list[str]:
    """Jobs that may write there; `known` is whether all jobs could be read."""
    lines = [
        f"⚠ The job {printable(job.display_name)} is {job.state.word} and writes there."
        if job.output_uri
        else f"⚠ The job {printable(job.display_name)} is {job.state.word}, and its spec names this place."
        for job in writers(jobs, aims)
    ]
    if not known:
        lines.append("⚠ The list of jobs could not be read: a job that is not known here may write there.")
    return lines


# An undo


def place_of(record: Record) -> str:
    """Where a delete was, in one line."""
    first = printable(record.aims[0]) if record.aims else "?"
    more = f" and {len(record.aims) - 1:,} more" if len(record.aims) > 1 else ""
    return first.removesuffix("/") + more if first.count("/") == 3 else first + more  # noqa: PLR2004 (gs://b/)


def state_of(record: Record) -> str:
    """How it stands, with what was undone."""
    if record.undone:
        return f"undone {record.undone:,}"
    glyph = {State.COMPLETE: "✓", State.RUNNING: "▶", State.STOPPED: "■"}.get(record.state, "✗")
    return f"{glyph} {record.state.value}"


def undo_of(record: Record, now: datetime) -> str:
    """Until when it can be undone, or that it is."""
    if record.undone >= record.gone > 0:
        return "is back"
    if record.undo_until is not None and record.undo_until > now:
        return f"for {duration((record.undo_until - now).total_seconds())}"
    if record.undoable:
        return "by versions" if record.undo_until is None else "in part"
    promised = any(bucket.soft_delete_seconds for bucket in record.buckets)
    return "run out" if promised else "cannot"


def undo_lines(plan: UndoPlan) -> list[str]:
    """What comes back and how, and what does not."""
    lines = [f"The bucket gs://{bucket.name} comes back first." for bucket in plan.buckets]
    if plan.pending:
        pending = count_and_size(plan.pending, plan.pending_bytes)
        lines.append(f"Then what went with it, as far as it is still kept: {pending}")
    if plan.count:
        kinds = Counter(step.how for chain in plan.chains for step in chain.steps)
        ways = " and ".join(f"{count:,} by {how.value}" for how, count in kinds.items())
        lines.append(f"{count_and_size(plan.count, plan.bytes)} come back: {ways}")
    if folders := sum(map(len, plan.folders.values())):
        lines.append(f"{folders:,} folder{' is' if folders == 1 else 's are'} made again.")
    lines += lost_lines(plan.lost)
    if plan.present:
        lines.append(f"{plan.present:,} {'is' if plan.present == 1 else 'are'} there anyway.")
    if plan.over:
        what = "the live object" if plan.over == 1 else f"{plan.over:,} live objects"
        kept = "an earlier version" if plan.over == 1 else "earlier versions"
        lines.append(f"A copy takes the place of {what}, kept as {kept}: nothing is lost.")
    else:
        lines.append("Nothing that is there now is replaced.")
    return lines


def lost_lines(lost: Iterable[Lost]) -> list[str]:
    """What cannot come back, by reason, each with one name."""
    groups: dict[str, list[Lost]] = {}
    for each in lost:
        groups.setdefault(each.why, []).append(each)
    return [
        f"⚠ {len(group):,} cannot come back: {why} (such as {printable(group[0].name or group[0].bucket)})"
        for why, group in groups.items()
    ]
