"""Names of buckets: which are valid, and which this app proposes."""

from __future__ import annotations

import re

_LEAST, _MOST, _MOST_DOTTED = 3, 63, 222
_CHARACTERS = re.compile(r"[a-z0-9._-]*\Z")
_ENDS = re.compile(r"[a-z0-9](.*[a-z0-9])?\Z", re.DOTALL)
_ADDRESS = re.compile(r"\d+\.\d+\.\d+\.\d+\Z")
_GOOGLE = re.compile(r"g[o0]{2}g[l1]e")
_SUFFIX = "-outputs"


def name_fault(name: str) -> str:
    """Why Cloud Storage would refuse a bucket of this name, in a few words; empty if it is valid.

    The rules are those of the documentation, for names with and without dots.
    """
    if not _CHARACTERS.match(name):
        return "only small letters, digits, -, _ and . may be in it"
    most = _MOST_DOTTED if "." in name else _MOST
    if not _LEAST <= len(name) <= most or any(len(part) > _MOST for part in name.split(".")):
        return f"{_LEAST} to {_MOST} characters are allowed"
    if not _ENDS.match(name):
        return "it must begin and end with a letter or digit"
    if ".." in name or ".-" in name or "-." in name or _ADDRESS.match(name):
        return "it must not look like an address"
    if name.startswith("goog") or _GOOGLE.search(name):
        return "names with google in them are Google's own"
    return ""


def default_bucket(project: str) -> str:
    """The bucket's name when the setting `bucket` is empty: `PROJECT-outputs`, as a valid name."""
    return f"{_stem(project, len(_SUFFIX))}{_SUFFIX}"


def bucket_in(project: str, region: str) -> str:
    """The name proposed for one more bucket, in another region than the default one."""
    place = _plain(region)[:30].strip("-")
    suffix = f"{_SUFFIX}-{place}" if place else _SUFFIX
    return f"{_stem(project, len(suffix))}{suffix}"


def _stem(project: str, room: int) -> str:
    """A project id, which may be `example.com:kelp`, as a name's beginning that leaves `room` characters."""
    plain = _plain(project)
    if plain.startswith("goog"):
        plain = f"x-{plain}"
    return plain[: _MOST - room].strip("-") or "vertex"


def _plain(text: str) -> str:
    """The letters, digits and hyphens of a text, without what Google keeps for itself."""
    plain = re.sub(r"[^a-z0-9-]+", "-", text.lower()).strip("-")
    while _GOOGLE.search(plain):
        plain = _GOOGLE.sub("g", plain).strip("-")
    return plain
