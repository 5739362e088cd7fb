"""What secrets look like: tokens by their shape, and values that look random under a telling name."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

_LONGEST_PART = 4_000
"""Characters of the first part of a signed token."""
_TOKENS = (
    ("a Hugging Face token", "hf_", r"\bhf_(?=[a-z]{0,60}[A-Z0-9])[A-Za-z0-9]{20,}"),
    ("a Weights & Biases key", "wandb_v1_", r"\bwandb_v1_[A-Za-z0-9_]{20,}"),
    ("a GitHub token", "ghp_ gho_ ghu_ ghs_ ghr_", r"\bgh[pousr]_[A-Za-z0-9]{30,}"),
    ("a GitHub token", "github_pat_", r"\bgithub_pat_[A-Za-z0-9_]{40,}"),
    ("a GitLab token", "glpat-", r"\bglpat-[A-Za-z0-9_-]{20,}"),
    ("a Google API key", "AIza", r"\bAIza[0-9A-Za-z_-]{35}"),
    ("a Google access token", "ya29.", r"\bya29\.[0-9A-Za-z_-]{20,}"),
    ("a Google client secret", "GOCSPX-", r"\bGOCSPX-[0-9A-Za-z_-]{20,}"),
    ("a Google refresh token", "1//0", r"(?<![\w/])1//0[0-9A-Za-z_-]{40,}"),
    ("an AWS access key", "AKIA ASIA", r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    ("a Slack token", "xox xapp-", r"\b(?:xox[abeoprs]|xapp)-[0-9A-Za-z-]{10,}"),
    ("a Slack webhook", "hooks.slack", r"\bhooks\.slack\.com/services/T\w{6,20}/B\w{6,20}/\w{16,}"),
    ("a Stripe key", "sk_live_ rk_live_ sk_test_ rk_test_", r"\b[rs]k_(?:live|test)_[0-9A-Za-z]{16,}"),
    ("an npm token", "npm_", r"\bnpm_[0-9A-Za-z]{36}"),
    ("a PyPI token", "pypi-AgE", r"\bpypi-AgE[0-9A-Za-z_-]{40,}"),
    ("a SendGrid key", "SG.", r"\bSG\.[\w-]{16,64}\.[\w-]{16,}"),
    ("a Replicate token", "r8_", r"\br8_[0-9A-Za-z]{30,}"),
    ("a Databricks token", "dapi", r"\bdapi[0-9a-f]{32}\b"),
    ("a signed token", "eyJ", rf"\beyJ[\w-]{{10,{_LONGEST_PART}}}+\.eyJ[\w-]{{10,4000}}+\.[\w-]{{10,}}"),
    (
        "an API key",
        "sk-ant- sk-proj- sk-or- sk-svcacct- sk-admin-",
        r"\bsk-(?:ant|proj|or|svcacct|admin)-[A-Za-z0-9_-]{16,}",
    ),
    ("an API key", "sk-", r"\bsk-(?=[A-Za-z_-]{0,60}[0-9])[A-Za-z0-9_-]{20,}"),
    (
        "a private key",
        "-----BEGIN",
        (
            r"-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----"
            r"(?:(?:[^-]|-(?!----)){0,12000}-----END [A-Z ]{0,20}PRIVATE KEY-----"
            r"|(?:(?:\\[nr]|\s){0,90}[A-Za-z0-9+/=]{40,}+){0,200})"
        ),
    ),
)
"""Kinds, how they begin, and patterns; every part of a pattern is bounded, possessive or the last.

No group is possessive: before Python 3.11.5 such a group does not match what it should.
"""
_BY_BEGINNING = {
    beginning: (kind, re.compile(pattern))
    for kind, beginnings, pattern in _TOKENS
    for beginning in beginnings.split()
}
_BEGINNINGS = re.compile("|".join(map(re.escape, _BY_BEGINNING)))
"""Looked for first, because all patterns at every character take long."""
_RUN = re.compile(r"[\w-]++")
_PHRASES = (
    (
        "a Weights & Biases key",
        re.compile(
            r"\bwandb\s{1,8}login\s{1,8}(?:--?[\w=.:/-]{1,80}\s{1,8}){0,4}[\"']?(?P<v>[0-9a-f]{40})\b"
        ),
    ),
    (
        "a password in an address",
        re.compile(r"://[^\s/:@\"'<>]{0,100}:(?P<v>[^\s/@\"'$<>{}()*•]{3,200})@"),
    ),
    ("a token", re.compile(r"\bBearer\s{1,4}(?P<v>[A-Za-z0-9._~+/=-]{16,4000})")),
)
"""Secrets that are known by the words before them."""

_NAME_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_TELLING_ENDS = ("token", "secret", "password", "passwd", "passphrase", "apikey", "accesskey", "privatekey")
_TELLING_WORDS = frozenset({"credential", "credentials", "passwort", "passcode", "pwd"})
_KEYS = """
api private access secret auth account encryption signing master license licence kaggle wandb hf openai
anthropic comet neptune storage session app
"""
_BEFORE_KEY = frozenset(_KEYS.split())
"""`API_KEY` is a secret, `SORT_KEY` none."""
_ENDS = """
path paths file files filename dir directory folder uri url endpoint host name id ids count limit
size length len type types ttl expiry expires version hash sha sha1 sha256 md5 digest checksum user
username model enabled required manager ref arn resource project region scope scopes prefix suffix
budget rate format label column field index ratio dropout loss
"""
_OTHER_ENDS = frozenset(_ENDS.split())
"""A name that ends so is about a secret rather than one: `TOKEN_PATH`."""
_LONGEST_NAME = 200
"""Answers about longer names are not kept."""
_OF_PASSWORD = re.compile(
    "passw(?:ord|d|ort)|passphrase|passcode|pwd|pass(?:[_-]?[0-9]{1,3})?$", re.IGNORECASE
)
_WORDLESS = re.compile(r"[0-9.]*|true|false|yes|no|none|null", re.IGNORECASE)
"""Values that are no secrets whatever they are called, such as MAX_TOKENS."""
_NO_SECRETS = (
    "forward",
    "backward",
    "multi",
    "single",
    "by",
    "num",
    "n",
    "first",
    "second",
    "high",
    "low",
    "band",
)
"""`DB_PASS` is a secret, `FORWARD_PASS` none."""

_LIKELY = re.compile(r"[A-Za-z0-9+/=_.~-]{16,4000}")
_PASSWORD = re.compile(r"[^\s$<>(){}\[\]'\"`•]{8,200}")
_MORE_THAN_LETTERS = re.compile(r"[0-9]|[^\w./-]")
_HEX = re.compile(r"[0-9a-f]{40}")
_AWS_SECRET = re.compile(r"[A-Za-z0-9/+]{40}")
_SEPARATORS = re.compile(r"[-_./=+~:@]")
_WORDLIKE = re.compile(
    r"[a-z]{1,24}|[A-Z]{1,24}|[A-Z]?[a-z]{2,144}(?:[A-Z][a-z]{2,24}){0,5}|(?:[a-z]{0,10}|[A-Z]{0,10}|[A-Z][a-z]{1,10})[0-9]{1,8}[A-Za-z]{0,3}|[0-9]x[0-9]{1,3}[bB]"
)
_LEAST_ENTROPY = 3.0
"""Bits a character; words and paths have less, random tokens more."""
_LEAST_PASSWORD_ENTROPY = 2.5


@dataclass(frozen=True, slots=True)
class Finding:
    """A secret in a text: where, and what kind."""

    start: int
    end: int
    kind: str


def tokens_in(text: str) -> Iterator[Finding]:
    """Tokens of known shapes, and what the words before it say is a secret, anywhere in a text."""
    yield from _shaped(text)
    for kind, pattern in _PHRASES:
        for match in pattern.finditer(text):
            if kind != "a token" or not is_wordy(match["v"]):
                yield Finding(match.start("v"), match.end("v"), kind)


def _shaped(text: str) -> Iterator[Finding]:
    looks = _Looks(text)
    done = 0
    for beginning in _BEGINNINGS.finditer(text):
        if beginning.start() >= done and (found := looks.at(beginning.start(), beginning.group())):
            done = found.end
            yield found


class _Looks:
    """Looks for tokens at one beginning after another, and twice at no run of characters."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._wordy = 0
        """Up to here, what begins with `sk-` is made of words."""
        self._run = 0
        """Where the run of characters ends that may be the first part of a signed token."""
        self._unsigned = 0
        """Up to here, no signed token begins."""

    def at(self, start: int, beginning: str) -> Finding | None:
        if beginning == "eyJ" and not self._may_be_signed(start):
            return None
        if beginning == "sk-" and start < self._wordy:
            return None
        kind, pattern = _BY_BEGINNING[beginning]
        match = pattern.match(self._text, start)
        if match and beginning == "sk-" and is_wordy(match.group()):  # so are names of packages and jobs
            self._wordy = match.end()
            return None
        if match:
            return Finding(start, match.end(), kind)
        return self.at(start, "sk-") if beginning.startswith("sk-") and beginning != "sk-" else None

    def _may_be_signed(self, start: int) -> bool:
        if start >= self._run and (run := _RUN.match(self._text, start)):
            self._run = run.end()
        if start < self._unsigned or not self._text.startswith(".eyJ", self._run):
            return False
        if self._run - start <= _LONGEST_PART:
            self._unsigned = self._run  # another one here would go on alike
        return True


def is_telling(name: str) -> bool:
    """Whether a variable, key or option of that name is likely to hold a secret."""
    return _is_telling(name) if len(name) <= _LONGEST_NAME else _is_telling.__wrapped__(name)


@lru_cache(maxsize=1024)
def _is_telling(name: str) -> bool:
    words = [word.lower() for word in _NAME_PARTS.findall(name)]
    if not words or words[-1] in _OTHER_ENDS:
        return False
    if any(word in _TELLING_WORDS or word.endswith(_TELLING_ENDS) for word in words):
        return True
    if _ends_in_pass(words):
        return True
    pairs = pairwise(words)
    return any(first in _BEFORE_KEY and second == "key" for first, second in pairs)


def is_password_name(name: str) -> bool:
    """Whether a name tells of a password, which may look like any word."""
    return is_telling(name) and bool(_OF_PASSWORD.search(name))


def is_wordless(value: str) -> bool:
    """Whether a value is a number, a yes or a no, and so no secret whatever it is called."""
    return bool(_WORDLESS.fullmatch(value))


def _ends_in_pass(words: list[str]) -> bool:
    while words and words[-1].isdigit():
        words = words[:-1]
    return words[-1:] == ["pass"] and not set(words).intersection(_NO_SECRETS)


def kind_under(name: str, value: str) -> str:
    """What kind of secret a value without spaces around it seems to be under a telling name, or empty."""
    if not is_telling(name):
        return ""
    if _HEX.fullmatch(value):
        return "a Weights & Biases key" if "wandb" in name.lower() else "a key"
    if _AWS_SECRET.fullmatch(value) and "aws" in name.lower() and _entropy(value) >= _LEAST_ENTROPY:
        return "an AWS secret access key"
    if _OF_PASSWORD.search(name) and _is_password(value):
        return "a password"
    return "a secret" if _is_random(value) else ""


def is_wordy(value: str) -> bool:
    """Whether a value is made of words and short numbers, as paths, names of models and versions are."""
    return all(_WORDLIKE.fullmatch(piece) for piece in _SEPARATORS.split(value) if piece)


def _is_password(value: str) -> bool:
    likely = _PASSWORD.fullmatch(value) and _MORE_THAN_LETTERS.search(value)
    return bool(likely) and value[0] not in "/~%" and _entropy(value) >= _LEAST_PASSWORD_ENTROPY


def _is_random(value: str) -> bool:
    return bool(_LIKELY.fullmatch(value)) and not is_wordy(value) and _entropy(value) >= _LEAST_ENTROPY


def _entropy(value: str) -> float:
    counts = Counter(value)
    return -sum(n / len(value) * math.log2(n / len(value)) for n in counts.values())
