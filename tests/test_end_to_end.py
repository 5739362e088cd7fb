"""A newcomer's whole way, on a real pseudo-terminal: a fresh project to deleted outputs, by keys alone."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import subprocess_environment
from tests.terminal import Terminal
from tui import assets
from tui.local import launcher

JOB_SECONDS = 90.0
"""Bound for the example job, which takes about 25 s on a free machine."""


@pytest.fixture
def work_folder() -> Iterator[Path]:
    """A short folder with a copy of the example; its local server is ended afterwards."""
    with tempfile.TemporaryDirectory(prefix="vt-") as name:
        folder = Path(name)
        shutil.copy(assets.EXAMPLES / "tiny-train" / "vertex_job.yaml", folder)
        try:
            yield folder
        finally:
            launcher.stop(folder / "home" / "data" / "local")


def _start(folder: Path, columns: int, rows: int, *more: str) -> Terminal:
    home = folder / "home"
    home.mkdir(exist_ok=True)
    environment = {**subprocess_environment(home), "USER": "ana"}
    argv = [sys.executable, "-m", "tui", "--local", *more]
    return Terminal(argv, environment, columns=columns, rows=rows)


def _confirm(terminal: Terminal, title: str) -> None:
    """Read the question, then answer it: the default is No, so yes is one step away."""
    terminal.wait(title)
    terminal.settle()
    terminal.press("tab", "enter")


@pytest.mark.parametrize(("columns", "rows"), [(80, 24), (160, 50)])
def test_from_a_fresh_project_to_deleted_outputs(work_folder: Path, columns: int, rows: int) -> None:
    spec = work_folder / "vertex_job.yaml"
    # Long enough for every state to be seen.
    spec.write_text(spec.read_text().replace('"TRAIN_SECONDS", "20"', '"TRAIN_SECONDS", "4"'))
    with _start(work_folder, columns, rows, str(spec)) as terminal:
        terminal.wait("LOCAL", "workerPoolSpecs")

        # Setup: a fresh project is not ready; one key and one confirmation make it so.
        terminal.press("alt+1")
        terminal.wait("3 to fix")
        terminal.press("a")
        _confirm(terminal, "changes?")
        terminal.wait("Ready")

        # Spec: start the job, seen in full before it is sent.
        terminal.press("2")
        terminal.wait("Vertex AI stores the values of WANDB_API_KEY")
        terminal.press("ctrl+r")
        terminal.wait("local-project-outputs")
        _confirm(terminal, "Start this job")

        # Jobs: every state passes by; the log shows the lines as they are printed.
        for state in ("queued", "pending", "running"):
            terminal.wait(state)
        terminal.press("enter")
        terminal.wait("Job is running.", "'loss':")
        assert "Job completed" not in terminal.text
        terminal.wait("Job completed successfully.", timeout=JOB_SECONDS)
        terminal.press("escape")
        terminal.wait("succeeded")

        # Storage: find metrics.json, read it, then delete the run after seeing its count.
        terminal.press("o")
        terminal.wait("gs://local-project-outputs/runs/tiny-train/", "metrics.json")
        _walk_to(terminal, "metrics.json")
        terminal.press("enter")
        terminal.wait("train_loss")
        terminal.press("escape")
        terminal.until(lambda: "train_loss" not in terminal.text, what="the list again")
        terminal.press("escape")  # drops the filter
        terminal.wait("checkpoint-80/")
        terminal.press("backspace")
        terminal.until(lambda: "metrics.json" not in terminal.text, what="the place above")
        terminal.press("x")
        _confirm(terminal, "Delete this prefix?")
        terminal.wait("deleted")

        terminal.press("ctrl+q")
        assert terminal.wait_exit() == 0


def _walk_to(terminal: Terminal, name: str) -> None:
    """Put the cursor on a row: the keys filter by name as any list of the app does."""
    terminal.press("/")
    terminal.type(name)
    terminal.press("enter")
    terminal.settle()
