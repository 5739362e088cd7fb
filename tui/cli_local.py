"""`vertex-tui local`: the local server, from the command line."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from tui.cli_common import CommandLineError
from tui.cli_local_common import START_TIMEOUT_SECONDS, data_folder, failures, running
from tui.cli_local_env import env
from tui.cli_local_fault import fault
from tui.cli_local_import import import_record
from tui.cli_local_project import project
from tui.cli_local_quota import quota
from tui.cli_local_seed import seed
from tui.cli_local_time import time
from tui.local import launcher
from tui.services.paths import show_path


@click.group(no_args_is_help=True)
def local() -> None:
    """Start, stop and look at the local server.

    \b
    Examples:
      vertex-tui local up
      eval "$(vertex-tui local env)"    point gcloud and Google's clients at it
    """  # noqa: D301


@local.command()
@click.pass_context
def up(ctx: click.Context) -> None:
    """Start the local server, if it is not running.

    \b
    Examples:
      vertex-tui local up
      vertex-tui local up && eval "$(vertex-tui local env)"
    """  # noqa: D301
    folder = data_folder(ctx)
    with failures():
        record = launcher.ensure(folder, timeout=START_TIMEOUT_SECONDS)
    click.echo(_describe(record, folder))


@local.command()
@click.pass_context
def down(ctx: click.Context) -> None:
    """Stop the local server and what its jobs still run; their records and files stay.

    \b
    Examples:
      vertex-tui local down
      vertex-tui local down && vertex-tui local up    start it anew
    """  # noqa: D301
    folder = data_folder(ctx)
    with failures():
        stopped = launcher.stop(folder)
    click.echo("The local server is stopped." if stopped else "The local server was not running.")


@local.command()
@click.pass_context
def status(ctx: click.Context) -> None:
    """Say whether the local server runs, and where; exit 1 if it does not.

    \b
    Examples:
      vertex-tui local status
      vertex-tui local status >/dev/null || vertex-tui local up
    """  # noqa: D301
    folder = data_folder(ctx)
    click.echo(_describe(running(folder), folder))


@local.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_context
def reset(ctx: click.Context, /, *, yes: bool) -> None:
    """Stop the local server and delete all its jobs, logs and files.

    \b
    Examples:
      vertex-tui local reset
      vertex-tui local reset --yes
    """  # noqa: D301
    folder = data_folder(ctx)
    question = f"Stop the local server and delete all its jobs, logs and files in {show_path(folder)}?"
    if not yes:
        _ask(question)
    with failures():
        launcher.reset(folder)
    click.echo("The local server is as new.")


local.add_command(env)
local.add_command(fault)
local.add_command(import_record)
local.add_command(project)
local.add_command(quota)
local.add_command(seed)
local.add_command(time)


def _ask(question: str) -> None:
    """Go on only after a yes."""
    if not sys.stdin.isatty():
        raise CommandLineError("nobody is there to answer; say --yes to delete without a question")
    if not click.confirm(question, default=False, err=True):
        raise CommandLineError("nothing was deleted", status=1)


def _describe(record: launcher.Record, folder: Path) -> str:
    return f"The local server runs as process {record.pid} at {record.http_url}, files in {show_path(folder)}"
