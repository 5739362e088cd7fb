"""What runs in a pool: container images, Python packages, environment variables."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tui.domain.spec.forms import MAX_ENV, MAX_PACKAGES, OBJECT, is_image
from tui.local.api.job_rules.top import Problem
from tui.local.wire.gtypes import Message

_ENV_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def container_problems(field: str, container: Message) -> Iterator[Problem]:
    """What is wrong with a ContainerSpec."""
    yield from _image(f"{field}.image_uri", container.image_uri, "Image URI")
    yield from _environment(f"{field}.env", container.env)


def package_problems(field: str, package: Message) -> Iterator[Problem]:
    """What is wrong with a PythonPackageSpec."""
    image = package.executor_image_uri
    problems = list(_image(f"{field}.executor_image_uri", image, "Executor image URI"))
    yield from problems
    if not problems and not image.endswith(":latest"):
        yield f"{field}.executor_image_uri", "The executor image must have the tag 'latest'."
    if not package.python_module:
        yield f"{field}.python_module", "Python module must be specified."
    if not package.package_uris:
        yield f"{field}.package_uris", "At least one package URI must be specified."
    if len(package.package_uris) > MAX_PACKAGES:
        yield f"{field}.package_uris", f"No more than {MAX_PACKAGES} package URIs can be specified."
    for index, uri in enumerate(package.package_uris):
        if not OBJECT.fullmatch(uri):
            yield f"{field}.package_uris[{index}]", "A package URI must have the form gs://BUCKET/OBJECT."
    yield from _environment(f"{field}.env", package.env)


def _image(field: str, uri: str, what: str) -> Iterator[Problem]:
    if not uri:
        yield field, f"{what} must be specified."
        return
    if not is_image(uri):
        yield field, f"{what} {uri[:200]!r} is not the name of a container image."


def _environment(field: str, env: Message) -> Iterator[Problem]:
    if len(env) > MAX_ENV:
        yield field, f"No more than {MAX_ENV} environment variables can be specified."
    for index, variable in enumerate(env):
        if not _ENV_NAME.fullmatch(variable.name):
            yield f"{field}[{index}].name", f"EnvVar name {variable.name!r} must be a valid C identifier."
