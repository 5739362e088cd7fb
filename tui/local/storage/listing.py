"""Listings: a walk over an indexed range of names that skips what a delimiter folds together."""

from __future__ import annotations

import base64
import binascii
import json
import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

from tui.local.storage.errors import invalid
from tui.local.storage.names import successor
from tui.local.storage.rows import LIVE, NONCURRENT, SOFT_DELETED, ObjectRow, Page
from tui.local.storage.schema import COLUMNS

PAGE = 1000
"""Largest and default page."""

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
    glob: re.Pattern[str] | None = None
    limit: int = PAGE
    token: str = ""


def token_of(position: Position) -> str:
    """The page token that continues after `position`."""
    return base64.urlsafe_b64encode(json.dumps(position).encode()).decode()


def position_of(token: str) -> Position:
    """Back from a page token.

    Raises:
        StorageError: 400 for a text that no listing gave out.
    """
    try:
        name, generation = json.loads(base64.urlsafe_b64decode(token.encode()))
    except (ValueError, binascii.Error, TypeError):
        raise invalid("Invalid argument.", location="pageToken") from None
    if not isinstance(name, str) or not isinstance(generation, int) or abs(generation) >= 1 << 63:
        raise invalid("Invalid argument.", location="pageToken")
    return name, generation


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
            if query.glob and not folded and not query.glob.fullmatch(row.name):
                continue
            if len(page.rows) + len(page.prefixes) >= query.limit:
                return page._replace(token=token_of(position))
            if not folded:
                page.rows.append(row)
                position = (row.name, row.generation)
                continue
            page.prefixes.append(folded)
            if query.trailing and folded == row.name:
                page.rows.append(row)
            after = successor(folded)
            position = None if after is None else (after, -1)
            break
        else:
            return page
    return page


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
    select = f"SELECT {COLUMNS} FROM objects WHERE {where}"  # noqa: S608  # only our own words
    text = " UNION ALL ".join([select] * len(states)) + " ORDER BY name, generation"
    return map(ObjectRow._make, connection.execute(text, values))
