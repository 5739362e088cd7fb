"""What the app is started with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tui.services.gcloud_config import GcloudConfig
from tui.services.paths import Paths
from tui.services.settings import Origin, Settings, Source


@dataclass(frozen=True, slots=True)
class AppOptions:
    """All that the app is started with."""

    settings: Settings
    """The values in force."""
    origins: Mapping[str, Origin]
    """Where each came from, by dotted key."""
    local: bool
    """Whether the local server is used instead of Google Cloud."""
    spec: Path | None
    """The job spec to open, an existing file."""
    paths: Paths
    """Where the app keeps its own files."""
    diverted: bool = False
    """Whether Google's names lead to the local server, by the environment of `vertex-tui local env`."""
    profile: str = ""
    """The profile in force, or an empty string."""
    gcloud: GcloudConfig = field(default_factory=GcloudConfig)
    """What gcloud's own configuration says."""


def profile_for(options: AppOptions, key: str) -> str:
    """The profile that a setting belongs to: that which sets it or the project; else none."""
    origins = [origin for name in (key, "project") if (origin := options.origins.get(name))]
    return options.profile if any(origin.source is Source.PROFILE for origin in origins) else ""
