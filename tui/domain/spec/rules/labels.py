"""The fields of the job itself: name, labels, encryption key."""

from __future__ import annotations

from collections.abc import Iterator

from tui.domain.jobs import OWN_LABEL
from tui.domain.spec.forms import ENCRYPTION_KEY
from tui.domain.spec.problems import Problem, error, warning
from tui.domain.spec.rules.base import View

MAX_DISPLAY_NAME = 128
"""Characters of a display name."""
MAX_LABEL = 64
"""Characters of a label's key or value."""
MAX_LABELS = 64
"""Labels of most of Google's resources, the app's own included; of a CustomJob it is not documented."""


def label_problem(text: str, *, key: bool) -> str:
    """What is wrong with a label's key or value, or empty (`CustomJob.labels`)."""
    if len(text) > MAX_LABEL:
        return f"is longer than {MAX_LABEL} characters"
    if key and not text:
        return "is empty"
    if any(char not in "_-" and (char != char.lower() or not char.isalnum()) for char in text):
        return "may hold only lower-case letters, digits, _ and -"
    return ""


def top_problems(view: View) -> Iterator[Problem]:
    """What is wrong with a job's own fields."""
    name = view.job.get("displayName", "")
    if len(name) > MAX_DISPLAY_NAME:
        text = f"displayName is {len(name)} characters long; at most {MAX_DISPLAY_NAME} are allowed."
        yield error(view.at("displayName"), "long-name", text)
    yield from _labels(view)
    key = view.job.get("encryptionSpec", {}).get("kmsKeyName", "")
    path = ("encryptionSpec", "kmsKeyName")
    if not key or view.is_open(*path):
        return
    found = ENCRYPTION_KEY.fullmatch(key)
    if not found:
        text = "kmsKeyName must be like projects/P/locations/R/keyRings/RING/cryptoKeys/KEY."
        yield error(view.value_at(*path), "bad-key-name", text)
    elif view.region and found["region"] != view.region:
        text = f"The key is in {found['region']}; it must be in the job's region, {view.region}."
        yield error(view.value_at(*path), "other-region", text)


def _labels(view: View) -> Iterator[Problem]:
    labels = view.job.get("labels", {})
    if len(labels) >= MAX_LABELS:
        text = (
            f"These are {len(labels)} labels, and this app adds one: most of Google's resources take "
            f"{MAX_LABELS} in all."
        )
        yield warning(view.at("labels"), "too-many-labels", text)
    for key, value in labels.items():
        place = view.at("labels", key)
        if key == OWN_LABEL:
            yield error(place, "own-label", f"{OWN_LABEL} is set by this app for every submission.")
        for text, what in ((key, "key"), (value, "value")):
            if wrong := label_problem(text, key=what == "key"):
                kind = error if text else warning
                yield kind(place, "bad-label", f"The label's {what} “{text[:64]}” {wrong}.")
