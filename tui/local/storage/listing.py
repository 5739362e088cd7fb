"""Listings: a walk over an indexed range of names that skips what a delimiter folds together."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tui.local.storage.errors import invalid
from tui.local.storage.globs import Glob
from tui.local.storage.names import successor
from tui.local.storage.rows import LIVE, NONCURRENT, SOFT_DELETED, ObjectRow, Page, extra_of
from tui.local.storage.schema import COLUMNS
from tui.local.storage.tokens import packed, unpacked

PAGE = 1000
"""Largest and default page."""

FOLDER = 3
"""State of the pseudo rows that stand for folders."""

FOLDERS = """
SELECT 3, name, 0, 0, 0, '', '', '', '', '', '', created, updated, '', '', 0, '', ''
FROM folders WHERE bucket = ? AND (name, 0) > (?, ?)
"""
"""Folders as rows of state `FOLDER`."""

FILTER = re.compile(r"""(-?)contexts\.["']([^"']+)["'](?:\s*=\s*["']([^"']*)["']|\s*:\s*\*)""")

Position = tuple[str, int]
"""A place in a listing: after this name and generation."""


@dataclass(frozen=True, slots=True)
class ListQuery:
    """What `objects.list` asks for."""

    prefix: str = ""
    delimiter: str = ""
    start: str = ""
    """`startOffset`, inclusive."""
    end: str = ""
    """`endOffset`, exclusive; empty for none."""
    versions: bool = False
    soft_deleted: bool = False
    trailing: bool = False
    """`includeTrailingDelimiter`: objects that end with their first delimiter are items as well."""
    glob: Glob | None = None
    wanted: Callable[[ObjectRow], bool] | None = None
    """What `filter` says of an object."""
    folders: bool = False
    """`includeFoldersAsPrefixes`: folders count as prefixes, with nothing in them too."""
    limit: int = PAGE
    token: str = ""


def token_of(position: Position) -> str:
    """The page token that continues after `position`."""
    return packed(*position)


def position_of(token: str) -> Position:
    """Back from a page token.

    Raises:
        StorageError: 400 for a text that no listing gave out.
    """
    return unpacked(token, "pageToken")


def list_page(connection: sqlite3.Connection, bucket: int, query: ListQuery, now: str) -> Page:
    """One page of `query` in the bucket with the row id `bucket`; items and prefixes together fill it."""
    position: Position | None = (max(query.prefix, query.start), -1)
    if query.token:
        position = max((max(query.prefix, query.start), -1), position_of(query.token))
    page = Page([], [], "")
    while position is not None:
        start = position
        for row in _rows(connection, bucket, query, start, now):
            folded = _folded(row.name, query)
            if not folded and not _passes(row, query):
                continue
            if len(page.rows) + len(page.prefixes) >= query.limit:
                return page._replace(token=token_of(position))
            if not folded:
                page.rows.append(row)
                position = (row.name, row.generation)
                continue
            page.prefixes.append(folded)
            if query.trailing and folded == row.name and row.state != FOLDER:
                page.rows.append(row)
            after = successor(folded)
            position = None if after is None else (after, -1)
            break
        else:
            return page
    return page


def _passes(row: ObjectRow, query: ListQuery) -> bool:
    """Whether an object that no prefix hides is an item."""
    if row.state == FOLDER or (query.glob and not query.glob.fullmatch(row.name)):
        return False
    return query.wanted is None or query.wanted(row)


def context_filter(text: str) -> Callable[[ObjectRow], bool]:
    """What the parameter `filter` means: `contexts."KEY"="VALUE"` or `contexts."KEY":*`, with `-` not.

    Raises:
        StorageError: 400 for another form.
    """
    found = FILTER.fullmatch(text.strip())
    if not found:
        raise invalid("Invalid filter expression.", location="filter")
    negated, key, value = bool(found[1]), found[2], found[3]

    def passes(row: ObjectRow) -> bool:
        custom = (extra_of(row).get("contexts") or {}).get("custom") or {}
        held = key in custom and (value is None or custom[key]["value"] == value)
        return held != negated

    return passes


def _folded(name: str, query: ListQuery) -> str:
    """The prefix that `name` disappears in, or nothing."""
    if not query.delimiter:
        return ""
    at = name.find(query.delimiter, len(query.prefix))
    return "" if at < 0 else name[: at + len(query.delimiter)]


def _rows(
    connection: sqlite3.Connection, bucket: int, query: ListQuery, start: Position, now: str
) -> Iterator[ObjectRow]:
    """All rows of the range from after `start`, in order, read as they are needed."""
    bounds = [end for end in (successor(query.prefix) if query.prefix else None, query.end or None) if end]
    states = [SOFT_DELETED] if query.soft_deleted else [LIVE, NONCURRENT] if query.versions else [LIVE]
    where = "bucket = ? AND state = ? AND (name, generation) > (?, ?)"
    values: list[object] = []
    if bounds:
        where += " AND name < ?"
    if query.soft_deleted:
        where += " AND hard_delete > ?"
    for state in states:
        values += [bucket, state, *start, *([min(bounds)] if bounds else []), *([now] * query.soft_deleted)]
    selects = [f"SELECT {COLUMNS} FROM objects WHERE {where}"] * len(states)  # noqa: S608  # only our own words
    if query.folders:
        selects.append(FOLDERS + (" AND name < ?" if bounds else ""))
        values += [bucket, *start, *([min(bounds)] if bounds else [])]
    text = " UNION ALL ".join(selects) + " ORDER BY name, generation"
    return map(ObjectRow._make, connection.execute(text, values))
