"""Vertex AI's service agents, who owns a service account, and whose images a spec uses."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass

from tui.domain.access import Policy

_OWN = re.compile(r"(?!service-[0-9]+@)[a-z0-9-]+@(?!gcp-sa-)([a-z0-9.-]+)\.iam\.gserviceaccount\.com")
"""An account that a project's users made; those left out are agents, which live in projects of Google's."""
_COMPUTE = re.compile(r"([0-9]+)-compute@developer\.gserviceaccount\.com")
_APP_ENGINE = re.compile(r"([a-z0-9.:-]+)@appspot\.gserviceaccount\.com")
_IMAGE = re.compile(
    r"(?P<place>[a-z0-9-]+)-docker\.pkg\.dev/(?P<domain>[a-z0-9-]+\.[a-z0-9.-]+/)?"
    r"(?P<project>[a-z0-9-]+)/(?P<repository>[a-z0-9-]+)/"
)
_GOOGLES = frozenset(
    {
        "deeplearning-platform-release",
        "vertex-ai",
        "vertex-ai-restricted",
        "cloud-aiplatform",
        "google-samples",
    }
)
"""Projects of Google's whose images everybody may use."""


@dataclass(frozen=True, slots=True)
class Repository:
    """An Artifact Registry repository of container images."""

    project: str
    location: str
    name: str


def compute_account(number: str) -> str:
    """The e-mail of the Compute Engine default service account of the project with that number."""
    return f"{number}-compute@developer.gserviceaccount.com"


def custom_code_agent(number: str) -> str:
    """The e-mail of the agent that runs custom code when a spec names no service account."""
    return f"service-{number}@gcp-sa-aiplatform-cc.iam.gserviceaccount.com"


def primary_agent(number: str) -> str:
    """The e-mail of the agent that Vertex AI itself works as."""
    return f"service-{number}@gcp-sa-aiplatform.iam.gserviceaccount.com"


def is_agent(account: str) -> bool:
    """Whether an e-mail belongs to a service agent of Google's, which no spec can name."""
    return "@gcp-sa-" in account


def agents_in(policy: Policy, number: str) -> tuple[bool, bool]:
    """Whether the policy names the primary and the custom code agent, as it does once they exist."""
    members = {member for binding in policy.bindings for member in binding.members}
    primary, custom = (f"serviceAccount:{agent(number)}" for agent in (primary_agent, custom_code_agent))
    return primary in members, custom in members


def home_of(account: str) -> str:
    """The project that a service account belongs to, as id or number.

    Empty if its e-mail does not tell, as for a service agent, which lives in a project of Google's.
    """
    if found := _COMPUTE.fullmatch(account) or _APP_ENGINE.fullmatch(account):
        return found[1]
    found = _OWN.fullmatch(account)
    if found is None:
        return ""
    project, _, domain = found[1].partition(".")
    return f"{domain}:{project}" if domain else project


def repositories(images: Iterable[str]) -> tuple[Repository, ...]:
    """The Artifact Registry repositories of images, without those of Google's that are open to all."""
    found: dict[Repository, None] = {}
    for image in images:
        if match := _IMAGE.match(image):
            domain = (match["domain"] or "").rstrip("/")
            project = f"{domain}:{match['project']}" if domain else match["project"]
            if project not in _GOOGLES:
                found[Repository(project, match["place"], match["repository"])] = None
    return tuple(found)


def reader_commands(places: Iterable[Repository], members: Iterable[str]) -> tuple[str, ...]:
    """The commands that let members pull images of repositories."""
    everyone = tuple(members)
    return tuple(
        f"gcloud artifacts repositories add-iam-policy-binding {shlex.quote(place.name)}"
        f" --location={place.location} --member={shlex.quote(member)}"
        f" --role=roles/artifactregistry.reader --project={shlex.quote(place.project)}"
        for place in places
        for member in everyone
    )
