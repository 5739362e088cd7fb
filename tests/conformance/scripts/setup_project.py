"""Who am I, which project is this, and what may I do: over gRPC and over REST."""

from __future__ import annotations

import json
from typing import Any

import google.auth
import google.auth.transport.requests
from google.api_core.exceptions import Forbidden, NotFound
from google.cloud import iam_admin_v1, resourcemanager_v3, service_usage_v1
from google.iam.v1.policy_pb2 import Binding

NEEDED = ("aiplatform", "logging", "iam", "compute")
ROLE, MEMBER = "roles/storage.admin", "user:ben@lagoon.example"


def sign_in() -> dict[str, Any]:
    """Application Default Credentials, and what Google says of their token."""
    credentials, project = google.auth.default()
    session = google.auth.transport.requests.AuthorizedSession(credentials)
    user = session.get("https://openidconnect.googleapis.com/v1/userinfo", timeout=20).json()
    url = "https://oauth2.googleapis.com/tokeninfo"
    token = session.post(url, data={"access_token": credentials.token}, timeout=20).json()
    session.close()
    return {
        "project": project,
        "quota_project": credentials.quota_project_id,
        "emails": [user["email"], token["email"]],
        "valid": credentials.valid,
    }


def services(transport: str) -> dict[str, Any]:
    """Enable what is needed, and read it back."""
    with service_usage_v1.ServiceUsageClient(transport=transport) as client:
        parent = "projects/local-project"
        before = [
            item.config.name
            for item in client.list_services(request={"parent": parent, "filter": "state:ENABLED"})
        ]
        ids = [f"{name}.googleapis.com" for name in NEEDED]
        operation = client.batch_enable_services(request={"parent": parent, "service_ids": ids})
        enabled = [item.config.name for item in operation.result(timeout=20).services]
        one = client.get_service(request={"name": f"{parent}/services/aiplatform.googleapis.com"})
    return {"before": before, "enabled": enabled, "state": one.state.name, "title": one.config.title}


def projects(transport: str) -> dict[str, Any]:
    """The project, its policy with one more binding, and the caller's rights."""
    name = "projects/local-project"
    with resourcemanager_v3.ProjectsClient(transport=transport) as client:
        project = client.get_project(name=name)
        policy = client.get_iam_policy(request={"resource": name, "options": {"requested_policy_version": 3}})
        policy.bindings.append(Binding(role=ROLE, members=[MEMBER]))
        written = client.set_iam_policy(request={"resource": name, "policy": policy})
        rights = client.test_iam_permissions(resource=name, permissions=["aiplatform.customJobs.create"])
        try:
            client.get_project(name="projects/somebody-elses")
        except (Forbidden, NotFound) as error:
            foreign = type(error).__name__
    return {
        "id": project.project_id,
        "name": project.name,
        "state": project.state.name,
        "bound": any(MEMBER in binding.members for binding in written.bindings if binding.role == ROLE),
        "rights": list(rights.permissions),
        "foreign": foreign,
    }


def accounts() -> list[str]:
    """The service accounts."""
    with iam_admin_v1.IAMClient() as client:
        return [account.email for account in client.list_service_accounts(name="projects/local-project")]


def main() -> None:
    """Print what was found."""
    found: dict[str, Any] = {"sign_in": sign_in()}
    for transport in ("grpc", "rest"):
        found[transport] = {"services": services(transport), "projects": projects(transport)}
    print(json.dumps(found | {"accounts": accounts()}))  # noqa: T201


main()
