"""Local servers for tests: each in a short folder of its own, always ended."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from google.cloud import storage

from tests.local.clients import Server
from tests.local.storage_server import StorageServer, serving
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


@contextmanager
def enabled_server() -> Iterator[Server]:
    """The same with the APIs enabled, whatever the environment of the tests says."""
    foreign = {name: value for name, value in os.environ.items() if name not in clean_environment(os.environ)}
    for name in foreign:
        del os.environ[name]
    try:
        with fresh_server() as server:
            server.enable("aiplatform", "logging", "iam", "compute")
            yield server
    finally:
        os.environ.update(foreign)


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
    with enabled_server() as server:
        yield server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StorageServer]:
    """The storage routes alone, one for a file; files about other things have a `server` of their own."""
    with serving(tmp_path_factory.mktemp("storage")) as server:
        yield server


@pytest.fixture
def bucket(server: StorageServer) -> storage.Bucket:
    """A new bucket of `server`."""
    return server.bucket()


@pytest.fixture(scope="module")
def http() -> Iterator[requests.Session]:
    """Plain calls."""
    with requests.Session() as session:
        yield session
