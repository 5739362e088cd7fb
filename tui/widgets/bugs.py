"""A worker that ends by an unexpected error must not do so silently, nor take the user's text with it."""

from __future__ import annotations

import os
import traceback
from typing import Any

from textual.app import App
from textual.worker import Worker, WorkerState


def report_bug(app: App[Any], event: Worker.StateChanged) -> None:
    """Put the traceback into the debug log (descriptor 2 while the app runs) and tell the user."""
    error = event.worker.error
    if event.state is not WorkerState.ERROR or error is None:
        return
    tell_bug(app, error, event.worker.group)


def tell_bug(app: App[Any], error: BaseException, where: str) -> None:
    """The same for an error that ended no worker."""
    os.write(2, "".join(traceback.format_exception(error)).encode())
    what = f"{type(error).__name__} in {where}: the debug log has the details."
    app.notify(what, title="A fault in vertex-tui", severity="error", timeout=30, markup=False)
