"""Jobs with what their logs say, and the Jobs pane alone, for tests of its detail."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from textual.app import App, ComposeResult
from textual.widgets import Static

from tui import assets
from tui.domain.insight import JobInsight
from tui.domain.jobs import Job, job_from_json
from tui.domain.metrics.model import Point, Series
from tui.panes import messages
from tui.panes.jobs import JobsPane
from tui.panes.jobs_detail import JobDetail
from tui.services.jobwatch import JobsSnapshot
from tui.services.options import AppOptions
from tui.services.paths import find_paths
from tui.services.settings import Settings
from tui.widgets.keybar import KeyBar
from tui.widgets.rows import RowList

NOW = datetime.now(UTC).replace(microsecond=0)
SECOND = 1_000_000_000
NOW_NS = int(NOW.timestamp()) * SECOND


def raw(number: int, state: str, minutes: float = 15, **more: Any) -> dict[str, Any]:
    """A job that was made so many minutes ago, queued and provisioned for three, and ran since."""
    created = NOW - timedelta(minutes=minutes)
    job: dict[str, Any] = {
        "name": f"projects/123/locations/europe-west4/customJobs/{number}",
        "displayName": f"job-{number}",
        "state": f"JOB_STATE_{state}",
        "createTime": created.isoformat(),
        "labels": {"team": "a", "submitted-by": "ana"},
        "jobSpec": {
            "workerPoolSpecs": [
                {
                    "machineSpec": {
                        "machineType": "g2-standard-4",
                        "acceleratorType": "NVIDIA_L4",
                        "acceleratorCount": 1,
                    },
                    "replicaCount": "1",
                    "containerSpec": {
                        "imageUri": "europe-docker.pkg.dev/kelp/train/torch:2",
                        "args": ["--lr", "2e-5"],
                        "env": [{"name": "HF_TOKEN", "value": "never-shown"}],
                    },
                }
            ],
            "scheduling": {"timeout": "7200s", "strategy": "SPOT"},
            "network": "projects/1/global/networks/lagoon",
        },
    }
    if state not in {"QUEUED", "PENDING"}:
        job["startTime"] = (created + timedelta(minutes=3)).isoformat()
    if state in {"FAILED", "SUCCEEDED", "CANCELLED"}:
        job["endTime"] = (NOW - timedelta(minutes=1)).isoformat()
    return {**job, **more}


def falling(
    name: str = "loss", count: int = 100, *, replica: str = "workerpool0-0", rate: float = 0.02
) -> Series:
    """A metric that falls with the steps 0, 10, 20 and so on."""
    points = (
        Point(NOW_NS - (count - index) * SECOND, 0.5 + 2 * math.exp(-index * rate), 10 * index)
        for index in range(count)
    )
    return Series(name, replica, tuple(points))


class DetailApp(App[None]):
    """Only the pane, with jobs and what their logs say."""

    CSS_PATH = [assets.STYLES / "frame.tcss", assets.STYLES / "jobs.tcss"]  # noqa: RUF012 (Textual's)

    def __init__(self, tmp_path: Path, *, local: bool = False) -> None:
        super().__init__()
        self.paths = find_paths({"VERTEX_TUI_HOME": str(tmp_path)})
        self.pane = JobsPane(AppOptions(Settings(), {}, local=local, spec=None, paths=self.paths))
        self.posted: list[object] = []

    def compose(self) -> ComposeResult:
        yield self.pane
        yield KeyBar()

    def show(self, jobs: Sequence[Job | Mapping[str, Any]], insights: Mapping[int, JobInsight]) -> None:
        """Give the pane a list, and insights by the jobs' numbers."""
        read = [job if isinstance(job, Job) else job_from_json(job) for job in jobs]
        names = {job.job_id: job.name for job in read}
        self.pane.insights = {names[str(number)]: insight for number, insight in insights.items()}
        self.pane.jobs = JobsSnapshot(tuple(read), read_at=NOW)
        self.pane.pane_shown()

    @property
    def table(self) -> RowList:
        return self.query_one(RowList)

    @property
    def panel(self) -> JobDetail:
        return self.query_one(JobDetail)

    @property
    def detail(self) -> str:
        return str(self.query_one("#jobs-detail-text", Static).content)

    @property
    def note(self) -> str:
        return str(self.query_one("#jobs-note", Static).content)

    def on_open_logs(self, message: messages.OpenLogs) -> None:
        self.posted.append(("logs", message.job.job_id, message.at))

    def on_open_setup(self, message: messages.OpenSetup) -> None:
        self.posted.append(("setup", message.check_id))
