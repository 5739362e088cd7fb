"""Whether an earlier session left unsaved specs, without reading them or importing what does."""

from __future__ import annotations

from tui.services.paths import Paths

JOURNALS = "spec"
"""The folder of kept texts below the journals' folder."""
LENT = "editor"
"""The folder of texts that are in the user's own editor, below the state folder."""


def has_kept(paths: Paths) -> bool:
    """Whether there may be some: one that another session is editing counts, too."""
    places = (paths.journals_dir / JOURNALS).glob("*.json"), (paths.state_dir / LENT).glob("*/note.json")
    return any(next(place, None) is not None for place in places)
