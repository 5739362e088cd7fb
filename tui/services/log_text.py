"""Lines of a log as text that may leave the app: without secrets, and nothing in it that a terminal obeys."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime

from tui.domain.logreading.level_words import level_word
from tui.domain.logs import rfc3339
from tui.domain.logstore.model import LogLine
from tui.domain.text import printable

Hide = Callable[[str], str]
"""Puts marks for what is secret in a text of one or more lines."""

KEY_LINES = 100
"""Lines that a private key takes at most."""
_KEY_BEGINS = re.compile(r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----")
_KEY_ENDS = "-----END "


def text_row(line: LogLine, text: str) -> str:
    """`time level replica text`, with its newline; the level is the entry's own."""
    seconds, fraction = divmod(line.timestamp_ns, 1_000_000_000)
    try:
        clock = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    except (ValueError, OverflowError, OSError):
        clock = str(seconds)
    when = f"{clock}.{fraction // 1_000_000:03d}Z"
    return f"{when} {level_word(line.severity):<8} {printable(line.replica) or '-'} {text}\n"


def json_row(line: LogLine, text: str) -> str:
    """One JSON object and a newline; `severity` is the entry's own, `inferred` the level that is shown."""
    record = {
        "time": rfc3339(line.timestamp_ns),
        "severity": level_word(line.severity),
        "inferred": level_word(line.level),
        "replica": printable(line.replica),
        "insert_id": printable(line.place.key.insert_id),
        "text": text,
    }
    return json.dumps(record, ensure_ascii=False) + "\n"


def bare_row(_: LogLine, text: str) -> str:
    """The text alone."""
    return f"{text}\n"


def rows_text(lines: Sequence[LogLine], hide: Hide, row: Callable[[LogLine, str], str]) -> str:
    """Rows of lines, secrets hidden, also those that go over several lines."""
    texts = hidden_texts([line.text for line in lines], hide)
    return "".join(map(row, lines, texts)).encode("utf-8", "replace").decode()


def lines_as_text(lines: Iterable[LogLine], hide: Hide, *, bare: bool = False) -> str:
    """Lines for the pager or the clipboard: as `text_row` has them, or the texts alone."""
    return rows_text(list(lines), hide, bare_row if bare else text_row)


def hidden_texts(texts: Sequence[str], hide: Hide) -> list[str]:
    """The texts with their secrets hidden, one for each.

    They are hidden together, as a private key is known only by its first line. Where its marks have other
    lines than it had, lines of marks make up for those that are missing.
    """
    whole = "\n".join(texts)
    hidden = hide(whole)
    if hidden == whole:
        return list(texts)
    shown = hidden.split("\n")
    if len(shown) == len(texts):
        return shown
    from tui.domain.secrets import HIDDEN  # noqa: PLC0415 (many patterns; no first frame needs them)

    least = min(len(shown), len(texts))
    head = next((at for at in range(least) if shown[at] != texts[at]), least)
    tail = next((at for at in range(least - head) if shown[-1 - at] != texts[-1 - at]), least - head)
    room = len(texts) - head - tail
    middle = shown[head : len(shown) - tail]
    if len(middle) > room:
        middle[room - 1 :] = [" ".join(middle[room - 1 :])] if room else []
    middle += [HIDDEN] * (room - len(middle))
    return [*shown[:head], *middle, *shown[len(shown) - tail :]]


def whole_keys(lines: Sequence[LogLine]) -> int:
    """How many of the lines may be hidden now: those before a private key of which lines are to come."""
    for at in range(len(lines) - 1, max(len(lines) - KEY_LINES, 0) - 1, -1):
        text = lines[at].text
        if _KEY_ENDS in text:
            break
        if _KEY_BEGINS.search(text):
            return at
    return len(lines)
