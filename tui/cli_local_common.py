"""What the commands of `vertex-tui local` share: data folder, running server, failures in one sentence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from tui.cli_common import CommandLineError, merged_options
from tui.local import launcher

START_TIMEOUT_SECONDS = 60.0
"""A first start compiles Google's libraries, which takes long on a slow box."""
_START = "start it with: vertex-tui local up"


def data_folder(ctx: click.Context) -> Path:
    """The local server's data directory."""
    folder: Path = merged_options(ctx, {}).paths().local_dir
    return folder


def running(folder: Path) -> launcher.Record:
    """The running server.

    Raises:
        CommandLineError: there is none.
    """
    with failures():
        record = launcher.status(folder)
    if record is None:
        raise CommandLineError(f"the local server is not running; {_START}", status=1)
    return record


@contextmanager
def failures() -> Iterator[None]:
    """Turn what the launcher and the system refuse into an error of the command line."""
    try:
        yield
    except launcher.LauncherError as error:
        raise CommandLineError(str(error), status=1) from error
    except OSError as error:
        raise CommandLineError(f"{error.strerror}: {error.filename}; look at that file's owner", 1) from error
