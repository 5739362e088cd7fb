"""One job as lines of text: what it is, how it went, what it cost, what it runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from tui.commands.hiding import Hide
from tui.commands.hints import command
from tui.commands.jobs import COLOURS
from tui.commands.output import safe, styled
from tui.domain import text
from tui.domain.catalog.prices import money
from tui.domain.catalog.skus import PriceBook
from tui.domain.course.cost import cost_so_far
from tui.domain.course.links import console_link, logs_link, tensorboard_link
from tui.domain.course.timeline import awaits_error, phases
from tui.domain.joblist.spec_text import spec_of, spec_yaml
from tui.domain.jobs import Job
from tui.domain.places import Place
from tui.domain.timeouts import timeout_of

_WIDTH = 10


def job_lines(
    job: Job, project: str, now: datetime, hide: Hide, *, local: bool, book: PriceBook | None
) -> Iterator[str]:
    """The whole detail, the most wanted first; nothing in it is obeyed by a terminal."""
    yield styled(safe(job.display_name or job.job_id), bold=True)
    for label, value, colour in _fields(job, project, now, hide, local=local, book=book):
        if value:
            yield f"{label:<{_WIDTH}}{styled(value, fg=colour) if colour else value}"
    if spec_of(job):
        yield ""
        yield "Spec, values hidden:"
        for line in hide(spec_yaml(job)).rstrip("\n").split("\n"):
            yield f"  {safe(line)}"


def _fields(
    job: Job, project: str, now: datetime, hide: Hide, *, local: bool, book: PriceBook | None
) -> Iterable[tuple[str, str, str]]:
    yield "State", f"{job.state.glyph} {job.state.word}", COLOURS.get(job.state, "")
    yield "Course", " · ".join(phase.words for phase in phases(job, now)), ""
    if job.error is not None:
        yield from _indented("Error", hide(job.error.message), "red")
    elif awaits_error(job, now):
        explain = command(f"explain {job.job_id}", Place(project, job.region))
        yield "Error", f"follows within about a minute; {explain} reads the log, which has it already", ""
    yield "Cost", _cost_words(job, now, local=local, book=book), ""
    for number, pool in enumerate(job.pools):
        label = "Machine" if len(job.pools) == 1 else f"Pool {number}"
        yield label, safe(pool.summary if pool.machine_type else "skipped"), ""
    yield "Runs as", safe(job.service_account or "Custom Code Service Agent (none named)"), ""
    yield "Outputs", safe(job.output_uri or "no base directory in the spec"), ""
    for label, when in (("Created", job.create_time), ("Started", job.start_time), ("Ended", job.end_time)):
        yield label, f"{when.astimezone():%Y-%m-%d %H:%M:%S %Z}" if when else "", ""
    yield "Labels", safe(", ".join(f"{key}={value}" for key, value in sorted(job.labels.items()))), ""
    yield "ID", safe(f"{job.job_id} in {job.region} of {project}"), ""
    yield "Name", safe(job.name), ""
    for number, (title, url) in enumerate(_links(job, local=local)):
        yield "Links" if number == 0 else "", safe(f"{title}: {url}"), ""


def _indented(label: str, message: str, colour: str) -> Iterator[tuple[str, str, str]]:
    for number, line in enumerate(line for line in message.split("\n") if line.strip()):
        yield label if number == 0 else "", safe(line), colour


def _links(job: Job, *, local: bool) -> list[tuple[str, str]]:
    found = [] if local else [console_link(job), logs_link(job)]
    if (board := tensorboard_link(job)) is not None:
        found.append(board)
    links = [(link.title, link.url) for link in found]
    shells: Any = job.raw.get("webAccessUris") if job.state.live else None
    if isinstance(shells, Mapping):
        links += [(f"Web access {name}", str(uri)) for name, uri in sorted(shells.items())]
    return links


def _cost_words(job: Job, now: datetime, *, local: bool, book: PriceBook | None) -> str:
    cost = cost_so_far(job, now, book=book)
    if cost.held:
        return "that of the persistent resource, which is billed whether jobs run or not"
    if not cost.seconds and not job.state.live:
        return "nothing, it never ran"
    here = "nothing on this box; on Google Cloud " if local else ""
    if cost.per_hour is None:
        return f"{here}not known: there is no price for these machines"
    hourly = f"{money(cost.per_hour)}/hour ({cost.label})"
    if not cost.seconds:
        return f"{here or 'nothing yet · '}{hourly}"
    words = f"{here}{cost.words}{' so far' if job.state.live else ''} · {hourly}"
    if not job.state.live:
        return words
    limit = timeout_of(job.raw)
    return f"{words} · " + (f"stopped after {text.duration(limit)}" if limit else "no timeout is set: 7 days")
