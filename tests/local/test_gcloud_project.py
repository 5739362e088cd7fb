"""The Google Cloud CLI at the local server: APIs, policies, service accounts, quotas."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest

from tests.local.clients import REGION, Server
from tui.local.client_env import changes
from tui.local.environ import apply

pytestmark = pytest.mark.skipif(not shutil.which("gcloud"), reason="the Google Cloud CLI is not installed")

PROJECT = "local-project"
TRAINER = f"trainer@{PROJECT}.iam.gserviceaccount.com"
MEMBER = "serviceAccount:123456789012-compute@developer.gserviceaccount.com"
VERTEX = "--service=aiplatform.googleapis.com"


def gcloud(server: Server, *arguments: str) -> str:
    """Output of one command that succeeds."""
    environment = apply(changes(server.record, REGION, os.environ), os.environ)
    done = subprocess.run(
        ["gcloud", *arguments], env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_project_is_set_up_by_gcloud(local_server: Server) -> None:
    gcloud(local_server, "services", "enable", "aiplatform.googleapis.com", "iam.googleapis.com")
    binding = (f"--member={MEMBER}", "--role=roles/storage.objectUser", "--condition=None")
    gcloud(local_server, "projects", "add-iam-policy-binding", PROJECT, *binding)
    assert "roles/storage.objectUser" in roles(local_server)
    gcloud(local_server, "projects", "remove-iam-policy-binding", PROJECT, *binding)
    assert "roles/storage.objectUser" not in roles(local_server)
    gcloud(local_server, "iam", "service-accounts", "create", "trainer", "--display-name=Trainer")
    user = ("--member=user:ana@lagoon.example", "--role=roles/iam.serviceAccountUser")
    gcloud(local_server, "iam", "service-accounts", "add-iam-policy-binding", TRAINER, *user)
    policy = local_server.iam.get_iam_policy(resource=f"projects/{PROJECT}/serviceAccounts/{TRAINER}")
    assert [binding.role for binding in policy.bindings] == ["roles/iam.serviceAccountUser"]


def test_quotas_and_agents_by_gcloud(local_server: Server) -> None:
    local_server.enable("aiplatform", "cloudquotas")
    gcloud(local_server, "beta", "services", "identity", "create", VERTEX, f"--project={PROJECT}")
    assert "roles/aiplatform.serviceAgent" in roles(local_server)
    wish = ("--quota-id=CustomModelTrainingL4GPUsPerProjectPerRegion", "--preferred-value=2")
    gcloud(
        local_server, "beta", "quotas", "preferences", "create", VERTEX, f"--project={PROJECT}", *wish,
        "--dimensions=region=europe-west4", "--email=ana@lagoon.example",
    )  # fmt: skip


def roles(server: Server) -> set[str]:
    """Roles of the project's policy."""
    policy = server.projects.get_iam_policy(resource=f"projects/{PROJECT}")
    return {binding.role for binding in policy.bindings}
