"""`google.cloud.billing.v1.CloudBilling`: whether the project has a billing account."""

from __future__ import annotations

from tui.local import names
from tui.local.state.project import ProjectState
from tui.local.wire import gtypes
from tui.local.wire.gtypes import Message
from tui.local.wire.methods import Call, Method, Need, Route

SERVICE = "google.cloud.billing.v1.CloudBilling"
ACCOUNT = "billingAccounts/000000-000000-000000"
"""Of a project whose billing is on; nothing is ever billed to it."""

_API = "cloudbilling.googleapis.com"


class Billing:
    """The one method that the app and gcloud ask."""

    def __init__(self, project: ProjectState) -> None:
        self._project = project

    def methods(self) -> list[Method]:
        """The rows of the method table."""
        need = Need(_API, "resourcemanager.projects.get", lambda request: str(request.name))
        return [
            Method(
                SERVICE,
                "GetProjectBillingInfo",
                gtypes.GetProjectBillingInfoRequest,
                gtypes.ProjectBillingInfo,
                self._get,
                (Route("GET", "/v1/{name=projects/*}/billingInfo"),),
                need,
            )
        ]

    async def _get(self, _request: Message, _call: Call) -> Message:
        enabled = self._project.standing.billing
        return gtypes.ProjectBillingInfo(
            name=f"projects/{names.PROJECT_ID}/billingInfo",
            project_id=names.PROJECT_ID,
            billing_account_name=ACCOUNT if enabled else "",
            billing_enabled=enabled,
        )
