"""The fields of the job itself: name, labels, encryption key."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tui.local import names
from tui.local.wire.gtypes import Message

Problem = tuple[str, str]
"""Field path in snake_case, and what is wrong."""
MAX_NAME = 128
MAX_LABELS = 64
MAX_LABEL = 64
_KEY = re.compile(r"projects/[^/]+/locations/([^/]+)/keyRings/[\w-]{1,63}/cryptoKeys/[\w-]{1,63}")


def top_problems(job: Message, region: str) -> Iterator[Problem]:
    """What is wrong with a job's own fields."""
    if not job.display_name.strip():
        yield "custom_job.display_name", "Display name should be non-empty."
    elif len(job.display_name) > MAX_NAME:
        yield "custom_job.display_name", f"Display name should not have more than {MAX_NAME} characters."
    if len(job.labels) > MAX_LABELS:
        text = f"There can be no more than {MAX_LABELS} labels attached to a single resource."
        yield "custom_job.labels", text
    if not all(_good_label(key) and key and _good_label(value) for key, value in job.labels.items()):
        yield (
            "custom_job.labels",
            (
                "Label keys and values can only contain lowercase letters, numbers, dashes and underscores, "
                f"and should not have more than {MAX_LABEL} characters."
            ),
        )
    yield from _encryption(job.encryption_spec, region)


def _good_label(text: str) -> bool:
    return len(text) <= MAX_LABEL and all(
        letter in "_-" or (letter.isalnum() and letter == letter.lower()) for letter in text
    )


def _encryption(encryption: Message, region: str) -> Iterator[Problem]:
    name = encryption.kms_key_name
    if not name:
        return
    field = "custom_job.encryption_spec.kms_key_name"
    found = _KEY.fullmatch(name)
    if not found:
        form = "projects/P/locations/R/keyRings/RING/cryptoKeys/KEY"
        yield field, f"The key name must have the form {form}."
    elif found[1] != region:
        yield field, f"The key must be in the job's region {region}, not in {found[1]}."


def in_project(name: str, region: str, tail: str) -> bool:
    """Whether a resource name is `projects/P/locations/REGION/` of this project, with a tail that fits."""
    found = re.fullmatch(rf"projects/([^/]+)/locations/([^/]+)/{tail}", name)
    return bool(found and names.is_project(found[1]) and found[2] == region)
