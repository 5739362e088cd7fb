"""What a delete would take, counted before anything is gone, and the words in which it is asked for."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from tui.domain.cleanup.holding import Held, span_words
from tui.domain.cleanup.items import PlanItem, PlanItems
from tui.domain.storage import Bucket, GcsUri, ObjectInfo
from tui.domain.text import printable, size

TYPED_ABOVE = 100
"""More objects than this, or a bucket, are deleted only after their name was typed."""

BATCH = 100
"""Objects in one delete request: the most that a batch of the JSON API takes."""

DAY_SECONDS = 86_400

COMMAND_PATHS = 3
"""Paths that are still put into one command."""

_GCLOUD_PATTERN = frozenset("*?[]{}")
"""Characters that `gcloud storage` reads as wildcards, without a way to escape them."""


@dataclass(slots=True)
class Tally:
    """A running total over objects as their pages arrive."""

    count: int = 0
    bytes: int = 0
    newest: datetime | None = None
    newest_name: str = ""
    pages: int = 0

    def add(self, objects: Iterable[ObjectInfo]) -> None:
        """Count one page."""
        self.pages += 1
        for item in objects:
            self.count += 1
            self.bytes += item.size
            if item.updated is not None and (self.newest is None or item.updated > self.newest):
                self.newest, self.newest_name = item.updated, item.name

    def __str__(self) -> str:
        return count_and_size(self.count, self.bytes)


@dataclass(frozen=True, slots=True)
class Part:
    """What goes of one bucket: exactly these generations, nothing else."""

    bucket: str
    settings: Bucket | None = None
    """The bucket's settings, or None when they may not be read."""
    live: PlanItems = field(default_factory=PlanItems)
    earlier: PlanItems = field(default_factory=PlanItems)
    """Noncurrent generations, which go only when that was asked for."""
    folders: tuple[str, ...] = ()
    """Folders of a hierarchical bucket, which go after what is in them."""
    managed: tuple[str, ...] = ()
    """Managed folders, which go after what is in them and before folders."""
    managed_hidden: bool = False
    """Whether the managed folders may not be listed: what there is of them stays."""
    held: tuple[Held, ...] = ()
    """What is live but cannot be deleted, and is left out."""
    held_earlier: int = 0
    """Earlier versions that cannot be deleted either."""
    whole: bool = False
    """Whether the bucket itself goes too."""

    @property
    def takes_bucket(self) -> bool:
        """Whether the bucket can go: nothing that is held stays in it."""
        return self.whole and not self.held and not self.held_earlier

    @property
    def versioned(self) -> bool:
        """Whether the bucket keeps a deleted live object as an earlier version."""
        return self.settings is not None and self.settings.versioning


class Request(NamedTuple):
    """What one delete request takes."""

    bucket: str
    items: tuple[PlanItem, ...]
    noncurrent: bool
    """Whether exactly these generations go, rather than live ones while they are that."""


@dataclass(frozen=True, slots=True)
class DeletePlan:
    """Exactly what goes, of one bucket or several.

    Attributes:
        aims: the objects, prefixes and buckets that were pointed at.
        parts: what was counted, by bucket.
        newest: the latest update among the live ones.
        newest_name: the object updated then.
        with_earlier: whether earlier versions go as well.
        rule: the rule by which a part of it was chosen, in words; empty if all of it goes.
        staying: what the rule leaves.
        picked: whether earlier versions were pointed at one by one, and no others go.
    """

    aims: tuple[GcsUri, ...]
    parts: tuple[Part, ...]
    newest: datetime | None = None
    newest_name: str = ""
    with_earlier: bool = False
    rule: str = ""
    staying: int = 0
    picked: bool = False

    @property
    def live(self) -> int:
        """Live objects to delete."""
        return sum(len(part.live) for part in self.parts)

    @property
    def earlier(self) -> int:
        """Earlier versions that were counted, whether they go or not."""
        return sum(len(part.earlier) for part in self.parts)

    @property
    def earlier_bytes(self) -> int:
        """What they take."""
        return sum(part.earlier.bytes for part in self.parts)

    @property
    def count(self) -> int:
        """Generations to delete."""
        return self.live + (self.earlier if self.with_earlier else 0)

    @property
    def bytes(self) -> int:
        """Their sizes as stored, added up."""
        live = sum(part.live.bytes for part in self.parts)
        return live + (self.earlier_bytes if self.with_earlier else 0)

    @property
    def folders(self) -> int:
        """Folders to delete."""
        return sum(len(part.folders) for part in self.parts)

    @property
    def managed(self) -> int:
        """Managed folders to delete."""
        return sum(len(part.managed) for part in self.parts)

    @property
    def held(self) -> tuple[Held, ...]:
        """What cannot be deleted, by reason."""
        return tuple(held for part in self.parts for held in part.held)

    @property
    def buckets(self) -> tuple[str, ...]:
        """Buckets that go too."""
        return tuple(part.bucket for part in self.parts if part.takes_bucket)

    @property
    def nothing(self) -> bool:
        """Whether there is nothing to delete."""
        return not (self.count or self.folders or self.managed or self.buckets)

    @property
    def must_take_earlier(self) -> bool:
        """Whether earlier versions have to go: a bucket must be empty, or there is nothing else to go.

        Those of an object that is held stay: it was the object that was pointed at.
        """
        held_ones = bool(self.held) and not any(aim.is_prefix for aim in self.aims)
        return bool(self.buckets) or not (self.live or held_ones)

    @property
    def versions_only(self) -> bool:
        """Whether nothing goes but earlier versions that were pointed at."""
        return self.picked and not self.live and not any(aim.is_prefix for aim in self.aims)

    @property
    def must_type(self) -> str:
        """What has to be typed before it is done; empty if nothing.

        The name of the bucket, or of a prefix with many objects; of several places their number of objects.
        """
        whole = sum(part.whole for part in self.parts)
        if not whole and self.count <= TYPED_ABOVE:
            return ""
        if len(self.aims) > 1:
            return f"{self.count} objects" if self.count else f"{whole} buckets"
        return self.aims[0].bucket if whole else typed_name(self.aims[0])

    def requests(self) -> Iterator[Request]:
        """All of it in the sizes that one request takes, earlier versions first.

        Where they go as well, a live one has to go by its generation: else it would be kept as an earlier
        version itself.
        """
        for part in self.parts:
            if self.with_earlier:
                for chunk in part.earlier.chunks(BATCH):
                    yield Request(part.bucket, chunk, noncurrent=True)
            for chunk in part.live.chunks(BATCH):
                by_generation = self.with_earlier and (part.versioned or part.settings is None)
                yield Request(part.bucket, chunk, noncurrent=by_generation)

    def taking_earlier(self, *, also: bool) -> DeletePlan:
        """The same with or without earlier versions."""
        return replace(self, with_earlier=also)

    @property
    def undoable(self) -> bool:
        """Whether the settings of any bucket promise an undo, for the time being."""
        return any(
            part.settings is not None and bool(part.settings.soft_delete_seconds or self._versions_stay(part))
            for part in self.parts
        )

    def _versions_stay(self, part: Part) -> bool:
        """Whether what goes of a bucket is kept as earlier versions."""
        return part.versioned and not self.with_earlier and bool(part.live)

    def undo_lines(self, now: datetime) -> list[str]:
        """Whether and until when it can be undone, plainly; one line for each kind of bucket."""
        lines: dict[str, list[str]] = {}
        for part in self.parts:
            text = undo_words(part.settings, now, versions_stay=self._versions_stay(part))
            lines.setdefault(text, []).append(part.bucket)
        told = [f"{', '.join(buckets)}: {text}" for text, buckets in lines.items()]
        told = list(lines) if len(lines) == 1 else told
        if self.with_earlier and not self.live and not self.buckets:
            told.append(
                "⚠ But not over a live object: while one has its name, an earlier version cannot come back."
            )
        if any(part.folders and part.settings and part.settings.soft_delete_seconds for part in self.parts):
            told.append("An undo makes its folders again, empty ones too.")
        if self.managed:
            told.append("Managed folders and their access rules go for good: no undo brings them back.")
        return told


def undo_words(bucket: Bucket | None, now: datetime, *, versions_stay: bool = False) -> str:
    """Whether a delete there can be undone, and what is billed all the same."""
    if bucket is None:
        return "Whether it can be undone is not known (no access to the bucket's settings): it may not."
    if versions_stay:
        return (
            "Can be undone: the bucket keeps each as an earlier version. That frees nothing: they are billed "
            "until the earlier versions are deleted too."
        )
    seconds = bucket.soft_delete_seconds
    if seconds:
        end = (now + timedelta(seconds=seconds)).astimezone().strftime("%Y-%m-%d %H:%M")
        span = span_words(seconds)
        return f"Can be undone for {span}, until {end}: it is kept until then, and still billed for {span}."
    return "Cannot be undone: the bucket keeps nothing that is deleted (soft delete is off)."


def gcloud_of(plan: DeletePlan) -> str:
    """The one `gcloud storage rm` that deletes the same; empty when there is none that is safe to copy.

    `--recursive` takes earlier versions too, as gcloud's help says.
    """
    stays = plan.held or (plan.with_earlier and any(part.held_earlier for part in plan.parts))
    if plan.rule or stays or len(plan.aims) > COMMAND_PATHS:
        return ""
    if plan.picked:
        return _gcloud_of_versions(plan)
    if len(plan.aims) == 1 and plan.aims[0].is_prefix and plan.earlier and not plan.with_earlier:
        aim = plan.aims[0]  # `**` takes objects only
        plain = gcloud_can_name(aim) and not plan.managed
        return f"gcloud storage rm {shlex.quote(f'{aim}**')}" if plain else ""
    objects = not any(aim.is_prefix for aim in plan.aims)
    taken = bool(plan.earlier) and plan.with_earlier
    fits = not plan.earlier or objects or (taken and all(aim.is_prefix for aim in plan.aims))
    commands = [gcloud_rm(aim, versions=taken and objects) for aim in plan.aims] if fits else [""]
    heads = {command.split(" gs://")[0].split(" 'gs://")[0] for command in commands}
    if not all(commands) or len(heads) > 1:
        return ""
    head = heads.pop()
    return " ".join([head, *(command.removeprefix(head).strip() for command in commands)])


def _gcloud_of_versions(plan: DeletePlan) -> str:
    """The command for exactly those generations that were pointed at; a live one would go for good by it."""
    found = [
        (GcsUri(part.bucket, item.name), item.generation) for part in plan.parts for item in part.earlier
    ]
    if not plan.versions_only or not all(gcloud_can_name(uri) for uri, _ in found):
        return ""
    return " ".join(["gcloud storage rm", *(shlex.quote(f"{uri}#{number}") for uri, number in found)])


def gcloud_rm(uri: GcsUri, *, versions: bool = False) -> str:
    """The `gcloud storage rm` that deletes the same; empty when no such command is safe to copy.

    gcloud takes wildcard characters in names for patterns and `#digits` at the end for a generation, and
    cannot be told otherwise: such a command could delete more than was counted.
    """
    if not gcloud_can_name(uri):
        return ""
    path = str(uri) if uri.name else f"gs://{uri.bucket}"
    flag = "--recursive " if uri.is_prefix else "--all-versions " * versions
    return f"gcloud storage rm {flag}{shlex.quote(path)}"


def gcloud_can_name(uri: GcsUri) -> bool:
    """Whether gcloud takes this path for itself and not for a pattern."""
    name = uri.name
    if _GCLOUD_PATTERN & set(name) or printable(name) != name:
        return False
    return not name.rpartition("#")[2].isdecimal() or "#" not in name


def typed_name(uri: GcsUri) -> str:
    """The last part of a prefix, without its slash, as a person can type it."""
    last = uri.name.rstrip("/").rpartition("/")[2]
    return last if last and last.isprintable() and last == last.strip() else uri.bucket


def count_and_size(count: int, total: int) -> str:
    """For instance `1,234 objects, 1.4 GiB`."""
    return f"{count:,} object{'' if count == 1 else 's'}, {size(total)}"


def narrowed(
    plan: DeletePlan, chosen: Mapping[str, Sequence[int]], folders: Mapping[str, Sequence[str]], rule: str
) -> DeletePlan:
    """The part of a plan that a rule chose: numbers of live objects, and folders, by bucket.

    Earlier versions follow the objects whose names they have.
    """
    parts = []
    newest, newest_name, staying = UNIX_EPOCH, "", 0
    for part in plan.parts:
        numbers = chosen.get(part.bucket, ())
        live = part.live.pick(numbers)
        names = set(live.names())
        earlier = part.earlier.pick(
            number for number in range(len(part.earlier)) if part.earlier.name(number) in names
        )
        staying += len(part.live) - len(live)
        newest, newest_name = _newest(live, newest, newest_name)
        parts.append(
            replace(
                part,
                live=live,
                earlier=earlier,
                folders=tuple(folders.get(part.bucket, ())),
                managed=(),
                managed_hidden=False,
                held=(),
                held_earlier=0,
                whole=False,
            )
        )
    return replace(
        plan,
        parts=tuple(parts),
        newest=newest if newest_name else None,
        newest_name=newest_name,
        with_earlier=False,
        rule=rule,
        staying=staying,
    )


def _newest(items: PlanItems, newest: datetime, name: str) -> tuple[datetime, str]:
    """The latest update among `items` and one known before, with its name."""
    for number in range(len(items)):
        moment = items.moment(number)
        if moment is not None and moment > newest:
            newest, name = moment, items.name(number)
    return newest, name


UNIX_EPOCH = datetime.fromtimestamp(0, UTC)
