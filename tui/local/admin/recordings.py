"""`/_local/recordings`: take over a recorded job, and say which replays go on."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterable

from aiohttp import web

from tui.local.admin.front import AdminError, AdminHandler, read_object
from tui.local.recordings.replays import RecordingError, Replays
from tui.local.state.project import ProjectState

PATH = "recordings"
NEEDED = ("aiplatform.googleapis.com", "logging.googleapis.com")
"""APIs without which nobody sees a job and its log."""


def enable_needed(project: ProjectState) -> list[str]:
    """Enable what has to be enabled to see jobs; what was not before."""
    missing = [name for name in NEEDED if not project.service_enabled(name)]
    if missing:
        project.set_services(missing, enabled=True)
    return missing


class RecordingsPart:
    """The admin API of recorded jobs."""

    def __init__(self, replays: Replays, project: ProjectState) -> None:
        self._replays = replays
        self._project = project

    def routes(self) -> Iterable[tuple[str, str, AdminHandler]]:
        """The routes of this part."""
        return [("POST", PATH, self._take), ("GET", PATH, self._list), ("GET", PATH + "/{job}", self._get)]

    async def _list(self, _request: web.Request) -> web.StreamResponse:
        return web.json_response({"replaying": self._replays.replaying()})

    async def _get(self, request: web.Request) -> web.StreamResponse:
        return web.json_response({"exists": self._replays.exists(request.match_info["job"])})

    async def _take(self, request: web.Request) -> web.StreamResponse:
        """`{"staged": NAME, "speed": N or null, "now": bool, "replace": bool}`."""
        content = await read_object(request)
        speed = content.get("speed") or 0
        if not isinstance(speed, int | float) or not math.isfinite(speed) or speed < 0:
            raise AdminError("speed must be a number above 0")
        enabled = enable_needed(self._project)
        try:
            await asyncio.shield(
                self._replays.take(
                    str(content.get("staged")),
                    speed=float(speed),
                    now=bool(content.get("now")),
                    replace=bool(content.get("replace")),
                )
            )
        except RecordingError as error:
            raise AdminError(str(error), 409) from error
        return web.json_response({"enabled": enabled})
