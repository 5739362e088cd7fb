"""What the open spec will ask of the project: the part of a spec that the setup checks look at."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tui.domain.catalog.quotas import Pool, needs_of_spec, preemptible, spec_pools
from tui.domain.joblist.homes import of_project
from tui.domain.jobs import Job
from tui.domain.places import Place
from tui.domain.spec.references import PLAIN_NAMES

_BUCKET = re.compile(r"gs://(?!your[-_])([a-z0-9][a-z0-9._-]+[a-z0-9])(?=$|[/\s\"'`,;:)\]}|&])")
if TYPE_CHECKING:
    from tui.domain.spec.check import Spec

_VARIABLE = re.compile(r"\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)\})")
_MODEL = re.compile(r"(?<![\w./:@-])([A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95})(?![\w/:-])")


@dataclass(frozen=True, slots=True)
class JobNeeds:
    """What a job of the open spec would use; empty fields where the spec says nothing."""

    file: str
    """The file's name, to show."""
    service_account: str = ""
    """As the spec says it; a placeholder such as `YOUR_SERVICE_ACCOUNT` counts as none."""
    pools: tuple[Pool, ...] = ()
    preemptible: bool = False
    """Whether the strategy is SPOT or FLEX_START, which have quotas of their own."""
    quota: Mapping[str, int] = field(default_factory=dict)
    """Amount of each quota metric, in vCPUs, accelerators or GB, over all replicas."""
    base_bucket: str = ""
    """The bucket of `baseOutputDirectory`; without `gs://`."""
    buckets: tuple[str, ...] = ()
    """Every bucket that the spec names."""
    images: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    """Names of `${NAME}` that have no default and stand for no project, region or bucket."""
    placeholders: tuple[str, ...] = ()
    """Environment variables whose value in the file is one such as `<YOUR_HF_TOKEN>`."""
    kms_key: str = ""
    """`encryptionSpec.kmsKeyName` of a spec that is a whole CustomJob."""
    errors: int = 0
    """How many errors keep a job of it from being started."""
    unread: bool = False
    """Whether the text cannot be read as it is now; all else is what it asked for when it last could be."""
    models: tuple[str, ...] = ()
    """What looks like a Hugging Face model (`owner/name`) in arguments and plain variables."""

    @property
    def known(self) -> JobNeeds | None:
        """Itself; None when nothing of the text could be read so far."""
        return None if self.unread and not self.pools else self

    @property
    def trouble(self) -> str:
        """Why no job of it can be started as it is, with the next step; empty if nothing is in the way."""
        if self.unread:
            return "the open spec cannot be read: press 2"
        count = f"{self.errors} error{'s' if self.errors > 1 else ''}"
        return f"the open spec has {count}: press 2" if self.errors else ""

    def output_bucket(self, own: str) -> str:
        """Where a job writes, as far as the spec tells: its base directory, else the user's own bucket.

        Else the last bucket that the spec names, for the target of a copy comes last; empty if it names none.
        """
        named = own if own in self.buckets else (self.buckets or ("",))[-1]
        return self.base_bucket or named


def needs_of(spec: Spec, file: str) -> JobNeeds | None:
    """What a job of a checked spec would use; None when nothing of it could be read."""
    content = spec.job_spec
    if not content:
        return None
    from tui.domain.secrets import placeholder  # noqa: PLC0415 (many patterns; no first frame needs them)

    output = str(_mapping(content.get("baseOutputDirectory")).get("outputUriPrefix", ""))
    plain = dict(_plain_env(content))
    texts = tuple(_fill(text, plain) for text in _texts(content))
    base = _BUCKET.findall(output)
    buckets = tuple(dict.fromkeys(name for text in (output, *texts) for name in _BUCKET.findall(text)))
    account = str(content.get("serviceAccount", ""))
    return JobNeeds(
        file=file,
        service_account=account if "@" in account and not placeholder(account, whole=True) else "",
        pools=spec_pools(content),
        preemptible=preemptible(content),
        quota=needs_of_spec(content),
        base_bucket=base[0] if base else "",
        buckets=buckets,
        images=tuple(dict.fromkeys(_images(content))),
        references=tuple(
            dict.fromkeys(
                item.name for item in spec.references if item.default is None and item.name not in PLAIN_NAMES
            )
        ),
        placeholders=tuple(name for name, value in plain.items() if placeholder(value, whole=True)),
        kms_key=str(_mapping(spec.job.get("encryptionSpec")).get("kmsKeyName", "")),
        models=tuple(dict.fromkeys(name for text in texts for name in _models(text))),
    )


def in_use(jobs: Iterable[Job], place: Place, homes: Mapping[str, Place]) -> dict[str, int]:
    """What the living jobs of a project in a region hold of each quota metric; those of others do not count.

    `homes` are the places by the parents of their jobs; jobs on a persistent resource hold nothing.
    """
    total: dict[str, int] = {}
    living = [job for job in jobs if job.state.live and job.region == place.region and not job.held]
    for job in of_project(living, place.project, homes):
        for metric, amount in needs_of_spec(_mapping(job.raw.get("jobSpec"))).items():
            total[metric] = total.get(metric, 0) + amount
    return total


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _texts(value: object) -> Iterator[str]:
    """Every text within."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner)


def _tasks(content: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The container or package of every pool."""
    pools = content.get("workerPoolSpecs")
    for pool in pools if isinstance(pools, list) else ():
        for kind in ("containerSpec", "pythonPackageSpec"):
            yield _mapping(_mapping(pool).get(kind))


def _plain_env(content: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Environment variables and their values as the file says them."""
    for task in _tasks(content):
        env = task.get("env")
        for variable in env if isinstance(env, list) else ():
            entry = _mapping(variable)
            yield str(entry.get("name", "")), str(entry.get("value", ""))


def _fill(text: str, values: Mapping[str, str]) -> str:
    """A text with the variables that the file itself defines, so that `gs://$BUCKET_NAME` names a bucket."""
    return _VARIABLE.sub(lambda found: values.get(found[1] or found[2], found[0]), text)


def _images(content: Mapping[str, Any]) -> Iterator[str]:
    for task in _tasks(content):
        if image := task.get("imageUri") or task.get("executorImageUri"):
            yield str(image)


def _models(text: str) -> Iterator[str]:
    """Names after a flag or an assignment that speaks of a model."""
    for match in re.finditer(r"model\w{0,40}[\"']?[\s:=]{1,4}[\"']?([^\s\"',;]{3,200})", text, re.IGNORECASE):
        if _MODEL.fullmatch(match[1]):
            yield match[1]
