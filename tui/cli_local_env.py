"""`vertex-tui local env`: what a shell evaluates to use the local server, and to leave it."""

from __future__ import annotations

import os
import shlex
from dataclasses import replace
from pathlib import Path

import click

from tui.cli_common import CommandLineError, Options, merged_options
from tui.cli_local_common import data_folder, failures, running
from tui.local import client_env
from tui.local.environ import Changes, original, undo
from tui.services.paths import show_path

SHELLS = ("sh", "bash", "zsh", "fish")


@click.command()
@click.option("--unset", is_flag=True, help="Print what makes the shell as it was before.")
@click.option("--shell", type=click.Choice(SHELLS), default="sh", help="The shell that will read it.")
@click.option("--region", metavar="REGION", help="The region that Google's programs are told.")
@click.pass_context
def env(ctx: click.Context, /, *, unset: bool, shell: str, region: str | None) -> None:
    """Print what points gcloud, gsutil and Google's clients at the local server.

    Every program started from that shell then finds the local server under the names of Google Cloud,
    with a login that only it knows. Connections to other hosts go on to them, through the proxy that the
    shell had before, if any.

    \b
    Examples:
      eval "$(vertex-tui local env)"
      eval "$(vertex-tui local env --unset)"
      vertex-tui local env --shell fish | source
    """  # noqa: D301
    changes = (
        undo(os.environ) if unset else _changes(merged_options(ctx, {"region": region}), data_folder(ctx))
    )
    for name, value in changes.items():
        click.echo(_fish_line(name, value) if shell == "fish" else _line(name, value))


def _changes(given: Options, folder: Path) -> Changes:
    record = running(folder)
    options = replace(given, local=True, project=None, environ=original(os.environ))
    region = options.configuration().settings.region
    with failures():
        try:
            return client_env.changes(record, region, os.environ)
        except ValueError as error:
            place = show_path(folder / "front-door")
            raise CommandLineError(
                f"the local server's certificates are damaged ({error}); remove {place}", status=1
            ) from error


def _line(name: str, value: str | None) -> str:
    return f"unset {name}" if value is None else f"export {name}={shlex.quote(value)}"


def _fish_line(name: str, value: str | None) -> str:
    if value is None:
        return f"set -e {name}"
    quoted = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"set -gx {name} '{quoted}'"
