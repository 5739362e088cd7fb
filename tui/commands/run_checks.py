"""The checks of the project before one start, as the app makes them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress

from tui.domain.errors import CloudError
from tui.domain.gateway import Gateway
from tui.domain.joblist.homes import parent_of
from tui.domain.places import Place
from tui.domain.setup.needs import in_use, needs_of
from tui.domain.spec.check import Spec
from tui.domain.spec.request import env_lists
from tui.services.acceptance import AcceptanceError, Acceptances
from tui.services.options import AppOptions
from tui.services.preflight import Preflight, Report

_LIVE = " OR ".join(f'state="JOB_STATE_{word}"' for word in ("QUEUED", "PENDING", "RUNNING", "UPDATING"))


async def look_at_project(gateway: Gateway, options: AppOptions, spec: Spec, title: str) -> Report:
    """What the project says of a job of a filled spec; unknown after ten seconds is unknown."""
    target = gateway.target
    place = Place(target.project, target.region)
    held = await _in_use(gateway, place)
    preflight = Preflight(
        gateway,
        options,
        needs_of(spec, title),
        handed=_buckets_handed(spec),
        accepted=await asyncio.to_thread(_accepted, options, target.project),
        secret_names=frozenset(item.name for item in spec.references),
        quota_in_use=held,
    )
    return await preflight.run()


async def _in_use(gateway: Gateway, place: Place) -> Mapping[str, int]:
    """What living jobs hold of quota, as far as one page tells; nothing where that cannot be read."""
    with suppress(CloudError, TimeoutError):
        async with asyncio.timeout(5):
            page = await gateway.jobs.list_jobs(filter_=_LIVE)
            return in_use(page.jobs, place, {parent_of(job): place for job in page.jobs})
    return {}


def _accepted(options: AppOptions, project: str) -> Mapping[str, str]:
    """Findings that the user takes as they are; none while their file cannot be read."""
    try:
        return Acceptances(options.paths.state_dir, project, local=options.local).read()
    except AcceptanceError:
        return {}


def _buckets_handed(spec: Spec) -> frozenset[str]:
    """The buckets that variables named for one give a job, such as BUCKET_NAME."""
    return frozenset(
        str(variable.get("value", "")).removeprefix("gs://").partition("/")[0]
        for env in env_lists(spec.job)
        for variable in env
        if "BUCKET" in str(variable.get("name", "")).upper()
    )
