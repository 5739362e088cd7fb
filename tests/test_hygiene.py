"""No file of the repository holds what belongs to one machine or was left for later."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

WRONG = {
    "a note of unfinished work": re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X)\b"),
    "a path of one machine": re.compile(r"(?<![\w.~}/])/(root|home/\w+|Users/\w+|work)/"),
    "a package index": re.compile(r"index-" + r"url|find-" + r"links|https?://[\w.-]*pypi\.(?!org\b)"),
    "a conflict marker": re.compile(r"^(<{7}|>{7}) ", re.MULTILINE),
    "a private key": re.compile(r"-----BEGIN (RSA |EC )?PRIVATE " + r"KEY-----\n[A-Za-z0-9+/=]{20}"),
}
"""What no file may hold; pieced together where this file would hold it itself."""

LONGEST = 400
"""Lines of the longest Python file of the package."""

GENERATED = re.compile(r"schema(_data)?\.(json|py)$|\.svg$|constraints\.txt$|LICENSE$")


def tracked() -> list[Path]:
    """The files that git knows or would add."""
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    names = listed.stdout.decode().split("\0")
    return [path for name in names if name and (path := ROOT / name).is_file()]


def test_no_file_holds_what_must_not_be_published() -> None:
    found = []
    for path in tracked():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # a picture
        if GENERATED.search(path.name):
            continue
        found += [
            f"{path.relative_to(ROOT)}:{text.count(chr(10), 0, match.start()) + 1}: {what}: {match.group()!r}"
            for what, pattern in WRONG.items()
            for match in pattern.finditer(text)
        ]
    assert not found, "\n".join(found)


def test_no_module_is_too_long() -> None:
    long = [
        f"{path.relative_to(ROOT)}: {lines}"
        for path in (ROOT / "tui").rglob("*.py")
        if (lines := path.read_text(encoding="utf-8").count("\n")) > LONGEST
    ]
    assert not long
