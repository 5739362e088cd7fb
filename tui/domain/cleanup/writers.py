"""Which jobs may write where a delete is about to happen."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tui.domain.jobs import Job
from tui.domain.storage import GcsUri

_PATH = re.compile(r"(?:gs://|/gcs/)[^\s'\"`;|&<>(),]+")
_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|\((\w+)\)|(\w+))")
_LONGEST = 100_000
"""Characters of one text of a spec that are looked through; a command is far shorter."""


def writers(jobs: Iterable[Job], aims: Iterable[GcsUri]) -> list[Job]:
    """The jobs that are not over and whose spec names a place that overlaps with one of `aims`.

    Their base directory, and every `gs://` or `/gcs/` path of their commands, arguments and variables: which
    of them a script reads and which it writes cannot be told from outside.
    """
    wanted = tuple(aims)
    return [job for job in jobs if job.state.live and any(_overlap(path, wanted) for path in places_of(job))]


def places_of(job: Job) -> Iterator[GcsUri]:
    """All places in Cloud Storage that a job's spec names, with the variables filled that the spec gives."""
    texts = [job.output_uri, *_texts(job.raw.get("jobSpec"))]
    env = dict(_variables(job.raw.get("jobSpec")))
    for text in texts:
        filled = _VARIABLE.sub(lambda found: env.get(found[found.lastindex or 0], found[0]), text[:_LONGEST])
        for match in _PATH.finditer(filled):
            if (place := _place(match.group())) is not None:
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


def _variables(spec: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401 (JSON)
    """The environment that the spec gives its containers and packages."""
    pools = spec.get("workerPoolSpecs") if isinstance(spec, Mapping) else None
    for pool in pools if isinstance(pools, list) else ():
        for kind in ("containerSpec", "pythonPackageSpec"):
            task = pool.get(kind) if isinstance(pool, Mapping) else None
            env = task.get("env") if isinstance(task, Mapping) else None
            for item in env if isinstance(env, list) else ():
                if isinstance(item, Mapping):
                    yield str(item.get("name")), str(item.get("value", ""))
