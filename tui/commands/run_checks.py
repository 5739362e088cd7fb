"""The checks of the project before one start, as the app makes them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from tui.commands.places import quota_in_use
from tui.domain.gateway import Gateway
from tui.domain.setup.needs import needs_of
from tui.domain.spec.check import Spec
from tui.domain.spec.request import env_lists
from tui.services.acceptance import AcceptanceError, Acceptances
from tui.services.options import AppOptions
from tui.services.preflight import Preflight, Report


async def look_at_project(gateway: Gateway, options: AppOptions, spec: Spec, title: str) -> Report:
    """What the project says of a job of a filled spec; unknown after ten seconds is unknown."""
    preflight = Preflight(
        gateway,
        options,
        needs_of(spec, title),
        handed=_buckets_handed(spec),
        accepted=await asyncio.to_thread(_accepted, options, gateway.target.project),
        secret_names=frozenset(item.name for item in spec.references),
        quota_in_use=await quota_in_use(gateway),
    )
    return await preflight.run()


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
