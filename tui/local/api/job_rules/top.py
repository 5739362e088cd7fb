"""The fields of the job itself: name, labels, encryption key."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tui.domain.spec.forms import ENCRYPTION_KEY
from tui.local import names
from tui.local.wire.gtypes import Message

Problem = tuple[str, str]
"""Field path in snake_case, and what is wrong."""
MAX_NAME = 128
MAX_LABEL = 64


def top_problems(job: Message, region: str) -> Iterator[Problem]:
    """What is wrong with a job's own fields."""
    if not job.display_name.strip():
        yield "custom_job.display_name", "Display name should be non-empty."
    elif len(job.display_name) > MAX_NAME:
        yield "custom_job.display_name", f"Display name should not have more than {MAX_NAME} characters."
    if not all(_good_label(key) and _good_label(value) for key, value in job.labels.items()):
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
    found = ENCRYPTION_KEY.fullmatch(name)
    if not found:
        form = "projects/P/locations/R/keyRings/RING/cryptoKeys/KEY"
        yield field, f"The key name must have the form {form}."
    elif found["region"] != region:
        yield field, f"The key must be in the job's region {region}, not in {found['region']}."


def in_project(name: str, region: str, tail: str) -> bool:
    """Whether a resource name is `projects/P/locations/REGION/` of this project, with a tail that fits."""
    found = re.fullmatch(rf"projects/([^/]+)/locations/([^/]+)/{tail}", name)
    return bool(found and names.is_project(found[1]) and found[2] == region)
