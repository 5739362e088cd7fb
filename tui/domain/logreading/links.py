"""What a line points at: W&B runs, other addresses of the web, places in Cloud Storage."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import NamedTuple

MOST = 50
"""Links of one line that are told of."""


class LinkKind(StrEnum):
    """What a link leads to."""

    WANDB = "wandb"
    """A run of Weights & Biases."""
    WEB = "web"
    STORAGE = "storage"
    """An object, a folder or a bucket: `gs://…`."""


class Link(NamedTuple):
    """One link of a line."""

    kind: LinkKind
    address: str
    """What is opened; `gs://…` for a path below `/gcs/` too."""
    start: int
    """Where in the text it begins."""
    end: int


_ADDRESS = re.compile(
    r"(?P<web>https?://[\w\[][^\s'\"`<>{}|\\^\u2400-\u2426]{0,4000})"
    r"|gs://(?P<bucket>[a-z0-9][a-z0-9._-]{1,221})(?P<path>/[^\s'\"`,;|&<>{}$\\\u2400-\u2426]{0,1100})?"
    r"|(?<![\w./-])/gcs/(?P<mounted>[a-z0-9][a-z0-9._-]{1,221})"
    r"(?P<below>/[^\s'\"`,;|&<>{}$\\\u2400-\u2426]{0,1100})?"
)
_WANDB = re.compile(
    r"https?://[\w.-]{0,80}wandb\.[\w.-]{1,40}(?::\d+)?/[\w.%-]{1,100}/[\w.%-]{1,130}/runs/[\w-]{1,80}"
)
_TRAILING = ".,;:!?*…"
_CLOSING = {")": "(", "]": "["}


def has_link(text: str) -> bool:
    """Whether `links` finds anything."""
    return _ADDRESS.search(text) is not None


def links(text: str) -> list[Link]:
    """The links of a line, in order, at most `MOST`; punctuation after them is no part of them."""
    found: list[Link] = []
    for match in _ADDRESS.finditer(text):
        whole = _trimmed(match.group())
        start, end = match.start(), match.start() + len(whole)
        if match["web"]:
            kind = LinkKind.WANDB if _WANDB.match(whole) else LinkKind.WEB
            found.append(Link(kind, whole, start, end))
        else:
            address = "gs://" + whole.removeprefix("gs://").removeprefix("/gcs/")
            found.append(Link(LinkKind.STORAGE, address, start, end))
        if len(found) == MOST:
            break
    return found


def _trimmed(address: str) -> str:
    """The address without the punctuation of the sentence around it, and brackets it does not open."""
    while address:
        last = address[-1]
        opening = _CLOSING.get(last)
        if last in _TRAILING or (opening and address.count(opening) < address.count(last)):
            address = address[:-1]
        else:
            break
    return address
