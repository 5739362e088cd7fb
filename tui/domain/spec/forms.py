"""How names in a CustomJob are written; the editor and the local server read them alike."""

from __future__ import annotations

import re

MAX_PACKAGES = 100
"""Python packages of a pool (`PythonPackageSpec.package_uris`)."""
MAX_ENV = 100
"""Environment variables of a container (`ContainerSpec.env`)."""
LONGEST_IMAGE = 2048
"""Characters of an image's name that are looked at."""
_COMPONENT = r"[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*"
IMAGE = re.compile(
    rf"(?P<path>(?:{_COMPONENT}(?::[0-9]+)?/)?{_COMPONENT}(?:/{_COMPONENT})*)"
    r"(?P<tag>:\w[\w.-]{0,127})?(?P<digest>@sha256:[0-9a-f]{64})?",
    re.ASCII,
)
"""The name of a container image: no registry takes any other."""
OBJECT = re.compile(r"gs://(?P<bucket>[^/\s]+)/\S[^\r\n]*")
"""An object in a bucket."""
FOLDER = re.compile(r"gs://(?P<bucket>[^/\s]+)(?:/[^\r\n]*)?")
"""A bucket, or a folder in it."""
BUCKET = re.compile(r"[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]")
"""The usual form of a bucket's name."""
NETWORK = re.compile(r"projects/(?P<project>[^/\s]+)/global/networks/[^/\s]+")
ATTACHMENT = re.compile(r"(?:projects/[^/\s]+/regions/(?P<region>[^/\s]+)/networkAttachments/)?[^/\s]+")
"""A network attachment, by its name or in full."""
PERSISTENT = re.compile(r"[a-z0-9-]+")
"""The id of a persistent resource."""
ENCRYPTION_KEY = re.compile(
    r"projects/[^/\s]+/locations/(?P<region>[^/\s]+)/keyRings/[^/\s]+/cryptoKeys/[^/\s]+"
)
RESERVATION = re.compile(r"projects/[^/\s]+/zones/[^/\s]+/reservations/[^/\s]+")
RESERVATION_KEY = "compute.googleapis.com/reservation-name"
"""The one key of a reservation affinity of the type SPECIFIC_RESERVATION."""

_OTHER_PLACE = re.compile(
    r"(?:gs:/|gcs://|gs//:?|gs:///+|/gcs/|https?://storage\.(?:googleapis|cloud\.google)\.com/"
    r"|https?://console\.cloud\.google\.com/storage/browser/)(?P<place>[a-z0-9][a-z0-9._-]{1,220}[a-z0-9](?:/[\w./-]*)?)"
)
"""A place in a bucket as it is written elsewhere: as a folder, or as an address of a page."""


def meant_place(text: str) -> str:
    """The place in a bucket, beginning with gs://, that a text in another form means; empty if it is none."""
    found = _OTHER_PLACE.fullmatch(text)
    return f"gs://{found['place']}" if found else ""


def is_image(uri: str) -> bool:
    """Whether a text is the name of a container image."""
    return len(uri) <= LONGEST_IMAGE and bool(IMAGE.fullmatch(uri))
