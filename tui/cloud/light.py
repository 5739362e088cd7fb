"""A gateway whose parts load when they are used first: for commands, of which most need one or two."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from tui.cloud.connection import Connection
from tui.cloud.plain_jobs import PlainJobs
from tui.cloud.records import CloudRecords
from tui.domain.gateway import HeadlessGateway, JobsGateway
from tui.domain.places import Place
from tui.domain.target import Target, Transport

if TYPE_CHECKING:
    from tui.cloud.jobs import CloudJobs
    from tui.cloud.logs import CloudLogs
    from tui.cloud.setup import CloudSetup
    from tui.cloud.storage import CloudStorage


class LightGateway:
    """`tui.domain.gateway.HeadlessGateway` like `CloudGateway`, but for jobs over REST and its late imports.

    With the transport `grpc` jobs go that way, too.
    """

    def __init__(self, target: Target, connection: Connection | None = None) -> None:
        """Describe the gateway; `connection` is that of the gateway whose login this one shares."""
        self._connection = connection or Connection(target)
        self._others: dict[Place, LightGateway] = {}
        self.target = target

    @cached_property
    def jobs(self) -> JobsGateway:
        """Custom jobs."""
        return self._jobs

    @cached_property
    def _jobs(self) -> PlainJobs | CloudJobs:
        if self.target.transport is not Transport.GRPC or self.target.local is not None:
            return PlainJobs(self._connection)
        from tui.cloud.jobs import CloudJobs  # noqa: PLC0415 (1.5 s)

        return CloudJobs(self._connection)

    @cached_property
    def logs(self) -> CloudLogs:
        """Log entries."""
        from tui.cloud.logs import CloudLogs  # noqa: PLC0415 (0.3 s)

        return CloudLogs(self._connection)

    @cached_property
    def storage(self) -> CloudStorage:
        """Buckets and objects."""
        from tui.cloud.storage import CloudStorage  # noqa: PLC0415 (0.2 s)

        return CloudStorage(self._connection)

    @cached_property
    def setup(self) -> CloudSetup:
        """Project, APIs and rights."""
        from tui.cloud.setup import CloudSetup  # noqa: PLC0415 (0.4 s)

        return CloudSetup(self._connection)

    @cached_property
    def records(self) -> CloudRecords:
        """Jobs and log entries in the API's JSON, as they come."""
        return CloudRecords(self._connection)

    def elsewhere(self, place: Place) -> LightGateway:
        """The same login in another project or region; the same object each time, closed with this one."""
        if place == Place(self.target.project, self.target.region):
            return self
        if place not in self._others:
            target = replace(self.target, project=place.project, region=place.region)
            self._others[place] = LightGateway(target, self._connection.elsewhere(target))
        return self._others[place]

    async def close(self) -> None:
        """Close channels and threads; calls under way end with an error."""
        for gateway in (self, *self._others.values()):
            for name in ("_jobs", "logs", "storage", "setup", "records"):
                if name in vars(gateway):
                    vars(gateway)[name].close()
        await self._connection.close()


def _conforms(gateway: LightGateway) -> HeadlessGateway:
    """Lets the type checker hold the class against the interface."""
    return gateway
