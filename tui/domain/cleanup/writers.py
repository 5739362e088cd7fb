"""Which jobs may write where a delete is about to happen."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from tui.domain.jobs import Job
from tui.domain.outputs import paths_in, variables_of
from tui.domain.storage import GcsUri


def writers(jobs: Iterable[Job], aims: Iterable[GcsUri]) -> list[Job]:
    """The jobs that are not over and whose spec names a place that overlaps with one of `aims`.

    Their base directory, and every `gs://` or `/gcs/` path of their commands, arguments and variables: which
    of them a script reads and which it writes cannot be told from outside.
    """
    wanted = tuple(aims)
    return [job for job in jobs if job.state.live and any(_overlap(path, wanted) for path in places_of(job))]


def places_of(job: Job) -> Iterator[GcsUri]:
    """All places in Cloud Storage that a job's spec names, with the variables filled that the spec gives."""
    spec = job.raw.get("jobSpec")
    pools = spec.get("workerPoolSpecs") if isinstance(spec, Mapping) else None
    env = {
        name: value
        for pool in (pools if isinstance(pools, list) else ())
        for name, value in variables_of(pool)
    }
    for text in (job.output_uri, *_texts(spec)):
        for path in paths_in(text, env):
            if (place := _place(path)) is not None:
                yield place


def _place(path: str) -> GcsUri | None:
    """The place that a path names as far as it is known: from a variable that nobody gives on, nothing is."""
    bucket, _, name = path.removeprefix("gs://").removeprefix("/gcs/").partition("/")
    if not bucket or "$" in bucket:
        return None
    known = re.split(r"[$*?\[{]", name, maxsplit=1)[0]
    cut = known != name
    return GcsUri(bucket, known if not cut else known[: known.rfind("/") + 1])


def _overlap(path: GcsUri, aims: Iterable[GcsUri]) -> bool:
    inside = path.name.rstrip("/")
    for aim in aims:
        if aim.bucket != path.bucket:
            continue
        under_aim = aim.is_prefix and f"{inside}/".startswith(aim.name)
        if not inside or inside == aim.name or under_aim or aim.name.startswith(f"{inside}/"):
            return True
    return False


def _texts(node: object) -> Iterator[str]:
    """Every text value below a node of JSON."""
    if isinstance(node, str):
        yield node
    elif isinstance(node, Mapping):
        for value in node.values():
            yield from _texts(value)
    elif isinstance(node, list | tuple):
        for value in node:
            yield from _texts(value)
