"""What secrets look like: tokens by their shape, and values that look random under a telling name."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

_TOKENS = (
    ("a Hugging Face token", r"\bhf_(?=[a-z]{0,60}[A-Z0-9])[A-Za-z0-9]{20,}"),
    ("a Weights & Biases key", r"\bwandb_v1_[A-Za-z0-9_]{20,}"),
    ("a GitHub token", r"\bgh[pousr]_[A-Za-z0-9]{30,}|\bgithub_pat_[A-Za-z0-9_]{40,}"),
    ("a GitLab token", r"\bglpat-[A-Za-z0-9_-]{20,}"),
    ("a Google API key", r"\bAIza[0-9A-Za-z_-]{35}"),
    ("a Google access token", r"\bya29\.[0-9A-Za-z_-]{20,}"),
    ("a Google client secret", r"\bGOCSPX-[0-9A-Za-z_-]{20,}"),
    ("a Google refresh token", r"(?<![\w/])1//0[0-9A-Za-z_-]{40,}"),
    ("an AWS access key", r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    ("a Slack token", r"\b(?:xox[abeoprs]|xapp)-[0-9A-Za-z-]{10,}"),
    ("a Slack webhook", r"\bhooks\.slack\.com/services/T\w{6,20}/B\w{6,20}/\w{16,}"),
    ("a Stripe key", r"\b[rs]k_(?:live|test)_[0-9A-Za-z]{16,}"),
    ("an npm token", r"\bnpm_[0-9A-Za-z]{36}"),
    ("a PyPI token", r"\bpypi-AgE[0-9A-Za-z_-]{40,}"),
    ("a SendGrid key", r"\bSG\.[\w-]{16,64}\.[\w-]{16,}"),
    ("a Replicate token", r"\br8_[0-9A-Za-z]{30,}"),
    ("a Databricks token", r"\bdapi[0-9a-f]{32}\b"),
    ("a signed token", r"\beyJ[\w-]{10,4000}+\.eyJ[\w-]{10,4000}+\.[\w-]{10,}"),
    ("an API key", r"\bsk-(?:ant|proj|or|svcacct|admin)-[A-Za-z0-9_-]{16,}"),
    ("an API key", r"\bsk-(?=[A-Za-z_-]{0,60}[0-9])[A-Za-z0-9_-]{20,}"),
    (
        "a private key",
        (
            r"-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----"
            r"(?:(?:[^-]|-(?!----)){0,12000}-----END [A-Z ]{0,20}PRIVATE KEY-----"
            r"|(?:(?:\\[nr]|\s){0,90}[A-Za-z0-9+/=]{40,}+){0,200})"
        ),
    ),
)
"""Kinds and patterns; every part of a pattern is bounded or possessive: a hostile text must not take long.

No group is possessive: before Python 3.11.5 such a group does not match what it should.
"""
_ANY_TOKEN = re.compile("|".join(f"(?P<t{number}>{pattern})" for number, (_, pattern) in enumerate(_TOKENS)))
_UNSURE = f"t{len(_TOKENS) - 2}"
"""The pattern that names of packages and jobs fit as well."""
_BEGINNINGS = re.compile(
    "hf_|wandb_v1_|gh[pousr]_|github_pat_|glpat-|AIza|ya29|GOCSPX-|1//0|AKIA|ASIA|xox|xapp|hooks|rk_|sk_|npm_"
    "|pypi-|SG|r8_|dapi|eyJ|sk-|-----BEGIN"
)
"""Where a token can begin: looked for first, because all patterns at every character take long."""
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
_PASSWORDS = ("password", "passwd", "passphrase", "pwd", "passwort", "passcode")

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
    done = 0
    for beginning in _BEGINNINGS.finditer(text):
        match = _ANY_TOKEN.match(text, beginning.start()) if beginning.start() >= done else None
        if match and not (match.lastgroup == _UNSURE and is_wordy(match.group())):
            done = match.end()
            yield Finding(match.start(), done, _TOKENS[int((match.lastgroup or "t0")[1:])][0])
    for kind, pattern in _PHRASES:
        for match in pattern.finditer(text):
            if kind != "a token" or not is_wordy(match["v"]):
                yield Finding(match.start("v"), match.end("v"), kind)


def is_telling(name: str) -> bool:
    """Whether a variable, key or option of that name is likely to hold a secret."""
    words = [word.lower() for word in _NAME_PARTS.findall(name)]
    if not words or words[-1] in _OTHER_ENDS:
        return False
    if any(word in _TELLING_WORDS or word.endswith(_TELLING_ENDS) for word in words):
        return True
    pairs = pairwise(words)
    return any(first in _BEFORE_KEY and second == "key" for first, second in pairs)


def kind_under(name: str, value: str) -> str:
    """What kind of secret a value without spaces around it seems to be under a telling name, or empty."""
    if not is_telling(name):
        return ""
    lower = name.lower()
    if _HEX.fullmatch(value):
        return "a Weights & Biases key" if "wandb" in lower else "a key"
    if "aws" in lower and _AWS_SECRET.fullmatch(value) and _entropy(value) >= _LEAST_ENTROPY:
        return "an AWS secret access key"
    if any(word in lower for word in _PASSWORDS) and _is_password(value):
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
