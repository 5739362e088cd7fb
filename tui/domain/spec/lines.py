"""Line endings: the editor knows one, a file may have several, and an untouched line keeps its own."""

from __future__ import annotations

from collections import Counter
from itertools import takewhile

_ENDS = "\r\n\v\f\x1c\x1d\x1e\x85\u2028\u2029"


def for_editor(text: str) -> str:
    """`text` with every line ended by a line feed."""
    return "\n".join(_bare(line) for line in _split(text))


def for_file(original: str, edited: str) -> str:
    """`edited` (line feeds) with the line endings of `original`.

    Lines before the first and after the last change keep their own ending, new ones get the commonest.
    """
    raw = _split(original)
    old = [_bare(line) for line in raw]
    new = edited.split("\n")
    if old == new:
        return original
    head = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(old[:-1], new[:-1], strict=False)))
    tail = 0
    while tail < min(len(old), len(new)) - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    usual = _usual_ending(raw)
    middle = [line + usual for line in new[head : len(new) - tail]]
    if tail == 0:
        middle[-1] = new[-1]
    return "".join([*raw[:head], *middle, *(raw[len(raw) - tail :] if tail else [])])


def _split(text: str) -> list[str]:
    """The lines with their endings; the last has none and may be empty."""
    lines = text.splitlines(keepends=True)
    if not lines or lines[-1] != _bare(lines[-1]):
        lines.append("")
    return lines


def _bare(line: str) -> str:
    return line.rstrip(_ENDS) if line and line[-1] in _ENDS else line


def _usual_ending(raw: list[str]) -> str:
    endings = Counter(line[len(_bare(line)) :] for line in raw[:-1])
    return endings.most_common(1)[0][0] if endings else "\n"
