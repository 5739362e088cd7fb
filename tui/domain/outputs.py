"""Where a job writes: its base directory, or the `gs://` paths that its commands name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress

from tui.domain.joblist.homes import is_number
from tui.domain.jobs import Job
from tui.domain.places import Place
from tui.domain.setup.bucket_names import default_bucket
from tui.domain.storage import GcsUri
from tui.domain.target import Target

NO_OUTPUTS = "Its spec names no place for outputs, and its project's id is not known yet."
"""Said when there is no place to look."""
_PATH = re.compile(r"(?:gs://|/gcs/)[^\s'\"`;|&<>(),]+")
_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|\((\w+)\)|(\w+))")
_LONGEST = 100_000
"""Characters of one text of a spec that are looked through; a command is far shorter."""


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
    spec = job.raw.get("jobSpec")
    pools = spec.get("workerPoolSpecs") if isinstance(spec, Mapping) else None
    pool = pools[0] if isinstance(pools, list) and pools else {}
    container = pool.get("containerSpec")
    if not isinstance(container, Mapping):
        return []
    env = dict(variables_of(pool))
    texts = (*(container.get("command") or ()), *(container.get("args") or ()))
    found = []
    for path in (path for text in texts for path in paths_in(str(text), env)):
        if path.startswith("gs://") and "$" not in path:
            with suppress(ValueError):  # an empty variable leaves no bucket
                found.append(_prefix(path))
    return found


def paths_in(text: str, env: Mapping[str, str]) -> Iterator[str]:
    """The `gs://` and `/gcs/` paths in a command, with the variables of `env` filled; others stay `$`."""
    filled = _VARIABLE.sub(lambda found: env.get(found[found.lastindex or 0], found[0]), text[:_LONGEST])
    return (match.group() for match in _PATH.finditer(filled))


def variables_of(pool: object) -> Iterator[tuple[str, str]]:
    """The environment that a worker pool gives its container or package."""
    for kind in ("containerSpec", "pythonPackageSpec"):
        task = pool.get(kind) if isinstance(pool, Mapping) else None
        env = task.get("env") if isinstance(task, Mapping) else None
        for item in env if isinstance(env, list) else ():
            if isinstance(item, Mapping):
                yield str(item.get("name")), str(item.get("value", ""))


def _prefix(path: str) -> GcsUri:
    uri = GcsUri.parse(path)
    return uri if uri.is_prefix else GcsUri(uri.bucket, f"{uri.name}/")
