"""Who asks, in which project, and with what rights: Resource Manager, Service Usage, IAM."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Identity:
    """The credentials that calls are made with."""

    account: str
    """E-mail or principal; empty when the credentials do not tell."""
    source: str
    """Where they were found, e.g. `application default credentials` or `stand-in`."""
    quota_project: str = ""


@dataclass(frozen=True, slots=True)
class Project:
    """`google.cloud.resourcemanager.v3.Project`."""

    project_id: str
    number: str
    state: str
    display_name: str = ""


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
