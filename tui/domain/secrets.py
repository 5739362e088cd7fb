"""Secrets: recognised where they should not be, and hidden wherever a value could surface."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from urllib.parse import quote

from tui.domain.secret_kinds import Finding, is_telling, kind_under, tokens_in

__all__ = [
    "HIDDEN",
    "HIDDEN_SECRET",
    "SHORTEST",
    "Finding",
    "find_secrets",
    "hide",
    "hide_found",
    "is_telling",
    "lines_with_secrets",
    "literal_secret",
    "mask_line",
    "mask_tokens",
    "placeholder",
    "refill",
]

HIDDEN = "••••••"
"""Stands where a secret was."""

HIDDEN_SECRET = "<HIDDEN_SECRET>"  # noqa: S105  # a placeholder
"""Stands in a kept text where a secret was; the checks refuse it as a placeholder."""

SHORTEST = 4
"""Shorter values are no secrets, and hiding them would spoil ordinary text."""

_HINT = re.compile(r"token|secret|passw|passphrase|passcode|pwd|credential|key", re.IGNORECASE)
"""Every telling name has one of these in it."""
_REACH = 60
"""Characters of a name that are looked at on either side of the hint."""
_NAME_REST = re.compile(rf"[\w.-]{{0,{_REACH}}}+")
_VALUE = r"(?P<value>[^\s\"',}]{8,4000}+)"
_BLOCK = r"(?:[|>][-+0-9]{0,2}[ \t]{0,8}\n[ \t]{0,80})?"
_AFTER_NAME = (
    re.compile(  # an entry of `env`
        r"[\"']?[ \t]{0,8}(?:#[^\n]{0,200}+)?\s{0,8}+,?\s{0,80}+[\"']?value[\"']?[ \t]{0,8}:[ \t]{0,8}"
        rf"(?:\n[ \t]{{0,80}})?{_BLOCK}[\"']?{_VALUE}"
    ),
    re.compile(rf"[\"']?[ \t]{{0,8}}[:=][ \t]{{0,8}}{_BLOCK}[\"']?{_VALUE}"),
)
_AFTER_OPTION = re.compile(
    r"[\"']?(?:[ \t]{1,8}|[ \t]{0,8},\s{0,80}|[ \t]{0,8}\n[ \t]{0,80}-[ \t]{1,8})"
    rf"[\"']?(?!-){_VALUE}"
)
_VALUE_FIRST = re.compile(
    rf"value[\"']?[ \t]{{0,8}}:[ \t]{{0,8}}[\"']?{_VALUE}[\"']?\s{{0,8}}+,?\s{{0,80}}+"
    r"[\"']?name[\"']?[ \t]{0,8}:[ \t]{0,8}[\"']?(?P<name>[\w.-]{1,80})"
)
_KEY_LINE = re.compile(r"\s*+[A-Za-z0-9+/=]{40,200}+\s*+")
"""What the lines of a private key look like, and hardly anything else."""
_AFTER_VALUE = ";)|&`]\\"
_ENDS_WORD = re.compile(r"[;)|&`\]\\<>]")
"""What may follow a value without a space, and is no part of it."""
_PLACEHOLDER = re.compile(r"<(?:YOUR|MY|INSERT|REPLACE|ENTER|HIDDEN)[ _-][^<>\n]{1,60}>", re.IGNORECASE)
_WHOLE_PLACEHOLDER = re.compile(r"\s*<[A-Za-z][A-Za-z0-9 _.-]{1,60}>\s*")


def hide(text: str, values: Iterable[str], mark: str = HIDDEN) -> str:
    """`text` with every one of `values` replaced by `mark`, also where it is quoted for JSON or a URL."""
    forms = set()
    for value in values:
        if len(value) >= SHORTEST:
            forms |= {value, quote(value, safe=""), json.dumps(value)[1:-1]}
            forms.update(line for line in value.splitlines() if len(line) > SHORTEST)
    if not forms:
        return text
    longest_first = sorted(forms, key=len, reverse=True)
    return re.sub("|".join(map(re.escape, longest_first)), lambda _: mark, text)


def find_secrets(text: str) -> list[Finding]:
    """Tokens of known shapes, and values set under a telling name, anywhere in a text, by place."""
    return _merged([*tokens_in(text), *_told(text)])


def literal_secret(name: str, value: str) -> str:
    """What kind of secret `value`, set under `name`, seems to be; empty if it seems to be none."""
    found = next(tokens_in(value), None)
    return found.kind if found is not None else kind_under(name, value.strip())


def hide_found(text: str, mark: str = HIDDEN_SECRET) -> str:
    """`text` with every detected secret replaced by a placeholder that cannot be sent."""
    parts = []
    position = 0
    for finding in find_secrets(text):
        parts += [text[position : finding.start], mark]
        position = finding.end
    return "".join([*parts, text[position:]])


def refill(text: str, source: str) -> str:
    """A kept text with its secrets back, if `source` (the file it came from) has exactly as many."""
    found = [source[finding.start : finding.end] for finding in find_secrets(source)]
    parts = text.split(HIDDEN_SECRET)
    if len(parts) != len(found) + 1:
        return text
    return "".join(part + secret for part, secret in zip(parts, [*found, ""], strict=True))


def mask_tokens(line: str, mark: str = "•") -> str:
    """One line with every token of a known shape covered, character for character."""
    for found in list(tokens_in(line)):
        line = f"{line[: found.start]}{mark * (found.end - found.start)}{line[found.end :]}"
    return line


def mask_line(line: str, before: str = "", mark: str = "•") -> str:
    """One line with every detected secret covered; `before` is the line above, which may name it."""
    if _KEY_LINE.fullmatch(line):
        return re.sub(r"\S", mark, line)
    start = len(before) + 1
    for found in find_secrets(f"{before}\n{line}"):
        first, last = max(found.start - start, 0), found.end - start
        if last > 0:
            line = f"{line[:first]}{mark * (last - first)}{line[last:]}"
    return line


def lines_with_secrets(text: str) -> frozenset[int]:
    """The lines (from 1) on which a detected secret stands, or a part of one such as a private key."""
    lines: set[int] = set()
    number, position = 1, 0
    for found in find_secrets(text):
        number += text.count("\n", position, found.start)
        position = found.start
        lines.update(range(number, number + text.count("\n", found.start, found.end) + 1))
    return frozenset(lines)


def placeholder(value: str, *, whole: bool) -> str:
    """The placeholder in `value` that somebody was meant to replace, e.g. `<YOUR_HF_TOKEN>`, or empty.

    With `whole`, any value that is nothing but a word in angle brackets counts.
    """
    if whole and _WHOLE_PLACEHOLDER.fullmatch(value):
        return value.strip()
    match = _PLACEHOLDER.search(value)
    return match.group() if match else ""


def _told(text: str) -> Iterator[Finding]:
    """Values under telling names: in `env`, in assignments, after options."""
    end = 0
    for hint in _HINT.finditer(text):
        if hint.start() < end:
            continue  # another hint in the same name
        start, end = _around(text, hint.start(), hint.end())
        name = text[start:end]
        if is_telling(name):
            patterns = (*_AFTER_NAME, _AFTER_OPTION) if name.startswith("-") else _AFTER_NAME
            matches = (pattern.match(text, end) for pattern in patterns)
            yield from (found for match in matches if match and (found := _under(name, match)))
    for match in _VALUE_FIRST.finditer(text):
        if found := _under(match["name"], match):
            yield found


def _around(text: str, start: int, end: int) -> tuple[int, int]:
    """Where the name begins and ends that has a hint in it."""
    least = max(start - _REACH, 0)
    while start > least and (text[start - 1].isalnum() or text[start - 1] in "_-."):
        start -= 1
    rest = _NAME_REST.match(text, end)
    return start, rest.end() if rest else end


def _under(name: str, match: re.Match[str]) -> Finding | None:
    """The secret in a value, or in the part of it before what ends a word in a shell or in JSON."""
    whole, start = match["value"], match.start("value")
    for value in dict.fromkeys((whole.rstrip(_AFTER_VALUE), _ENDS_WORD.split(whole, maxsplit=1)[0])):
        if kind := kind_under(name, value):
            return Finding(start, start + len(value), kind)
    return None


def _merged(found: list[Finding]) -> list[Finding]:
    """By place, with what overlaps as one."""
    kept: list[Finding] = []
    for finding in sorted(found, key=lambda item: (item.start, -item.end)):
        if kept and finding.start < kept[-1].end:
            kept[-1] = replace(kept[-1], end=max(kept[-1].end, finding.end))
        else:
            kept.append(finding)
    return kept
