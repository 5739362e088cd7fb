"""Words that stand in a spec until somebody writes their own: `YOUR_BUCKET`, `changeme`, `gs://BUCKET_NAME`."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import islice

from tui.domain.secrets import placeholder

_NOUN = (
    r"(?:gcs|gs|gcp|google|cloud|hf|wandb|hugging[_-]?face|own|full|vertex|ai|service|api|docker|container|kms|tpu"
    r"|bucket|project|image|repo|repository|registry|token|key|account|name|username|user|org|organization|region"
    r"|zone|network|dataset|data|model|path|folder|directory|dir|file|email|entity|team|domain|id|number|secret"
    r"|password|here|run|experiment|script|tag|value|uri|url|resource|tensorboard|entry|code|package)"
)
_YOURS = re.compile(rf"(?<![\w$%{{<.-])your[_-]{_NOUN}(?:[_-]{_NOUN})*(?![\w-])", re.IGNORECASE)
"""`YOUR_BUCKET_NAME`, `your-project-id`: within any text."""
_WHOLE_YOURS = re.compile(
    r"\s*(?:(?:enter|insert|put|add|replace[_ -]with)[_ -])?your[_ -][\w .-]{1,60}", re.IGNORECASE
)
_FILLER = re.compile(
    r"\s*(?:change[_ -]?(?:me|this)|replace[_ -]?(?:me|this)|fill[_ -]?(?:me|this)?[_ -]?in|todo|tbd|fixme"
    r"|\{[A-Za-z_]\w*\}|x{3,40}|\.{3,6}|…|\?{2,6}|_{3,20}|insert[_ -]?here|placeholder)\s*",
    re.IGNORECASE,
)
"""What says nothing else, as a whole value."""
_BUCKET = re.compile(
    r"gs://(?P<name>[A-Z][A-Z0-9_-]{2,}|\{[A-Za-z_]\w*\}|x{3,40}|\.{3}|bucket[_-]name|change-?me)(?=[/\s\"']|$)"
)
"""What cannot be a bucket, or is hardly one."""
_UPPER = re.compile(
    r"(?<![A-Za-z0-9_$])(?:MY_)?(?:PROJECT|REGION|LOCATION|REPO|REPOSITORY|IMAGE|BUCKET|NAME|SERVICE_ACCOUNT|SA|NETWORK"
    r"|TENSORBOARD|PATH|FOLDER)(?:_(?:ID|NAME|NUMBER|PATH))?(?![A-Za-z0-9_])"
)
"""Words in capitals, in the names of resources, which have none."""
_POSSIBLE = re.compile(r"[a-z0-9_-]*[a-z0-9]")
"""What may be the name of something after all."""
_COMMENT = re.compile(r"(?:^|\s)#")
_MOST = 10


@dataclass(frozen=True, slots=True)
class Planted:
    """One placeholder in a value.

    Attributes:
        text: as it stands there.
        at: where it begins.
        certain: whether nothing else can be meant.
        variable: the variable whose `$` seems to be missing, or empty.
    """

    text: str
    at: int
    certain: bool
    variable: str = ""


def in_brackets(value: str) -> Planted | None:
    """The placeholder in angle brackets, such as `<YOUR_HF_TOKEN>`, in any value."""
    found = placeholder(value, whole=True)
    return Planted(found, value.find(found), certain=True) if found else None


def planted_in(value: str, names: Collection[str] = ()) -> Iterator[Planted]:
    """Placeholders in a value that is read as text, such as a script; `names` are variables it can use."""
    if bracketed := in_brackets(value):
        yield bracketed
        return
    if whole := _whole(value):
        yield whole
        return
    matches = [*_YOURS.finditer(value), *_BUCKET.finditer(value)]
    seen: set[str] = set()
    for match in islice(sorted(matches, key=lambda item: item.start()), _MOST):
        bucket = match.re is _BUCKET
        text = match["name"] if bucket else match.group()
        at = match.start("name") if bucket else match.start()
        if text in seen or _is_set(value, text, at):
            continue
        seen.add(text)
        variable = text if text in names else ""
        yield Planted(text, at, certain=False, variable=variable)


def planted_in_name(value: str) -> Planted | None:
    """The placeholder in the name of a resource, an address or a place in a bucket."""
    found = next(planted_in(value), None)
    if found is not None:
        possible = _POSSIBLE.fullmatch(found.text) and not found.certain
        return Planted(found.text, found.at, certain=not possible, variable=found.variable)
    match = _UPPER.search(value)
    return Planted(match.group(), match.start(), certain=True) if match else None


def _whole(value: str) -> Planted | None:
    text = value.strip()
    if not _WHOLE_YOURS.fullmatch(value) and not _FILLER.fullmatch(value):
        return None
    at = value.find(text)
    return Planted(text, at, certain=text.isupper() and bool(_YOURS.fullmatch(text)))


def _is_set(value: str, text: str, at: int) -> bool:
    """Whether it is a name that the text itself sets, or stands in a comment."""
    line = value[value.rfind("\n", 0, at) + 1 : at]
    return bool(_COMMENT.search(line)) or f"{text}=" in value
