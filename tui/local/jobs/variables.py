"""The variables that Vertex AI sets in a replica, and what a spec makes of them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from tui.local import names
from tui.local.wire.gtypes import Message

_REFERENCE = re.compile(r"(\$?)\$\(([A-Za-z_][A-Za-z0-9_]*)\)")
_ROLES = ("chief", "worker", "ps", "evaluator")
"""TensorFlow's names for the positions of the worker pools."""
_EVALUATORS = 3
"""The position that `TF_CONFIG` does not count as part of the cluster."""


def expand(text: str, known: Mapping[str, str]) -> str:
    """Replace `$(NAME)` by known variables; `$$(NAME)` is a plain `$(NAME)`, other names stay."""

    def one(match: re.Match[str]) -> str:
        return match[0][1:] if match[1] else known.get(match[2], match[0])

    return _REFERENCE.sub(one, text)


def spec_environment(env: Iterable[Message], service: Mapping[str, str]) -> dict[str, str]:
    """A spec's variables, each expanded with the service's and with those before it."""
    found: dict[str, str] = {}
    for variable in env:
        found[variable.name] = expand(variable.value, {**service, **found})
    return found


def pool_sizes(job: Message) -> list[int]:
    """Replicas of each pool; 0 for a skipped position."""
    return [
        int(pool.replica_count) if pool.WhichOneof("task") else 0 for pool in job.job_spec.worker_pool_specs
    ]


def vertex_environment(job: Message, job_id: str, pool: int, index: int) -> dict[str, str]:
    """The variables that Vertex AI sets in a replica.

    The hosts of a cluster are named as there, but cannot be reached by these names: all replicas run here.
    """
    env = {
        "CLOUD_ML_JOB_ID": job_id,
        "CLOUD_ML_PROJECT_ID": names.PROJECT_NUMBER,
        "CLUSTER_SPEC": json.dumps(_cluster(job, job_id, pool, index)),
    }
    base = job.job_spec.base_output_directory.output_uri_prefix
    if base:
        env["AIP_MODEL_DIR"] = f"{base}model/"
        env["AIP_CHECKPOINT_DIR"] = f"{base}checkpoints/"
        env["AIP_TENSORBOARD_LOG_DIR"] = f"{base}logs/"
    if job.job_spec.tensorboard:
        env["AIP_TENSORBOARD_RESOURCE_NAME"] = job.job_spec.tensorboard
    if sum(pool_sizes(job)) > 1:
        env["TF_CONFIG"] = json.dumps(tf_config(job, job_id, pool, index))
    return env


def _hosts(job: Message, job_id: str) -> list[list[str]]:
    return [
        [f"cmle-training-workerpool{pool}-{job_id[:10]}-{index}:2222" for index in range(size)]
        for pool, size in enumerate(pool_sizes(job))
    ]


def task_job(job: Message, pool: int) -> dict[str, Any]:
    """What the runner of a Python package is told to run; empty for a container, as captured there."""
    package = job.job_spec.worker_pool_specs[pool].python_package_spec
    return {
        "python_module": package.python_module,
        "package_uris": list(package.package_uris),
        "job_args": list(package.args),
    }


def _cluster(job: Message, job_id: str, pool: int, index: int) -> dict[str, Any]:
    hosts = _hosts(job, job_id)
    return {
        "cluster": {f"workerpool{number}": found for number, found in enumerate(hosts) if found},
        "environment": "cloud",
        "task": {"type": f"workerpool{pool}", "index": index},
        "job": json.dumps(task_job(job, pool)),
    }


def tf_config(job: Message, job_id: str, pool: int, index: int) -> dict[str, Any]:
    """`TF_CONFIG`, whose cluster never names evaluators."""
    hosts = _hosts(job, job_id)[:_EVALUATORS]
    return {
        "cluster": {_ROLES[number]: found for number, found in enumerate(hosts) if found},
        "environment": "cloud",
        "task": {"type": _ROLES[pool], "index": index, "cloud": job_id},
        "job": task_job(job, pool),
    }
