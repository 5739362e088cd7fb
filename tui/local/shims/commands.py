"""The subcommands: each takes the options, acts, and answers the exit status."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import partial

from tui.local.shims.cloud import Cloud, Json, file_md5
from tui.local.shims.copying import (
    STREAM,
    Target,
    check_below,
    check_local_target,
    run_all,
    transfer,
    upload_stream,
)
from tui.local.shims.options import Options
from tui.local.shims.sources import Place, Source, clean, expand, object_source, parse
from tui.local.shims.voice import Refused, ToolError, Voice

Command = Callable[["Session", Options], int]


class Session:
    """One run of a tool."""

    def __init__(self, cloud: Cloud, voice: Voice, *, parallel: bool) -> None:
        self.cloud = cloud
        self.voice = voice
        self.parallel = parallel

    def expand(self, paths: list[str], *, recursive: bool) -> tuple[list[Source], int]:
        """Everything that `paths` name, and how many things they name themselves.

        Raises:
            ToolError: nothing.
        """
        try:
            sources, tops, omitted = expand(self.cloud, paths, recursive=recursive)
        except ToolError as error:
            if self.voice.gsutil or not error.message.startswith("No URLs matched: "):
                raise
            missing = error.message.removeprefix("No URLs matched: ")
            raise ToolError(f"The following URLs matched no objects or files:\n{missing}") from None
        for name in omitted:
            kind = "directory" if name.startswith("file:") else "prefix"
            if self.voice.gsutil:
                self.voice.complain(f'Omitting {kind} "{clean(name)}". (Did you mean to do cp -r?)')
            else:
                text = f"Omitting {clean(name)} because it is a container, and recursion is not enabled."
                self.voice.complain(f"WARNING: {text}")
        if not sources:
            raise ToolError("No URLs matched. Do the files you're operating on exist?")
        return sources, tops

    def settle(self, failures: int, *, sizes: bool = True) -> int:
        """The last words, and the exit status."""
        if failures:
            plural = "files/objects" if self.voice.gsutil else "files or objects"
            if self.voice.gsutil:
                self.voice.complain(f"CommandException: {failures} {plural} could not be transferred.")
            return 1
        self.voice.completed(sizes=sizes)
        return 0


def _arguments(options: Options, least: int, most: int | None = None) -> list[str]:
    if len(options.words) < least or (most is not None and len(options.words) > most):
        raise ToolError("The command was given the wrong number of arguments.")
    return options.words


def cp(session: Session, options: Options, *, move: bool = False) -> int:
    """Copy files and objects."""
    *paths, last = _arguments(options, 2)
    place = parse(last)
    if paths == ["-"]:
        upload_stream(session.cloud, place, session.voice)
        return session.settle(0)
    sources, tops = session.expand(paths, recursive=move or "recursive" in options)
    target = Target(session.cloud, place, reads_first=not session.voice.gsutil)
    check_local_target(target, sources, session.voice)
    session.voice.expect(len(sources), sum(source.size for source in sources))

    def task(source: Source) -> None:
        if place == STREAM:
            _print(session.cloud, source)
            return
        name = target.name_for(source, tops=tops, many=len(sources) > 1)
        if not name.is_cloud and target.exists:
            check_below(name.path, place.path)
        if "no-clobber" in options and _exists(session.cloud, name):
            session.voice.say(f"Skipping existing item: {clean(str(name))}")
            return
        if name == source.place:
            raise ToolError(f'"{clean(str(name))}" and its destination are the same.')
        transfer(session.cloud, source, name, session.voice)
        if move:
            _remove(session, source)

    tasks = [partial(task, source) for source in sources]
    go_on = "continue" in options
    return session.settle(run_all(tasks, session.voice, parallel=session.parallel, go_on=go_on))


def mv(session: Session, options: Options) -> int:
    """Copy, and delete what was copied."""
    return cp(session, options, move=True)


def _exists(cloud: Cloud, place: Place) -> bool:
    if place.is_cloud:
        return cloud.find(place.bucket, place.path) is not None
    return os.path.lexists(place.path)


def _remove(session: Session, source: Source) -> None:
    session.voice.removing(clean(str(source.place)))
    if source.item:
        session.cloud.delete(source.item)
    else:
        os.unlink(source.place.path)  # noqa: PTH108


def _print(cloud: Cloud, source: Source) -> None:
    if source.item:
        cloud.download(source.item, sys.stdout.buffer)
    else:
        with open(source.place.path, "rb") as file:  # noqa: PTH123
            sys.stdout.buffer.write(file.read())
    sys.stdout.buffer.flush()


def cat(session: Session, options: Options) -> int:
    """Print objects."""
    sources, _ = session.expand(_arguments(options, 1), recursive=False)
    for source in sources:
        _print(session.cloud, source)
    return 0


def rm(session: Session, options: Options) -> int:
    """Delete objects; with `-r` on a bucket, all versions and the bucket as well."""
    recursive, forced = "recursive" in options, "force" in options
    paths = _arguments(options, 1)
    sources: list[Source] = []
    buckets: list[str] = []
    if not session.voice.gsutil:
        session.voice.say("Removing objects:")
    for path in paths:
        place = parse(path)
        if not place.is_cloud:
            raise ToolError('"rm" command does not support "file://" URLs. Did you mean to use a gs:// URL?')
        if not place.path and recursive:
            buckets.append(place.bucket)
            sources += [
                object_source(item, "", item["name"])
                for item in session.cloud.objects(place.bucket, versions=True)
            ]
        else:
            sources += _removable(session, path, recursive=recursive, forced=forced)

    def task(source: Source) -> None:
        item: Json = source.item or {}
        generation = f"#{item['generation']}" if recursive else ""
        session.voice.removing(clean(str(source.place)) + generation)
        session.cloud.delete(item, for_good=source.place.bucket in buckets)
        session.voice.counted()

    tasks = [partial(task, source) for source in sources]
    failures = run_all(tasks, session.voice, parallel=session.parallel, go_on=forced)
    for bucket in buckets:
        session.voice.removing(f"gs://{bucket}/")
        session.cloud.remove_bucket(bucket)
    return session.settle(0 if forced else failures, sizes=False)


def _removable(session: Session, path: str, *, recursive: bool, forced: bool) -> list[Source]:
    try:
        found, _ = session.expand([path], recursive=recursive)
    except ToolError:
        if not forced:
            raise
        return []
    return found


def mb(session: Session, options: Options) -> int:
    """Make buckets."""
    for path in _arguments(options, 1):
        bucket = parse(path).bucket
        session.voice.say(f"Creating gs://{bucket}/...")
        session.cloud.make_bucket(bucket, options.get("location"), options.get("class"))
    return 0


def rb(session: Session, options: Options) -> int:
    """Remove empty buckets."""
    for path in _arguments(options, 1):
        bucket = parse(path).bucket
        session.voice.removing(f"gs://{bucket}/")
        session.cloud.remove_bucket(bucket)
    return 0


def rsync(session: Session, options: Options) -> int:
    """Make a target like a source: copy what differs in size or MD5; `-d` deletes what the source lacks."""
    first, last = (parse(path) for path in _arguments(options, 2, 2))
    if not first.is_cloud and not os.path.isdir(first.path):  # noqa: PTH112
        raise ToolError(f"arg ({first.path}) does not name a directory, bucket, or bucket subdir.")
    if not last.is_cloud and not os.path.isdir(last.path):  # noqa: PTH112
        raise ToolError(f"arg ({last.path}) does not name a directory, bucket, or bucket subdir.")
    voice, dry = session.voice, "dry-run" in options
    if voice.gsutil:
        voice.say("Building synchronization state...")
    recursive = "recursive" in options
    wanted, present = (_state(session.cloud, place, recursive=recursive) for place in (first, last))
    if voice.gsutil:
        voice.say("Starting synchronization...")
    changed = {below: source for below, source in wanted.items() if _differs(source, present.get(below))}
    extra = (
        [source for below, source in present.items() if below not in wanted] if "delete" in options else []
    )
    voice.expect(len(changed), sum(source.size for source in changed.values()))
    folder = last.path.rstrip("/") + "/" if last.path else ""

    def copy(below: str, source: Source) -> None:
        name = Place(last.bucket, folder + below)
        if not name.is_cloud:
            check_below(name.path, last.path)
        if dry:
            voice.say(f"Would copy {clean(str(source.place))} to {clean(str(name))}")
        else:
            transfer(session.cloud, source, name, voice)

    def remove(source: Source) -> None:
        if dry:
            voice.say(f"Would remove {clean(str(source.place))}")
        else:
            _remove(session, source)

    copies: list[Callable[[], None]] = [partial(copy, *pair) for pair in sorted(changed.items())]
    tasks = copies + [partial(remove, source) for source in extra]
    return session.settle(run_all(tasks, voice, parallel=session.parallel))


def _state(cloud: Cloud, place: Place, *, recursive: bool) -> dict[str, Source]:
    """What lies under a place, by its path inside."""
    prefix = f"{place.path.rstrip('/')}/" if place.path else ""
    if place.is_cloud:
        found = [
            object_source(item, "", item["name"][len(prefix) :])
            for item in cloud.objects(place.bucket, prefix)
            if item["name"] != prefix
        ]
    else:
        found = expand(cloud, [place.path], recursive=True)[0]
    return {source.below: source for source in found if recursive or "/" not in source.below}


def _differs(source: Source, present: Source | None) -> bool:
    if present is None or source.size != present.size:
        return True
    sums = [
        (side.item.get("md5Hash") if side.item else file_md5(side.place.path)) for side in (source, present)
    ]
    return None in sums or sums[0] != sums[1]


REFUSALS = (Refused, ToolError, OSError)
"""What a command may raise."""
