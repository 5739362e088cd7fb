"""gcloud's active configuration, read from its own files and never written.

The rules are those of Google Cloud CLI 528 (`googlecloudsdk/core/configurations/named_configs.py`): the name
comes from `CLOUDSDK_ACTIVE_CONFIG_NAME`, else the file `active_config`; `NONE` means none at all.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

_VALID_NAME = re.compile(r"[a-z][-a-z0-9]*")
_NONE = "NONE"


@dataclass(frozen=True, slots=True)
class GcloudConfig:
    """What gcloud would use, as far as it concerns us."""

    name: str = ""
    """The active configuration; empty if gcloud was never used here."""
    values: Mapping[str, str] = field(default_factory=dict)
    """Its properties by `section/name`, e.g. `core/project`."""
    problem: str = ""
    """Why it could not be read, in one sentence, or an empty string."""

    @property
    def account(self) -> str:
        """The account gcloud is logged in with; not that of Application Default Credentials."""
        return self.values.get("core/account", "")


def config_dir(environ: Mapping[str, str]) -> Path:
    """The folder of gcloud: `CLOUDSDK_CONFIG`, else the platform's default."""
    if environ.get("CLOUDSDK_CONFIG"):
        return Path(environ["CLOUDSDK_CONFIG"])
    if os.name == "nt":
        return Path(environ.get("APPDATA", "C:")) / "gcloud"
    return Path(environ.get("HOME") or Path.home()) / ".config" / "gcloud"


def read_gcloud(environ: Mapping[str, str]) -> GcloudConfig:
    """The active configuration; a broken file is told in `problem`, since it is not ours to insist on."""
    folder = config_dir(environ)
    name = environ.get("CLOUDSDK_ACTIVE_CONFIG_NAME", "")
    try:
        name = name or _active_name(folder)
        if not _VALID_NAME.fullmatch(name):
            return GcloudConfig(name=name)
        values = _properties(folder / "configurations" / f"config_{name}")
    except FileNotFoundError:
        return GcloudConfig(name=name)
    except (OSError, ValueError) as error:
        reason = str(error).splitlines()[0]
        return GcloudConfig(name=name, problem=f"gcloud's configuration cannot be read: {reason}")
    return GcloudConfig(name=name, values=values)


def _active_name(folder: Path) -> str:
    name = (folder / "active_config").read_text(encoding="utf-8").strip()
    return name if _VALID_NAME.fullmatch(name) or name == _NONE else ""


def _properties(path: Path) -> dict[str, str]:
    text = path.read_text(encoding="utf-8")
    import configparser  # noqa: PLC0415  # many boxes have no such file

    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string(text, str(path))
    except configparser.Error as error:
        raise ValueError(str(error)) from error
    return {
        f"{section}/{name}": value
        for section in parser.sections()
        for name, value in parser.items(section)
        if value
    }
