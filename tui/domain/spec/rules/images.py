"""Google's own images: whether they are still supported and available."""

from __future__ import annotations

from collections.abc import Iterator

from tui.domain.catalog.deep_learning import deep_learning
from tui.domain.catalog.images import IMAGES, Image, prebuilt
from tui.domain.spec.problems import Problem, error, info, warning
from tui.domain.spec.rules.base import View
from tui.domain.spec.walk import Path

_OLD_REGISTRY = "gcr.io/"


def image_state(view: View, uri: str, path: Path) -> Iterator[Problem]:
    """What is to be said of an image that Google provides; nothing of any other."""
    if found := prebuilt(uri):
        yield from _prebuilt(view, uri, *found, path)
    else:
        yield from _deep_learning(view, uri, path)


def _prebuilt(view: View, uri: str, name: str, tag: str, path: Path) -> Iterator[Problem]:
    place = view.value_at(*path)
    if tag != "latest":
        bare = uri.removesuffix(f":{tag}") if tag else uri
        text = f"Prebuilt images are used with the tag latest, not {tag or 'without a tag'}."
        fix = view.write(path, f"{bare}:latest")
        kind = error if path[-1] == "executorImageUri" else warning
        yield kind(place, "image-tag", text, fix)
    image = IMAGES.get(name)
    if image is None:
        newest = _newest(name)
        hint = f"; the newest of that framework is {newest.name}" if newest else ""
        text = f"{name} is not among the prebuilt images that are still listed{hint}."
        yield warning(place, "image-ended", text)
        return
    if _OLD_REGISTRY in uri:
        new = image.uri(view.region)
        yield warning(
            place, "image-registry-ended", f"Prebuilt images moved: write {new}.", view.write(path, new)
        )
    yield from _dates(view, image, path)


def _dates(view: View, image: Image, path: Path) -> Iterator[Problem]:
    today, place = view.situation.today, view.value_at(*path)
    if today is None or today <= image.support_end:
        return
    newest = _newest(image.name)
    other = newest is not None and newest.availability_end > image.availability_end
    hint = f"the newest of that framework is {newest.name}" if newest and other else "no newer one is listed"
    if today > image.availability_end:
        ended = image.availability_end
        text = f"{image.name} is past its end of availability, {ended}, and may be refused; {hint}."
        yield warning(place, "image-ended", text)
    else:
        text = f"{image.name} gets no patches since {image.support_end}; {hint}."
        yield info(place, "image-unpatched", text)


def _newest(name: str) -> Image | None:
    """The image of the same framework and kind that lasts longest."""
    kind = name.partition(".")[0]
    framework = kind.partition("-")[0]
    alike = [image for image in IMAGES.values() if image.name.startswith(f"{kind}.")]
    alike = alike or [image for image in IMAGES.values() if image.name.startswith(f"{framework}-")]
    return max(alike, key=lambda image: (image.availability_end, image.name), default=None)


def _deep_learning(view: View, uri: str, path: Path) -> Iterator[Problem]:
    found = deep_learning(uri)
    today = view.situation.today
    if found is None or found.support_end is None or today is None or today <= found.support_end:
        return
    what = f"This Deep Learning Containers image holds {found.framework} {found.version}"
    if found.availability_end is not None and today > found.availability_end:
        text = (
            f"{what}: by Google's schedule its patches ended on {found.support_end}, and since "
            f"{found.availability_end} it may be gone."
        )
        yield warning(view.value_at(*path), "image-ended", text)
    else:
        yield info(
            view.value_at(*path), "image-unpatched", f"{what}: its patches ended on {found.support_end}."
        )
