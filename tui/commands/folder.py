"""The argument that names a folder to write to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click


class Folder(click.Path):
    """A folder that need not be there; an empty name is none, not the one that one is in, and `-` is none."""

    def __init__(self) -> None:
        super().__init__(file_okay=False, path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:  # noqa: ANN401
        """As click does."""
        if value == "":
            self.fail("an empty name is no folder", param, ctx)
        if value == "-":
            self.fail(
                "- is stdout elsewhere, and here it is no folder; for one of that name write ./-", param, ctx
            )
        return super().convert(value, param, ctx)
