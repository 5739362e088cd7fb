"""Customer-managed keys: where a key lies, and who must be able to use it."""

from __future__ import annotations

import re
import shlex

from tui.domain.setup.agents import primary_agent
from tui.domain.setup.facts import SetupFacts

ROLE = "roles/cloudkms.cryptoKeyEncrypterDecrypter"
FORM = "projects/P/locations/{region}/keyRings/RING/cryptoKeys/KEY"
_KEY = re.compile(r"projects/([^/\s]+)/locations/([^/\s]+)/keyRings/([^/\s]+)/cryptoKeys/([^/\s]+)")


def key_location(key: str) -> str:
    """Where a key lies, such as `europe-west4` or `global`; empty if the name has another form."""
    found = _KEY.fullmatch(key)
    return found[2].lower() if found else ""


def key_in_use(facts: SetupFacts) -> str:
    """The key that the next job would be given: the spec's, else the setting's; empty for Google's own."""
    spec = facts.needs.kms_key if facts.needs else ""
    return spec or facts.kms_key


def storage_agent(number: str) -> str:
    """The e-mail of the agent that encrypts what lies in a project's buckets."""
    return f"service-{number}@gs-project-accounts.iam.gserviceaccount.com"


def key_users(number: str) -> tuple[str, ...]:
    """The agents that use a key for jobs and for buckets of the project with that number."""
    return (primary_agent(number), storage_agent(number))


def key_commands(key: str, number: str) -> tuple[str, ...]:
    """The commands that let those agents use the key; none for a name of another form."""
    found = _KEY.fullmatch(key)
    if found is None:
        return ()
    project, location, ring, name = (shlex.quote(part) for part in found.groups())
    return tuple(
        f"gcloud kms keys add-iam-policy-binding {name} --keyring={ring} --location={location}"
        f" --project={project} --member=serviceAccount:{agent} --role={ROLE}"
        for agent in key_users(number or "PROJECT_NUMBER")
    )
