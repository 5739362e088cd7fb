"""Writing `config.toml`, with comments and order kept, and the example file."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Mapping, MutableMapping
from itertools import groupby
from pathlib import Path
from typing import Any

from tui.services import settings
from tui.services.config_file import PROFILE, PROFILES, ConfigError, check_config, nearest, read_text
from tui.services.files import write_atomic
from tui.services.paths import private_dir
from tui.services.settings import BY_KEY, SETTINGS, Kind, Setting, Value
from tui.services.toml_places import KeyPath

_WIDTH = 100


def parse_argument(key: str, text: str) -> tuple[KeyPath, Value]:
    """The path and the typed value that `config set KEY TEXT` means; `keys.NAME` is a key of that table.

    Raises:
        ConfigError: there is no such key, or the value does not fit.
    """
    if key == PROFILE:
        return (PROFILE,), text
    table, _, name = key.partition(".")
    if name and table in BY_KEY and BY_KEY[table].kind is Kind.TABLE:
        return (table, name), text
    setting = BY_KEY.get(key)
    if setting is None or setting.kind is Kind.TABLE:
        known = [item.key for item in SETTINGS if item.kind is not Kind.TABLE] + [PROFILE, "keys.NAME"]
        raise ConfigError(f"{key} is not a key; {nearest(key, known)}", key=key)
    try:
        return setting.path, settings.parse(setting, text)
    except ValueError as error:
        raise ConfigError(f"{key} {error}", key=key) from error


def save(path: Path, key: str, text: str, profile: str = "") -> None:
    """Set one key in the file, at the top level or in a profile, creating file and profile if need be.

    The rest of the file stays as it is. What was written is read again before it replaces the old file.

    Raises:
        ConfigError: key, value or the present file is wrong, or the file cannot be written.
    """
    import tomlkit  # noqa: PLC0415  # reading never needs it

    where, value = parse_argument(key, text)
    if profile and key == PROFILE:
        raise ConfigError("a profile cannot choose a profile", key=key)
    where = (PROFILES, profile, *where) if profile else where
    old = read_text(path) or ""
    expected = _with(check_config(path, old).data, where, value)
    document = tomlkit.parse(old)
    _put(document, where, value)
    new = tomlkit.dumps(document)
    if check_config(path, new).data != expected:
        raise ConfigError(
            f"the file's form is too unusual to change it safely; set {key} by hand", path, key=key
        )
    try:
        if not path.parent.exists():
            private_dir(path.parent)
        write_atomic(path, new.encode())
    except OSError as error:
        raise ConfigError(f"the file cannot be written: {error.strerror}", path) from error


def example() -> str:
    """The text of `config.example.toml`: every key at its default, switched off by a `#`."""
    blocks = [
        _HEAD,
        _entry(PROFILE, "", "The profile to use; empty for none. A profile is a table as at the end."),
    ]
    for table, group in groupby(SETTINGS, key=_table):
        if table:
            blocks.append(f"[{table}]")
        blocks += [_setting(setting) for setting in group]
    return "\n\n".join([*blocks, _PROFILE_EXAMPLE]) + "\n"


_HEAD = """\
# The settings of vertex-tui, each at its default and switched off. Copy this file to the place that
# `vertex-tui config path` prints, and remove the sign before each line that you change. Flags and
# environment variables go before this file, and this file goes before gcloud's configuration;
# `vertex-tui config show` says where each value came from."""

_PROFILE_EXAMPLE = """\
# A profile holds any of the keys above; choose it with `--profile lab` or `profile = "lab"`.
#[profiles.lab]
#project = "kelp-train"
#region = "europe-west4"
#[profiles.lab.jobs]
#poll_seconds = 10.0"""


def _table(setting: Setting) -> str:
    return setting.key if setting.kind is Kind.TABLE else ".".join(setting.path[:-1])


def _setting(setting: Setting) -> str:
    if setting.kind is Kind.TABLE:
        return _comment(setting.about)
    about = f"{setting.about} One of: {', '.join(setting.choices)}." if setting.choices else setting.about
    return _entry(setting.path[-1], setting.default, about)


def _entry(name: str, value: Value, about: str) -> str:
    return f"{_comment(about)}\n#{name} = {json.dumps(value, ensure_ascii=False)}"


def _comment(text: str) -> str:
    return "\n".join(f"# {line}" for line in textwrap.wrap(text, _WIDTH))


def _put(document: MutableMapping[str, Any], where: KeyPath, value: Value) -> None:
    import tomlkit  # noqa: PLC0415  # reading never needs it

    table = document
    for depth, name in enumerate(where[:-1]):
        if name not in table:
            last = depth == len(where) - 2
            table[name] = tomlkit.table(is_super_table=not last)
        table = table[name]
    table[where[-1]] = value


def _with(data: Mapping[str, Any], where: KeyPath, value: Value) -> dict[str, Any]:
    first, *rest = where
    inner = _with(data.get(first, {}), tuple(rest), value) if rest else value
    return {**data, first: inner}
