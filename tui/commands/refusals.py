"""What a command refuses before it looks at anything: no project to look at, changes that are off."""

from __future__ import annotations

from tui.cli_common import CommandLineError
from tui.services.options import AppOptions
from tui.services.settings import Source


def need_project(options: AppOptions) -> None:
    """Refuse to begin without a project; the local server has its own.

    Raises:
        CommandLineError: none is known (status 2).
    """
    if not options.local and not options.settings.project:
        raise CommandLineError(
            "no project is set by an option, the environment, the settings or gcloud; say --project ID, or "
            "run: vertex-tui config set project ID; without an account: vertex-tui jobs --local"
        )


def refuse_changes(options: AppOptions, nothing: str) -> None:
    """Refuse a change where all are turned off; `nothing` says what is not done.

    Raises:
        CommandLineError: with what turned them off, and how to go on (status 2).
    """
    if not options.settings.read_only:
        return
    origin = options.origins["read_only"]
    match origin.source:
        case Source.FLAG:
            way = "leave out --read-only"
        case Source.ENVIRONMENT:
            way = f"unset {origin}, which says so"
        case _:
            way = f"set read_only = false where it is true: {origin}"
    raise CommandLineError(f"{nothing}: this is read-only; {way}")
