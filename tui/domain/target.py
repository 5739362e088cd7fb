"""Where calls go: Google Cloud or the stand-in on this box."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

PROJECT = "{project}"
"""Stands in `Target.log_resources` for the id of the project that is asked about."""


class Transport(StrEnum):
    """How the generated clients talk: `auto` tries gRPC with a read and falls back to REST."""

    AUTO = "auto"
    GRPC = "grpc"
    REST = "rest"


@dataclass(frozen=True, slots=True)
class LocalEndpoint:
    """Addresses of a running stand-in."""

    grpc_address: str
    """gRPC target, `unix:/…/grpc.sock`."""
    http_url: str
    """Base of the REST and Storage JSON APIs, `http://127.0.0.1:PORT`, without a trailing slash."""
    log_reads: float = 60.0
    """`entries.list` calls a minute that it answers; 0 for no limit."""


@dataclass(frozen=True, slots=True)
class Target:
    """One project in one region, reached one way; endpoint and credentials are the only difference."""

    project: str
    """Project id; empty when none is known yet."""
    region: str
    """Vertex AI region, e.g. `europe-west4`."""
    transport: Transport = Transport.AUTO
    local: LocalEndpoint | None = None
    """The stand-in's addresses, or None for Google Cloud."""
    quota_project: str = ""
    """Project charged for API quota (`x-goog-user-project`); empty for the credentials' own."""

    read_only: bool = False
    """Whether every change of the project, its jobs and its objects is refused."""
    login: str = "adc"
    """Whose credentials to use: `adc`, or `gcloud` for the token of gcloud's own login."""
    log_resources: tuple[str, ...] = ()
    """Names of resources whose logs are read, of whatever project; the project's own if empty."""
    diverted: bool = False
    """Whether Google's names lead to the stand-in, by the environment of `vertex-tui local env`."""

    @property
    def is_local(self) -> bool:
        """Whether nothing of this costs money."""
        return self.local is not None or self.diverted
