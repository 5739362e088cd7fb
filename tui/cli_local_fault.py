"""`vertex-tui local fault`: let calls, jobs and logs of the local server go wrong."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import reduce
from typing import Any

import click

from tui.cli_common import CommandLineError
from tui.cli_local_common import data_folder, failures, running
from tui.local.admin.client import AdminClient
from tui.local.faults.effects import CATALOGUE, RuleError, check_options, effect_of

_PATH = "faults"


@click.group(no_args_is_help=True)
def fault() -> None:
    """Let calls, jobs and logs of the local server go wrong, for practice and for tests.

    Faults last until they are removed, have happened as often as they should, or the server ends.

    \b
    Examples:
      vertex-tui local fault add call CreateCustomJob error --once
      vertex-tui local fault add job 'my-*' preempt --seconds 30
      vertex-tui local fault list
      vertex-tui local fault clear
    """  # noqa: D301


@fault.command()
def effects() -> None:
    """List what can go wrong, and the options of each effect.

    \b
    Examples:
      vertex-tui local fault effects
      vertex-tui local fault effects | grep -A 1 preempt
    """  # noqa: D301
    for kind, pattern in (("call", "METHOD"), ("job", "PATTERN"), ("log", "PATTERN")):
        click.echo(f"vertex-tui local fault add {kind} {pattern} …")
        for effect in CATALOGUE:
            if effect.kind == kind:
                click.echo(f"  {effect.name:<11}{effect.about}")
                if effect.options:
                    click.echo(f"  {'':<11}{' '.join(_OPTION_NAMES[name] for name in effect.options)}")


@fault.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def list_faults(ctx: click.Context, /, *, as_json: bool) -> None:
    """List the faults, with how often they happened and still will.

    \b
    Examples:
      vertex-tui local fault list
      vertex-tui local fault list --json | jq '.[].id'
    """  # noqa: D301
    with _client(ctx) as client:
        found = client.call("GET", _PATH)["faults"]
    if as_json:
        click.echo(json.dumps(found, indent=2, ensure_ascii=False))
    elif not found:
        click.echo("There are no faults; see vertex-tui local fault add --help", err=True)
    else:
        heads = ("ID", "WHAT", "PATTERN", "EFFECT", "HAPPENED", "STILL", "OPTIONS")
        _print_table([heads, *(_row(each) for each in found)])


@fault.command()
@click.argument("fault_id", metavar="ID")
@click.pass_context
def remove(ctx: click.Context, /, fault_id: str) -> None:
    """Remove the fault ID, as `list` shows it.

    \b
    Examples:
      vertex-tui local fault remove 1
      vertex-tui local fault list --json | jq '.[-1].id' | xargs vertex-tui local fault remove
    """  # noqa: D301
    if not fault_id.isascii() or not fault_id.isdigit():
        raise CommandLineError(f"{fault_id!r} is not a fault's number; see vertex-tui local fault list")
    with _client(ctx) as client:
        client.call("DELETE", f"{_PATH}/{fault_id}")
    click.echo(f"Fault {fault_id} is removed.")


@fault.command()
@click.pass_context
def clear(ctx: click.Context) -> None:
    """Remove all faults.

    \b
    Examples:
      vertex-tui local fault clear
      vertex-tui local fault clear && vertex-tui local fault list
    """  # noqa: D301
    with _client(ctx) as client:
        count = client.call("DELETE", _PATH)["removed"]
    click.echo(f"{count} fault{'' if count == 1 else 's'} removed.")


@fault.group(no_args_is_help=True)
def add() -> None:
    """Add a fault. What there is to choose from: vertex-tui local fault effects.

    \b
    Examples:
      vertex-tui local fault add call 'storage.objects.*' error --code 503 --times 3
      vertex-tui local fault add log '*' late --seconds 60
    """  # noqa: D301


Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def _options(*options: Decorator) -> Decorator:
    """The given options, and after them those that say how often a fault happens."""
    every = (
        *options,
        click.option("--times", type=click.IntRange(1), help="How often it happens; else until removed."),
        click.option("--once", is_flag=True, help="The same as --times 1."),
        click.option(
            "--probability", type=click.FloatRange(0, 1, min_open=True), help="Of each time that fits."
        ),
        click.option("--seed", type=int, help="Makes the chances repeatable."),
    )
    return lambda function: reduce(lambda wrapped, option: option(wrapped), reversed(every), function)


_SECONDS = click.FloatRange(0)


def _pair(text: str, what: str) -> tuple[str, str]:
    name, mark, value = text.partition("=")
    if not mark or not name:
        raise click.BadParameter(f"{text!r} is not {what}")
    return name, value


def _pairs(_ctx: click.Context, _param: click.Parameter, values: tuple[str, ...]) -> dict[str, str] | None:
    return dict(_pair(value, "KEY=VALUE") for value in values) or None


def _quotas(
    _ctx: click.Context, _param: click.Parameter, values: tuple[str, ...]
) -> list[dict[str, str]] | None:
    parts = (value.partition("=") for value in values)
    return [{"subject": subject, "description": text} for subject, _, text in parts] or None


def _details(
    _ctx: click.Context, _param: click.Parameter, values: tuple[str, ...]
) -> list[dict[str, Any]] | None:
    found = []
    for value in values:
        try:
            detail = json.loads(value)
        except (ValueError, RecursionError) as error:
            raise click.BadParameter(f"{value!r} is not JSON: {error}") from error
        if not isinstance(detail, dict) or "@type" not in detail:
            raise click.BadParameter(f'{value!r} is not an object with "@type", e.g. google.rpc.Help')
        found.append(detail)
    return found or None


@add.command()
@click.argument("method")
@click.argument("effect")
@_options(
    click.option("--code", help="Of an error: UNAVAILABLE, RESOURCE_EXHAUSTED, … or an HTTP status."),
    click.option("--message", help="Of an error; else Google's own words."),
    click.option("--reason", help="Of an error's ErrorInfo."),
    click.option("--domain", help="Of an error's ErrorInfo; else googleapis.com."),
    click.option(
        "--metadata", metavar="KEY=VALUE", multiple=True, callback=_pairs, help="Of an error's ErrorInfo."
    ),
    click.option(
        "--quota", metavar="SUBJECT[=TEXT]", multiple=True, callback=_quotas, help="An error's QuotaFailure."
    ),
    click.option("--retry-delay", type=_SECONDS, metavar="SECONDS", help="An error's RetryInfo."),
    click.option("--retry-after", type=_SECONDS, metavar="SECONDS", help="The HTTP header of that name."),
    click.option(
        "--detail",
        "details",
        metavar="JSON",
        multiple=True,
        callback=_details,
        help='Any detail of an error, with its "@type".',
    ),
    click.option("--seconds", type=_SECONDS, help="How long delay waits; when break breaks a stream."),
    click.option(
        "--hang", is_flag=True, default=None, help="With drop: no answer, until the client gives up."
    ),
    click.option("--after", type=click.IntRange(0), help="Messages of a stream before break."),
    click.option("--bytes", type=click.IntRange(0), help="Bytes before break or truncate; else half."),
    click.option("--length", help="With truncate: Content-Length tells the whole length, or the cut one."),
)
@click.pass_context
def call(ctx: click.Context, /, method: str, effect: str, **given: Any) -> None:  # noqa: ANN401
    """Let calls of METHOD go wrong.

    METHOD may be CreateCustomJob, JobService/CreateCustomJob, google.cloud.aiplatform.v1.*,
    storage.objects.get, storage.objects.* or *; put quotes around what has a star.

    \b
    Examples:
      vertex-tui local fault add call CreateCustomJob error --code 503 --once
      vertex-tui local fault add call CreateCustomJob drop --once
      vertex-tui local fault add call ListLogEntries error --code RESOURCE_EXHAUSTED --retry-delay 2
      vertex-tui local fault add call TailLogEntries break --after 3
      vertex-tui local fault add call 'storage.objects.*' delay --seconds 1.5 --probability 0.2 --seed 7
      vertex-tui local fault add call storage.objects.get truncate --bytes 1000 --times 2
    """  # noqa: D301
    _add(ctx, "call", method, effect, given)


@add.command()
@click.argument("pattern")
@click.argument("effect")
@_options(
    click.option("--seconds", type=_SECONDS, help="How long after its start, or for how long."),
    click.option(
        "--queued", is_flag=True, default=None, help="With quota: the job waits, it is not refused."
    ),
)
@click.pass_context
def job(ctx: click.Context, /, pattern: str, effect: str, **given: Any) -> None:  # noqa: ANN401
    """Let jobs go wrong whose display name or id fits PATTERN.

    \b
    Examples:
      vertex-tui local fault add job my-job stockout --once
      vertex-tui local fault add job 'spot-*' preempt --seconds 60
      vertex-tui local fault add job '*' quota --queued --seconds 30 --times 2
    """  # noqa: D301
    _add(ctx, "job", pattern, effect, given)


@add.command()
@click.argument("pattern")
@click.argument("effect")
@_options(click.option("--seconds", type=_SECONDS, help="How late, or within how long a time shuffled."))
@click.pass_context
def log(ctx: click.Context, /, pattern: str, effect: str, **given: Any) -> None:  # noqa: ANN401
    """Let log entries go wrong of jobs whose id, or ID/REPLICA, fits PATTERN.

    \b
    Examples:
      vertex-tui local fault add log '*' late --seconds 20 --probability 0.1
      vertex-tui local fault add log '*/workerpool0-0' duplicate
      vertex-tui local fault add log 1234567890 shuffle --seconds 5
    """  # noqa: D301
    _add(ctx, "log", pattern, effect, given)


_OPTION_NAMES = {
    name: parameter.opts[-1]
    for command in (call, job, log)
    for parameter in command.params
    if isinstance(parameter, click.Option) and (name := parameter.name)
}


def _add(ctx: click.Context, kind: str, pattern: str, effect: str, given: dict[str, Any]) -> None:
    if given.pop("once"):
        if given["times"] not in {None, 1}:
            raise CommandLineError("--once and --times are the same thing; say one of them")
        given["times"] = 1
    frame = {name: given.pop(name) for name in ("times", "probability", "seed")}
    options = {name: value for name, value in given.items() if value is not None}
    _check(kind, effect, options)
    rule = {"kind": kind, "pattern": pattern, "effect": effect, "options": options}
    rule |= {name: value for name, value in frame.items() if value is not None}
    with _client(ctx) as client:
        made = client.call("POST", _PATH, rule)
    click.echo(f"Fault {made['id']}: {_sentence(made)}")


def _check(kind: str, effect: str, options: dict[str, Any]) -> None:
    """Refuse, before the server is asked, what no server would take."""
    try:
        found = effect_of(kind, effect)
        for name in options:
            if name not in found.options:
                takes = ", ".join(_OPTION_NAMES[each] for each in found.options) or "none of its own"
                raise CommandLineError(f"{effect} does not take {_OPTION_NAMES[name]}; it takes {takes}")
        check_options(found, options)
    except RuleError as error:
        raise CommandLineError(str(error)) from error


@contextmanager
def _client(ctx: click.Context) -> Iterator[AdminClient]:
    with failures():
        yield AdminClient(running(data_folder(ctx)))


def _row(rule: dict[str, Any]) -> tuple[str, ...]:
    options = " ".join(f"{name}={_short(value)}" for name, value in _said(rule).items())
    times = rule["times"]
    still = "always" if times is None else str(times)
    return (rule["id"], rule["kind"], rule["pattern"], rule["effect"], str(rule["hits"]), still, options)


def _said(rule: dict[str, Any]) -> dict[str, Any]:
    """Options, and the chances where they are not the usual ones."""
    said = dict(rule["options"])
    if rule["probability"] != 1:
        said["probability"] = rule["probability"]
    if rule["seed"] is not None:
        said["seed"] = rule["seed"]
    return said


def _short(value: object) -> str:
    return value if isinstance(value, str) and " " not in value else json.dumps(value, ensure_ascii=False)


def _sentence(rule: dict[str, Any]) -> str:
    often = {None: "until it is removed", 1: "once"}.get(rule["times"], f"{rule['times']} times")
    chance = f" with a probability of {rule['probability']:g}" if rule["probability"] != 1 else ""
    return f"{rule['effect']} of {rule['kind']} {rule['pattern']}, {often}{chance}."


def _print_table(rows: list[tuple[str, ...]]) -> None:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        click.echo("  ".join(cells).rstrip())
