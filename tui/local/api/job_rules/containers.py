"""What runs in a pool: container images, Python packages, environment variables."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from tui.local.api.job_rules.top import Problem
from tui.local.wire.gtypes import Message

MAX_ENV = 100
MAX_PACKAGES = 100
_ENV_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PACKAGE = re.compile(r"gs://[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]/\S[^\r\n]*")
_COMPONENT = r"[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*"
_IMAGE = re.compile(
    rf"(?P<path>(?:{_COMPONENT}(?::[0-9]+)?/)?{_COMPONENT}(?:/{_COMPONENT})*)"
    r"(?P<tag>:\w[\w.-]{0,127})?(?P<digest>@sha256:[0-9a-f]{64})?",
    re.ASCII,
)
_REGISTRY = re.compile(
    r"[a-z0-9-]+-docker\.pkg\.dev|(?:us\.|eu\.|asia\.|mirror\.)?gcr\.io|(?:index\.)?docker\.io"
)
_LONGEST_IMAGE = 2048
_ARTIFACT_PARTS = 4
"""Host, project, repository, image."""


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
        if not _PACKAGE.fullmatch(uri):
            yield f"{field}.package_uris[{index}]", "A package URI must have the form gs://BUCKET/OBJECT."
    yield from _environment(f"{field}.env", package.env)


def _image(field: str, uri: str, what: str) -> Iterator[Problem]:
    if not uri:
        yield field, f"{what} must be specified."
        return
    found = _IMAGE.fullmatch(uri) if len(uri) <= _LONGEST_IMAGE else None
    if not found:
        yield field, f"{what} {uri[:200]!r} is not the name of a container image."
        return
    parts = found["path"].split("/")
    has_host = len(parts) > 1 and ("." in parts[0] or ":" in parts[0] or parts[0] == "localhost")
    if has_host and not _REGISTRY.fullmatch(parts[0]):
        text = f"{what} must be in Artifact Registry, Container Registry or Docker Hub, not in {parts[0]}."
        yield field, text
    elif parts[0].endswith("-docker.pkg.dev") and len(parts) < _ARTIFACT_PARTS:
        yield field, f"{what} must have the form LOCATION-docker.pkg.dev/PROJECT/REPOSITORY/IMAGE."


def _environment(field: str, env: Message) -> Iterator[Problem]:
    if len(env) > MAX_ENV:
        yield field, f"No more than {MAX_ENV} environment variables can be specified."
    for index, variable in enumerate(env):
        if not _ENV_NAME.fullmatch(variable.name):
            yield f"{field}[{index}].name", f"EnvVar name {variable.name!r} must be a valid C identifier."
    if any(count > 1 for count in Counter(variable.name for variable in env).values()):
        yield field, "EnvVar names must be unique."
