"""Whether a project can be billed: Cloud Billing."""

from __future__ import annotations

from google.cloud.billing_v1.services.cloud_billing import CloudBillingAsyncClient, CloudBillingClient
from google.cloud.billing_v1.services.cloud_billing.transports import CloudBillingGrpcAsyncIOTransport
from google.cloud.billing_v1.types import GetProjectBillingInfoRequest

from tui.cloud.connection import Connection, project_of
from tui.cloud.generated import rest_client
from tui.cloud.service import Call, Service, method

HOST = "cloudbilling.googleapis.com"


class Billing:
    """The billing account of the target's project."""

    def __init__(self, connection: Connection) -> None:
        self._target = connection.target
        self._service: Service[CloudBillingAsyncClient, CloudBillingClient] = Service(
            connection,
            HOST,
            aio=lambda channel: CloudBillingAsyncClient(
                transport=CloudBillingGrpcAsyncIOTransport(channel=channel)
            ),
            rest=lambda url, found: rest_client(CloudBillingClient, url, found),
            probe=self._get,
        )

    async def enabled(self) -> bool:
        """Whether the project has an open billing account (`ProjectBillingInfo.billing_enabled`).

        Raises:
            CloudError: it cannot be told.
        """
        info = await self._service.read(self._get())
        return bool(info.billing_enabled)

    def close(self) -> None:
        """Close idle REST connections."""
        self._service.close()

    def _get(self) -> Call:
        request = GetProjectBillingInfoRequest(name=f"projects/{project_of(self._target)}")
        return method("get_project_billing_info", request)
