"""The whole check of a spec: what it says, what is wrong with it, and where everything stands."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from tui.domain.catalog.skus import PriceBook
from tui.domain.secret_args import reference_start
from tui.domain.spec import nodes, rules
from tui.domain.spec.document import parse
from tui.domain.spec.merge import TooMuchError, entries_of
from tui.domain.spec.problems import START, Place, Problem, Severity, error, in_order, info
from tui.domain.spec.references import Reference, is_broken, references_in
from tui.domain.spec.schema import custom_job_schema
from tui.domain.spec.scripts import script_rules
from tui.domain.spec.secret_rules import is_env_value, secret_problems
from tui.domain.spec.silence import silence
from tui.domain.spec.unknown_keys import nearest_key
from tui.domain.spec.walk import Path, Walker
from tui.domain.spec.wishes import other_format


class Shape(StrEnum):
    """What the top level of the file is."""

    SPEC = "CustomJobSpec"
    """What `gcloud ai custom-jobs create --config` takes."""
    JOB = "CustomJob"
    """The whole job: displayName, jobSpec, labels."""
    NONE = "nothing readable"


@dataclass(frozen=True, slots=True)
class Spec:
    """A checked spec.

    Attributes:
        shape: what was found.
        job: a CustomJob in the API's JSON form, references unfilled; what is wrong is left out.
        problems: by place.
        places: where each value of `job` stands, by its path.
        references: the names that must be filled in before sending.
    """

    shape: Shape = Shape.NONE
    job: Mapping[str, Any] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    places: Mapping[Path, Place] = field(default_factory=dict)
    references: tuple[Reference, ...] = ()

    @property
    def errors(self) -> tuple[Problem, ...]:
        """What blocks a submission."""
        return tuple(item for item in self.problems if item.severity is Severity.ERROR)

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """What the user should know first."""
        return tuple(item for item in self.problems if item.severity is Severity.WARNING)

    @property
    def job_spec(self) -> Mapping[str, Any]:
        """The CustomJobSpec within."""
        spec: Mapping[str, Any] = self.job.get("jobSpec", {})
        return spec


def check(
    text: str,
    known_names: Collection[str] | None = None,
    *,
    region: str = "",
    today: date | None = None,
    limit_usd: Decimal | float | None = None,
    prices: PriceBook | None = None,
) -> Spec:
    """Read and check a spec; never fails.

    Args:
        text: the file.
        known_names: the names that references can be filled from; without it they are not looked at.
        region: where the job is to run; without it nothing is said of places.
        today: the day on which it is to run; without it nothing is said of ends of support.
        limit_usd: what one job may cost until its timeout; without it nothing is said of sums.
        prices: what was read from the Cloud Billing catalogue; without it the dated table counts.
    """
    document = parse(text)
    if document.root is None:
        return Spec(problems=in_order(document.problems))
    walker = Walker(custom_job_schema())
    try:
        shape, job = _read(walker, document.root)
    except TooMuchError:
        bomb = error(START, "yaml-too-big", "What * and << repeat comes to more values than are read.")
        return Spec(problems=in_order((*document.problems, bomb)))
    found = [*document.problems, *walker.problems]
    if shape is not Shape.NONE:
        found += rules.service_rules(job, walker, text, rules.Situation(region, today, limit_usd, prices))
        found += script_rules(text, job, walker.scalars, walker.unread)
    references, more = _env_values(walker, known_names)
    found += more
    found += secret_problems(text, walker, references)
    return Spec(shape, job, in_order(silence(text, found)), walker.places, tuple(references))


def _read(walker: Walker, root: nodes.Node) -> tuple[Shape, dict[str, Any]]:
    if not isinstance(root, nodes.Mapping):
        walker.problems.append(
            error(
                root.place,
                "wrong-type",
                f"A spec is made of keys with values, such as workerPoolSpecs, not {nodes.describe(root)}.",
            )
        )
        return Shape.NONE, {}
    if (told := _of_another_program(root)) is not None:
        walker.problems.append(told)
        return Shape.NONE, {}
    if _is_job(root):
        return Shape.JOB, walker.message(root, "CustomJob", ())
    walker.places[()] = root.place
    return Shape.SPEC, {"jobSpec": walker.message(root, "CustomJobSpec", ("jobSpec",))}


def _of_another_program(root: nodes.Mapping) -> Problem | None:
    """The one problem of a file for Kubernetes and the like."""
    schema = custom_job_schema()
    if any(schema.field(message, key) for key in root.keys for message in ("CustomJobSpec", schema.root)):
        return None
    what = other_format(root.keys)
    message = f"This is {what}, not the spec of a custom job, which begins with workerPoolSpecs."
    return error(root.place, "other-format", message) if what else None


def _is_job(root: nodes.Mapping) -> bool:
    """Whether it has a `jobSpec`, perhaps misspelt."""
    schema = custom_job_schema()
    keys = entries_of(root).keys()
    if {"jobSpec", "job_spec"} & keys:
        return True
    if any(schema.field("CustomJobSpec", key) for key in keys):
        return False
    near = (nearest_key(key, schema, schema.root) for key in keys)
    return any(field is not None and field.name == "jobSpec" for field in near)


def _env_values(walker: Walker, known_names: Collection[str] | None) -> tuple[list[Reference], list[Problem]]:
    references: list[Reference] = []
    problems: list[Problem] = []
    for path, node in walker.scalars.items():
        if not isinstance(node.value, str):
            continue
        if path[-2:-1] and path[-2] in ("command", "args") and (start := reference_start(node.text)) >= 0:
            found = references_in(node.text[start:], node.place)
            references += found
            problems += _unset(found, known_names)
            continue
        if not is_env_value(path):
            continue
        found = references_in(node.text, node.place)
        references += found
        if is_broken(node.text):
            problems.append(
                error(
                    node.place,
                    "bad-reference",
                    "“${” begins a reference such as ${NAME}; write $${ for the characters themselves.",
                )
            )
        problems += _unset(found, known_names)
    return references, problems


def _unset(found: list[Reference], known_names: Collection[str] | None) -> list[Problem]:
    if known_names is None:
        return []
    return [
        info(
            reference.place,
            "unset-reference",
            f"{reference.name} has no value yet; it is asked for when the job is started.",
        )
        for reference in found
        if reference.default is None and reference.name not in known_names
    ]
