"""Changes to a spec's text that the app makes on request, and that leave every other line as it is."""

from __future__ import annotations

import json
import re
from typing import Any

from tui.domain.spec.check import Shape, check
from tui.domain.spec.document import parse
from tui.domain.spec.nodes import Entry, Mapping, Node, Scalar
from tui.domain.spec.problems import Edit, Fix, Place, apply_fix
from tui.domain.spec.written import written_spec

_KEYS = ("serviceAccount", "service_account")
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*@[A-Za-z0-9][A-Za-z0-9._-]*")
"""A text that YAML reads as itself in every context."""
_FLOW = re.compile(r"(?:[&!][^\s,\[\]{}]*\s+)*\{")
_ALIAS = re.compile(r"[\"']?\s*:\s+(\*[^\s,\[\]{}]+)")


def set_service_account(text: str, account: str) -> Fix | None:
    """The change that makes a job of `text` (lines ended by a line feed) run as `account`.

    It has no edits when the text says so already. None when the text cannot be read, sets the field in a
    form that cannot be replaced on its own, or would mean anything else than before.
    """
    spec = written_spec(text)
    if spec is None:
        return None
    own = [item for item in spec.entries if isinstance(item.key, Scalar) and item.key.text in _KEYS]
    if len(own) > 1:
        return None
    lines = text.split("\n")
    edit = _replace(lines, own[0], account) if own else _insert(lines, spec, account)
    if edit is None:
        return None
    done = own and isinstance(own[0].value, Scalar) and own[0].value.value == account
    fix = Fix(f"Set serviceAccount to {account}", () if done else (edit,))
    return fix if _changes_only_the_account(text, apply_fix(text, fix), account) else None


def _replace(lines: list[str], entry: Entry, account: str) -> Edit | None:
    """Put the account in the place of the value that is there."""
    key, value = entry.key, entry.value
    if not isinstance(value, Scalar) or not isinstance(key, Scalar):
        return None
    if value.place < key.end:  # an alias stands for a value that is written elsewhere
        line = lines[key.end.line - 1]
        found = _ALIAS.match(line, key.end.column - 1)
        if found is None:
            return None
        start, end = Place(key.end.line, found.start(1) + 1), Place(key.end.line, found.end(1) + 1)
        return Edit(start, end, _quoted(account))
    line = lines[value.place.line - 1]
    written = line[value.place.column - 1 :]
    quote = written[:1] if value.text and written[:1] in ("'", '"') else ""
    space = "" if line[: value.place.column - 1].endswith(" ") else " "
    return Edit(value.place, _end(lines, value), space + _quoted(account, quote))


def _end(lines: list[str], value: Scalar) -> Place:
    """Where a value's last written character is; a block ends where the next line begins."""
    if value.end.line == value.place.line or value.end.column > 1:
        return value.end
    last = value.end.line - 1
    while last > value.place.line and not lines[last - 1].strip():
        last -= 1
    return Place(last, len(lines[last - 1]) + 1)


def _insert(lines: list[str], spec: Mapping, account: str) -> Edit | None:
    """Add the field as the first of the spec."""
    keys = [item.key for item in spec.entries]
    name = _KEYS["worker_pool_specs" in [key.text for key in keys if isinstance(key, Scalar)]]
    opening = _FLOW.match("\n".join(lines[spec.place.line - 1 :]), spec.place.column - 1)
    if opening is None:
        return _insert_line(lines, keys, f"{name}: {_quoted(account)}")
    if not keys:
        start = _advance(spec.place, opening.group())
        return Edit(start, start, f"{name}: {_quoted(account)}")
    start = keys[0].place
    if lines[start.line - 1][start.column - 1 :].startswith('"'):  # JSON stays JSON
        return Edit(start, start, f'"{name}": {_quoted(account, chr(34))}, ')
    return Edit(start, start, f"{name}: {_quoted(account)}, ")


def _insert_line(lines: list[str], keys: list[Node], words: str) -> Edit | None:
    if not keys:
        return None
    first = keys[0].place
    indent = lines[first.line - 1][: first.column - 1]
    start = Place(first.line, 1)
    return Edit(start, start, f"{indent}{words}\n") if not indent.strip(" ") else None


def _advance(place: Place, passed: str) -> Place:
    breaks = passed.count("\n")
    column = len(passed.rpartition("\n")[2]) + (1 if breaks else place.column)
    return Place(place.line + breaks, column)


def _quoted(account: str, quote: str = "") -> str:
    if not _PLAIN.fullmatch(account) or quote == '"':
        return json.dumps(account)
    return f"{quote}{account}{quote}"


def _changes_only_the_account(before: str, after: str, account: str) -> bool:
    """Whether both texts mean the same job but for the account."""
    old, new = check(before), check(after)
    if old.shape is Shape.NONE or old.shape is not new.shape or parse(after).root is None:
        return False
    return _without_account(old.job) == _without_account(new.job) and (
        new.job_spec.get("serviceAccount") == account
    )


def _without_account(job: Any) -> dict[str, Any]:  # noqa: ANN401  # a CustomJob in JSON form
    spec = {name: value for name, value in job.get("jobSpec", {}).items() if name != "serviceAccount"}
    return {**job, "jobSpec": spec}
