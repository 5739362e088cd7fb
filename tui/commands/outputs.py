"""`vertex-tui outputs ID|gs://…`: lists, fetches and deletes what a job wrote, and takes deletes back."""

from __future__ import annotations

import re
import shlex
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tui.cli_common import CommandLineError, Options, common_options, merged_options
from tui.commands.confirm import must_ask, yes_option
from tui.commands.exits import Exit
from tui.commands.folder import Folder
from tui.commands.hints import command
from tui.commands.output import safe
from tui.commands.outputs_place import (
    Alone,
    Where,
    find_outputs,
    path_of,
    payer_named,
    place_name,
    written_place,
)
from tui.commands.refusals import need_project
from tui.commands.session import failed, light_connection, run_async, run_lightly
from tui.commands.times import span_option
from tui.domain.errors import CloudError
from tui.domain.gateway import HeadlessGateway
from tui.domain.storage import GcsUri
from tui.domain.transfers.overwrite import Overwrite
from tui.services.options import AppOptions

if TYPE_CHECKING:
    from tui.domain.cleanup.rules import Rule

Find = Callable[[], Awaitable[Where]]
"""Finds the place that is meant."""
_OPTIONS = {
    "keep": "--keep-checkpoints",
    "older": "--older-than",
    "pattern": "--pattern",
    "largest": "--largest",
}
"""Of the fields of a rule."""
_DEFAULT, _UNDO = "ls", "undo"

wanted_argument = click.argument("wanted", metavar="ID|gs://...")
pay_option = click.option("--pay", is_flag=True, help="Let the project pay, of a bucket whose readers pay.")
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


class _Actions(click.Group):
    """Takes what is done before or after the place: `outputs ID get DIR`, `outputs get ID DIR`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put what is done first, as click takes commands; listing needs not be named."""
        places = self._positional(args)
        named = [args[place] for place in places[:2]]
        if named[1:] and named[1] in self.commands and named[1] != _UNDO:
            args = _moved(args, places[1])
        elif named and named[0] in self.commands:
            args = _moved(args, places[0])
        elif args:
            args = ["--help"] if "--help" in args else [_DEFAULT, *args]
        return super().parse_args(ctx, args)

    def _positional(self, args: list[str]) -> list[int]:
        """Where the words stand that belong to no option."""
        options = [
            each
            for command in self.commands.values()
            for each in command.params
            if isinstance(each, click.Option)
        ]
        valued = {name for each in options if not each.is_flag for name in each.opts}
        found: list[int] = []
        place = 0
        while place < len(args):
            word = args[place]
            if word == "--":
                return [*found, *range(place + 1, len(args))]
            if not word.startswith("-") or word == "-":
                found.append(place)
            place += 2 if word in valued else 1
        return found

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """As it is meant to be written."""
        return ["ID|gs://...", "[ls | get DIR | rm]", "[OPTIONS]"]


def _moved(args: list[str], place: int) -> list[str]:
    """The same words with one of them first."""
    return [args[place], *args[:place], *args[place + 1 :]]


@click.group(cls=_Actions)
def outputs() -> None:
    """List, fetch and delete what a job wrote. ID as for vertex-tui job; or name a place in Cloud Storage.

    Each of the commands below has a --help of its own: vertex-tui outputs get --help.

    \b
    Examples:
      vertex-tui outputs my-run
      vertex-tui outputs my-run get results
      vertex-tui outputs gs://my-bucket/runs/old rm
      vertex-tui outputs undo
    """  # noqa: D301


@outputs.command("ls", short_help="List what lies there (if nothing else is said).")
@wanted_argument
@click.option("--recursive", "-r", is_flag=True, help="Everything below, not one level.")
@json_option
@pay_option
@common_options
@click.pass_context
def list_(
    ctx: click.Context,
    /,
    wanted: str,
    *,
    recursive: bool,
    as_json: bool,
    pay: bool,
    **given: Any,  # noqa: ANN401  # the common options
) -> Exit:
    """List what lies there: sizes, times, paths and their sum.

    \b
    Examples:
      vertex-tui outputs my-run
      vertex-tui outputs gs://my-bucket/runs --recursive --json | jq -r '.[].uri'
    """  # noqa: D301

    async def work(_: HeadlessGateway, __: AppOptions, where: Where) -> Exit:
        from tui.commands.outputs_list import list_place  # noqa: PLC0415 (each action loads its own)

        return await list_place(where, recursive=recursive, as_json=as_json)

    def beside(uri: GcsUri) -> str:
        return command(shlex.join(["outputs", path_of(uri.parent)]))

    return _at(merged_options(ctx, given), wanted, work, beside, pay=pay)


@outputs.command("get", short_help="Download what lies there to the folder DIR.")
@wanted_argument
@click.argument("folder", metavar="DIR", type=Folder())
@click.option(
    "--existing",
    type=click.Choice([rule.value for rule in Overwrite]),
    default=Overwrite.KEEP.value,
    show_default=True,
    help="What becomes of files that are there: kept, replaced, replaced if they differ, or both are kept.",
)
@click.option(
    "--timeout",
    "patience",
    metavar="SPAN",
    callback=span_option,
    default="10m",
    show_default=True,
    help="End it when nothing has come for so long: 90s, 10m, 2h.",
)
@json_option
@pay_option
@common_options
@click.pass_context
def get(
    ctx: click.Context,
    /,
    wanted: str,
    folder: Path,
    *,
    existing: str,
    patience: float,
    as_json: bool,
    pay: bool,
    **given: Any,  # noqa: ANN401  # the common options
) -> Exit:
    """Download what lies there to the folder DIR, which is made. Run it again to go on with what is left.

    \b
    Examples:
      vertex-tui outputs my-run get results
      vertex-tui outputs gs://my-bucket/runs/one get . --existing different
    """  # noqa: D301
    from tui.commands.outputs_get import Wish, fetch, patient  # noqa: PLC0415 (as above)

    wish = Wish(folder, Overwrite(existing), patience, as_json=as_json)

    async def work(_: HeadlessGateway, _options: AppOptions, where: Where) -> Exit:
        return await fetch(where, wish)

    def by_gcloud(uri: GcsUri) -> str:
        return safe(shlex.join(["gcloud", "storage", "cp", str(uri), str(folder)]))

    def patiently(find: Find) -> Awaitable[Where]:
        return patient(find, wanted, wish, pay=pay)

    return _at(merged_options(ctx, given), wanted, work, by_gcloud, pay=pay, look=patiently)


@outputs.command("rm", short_help="Delete what lies there; --dry-run only says what.")
@wanted_argument
@click.option("--keep-checkpoints", metavar="N", help="Only checkpoints, all but the newest N.")
@click.option("--older-than", metavar="SPAN", help="Only what is older: 30 (days), 12h, 2w.")
@click.option("--pattern", metavar="GLOB", help="Only what is called so: '**/*.tmp'.")
@click.option("--largest", metavar="AMOUNT", help="Only the largest: 20 (objects), '50 GiB'.")
@click.option("--all-versions", is_flag=True, help="Earlier versions, too; of a bucket they always go.")
@click.option("--dry-run", is_flag=True, help="Print what would go; change nothing.")
@yes_option
@json_option
@pay_option
@common_options
@click.pass_context
def rm(
    ctx: click.Context,
    /,
    wanted: str,
    *,
    keep_checkpoints: str | None,
    older_than: str | None,
    pattern: str | None,
    largest: str | None,
    all_versions: bool,
    dry_run: bool,
    yes: bool,
    as_json: bool,
    pay: bool,
    **given: Any,  # noqa: ANN401  # the common options
) -> Exit:
    """Delete what lies there, after it was counted and listed; a bucket's own gs:// path means the bucket.

    \b
    Examples:
      vertex-tui outputs my-run rm --keep-checkpoints 1 --dry-run
      vertex-tui outputs gs://my-bucket/runs rm --older-than 30 --pattern '**/*.tmp' --yes
    """  # noqa: D301
    from tui.commands.outputs_rm import Wish, remove  # noqa: PLC0415 (as above)

    rule = _rule(keep=keep_checkpoints, older=older_than, pattern=pattern, largest=largest)
    _refuse_bucket_s_inside(wanted)
    wish = Wish(rule, all_versions=all_versions, dry_run=dry_run, yes=yes, as_json=as_json)
    if not yes and not dry_run:
        written_place(wanted)
        must_ask(f"Delete what lies at {safe(wanted)}?")

    async def work(gateway: HeadlessGateway, options: AppOptions, where: Where) -> Exit:
        return await remove(gateway, options, where, wish)

    def by_pattern(uri: GcsUri) -> str:
        pattern = re.sub(r"[][*?{},]", r"[\g<0>]", uri.base)
        return command(shlex.join(["outputs", path_of(uri.parent), "rm", "--pattern", pattern]))

    changes = "" if dry_run else "nothing was deleted"
    return _at(merged_options(ctx, given), wanted, work, by_pattern, pay=pay, changes=changes)


@outputs.command("undo", short_help="List what was deleted, or take a delete back.")
@click.argument("number", metavar="[NUMBER]", required=False)
@yes_option
@json_option
@common_options
@click.pass_context
def undo(ctx: click.Context, /, number: str | None, *, yes: bool, as_json: bool, **given: Any) -> Exit:  # noqa: ANN401
    """List what was deleted from here, or take the delete of that NUMBER back.

    \b
    Examples:
      vertex-tui outputs undo
      vertex-tui outputs undo 3f2a9c41d07b
    """  # noqa: D301
    from tui.commands import outputs_undo  # noqa: PLC0415 (as above)

    options = merged_options(ctx, given)
    if number is None:
        return run_async(options, lambda app: outputs_undo.list_deletes(app, as_json=as_json))

    async def work(app: AppOptions) -> Exit:
        record = await outputs_undo.find_delete(app, number)
        if not yes:
            must_ask("Undo this delete?")
        need_project(app)
        async with light_connection(app) as gateway:
            return await outputs_undo.undo(gateway, app, record, yes=yes)

    return run_async(options, work, changes="nothing is brought back")


def _refuse_bucket_s_inside(wanted: str) -> None:
    """Refuse what a path becomes whose last variable is empty: `gs://$BUCKET/$RUN`.

    Raises:
        CommandLineError: it is a bucket with a slash after it (status 2).
    """
    place = written_place(wanted)
    if place is None or place.name.strip("/") or not wanted.rstrip().endswith("/"):
        return
    bucket = path_of(GcsUri(place.bucket))
    raise CommandLineError(
        f"{safe(wanted)} names nothing in the bucket, and nothing was deleted; name a folder or an object "
        f"in it, or without the slash, {safe(bucket)}, the bucket with all that is in it"
    )


def _at(
    options: Options,
    wanted: str,
    work: Callable[[HeadlessGateway, AppOptions, Where], Awaitable[Exit]],
    alone: Alone,
    *,
    pay: bool,
    look: Callable[[Find], Awaitable[Where]] = lambda find: find(),
    changes: str = "",
) -> Exit:
    """Find the place, as `look` does it, and work there; `changes` as for `run_lightly`."""
    place = written_place(wanted)

    async def there(gateway: HeadlessGateway, app: AppOptions) -> Exit:
        about = place_name(place) if place is not None else ""
        try:
            where = await look(lambda: find_outputs(gateway, app, wanted, alone, pay=pay))
            about = where.name
            return await work(gateway, app, where)
        except CloudError as error:
            raise payer_named(error, gateway) or failed(error, about) from error

    return run_lightly(options, there, changes=changes)


def _rule(**fields: str | None) -> Rule:
    """The rule of the options, by the fields of `Rule`; None for one that was not given.

    Raises:
        CommandLineError: one of them cannot be read, or is empty, which would choose everything (status 2).
    """
    from tui.domain.cleanup.rules import RuleError, read_rule  # noqa: PLC0415 (many patterns)

    for field, value in fields.items():
        if value is not None and not value.strip():
            raise CommandLineError(
                f"{_OPTIONS[field]} is empty, and nothing was deleted; write a value, or leave it out"
            )
    try:
        return read_rule(**{field: value or "" for field, value in fields.items()})
    except RuleError as error:
        raise CommandLineError(f"{_OPTIONS[error.field]}: {error}") from error
