"""What a check says, and the changes that a check can ask for."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, StrEnum


class CheckState(Enum):
    """How a check stands: glyph and word."""

    OK = ("✓", "ok")
    FAILED = ("✗", "failed")
    WARNING = ("⚠", "warning")
    UNKNOWN = ("?", "unknown")
    RUNNING = ("…", "checking")
    SKIPPED = ("–", "waiting")

    @property
    def glyph(self) -> str:
        """One cell."""
        return self.value[0]

    @property
    def word(self) -> str:
        """The state in a word; a colour is never the only sign."""
        return self.value[1]


class Group(StrEnum):
    """What a check is about, as its heading."""

    CONNECTION = "Connection"
    APIS = "APIs"
    PERMISSIONS = "You may"
    ACCOUNT = "Runs as"
    BUCKET = "Bucket"


@dataclass(frozen=True, slots=True)
class EnableApis:
    """Turn services of the project on."""

    services: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GrantRoles:
    """Give a member roles on the project, without a condition; existing bindings stay as they are."""

    member: str
    """`serviceAccount:…` or `user:…`."""
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CreateBucket:
    """Make a bucket unless it is there by now."""

    name: str
    location: str


Fix = EnableApis | GrantRoles | CreateBucket
"""A change that the app can make; data, carried out by `tui.services.checks`."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a row stands: the part of a check that the facts decide."""

    state: CheckState
    finding: str
    said: str = ""
    next_step: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """One row: what was found, why it matters and what can be done."""

    id: str
    """`connection`, `project`, `region`, `apis.…`, `permissions.…`, `service-account` or `bucket`."""
    group: Group
    title: str
    state: CheckState
    finding: str
    """One line."""
    why: str = ""
    """What breaks without it."""
    said: str = ""
    """The service's own words, untrusted."""
    next_step: str = ""
    """What the user can do where no key of ours does it."""
    command: str = ""
    """The equivalent gcloud command; empty when there is none."""
    link: str = ""
    fix: Fix | None = None
    by_hand: bool = False
    """Whether the fix is left out of "fix all": it changes what the caller himself may do."""
    optional: bool = False
    """Whether jobs run without it."""

    @property
    def to_fix(self) -> bool:
        """Whether this stands between the project and its first job."""
        fixable = self.state is CheckState.WARNING and self.fix is not None
        return not self.optional and (self.state is CheckState.FAILED or fixable)


def changes(fix: Fix) -> tuple[str, ...]:
    """What exactly a fix changes."""
    match fix:
        case EnableApis(services):
            return (f"enable {', '.join(services)}",)
        case GrantRoles(member, roles):
            return (f"grant to {member}", *(f"  {role}" for role in roles))
        case CreateBucket(name, location):
            return (f"create the bucket gs://{name} in {location}, with uniform access",)


def commands(fix: Fix, project: str) -> tuple[str, ...]:
    """The gcloud commands that make the same change."""
    suffix = f"--project={shlex.quote(project)}"
    match fix:
        case EnableApis(services):
            return (f"gcloud services enable {' '.join(map(shlex.quote, services))} {suffix}",)
        case GrantRoles(member, roles):
            return tuple(
                f"gcloud projects add-iam-policy-binding {shlex.quote(project)}"
                f" --member={shlex.quote(member)} --role={shlex.quote(role)} --condition=None"
                for role in roles
            )
        case CreateBucket(name, location):
            place = f"--location={shlex.quote(location)} --uniform-bucket-level-access"
            return (f"gcloud storage buckets create {shlex.quote(f'gs://{name}')} {place} {suffix}",)


def merged(fixes: Iterable[Fix]) -> tuple[Fix, ...]:
    """The same changes in as few calls as possible, APIs first: what follows may need them."""
    services: dict[str, None] = {}
    roles: dict[str, dict[str, None]] = {}
    buckets: dict[CreateBucket, None] = {}
    for fix in fixes:
        match fix:
            case EnableApis(names):
                services.update(dict.fromkeys(names))
            case GrantRoles(member, names):
                roles.setdefault(member, {}).update(dict.fromkeys(names))
            case CreateBucket():
                buckets[fix] = None
    found: list[Fix] = [EnableApis(tuple(services))] if services else []
    found += [GrantRoles(member, tuple(names)) for member, names in roles.items()]
    return (*found, *buckets)


def part_of(part: Fix, whole: Fix) -> bool:
    """Whether carrying out `whole` carries out `part`."""
    match part, whole:
        case EnableApis(some), EnableApis(every):
            return set(some) <= set(every)
        case GrantRoles(member, some), GrantRoles(other, every):
            return member == other and set(some) <= set(every)
        case _:
            return part == whole


def safe_fixes(checks: Iterable[Check]) -> tuple[Fix, ...]:
    """All changes that "fix all" makes, merged and in order, also those of rows that still wait."""
    wanted = (CheckState.FAILED, CheckState.WARNING, CheckState.SKIPPED)
    return merged(
        check.fix for check in checks if check.fix is not None and check.state in wanted and not check.by_hand
    )


def is_ready(checks: Iterable[Check]) -> bool:
    """Whether every check that jobs depend on has been made and found right."""
    waiting = (CheckState.RUNNING, CheckState.SKIPPED, CheckState.UNKNOWN)
    return not any(check.to_fix or (check.state in waiting and not check.optional) for check in checks)


def find_check(checks: Iterable[Check], wanted: str) -> str:
    """The id of the row that `wanted` means: an id, a beginning of one, or a group with trouble in it."""
    rows = list(checks)
    if any(check.id == wanted for check in rows):
        return wanted
    inside = [check for check in rows if wanted and check.id.startswith(f"{wanted}.")]
    inside.sort(key=lambda check: not check.to_fix)
    return inside[0].id if inside else ""
