"""The gateway: all services of one target behind the interface that the app knows."""

from __future__ import annotations

from dataclasses import replace

from tui.cloud.connection import Connection
from tui.cloud.jobs import CloudJobs
from tui.cloud.logs import CloudLogs
from tui.cloud.setup import CloudSetup
from tui.cloud.storage import CloudStorage
from tui.domain.gateway import Gateway
from tui.domain.places import Place
from tui.domain.target import Target


class CloudGateway:
    """`tui.domain.gateway.Gateway` over Google's protocols, to Google Cloud or to the local server.

    To be made on the event loop that will use it. Clients are built by the first call that needs them,
    so that one broken API does not stop the others.
    """

    def __init__(self, target: Target, connection: Connection | None = None) -> None:
        """Describe the gateway; `connection` is that of the gateway whose login this one shares."""
        self._connection = connection or Connection(target)
        self._others: dict[Place, CloudGateway] = {}
        self.target = target
        self.jobs = CloudJobs(self._connection)
        self.logs = CloudLogs(self._connection)
        self.storage = CloudStorage(self._connection)
        self.setup = CloudSetup(self._connection)

    def elsewhere(self, place: Place) -> Gateway:
        """The same login in another project or region; the same object each time, closed with this one."""
        if place == Place(self.target.project, self.target.region):
            return self
        if place not in self._others:
            target = replace(self.target, project=place.project, region=place.region)
            self._others[place] = CloudGateway(target, self._connection.elsewhere(target))
        return self._others[place]

    async def close(self) -> None:
        """Close channels and threads; calls under way end with an error."""
        for gateway in (self, *self._others.values()):
            for service in (gateway.jobs, gateway.logs, gateway.storage, gateway.setup):
                service.close()
        await self._connection.close()


def _conforms(gateway: CloudGateway) -> Gateway:
    """Lets the type checker hold the class against the interface."""
    return gateway
