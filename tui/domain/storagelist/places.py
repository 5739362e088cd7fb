"""Paths of Cloud Storage as people go through them: steps upwards, addresses of the web, what a job names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from urllib.parse import quote

from tui.domain.jobs import Job
from tui.domain.outputs import named_places
from tui.domain.storage import GcsUri
from tui.domain.text import cell_width, middle_cut, printable

OBJECTS = "https://storage.cloud.google.com"
"""Where a browser that is logged in is given an object."""
CONSOLE = "https://console.cloud.google.com/storage/browser"
_DOTS = frozenset({".", ".."})


def steps(place: GcsUri) -> list[GcsUri]:
    """The bucket, each prefix on the way, and the place itself; `a//` lies in `a/`."""
    found, end = [GcsUri(place.bucket)], place.name.find("/")
    while end >= 0:
        found.append(GcsUri(place.bucket, place.name[: end + 1]))
        end = place.name.find("/", end + 1)
    return found


def step_names(place: GcsUri) -> list[str]:
    """What each of `steps` adds to the path, fit for a terminal."""
    names, before = [f"gs://{printable(place.bucket)}/"], ""
    for step in steps(place)[1:]:
        names.append(printable(step.name[len(before) :]))
        before = step.name
    return names


def fitting(names: list[str], width: int) -> list[tuple[int, str]]:
    """The numbers and names of the steps that there is room for: the bucket and the last ones.

    A `…` of number -1 stands for those left out; one long name is cut in its middle.
    """
    if sum(map(cell_width, names)) <= width:
        return list(enumerate(names))
    first, last = names[0], names[-1]
    if len(names) == 1 or cell_width(first) + 2 + cell_width(last) > width:
        room = max(width - cell_width(first) - 2, width // 2)
        head = [(0, middle_cut(first, max(width - room - 2, 8)))] if len(names) > 1 else []
        gap = [(-1, "…/")] if len(names) > 2 else []  # noqa: PLR2004 (there is something between the two)
        return [*head, *gap, (len(names) - 1, middle_cut(last, room))]
    room = width - cell_width(first) - 2
    tail = len(names)
    while tail > 1 and cell_width(names[tail - 1]) <= room:
        tail -= 1
        room -= cell_width(names[tail])
    return [(0, first), (-1, "…/"), *((number, names[number]) for number in range(tail, len(names)))]


def web_address(uri: GcsUri) -> str:
    """The address at which a browser that is logged in shows an object, or a place in the console."""
    bucket = quote(uri.bucket, safe="")
    if uri.is_prefix:
        return f"{CONSOLE}/{bucket}" + (f"/{quote(uri.name, safe='/')}" if uri.name else "")
    # A browser takes dots between slashes for steps, and shows another object.
    plain = not _DOTS & set(uri.name.split("/"))
    return f"{OBJECTS}/{bucket}/{quote(uri.name, safe='/' if plain else '')}"


def places_of_job(job: Job, seen: Iterable[str] = ()) -> list[tuple[GcsUri, str]]:
    """Where a job's outputs may be, the likeliest first, each with where it is named.

    `seen` are the paths that its log names, the last ones last.
    """
    found: dict[GcsUri, str] = {}
    for uri, source in _named(job, seen):
        if not any(uri in (known, GcsUri(known.bucket, known.name.rstrip("/"))) for known in found):
            found.setdefault(uri, source)
    return list(found.items())


def _named(job: Job, seen: Iterable[str]) -> Iterator[tuple[GcsUri, str]]:
    with suppress(ValueError):  # it may be empty
        base = GcsUri.parse(job.output_uri)
        yield base if base.is_prefix else GcsUri(base.bucket, f"{base.name}/"), "its baseOutputDirectory"
    for place in reversed(named_places(job)):
        yield place, "its script"
    for path in reversed(tuple(seen)):
        with suppress(ValueError):
            yield GcsUri.parse(path), "its log"
