"""The message that is sent: a CustomJob in the API's JSON form, complete and with every reference filled."""

from __future__ import annotations

import copy
import json
import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from tui.domain.secret_args import reference_start
from tui.domain.secrets import HIDDEN, hide_found
from tui.domain.spec.check import Shape, Spec
from tui.domain.spec.references import PLAIN_NAMES, Source, Value, missing, substitute

_TASKS = ("containerSpec", "pythonPackageSpec")
_COMMANDS = ("command", "args")


def with_key(spec: Spec, kms_key: str) -> Spec:
    """The spec with `encryptionSpec` for a Cloud KMS key, unless it has one or the key is empty."""
    if not kms_key or spec.shape is Shape.NONE or "encryptionSpec" in spec.job:
        return spec
    return replace(spec, job={**spec.job, "encryptionSpec": {"kmsKeyName": kms_key}})


def build_request(
    spec: Spec, display_name: str, labels: Mapping[str, str], values: Mapping[str, Value]
) -> dict[str, Any]:
    """The CustomJob for `CreateCustomJob`; `labels` are added to those of the file.

    Raises:
        UnresolvedError: a reference has no value; nothing is to be sent then.
    """

    def value_of(name: str) -> str | None:
        return values[name].text if name in values else None

    return _build(spec, display_name, labels, value_of)


def preview(spec: Spec, display_name: str, labels: Mapping[str, str], values: Mapping[str, Value]) -> str:
    """The same as JSON text for reading: secrets hidden, missing values named."""
    without = missing(spec.references, values)

    def value_of(name: str) -> str | None:
        if name not in values:
            return f"<{name}: not set>" if name in without else None  # its default then
        value = values[name]
        shown = name in PLAIN_NAMES or value.source is Source.SETTINGS
        return value.text if shown else f"{HIDDEN} ({name}, hidden)"

    request = _build(spec, display_name, labels, value_of)
    return hide_found(json.dumps(request, indent=2, ensure_ascii=False), HIDDEN)


def gcloud_command(
    spec: Spec, *, file: str, project: str, region: str, display_name: str, labels: Mapping[str, str]
) -> str:
    """The `gcloud` command that sends the same spec, ready for a shell."""
    words = [
        "gcloud ai custom-jobs create",
        f"--project={shlex.quote(project)}",
        f"--region={shlex.quote(region)}",
        f"--display-name={shlex.quote(display_name)}",
    ]
    merged = {**spec.job.get("labels", {}), **labels}
    if merged:
        words.append(shlex.quote("--labels=" + ",".join(f"{key}={value}" for key, value in merged.items())))
    kms = spec.job.get("encryptionSpec", {}).get("kmsKeyName")
    if kms:
        words.append(f"--kms-key={shlex.quote(kms)}")
    words.append(f"--config={shlex.quote(file)}")
    return " \\\n  ".join(words)


def gcloud_notes(spec: Spec) -> list[str]:
    """What gcloud would do differently with this file."""
    notes = []
    if spec.shape is Shape.JOB:
        notes.append("gcloud reads only what is below jobSpec: put that part in a file of its own.")
    if spec.references:
        names = ", ".join(dict.fromkeys(item.name for item in spec.references))
        notes.append(f"gcloud sends ${{…}} as it stands: fill in {names} first.")
    return notes


def env_lists(job: Mapping[str, Any]) -> Iterator[list[dict[str, Any]]]:
    """The environment of every container of a CustomJob in JSON form."""
    for task in _tasks(job):
        yield task.get("env", [])


def arg_lists(job: Mapping[str, Any]) -> Iterator[list[str]]:
    """The command and the arguments of every container of a CustomJob in JSON form."""
    for task in _tasks(job):
        yield from (task[key] for key in _COMMANDS if key in task)


def _tasks(job: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for pool in job.get("jobSpec", {}).get("workerPoolSpecs", []):
        for task in _TASKS:
            if task in pool:
                yield pool[task]


def _filled(item: str, value_of: Callable[[str], str | None]) -> str:
    """An argument with its secret, if it refers to one."""
    start = reference_start(item)
    return item[:start] + substitute(item[start:], value_of) if start >= 0 else item


def _build(
    spec: Spec, display_name: str, labels: Mapping[str, str], value_of: Callable[[str], str | None]
) -> dict[str, Any]:
    job = copy.deepcopy(dict(spec.job))
    for env in env_lists(job):
        for variable in env:
            if "value" in variable:
                variable["value"] = substitute(variable["value"], value_of)
    for task in _tasks(job):
        for key in _COMMANDS:
            if key in task:
                task[key] = [_filled(item, value_of) for item in task[key]]
    request: dict[str, Any] = {
        "displayName": display_name,
        **{k: v for k, v in job.items() if k != "displayName"},
    }
    merged = {**job.get("labels", {}), **labels}
    if merged:
        request["labels"] = merged
    return request
