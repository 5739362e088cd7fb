"""The findings of Setup that the user took as they are, kept per project."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from tui.services.file_lock import locked
from tui.services.files import write_atomic
from tui.services.paths import private_dir, show_path

FILE = "accepted.json"
"""Below the state folder: `{project: {row id: finding}}`."""

LOCAL = "local/"
"""Before the name of the local server's project, which could be that of a real one."""


class AcceptanceError(Exception):
    """What was accepted cannot be read or kept; the text is one line for the user."""


class Acceptances:
    """One project's accepted findings; a finding that changes asks again, so the text is kept."""

    def __init__(self, folder: Path, project: str, *, local: bool = False) -> None:
        self._path = folder / FILE
        self._project = f"{LOCAL}{project}" if local else project

    def read(self) -> dict[str, str]:
        """Findings by the row's id; empty when there are none.

        Raises:
            AcceptanceError: the file cannot be read, or holds something else.
        """
        return self._everything().get(self._project, {})

    def change(self, row: str, finding: str) -> dict[str, str]:
        """Accept a finding of a row, or take that back with an empty one; what is accepted then.

        The file is read again first and locked meanwhile, so that another session's rows stay.

        Raises:
            AcceptanceError: as `read`, the file cannot be written, or another session holds it too long.
        """
        try:
            private_dir(self._path.parent)
            with locked(self._path):
                return self._changed(row, finding)
        except OSError as failure:
            raise AcceptanceError(f"not kept: {failure.strerror or failure}") from failure

    def _changed(self, row: str, finding: str) -> dict[str, str]:
        everything = self._everything()
        rows = {key: value for key, value in everything.get(self._project, {}).items() if key != row}
        if finding:
            rows[row] = finding
        whole = {key: value for key, value in {**everything, self._project: rows}.items() if value}
        write_atomic(self._path, json.dumps(whole, indent=1, ensure_ascii=False, sort_keys=True).encode())
        return rows

    def _everything(self) -> dict[str, dict[str, str]]:
        try:
            data = json.loads(self._path.read_bytes())
        except FileNotFoundError:
            return {}
        except OSError as failure:
            raise AcceptanceError(
                f"{show_path(self._path)} cannot be read: {failure.strerror or failure}"
            ) from failure
        except (ValueError, RecursionError):
            data = None
        if not _is_right(data):
            raise AcceptanceError(f"{show_path(self._path)} is damaged; remove it to begin anew")
        found: dict[str, dict[str, str]] = data
        return found


def _is_right(data: object) -> bool:
    return isinstance(data, Mapping) and all(
        isinstance(rows, Mapping) and all(isinstance(finding, str) for finding in rows.values())
        for rows in data.values()
    )
