"""The private file that holds values which specs refer to by name."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import cast

import tomlkit
from tomlkit.exceptions import TOMLKitError

from tui.domain.setup.bucket import default_bucket
from tui.domain.spec.references import Layers, Source, is_identifier
from tui.services.files import write_atomic
from tui.services.paths import private_dir, show_path
from tui.services.settings import Settings

_HEADER = "Values for ${NAME} in job specs. Private: readable by you only."


class SecretsError(Exception):
    """The secrets file cannot be used: one short line, the reason, what to do."""

    def __init__(self, title: str, message: str = "", hint: str = "") -> None:
        super().__init__(title, message)
        self.title = title
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return " ".join(part for part in (f"{self.title}: {self.message}", self.hint) if part)


class SecretStore:
    """Names and values in a TOML file of mode 0600; comments and order survive a change."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def values(self) -> dict[str, str]:
        """All of them; empty when there is no file.

        Raises:
            SecretsError: others may read the file, or it is not a table of strings.
        """
        return dict(cast("Mapping[str, str]", self._read().unwrap()))

    def names(self) -> tuple[str, ...]:
        """The names, sorted.

        Raises:
            SecretsError: as `values`.
        """
        return tuple(sorted(self.values()))

    def get(self, name: str) -> str | None:
        """The value of a name.

        Raises:
            SecretsError: as `values`.
        """
        return self.values().get(name)

    def set(self, name: str, value: str) -> None:
        """Store a value; the file is written whole or not at all.

        Raises:
            SecretsError: as `values`, or the name is no C identifier, or the file cannot be written.
        """
        if not is_identifier(name):
            raise SecretsError(
                f"“{name}” cannot name a secret", "Letters, digits and _ only, no digit first."
            )
        document = self._read()
        if not document.body:
            document.add(tomlkit.comment(_HEADER))
        document[name] = value
        self._write(document, "The secret was not stored")

    def delete(self, name: str) -> None:
        """Forget a value; the file is written whole or not at all.

        Raises:
            SecretsError: as `values`, or the file cannot be written.
        """
        document = self._read()
        if name in document:
            del document[name]
            self._write(document, "The secret was not deleted")

    def _write(self, document: tomlkit.TOMLDocument, trouble: str) -> None:
        try:
            private_dir(self.path.parent)
            write_atomic(self.path, tomlkit.dumps(document).encode(), mode=0o600)
        except OSError as failure:
            raise SecretsError(trouble, f"{failure.strerror or failure}.") from failure

    def _read(self) -> tomlkit.TOMLDocument:
        try:
            with self.path.open("rb") as stream:
                self._check_private(os.fstat(stream.fileno()))
                document = tomlkit.parse(stream.read())
        except FileNotFoundError:
            return tomlkit.document()
        except OSError as failure:
            raise SecretsError(
                "The secrets file cannot be read", f"{failure.strerror or failure}."
            ) from failure
        except (TOMLKitError, UnicodeDecodeError) as failure:
            line = getattr(failure, "line", None)  # the parser's own words could quote a value
            where = f"Line {line} is" if line else "It is"
            raise SecretsError(
                "The secrets file cannot be read", f"{where} not TOML.", self._open_it()
            ) from None
        odd = next((name for name, value in document.unwrap().items() if not isinstance(value, str)), None)
        if odd is not None:
            raise SecretsError(
                "The secrets file is wrong", f"{odd} must be a text in quotes.", self._open_it()
            )
        return document

    def _check_private(self, status: os.stat_result) -> None:
        shown = show_path(self.path)
        if status.st_uid != os.geteuid():
            raise SecretsError("The secrets file is not yours", f"{shown} belongs to another user.")
        if stat.S_IMODE(status.st_mode) & 0o077:
            raise SecretsError(
                "Others can read the secrets file",
                f"{shown} has mode {stat.S_IMODE(status.st_mode):04o}, so it is not used.",
                f"Run: chmod 600 {shown}",
            )

    def _open_it(self) -> str:
        return f"Edit {show_path(self.path)}"


def stored_values(path: Path) -> tuple[str, ...]:
    """The values of a secrets file; none while it cannot be used, for then nothing is filled in from it."""
    try:
        return tuple(SecretStore(path).values().values())
    except SecretsError:
        return ()


def value_layers(
    store: SecretStore, environ: Mapping[str, str], settings: Settings, project: str, region: str
) -> Layers:
    """Where `${NAME}` is looked for, in order: the secrets file, the environment, the settings.

    Raises:
        SecretsError: the secrets file cannot be used.
    """
    named = {
        "BUCKET_NAME": settings.bucket or default_bucket(project),
        "PROJECT_ID": project,
        "REGION": region,
    }
    return (
        (Source.SECRETS, store.values()),
        (Source.ENVIRONMENT, dict(environ)),
        (Source.SETTINGS, {name: value for name, value in named.items() if value}),
    )
