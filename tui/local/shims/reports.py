"""The subcommands that only look: `ls`, `du`, `stat`."""

from __future__ import annotations

from collections.abc import Iterator
from email.utils import formatdate

from tui.local.shims.cloud import Json
from tui.local.shims.commands import Session
from tui.local.shims.options import Options
from tui.local.shims.sources import Place, clean, parse, wild_pattern
from tui.local.shims.voice import ToolError, size_rounded, size_text

NOTHING = "One or more URLs matched no objects."


class Tally:
    """What `ls -l` adds up."""

    def __init__(self) -> None:
        self.count = self.size = 0

    def add(self, item: Json) -> None:
        """Count one object."""
        self.count += 1
        self.size += int(item["size"])


def ls(session: Session, options: Options) -> int:
    """List buckets, prefixes and objects."""
    if not options.words:
        for bucket in session.cloud.buckets():
            print(f"gs://{bucket['name']}/")  # noqa: T201
        return 0
    tally = Tally()
    missing = False
    for number, text in enumerate(options.words):
        place = parse(text)
        if not place.is_cloud:
            raise ToolError("Only cloud URLs are supported for ls")
        if number and "recursive" in options:
            print()  # noqa: T201
        printed = 0
        for line in _lines(session, place, options, tally):
            print(line)  # noqa: T201
            printed += 1
        missing = missing or (not printed and bool(place.path))
    if "long" in options and tally.count:
        size = size_text(tally.size) if tally.size >= 1000 else f"{tally.size} B"  # noqa: PLR2004
        print(f"TOTAL: {tally.count} objects, {tally.size} bytes ({size})")  # noqa: T201
    if missing:
        raise ToolError(NOTHING)
    return 0


def _lines(session: Session, place: Place, options: Options, tally: Tally) -> Iterator[str]:
    """What `ls` prints for one path."""
    cloud = session.cloud
    if place.is_wild:
        yield from _wild_lines(session, place, options, tally)
        return
    if place.path and not place.path.endswith("/"):
        item = cloud.find(place.bucket, place.path)
        if item:
            tally.add(item)
            yield _line(item, options)
            return
        place = place._replace(path=f"{place.path}/")
    if "recursive" in options:
        yield from _tree(session, place, options, tally, first=True)
        return
    for page in cloud.pages(place.bucket, place.path, delimiter="/"):
        for item in page.get("items", []):
            tally.add(item)
            yield _line(item, options)
        for prefix in page.get("prefixes", []):
            yield _folder_line(Place(place.bucket, prefix), options)


def _tree(
    session: Session, place: Place, options: Options, tally: Tally, *, first: bool = False
) -> Iterator[str]:
    """`ls -r`: each prefix as a block of its own."""
    items: list[Json] = []
    prefixes: list[str] = []
    for page in session.cloud.pages(place.bucket, place.path, delimiter="/"):
        items += page.get("items", [])
        prefixes += page.get("prefixes", [])
    if place.path and (items or prefixes):
        if not first:
            yield ""
        yield f"{clean(str(place))}:"
        first = False
    for item in items:
        tally.add(item)
        yield _line(item, options)
    for prefix in prefixes:
        yield from _tree(session, Place(place.bucket, prefix), options, tally, first=first and not items)
        first = False


def _wild_lines(session: Session, place: Place, options: Options, tally: Tally) -> Iterator[str]:
    fits = wild_pattern(place.path.rstrip("/"))
    levels = place.path.rstrip("/").count("/") + 1
    prefix = place.path[: min(place.path.find(char) % (len(place.path) + 1) for char in "*?[")]
    folders: dict[str, None] = {}
    for item in session.cloud.objects(place.bucket, prefix):
        folder = "/".join(item["name"].split("/")[:levels])
        if fits.fullmatch(item["name"]):
            tally.add(item)
            yield _line(item, options)
        elif fits.fullmatch(folder):
            folders[f"{folder}/"] = None
    for folder in folders:
        block = list(_tree(session, Place(place.bucket, folder), options, tally, first=True))
        if "recursive" not in options:
            yield from ("", f"gs://{place.bucket}/{clean(folder)}:")
            block = list(_lines(session, Place(place.bucket, folder), options, tally))
        yield from block


def _line(item: Json, options: Options) -> str:
    url = clean(f"gs://{item['bucket']}/{item['name']}")
    if "long" not in options:
        return url
    when = f"{item['timeCreated'][:19]}Z"
    size = size_rounded(int(item["size"])) if "human" in options else item["size"]
    return f"{size:>10}  {when}  {url}"


def _folder_line(place: Place, options: Options) -> str:
    return f"{' ' * 33 if 'long' in options else ''}{clean(str(place))}"


def du(session: Session, options: Options) -> int:
    """Bytes under a path: each object, each prefix, and the whole."""
    grand = 0
    for text in options.words or [f"gs://{bucket['name']}" for bucket in session.cloud.buckets()]:
        place = parse(text)._replace(path=parse(text).path.rstrip("/"))
        items = list(_below(session, place))
        if place.path and not items:
            raise ToolError(NOTHING)
        total = sum(int(item["size"]) for item in items)
        grand += total
        if "summary" in options:
            _print_size(total, place, options)
        else:
            _print_usage(place, items, total, options)
    if "total" in options:
        print(f"{_size(grand, options):<13}total")  # noqa: T201
    return 0


def _below(session: Session, place: Place) -> Iterator[Json]:
    """The object at `place`, and all below it."""
    for item in session.cloud.objects(place.bucket, place.path):
        if not place.path or item["name"] == place.path or item["name"].startswith(f"{place.path}/"):
            yield item


def _print_usage(place: Place, items: list[Json], total: int, options: Options) -> None:
    """Each object, and each prefix after all that lies in it."""
    top = place.path.count("/") + 1 if place.path else 1
    open_: list[tuple[str, int]] = []

    def close(name: str) -> None:
        while open_ and not name.startswith(open_[-1][0]):
            _print_size(open_[-1][1], Place(place.bucket, open_[-1][0]), options)
            open_.pop()

    for item in items:
        close(item["name"])
        size = int(item["size"])
        _print_size(size, Place(place.bucket, item["name"]), options)
        parts = item["name"].split("/")[:-1]
        deeper = range(top + len(open_), len(parts) + 1)
        open_.extend(("/".join(parts[:depth]) + "/", 0) for depth in deeper)
        open_[:] = [(folder, sum_ + size) for folder, sum_ in open_]
    close("\0")
    if not place.path:
        _print_size(total, place, options)


def _size(count: int, options: Options) -> str:
    return size_rounded(count) if "human" in options else str(count)


def _print_size(count: int, place: Place, options: Options) -> None:
    url = clean(str(place)) if place.path or "summary" not in options else f"gs://{place.bucket}"
    print(f"{_size(count, options):<11}  {url}")  # noqa: T201


def stat(session: Session, options: Options) -> int:
    """Metadata of objects."""
    for text in options.words:
        place = parse(text)
        item = session.cloud.find(place.bucket, place.path) if place.path else None
        if item is None:
            raise ToolError(f"No URLs matched: {text}")
        rows = [
            ("Creation time", _long_time(item["timeCreated"])),
            ("Update time", _long_time(item["updated"])),
            ("Storage class", item["storageClass"]),
            ("Content-Length", item["size"]),
            ("Content-Type", item.get("contentType", "None")),
            ("Hash (crc32c)", item["crc32c"]),
            *([("Hash (md5)", item["md5Hash"])] if "md5Hash" in item else []),
            ("ETag", item["etag"]),
            ("Generation", item["generation"]),
            ("Metageneration", item["metageneration"]),
        ]
        print(f"{clean(str(place))}:")  # noqa: T201
        for label, value in rows:
            print(f"    {label + ':':<24}{clean(value)}")  # noqa: T201
    return 0


def _long_time(text: str) -> str:
    """`2026-11-22T20:49:07.174Z` as HTTP writes times."""
    from datetime import datetime  # noqa: PLC0415  # only this command pays for its import

    return formatdate(datetime.fromisoformat(text).timestamp(), usegmt=True)
