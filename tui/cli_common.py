"""What all commands share: the options that say where calls go, and the one kind of complaint."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tui.services.paths import CONFIG_VARIABLE, Paths, find_paths

if TYPE_CHECKING:
    from tui.services.config import Configuration
    from tui.services.options import AppOptions


class CommandLineError(Exception):
    """A command that cannot be carried out, in one sentence with the next step.

    Attributes:
        status: the exit status, 2 for a mistake of the caller's, 1 for a failure.
    """

    def __init__(self, message: str, status: int = 2) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class Options:
    """The common options as given; None where an option was not."""

    local: bool | None = None
    project: str | None = None
    region: str | None = None
    profile: str | None = None
    config: str | None = None
    transport: str | None = None
    read_only: bool | None = None
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    """The environment of the process."""

    def paths(self) -> Paths:
        """Where our own files are, with `--config` honoured."""
        return find_paths(self.environ, Path(self.config) if self.config else None)

    def configuration(self) -> Configuration:
        """The settings in force.

        Raises:
            ConfigError: something in them cannot be used.
            CommandLineError: `--project` with `--local`, whose server has a project of its own.
        """
        from tui.services.config import load  # noqa: PLC0415  # `--help` needs no configuration

        if self.local and self.project is not None:
            raise CommandLineError(
                "--local has a project of its own; leave out --project, or --local for Google Cloud"
            )
        return load(
            self.paths(),
            self.environ,
            {
                "project": self.project,
                "region": self.region,
                "transport": self.transport,
                "read_only": "true" if self.read_only else None,
            },
            profile=self.profile,
            local=bool(self.local),
            must_exist=self.config is not None and not self.environ.get(CONFIG_VARIABLE),
        )

    def local_project(self) -> str:
        """The project of the local server."""
        from tui.local.names import PROJECT_ID  # noqa: PLC0415  # only with --local

        return PROJECT_ID

    def _diverted(self) -> bool:
        """Whether the shell is still one of `vertex-tui local env`: what is not certain is billed."""
        from tui.local.environ import BEFORE  # noqa: PLC0415

        if BEFORE not in self.environ:
            return False
        from tui.local import client_env, launcher  # noqa: PLC0415

        record = launcher.status(self.paths().local_dir)
        return record is not None and client_env.leads_here(record, self.environ)

    def app_options(self, spec: Path | None) -> AppOptions:
        """What the app is started with."""
        from tui.services.options import AppOptions  # noqa: PLC0415

        configuration = self.configuration()
        return AppOptions(
            settings=configuration.settings,
            origins=configuration.origins,
            local=bool(self.local),
            diverted=not self.local and self._diverted(),
            spec=spec,
            paths=self.paths(),
            profile=configuration.profile,
            gcloud=configuration.gcloud,
        )


_OPTIONS: tuple[Callable[[Callable[..., Any]], Callable[..., Any]], ...] = (
    click.option("--local", is_flag=True, default=None, help="Work on this box: no account, no bill."),
    click.option("--project", metavar="ID", help="The Google Cloud project."),
    click.option("--region", metavar="REGION", help="The Vertex AI region, e.g. europe-west4."),
    click.option("--profile", metavar="NAME", help="A profile of the configuration file."),
    click.option("--config", metavar="FILE", help="Another configuration file."),
    click.option(
        "--transport",
        type=click.Choice(["auto", "grpc", "rest"]),
        help="How to talk to Google; auto finds out.",
    ),
    click.option(
        "--read-only",
        is_flag=True,
        default=None,
        help="Refuse everything that would change the project, its jobs or its objects.",
    ),
)


def common_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that say where calls go."""
    return reduce(lambda wrapped, option: option(wrapped), reversed(_OPTIONS), function)


def merged_options(ctx: click.Context, given: Mapping[str, Any]) -> Options:
    """The common options of a command and of those before it on the line; the last one given counts."""
    before = ctx.parent.obj if ctx.parent is not None and isinstance(ctx.parent.obj, Options) else Options()
    options = replace(before, **{name: value for name, value in given.items() if value is not None})
    ctx.obj = options
    return options
