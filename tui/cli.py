"""The command line: starts the app, or does without it what needs no screen."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from tui import __version__
from tui.cli_common import CommandLineError, Options, common_options, merged_options
from tui.domain.text import printable
from tui.services.config_file import ConfigError
from tui.services.options import AppOptions

NAME = "vertex-tui"
"""The command, as messages and help call it."""

INTERRUPTED = 130
"""The exit status of a command that the user stopped with ctrl+c (128 + SIGINT)."""

READER_GONE = 141
"""The exit status when the reader of stdout has gone (128 + SIGPIPE), as other programs have it in a pipe."""

GARBAGE_THRESHOLD = 20_000
"""New objects between two looks for garbage: importing and drawing the first frame makes about so many."""

_LAZY = {
    "check": ("tui.commands.check:check", "Say what is wrong with job specs."),
    "config": ("tui.cli_config:config", "Show and change the settings."),
    "doctor": ("tui.commands.doctor:doctor", "Check whether the project is ready for a job, and make it so."),
    "local": ("tui.cli_local:local", "Start, stop and look at the local server."),
    "jobs": ("tui.commands.jobs:jobs", "List jobs, of all configured places."),
    "job": ("tui.commands.job:job", "Show one job: its course, error, cost and spec."),
    "cancel": ("tui.commands.change:cancel", "Ask jobs to stop."),
    "delete": ("tui.commands.change:delete", "Delete the records of jobs that have ended."),
    "run": ("tui.commands.run:run", "Start a job, and follow it to its end."),
    "logs": ("tui.commands.logs:logs", "Print a job's log, or follow it."),
    "metrics": ("tui.commands.metrics:metrics", "Print the metrics that a job's log tells."),
    "explain": ("tui.commands.explain:explain", "Say why a job failed, or what is odd about it."),
    "export": ("tui.commands.export:export", "Write a job's record to files."),
    "outputs": ("tui.commands.outputs:outputs", "List, fetch and delete what a job wrote."),
    "show": ("tui.commands.show:show", "Print the job that a spec would send."),
}
"""Commands whose modules are imported when they are run, with the sentence that `--help` shows."""

_SPEC_SUFFIXES = (".yaml", ".yml", ".json")
"""Endings by which a file that is not there is a new spec rather than a mistyped command."""

_REPORTED = (
    "textual",
    "click",
    "grpcio",
    "protobuf",
    "google-cloud-aiplatform",
    "google-cloud-logging",
    "google-cloud-storage",
    "google-auth",
)


class CommandsOrSpec(click.Group):
    """A group whose first argument may also be a job spec: a command's name goes before a file's."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All commands; the one that opens a spec is the program itself."""
        return sorted({*super().list_commands(ctx), *_LAZY} - {"open"})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command when it is asked for."""
        if cmd_name in _LAZY and cmd_name not in self.commands:
            import importlib  # noqa: PLC0415  # most starts need none

            module, _, attribute = _LAZY[cmd_name][0].partition(":")
            self.add_command(getattr(importlib.import_module(module), attribute), cmd_name)
        return super().get_command(ctx, cmd_name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Take what is no command for a spec to open."""
        if args[0] == "open" or self.get_command(ctx, args[0]) is None:
            return "open", open_spec, args
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, about) for name, (_, about) in sorted(_LAZY.items())])

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Say that the first argument is a spec or a command."""
        return ["[OPTIONS]", "[SPEC | COMMAND ...]"]


def _print_version(ctx: click.Context, _parameter: click.Parameter, value: bool) -> None:  # noqa: FBT001
    if not value:
        return
    import platform  # noqa: PLC0415  # only for this option
    from importlib import metadata  # noqa: PLC0415

    click.echo(f"{NAME} {__version__}")
    click.echo(f"Python {platform.python_version()} on {platform.system()} {platform.machine()}")
    for name in _REPORTED:
        try:
            click.echo(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            click.echo(f"{name} is not installed")
    ctx.exit()


@click.group(cls=CommandsOrSpec, invoke_without_command=True)
@common_options
@click.option(
    "--version",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=_print_version,
    help="Show the versions that a bug report needs.",
)
@click.pass_context
def cli(ctx: click.Context, /, **given: Any) -> None:  # noqa: ANN401  # click passes each option by name
    """The whole Vertex AI custom training loop on one screen.

    Without a command it opens the app, with SPEC in its editor; a SPEC that does not exist is begun.

    \b
    Examples:
      vertex-tui --local                 try everything on this box: no account, no bill
      vertex-tui job.yaml --project P    open a job spec for project P
      vertex-tui check job.yaml          say what is wrong with it, without a screen
    """  # noqa: D301  # \b is click's mark for text it must not wrap
    options = merged_options(ctx, given)
    if ctx.invoked_subcommand is None:
        _start(None, options)


@click.command("open", hidden=True)
@click.argument("spec", required=True)
@common_options
@click.pass_context
def open_spec(ctx: click.Context, /, spec: str, **given: Any) -> None:  # noqa: ANN401
    """Open the app with SPEC in its editor."""
    options = merged_options(ctx, given)
    try:
        path = _spec_path(spec)
    except OSError as error:
        raise CommandLineError(f"{spec} cannot be opened: {error.strerror or error}") from error
    _start(path, options)


def _spec_path(spec: str) -> Path:
    """The file that is meant, which may be one that is to be: the app begins it, and saving writes it."""
    path = Path(spec).expanduser()
    if path.is_dir():
        raise CommandLineError(f"{spec} is a folder; name a job spec in it")
    if path.exists() or path.is_symlink():
        return path
    if os.sep in spec or path.suffix.lower() in _SPEC_SUFFIXES:
        if path.parent.is_dir():
            return path
        raise CommandLineError(f"there is no folder {path.parent} for a new {path.name}; create it first")
    import difflib  # noqa: PLC0415  # only mistakes need it

    close = difflib.get_close_matches(spec, _LAZY, n=1)
    hint = f"did you mean {NAME} {close[0]}?" if close else f"see {NAME} --help"
    raise CommandLineError(f"there is no file or command {spec}; {hint}")


def _start(spec: Path | None, options: Options) -> None:
    """Run the app until the user leaves."""
    app_options = options.app_options(spec)
    if not _on_a_terminal():
        raise CommandLineError(
            "the app needs a terminal for its input and output; run it in one, or see vertex-tui --help "
            "for what works without"
        )
    raise click.exceptions.Exit(_load_app()(app_options))


def _load_app() -> Callable[[AppOptions], int]:
    """Import the app with the garbage collector at rest: what it imports lives as long as the process."""
    gc.disable()
    try:
        from tui.app import run_app  # noqa: PLC0415  # Textual takes longer than all of `--help`
    finally:
        gc.freeze()
        gc.set_threshold(GARBAGE_THRESHOLD)
        gc.enable()
    return run_app


def _on_a_terminal() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the process's exit status.

    0 is success, 1 a failure, 2 a mistake in arguments or configuration, 130 an interruption, 141 a reader of
    the result that has gone.
    """
    try:
        return _run(arguments)
    except click.UsageError as error:
        return _misused(error)
    except (CommandLineError, ConfigError) as error:
        return _complain(str(error), getattr(error, "status", 2))
    except click.ClickException as error:
        return _complain(error.format_message(), error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except OSError as error:
        return _broken(error)


def _run(arguments: Sequence[str] | None) -> int:
    streams = sys.stdout, sys.stderr
    try:
        status = cli.main(arguments, prog_name=NAME, standalone_mode=False)
    except SystemExit:
        if sys.stdout is streams[0]:
            raise
        sys.stdout, sys.stderr = streams  # click put others there, as it does for a reader that has gone
        raise BrokenPipeError from None
    if sys.stdout is not None:  # as after `>&-`
        sys.stdout.flush()
    return status if isinstance(status, int) else 0


def _broken(error: OSError) -> int:
    """The end of a command that could not write: nobody is told of a reader that has gone, for it knows."""
    _quiet_stdout()
    if isinstance(error, BrokenPipeError):
        return READER_GONE
    where = f"{error.filename}: " if error.filename else ""
    return _complain(f"{where}{error.strerror or error}; nothing more was done", 1)


def _misused(error: click.UsageError) -> int:
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        click.echo(error.format_message(), err=True)
        return 2
    command = error.ctx.command_path if error.ctx else NAME
    return _complain(f"{error.format_message().rstrip('.')}; see {command} --help", 2)


def _complain(message: str, status: int) -> int:
    with suppress(OSError):  # stderr takes nothing either
        click.echo(printable(f"{NAME}: {message}", multiline=True), err=True)
    return status


def _quiet_stdout() -> None:
    """Keep Python from complaining at its exit about a reader that has gone, or a disk that is full."""
    if sys.stdout is not None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
