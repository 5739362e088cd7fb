"""`vertex-tui local quota`: how much of what the local server's jobs may use."""

from __future__ import annotations

import json
from difflib import get_close_matches
from typing import Any

import click

from tui.cli_common import CommandLineError
from tui.cli_local_common import data_folder, failures, running
from tui.domain.catalog.limits import UNLIMITED
from tui.domain.catalog.quotas import SHORT_NAMES, metric_named, short_name
from tui.domain.regions import TRAINING_REGIONS, similar_regions
from tui.local.admin.client import AdminClient

_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_USAGE = 2
"""Exit status of a wrong command line."""

_DIGITS = 15
"""Of the largest limit that is taken."""


@click.group(invoke_without_command=True)
@_JSON
@click.pass_context
def quota(ctx: click.Context, /, *, as_json: bool) -> None:
    """Show the quotas that were changed or are in use; `set` changes one.

    \b
    Examples:
      vertex-tui local quota
      vertex-tui local quota set nvidia_l4_gpus 4
      vertex-tui local quota set cpus 100 --region europe-west4
    """  # noqa: D301
    if ctx.invoked_subcommand is None:
        rows = _call(ctx, "GET", None)["quotas"]
        click.echo(json.dumps(rows, indent=2)) if as_json else _show(rows)


@quota.command("set")
@click.argument("name")
@click.argument("limit")
@click.option("--region", default="", help="Only there; else in every region.")
@_JSON
@click.pass_context
def set_(ctx: click.Context, /, *, name: str, limit: str, region: str, as_json: bool) -> None:
    """Set the quota NAME to LIMIT: a number, `unlimited`, or `default`.

    NAME is a metric such as aiplatform.googleapis.com/custom_model_training_nvidia_l4_gpus, or its end:
    nvidia_l4_gpus, cpus, preemptible_cpus, pd_ssd.

    \b
    Examples:
      vertex-tui local quota set nvidia_l4_gpus 4 --region europe-west4
      vertex-tui local quota set cpus default
    """  # noqa: D301
    metric = metric_named(name)
    if metric is None:
        raise CommandLineError(f"there is no quota called {name!r}{_meant(name)}", status=_USAGE)
    if region and region not in TRAINING_REGIONS:
        hint = f"; did you mean {' or '.join(similar_regions(region))}?" if similar_regions(region) else ""
        raise CommandLineError(f"there is no training region called {region!r}{hint}", status=_USAGE)
    content = {"metric": metric, "region": region, "value": _value(limit)}
    row = _call(ctx, "PUT", content)
    if as_json:
        click.echo(json.dumps(row, indent=2))
        return
    place = region or "every region"
    now = "back at its default" if content["value"] is None else _limit(row["limit"])
    click.echo(f"The quota {short_name(metric)} in {place} is now {now}.")


def _value(limit: str) -> int | None:
    if limit == "default":
        return None
    if limit == "unlimited":
        return UNLIMITED
    if not limit.isascii() or not limit.isdigit():
        raise CommandLineError(f"{limit!r} is not a number, `unlimited` or `default`", status=_USAGE)
    if len(limit) > _DIGITS:
        raise CommandLineError(f"{limit} is more than any quota; say `unlimited`", status=_USAGE)
    return int(limit)


def _meant(name: str) -> str:
    close = get_close_matches(short_name(name), SHORT_NAMES, n=3, cutoff=0.6)
    return f"; did you mean {' or '.join(close)}?" if close else ""


def _call(ctx: click.Context, verb: str, content: dict[str, Any] | None) -> Any:  # noqa: ANN401  # the API's JSON
    record = running(data_folder(ctx))
    with failures():
        return AdminClient(record).call(verb, "quotas", content)


def _limit(value: int) -> str:
    return "unlimited" if value == UNLIMITED else f"{value:,}"


def _show(rows: list[dict[str, Any]]) -> None:
    if not rows:
        click.echo("No quota was changed, and no job uses any.")
        return
    _print_columns([("QUOTA", "REGION", "USED", "LIMIT", "DEFAULT"), *map(_cells, rows)])


def _cells(row: dict[str, Any]) -> tuple[str, str, str, str, str]:
    if not row["region"]:
        return row["name"], "all others", "", _limit(row["limit"]), ""
    return row["name"], row["region"], f"{row['used']:,}", _limit(row["limit"]), _limit(row["default"])


def _print_columns(rows: list[tuple[str, str, str, str, str]]) -> None:
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    for row in rows:
        names = (f"{text:<{width}}" for text, width in zip(row[:2], widths[:2], strict=True))
        numbers = (f"{text:>{width}}" for text, width in zip(row[2:], widths[2:], strict=True))
        click.echo("  ".join((*names, *numbers)).rstrip())
