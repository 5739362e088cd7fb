"""`vertex-tui config`: the settings, from the command line."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import click

from tui.cli_common import common_options, merged_options
from tui.commands.output import note, safe, say, say_json
from tui.commands.table import Column, say_table
from tui.services.paths import show_path
from tui.services.settings import SETTINGS, Value

_SHAPE = (Column("KEY"), Column("VALUE", give=True), Column("FROM", give=True))


@click.group(no_args_is_help=True)
@common_options
@click.pass_context
def config(ctx: click.Context, /, **given: Any) -> None:  # noqa: ANN401  # click passes each option by name
    """Show and change the settings.

    \b
    Examples:
      vertex-tui config show
      vertex-tui config set region europe-west4
    """  # noqa: D301
    merged_options(ctx, given)


@config.command("path")
@common_options
@click.pass_context
def show_file(ctx: click.Context, /, **given: Any) -> None:  # noqa: ANN401
    """Print the path of the configuration file, whether or not it exists.

    \b
    Examples:
      vertex-tui config path
      $EDITOR "$(vertex-tui config path)"
    """  # noqa: D301
    say(str(merged_options(ctx, given).paths().config_file))


@config.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON: {key: {value, origin}}.")
@common_options
@click.pass_context
def show(ctx: click.Context, /, *, as_json: bool, **given: Any) -> None:  # noqa: ANN401
    """Print each value with where it comes from.

    \b
    Examples:
      vertex-tui config show --profile lab
      vertex-tui config show --json | jq -r .region.value
    """  # noqa: D301
    configuration = merged_options(ctx, given).configuration()
    values: dict[str, Value] = {"profile": configuration.profile}
    values |= {setting.key: configuration.settings.get(setting.key) for setting in SETTINGS}
    if as_json:
        listing = {
            key: {"value": _plain(value), "origin": str(configuration.origins[key])}
            for key, value in values.items()
        }
        say_json(listing)
    else:
        rows = [(key, _text(value), str(configuration.origins[key])) for key, value in values.items()]
        say_table(_SHAPE, rows, header=False)
    if configuration.gcloud.problem:
        note(safe(configuration.gcloud.problem))


@config.command("set")
@click.argument("key")
@click.argument("value")
@common_options
@click.pass_context
def set_value(ctx: click.Context, /, key: str, value: str, **given: Any) -> None:  # noqa: ANN401
    """Set KEY to VALUE in the file, or in one of its profiles with --profile.

    \b
    Examples:
      vertex-tui config set project kelp-train --profile lab
      vertex-tui config set keys.jobs.cancel x
    """  # noqa: D301
    from tui.services.config_write import save  # noqa: PLC0415  # showing needs no writer

    options = merged_options(ctx, given)
    path = options.paths().config_file
    save(path, key, value, options.profile or "")
    note(safe(f"{key} is set in {show_path(path)}"))


def _plain(value: Value) -> Value:
    return dict(value) if isinstance(value, Mapping) else value


def _text(value: Value) -> str:
    return json.dumps(_plain(value), ensure_ascii=False)
