"""The words for places and times of Cloud Storage, the same on the screen and in a command."""

from __future__ import annotations

from datetime import datetime

from tui.domain.storage import GcsUri
from tui.domain.target import Target
from tui.domain.text import printable


def when(moment: datetime | None) -> str:
    """A time on this box's clock, to the minute."""
    return moment.astimezone().strftime("%Y-%m-%d %H:%M") if moment is not None else ""


def place_name(place: GcsUri | None) -> str:
    """A place as it is shown: a bucket without its slash, None for all of them."""
    if place is None:
        return "all buckets"
    return printable(str(place) if place.name else f"gs://{place.bucket}")


def where_line(target: Target) -> str:
    """Whose storage it is, and whether that costs."""
    if target.is_local:
        return "LOCAL: on this box, nothing is billed."
    return f"Google Cloud, project {target.project}."
