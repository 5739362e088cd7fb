"""What the tests of the Spec pane share: a small app round the pane, and a gateway that records."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from textual import on
from textual.app import App, ComposeResult
from textual.widgets import Static

from tests.services.setup_world import ready_world
from tui import assets
from tui.domain.errors import CloudError
from tui.domain.gateway import Gateway
from tui.domain.jobs import Job, JobPage, job_from_json
from tui.domain.target import LocalEndpoint, Target
from tui.panes import messages
from tui.panes.spec import SpecPane
from tui.panes.spec_editor import SpecEditor
from tui.panes.spec_lists import ProblemList
from tui.services.options import AppOptions
from tui.services.paths import Paths, find_paths
from tui.services.settings import Settings

GOOD = """\
workerPoolSpecs:
  - machineSpec:
      machineType: n1-standard-4
    replicaCount: 1
    containerSpec:
      imageUri: python:3.11
      env:
        - name: HF_TOKEN
          value: ${HF_TOKEN}
        - name: BUCKET_NAME
          value: ${BUCKET_NAME}
"""


class FakeJobs:
    """Takes jobs as `JobService` does, when `gate` is open."""

    def __init__(self) -> None:
        self.created: list[Mapping[str, Any]] = []
        self.failure: CloudError | None = None
        self.gate = asyncio.Event()
        self.gate.set()

    async def create_job(self, custom_job: Mapping[str, Any]) -> Job:
        await self.gate.wait()
        if self.failure is not None:
            raise self.failure
        self.created.append(custom_job)
        return self._job(len(self.created))

    async def list_jobs(
        self,
        *,
        page_size: int = 100,
        page_token: str = "",
        filter_: str = "",
        brief: bool = False,  # noqa: ARG002 (the interface)
    ) -> JobPage:
        label = filter_.partition("=")[2]
        assert page_size
        assert not page_token
        jobs = [self._job(number) for number in range(1, len(self.created) + 1)]
        return JobPage(tuple(job for job in jobs if not label or label in job.labels.values()))

    def _job(self, number: int) -> Job:
        name = f"projects/1/locations/europe-west4/customJobs/{number}"
        return job_from_json({**self.created[number - 1], "name": name, "state": "JOB_STATE_QUEUED"})


class FakeGateway:
    """What the Spec pane asks for: jobs that are recorded, and a project in which all is right."""

    def __init__(self, *, local: bool = True, project: str = "kelp-train") -> None:
        endpoint = LocalEndpoint("unix:x", "http://127.0.0.1:1") if local else None
        self.target = Target(project, "europe-west4", local=endpoint)
        self.jobs = FakeJobs()
        self.world = ready_world()
        self.setup = self.storage = self.world

    def as_gateway(self) -> Gateway:
        return cast("Gateway", self)


class SpecApp(App[None]):
    """Only the pane; what it posts is collected."""

    CSS_PATH = [assets.STYLES / "frame.tcss", assets.STYLES / "spec.tcss"]  # noqa: RUF012 (Textual's)

    def __init__(
        self,
        home: Path,
        spec: Path | None = None,
        gateway: FakeGateway | None = None,
        settings: Settings | None = None,
    ) -> None:
        super().__init__()
        self.paths: Paths = find_paths({"VERTEX_TUI_HOME": str(home)})
        local = gateway is None or gateway.target.is_local
        self.pane = SpecPane(AppOptions(settings or Settings(), {}, local=local, spec=spec, paths=self.paths))
        self._gateway = gateway
        self.badges: list[tuple[str, str]] = []
        self.opened: list[str] = []
        self.setup_rows: list[str] = []
        self.tried: list[Mapping[str, Any]] = []

    def compose(self) -> ComposeResult:
        yield self.pane

    async def on_mount(self) -> None:
        if self._gateway is not None:
            self.pane.gateway = self._gateway.as_gateway()
        self.pane.pane_shown()

    @on(messages.BadgeChanged)
    def _badge(self, message: messages.BadgeChanged) -> None:
        self.badges.append((message.text, message.tone))

    @on(messages.OpenJobs)
    def _open_jobs(self, message: messages.OpenJobs) -> None:
        self.opened.append(message.job_name)

    @on(messages.OpenSetup)
    def _open_setup(self, message: messages.OpenSetup) -> None:
        self.setup_rows.append(message.check_id)

    @on(messages.TryHere)
    def _try_here(self, message: messages.TryHere) -> None:
        self.tried.append(message.request)

    @property
    def editor(self) -> SpecEditor:
        return self.query_one(SpecEditor)

    @property
    def found(self) -> list[tuple[int, str]]:
        """Line and code of the problems on screen."""
        return [(problem.line, problem.code) for problem in self.query_one(ProblemList).problems]

    @property
    def notice(self) -> str:
        return str(self.query_one("#spec-notice", Static).content)

    @property
    def earlier(self) -> str:
        """The lines about earlier starts."""
        return "".join(str(line.content) for line in self.query("#spec-earlier").results(Static))

    @property
    def shown(self) -> str:
        """Everything that is on the screen in front, as text."""
        return "\n".join(
            "".join(segment.text for segment in strip) for strip in self.screen._compositor.render_strips()
        )
