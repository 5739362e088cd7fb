"""Every test is alone on the machine: no configuration, credentials, proxies or data of the user's."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from tests.examples import load_profile
from tests.support import clean_environment, subprocess_environment

load_profile()
gc.disable()  # until all tests are collected: what is made until then stays


LONGEST = (
    *("test_end_to_end", "test_tutorial", "test_storage_tools", "test_libraries", "test_gcloud"),
    *("test_jobs_chart", "test_google_path", "test_storage", "test_informed", "test_spec_terminal"),
    *("test_storage_delete", "test_endings", "test_jobs_faults", "test_setup_faults", "test_kills"),
    *("test_storage_wire", "test_storage_places", "test_typed_keys", "test_keptjobs", "test_cli_local_env"),
    *(
        "test_spec_preflight",
        "test_jobs_changes",
        "test_storage_transfers",
        "test_gcloud_grants",
        "test_wire",
    ),
    *("test_setup_work", "test_spec_files", "test_job_turns", "test_polling_day", "test_leaving"),
)
"""Files that take longest by themselves: begun first, or all but one process wait for them at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first; the others stay in their order."""
    place = {name: number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.path.stem, len(LONGEST)))


def pytest_collection_finish() -> None:
    """Spare the garbage collector the modules and tests, which stay: a fifth of the suite's time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 100)
    gc.enable()


@pytest.fixture(scope="session")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Paths that do not exist yet, counted here: pytest would read the whole folder for each number."""
    base = tmp_path_factory.mktemp("homes")
    return (base / str(number) for number in count())


@pytest.fixture(autouse=True)
def home(homes: Iterator[Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh folder in which all of vertex-tui's own files of this test lie, also of its child processes."""
    folder = next(homes)
    folder.mkdir()
    for name in os.environ.keys() - clean_environment(os.environ).keys():
        monkeypatch.delenv(name)
    for name, value in subprocess_environment(folder).items():
        if os.environ.get(name) != value:
            monkeypatch.setenv(name, value)
    return folder
