"""A job that was sent once, as a spec to send again: its secrets become references."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import yaml

from tui.domain.jobs import OWN_LABEL, SUBMITTER_LABEL, Job
from tui.domain.secrets import hide_found, is_telling, literal_secret
from tui.domain.spec.plain import read_scalar
from tui.domain.spec.references import is_identifier
from tui.domain.spec.schema import OUTPUT_ONLY, Field, Kind, custom_job_schema

_WORD = re.compile(r"[0-9.]*|true|false|yes|no|none", re.IGNORECASE)
"""Values that are no secrets whatever they are called, such as MAX_TOKENS."""


_APP_LABELS = frozenset({OWN_LABEL, SUBMITTER_LABEL})
"""Labels that a submission sets anew: the next job is another one, perhaps another person's."""


def spec_from_job(job: Job, display_name: str = "") -> str:
    """The YAML of a new spec with all that the user of the past job had set, but its name and its secrets.

    A secret in the environment becomes `${NAME}`; one anywhere else, a placeholder that cannot be sent.
    """
    raw = {key: value for key, value in job.raw.items() if key not in OUTPUT_ONLY | {"displayName"}}
    raw["labels"] = {key: value for key, value in raw.get("labels", {}).items() if key not in _APP_LABELS}
    if display_name:
        raw = {"displayName": display_name, **raw}
    root = custom_job_schema().messages["CustomJob"]
    clean = {key: value for key, value in _message(raw, root).items() if value not in ({}, [])}
    if set(clean) <= {"jobSpec"}:
        clean = clean.get("jobSpec", {})
    body = yaml.dump(clean, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)
    return f"{_heading(job)}{body}"


def _heading(job: Job) -> str:
    when = f", created {job.create_time.astimezone():%d %b %Y %H:%M}" if job.create_time else ""
    name = re.sub(r"[^\x20-\x7e\xa0-\ud7ff]", "?", job.display_name)
    return (
        f"# From the job {name} ({job.job_id}){when}.\n"
        "# Values that looked secret are ${NAME} now: filled in when the job is started.\n"
    )


def _message(raw: Mapping[str, Any], fields: Mapping[str, Field]) -> dict[str, Any]:
    """The fields that the schema knows, each in the form a person would write."""
    if "name" in raw and set(fields) == {"name", "value"}:
        return {"name": raw["name"], "value": _env_value(str(raw["name"]), str(raw.get("value", "")))}
    return {
        key: _field(value, fields[key]) if key in fields else value
        for key, value in raw.items()
        if value is not None
    }


def _field(value: Any, field: Field) -> Any:  # noqa: ANN401  # JSON
    if field.repeated and isinstance(value, list):
        return [_single(item, field) for item in value]
    if field.map and isinstance(value, Mapping):
        return {str(key): _single(item, field) for key, item in value.items()}
    return _single(value, field)


def _single(value: Any, field: Field) -> Any:  # noqa: ANN401  # JSON
    if field.kind is Kind.MESSAGE and isinstance(value, Mapping):
        return _message(value, custom_job_schema().messages[field.type])
    if field.kind in (Kind.INT32, Kind.INT64) and isinstance(value, str) and value.lstrip("-").isdigit():
        return int(value)  # JSON carries 64-bit numbers as text
    return hide_found(value) if isinstance(value, str) else value


def _env_value(name: str, value: str) -> str:
    """A reference for a secret; else the value, with what would read as a reference escaped."""
    told = is_telling(name) and "tokeniz" not in name.lower()
    secret = literal_secret(name, value) or (told and value and not _WORD.fullmatch(value))
    if secret and is_identifier(name):
        return "${" + name + "}"
    return hide_found(value).replace("${", "$${")


class _Dumper(yaml.SafeDumper):
    """Scripts as block scalars; no anchors, for nobody wrote any."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ANN401, ARG002  # PyYAML's
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002
        super().increase_indent(flow, indentless=False)


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    # gcloud takes more words for values of another kind than PyYAML does: y, n, 1e3.
    plain = read_scalar(text, None, (True, False))[0] == text
    style = "|" if "\n" in text else None if plain else "'"
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)
