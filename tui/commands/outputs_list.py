"""What lies at a place in Cloud Storage, page by page: nothing is held that was printed."""

from __future__ import annotations

from collections.abc import Iterator

from tui.commands.exits import Exit
from tui.commands.output import json_text, pad, progress_done, say
from tui.commands.outputs_place import SCHEME, Where, nothing_there
from tui.commands.table import Column, say_table
from tui.commands.times import rfc3339_of
from tui.domain.storage import Amount, GcsUri, Listing, ObjectInfo
from tui.domain.storagewords import when
from tui.domain.text import size

_SHAPE = (Column("SIZE", right=True), Column("UPDATED"), Column("PATH", give=True))
_SIZE, _UPDATED = 10, 16
"""Columns of sizes and times, so that all pages have the same."""


async def list_place(where: Where, *, recursive: bool, as_json: bool) -> Exit:
    """Print what lies there, and how much that is.

    Raises:
        CloudError: a page could not be read; those before it are printed.
        CommandLineError: nothing lies there.
    """
    printer = _Json() if as_json else _Table()
    if where.item is not None:
        printer.page(where.uri, Listing((), (where.item,)))
    else:
        token = ""
        while True:
            listing = await where.gateway.storage.list_objects(
                where.uri, recursive=recursive, page_token=token
            )
            printer.page(where.uri, listing)
            if not (token := listing.next_page_token):
                break
    printer.end()
    if where.uri.name and not (printer.total.count or printer.folders):
        raise nothing_there(where)
    return Exit.OK


class _Table:
    """A table whose pages are aligned alike, and a last line with the sum."""

    def __init__(self) -> None:
        self.total = Amount()
        self.folders = 0
        self._begun = False

    def page(self, place: GcsUri, listing: Listing) -> None:
        """Print one page."""
        self.total += Amount(len(listing.objects), sum(item.size for item in listing.objects))
        self.folders += len(listing.prefixes)
        rows = list(self._rows(place, listing))
        if rows:
            say_table(_SHAPE, rows, header=not self._begun)
            self._begun = True

    def end(self) -> None:
        """Print the sum."""
        progress_done()
        if not self._begun:
            return
        count, folders = self.total.count, self.folders
        parts = [f"{count:,} object{'' if count == 1 else 's'}"] if count or not folders else []
        parts += [f"{folders:,} folder{'' if folders == 1 else 's'}"] if folders else []
        amount = size(self.total.bytes) if count else ""
        say(f"{pad(amount, _SIZE, right=True)}  {', '.join(parts)}")

    def _rows(self, place: GcsUri, listing: Listing) -> Iterator[tuple[str, str, str]]:
        for name in listing.prefixes:
            yield " " * _SIZE, " " * _UPDATED, f"{SCHEME}{place.bucket}/{name}"
        for item in listing.objects:
            amount = pad(size(item.size), _SIZE, right=True)
            yield amount, pad(when(item.updated), _UPDATED), str(item.uri)


class _Json(_Table):
    """One JSON list, an object a line, printed as it comes."""

    def __init__(self) -> None:
        super().__init__()
        self._held = ""
        """The last line, which a comma may have to follow."""

    def page(self, place: GcsUri, listing: Listing) -> None:
        """Print one page."""
        self.total += Amount(len(listing.objects), 0)
        self.folders += len(listing.prefixes)
        records = [_folder(GcsUri(place.bucket, name)) for name in listing.prefixes]
        lines = [json_text(each) for each in (*records, *map(_record, listing.objects))]
        if not lines:
            return
        *ready, held = [self._held, *lines] if self._begun else ["[", *lines]
        head = [ready[0]] if not self._begun else []
        say("\n".join([*head, *(f"{line}," for line in ready[len(head) :])]))
        self._held, self._begun = held, True

    def end(self) -> None:
        """Close the list."""
        say(f"{self._held}\n]" if self._begun else "[]")


def _record(item: ObjectInfo) -> dict[str, object]:
    return {
        "uri": str(item.uri),
        "size": item.size,
        "updated": rfc3339_of(item.updated),
        "generation": item.generation,
        "content_type": item.content_type,
    }


def _folder(place: GcsUri) -> dict[str, object]:
    """What stands for everything below a prefix."""
    return {"uri": str(place), "size": None, "updated": None, "generation": None, "content_type": None}
