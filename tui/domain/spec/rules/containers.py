"""What runs in a pool: container images and Python packages."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tui.domain.spec.problems import Problem, error
from tui.domain.spec.rules.base import View
from tui.domain.spec.rules.images import image_state
from tui.domain.spec.rules.variables import variable_problems
from tui.domain.spec.walk import Path

MAX_PACKAGES = 100
"""Python packages of a pool."""
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


def container_problems(view: View, container: Mapping[str, Any], path: Path) -> Iterator[Problem]:
    """What is wrong with a ContainerSpec."""
    yield from _image(view, container, (*path, "imageUri"))
    yield from variable_problems(view, container.get("env", []), (*path, "env"))


def package_problems(view: View, package: Mapping[str, Any], path: Path) -> Iterator[Problem]:
    """What is wrong with a PythonPackageSpec."""
    where = (*path, "executorImageUri")
    image = package.get("executorImageUri", "")
    problems = list(_image(view, package, where))
    yield from problems
    if (
        image
        and not any(item.code in {"bad-image", "image-tag"} for item in problems)
        and _untagged(view, where, image)
    ):
        text = "The executor image must have the tag latest."
        yield error(view.value_at(*where), "image-tag", text, view.write(where, f"{_bare(image)}:latest"))
    if not package.get("pythonModule") and not view.unread(*path, "pythonModule"):
        yield error(view.at(*path), "required", "pythonPackageSpec needs pythonModule.")
    uris = package.get("packageUris", [])
    if not uris and not view.unread(*path, "packageUris"):
        yield error(view.at(*path), "required", "pythonPackageSpec needs packageUris.")
    if len(uris) > MAX_PACKAGES:
        text = f"At most {MAX_PACKAGES} packages are allowed."
        yield error(view.at(*path, "packageUris", MAX_PACKAGES), "too-many-packages", text)
    for number, uri in enumerate(uris):
        if not _PACKAGE.fullmatch(uri) and not view.is_open(*path, "packageUris", number):
            text = f"“{uri[:60]}” must be like gs://bucket/package.tar.gz."
            yield error(view.value_at(*path, "packageUris", number), "package-uri", text)
    yield from variable_problems(view, package.get("env", []), (*path, "env"))


def _untagged(view: View, path: Path, image: str) -> bool:
    return not image.endswith(":latest") and not view.is_open(*path)


def _bare(image: str) -> str:
    """An image without tag and digest."""
    path = image.partition("@")[0]
    head, slash, last = path.rpartition("/")
    return head + slash + last.partition(":")[0]


def _image(view: View, container: Mapping[str, Any], path: Path) -> Iterator[Problem]:
    field, uri = str(path[-1]), container.get(str(path[-1]), "")
    if not uri:
        if not view.unread(*path):
            yield error(view.at(*path), "required", f"{path[-2]} needs {field}.")
        return
    if view.is_open(*path):
        return
    place = view.value_at(*path)
    found = _IMAGE.fullmatch(uri) if len(uri) <= _LONGEST_IMAGE else None
    if not found:
        plain = uri.strip().removeprefix("https://").removeprefix("http://").removeprefix("docker://")
        fix = view.write(path, plain) if _IMAGE.fullmatch(plain[:_LONGEST_IMAGE]) else None
        text = f"“{uri[:60]}” is not the name of a container image, such as us-docker.pkg.dev/P/R/NAME:TAG."
        yield error(place, "bad-image", text, fix)
        return
    parts = found["path"].split("/")
    has_host = len(parts) > 1 and ("." in parts[0] or ":" in parts[0] or parts[0] == "localhost")
    if has_host and not _REGISTRY.fullmatch(parts[0]):
        text = f"{parts[0]} cannot be used: images come from Artifact Registry, gcr.io or Docker Hub."
        yield error(place, "image-registry", text)
    elif parts[0].endswith("-docker.pkg.dev") and len(parts) < _ARTIFACT_PARTS:
        text = f"An image there is called {parts[0]}/PROJECT/REPOSITORY/IMAGE."
        yield error(place, "bad-image", text)
    else:
        yield from image_state(view, uri, path)
