"""Every test is alone on the machine: no configuration, credentials, proxies or data of the user's."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.examples import load_profile
from tests.support import clean_environment, subprocess_environment

load_profile()


LONGEST = ("test_end_to_end.py", "test_tutorial.py", "test_libraries.py", "test_storage_tools.py")
"""Files that take longest by themselves: begun first, or all but one process wait for them at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first; the others stay in their order."""
    items.sort(key=lambda item: item.path.name not in LONGEST)


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh folder in which all of vertex-tui's own files of this test lie, also of its child processes."""
    folder = tmp_path_factory.mktemp("home")
    for name in os.environ.keys() - clean_environment(os.environ).keys():
        monkeypatch.delenv(name)
    for name, value in subprocess_environment(folder).items():
        monkeypatch.setenv(name, value)
    return folder
