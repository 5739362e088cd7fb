"""Jobs and log entries in the API's own JSON, untouched: what a record of a job is made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from tui.cloud.connection import Connection, project_of
from tui.cloud.plain_rest import PlainRest
from tui.domain.target import PROJECT


class CloudRecords:
    """`tui.domain.gateway.RecordsGateway` over REST, whose answers are that JSON."""

    def __init__(self, connection: Connection) -> None:
        self._target = connection.target
        self._jobs = PlainRest(connection, f"{self._target.region}-aiplatform.googleapis.com")
        self._logs = PlainRest(connection, "logging.googleapis.com")

    def close(self) -> None:
        """Close idle connections."""
        self._jobs.close()
        self._logs.close()

    async def job(self, name: str) -> dict[str, Any]:
        """`GetCustomJob`."""
        return await self._jobs.get(f"v1/{quote(name, safe='/:.')}")

    async def entries(self, filter_: str, *, page_token: str = "") -> tuple[list[Mapping[str, Any]], str]:
        """One page of `ListLogEntries`, at most 1,000 from the oldest on, and the token of the next."""
        project = project_of(self._target)
        named = self._target.log_resources
        body: dict[str, Any] = {
            "resourceNames": [each.replace(PROJECT, project) for each in named] or [f"projects/{project}"],
            "filter": filter_,
            "orderBy": "timestamp asc",
            "pageSize": 1000,
            "pageToken": page_token,
        }
        page = await self._logs.post("v2/entries:list", body, sent=False)
        found = page.get("entries")
        entries = [each for each in found if isinstance(each, Mapping)] if isinstance(found, list) else []
        return entries, str(page.get("nextPageToken") or "")
