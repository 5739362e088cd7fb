"""Who asks, in which project, and with what rights: Resource Manager, Service Usage, IAM."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class LoginKind(StrEnum):
    """What kind of credentials calls are made with; each has next steps of its own."""

    USER = "your own login"
    KEY = "a service account key"
    IMPERSONATED = "an impersonated service account"
    WORKFORCE = "a workforce identity"
    WORKLOAD = "a workload identity"
    MACHINE = "the account of this machine"
    GCLOUD = "gcloud's own login"
    TOKEN = "an access token"  # noqa: S105  # the kind's name
    LOCAL = "local"
    OTHER = "credentials of another kind"


@dataclass(frozen=True, slots=True)
class Identity:
    """The credentials that calls are made with."""

    account: str
    """E-mail; empty when the credentials have none or do not tell it."""
    source: str
    """Where they were found, e.g. `application default credentials` or `local`."""
    quota_project: str = ""
    kind: LoginKind = LoginKind.OTHER
    principal: str = ""
    """`principal://…` of a workforce or workload identity, which has no e-mail."""
    behind: str = ""
    """Who impersonates `account`; empty if nobody does, or if it cannot be told."""
    path: str = ""
    """The file they were read from, `~` for the home folder; empty if there is none."""
    expires: datetime | None = None
    """When the present token ends; it is renewed by itself unless `kind` is TOKEN."""
    scopes: tuple[str, ...] = ()
    """OAuth scopes of a machine's account, which no role can widen; empty for every other kind."""
    skew_seconds: float | None = None
    """How far this box's clock is ahead of Google's; None when that was not seen."""

    @property
    def shown(self) -> str:
        """The account for a header: `impersonated me → account` where somebody stands behind it."""
        name = self.account or self.principal
        if self.kind is LoginKind.IMPERSONATED or self.behind:
            return f"impersonated {self.behind} → {name}".replace("  ", " ")
        return name


@dataclass(frozen=True, slots=True)
class Project:
    """`google.cloud.resourcemanager.v3.Project`."""

    project_id: str
    number: str
    state: str
    display_name: str = ""


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    """`google.iam.admin.v1.ServiceAccount`."""

    email: str
    disabled: bool = False


@dataclass(frozen=True, slots=True)
class QuotaLimits:
    """The limits of one quota metric, in vCPUs, accelerators or GB; -1 stands for none."""

    metric: str
    by_region: Mapping[str, int] = field(default_factory=dict)
    elsewhere: int | None = None
    """The limit in regions that are not named; None when it was not told."""

    def of(self, region: str) -> int | None:
        """The limit in a region; None when it was not told."""
        return self.by_region.get(region, self.elsewhere)


@dataclass(frozen=True, slots=True)
class OrganizationPolicy:
    """What an organization policy's constraint allows in the project, all parents taken together."""

    constraint: str
    """Such as `constraints/gcp.resourceLocations`."""
    allowed: tuple[str, ...] = ()
    """Values and groups of values (`in:eu-locations`); empty when all that is not denied is allowed."""
    denied: tuple[str, ...] = ()
    allows_none: bool = False
    """Whether every value is denied."""


class ApiState(StrEnum):
    """`google.api.serviceusage.v1.State`."""

    ENABLED = "ENABLED"
    DISABLED = "DISABLED"
    UNKNOWN = "STATE_UNSPECIFIED"


@dataclass(frozen=True, slots=True)
class Binding:
    """One role given to members, perhaps under a condition (`google.iam.v1.Binding`)."""

    role: str
    members: tuple[str, ...]
    condition: str = ""
    """The condition's expression; empty for an unconditional binding."""


@dataclass(frozen=True, slots=True)
class Policy:
    """A project's IAM policy, read at version 3."""

    bindings: tuple[Binding, ...]
    etag: bytes = b""

    def roles_of(self, member: str) -> frozenset[str]:
        """Roles that `member` holds without a condition."""
        return frozenset(
            binding.role for binding in self.bindings if member in binding.members and not binding.condition
        )
