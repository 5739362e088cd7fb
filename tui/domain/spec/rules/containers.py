"""What runs in a pool: container images and Python packages."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tui.domain.spec.forms import BUCKET, IMAGE, MAX_PACKAGES, OBJECT, is_image, meant_place
from tui.domain.spec.problems import Problem, error, warning
from tui.domain.spec.rules.base import View
from tui.domain.spec.rules.images import image_state
from tui.domain.spec.rules.variables import variable_problems
from tui.domain.spec.walk import Path

_REGISTRY = re.compile(
    r"[a-z0-9-]+-docker\.pkg\.dev|(?:[a-z0-9-]+\.)*gcr\.io|(?:(?:index|registry-1)\.)?docker\.io"
    r"|registry\.hub\.docker\.com"
)
"""Registries that images are known to come from."""
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
        yield from _package(view, uri, (*path, "packageUris", number))
    yield from variable_problems(view, package.get("env", []), (*path, "env"))


def _package(view: View, uri: str, path: Path) -> Iterator[Problem]:
    if view.is_open(*path):
        return
    found = OBJECT.fullmatch(uri)
    if not found:
        text = f"“{uri[:60]}” must be like gs://bucket/package.tar.gz."
        meant = meant_place(uri) if "/" in uri else ""
        yield error(view.value_at(*path), "package-uri", text, view.write(path, meant) if meant else None)
    elif not BUCKET.fullmatch(found["bucket"]):
        text = f"“{found['bucket'][:60]}” cannot name a bucket: lower-case letters, digits, -, _ and dots."
        yield warning(view.value_at(*path), "package-uri", text)


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
    if not is_image(uri):
        plain = uri.strip().removeprefix("https://").removeprefix("http://").removeprefix("docker://")
        plain = re.sub(r"\s+", "", plain)
        fix = view.write(path, plain) if is_image(plain) else None
        text = f"“{uri[:60]}” is not the name of a container image, such as us-docker.pkg.dev/P/R/NAME:TAG."
        if "dockerfile" in uri.lower():
            text = (
                f"“{uri[:60]}” is a recipe: build an image from it, push it, and write the image's name here."
            )
        elif plain != plain.lower() and is_image(plain.lower()):
            text = f"“{uri[:60]}” is not the name of a container image: those have no capitals."
        yield error(place, "bad-image", text, fix)
        return
    found = IMAGE.fullmatch(uri)
    parts = found["path"].split("/") if found else []
    has_host = len(parts) > 1 and ("." in parts[0] or ":" in parts[0] or parts[0] == "localhost")
    if has_host and not _REGISTRY.fullmatch(parts[0]):
        text = (
            f"Vertex AI is only known to take images of Artifact Registry, gcr.io and Docker Hub, "
            f"not of {parts[0][:60]}."
        )
        yield warning(place, "image-registry", text)
    elif parts[0].endswith("-docker.pkg.dev") and len(parts) < _ARTIFACT_PARTS:
        text = f"An image there is called {parts[0]}/PROJECT/REPOSITORY/IMAGE."
        yield warning(place, "image-path", text)
    else:
        yield from image_state(view, uri, path)
