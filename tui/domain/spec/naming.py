"""A job's display name, made from a template."""

from __future__ import annotations

import re
from datetime import datetime

from tui.domain.text import middle_cut, printable

DEFAULT_TEMPLATE = "{user}-{file}-{time}"
FIELDS = ("user", "file", "time", "date", "n")
"""Who starts it, the file's name, month, day and clock time, the day, how often this file was started."""
TEMPLATE_PATTERN = rf"([^{{}}\x00-\x1f]|\{{({'|'.join(FIELDS)})\}})+"
"""A regular expression for the whole of a template that can be filled."""
MAX_LENGTH = 128
"""Characters of a display name (`CustomJob.display_name`)."""

_FIELD = re.compile(rf"\{{({'|'.join(FIELDS)})\}}")
_ODD = re.compile(r"[^\w.-]+")
_GAP = re.compile(r"([-_. ])[-_. ]+")
_TOKEN = re.compile(rf"{_FIELD.pattern}|([^\W_]+)|(?:[^\w{{}}]|_)+")
_TIMES = {"time": r"\d{4}-\d{4}", "date": r"\d{4}-\d\d-\d\d"}
"""How the parts look that tell a name made by a template from a file's own."""
_SHORTEST = 8
"""Characters that are left at least of a part that has to be cut."""


def name_from(template: str, *, user: str, file: str, now: datetime, number: int) -> str:
    """The template filled: never empty, at most 128 characters, without gaps where a part is empty.

    Args:
        template: text with `{user}`, `{file}`, `{time}` (`0911-1840`), `{date}` (`2026-09-11`), `{n}`.
        user: who starts the job, e.g. the part of an e-mail address before the @.
        file: the spec file's name without its extension; of one that is itself a name from this template, as
            the spec of a past job has it, only the file's part is taken.
        now: in the user's own time zone.
        number: which start of this file it is, from 1.
    """
    user = _ODD.sub("-", user).strip("-")
    parts = {
        "user": user,
        "file": _own_part(template, user, _ODD.sub("-", file).strip("-")),
        "time": f"{now:%m%d-%H%M}",
        "date": f"{now:%Y-%m-%d}",
        "n": str(number),
    }
    name = _filled(template, parts)
    for part in ("file", "user"):  # the time and the number are what makes it one of its own
        if len(name) > MAX_LENGTH:
            room = max(len(parts[part]) - (len(name) - MAX_LENGTH), _SHORTEST)
            parts[part] = middle_cut(parts[part], room).replace("…", "-")
            name = _filled(template, parts)
    return name[:MAX_LENGTH] or f"job-{parts['time']}"


def name_problem(name: str) -> str:
    """What is wrong with a display name, as a sentence; empty if nothing is."""
    if not name.strip():
        return "A job needs a name."
    if len(name) > MAX_LENGTH:
        return f"It is {len(name)} characters long; at most {MAX_LENGTH} are allowed."
    return "It has characters that cannot be seen." if printable(name) != name else ""


def _filled(template: str, parts: dict[str, str]) -> str:
    filled = _FIELD.sub(lambda match: parts[match[1]], template)
    return _GAP.sub(r"\1", filled).strip("-_. ")


def _own_part(template: str, user: str, file: str) -> str:
    """The `{file}` of a name that the template made for this user, at whatever time; else all of `file`."""
    made = _made_by(template, user)
    while made is not None and (match := made.fullmatch(file)) is not None:
        file = match["file"]
    return file


def _made_by(template: str, user: str) -> re.Pattern[str] | None:
    """What matches names from a template; None where nothing tells them from a file's own name."""
    fields = _FIELD.findall(template)
    if fields.count("file") != 1 or not _TIMES.keys() & set(fields):
        return None
    if not (who := _loosely(user)):
        template = re.sub(r"\{user\}[^\w{}]*", "", template)
    looks = {"user": who, "file": "(?P<file>.+)", "n": r"\d+", **_TIMES}
    parts = [
        looks[match[1]] if match[1] else re.escape(match[2]) if match[2] else r"[\W_]+"
        for match in _TOKEN.finditer(template)
    ]
    return re.compile("".join(parts))


def _loosely(text: str) -> str:
    """Any gaps match between the words: the name of a file can have others than the job's."""
    return r"[\W_]+".join(re.escape(word) for word in re.findall(r"[^\W_]+", text))
