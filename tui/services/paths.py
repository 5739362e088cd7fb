"""The one place that says where vertex-tui keeps its own files."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

APP = "vertex-tui"
"""The name of the app's folders."""

HOME_VARIABLE = "VERTEX_TUI_HOME"
"""Environment variable that puts everything below one folder (tests, portable installations)."""

CONFIG_VARIABLE = "VERTEX_TUI_CONFIG"
"""Environment variable that names the configuration file."""

PRIVATE = 0o700
"""Mode of every folder of ours: its owner only."""


@dataclass(frozen=True, slots=True)
class Paths:
    """All files and folders of vertex-tui; nothing is created before it is used."""

    config_file: Path
    """The configuration, `config.toml`."""
    state_dir: Path
    """What may be lost without harm to results: journals, logs."""
    data_dir: Path
    """What must be kept: the local server's jobs and files."""

    @property
    def config_dir(self) -> Path:
        """The configuration file's folder."""
        return self.config_file.parent

    @property
    def secrets_file(self) -> Path:
        """Values that specs refer to by name; must be readable by its owner only."""
        return self.config_dir / "secrets.toml"

    @property
    def local_dir(self) -> Path:
        """The local server's data directory."""
        return self.data_dir / "local"

    @property
    def journals_dir(self) -> Path:
        """Journals of unsaved text, submissions and transfers."""
        return self.state_dir / "journals"

    @property
    def spill_dir(self) -> Path:
        """Room for log lines that are too many for memory; the files in it have no names."""
        return self.state_dir / "lines"

    @property
    def debug_log(self) -> Path:
        """The debug log, which also takes what libraries write to descriptor 2."""
        return self.state_dir / "debug.log"


def find_paths(environ: Mapping[str, str], config: Path | None = None) -> Paths:
    """The paths for this user; `config` (a flag) goes before `VERTEX_TUI_CONFIG`, that before the default.

    The defaults are the platform's folders (`platformdirs`), or lie below `VERTEX_TUI_HOME` if that is set.
    """
    home = environ.get(HOME_VARIABLE, "")
    if home:
        base = _absolute(Path(home))
        config_dir, state, data = base / "config", base / "state", base / "data"
    else:
        config_dir, state, data = _platform_dirs()
    named = config or (Path(environ[CONFIG_VARIABLE]) if environ.get(CONFIG_VARIABLE) else None)
    return Paths(_absolute(named) if named else config_dir / "config.toml", state, data)


def private_dir(path: Path) -> Path:
    """Create `path` and what is missing above it, make it 0700 and return it.

    Raises:
        OSError: it cannot be created, or belongs to somebody else.
    """
    if not path.is_dir():
        _make_private(path)
    if path.stat().st_mode & 0o777 != PRIVATE:
        path.chmod(PRIVATE)
    return path


def show_path(path: Path) -> str:
    """`path` as a person writes it: with `~` for the home folder."""
    try:
        return f"~{os.sep}{path.relative_to(Path.home())}"
    except (ValueError, RuntimeError):
        return str(path)


def _make_private(path: Path) -> None:
    missing = [path, *(parent for parent in path.parents if not parent.exists())]
    for folder in sorted(set(missing), key=lambda item: len(item.parts)):
        folder.mkdir(mode=PRIVATE, exist_ok=True)


def _absolute(path: Path) -> Path:
    return Path(os.path.abspath(path.expanduser()))  # noqa: PTH100  # resolve() would follow a link to dotfiles


def _platform_dirs() -> tuple[Path, Path, Path]:
    from platformdirs import PlatformDirs  # noqa: PLC0415  # not needed for `--help`

    dirs = PlatformDirs(APP, appauthor=False)
    return dirs.user_config_path, dirs.user_state_path, dirs.user_data_path
