"""`vertex-tui local project`: the state of the local server's project, to practise on what goes wrong."""

from __future__ import annotations

import json
from difflib import get_close_matches

import click

from tui.cli_common import CommandLineError
from tui.cli_local_common import data_folder, failures, running
from tui.local.admin.client import AdminClient

_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_USAGE = 2
"""Exit status of a wrong command line."""

KEYS = {
    "billing": "on or off",
    "state": "active or delete-requested",
    "me": "what you may do without a token: owner, none, or roles such as viewer,aiplatform.user",
    "locations": "any, or what may be used: regions and groups such as europe-west4,in:eu-locations",
    "require_key": "off, or on: buckets and jobs without a Cloud KMS key are refused",
}
"""What can be set, and to what."""


@click.group(invoke_without_command=True)
@click.pass_context
def project(ctx: click.Context) -> None:
    """Show or change the state of the local project, to practise on.

    \b
    Examples:
      vertex-tui local project
      vertex-tui local project set billing=off
      vertex-tui local project set me=viewer locations=in:eu-locations
      vertex-tui local project reset
    """  # noqa: D301
    if ctx.invoked_subcommand is None:
        _show(_client(ctx), as_json=False)


@project.command()
@_JSON
@click.pass_context
def show(ctx: click.Context, /, *, as_json: bool) -> None:
    """Show the state of the project.

    \b
    Examples:
      vertex-tui local project show
      vertex-tui local project show --json | jq .billing
    """  # noqa: D301
    _show(_client(ctx), as_json=as_json)


@project.command(
    "set",
    help="Set parts of the project's state.\n\n\b\n"
    + "\n".join(f"{name:<12} {meaning}" for name, meaning in KEYS.items())
    + "\n\n\b\nExamples:\n  vertex-tui local project set billing=off"
    + "\n  vertex-tui local project set me=viewer locations=in:eu-locations",
)
@click.argument("settings", nargs=-1, required=True, metavar="KEY=VALUE...")
@_JSON
@click.pass_context
def set_(ctx: click.Context, /, *, settings: tuple[str, ...], as_json: bool) -> None:
    """Set parts of the project's state; nothing is changed unless all of it can be."""
    wanted = dict(_read(setting) for setting in settings)
    client = _client(ctx)
    with failures():
        client.set_project(**wanted)
    _show(client, as_json=as_json)


@project.command()
@_JSON
@click.pass_context
def reset(ctx: click.Context, /, *, as_json: bool) -> None:
    """Make the project usable again, with you as its owner; APIs, grants to others and quotas stay.

    \b
    Examples:
      vertex-tui local project reset
      vertex-tui local project reset --json | jq .me
    """  # noqa: D301
    client = _client(ctx)
    with failures():
        client.reset_project()
    _show(client, as_json=as_json)


def _read(setting: str) -> tuple[str, str]:
    key, mark, value = setting.partition("=")
    name = key.strip().replace("-", "_")
    if not mark or not value.strip():
        raise CommandLineError(f"{setting!r} is not of the form KEY=VALUE", status=_USAGE)
    if name not in KEYS:
        close = get_close_matches(name, KEYS, n=1, cutoff=0.6)
        meant = f"did you mean {close[0]}?" if close else f"known are {', '.join(KEYS)}"
        raise CommandLineError(f"there is nothing called {key!r} to set; {meant}", status=_USAGE)
    return name, value.strip()


def _client(ctx: click.Context) -> AdminClient:
    return AdminClient(running(data_folder(ctx)))


def _show(client: AdminClient, *, as_json: bool) -> None:
    with failures():
        state = client.project()
    if as_json:
        click.echo(json.dumps(state, indent=2))
        return
    for name, value in state.items():
        click.echo(f"{name:<12} {value}")
