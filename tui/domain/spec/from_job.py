"""A job that was sent once, as a spec to send again: its secrets become references."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from tui.domain.jobs import OWN_LABEL, SUBMITTER_LABEL, Job
from tui.domain.secret_args import SecretNames, in_words, named_args, reference_start
from tui.domain.secret_kinds import is_wordless
from tui.domain.secrets import HIDDEN_SECRET, hide_found, is_telling, literal_secret
from tui.domain.spec.plain import read_scalar
from tui.domain.spec.references import PLAIN_NAMES, is_identifier
from tui.domain.spec.schema import OUTPUT_ONLY, Field, Kind, custom_job_schema

_APP_LABELS = frozenset({OWN_LABEL, SUBMITTER_LABEL})
"""Labels that a submission sets anew: the next job is another one, perhaps another person's."""


_COMMANDS = ("command", "args")


@dataclass(frozen=True, slots=True)
class NewSpec:
    """A spec made of a past job.

    Attributes:
        text: its YAML.
        secrets: the values of the past job that the `${NAME}`s of the text stand for; not to be shown.
        in_args: the names of those that stand in arguments.
        hidden: how many secrets stand where no reference can, so that a placeholder is there.
    """

    text: str
    secrets: Mapping[str, str]
    in_args: frozenset[str]
    hidden: int

    def __repr__(self) -> str:
        """Without the values, which must not reach a log."""
        return f"NewSpec({', '.join(self.secrets)})"


class _Names(SecretNames):
    """The names of one spec, and which stand in arguments."""

    def __init__(self) -> None:
        super().__init__(dict.fromkeys(PLAIN_NAMES, ""))
        self.in_args: set[str] = set()


def spec_from_job(job: Job, display_name: str = "") -> str:
    """The text of `new_spec`."""
    return new_spec(job, display_name).text


def new_spec(job: Job, display_name: str = "") -> NewSpec:
    """The YAML of a new spec with all that the user of the past job had set, but its name and its secrets.

    A secret in the environment, or that is an argument or all of an option's value, becomes `${NAME}`; one
    anywhere else, a placeholder that cannot be sent.
    """
    names = _Names()
    raw = {key: value for key, value in job.raw.items() if key not in OUTPUT_ONLY | {"displayName"}}
    raw["labels"] = {key: value for key, value in raw.get("labels", {}).items() if key not in _APP_LABELS}
    if display_name:
        raw = {"displayName": display_name, **raw}
    root = custom_job_schema().messages["CustomJob"]
    clean = {key: value for key, value in _message(raw, root, names).items() if value not in ({}, [])}
    if set(clean) <= {"jobSpec"}:
        clean = clean.get("jobSpec", {})
    body = yaml.dump(clean, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)
    secrets = {name: value for name, value in names.values.items() if name not in PLAIN_NAMES}
    text = f"{_heading(job)}{body}"
    return NewSpec(text, secrets, frozenset(names.in_args), body.count(HIDDEN_SECRET))


def clone_words(made: NewSpec) -> str:
    """What became of the past job's secrets, by name."""
    words = []
    if made.secrets:
        named = in_words([f"${{{name}}}" for name in made.secrets])
        stand = "stands for a secret" if len(made.secrets) == 1 else "stand for secrets"
        words.append(f"{named} {stand}; a value that is not stored is asked for at the start.")
    if made.hidden:
        count = "A secret" if made.hidden == 1 else f"{made.hidden} secrets"
        words.append(f"{count} within a text had to be left out: see {HIDDEN_SECRET}.")
    return " ".join(words) or "No secret was found in it."


def _heading(job: Job) -> str:
    when = f", created {job.create_time.astimezone():%d %b %Y %H:%M}" if job.create_time else ""
    name = re.sub(r"[^\x20-\x7e\xa0-\ud7ff]", "?", job.display_name)
    return (
        f"# From the job {name} ({job.job_id}){when}.\n"
        "# Values that looked secret are ${NAME} now: filled in when the job is started.\n"
    )


def _message(raw: Mapping[str, Any], fields: Mapping[str, Field], names: _Names) -> dict[str, Any]:
    """The fields that the schema knows, each in the form a person would write."""
    if "name" in raw and set(fields) == {"name", "value"}:
        return {"name": raw["name"], "value": _env_value(str(raw["name"]), str(raw.get("value", "")), names)}
    made = {}
    for key in sorted(raw, key=_COMMANDS.__contains__):  # a variable has the first say on its name
        value = raw[key]
        if key in _COMMANDS and key in fields and _is_command(value):
            made[key] = _args(value, names)
        elif value is not None:
            made[key] = _field(value, fields[key], names) if key in fields else value
    return {key: made[key] for key in raw if key in made}


def _is_command(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _args(args: list[str], names: _Names) -> list[str]:
    """With references for secrets, and with what would read as one escaped."""
    made = named_args(args, names)
    kept = []
    for before, item in zip(args, made, strict=True):
        start = reference_start(item)
        if before == item and start >= 0:
            kept.append(f"{item[:start]}${item[start:]}")
            continue
        if before != item and start >= 0:
            names.in_args.add(item[start + 2 : -1])
        kept.append(item)
    return kept


def _field(value: Any, field: Field, names: _Names) -> Any:  # noqa: ANN401  # JSON
    if field.repeated and isinstance(value, list):
        return [_single(item, field, names) for item in value]
    if field.map and isinstance(value, Mapping):
        return {str(key): _single(item, field, names) for key, item in value.items()}
    return _single(value, field, names)


def _single(value: Any, field: Field, names: _Names) -> Any:  # noqa: ANN401  # JSON
    if field.kind is Kind.MESSAGE and isinstance(value, Mapping):
        return _message(value, custom_job_schema().messages[field.type], names)
    if field.kind in (Kind.INT32, Kind.INT64) and isinstance(value, str) and value.lstrip("-").isdigit():
        return int(value)  # JSON carries 64-bit numbers as text
    return hide_found(value) if isinstance(value, str) else value


def _env_value(name: str, value: str, names: _Names) -> str:
    """A reference for a secret; else the value, with what would read as a reference escaped."""
    told = is_telling(name) and "tokeniz" not in name.lower()
    secret = literal_secret(name, value) or (told and value and not is_wordless(value))
    if secret and is_identifier(name):
        return "${" + names.name_for(name, value) + "}"
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
