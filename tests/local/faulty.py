"""The faults of a local server, and clients that meet them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any

from google.cloud import storage
from google.cloud.storage.retry import DEFAULT_RETRY

from tests.local.clients import PARENT, Server, storage_client
from tests.local.conftest import fresh_server
from tui.local.admin.client import AdminClient

QUICK = DEFAULT_RETRY.with_delay(initial=0.01, maximum=0.05)
"""The storage client's own policy, but for its pauses."""


class Faults:
    """The server's faults, and clients that meet them."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.admin = AdminClient(server.record)

    def add(self, pattern: str, effect: str, *, kind: str = "call", **given: Any) -> dict[str, Any]:
        """A rule that happens once unless told otherwise; what is no part of the frame is an option."""
        frame = {name: given.pop(name) for name in ("times", "probability", "seed") if name in given}
        rule = {"kind": kind, "pattern": pattern, "effect": effect, "options": given, "times": 1} | frame
        return dict(self.admin.call("POST", "faults", rule))

    def hits(self) -> list[int]:
        return [rule["hits"] for rule in self.admin.call("GET", "faults")["faults"]]

    def jobs(self, transport: str) -> Any:
        return self.server.jobs if transport == "grpc" else self.server.rest_jobs

    def names(self) -> list[str]:
        """Display names of all jobs."""
        return [job.display_name for job in self.server.jobs.list_custom_jobs(parent=PARENT)]

    @cached_property
    def storage(self) -> storage.Client:
        return storage_client(self.server)

    def close(self) -> None:
        self.admin.call("DELETE", "faults")
        self.storage.close()


def server_of_faults() -> Iterator[Server]:
    """A server on which faults happen; each file makes it its own `server`."""
    with fresh_server() as server:
        server.enable("aiplatform", "logging")
        yield server


def faults_of(server: Server) -> Iterator[Faults]:
    """The faults; afterwards there are none, and the server has no failure of its own to tell of."""
    found = Faults(server)
    yield found
    found.close()
    assert "Traceback" not in (server.data_dir / "server.log").read_text()
