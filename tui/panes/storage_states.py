"""What the Storage pane says when a place shows nothing: first use, loading, empty, trouble."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tui.domain.errors import CloudError, ErrorKind
from tui.domain.storage import GcsUri
from tui.domain.storagelist.entries import Mode
from tui.domain.storagewords import place_name
from tui.domain.text import printable
from tui.panes.storage_levels import RETRY_SECONDS
from tui.widgets.state_view import StateView

if TYPE_CHECKING:
    from tui.panes.storage_list import StorageListing


def explain_nothing(pane: StorageListing, state: StateView) -> None:
    """Say why there are no rows, and what to do."""
    name = place_name(pane.place)
    if pane.trouble is not None:
        due = datetime.now(UTC) + timedelta(seconds=RETRY_SECONDS) if pane.retries else None
        state.show_trouble(worded(pane.trouble, pane), since=pane.trouble_since, next_try=due)
    elif pane.gateway is None:
        state.show_loading("Connecting …", datetime.now(UTC))
    elif pane.entries is None:
        state.show_loading(f"Reading {name} …", datetime.now(UTC))
    elif pane.wish.words and pane.entries.count:
        reading = " so far; reading on" if pane.reads_on else ""
        state.show_empty(
            f"No name here holds “{printable(pane.wish.words)}”{reading}.", "esc shows all again"
        )
    elif pane.mode is Mode.DELETED:
        state.show_empty(f"Nothing deleted can be restored in {name}.", "D shows what is there now")
    elif pane.place is None:
        state.show_empty(
            "This project has no buckets yet. Your jobs leave their results in one.",
            f"b creates one in {pane.gateway.target.region} · o opens a gs:// path of another project",
        )
    else:
        state.show_empty(
            f"Nothing lies under {name}.",
            "r looks again · D shows what was deleted · backspace goes up · u shows all buckets",
        )


def needs_payer(error: CloudError | None) -> bool:
    """Whether a call failed because nobody was named who pays for it."""
    if error is None:
        return False
    text = f"{error.title} {error.message} {error.reason}".casefold()
    return "requester pays" in text or "userprojectmissing" in text


def worded(error: CloudError, pane: StorageListing) -> CloudError:
    """The same trouble with the next step in this pane."""
    title, hint, place = error.title, error.hint, pane.place
    if needs_payer(error) and place is not None and pane.gateway is not None:
        title = f"gs://{printable(place.bucket)} is read at the reader's expense (requester pays)"
        payer = printable(pane.gateway.target.project)
        hint = f"P reads it at the expense of {payer}, the project of this session."
    elif error.kind is ErrorKind.NOT_FOUND and place is not None:
        title = f"gs://{printable(place.bucket)} is gone, or never was"
        hint = "Press u for all buckets (D there shows deleted ones), o to open another path, r to retry."
    elif error.kind is ErrorKind.DENIED and place is None:
        hint = f"{hint}\nA bucket you may read can be opened by its path: press o.".strip()
    elif error.kind is ErrorKind.DENIED:
        hint = f"{hint}\nAn object you may read can be opened by its whole path: press o.".strip()
    elif not hint:
        hint = "Press r to try again."
    return CloudError(title, error.message, hint=hint, kind=error.kind, retryable=error.retryable)


def versions_word(place: GcsUri | None) -> str:
    """Why the list of buckets has no earlier versions."""
    return "a bucket has no earlier versions: go into one first" if place is None else ""
