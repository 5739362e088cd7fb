"""Rules of Vertex AI that the protos do not hold; sources: the API's reference and its documentation."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tui.domain.spec.problems import START, Place, Problem, error, warning
from tui.domain.spec.walk import Path

MAX_POOLS = 4
"""Primary, workers, parameter servers or reduction server, evaluators."""
MAX_ENV = 100
"""Environment variables a container."""
MAX_DISPLAY_NAME = 128
"""Characters of a display name."""
MAX_LABEL = 64
"""Characters of a label's key or value."""
OWN_LABEL = "vertex-tui-id"
"""The label by which a submission is found again after a lost reply."""

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_TASKS = ("containerSpec", "pythonPackageSpec")
_REQUIRED = {
    "containerSpec": ("imageUri",),
    "pythonPackageSpec": ("executorImageUri", "packageUris", "pythonModule"),
}


def is_identifier(name: str) -> bool:
    """Whether a name is a C identifier, as `EnvVar.name` must be."""
    return bool(_IDENTIFIER.fullmatch(name))


def label_problem(text: str, *, key: bool) -> str:
    """What is wrong with a label's key or value, or empty (`CustomJob.labels`)."""
    if len(text) > MAX_LABEL:
        return f"is longer than {MAX_LABEL} characters"
    if key and not text:
        return "is empty"
    if any(char.isupper() or not (char.isalnum() or char in "_-") for char in text):
        return "may hold only lower-case letters, digits, _ and -"
    return ""


class _Rules:
    def __init__(self, job: Mapping[str, Any], places: Mapping[Path, Place]) -> None:
        self._job = job
        self._places = places

    def at(self, *path: str | int) -> Place:
        """Where the value of that path stands, or the nearest thing around it."""
        while path and path not in self._places:
            path = path[:-1]
        return self._places.get(path, START)

    def all(self) -> Iterator[Problem]:
        """Every rule."""
        yield from self._names()
        spec = self._job.get("jobSpec", {})
        pools = spec.get("workerPoolSpecs")
        top = ("jobSpec", "workerPoolSpecs")
        if not pools:
            if top not in self._places or pools is not None:
                yield error(self.at(*top), "no-pools", "workerPoolSpecs needs at least one pool.")
        else:
            if len(pools) > MAX_POOLS:
                place = self.at(*top, MAX_POOLS)
                yield error(place, "too-many-pools", f"A job has at most {MAX_POOLS} pools.")
            for number, pool in enumerate(pools):
                yield from self._pool(pool, number, (*top, number))
        yield from self._output(spec)

    def _names(self) -> Iterator[Problem]:
        name = self._job.get("displayName", "")
        if len(name) > MAX_DISPLAY_NAME:
            yield error(
                self.at("displayName"),
                "long-name",
                f"displayName is {len(name)} characters long; at most {MAX_DISPLAY_NAME} are allowed.",
            )
        for key, value in self._job.get("labels", {}).items():
            place = self.at("labels", key)
            if key == OWN_LABEL:
                yield error(place, "own-label", f"{OWN_LABEL} is set by this app for every submission.")
            for text, what in ((key, "key"), (value, "value")):
                if wrong := label_problem(text, key=what == "key"):
                    yield error(place, "bad-label", f"The label's {what} “{text[:64]}” {wrong}.")

    def _output(self, spec: Mapping[str, Any]) -> Iterator[Problem]:
        uri = spec.get("baseOutputDirectory", {}).get("outputUriPrefix")
        if uri is not None and not re.match(r"gs://[a-z0-9]", uri):
            place = self.at("jobSpec", "baseOutputDirectory", "outputUriPrefix")
            yield error(place, "bad-output", "outputUriPrefix must be like gs://bucket/path.")

    def _pool(self, pool: Mapping[str, Any], number: int, path: Path) -> Iterator[Problem]:
        written = [key for key in self._places if key[: len(path)] == path and len(key) == len(path) + 1]
        if not pool and not written:
            if number == 0:
                yield error(self.at(*path), "no-task", "The first pool runs the job; it cannot be empty.")
            return
        tasks = [task for task in _TASKS if task in pool]
        if not tasks and not any((*path, task) in self._places for task in _TASKS):
            yield error(self.at(*path), "no-task", "A pool needs a containerSpec or a pythonPackageSpec.")
        yield from self._machine(pool, path)
        yield from self._replicas(pool, number, path)
        for task in tasks:
            yield from self._task(pool[task], task, (*path, task))

    def _machine(self, pool: Mapping[str, Any], path: Path) -> Iterator[Problem]:
        machine = pool.get("machineSpec", {})
        where = (*path, "machineSpec")
        if not machine.get("machineType") and (*where, "machineType") not in self._places:
            yield error(self.at(*where), "no-machine", "machineSpec.machineType is required.")
        kind = machine.get("acceleratorType", "ACCELERATOR_TYPE_UNSPECIFIED")
        named = kind != "ACCELERATOR_TYPE_UNSPECIFIED"
        count = machine.get("acceleratorCount", 0)
        if count and not named and (*where, "acceleratorType") not in self._places:
            yield error(self.at(*where, "acceleratorCount"), "accelerator", "acceleratorType is missing.")
        if named and not count and (*where, "acceleratorCount") not in self._places:
            yield error(self.at(*where, "acceleratorType"), "accelerator", "acceleratorCount is missing.")

    def _replicas(self, pool: Mapping[str, Any], number: int, path: Path) -> Iterator[Problem]:
        count = pool.get("replicaCount")
        place = self.at(*path, "replicaCount")
        if count is None:
            if (*path, "replicaCount") not in self._places:
                yield warning(place, "no-replicas", "replicaCount is missing; write 1.")
        elif number == 0 and int(count) != 1:
            yield error(place, "replicas", f"The first pool has exactly one replica, not {count}.")
        elif int(count) < 1:
            yield error(place, "replicas", f"replicaCount must be at least 1, not {count}.")

    def _task(self, task: Mapping[str, Any], kind: str, path: Path) -> Iterator[Problem]:
        for name in _REQUIRED[kind]:
            if not task.get(name) and (*path, name) not in self._places:
                yield error(self.at(*path), "required", f"{kind} needs {name}.")
        env = task.get("env", [])
        if len(env) > MAX_ENV:
            yield error(self.at(*path, "env"), "too-many-env", f"At most {MAX_ENV} variables are allowed.")
        seen: set[str] = set()
        for number, variable in enumerate(env):
            yield from self._variable(variable, (*path, "env", number), seen)

    def _variable(self, variable: Mapping[str, Any], path: Path, seen: set[str]) -> Iterator[Problem]:
        name = variable.get("name", "")
        if not name:
            if (*path, "name") not in self._places:
                yield error(self.at(*path), "env-name", "A variable needs a name.")
        elif not is_identifier(name):
            yield error(
                self.at(*path, "name"),
                "env-name",
                f"“{name[:60]}” cannot name a variable: letters, digits and _ only, no digit first.",
            )
        elif name in seen:
            yield error(self.at(*path, "name"), "env-twice", f"{name} is set twice.")
        seen.add(name)
        if "value" not in variable and (*path, "value") not in self._places:
            yield error(self.at(*path), "env-value", f"{name or 'A variable'} needs a value.")


def service_rules(job: Mapping[str, Any], places: Mapping[Path, Place]) -> list[Problem]:
    """What Vertex AI would refuse, or read otherwise than it looks, in a CustomJob in JSON form.

    Values that were wrong in themselves are absent from `job` but have a place: they are not reported again.
    """
    return list(_Rules(job, places).all())
