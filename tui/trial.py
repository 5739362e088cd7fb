"""Tries a job on the local server of this box, beside whatever the app is connected to."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from tui.connection import connect
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.gateway import Gateway
from tui.domain.jobs import Job, JobState
from tui.domain.secret_args import arg_secrets
from tui.domain.secrets import HIDDEN, hide, hide_found
from tui.domain.setup.facts import REQUIRED_APIS
from tui.domain.spec.references import PLAIN_NAMES
from tui.domain.spec.request import arg_lists, env_lists
from tui.domain.spec.trial import buckets_of, trial_request
from tui.domain.text import duration
from tui.services.options import AppOptions
from tui.services.submission import NotFound, SubmissionStore, Submitter

POLL_SECONDS = 1.0
ERROR_LOOKS = 3
"""Looks at a failed job whose error has not been told yet."""
SEE = "See it with: vertex-tui --local"


@dataclass(frozen=True, slots=True)
class Told:
    """How a trial ended, for the user."""

    title: str
    message: str
    good: bool = False


async def run_trial(options: AppOptions, request: Mapping[str, Any]) -> Told:
    """Run the work of a CustomJob on this box and wait for its end.

    The machine, the service account and other things of the project are left out; the local server is
    started if need be, its APIs are turned on and missing buckets are made in it.
    """
    name = str(request.get("displayName", ""))
    local = replace(options, local=True, diverted=False, settings=replace(options.settings, read_only=False))
    try:
        gateway = await connect(local)
    except CloudError as failure:
        return _not_tried(name, failure, request)
    try:
        await _prepare(gateway, request)
        return await _run(gateway, options, request, name)
    except CloudError as failure:
        return _not_tried(name, failure, request)
    finally:
        await gateway.close()


async def _prepare(gateway: Gateway, request: Mapping[str, Any]) -> None:
    await gateway.setup.enable_apis(tuple(REQUIRED_APIS))
    for bucket in buckets_of(request):
        try:
            await gateway.storage.get_bucket(bucket)
        except CloudError as failure:
            if failure.kind is not ErrorKind.NOT_FOUND:
                raise
            await gateway.storage.create_bucket(bucket, gateway.target.region)


async def _run(gateway: Gateway, options: AppOptions, request: Mapping[str, Any], name: str) -> Told:
    submitter = Submitter(gateway.jobs, gateway.target, SubmissionStore(options.paths.journals_dir))
    try:
        outcome = await submitter.submit(trial_request(request), submitter.new_record(name, ""))
    except OSError as failure:
        return Told(f"{name} was not tried here", failure.strerror or str(failure))
    if isinstance(outcome, NotFound):
        return Told(f"Whether {name} runs here is not known", SEE)
    try:
        return _ended(await _end_of(gateway, outcome.job), name, request)
    except CloudError:
        return Told(f"{name} was started on this box; how it ended is not known", SEE)


async def _end_of(gateway: Gateway, job: Job) -> Job:
    """The job at its end, with its error, which appears later."""
    left = ERROR_LOOKS
    while not job.state.terminal or (job.state is JobState.FAILED and job.error is None and left > 0):
        left -= job.state.terminal
        await asyncio.sleep(POLL_SECONDS)
        job = await gateway.jobs.get_job(job.name)
    return job


def _ended(job: Job, name: str, request: Mapping[str, Any]) -> Told:
    took = ""
    if job.end_time is not None and (ran := job.duration(job.end_time)) is not None:
        took = f" after {duration(ran.total_seconds())}"
    if job.state is JobState.SUCCEEDED:
        return Told(f"{name} succeeded on this box{took}", f"{SEE}", good=True)
    why = f"{_quiet(job.error.message.strip(), request)} " if job.error else ""
    return Told(f"{name} {job.state.word} on this box{took}", f"{why}{SEE}")


def _not_tried(name: str, failure: CloudError, request: Mapping[str, Any]) -> Told:
    title = f"{name} was not tried here: {_quiet(failure.title, request)}"
    return Told(title, _quiet(failure.hint or failure.message, request))


def _quiet(words: str, request: Mapping[str, Any]) -> str:
    """Another's words, without what the job's environment and its arguments hold and they may quote."""
    variables = [each for container in env_lists(request) for each in container]
    values = [str(each.get("value", "")) for each in variables if each.get("name") not in PLAIN_NAMES]
    values += [secret.value for args in arg_lists(request) for secret in arg_secrets(args)]
    return hide_found(hide(words, values), HIDDEN)
