"""What a check says, and the changes that a check can ask for."""

from __future__ import annotations

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
    ACCEPTED = ("○", "accepted")
    """Not right, and taken as it is by the user."""

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
    POLICIES = "Policies"
    """Of the organization."""
    QUOTA = "Quota"
    SECRETS = "Secrets"
    TERMINAL = "Terminal"


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
class GrantOnBucket:
    """Give a member a role on one bucket, without a condition."""

    bucket: str
    member: str
    role: str


@dataclass(frozen=True, slots=True)
class GrantOnAccount:
    """Give a member a role on one service account, without a condition."""

    account: str
    """E-mail of the service account."""
    member: str
    role: str


@dataclass(frozen=True, slots=True)
class CreateBucket:
    """Make a bucket unless it is there by now."""

    name: str
    location: str
    kms_key: str = ""
    """Its default key; empty for Google's own."""


@dataclass(frozen=True, slots=True)
class MakeAgents:
    """Let Vertex AI's service agents come into being before the first job does."""


Grant = GrantRoles | GrantOnBucket | GrantOnAccount
"""A grant, which can be taken back."""


@dataclass(frozen=True, slots=True)
class Revoke:
    """Take back a grant that was made in this session; nothing else."""

    grant: Grant


@dataclass(frozen=True, slots=True)
class SignIn:
    """Run a login command in the terminal, with the app put aside."""

    command: tuple[str, ...]
    """The program and its arguments."""


@dataclass(frozen=True, slots=True)
class SetSetting:
    """Keep a setting of the app's own, and use it at once."""

    key: str
    """As in `config.toml`, e.g. `quota_project`."""
    value: str


@dataclass(frozen=True, slots=True)
class SetSecret:
    """Ask for a value, without showing it, and keep it in the private secrets file."""

    name: str


@dataclass(frozen=True, slots=True)
class SetServiceAccount:
    """Write `serviceAccount` into the open spec; the file is saved by the user."""

    account: str


RemoteFix = EnableApis | GrantRoles | GrantOnBucket | GrantOnAccount | CreateBucket | MakeAgents | Revoke
"""A change of the project; data, carried out by `tui.services.changes`."""
HereFix = SignIn | SetSetting | SetSecret | SetServiceAccount
"""A change on this box; data, carried out by the pane."""
Fix = RemoteFix | HereFix
"""A change that the app can make."""
HERE = (SignIn, SetSetting, SetSecret, SetServiceAccount)


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
    """`connection`, `project`, `billing`, `region`, `apis.…`, `permissions.…`, `account.…`, `bucket.…`,
    `policies.…`, `quota.…`, `secrets.…` or `terminal.…`."""
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
    fixes: tuple[Fix, ...] = ()
    """The changes that put it right, made together after one confirmation."""
    by_hand: bool = False
    """Whether the fixes are left out of "fix all": they change what the caller himself may do, ask for
    something, or are a matter of choice."""
    optional: bool = False
    """Whether jobs run without it."""
    choice: bool = False
    """Whether the fixes are a mere choice: offered although nothing is wrong."""
    draft: str = ""
    """A text to copy and send to whoever can help, for what has no fix here (a quota request)."""
    accepted: str = ""
    """The finding that the user accepted as it is; empty if not, or if it has changed since."""

    @property
    def fixable(self) -> bool:
        """Whether its fixes can be made now."""
        wrong = self.state in (CheckState.FAILED, CheckState.WARNING)
        return bool(self.fixes) and (wrong or (self.choice and self.state is CheckState.OK))

    @property
    def to_fix(self) -> bool:
        """Whether this stands between the project and its first job."""
        fixable = self.state is CheckState.WARNING and bool(self.fixes)
        return not self.optional and (self.state is CheckState.FAILED or fixable)


def merged(fixes: Iterable[Fix]) -> tuple[Fix, ...]:
    """The same changes in as few calls as possible, in an order in which each finds what it needs."""
    services: dict[str, None] = {}
    roles: dict[str, dict[str, None]] = {}
    rest: dict[Fix, None] = {}
    for fix in fixes:
        match fix:
            case EnableApis(names):
                services.update(dict.fromkeys(names))
            case GrantRoles(member, names):
                roles.setdefault(member, {}).update(dict.fromkeys(names))
            case _:
                rest[fix] = None
    found: list[Fix] = [EnableApis(tuple(services))] if services else []
    found += [GrantRoles(member, tuple(names)) for member, names in roles.items()]
    return tuple(sorted((*found, *rest), key=lambda fix: _ORDER.index(type(fix))))


_ORDER: tuple[type[Fix], ...] = (
    SignIn,
    SetSetting,
    EnableApis,
    MakeAgents,
    GrantRoles,
    CreateBucket,
    GrantOnBucket,
    GrantOnAccount,
    Revoke,
    SetSecret,
    SetServiceAccount,
)


def part_of(part: Fix, whole: Fix) -> bool:
    """Whether carrying out `whole` carries out `part`."""
    match part, whole:
        case EnableApis(some), EnableApis(every):
            return set(some) <= set(every)
        case GrantRoles(member, some), GrantRoles(other, every):
            return member == other and set(some) <= set(every)
        case _:
            return part == whole


def safe_rows(checks: Iterable[Check]) -> tuple[Check, ...]:
    """The rows that "fix all" puts right, also those that still wait.

    What waits for a bucket that will not be made, for its row was taken as it is, is left out.
    """
    rows = tuple(checks)
    wanted = (CheckState.FAILED, CheckState.WARNING, CheckState.SKIPPED)
    given_up = {
        fix.name
        for check in rows
        for fix in check.fixes
        if check.state is CheckState.ACCEPTED and isinstance(fix, CreateBucket)
    }

    def is_wanted(check: Check) -> bool:
        if check.state not in wanted or check.by_hand or not check.fixes:
            return False
        return not any(isinstance(fix, GrantOnBucket) and fix.bucket in given_up for fix in check.fixes)

    return tuple(filter(is_wanted, rows))


def safe_fixes(checks: Iterable[Check]) -> tuple[Fix, ...]:
    """All changes that "fix all" makes, merged and in order."""
    return merged(fix for check in safe_rows(checks) for fix in check.fixes)


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
