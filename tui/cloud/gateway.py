"""The gateway: all services of one target behind the interface that the app knows."""

from __future__ import annotations

from tui.cloud.connection import Connection
from tui.cloud.jobs import CloudJobs
from tui.cloud.logs import CloudLogs
from tui.cloud.setup import CloudSetup
from tui.cloud.storage import CloudStorage
from tui.domain.gateway import Gateway
from tui.domain.target import Target


class CloudGateway:
    """`tui.domain.gateway.Gateway` over Google's protocols, to Google Cloud or to the local server.

    To be made on the event loop that will use it. Clients are built by the first call that needs them,
    so that one broken API does not stop the others.
    """

    def __init__(self, target: Target) -> None:
        self._connection = Connection(target)
        self.target = target
        self.jobs = CloudJobs(self._connection)
        self.logs = CloudLogs(self._connection)
        self.storage = CloudStorage(self._connection)
        self.setup = CloudSetup(self._connection)

    async def close(self) -> None:
        """Close channels and threads; calls under way end with an error."""
        for service in (self.jobs, self.logs, self.storage, self.setup):
            service.close()
        await self._connection.close()


def _conforms(gateway: CloudGateway) -> Gateway:
    """Lets the type checker hold the class against the interface."""
    return gateway
