"""`/_local/time`: the speed of the server's time."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import astuple
from typing import Any

from aiohttp import web

from tui.local.admin.front import AdminError, AdminHandler, read_object
from tui.local.clock import WALL, Stretch
from tui.local.state.database import Database
from tui.local.state.jobs import Jobs

PATH = "time"
_KEY = "clock"
"""Where the stretches of time are kept in the table `meta`."""


def restore_time(database: Database) -> None:
    """Take up the time that an earlier server set: it has gone on since."""
    row = database.connection.execute("SELECT value FROM meta WHERE key = ?", (_KEY,)).fetchone()
    if row:
        WALL.restore(tuple(Stretch(*each) for each in json.loads(row[0])))


class TimePart:
    """The admin API of time."""

    def __init__(self, database: Database, jobs: Jobs) -> None:
        self._database = database
        self._jobs = jobs

    def routes(self) -> Iterable[tuple[str, str, AdminHandler]]:
        """The routes of this part."""
        return [("GET", PATH, self._get), ("POST", PATH, self._set), ("DELETE", PATH, self._reset)]

    async def _get(self, _request: web.Request) -> web.StreamResponse:
        return web.json_response(_now())

    async def _set(self, request: web.Request) -> web.StreamResponse:
        """`{"speed": N, "since_seconds": N or null}`."""
        content = await read_object(request)
        speed, since = _number(content, "speed"), _number(content, "since_seconds")
        if speed is None:
            raise AdminError("speed is missing")
        if since is not None and -since < WALL.ahead_seconds():
            self._refuse_with_live_jobs()
        try:
            WALL.run(speed, since_seconds=since)
        except ValueError as error:
            raise AdminError(str(error)) from error
        self._keep()
        return web.json_response(_now())

    async def _reset(self, _request: web.Request) -> web.StreamResponse:
        if WALL.ahead_seconds() > 0:
            self._refuse_with_live_jobs()
        WALL.reset()
        self._keep()
        return web.json_response(_now())

    def _refuse_with_live_jobs(self) -> None:
        live = self._jobs.count_live()
        if live:
            raise AdminError(
                f"{live} of the local jobs have not ended, and setting the time back would have them end "
                "before they began; wait for them or cancel them",
                409,
            )

    def _keep(self) -> None:
        kept = json.dumps([astuple(each) for each in WALL.stretches]).encode()
        self._database.connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (_KEY, kept))


def _now() -> dict[str, Any]:
    return {"now_ns": WALL.now_ns(), "speed": WALL.speed, "ahead_seconds": WALL.ahead_seconds()}


def _number(content: dict[str, Any], name: str) -> float | None:
    value = content.get(name)
    if value is None:
        return None
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise AdminError(f"{name} must be a number")
    return float(value)
