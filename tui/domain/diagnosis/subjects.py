"""What an error is about, by the name its text gives: a module, a model, a bucket, a file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from tui.domain.diagnosis.model import Cause

_MODEL = r"([\w.-]{1,100}/[\w.-]{1,100}?)"
_END = r"(?=[\s'\"`,;:/?]|\.(?:\s|$)|$)"
_PATTERNS: Mapping[Cause, tuple[re.Pattern[str], ...]] = {
    Cause.MISSING_MODULE: (
        re.compile(r"No module named '?([\w.-]{1,200})"),
        re.compile(r"cannot import name '([\w.]{1,200})'"),
        re.compile(r"([\w.+-]{1,100}): cannot open shared object file"),
        re.compile(r"No matching distribution found for (\S{1,200})"),
        re.compile(r"satisfies the requirement (\S{1,200})"),
        re.compile(r"No package metadata was found for (?:The ')?([\w.-]{1,100})"),
        re.compile(
            r"requires (?:the )?[`'\"]?([\w.-]{1,60})[^\n]{0,60}(?:library|package|not found|pip install)"
        ),
        re.compile(r"pip install (?:-U |--upgrade )?['\"`]?([\w.-]{1,100})"),
    ),
    Cause.MODEL_ACCESS: (
        re.compile(rf"(?:model|dataset|repo) {_MODEL} is (?:restricted|gated)"),
        re.compile(rf"Dataset '{_MODEL}' (?:is|doesn)"),
        re.compile(rf"(?:^|[\s'\"]){_MODEL}'? is not a local folder"),
        re.compile(
            rf"huggingface\.co/(?:api/)?(?:models/|datasets/|spaces/)?(?!docs/|settings/|api/|join)"
            rf"{_MODEL}{_END}"
        ),
    ),
    Cause.MISSING_FILE: (
        re.compile(r"No such file or directory: b?'([^']{1,500})'"),
        re.compile(r"No such file or directory: b?\"([^\"]{1,500})\""),
        re.compile(r"can't open file '([^']{1,500})'"),
        re.compile(r"([^\s:;'\"]{1,500}); No such file or directory"),
        re.compile(r"(gs://[^\s'\",)]{1,500})"),
        re.compile(r"No such object: ([^\s'\",]{1,500})"),
        re.compile(r"/b/([\w.-]{1,222})"),
        re.compile(r"(?:file|path|directory) '([^'\n]{1,500})'"),
        re.compile(r"([^\s:'\"]{1,500}): No such file or directory"),
        re.compile(r"(?:file|File|path|Path|directory)[^\n/]{0,40} (/[^\s'\",]{1,500})"),
    ),
    Cause.PERMISSION: (
        re.compile(r"gs://([\w.-]{3,222})"),
        re.compile(r"/b/([\w.-]{3,222})"),
        re.compile(r"b instance \[([^\]\s]{3,222})"),
        re.compile(r"(?:Cloud Storage )?bucket ([\w.-]{3,222})"),
        re.compile(r"repositories?/([\w./-]{3,200})"),
    ),
    Cause.API_DISABLED: (
        re.compile(r"apis/api/([\w.-]{3,100}\.googleapis\.com)"),
        re.compile(r"(?<![\w.-])([\w-]{2,60}\.googleapis\.com)"),
    ),
    Cause.GPU_MEMORY: (
        re.compile(r"(?:[Tt]ried to allocate|trying to allocate) ([\d.]{1,20} ?(?:[KMGT]i?B|bytes))"),
    ),
    Cause.HOST_MEMORY: (
        re.compile(r"(?:Unable to|tried to|trying to) allocate ([\d.]{1,20} ?(?:[KMGT]i?B|bytes))"),
    ),
    Cause.NETWORK: (
        re.compile(r"host='([\w.-]{1,253})'"),
        re.compile(r"[Cc]ould not resolve host: ([\w.-]{1,253})"),
        re.compile(r"(?:connect to|reach|access|host) '?(?:https?://)?([\w-]{1,63}(?:\.[\w-]{1,63}){1,8})"),
        re.compile(r"https?://([\w.-]{1,253})"),
    ),
    Cause.IMAGE_PULL: (
        re.compile(r"[Ii]mage:? [\"']{0,2}([\w.-]{1,200}[:/@][\w.@:/-]{1,300})"),
        re.compile(r"\b([a-z0-9-]{1,60}-docker\.pkg\.dev/[\w./:@-]{1,300}[\w])"),
        re.compile(r"\b((?:[a-z]{2,4}\.)?gcr\.io/[\w./:@-]{1,300}[\w])"),
    ),
}

_PERMISSION = r"([a-z][A-Za-z]{1,40}\.[A-Za-z]{1,40}\.[A-Za-z]{1,60})"
_MISSING = (
    re.compile(rf"(?:does not have|lacks?|[Pp]ermissions?:?) (?:the )?['\"\[]?{_PERMISSION}"),
    re.compile(rf"(?<![\w.]){_PERMISSION}['\"\]]? (?:denied|access|permission)"),
)
"""A permission of IAM, `storage.objects.get`, in what a refusal says."""
_REFUSED = (
    re.compile(r"([\w.+-]{1,80}@[\w.-]{1,120}\.\w{2,20}) (?:does not have|lacks|may not|is not allowed)"),
    re.compile(r"([\w.+-]{1,80}@[\w.-]{1,120}\.gserviceaccount\.com)"),
)
"""The account that was refused."""
_READ = 2_000


def subject_of(cause: Cause, text: str) -> str:
    """What `text` is about, of the kind that its cause has; empty if it does not say."""
    for pattern in _PATTERNS.get(cause, ()):
        match = pattern.search(text)
        if match:
            return match[1].rstrip(".")
    return ""


def refusal(quotes: Iterable[str]) -> str:
    """Which account lacks which permission, as a sentence; empty if no quote names either."""
    permission = account = ""
    for quote in quotes:
        permission = permission or _first(_MISSING, quote[:_READ])
        account = account or _first(_REFUSED, quote[:_READ])
    if permission:
        return f"{account} lacks {permission}." if account else f"The permission {permission} is missing."
    return f"The account that was refused is {account}." if account else ""


def _first(patterns: Iterable[re.Pattern[str]], text: str) -> str:
    return next((match[1] for pattern in patterns if (match := pattern.search(text))), "")
