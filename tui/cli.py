"""The command line: starts the app, or does without it what needs no screen."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from tui import __version__
from tui.cli_common import CommandLineError, Options, common_options, merged_options
from tui.services.config_file import ConfigError
from tui.services.options import AppOptions

NAME = "vertex-tui"
"""The command, as messages and help call it."""

INTERRUPTED = 130
"""The exit status of a command that the user stopped with ctrl+c (128 + SIGINT)."""

GARBAGE_THRESHOLD = 20_000
"""New objects between two looks for garbage: importing and drawing the first frame makes about so many."""

_LAZY = {
    "config": ("tui.cli_config:config", "Show and change the settings."),
    "local": ("tui.cli_local:local", "Start, stop and look at the local server."),
}
"""Commands whose modules are imported when they are run, with the sentence that `--help` shows."""

_SPEC_SUFFIXES = (".yaml", ".yml", ".json")
"""Endings by which a file that is not there is a new spec rather than a mistyped command."""

_REPORTED = (
    "textual",
    "grpcio",
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
        click.echo(f"{name} {metadata.version(name)}")
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

    0 is success, 1 a failure, 2 a mistake in arguments or configuration, 130 an interruption.
    """
    try:
        status = cli.main(arguments, prog_name=NAME, standalone_mode=False)
        sys.stdout.flush()
    except click.UsageError as error:
        return _misused(error)
    except (CommandLineError, ConfigError) as error:
        return _complain(str(error), getattr(error, "status", 2))
    except click.ClickException as error:
        return _complain(error.format_message(), error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except BrokenPipeError:
        _quiet_stdout()
        return 1
    return status if isinstance(status, int) else 0


def _misused(error: click.UsageError) -> int:
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        click.echo(error.format_message(), err=True)
        return 2
    command = error.ctx.command_path if error.ctx else NAME
    return _complain(f"{error.format_message().rstrip('.')}; see {command} --help", 2)


def _complain(message: str, status: int) -> int:
    click.echo(f"{NAME}: {message}", err=True)
    return status


def _quiet_stdout() -> None:
    """Keep Python from complaining at its exit about a reader that has gone."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
