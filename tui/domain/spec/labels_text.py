"""Labels as a text to edit, and back."""

from __future__ import annotations

from collections.abc import Mapping

from tui.domain.jobs import OWN_LABEL
from tui.domain.spec.override import OverrideError
from tui.domain.spec.rules.labels import label_problem


def parse_labels(text: str) -> dict[str, str]:
    """The labels that `team=a, run=3` means.

    Raises:
        OverrideError: it is something else, or the service does not take such a label.
    """
    found: dict[str, str] = {}
    for part in filter(None, (part.strip() for part in text.replace("\n", ",").split(","))):
        key, sign, value = (piece.strip() for piece in part.partition("="))
        if not sign:
            raise OverrideError(f"Write KEY=VALUE instead of {part}.")
        if key == OWN_LABEL:
            raise OverrideError(f"{OWN_LABEL} is set by this app for every submission.")
        for piece, is_key in ((key, True), (value, False)):
            if wrong := label_problem(piece, key=is_key):
                raise OverrideError(f"{'The key' if is_key else 'The value of'} {key} {wrong}.")
        found[key] = value
    return found


def labels_text(labels: Mapping[str, str]) -> str:
    """Labels as `parse_labels` reads them."""
    return ", ".join(f"{key}={value}" for key, value in labels.items())
