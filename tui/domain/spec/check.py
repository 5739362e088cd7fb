"""The whole check of a spec: what it says, what is wrong with it, and where everything stands."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from tui.domain import secrets
from tui.domain.spec import nodes, rules
from tui.domain.spec.document import parse
from tui.domain.spec.merge import TooMuchError, entries_of
from tui.domain.spec.nodes import Scalar
from tui.domain.spec.problems import START, Fix, Place, Problem, Severity, error, in_order, info, warning
from tui.domain.spec.references import Reference, is_broken, references_in
from tui.domain.spec.scalars import replace_value
from tui.domain.spec.schema import custom_job_schema
from tui.domain.spec.walk import Path, Walker


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


def check(text: str, known_names: Collection[str] | None = None) -> Spec:
    """Read and check a spec; never fails.

    `known_names` are the names that references can be filled from; without it they are not looked at.
    """
    document = parse(text)
    if document.root is None:
        return Spec(problems=in_order(document.problems))
    walker = Walker(custom_job_schema())
    try:
        shape, job = _read(walker, document.root)
    except TooMuchError:
        bomb = error(START, "yaml-too-big", "Aliases and merges multiply to more values than are read.")
        return Spec(problems=in_order((*document.problems, bomb)))
    found = [*document.problems, *walker.problems]
    if shape is not Shape.NONE:
        found += rules.service_rules(job, walker.places)
    references, more = _env_values(walker, known_names)
    found += more
    found += _placeholders(walker)
    return Spec(shape, job, in_order(found), walker.places, tuple(references))


def _read(walker: Walker, root: nodes.Node) -> tuple[Shape, dict[str, Any]]:
    if not isinstance(root, nodes.Mapping):
        walker.problems.append(
            error(
                root.place,
                "wrong-type",
                f"A spec is a mapping of keys to values, not {nodes.describe(root)}.",
            )
        )
        return Shape.NONE, {}
    if {"jobSpec", "job_spec"} & entries_of(root).keys():
        return Shape.JOB, walker.message(root, "CustomJob", ())
    walker.places[()] = root.place
    return Shape.SPEC, {"jobSpec": walker.message(root, "CustomJobSpec", ("jobSpec",))}


def is_env_value(path: Path) -> bool:
    """Whether a path leads to the value of an environment variable."""
    return path[-1:] == ("value",) and len(path) > 2 and path[-3] == "env"  # noqa: PLR2004


def _env_values(walker: Walker, known_names: Collection[str] | None) -> tuple[list[Reference], list[Problem]]:
    references: list[Reference] = []
    problems: list[Problem] = []
    for path, node in walker.scalars.items():
        if not is_env_value(path) or not isinstance(node.value, str):
            continue
        name_node = walker.scalars.get((*path[:-1], "name"))
        name = name_node.text if name_node is not None else ""
        problems += _literal(node, name)
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


def _literal(node: Scalar, name: str) -> list[Problem]:
    kind = secrets.literal_secret(name, node.text)
    if not kind or references_in(node.text, node.place):
        return []
    fix = None
    reference = "${" + name + "}"
    if rules.is_identifier(name) and (change := replace_value(node, "", reference)) is not None:
        fix = Fix(f"Move it to your secrets as {name}", change.edits, secret=(name, node.text))
    return [
        warning(
            node.place,
            "literal-secret",
            f"{name or 'This value'} looks like {kind}, readable by all who see the file; write {reference}.",
            fix,
        )
    ]


def _placeholders(walker: Walker) -> list[Problem]:
    found = []
    for path, node in walker.scalars.items():
        text = secrets.placeholder(node.text, whole=True)
        if not text:
            continue
        fix = None
        name_node = walker.scalars.get((*path[:-1], "name")) if is_env_value(path) else None
        if name_node is not None and rules.is_identifier(name_node.text) and text == node.text.strip():
            reference = "${" + name_node.text + "}"
            fix = replace_value(node, f"Write {reference}", reference)
        found.append(error(node.place, "placeholder", f"{text} is a placeholder.", fix))
    return found
