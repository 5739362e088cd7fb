"""Fixed names of the one project that the server holds."""

from __future__ import annotations

import getpass
import os

PROJECT_ID = "local-project"
PROJECT_NUMBER = "123456789012"
COMPUTE_ACCOUNT = f"{PROJECT_NUMBER}-compute@developer.gserviceaccount.com"
PRIMARY_AGENT = f"service-{PROJECT_NUMBER}@gcp-sa-aiplatform.iam.gserviceaccount.com"
CUSTOM_CODE_AGENT = f"service-{PROJECT_NUMBER}@gcp-sa-aiplatform-cc.iam.gserviceaccount.com"
AGENTS = (PRIMARY_AGENT, CUSTOM_CODE_AGENT)

GOOGLE = "googleapis.com"
"""Above the names of all of Google's APIs."""


def is_google_host(host: str) -> bool:
    """Whether a name, with or without a port, is one of Google's APIs'."""
    name = host.partition(":")[0].lower().rstrip(".")
    return name == GOOGLE or name.endswith(f".{GOOGLE}")


def owner() -> str:
    """The IAM member that owns the project: whoever runs the server."""
    try:
        login = getpass.getuser()
    except (KeyError, OSError):
        login = str(os.getuid()) if hasattr(os, "getuid") else "user"
    return f"user:{login}@localhost"


def is_project(name: str) -> bool:
    """Whether an id or number names the project."""
    return name in {PROJECT_ID, PROJECT_NUMBER}
