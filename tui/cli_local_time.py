"""`vertex-tui local time`: how fast time goes on the local server."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import click

from tui.cli_common import CommandLineError
from tui.cli_local_common import data_folder, failures, running
from tui.local.admin.client import AdminClient

_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
_SPAN = re.compile(r"(\d+(?:\.\d+)?)([smhd])")
_SAME_SECONDS = 1.0
"""Differences below this are not worth a word."""


def _seconds(_ctx: click.Context, _param: click.Parameter, value: str | None) -> float | None:
    """A span of time such as `90s`, `24h` or `7d`, in seconds."""
    if value is None:
        return None
    found = _SPAN.fullmatch(value)
    if not found or not float(found[1]):
        raise click.BadParameter(f"{value!r} is not a time such as 90s, 45m, 24h or 7d")
    return float(found[1]) * _UNITS[found[2]]


@click.command()
@click.option("--speed", type=click.FloatRange(0, 1_000_000, min_open=True), help="So many times as fast.")
@click.option("--since", callback=_seconds, metavar="SPAN", help="Begin in the past, e.g. 24h ago.")
@click.option("--reset", is_flag=True, help="Go back to real time.")
@click.pass_context
def time(ctx: click.Context, /, *, speed: float | None, since: float | None, reset: bool) -> None:
    """Show how fast time goes on the local server, or set it.

    Jobs wait, start and end that much faster; their programs themselves do not run faster.

    \b
    Examples:
      vertex-tui local time --speed 1440 --since 24h   a day of job history in a minute
      vertex-tui local time --reset
    """  # noqa: D301
    if reset and (speed is not None or since is not None):
        raise CommandLineError("--reset goes alone")
    with failures():
        client = AdminClient(running(data_folder(ctx)))
        if reset:
            found = client.call("DELETE", "time")
        elif speed is not None or since is not None:
            found = client.call("POST", "time", {"speed": speed or 1.0, "since_seconds": since})
        else:
            found = client.call("GET", "time")
    click.echo(_describe(found))


def _describe(found: dict[str, Any]) -> str:
    now = datetime.fromtimestamp(found["now_ns"] / 1e9, UTC)
    speed, ahead = found["speed"], found["ahead_seconds"]
    text = f"On the local server it is {now:%Y-%m-%d %H:%M:%S} UTC"
    if speed == 1 and abs(ahead) < _SAME_SECONDS:
        return f"{text}, real time."
    text += f", {_span(abs(ahead))} {'ahead of' if ahead > 0 else 'behind'} real time"
    text += f"; time runs {speed:g} times as fast" if speed != 1 else ""
    if ahead < -_SAME_SECONDS and speed > 1:
        text += f" until it has caught up, in {_span(-ahead / (speed - 1))}"
    elif speed > 1:
        text += " and runs ahead: jobs and logs get times in the future"
    return f"{text}."


def _span(seconds: float) -> str:
    for unit in "dhm":
        if seconds >= 2 * _UNITS[unit]:
            return f"{seconds / _UNITS[unit]:.0f}{unit}"
    return f"{seconds:.0f}s"
