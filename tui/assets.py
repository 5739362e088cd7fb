"""Where the files that ship beside the code lie: in the package when installed, beside it in a checkout."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
"""The folder of the import package `tui`."""


def _beside_or_within(name: str) -> Path:
    within = PACKAGE / name
    return within if within.is_dir() else PACKAGE.parent / name


STYLES = _beside_or_within("styles")
"""The folder of the stylesheets."""

EXAMPLES = _beside_or_within("examples")
"""The folder of the example jobs; read only in an installed package: copy before editing."""
