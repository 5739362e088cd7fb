"""A job's record as text to read: its spec as YAML, all of it as JSON, and the commands that do the same.

Values of environment variables and whatever looks like a secret are hidden, so that the texts can be shown
and copied. They are made for reading: a spec that is started again gets its values anew.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from typing import Any

from tui.domain.joblist.commands import (
    cancel_command,
    delete_command,
    describe_command,
    stream_command,
)
from tui.domain.jobs import OWN_LABEL, Job

HIDDEN = "••••••"
"""Stands for a value that is not shown."""
_DEEPEST = 60
"""Levels of nesting that are shown; a CustomJob has eight."""
_TASKS = ("containerSpec", "pythonPackageSpec")
_COMMANDS = ("command", "args")


def spec_of(job: Job) -> Mapping[str, Any]:
    """What stands below `jobSpec`, or nothing."""
    spec: Any = job.raw.get("jobSpec")
    return spec if isinstance(spec, Mapping) else {}


def has_whole_spec(job: Job) -> bool:
    """Whether the record says what is run; the list kept from an earlier session only knows the machines."""
    spec = spec_of(job)
    pools = spec.get("workerPoolSpecs")
    tasks = any(isinstance(pool, Mapping) and any(task in pool for task in _TASKS) for pool in _listed(pools))
    return tasks or bool(spec.get("persistentResourceId"))


def spec_yaml(job: Job) -> str:
    """What stands below `jobSpec` as YAML, the form that `--config` takes, with values hidden."""
    from tui.domain.spec.as_yaml import as_yaml  # noqa: PLC0415 (PyYAML; not for the first frame)

    return _without_secrets(as_yaml(without_values(spec_of(job))))


def job_json(job: Job) -> str:
    """The whole record in the API's JSON form, with values hidden."""
    return _without_secrets(json.dumps(without_values(job.raw), indent=2, ensure_ascii=False))


def create_command(job: Job, project: str, file: str = "job.yaml") -> str:
    """The gcloud command that starts the same spec again from a file."""
    labels = {key: value for key, value in job.labels.items() if key != OWN_LABEL}
    words = [
        "gcloud ai custom-jobs create",
        f"--project={shlex.quote(project)}",
        f"--region={shlex.quote(job.region)}",
        f"--display-name={shlex.quote(job.display_name)}",
    ]
    if labels:
        pairs = ",".join(f"{key}={value}" for key, value in sorted(labels.items()))
        words.append(shlex.quote(f"--labels={pairs}"))
    encryption: Any = job.raw.get("encryptionSpec")
    if isinstance(encryption, Mapping) and encryption.get("kmsKeyName"):
        words.append(f"--kms-key={shlex.quote(str(encryption['kmsKeyName']))}")
    words.append(f"--config={shlex.quote(file)}")
    return " \\\n  ".join(words)


def commands(job: Job, project: str) -> tuple[tuple[str, str], ...]:
    """What each command is for, and the command, ready for a shell."""
    made = [
        ("See the job", describe_command(job, project)),
        ("Follow its log; asks once a minute and never ends by itself", stream_command(job, project)),
    ]
    if job.state.live:
        made.append(("Cancel it", cancel_command(job, project)))
    else:
        made.append(("Delete its record; gcloud has no command for it", delete_command(job)))
    how = "Start the same again, with the spec in job.yaml; values that are hidden have to be filled in"
    made.append((how, create_command(job, project)))
    return tuple((title, _without_secrets(command)) for title, command in made)


def without_values(value: object, *, in_env: bool = False, depth: int = 0) -> Any:  # noqa: ANN401 (JSON)
    """A copy in plain types, with the values of environment variables hidden."""
    if depth > _DEEPEST:
        return "…"
    if isinstance(value, Mapping):
        return {
            str(key): HIDDEN
            if in_env and key == "value"
            else without_values(_shown(key, value[key]), in_env=key == "env", depth=depth + 1)
            for key in _keys(value)
        }
    if isinstance(value, list | tuple):
        return [without_values(item, in_env=in_env, depth=depth + 1) for item in value]
    if value is None or isinstance(value, bool | int | float | str):
        return HIDDEN if in_env and isinstance(value, str) else value
    return str(value)


def _shown(key: object, value: object) -> object:
    """Arguments without the secrets that only their options tell of."""
    if (
        key not in _COMMANDS
        or not isinstance(value, list)
        or not all(isinstance(item, str) for item in value)
    ):
        return value
    from tui.domain.secret_args import hide_args  # noqa: PLC0415 (many patterns; not for the first frame)

    return hide_args(value, HIDDEN)


def _keys(value: Mapping[Any, Any]) -> list[Any]:
    """In the order of the API: what was read later of the same record may come in another."""
    first = ("name", "displayName", "state", "createTime", "startTime", "endTime", "updateTime", "error")
    keys = list(value)
    if "jobSpec" not in value:
        return keys
    return [*(key for key in first if key in value), *(key for key in keys if key not in first)]


def _without_secrets(text: str) -> str:
    from tui.domain.secrets import hide_found  # noqa: PLC0415 (many patterns; not for the first frame)

    return hide_found(text, HIDDEN)


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
