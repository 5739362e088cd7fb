"""Secrets: recognised where they should not be, and hidden wherever a value could surface."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from urllib.parse import quote

HIDDEN = "••••••"
"""Stands where a secret was."""

HIDDEN_SECRET = "<HIDDEN_SECRET>"  # noqa: S105  # a placeholder
"""Stands in a kept text where a secret was; the checks refuse it as a placeholder."""

SHORTEST = 4
"""Shorter values are no secrets, and hiding them would spoil ordinary text."""

_TOKENS = (
    ("a Hugging Face token", r"\bhf_[A-Za-z0-9]{20,}"),
    ("a Weights & Biases key", r"\bwandb_v1_[A-Za-z0-9_]{20,}"),
    ("a GitHub token", r"\bgh[pousr]_[A-Za-z0-9]{30,}|\bgithub_pat_[A-Za-z0-9_]{40,}"),
    ("a Google API key", r"\bAIza[0-9A-Za-z_-]{35}"),
    ("a Google access token", r"\bya29\.[0-9A-Za-z_-]{20,}"),
    ("an AWS access key", r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    ("an API key", r"\bsk-[A-Za-z0-9_-]{20,}"),
    ("a private key", r"-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----"),
)
_ANY_TOKEN = re.compile("|".join(f"(?P<t{number}>{pattern})" for number, (_, pattern) in enumerate(_TOKENS)))
_TELLING = re.compile(r"token|secret|passw|credential|api_?key|private_?key|access_?key", re.IGNORECASE)
_LIKELY = re.compile(r"[A-Za-z0-9+/=_.~-]{16,}")
_HEX = re.compile(r"\b[0-9a-f]{40}\b")
_TELLING_LINE = re.compile(  # every part is bounded: a hostile text must not take long
    r"(?:token|secret|passw|credential|api_?key|private_?key|access_?key)\w{0,40}[\"']?\s{0,8}"
    r"(?:[:=]|,?\s{0,8}[\"']?value[\"']?\s{0,8}:|\n\s{0,80}[\"']?value[\"']?\s{0,8}:)"
    r"[ \t]{0,8}[\"']?(?P<value>[^\s\"'#,}]{8,4000})",
    re.IGNORECASE,
)
_PLACEHOLDER = re.compile(r"<(?:YOUR|MY|INSERT|REPLACE|ENTER|HIDDEN)[ _-][^<>\n]{1,60}>", re.IGNORECASE)
_WHOLE_PLACEHOLDER = re.compile(r"\s*<[A-Za-z][A-Za-z0-9 _.-]{1,60}>\s*")
_LEAST_ENTROPY = 3.0
"""Bits a character; words and paths have less, random tokens more."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A secret in a text: where, and what kind."""

    start: int
    end: int
    kind: str


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
    told = (
        Finding(match.start("value"), match.end("value"), "a secret")
        for match in _TELLING_LINE.finditer(text)
        if _is_likely(match["value"])
    )
    return _merged([*_tokens(text), *told])


def literal_secret(name: str, value: str) -> str:
    """What kind of secret `value`, set under `name`, seems to be; empty if it seems to be none."""
    for finding in _tokens(value):
        return finding.kind
    if not _TELLING.search(name):
        return ""
    stripped = value.strip()
    if _HEX.fullmatch(stripped):
        return "a Weights & Biases key" if "wandb" in name.lower() else "a key"
    return "a secret" if _is_likely(stripped) else ""


def is_telling(name: str) -> bool:
    """Whether a variable of that name is likely to hold a secret."""
    return bool(_TELLING.search(name))


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
    return _ANY_TOKEN.sub(lambda match: mark * len(match.group()), line)


def placeholder(value: str, *, whole: bool) -> str:
    """The placeholder in `value` that somebody was meant to replace, e.g. `<YOUR_HF_TOKEN>`, or empty.

    With `whole`, any value that is nothing but a word in angle brackets counts.
    """
    if whole and _WHOLE_PLACEHOLDER.fullmatch(value):
        return value.strip()
    match = _PLACEHOLDER.search(value)
    return match.group() if match else ""


def _tokens(text: str) -> Iterator[Finding]:
    for match in _ANY_TOKEN.finditer(text):
        kind = _TOKENS[int((match.lastgroup or "t0")[1:])][0]
        yield Finding(match.start(), match.end(), kind)


def _merged(found: list[Finding]) -> list[Finding]:
    """By place, with what overlaps as one."""
    kept: list[Finding] = []
    for finding in sorted(found, key=lambda item: (item.start, -item.end)):
        if kept and finding.start < kept[-1].end:
            kept[-1] = replace(kept[-1], end=max(kept[-1].end, finding.end))
        else:
            kept.append(finding)
    return kept


def _is_likely(value: str) -> bool:
    """Whether a value set under a telling name looks random rather than like a word, path or reference."""
    if not _LIKELY.fullmatch(value) or not any(char.isdigit() for char in value):
        return False
    counts = Counter(value)
    entropy = -sum(n / len(value) * math.log2(n / len(value)) for n in counts.values())
    return entropy >= _LEAST_ENTROPY
