"""The job that tries a spec on this box: the same work, without what only Google Cloud has."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping
from typing import Any

MACHINE = "n1-standard-4"
"""Stands for whatever machine the spec names: the work runs on this box all the same."""

_ELSEWHERE = (
    "serviceAccount",
    "network",
    "reservedIpRanges",
    "tensorboard",
    "persistentResourceId",
    "pscInterfaceConfig",
    "protectedArtifactLocationId",
    "enableWebAccess",
    "enableDashboardAccess",
    "experiment",
    "experimentRun",
    "models",
)
"""Fields of a CustomJobSpec that name things of a project."""
_BUCKET = re.compile(r"gs://([a-z0-9][a-z0-9._-]+[a-z0-9])")


def trial_request(request: Mapping[str, Any]) -> dict[str, Any]:
    """A CustomJob in JSON form for the local server: same code, arguments, environment and timeout."""
    spec = copy.deepcopy(dict(request.get("jobSpec", {})))
    for field in _ELSEWHERE:
        spec.pop(field, None)
    timeout = spec.pop("scheduling", {}).get("timeout")
    if timeout:
        spec["scheduling"] = {"timeout": timeout}
    for pool in spec.get("workerPoolSpecs", []):
        if pool:
            pool["machineSpec"] = {"machineType": MACHINE}
            for field in ("diskSpec", "nfsMounts", "lustreMounts"):
                pool.pop(field, None)
    return {"displayName": request.get("displayName", "trial"), "jobSpec": spec}


def buckets_of(request: Mapping[str, Any]) -> tuple[str, ...]:
    """The buckets that a CustomJob names, also as the value of a variable such as BUCKET_NAME."""
    found = [name for text in _texts(request) for name in _BUCKET.findall(text)]
    named = (
        str(variable["value"]).removeprefix("gs://").partition("/")[0]
        for pool in request.get("jobSpec", {}).get("workerPoolSpecs", [])
        for kind in ("containerSpec", "pythonPackageSpec")
        for variable in pool.get(kind, {}).get("env", [])
        if variable.get("name") == "BUCKET_NAME" and variable.get("value")
    )
    return tuple(dict.fromkeys([*found, *named]))


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
