"""`gcloud logging` against the server, where the Google Cloud CLI is installed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import uuid
from pathlib import Path
from typing import Any

import pytest
from google.cloud import logging as cloud_logging

from tests.local.clients import Server, logging_client

GCLOUD = shutil.which("gcloud")
needs_gcloud = pytest.mark.skipif(GCLOUD is None, reason="the Google Cloud CLI is not installed")
PROJECT = "projects/local-project"


class Cli:
    """gcloud with the environment that leads it to the server."""

    def __init__(self, server: Server, folder: Path) -> None:
        url = f"{server.record.http_url}/"
        self._environ = os.environ | {
            "CLOUDSDK_CONFIG": str(folder / "config"),
            "CLOUDSDK_CORE_PROJECT": "local-project",
            "CLOUDSDK_CORE_DISABLE_PROMPTS": "1",
            "CLOUDSDK_CORE_DISABLE_USAGE_REPORTING": "true",
            "CLOUDSDK_CORE_CHECK_GCE_METADATA": "false",
            "CLOUDSDK_AUTH_DISABLE_CREDENTIALS": "true",
            "CLOUDSDK_API_ENDPOINT_OVERRIDES_LOGGING": url,
        }

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run `gcloud logging WORDS`."""
        return subprocess.run(
            [str(GCLOUD), "logging", *words],
            env=self._environ,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def read(self, *words: str) -> list[Any]:
        """What `gcloud logging read` prints as JSON."""
        done = self.run("read", *words, "--format=json")
        assert done.returncode == 0, done.stderr
        found: list[Any] = json.loads(done.stdout)
        return found


@pytest.fixture
def cli(shared_server: Server, tmp_path: Path) -> Cli:
    return Cli(shared_server, tmp_path)


@needs_gcloud
def test_written_by_gcloud_and_read_by_gcloud(cli: Cli) -> None:
    name = f"gcloud-{uuid.uuid4().hex}"
    for word, severity in (("one", "INFO"), ("two", "ALERT")):
        done = cli.run("write", name, f"line {word}", f"--severity={severity}")
        assert done.returncode == 0, done.stderr
    assert "Created log entry." in done.stderr
    filter_ = f'logName="{PROJECT}/logs/{name}"'
    assert [entry["textPayload"] for entry in cli.read(filter_)] == ["line two", "line one"]
    ordered = cli.read(f'{filter_} AND timestamp>="2026-01-01T00:00:00Z"', "--order=asc", "--limit=1")
    assert [entry["textPayload"] for entry in ordered] == ["line one"]
    fresh = cli.read(f"{filter_} severity>=ALERT", "--freshness=10m")
    assert [(entry["severity"], entry["resource"]["type"]) for entry in fresh] == [("ALERT", "global")]
    view = ("--bucket=_Default", "--location=global", "--view=_AllLogs")
    assert len(cli.read(filter_, *view)) == 2
    assert f"{PROJECT}/logs/{name}" in cli.run("logs", "list").stdout.split()
    assert cli.run("logs", "delete", name).returncode == 0
    assert cli.read(filter_) == []


@needs_gcloud
def test_gcloud_shows_what_is_wrong_with_a_filter(cli: Cli) -> None:
    done = cli.run("read", "timestamp>=2026-09-24T00:00:00Z")
    assert done.returncode == 1
    words = "INVALID_ARGUMENT: Unparseable filter: syntax error at line 1, column 25, token ':'"
    assert words in done.stderr


def test_the_high_level_client_pages_orders_and_filters_by_time(shared_server: Server) -> None:
    client = logging_client(shared_server)
    logger = client.logger(f"high-{uuid.uuid4().hex}")
    for number in range(5):
        logger.log_text(f"line {number}", severity="WARNING", labels={"n": str(number)})
    mine = f'logName="{logger.full_name}" AND textPayload:line'
    newest = list(client.list_entries(filter_=mine, order_by=cloud_logging.DESCENDING, page_size=2))
    assert [entry.payload for entry in newest] == [f"line {number}" for number in range(4, -1, -1)]
    assert (newest[0].severity, newest[0].labels) == ("WARNING", {"n": "4"})
    # With the colon or without, as Python's %z writes it.
    at = newest[0].timestamp
    for text in (at.isoformat(), at.strftime("%Y-%m-%dT%H:%M:%S.%f%z")):
        found = list(client.list_entries(filter_=f'{mine} AND timestamp>="{text}"', max_results=10))
        assert [entry.payload for entry in found] == ["line 4"]
    assert [entry.payload for entry in logger.list_entries(filter_='labels.n="3"')] == ["line 3"]
