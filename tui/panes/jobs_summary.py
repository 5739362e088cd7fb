"""The summary of a job: its course, its cards, and what its spec asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from textual.content import Content

from tui.domain import text
from tui.domain.course.links import Link, console_link, logs_link, tensorboard_link
from tui.domain.course.timeline import phases
from tui.domain.joblist.columns import doubtful, state_words
from tui.domain.joblist.spec_text import has_whole_spec, spec_of
from tui.domain.jobs import SUBMITTER_LABEL, Job, JobState
from tui.domain.logs import EntryKey
from tui.domain.timeouts import timeout_of
from tui.panes.jobs_cards import (
    DetailState,
    attempts_lines,
    cost_words,
    failure_card,
    progress_lines,
    waiting_card,
)
from tui.panes.jobs_doubt import doubt_card
from tui.panes.jobs_sheet import Sheet, clock, moment

TONES = {
    JobState.RUNNING: "$text-success",
    JobState.SUCCEEDED: "$text-success",
    JobState.FAILED: "$text-error",
    JobState.EXPIRED: "$text-error",
    JobState.CANCELLED: "dim",
    JobState.CANCELLING: "$text-warning",
    JobState.PENDING: "$text-warning",
    JobState.QUEUED: "$text-warning",
    JobState.PARTIALLY_SUCCEEDED: "$text-warning",
}
"""Colours of states; each also has a word and a glyph."""

_STRATEGIES = {
    "": "standard",
    "STANDARD": "standard",
    "ON_DEMAND": "on demand",
    "LOW_COST": "low cost",
    "SPOT": "Spot",
    "FLEX_START": "Flex-start",
}
_TASKS = ("containerSpec", "pythonPackageSpec")
_MOST_NAMES = 40
_MOST_URIS = 6


def summary(state: DetailState, width: int) -> Content:
    """The summary beside the list, in lines of at most `width` columns."""
    sheet = Sheet(width)
    _state(sheet, state)
    failure_card(sheet, state)
    doubt_card(sheet, state)
    waiting_card(sheet, state.waiting, state.job)
    progress_lines(sheet, state)
    insight = state.insight
    if state.cost is not None:
        timeout = timeout_of(state.job.raw) if has_whole_spec(state.job) else None
        sheet.field("Cost", cost_words(state.cost, state.job, timeout, local=state.local))
    attempts_lines(sheet, insight.attempts if insight else (), state.now)
    _machines(sheet, state.job)
    _spec(sheet, state)
    _links(sheet, state)
    _record(sheet, state)
    return sheet.content


def _state(sheet: Sheet, state: DetailState) -> None:
    job, insight = state.job, state.insight
    glyph, word = state_words(job, insight)
    tone = "$text-warning" if doubtful(job, insight) else TONES.get(job.state, "")
    if job.state is JobState.UNKNOWN and (wire := job.raw.get("state")):
        word = f"{word} to this version: {text.printable(str(wire)[:60])}"
    shown = [Content.styled(f"{glyph} {word}", f"{tone} bold".strip())]
    since = moment(insight.pending_ns) if insight and insight.pending_ns is not None else None
    course = phases(job, state.now, pending_since=since, attempts=insight.attempts if insight else ())
    shown += [Content.styled(phase.words, "bold" if phase.now else "") for phase in course]
    sheet.field("State", Content(" · ").join(shown))


def _machines(sheet: Sheet, job: Job) -> None:
    for number, pool in enumerate(job.pools):
        label = "Machine" if len(job.pools) == 1 else f"Pool {number}"
        words = pool.summary if pool.machine_type else "skipped"
        sheet.field(label, words)
    images = sorted({pool.image_uri for pool in job.pools if pool.image_uri})
    for number, image in enumerate(images):
        sheet.field("Image" if number == 0 else "", image)


def _spec(sheet: Sheet, state: DetailState) -> None:
    job, spec = state.job, spec_of(state.job)
    if not has_whole_spec(job):
        sheet.field("Spec", "not read yet: only what an earlier session kept is known", "$text-muted")
    else:
        sheet.field("Schedule", schedule_words(spec))
    held = spec.get("persistentResourceId")
    sheet.field("Resource", f"the persistent resource {held}" if held else "")
    if has_whole_spec(job):
        sheet.field("Runs as", job.service_account or "Custom Code Service Agent (none named)")
        sheet.field("Outputs", job.output_uri or "no base directory in the spec")
    sheet.field("Network", network_words(spec))
    names = env_names(spec)
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    sheet.field("Env", f"{', '.join(names[:_MOST_NAMES])}{more} (values hidden)" if names else "")
    key = _mapping(job.raw.get("encryptionSpec")).get("kmsKeyName")
    sheet.field("Key", str(key) if key else "")


def schedule_words(spec: Mapping[str, Any]) -> str:
    """`Spot · stopped after 2h 0m · restarted after a failure`."""
    scheduling = _mapping(spec.get("scheduling"))
    strategy = str(scheduling.get("strategy", ""))
    parts = [_STRATEGIES.get(strategy, strategy)]
    limit = scheduling.get("timeout")
    parts.append(f"stopped after {_seconds(limit)}" if limit else "no timeout (7 days)")
    if (wait := scheduling.get("maxWaitDuration")) is not None:
        parts.append(f"waits {_seconds(wait)} at most")
    if scheduling.get("restartJobOnWorkerRestart"):
        parts.append("begins anew when a worker restarts")
    retries = scheduling.get("disableRetries")
    parts.append("no retries" if retries else "retries after internal errors")
    return " · ".join(parts)


def _seconds(value: object) -> str:
    try:
        return text.duration(float(str(value).removesuffix("s")))
    except (ValueError, OverflowError):
        return str(value)


def network_words(spec: Mapping[str, Any]) -> str:
    """The VPC network or the network attachment; empty where there is none."""
    attachment = _mapping(spec.get("pscInterfaceConfig")).get("networkAttachment")
    ranges = spec.get("reservedIpRanges")
    parts = [str(part) for part in (spec.get("network"), attachment) if part]
    if isinstance(ranges, list) and ranges:
        parts.append("reserved ranges " + ", ".join(map(str, ranges[:5])))
    return " · ".join(parts)


def env_names(spec: Mapping[str, Any]) -> tuple[str, ...]:
    """Names of the environment variables of all pools, each once."""
    names: dict[str, None] = {}
    pools = spec.get("workerPoolSpecs")
    for pool in pools if isinstance(pools, list) else ():
        for task in _TASKS:
            env = _mapping(_mapping(pool).get(task)).get("env")
            for variable in env if isinstance(env, list) else ():
                names.setdefault(str(_mapping(variable).get("name", "?")))
    return tuple(names)


def links_of(state: DetailState) -> tuple[Link, ...]:
    """Everything about the job that opens in a browser."""
    job, insight = state.job, state.insight
    found = [] if state.local else [console_link(job), logs_link(job)]
    if (board := tensorboard_link(job)) is not None:
        found.append(board)
    found += [Link("W&B run", url) for url in (insight.wandb if insight else ())]
    found += [Link(f"Web access {replica}", uri) for replica, uri in web_access(job)]
    return tuple(found)


def web_access(job: Job) -> Sequence[tuple[str, str]]:
    """Replica and address of each shell that the running job offers."""
    if not job.state.live:
        return ()
    uris = _mapping(job.raw.get("webAccessUris"))
    return sorted((str(key), str(uri)) for key, uri in uris.items() if str(uri).startswith("https://"))


def _links(sheet: Sheet, state: DetailState) -> None:
    job = state.job
    if spec_of(job).get("enableWebAccess") and job.state is JobState.RUNNING and not web_access(job):
        sheet.field("Shell", "web access is on; the address follows", "$text-muted")
    links = links_of(state)
    for number, link in enumerate(links[:_MOST_URIS]):
        key = Content.styled("Y ", "bold $accent") if number == 0 else Content("  ")
        shown = f"{link.title}: {link.url}"
        sheet.field(
            "Links" if number == 0 else "",
            key + Content(text.middle_cut(text.printable(shown), max(sheet.room - 2, 12))),
        )
    if (more := len(links) - _MOST_URIS) > 0:
        sheet.field("", f"Y lists {more} more", "$text-muted")


def _record(sheet: Sheet, state: DetailState) -> None:
    job, insight = state.job, state.insight
    sheet.field("Submitter", job.submitter)
    times = [("Created", job.create_time), ("Started", job.start_time), ("Ended", job.end_time)]
    for label, when in times:
        sheet.field(label, _whole_time(when, state.now))
    labels = [f"{key}={value}" for key, value in sorted(job.labels.items()) if key != SUBMITTER_LABEL]
    for number, one in enumerate(labels):
        sheet.field("Labels" if number == 0 else "", one)
    sheet.field("Id", f"{job.job_id} in {job.region or '?'}" + f" of {state.project}" * bool(state.project))
    if insight is not None and insight.lines:
        rest = "" if insight.complete else ", not all of it yet"
        sheet.field("Log", f"{insight.lines:,} entries looked at{rest}", "$text-muted")


def _whole_time(when: datetime | None, now: datetime) -> str:
    if when is None or not clock(when, now):
        return ""
    return f"{when.astimezone():%Y-%m-%d %H:%M:%S %Z}"


def first_evidence(state: DetailState) -> EntryKey | None:
    """The log entry that the card quotes first, if one can be jumped to."""
    diagnosis = state.insight.diagnosis if state.insight else None
    if diagnosis is None:
        return None
    quotes = [*diagnosis.evidence, *(each for other in diagnosis.also for each in other.evidence)]
    return next((each.key for each in quotes if each.key is not None), None)


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
