"""Where a job writes: its base directory, or the `gs://` paths that its commands name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from tui.domain.joblist.homes import is_number
from tui.domain.jobs import Job
from tui.domain.places import Place
from tui.domain.setup.bucket_names import default_bucket
from tui.domain.storage import GcsUri
from tui.domain.target import Target

NO_OUTPUTS = "Its spec names no place for outputs, and its project's id is not known yet."
"""Said when there is no place to look."""
_PATH = re.compile(r"gs://[^\s'\"`;|&<>()]+")
_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")


def output_place(job: Job, bucket: str) -> GcsUri:
    """The place to look for a job's outputs.

    The base directory of the spec, else the last `gs://` path in its first pool's commands whose variables
    the spec's `env` gives (scripts copy results out at their end), else the root of `bucket`.
    """
    return _named_place(job) or GcsUri(bucket)


def outputs_of(job: Job, place: Place | None, target: Target, own_bucket: str) -> GcsUri | None:
    """The place to look for the outputs of a job of any project; None when none is known.

    Args:
        job: the job.
        place: where it lives, if that is known.
        target: the session's, whose project `own_bucket` belongs to.
        own_bucket: the setting `bucket`.
    """
    if (named := _named_place(job)) is not None:
        return named
    if place is None or is_number(place.project):
        return None
    own = own_bucket if place.project == target.project else ""
    return GcsUri(own or default_bucket(place.project))


def _named_place(job: Job) -> GcsUri | None:
    """What the spec itself says."""
    if job.output_uri.startswith("gs://"):
        with suppress(ValueError):  # no bucket follows
            return _prefix(job.output_uri)
    named = named_places(job)
    return named[-1] if named else None


def named_places(job: Job) -> list[GcsUri]:
    """The `gs://` paths in its first pool's commands whose variables its `env` gives, in their order."""
    return [place for place in _named_places(job.raw) if place is not None]


def _named_places(raw: Mapping[str, Any]) -> Iterator[GcsUri | None]:
    spec = raw.get("jobSpec")
    pools = spec.get("workerPoolSpecs") if isinstance(spec, Mapping) else None
    container = pools[0].get("containerSpec") if isinstance(pools, list) and pools else None
    if not isinstance(container, Mapping):
        return
    env = {str(item.get("name")): str(item.get("value", "")) for item in container.get("env") or ()}
    for text in (*(container.get("command") or ()), *(container.get("args") or ())):
        for match in _PATH.finditer(str(text)):
            yield _filled(match.group(), env)


def _filled(path: str, env: Mapping[str, str]) -> GcsUri | None:
    """The path with its variables filled, or None if one is not known before the job runs."""
    names = [first or second for first, second in _VARIABLE.findall(path)]
    if any(name not in env for name in names):
        return None
    try:
        return _prefix(_VARIABLE.sub(lambda match: env[match[1] or match[2]], path))
    except ValueError:  # an empty variable leaves no bucket
        return None


def _prefix(path: str) -> GcsUri:
    uri = GcsUri.parse(path)
    return uri if uri.is_prefix else GcsUri(uri.bucket, f"{uri.name}/")
