"""Local servers for tests: each in a short folder of its own, always ended."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.local.clients import Server
from tests.support import clean_environment
from tui.local import launcher


@contextmanager
def fresh_server() -> Iterator[Server]:
    """A server process with a data directory that is short enough for a socket's name."""
    with tempfile.TemporaryDirectory(prefix="vt-") as folder:
        data_dir = Path(folder, "data")
        try:
            yield Server(data_dir)
        finally:
            launcher.stop(data_dir)


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """A folder whose name is short enough for a socket's."""
    with tempfile.TemporaryDirectory(prefix="vt-") as folder:
        yield Path(folder)


@pytest.fixture
def local_server() -> Iterator[Server]:
    """A fresh server: Vertex AI and Logging are still disabled."""
    with fresh_server() as server:
        yield server


@pytest.fixture(scope="session")
def shared_server() -> Iterator[Server]:
    """One server for all tests that only add to it, with the APIs enabled."""
    foreign = {name: value for name, value in os.environ.items() if name not in clean_environment(os.environ)}
    for name in foreign:
        del os.environ[name]
    try:
        with fresh_server() as server:
            server.enable("aiplatform", "logging", "iam", "compute")
            yield server
    finally:
        os.environ.update(foreign)
