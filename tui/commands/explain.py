"""`vertex-tui explain ID`: why a job failed, or what is odd about its success."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

import click

from tui.cli_common import common_options, merged_options
from tui.commands.exits import Exit
from tui.commands.find import Found, find_job
from tui.commands.hiding import Hide, hider
from tui.commands.logread import log_readers
from tui.commands.output import note, safe, say, say_json, styled
from tui.commands.session import run_lightly, sentence
from tui.domain.diagnosis.model import Cause, Confidence, Diagnosis, Evidence
from tui.domain.errors import CloudError
from tui.domain.gateway import HeadlessGateway
from tui.domain.insight import JobInsight
from tui.domain.jobs import Job
from tui.domain.logs import rfc3339
from tui.domain.storage import GcsUri
from tui.services.insight_casebook import Casebook
from tui.services.insight_looks import Looks
from tui.services.insight_reads import LOCAL_TIMING, InsightTiming
from tui.services.logreads import Urgency
from tui.services.options import AppOptions

_COLOURS = {Confidence.SURE: "red", Confidence.LIKELY: "yellow", Confidence.UNSURE: "yellow"}

MOST_QUOTED = 240
"""Characters of a quoted line; `--json` has all of it."""


@click.command()
@click.argument("wanted", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, see docs/commands.md.")
@common_options
@click.pass_context
def explain(ctx: click.Context, /, wanted: str, *, as_json: bool, **given: Any) -> Exit:  # noqa: ANN401
    """Say why a job failed, by its record and its log. ID as for vertex-tui job.

    Exit 0 also for a job that failed; 1 only if it could not be looked at.

    \b
    Examples:
      vertex-tui explain my-run
      vertex-tui explain my-run --json | jq -r '.class'
    """  # noqa: D301

    async def work(gateway: HeadlessGateway, options: AppOptions) -> Exit:
        found = await find_job(gateway, options, wanted)
        insight = await look_into(gateway, options, found)
        card = card_of(found.job, insight)
        hide = await hider(options, found.job)
        if as_json:
            say_json(card_json(card, hide))
        else:
            _say(card, found.job, hide)
        return Exit.OK

    return run_lightly(merged_options(ctx, given), work)


async def look_into(gateway: HeadlessGateway, options: AppOptions, found: Found) -> JobInsight:
    """What the log says of a job, read as the app reads it: the end of it, and what the service said.

    Raises:
        CloudError: the log cannot be read, and the record alone says nothing either.
    """
    from tui.services.secrets import stored_values  # noqa: PLC0415 (reads TOML)

    faults: list[Exception] = []
    project: Callable[[Job], str] = lambda _job: found.place.project  # noqa: E731
    book = Casebook(
        lambda _insights: None,
        asyncio.to_thread,
        lambda: datetime.now(UTC),
        0.0,
        project_of=project,
        secrets=partial(stored_values, options.paths.secrets_file),
        report=faults.append,
    )
    timing = LOCAL_TIMING if gateway.target.is_local else InsightTiming()
    looks = Looks(log_readers(gateway), book, timing, project, partial(_outputs_empty, found))
    one = book.of(found.job)
    try:
        await looks.look(one, Urgency.SHOWN)
        await looks.look_at_outputs(one)
    except CloudError as error:
        await book.diagnose_record(one)
        insight = one.told(one.job, book.clock(), one.course)
        if insight.diagnosis is None:
            raise
        note(f"Its log could not be read, so that is by its record alone: {sentence(error)}")
        return insight
    if faults:
        raise faults[0]
    return one.told(one.job, book.clock(), one.course)


async def _outputs_empty(found: Found, job: Job) -> bool | None:
    """Whether nothing lies in a job's base output directory; None if that cannot be told."""
    try:
        place = GcsUri.parse(job.output_uri)
        prefix = place if place.is_prefix else GcsUri(place.bucket, f"{place.name}/")
        listing = await found.gateway.storage.list_objects(prefix, recursive=True, page_size=2)
    except (CloudError, ValueError):
        return None  # not a finding about the job
    return not any(item.size for item in listing.objects) and not listing.next_page_token


def card_of(job: Job, insight: JobInsight) -> Diagnosis:
    """The card: the gravest finding first; `none` for a job about which nothing is wrong."""
    found = insight.diagnosis
    if found is not None and found.cause is Cause.NONE and found.also:
        return found.also[0]
    if found is not None and found.cause is not Cause.NONE:
        return found
    doubt = insight.doubt if job.state.live else None
    if doubt is not None:
        words = f"The job is {job.state.word}, but its {doubt.short} and stays so."
        place = Evidence(f"{doubt.name} = {doubt.since.value}", doubt.since.time_ns, doubt.replica)
        return Diagnosis(Cause.NAN_LOSS, words, Confidence.LIKELY, evidence=(place,))
    words = "Nothing is wrong" if job.state.terminal else "Nothing is wrong so far"
    return Diagnosis(Cause.NONE, f"{words}; its state is {job.state.word}.")


def card_json(card: Diagnosis, hide: Hide) -> Mapping[str, object]:
    """The card as `--json` prints it."""
    return {
        "class": card.cause.value,
        "summary": hide(card.summary),
        "evidence": [
            {
                "text": hide(each.text),
                "time": rfc3339(each.time_ns) if each.time_ns is not None else None,
                "replica": each.replica,
            }
            for each in card.evidence
        ],
        "next": [hide(step.words) for step in card.steps],
        "confidence": card.confidence.value,
    }


def _cut(text: str) -> str:
    return text if len(text) <= MOST_QUOTED else f"{text[:MOST_QUOTED]}…"


def _say(card: Diagnosis, job: Job, hide: Hide) -> None:
    healthy = card.cause is Cause.NONE
    title = card.cause.value.replace("-", " ")
    sure = "" if healthy else f" ({card.confidence.value})"
    name = safe(job.display_name or job.job_id)
    say(f"{styled(title + sure, fg='green' if healthy else _COLOURS[card.confidence])}  {name}")
    say(safe(hide(card.summary)))
    if card.exception:
        say(f"Raised    {safe(hide(card.exception))}")
    if card.frame is not None:
        say(safe(hide(f"at        {card.frame.file}:{card.frame.line} in {card.frame.function}")))
    for number, each in enumerate(card.evidence):
        when = f"{rfc3339(each.time_ns)[:19]}Z " if each.time_ns is not None else ""
        label = "Evidence" if number == 0 else ""
        quoted = " ".join(hide(each.text).split())
        say(safe(f"{label:<10}{when}{each.replica or 'the record'}: {_cut(quoted)}"))
    for number, step in enumerate(card.steps):
        say(safe(hide(f"{'Next' if number == 0 else '':<10}{step.words}")))
    for other in card.also:
        say(safe(hide(f"Also      {other.cause.value}: {other.summary}")))
