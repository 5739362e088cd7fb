"""`config.toml`: reading and checking it, with the place of whatever is wrong."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tui.services import settings
from tui.services.paths import show_path
from tui.services.settings import SETTINGS, Kind, Setting
from tui.services.toml_places import KeyPath, Place

PROFILE = "profile"
"""The top-level key that names the profile used by default."""

PROFILES = "profiles"
"""The table whose tables are the profiles."""

BY_PATH: Mapping[KeyPath, Setting] = {setting.path: setting for setting in SETTINGS}
"""All settings by their path."""

_GROUPS = {setting.path[:-1] for setting in SETTINGS if len(setting.path) > 1}

_PLACE_IN_MESSAGE = re.compile(r"\s*\(at line (\d+), column (\d+)\)$")


class ConfigError(Exception):
    """A configuration that cannot be used, in one sentence that says where and what to do.

    Attributes:
        message: what is wrong, without the place.
        file: the file at fault, or None for a flag, a variable or gcloud.
        place: line and column in it, if known.
        key: the key at fault, with dots, or an empty string.
    """

    def __init__(
        self, message: str, file: Path | None = None, place: Place | None = None, key: str = ""
    ) -> None:
        super().__init__(message)
        self.message = message
        self.file = file
        self.place = place
        self.key = key

    def __str__(self) -> str:
        where = [show_path(self.file)] if self.file else []
        if self.place:
            where += [str(self.place.line), str(self.place.column)]
        return f"{':'.join(where)}: {self.message}" if where else self.message


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """A checked `config.toml`."""

    path: Path
    """Where it lies, or would lie."""
    data: Mapping[str, Any] = field(default_factory=dict)
    """What it says; empty if there is no file."""
    places: Mapping[KeyPath, Place] = field(default_factory=dict)
    """Where each key stands."""

    @property
    def profile(self) -> str:
        """The profile that the file chooses, or an empty string."""
        chosen: str = self.data.get(PROFILE, "")
        return chosen

    @property
    def profiles(self) -> tuple[str, ...]:
        """The names of all profiles, in the file's order."""
        return tuple(self.data.get(PROFILES, {}))

    def value(self, setting: Setting, profile: str = "") -> tuple[settings.Value, KeyPath] | None:
        """The value for a setting in a profile or, without one, at the top level; None if it is not set."""
        table: Any = self.data
        path = (PROFILES, profile, *setting.path) if profile else setting.path
        for name in path:
            if name not in table:
                return None
            table = table[name]
        return (table, path) if table not in ("", {}) else None

    def origin(self, path: KeyPath, profile: str = "") -> str:
        """Where a value stands, e.g. `~/.config/vertex-tui/config.toml:12 (profile lab)`."""
        place = self.places.get(path)
        text = f"{show_path(self.path)}:{place.line}" if place else show_path(self.path)
        return f"{text} (profile {profile})" if profile else text


def read_config(path: Path, *, must_exist: bool = False) -> ConfigFile:
    """Read and check a configuration file; a missing one says nothing, unless the user named it.

    Raises:
        ConfigError: it cannot be read, is not TOML, or has a wrong key or value.
    """
    text = read_text(path)
    if text is None:
        if must_exist:
            raise ConfigError(
                "there is no such file; write it with: vertex-tui config set KEY VALUE --config FILE", path
            )
        return ConfigFile(path)
    return check_config(path, text)


def read_text(path: Path) -> str | None:
    """The text of a configuration file with its line ends as they are; None if there is no file.

    Raises:
        ConfigError: it is a folder, unreadable, or not UTF-8.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    except IsADirectoryError:
        raise ConfigError("this is a folder, and the configuration is a file", path) from None
    except OSError as error:
        raise ConfigError(f"the file cannot be read: {error.strerror}", path) from error
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        place = Place(before.count(b"\n") + 1, error.start - before.rfind(b"\n"))
        raise ConfigError("the file is not UTF-8 text; save it as UTF-8", path, place) from error


def check_config(path: Path, text: str) -> ConfigFile:
    """Parse `text` as the configuration of `path` and check every key, also of profiles not in use."""
    import tomllib  # noqa: PLC0415  # without a file there is nothing to parse on the way to the first frame

    from tui.services.toml_scan import find_places  # noqa: PLC0415

    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _syntax_error(path, text, str(error)) from error
    except RecursionError:
        raise ConfigError("the file nests its values too deeply", path) from None
    config = ConfigFile(path, data, find_places(text))
    _Checker(config).check()
    return config


def nearest(name: str, known: Iterable[str]) -> str:
    """A hint that names the known name most like `name`, or lists what there is."""
    import difflib  # noqa: PLC0415  # only mistakes need it

    names = list(known)
    close = difflib.get_close_matches(name, names, n=1) or [item for item in names if name in item.split(".")]
    if close:
        return f"did you mean {close[0]}?"
    return f"there are: {', '.join(names)}" if names else "there are none"


def _syntax_error(path: Path, text: str, message: str) -> ConfigError:
    match = _PLACE_IN_MESSAGE.search(message)
    if match:
        place = Place(int(match[1]), int(match[2]))
        message = message[: match.start()]
    else:
        message = message.removesuffix(" (at end of document)") + " at the end of the file"
        lines = text.split("\n")
        place = Place(len(lines), len(lines[-1]) + 1)
    return ConfigError(f"this is not valid TOML: {message[0].lower()}{message[1:]}", path, place)


class _Checker:
    """Checks all keys of one file; the first wrong one in the file's order is the error."""

    def __init__(self, config: ConfigFile) -> None:
        self._config = config

    def check(self) -> None:
        for name, value in self._config.data.items():
            if name == PROFILE:
                self._expect((name,), isinstance(value, str), "must be a string, the name of a profile")
            elif name == PROFILES:
                self._profiles(value)
            else:
                self._entry((name,), value, ())
        chosen = self._config.profile
        if chosen and chosen not in self._config.profiles:
            hint = nearest(chosen, self._config.profiles)
            self._fail((PROFILE,), f"there is no [profiles.{chosen}]; {hint}")

    def _profiles(self, value: object) -> None:
        self._expect((PROFILES,), isinstance(value, Mapping), "must be tables such as [profiles.lab]")
        for name, table in self._table(value):
            path = (PROFILES, name)
            self._expect(path, isinstance(table, Mapping), f"must be a table: write [profiles.{name}]")
            for key, entry in self._table(table):
                self._entry((*path, key), entry, path)

    def _entry(self, path: KeyPath, value: object, base: KeyPath) -> None:
        relative = path[len(base) :]
        setting = BY_PATH.get(relative)
        if setting is not None:
            self._setting(setting, path, value)
        elif relative in _GROUPS:
            self._expect(path, isinstance(value, Mapping), f"must be a table: write [{'.'.join(path)}]")
            for name, entry in self._table(value):
                self._entry((*path, name), entry, base)
        else:
            self._unknown(path, relative, base)

    def _setting(self, setting: Setting, path: KeyPath, value: object) -> None:
        wrong = settings.problem(setting, value)
        self._expect(path, not wrong, wrong)
        if setting.kind is Kind.TABLE:
            for name, entry in self._table(value):
                nested = isinstance(entry, Mapping)
                hint = f'; put quotes round a name with dots: "{name}.…"' if nested else ""
                self._expect((*path, name), isinstance(entry, str), f"must be a string{hint}")

    def _unknown(self, path: KeyPath, relative: KeyPath, base: KeyPath) -> None:
        name = relative[-1]
        if name in settings.BY_KEY:
            self._fail(path, f"is not a key; leave out the quotes round {name}")
        siblings = [item.path for item in SETTINGS if item.path[: len(relative) - 1] == relative[:-1]]
        known = {item[len(relative) - 1] for item in siblings}
        if not base and len(relative) == 1:
            known |= {PROFILE, PROFILES}
        self._fail(path, f"is not a key; {nearest(name, sorted(known))}")

    def _expect(self, path: KeyPath, condition: bool, message: str) -> None:  # noqa: FBT001
        if not condition:
            self._fail(path, message)

    def _fail(self, path: KeyPath, message: str) -> None:
        key = ".".join(path)
        raise ConfigError(f"{key} {message}", self._config.path, self._config.places.get(path), key)

    @staticmethod
    def _table(value: object) -> Iterable[tuple[str, object]]:
        return value.items() if isinstance(value, Mapping) else ()
