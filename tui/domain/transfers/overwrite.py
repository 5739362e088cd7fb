"""What happens to something that is there already."""

from __future__ import annotations

from enum import StrEnum


class Overwrite(StrEnum):
    """The rule for all files of a transfer."""

    KEEP = "keep"
    REPLACE = "replace"
    DIFFERENT = "different"
    BOTH = "both"


RULES: tuple[tuple[Overwrite, str, str], ...] = (
    (Overwrite.KEEP, "Keep", "leave what is there, bring only what is missing"),
    (Overwrite.DIFFERENT, "Replace if different", "by size, then by checksum (crc32c)"),
    (Overwrite.REPLACE, "Replace", "overwrite what is there"),
    (Overwrite.BOTH, "Keep both", "the new one gets a number: name~2.txt"),
)
"""Each rule, its name and what it means, the careful one first."""

FATE = {
    Overwrite.KEEP: "kept as they are",
    Overwrite.REPLACE: "replaced",
    Overwrite.DIFFERENT: "replaced where they differ (size, crc32c)",
    Overwrite.BOTH: "kept, the new ones get a number",
}
"""What becomes of what is there, for the plan."""


def numbered(name: str, number: int) -> str:
    """A file's name with a number before its suffix: `model~2.pt`, `.env~2`, `a.tar~2.gz`."""
    stem, dot, suffix = name.rpartition(".")
    if not dot or not stem or len(suffix.encode("utf-8", "surrogateescape")) > 16:  # noqa: PLR2004 (no suffix)
        return f"{name}~{number}"
    return f"{stem}~{number}.{suffix}"
