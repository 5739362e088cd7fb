"""What this box says about logins: read from its files and environment, without the network."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from tui.domain.setup.facts import Box
from tui.services.gcloud_config import GcloudConfig, config_dir, read_gcloud

DEFAULT_FILE = "application_default_credentials.json"
_SSH = ("SSH_CONNECTION", "SSH_TTY", "SSH_CLIENT")
_PROXIES = ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
"""The order of the libraries that make the calls."""


def read_box(environ: Mapping[str, str] | None = None, gcloud: GcloudConfig | None = None) -> Box:
    """What can be told of logins here; looks at the disk, so for a thread.

    Args:
        environ: the environment; that of this process by default.
        gcloud: gcloud's configuration if it has been read already.
    """
    env = os.environ if environ is None else environ
    config = gcloud or read_gcloud(env)
    default = config_dir(env) / DEFAULT_FILE
    variable = env.get("GOOGLE_APPLICATION_CREDENTIALS", "")
    return Box(
        gcloud=shutil.which("gcloud", path=env.get("PATH", "")) or "",
        gcloud_account=_value(env, config, "core", "account"),
        # A list stands for a chain, whose last account is the one that acts.
        gcloud_impersonates=_value(env, config, "auth", "impersonate_service_account")
        .rpartition(",")[2]
        .strip(),
        over_ssh=any(env.get(name) for name in _SSH),
        credentials_variable=_from_home(Path(variable), env) if variable else "",
        default_file=_from_home(default, env),
        proxy=next((_without_password(env[name]) for name in _PROXIES if env.get(name)), ""),
    )


def _value(env: Mapping[str, str], config: GcloudConfig, section: str, name: str) -> str:
    """A property of gcloud's: the environment goes before the configuration."""
    return env.get(f"CLOUDSDK_{section}_{name}".upper()) or config.values.get(f"{section}/{name}", "")


def _from_home(path: Path, env: Mapping[str, str]) -> str:
    """A path with `~` for the home folder."""
    try:
        home = Path(env.get("HOME") or Path.home())
        return str(Path("~") / path.relative_to(home))
    except (ValueError, RuntimeError):  # elsewhere, or no home folder
        return str(path)


def _without_password(url: str) -> str:
    """A proxy's address with the user's name, if it has one, and never the password."""
    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "(an address that cannot be read)"
    user = f"{parts.username}@" if parts.username else ""
    return urlunsplit((parts.scheme, f"{user}{parts.hostname or ''}{port}", "", "", ""))
