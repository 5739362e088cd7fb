"""Keys that people write for what Vertex AI calls otherwise, sets elsewhere, or does not have."""

from __future__ import annotations

from dataclasses import dataclass

from tui.domain.spec.nodes import Entry, Mapping, Scalar
from tui.domain.spec.problems import Edit, Fix
from tui.domain.spec.schema import Field, Schema

_STEP = 2
_PLACES = {
    "CustomJobSpec": "at the top level of the spec, beside workerPoolSpecs",
    "WorkerPoolSpec": "in a pool of workerPoolSpecs, beside containerSpec",
    "MachineSpec": "below machineSpec of a pool",
    "DiskSpec": "below diskSpec of a pool",
    "ContainerSpec": "below containerSpec of a pool",
    "PythonPackageSpec": "below pythonPackageSpec of a pool",
    "Scheduling": "below scheduling, beside workerPoolSpecs",
    "GcsDestination": "below baseOutputDirectory, beside workerPoolSpecs",
}
"""Messages whose keys are looked for, with where they stand; the names of others are too common."""
_OTHER_NAMES = {
    "replicaCount": "replicas count nodes nodecount numnodes numworkers workers instancecount instances",
    "machineType": "machine instancetype vmtype",
    "acceleratorType": "gputype accelerator gpumodel",
    "acceleratorCount": "gpucount numgpus ngpus gpuspernode",
    "bootDiskSizeGb": "disk disksize disksizegb disksizeingb bootdisk bootdisksize volumesize diskgb",
    "bootDiskType": "disktype",
    "imageUri": "image containerimage docker dockerimage containerimageuri",
    "command": "cmd entrypoint",
    "args": "arguments parameters hyperparameters",
    "env": "environment environmentvariables envvars envs variables",
    "timeout": "maxruntime maxrunduration maxruntimeseconds maxruntimeinseconds walltime deadline "
    "activedeadlineseconds timelimit timeoutseconds",
    "serviceAccount": "serviceaccountname serviceaccountemail runas",
    "outputUriPrefix": "outputuri outputdir outputdirectory outputpath output stagingbucket",
    "workerPoolSpecs": "workerpools workers pools",
}
_ALIASES = {other: name for name, others in _OTHER_NAMES.items() for other in others.split()}
_OF_VARIABLES = {"key": "name", "k": "name", "var": "name", "variable": "name", "val": "value"}
_WORDS = {
    "region location": "the region is chosen when the job is started (--region, or region in the settings)",
    "zone zones": "Vertex AI chooses the zone itself; the region is chosen when the job is started",
    "project projectid": "the project is chosen when the job is started (--project, or project in the "
    "settings)",
    "spot usespot preemptible usepreemptible provisioningmodel": "for a Spot machine, write strategy: SPOT "
    "below scheduling, beside workerPoolSpecs",
    "gpu gpus accelerators": "GPUs are asked for with acceleratorType and acceleratorCount below machineSpec "
    "of a pool",
    "cpu cpus vcpus memory ram mem resources limits requests": "CPUs and memory come with the machineType, "
    "GPUs with acceleratorType and acceleratorCount",
    "tpu tpus": "a TPU is asked for with its machineType and a tpuTopology",
    "secret secrets secretenv valuefrom envfrom envfile": "a secret is written as value: ${NAME}, which is "
    "filled in when the job is started",
    "volumes volumemounts mounts bucket buckets": "buckets are folders below /gcs/ in the container; "
    "other shares are nfsMounts of a pool",
    "ports port": "nothing can be reached from outside; for a shell in the container, set enableWebAccess",
    "workingdir workdir cwd": "begin the script with cd",
    "retries maxretries maxretrycount backofflimit restartpolicy restart": "write "
    "restartJobOnWorkerRestart or disableRetries below scheduling, beside workerPoolSpecs",
    "name jobname job id": "only the job has a name, which is given when it is started",
    "script run": "write a script as command: [bash, -c] with the script as the one item of args",
    "imagepullpolicy imagepullsecrets": "the image is always pulled, as Vertex AI's own account",
    "trainingpipeline traininginput": "this belongs to another kind of job; begin with workerPoolSpecs",
}
_SENTENCES = {key: words for keys, words in _WORDS.items() for key in keys.split()}


@dataclass(frozen=True, slots=True)
class Wish:
    """What a key most likely asks for.

    Attributes:
        words: the end of a sentence.
        name: the key to write instead, where it is one of the same place.
        elsewhere: whether it is a key of another place.
        nested: the fix that writes it in its own place, where that is certain.
        meant: paths from what holds the key to what was meant by it.
    """

    words: str
    name: str = ""
    elsewhere: bool = False
    nested: Fix | None = None
    meant: tuple[tuple[str, ...], ...] = ()


def wish_of(schema: Schema, message: str, entry: Entry, around: Mapping) -> Wish | None:
    """What a key in `around`, which is read as `message`, asks for; None for one that is not among them."""
    key = entry.key.text if isinstance(entry.key, Scalar) else ""
    plain = key.replace("_", "").replace("-", "").lower()
    if message == "EnvVar":
        own = schema.field(message, _OF_VARIABLES.get(plain, ""))
        words = _SENTENCES.get(plain, "") if plain == "valuefrom" else ""
        return _instead(own) if own is not None else Wish(words, meant=(("value",),)) if words else None
    if message == "MachineSpec" and plain in ("gpu", "gpus", "accelerators"):
        counted = isinstance(entry.value, Scalar) and isinstance(entry.value.value, int)
        return _instead(schema.messages[message]["acceleratorCount" if counted else "acceleratorType"])
    name = _ALIASES.get(plain, key)
    own = schema.field(message, name)
    if own is not None:
        return _instead(own)
    for owner in _PLACES:
        if (field := schema.field(owner, name)) is not None:
            return _Elsewhere(entry, around, owner, field).wish(schema, message)
    return Wish(_SENTENCES[plain]) if plain in _SENTENCES else None


def _instead(field: Field) -> Wish:
    return Wish(f"did you mean {field.name}?", name=field.name)


@dataclass(frozen=True, slots=True)
class _Elsewhere:
    """A key that is one of another message, `owner`."""

    entry: Entry
    around: Mapping
    owner: str
    field: Field

    def wish(self, schema: Schema, message: str) -> Wish:
        """Where it belongs, seen from `message`."""
        key = self.entry.key.text if isinstance(self.entry.key, Scalar) else ""
        what = "it" if key in (self.field.name, self.field.snake) else self.field.name
        words = f"{what} belongs {_PLACES[self.owner]}"
        parent = next((item for item in schema.messages[message].values() if item.type == self.owner), None)
        if parent is None:
            pools = message == "CustomJobSpec" and self.owner not in ("Scheduling", "GcsDestination")
            return Wish(words, elsewhere=True, meant=(("workerPoolSpecs",),) if pools else ())
        meant = ((parent.name, self.field.name),)
        if self.around.keys & {parent.name, parent.snake}:
            return Wish(words, elsewhere=True, meant=meant)
        nested = None if parent.repeated else self._nested(parent.name)
        return Wish(words, elsewhere=True, nested=nested, meant=(*meant, (parent.name,)))

    def _nested(self, parent: str) -> Fix | None:
        """The fix that writes `parent:` above a key with a single value, and the key below it."""
        key, value = self.entry.key, self.entry.value
        if not isinstance(key, Scalar) or not isinstance(value, Scalar) or not key.plain:
            return None
        if self.entry not in self.around.entries or value.place < key.end:
            return None
        if value.end.line != key.place.line:
            return None
        title = f"Write it below {parent}"
        if self.around.flow:
            head = Edit(key.place, key.end, f"{parent}: {{{self.field.name}")
            return Fix(title, (head, Edit(value.end, value.end, "}")))
        indent = " " * (key.place.column - 1 + _STEP)
        return Fix(title, (Edit(key.place, key.end, f"{parent}:\n{indent}{self.field.name}"),))


_MAIN = {
    "MachineSpec": "machineType",
    "ContainerSpec": "imageUri",
    "DiskSpec": "bootDiskSizeGb",
    "Scheduling": "timeout",
    "GcsDestination": "outputUriPrefix",
    "EncryptionSpec": "kmsKeyName",
}
"""Which key of a message is meant by a value in its place."""


def main_value(node: Scalar, message: str) -> tuple[str, Fix | None]:
    """The key of a message that a single value in its place is for, or empty; and the fix that writes it."""
    name = _MAIN.get(message, "")
    if not name or not isinstance(node.value, str | int) or isinstance(node.value, bool) or not node.text:
        return "", None
    if node.place.line != node.end.line:
        return name, None
    json_style = not node.plain and node.end.column - node.place.column == len(node.text) + 2
    shown, safe = (f'"{name}"', f'"{node.text}"') if json_style else (name, node.text)
    if not (json_style or node.plain) or any(char in node.text for char in ',{}[]"\\'):
        return name, None
    edit = Edit(node.place, node.end, f"{{{shown}: {safe}}}")
    return name, Fix(f"Write it as {name}", (edit,))


_FORMATS = (
    (("apiVersion", "kind"), "a Kubernetes manifest"),
    (("apiVersion", "metadata"), "a Kubernetes manifest"),
    (("kind", "metadata"), "a Kubernetes manifest"),
    (("services",), "a Docker Compose file"),
    (("trainingInput",), "a job of AI Platform Training, which Vertex AI has replaced"),
    (("steps",), "a file of a build or a pipeline"),
    (("jobs",), "a workflow of GitHub Actions or the like"),
    (("dependencies",), "an environment of conda or a list of packages"),
    (("Resources",), "a template of AWS CloudFormation"),
)


def other_format(keys: frozenset[str]) -> str:
    """What kind of file another program's keys at the top belong to, or empty."""
    return next((what for needed, what in _FORMATS if keys.issuperset(needed)), "")
