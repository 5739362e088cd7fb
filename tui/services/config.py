"""The settings in force and where each came from.

Precedence: flags; `VERTEX_TUI_*` and Google's own variables; the chosen profile; the top level of
`config.toml`; gcloud's active configuration; the defaults.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from tui.services import settings
from tui.services.config_file import PROFILE, ConfigError, ConfigFile, nearest, read_config
from tui.services.gcloud_config import GcloudConfig, read_gcloud
from tui.services.paths import CONFIG_VARIABLE, Paths
from tui.services.settings import SETTINGS, Kind, Origin, Setting, Settings, Source, Value

PROFILE_VARIABLE = "VERTEX_TUI_PROFILE"
"""Environment variable that chooses a profile."""

_GOOGLE_ONLY = frozenset({"project", "quota_project"})
_LOCAL = Origin(Source.LOCAL, "the local server's own")


@dataclass(frozen=True, slots=True)
class Configuration:
    """Everything the configuration says."""

    settings: Settings
    """The values in force."""
    origins: Mapping[str, Origin]
    """Where each came from, by dotted key; also of `profile`."""
    profile: str
    """The profile in force, or an empty string."""
    gcloud: GcloudConfig
    """What gcloud's own configuration says."""


def load(
    paths: Paths,
    environ: Mapping[str, str],
    flags: Mapping[str, str | None] | None = None,
    *,
    profile: str | None = None,
    local: bool = False,
    must_exist: bool = False,
) -> Configuration:
    """Find the value of every setting.

    `flags` are by dotted key, None for one that was not given; `profile` is the flag of that name, an
    empty string for none at all. With `local` the project is the local server's own, left empty here.
    With `must_exist` a missing file is an error, as is one that `VERTEX_TUI_CONFIG` names.

    Raises:
        ConfigError: a file, a variable or a flag says something that cannot be used.
    """
    file = read_config(paths.config_file, must_exist=must_exist or bool(environ.get(CONFIG_VARIABLE)))
    chosen, profile_origin = _choose_profile(file, environ, profile)
    gcloud = read_gcloud(environ)
    finder = _Finder(flags or {}, environ, file, chosen, gcloud, local=local)
    values: dict[str, Any] = {}
    origins = {PROFILE: profile_origin}
    for setting in SETTINGS:
        values[setting.attribute], origins[setting.key] = finder.find(setting)
    return Configuration(Settings(**values), MappingProxyType(origins), chosen, gcloud)


def _choose_profile(file: ConfigFile, environ: Mapping[str, str], flag: str | None) -> tuple[str, Origin]:
    if flag is not None:
        chosen, origin = flag, Origin(Source.FLAG, "flag --profile")
    elif environ.get(PROFILE_VARIABLE):
        chosen, origin = environ[PROFILE_VARIABLE], Origin(Source.ENVIRONMENT, PROFILE_VARIABLE)
    elif file.profile:
        return file.profile, Origin(Source.FILE, file.origin((PROFILE,)))
    else:
        return "", Origin(Source.DEFAULT, "default")
    if chosen and chosen not in file.profiles:
        raise ConfigError(
            f"{origin}: there is no profile {chosen!r}; {nearest(chosen, file.profiles)}",
            file.path,
            key=PROFILE,
        )
    return chosen, origin


class _Finder:
    """Asks each place in turn, the strongest first."""

    def __init__(
        self,
        flags: Mapping[str, str | None],
        environ: Mapping[str, str],
        file: ConfigFile,
        profile: str,
        gcloud: GcloudConfig,
        *,
        local: bool,
    ) -> None:
        self._flags = flags
        self._environ = environ
        self._file = file
        self._profile = profile
        self._gcloud = gcloud
        self._local = local

    def find(self, setting: Setting) -> tuple[Value, Origin]:
        if self._local and setting.key in _GOOGLE_ONLY:
            return setting.default, _LOCAL
        for text, origin in self._texts(setting):
            return self._parse(setting, text, origin), origin
        for value, origin in self._file_values(setting):
            return _fitting(setting, value), origin
        for text, origin in self._gcloud_texts(setting):
            return self._parse(setting, text, origin), origin
        default = {} if setting.kind is Kind.TABLE else setting.default
        return default, Origin(Source.DEFAULT, "default")

    def _texts(self, setting: Setting) -> Iterator[tuple[str, Origin]]:
        flag = self._flags.get(setting.key)
        if flag is not None:
            yield flag, Origin(Source.FLAG, f"flag --{setting.key.replace('_', '-')}")
        for variable in (setting.variable, *setting.variables):
            if text := self._environ.get(variable, ""):
                yield text, Origin(Source.ENVIRONMENT, variable)

    def _file_values(self, setting: Setting) -> Iterator[tuple[Value, Origin]]:
        for profile, source in ((self._profile, Source.PROFILE), ("", Source.FILE)):
            if source is Source.PROFILE and not profile:
                continue
            if found := self._file.value(setting, profile):
                value, path = found
                yield value, Origin(source, self._file.origin(path, profile))

    def _gcloud_texts(self, setting: Setting) -> Iterator[tuple[str, Origin]]:
        for name in setting.gcloud:
            if text := self._gcloud.values.get(name, ""):
                place = f"gcloud configuration {self._gcloud.name!r} ({name})"
                yield text, Origin(Source.GCLOUD, place)

    @staticmethod
    def _parse(setting: Setting, text: str, origin: Origin) -> Value:
        try:
            return settings.parse(setting, text)
        except ValueError as error:
            raise ConfigError(f"{origin}: {setting.key} {error}", key=setting.key) from error


def _fitting(setting: Setting, value: Value) -> Value:
    """The file's value in the type of the field: TOML's `5` is a number of seconds too."""
    if setting.kind is Kind.NUMBER and isinstance(value, int):
        return float(value)
    return MappingProxyType(dict(value)) if isinstance(value, Mapping) else value
