"""Where a job's outputs lie, or what a gs:// path names, as the Jobs and Storage panes find it."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tui.cli_common import CommandLineError
from tui.commands.exits import Exit
from tui.commands.find import find_job
from tui.commands.hints import command
from tui.commands.output import note, safe
from tui.commands.session import sentence
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.gateway import Gateway, HeadlessGateway
from tui.domain.jobs import Job
from tui.domain.places import Place
from tui.domain.storage import PAYER_MISSING, GcsUri, ObjectInfo
from tui.domain.storagelist.places import places_of_job
from tui.services.options import AppOptions

SCHEME = "gs://"
Alone = Callable[[GcsUri], str]
"""The command that is about an object alone where a folder is called so too."""


@dataclass(frozen=True, slots=True)
class Where:
    """One place in Cloud Storage, and where calls about it go."""

    wanted: str
    """As it was written on the command line."""
    gateway: Gateway
    uri: GcsUri
    """An object, a prefix or a bucket."""
    item: ObjectInfo | None = None
    """The object, if it names one."""
    job: Job | None = None
    """Whose outputs they are, if a job was named."""
    pay: bool = False
    """Whether the project pays."""

    @property
    def name(self) -> str:
        """The place as it is shown."""
        return place_name(self.uri)

    def again(self, *words: str) -> str:
        """A command about the same place, whatever the settings are then."""
        target = self.gateway.target
        there = Place(target.project, target.region if self.job is not None else "")
        pay = ["--pay"] if self.pay else []
        return command(shlex.join(["outputs", self.wanted, *words, *pay]), there)


def place_name(uri: GcsUri) -> str:
    """A bucket without its slash, everything else whole."""
    return safe(path_of(uri))


def path_of(uri: GcsUri) -> str:
    """The place as it is typed."""
    return str(uri) if uri.name else f"{SCHEME}{uri.bucket}"


def written_place(wanted: str) -> GcsUri | None:
    """The place that a gs:// path names; None for what is to be a job.

    Raises:
        CommandLineError: the path names no bucket (status 2).
    """
    if not wanted.startswith(SCHEME):
        return None
    try:
        return GcsUri.parse(wanted)
    except ValueError:
        raise CommandLineError(f"{safe(wanted)} names no bucket; write gs://BUCKET/PATH") from None


async def find_outputs(
    gateway: HeadlessGateway, options: AppOptions, wanted: str, alone: Alone, *, pay: bool
) -> Where:
    """The one place that is meant; of a path without its last slash it is looked what it names.

    Raises:
        CommandLineError: there is no such job, or it names no place, or several, which are listed then; or
            an object and a folder are called so.
        CloudError: it could not be looked for.
    """
    there: Gateway = gateway
    uri, job = written_place(wanted), None
    if uri is None:
        found = await find_job(gateway, options, wanted)
        there, job = found.gateway, found.job
        uri = _place_of(job, wanted)
    if pay:
        there.storage.pay_for(uri.bucket)
    uri, item = await _meant(there, uri, alone)
    return Where(wanted, there, uri, item, job, pay)


def _place_of(job: Job, wanted: str) -> GcsUri:
    """The base directory of the spec, else the one place that its script names."""
    named = [place for place, _ in places_of_job(job)]
    if job.output_uri.startswith(SCHEME) and named:
        return named[0]
    # A script names files as well as folders: what it is, is looked up.
    outer = [GcsUri(place.bucket, place.name.rstrip("/")) for place in named if not _inside(place, named)]
    if not outer:
        raise CommandLineError(
            f"the spec of {safe(wanted)} names no place for outputs; if you know where they are, name it: "
            f"{command('outputs gs://BUCKET/PATH')}",
            Exit.FAILED,
        )
    if len(outer) > 1:
        for place in outer:
            note(f"  {place_name(place)}")
        raise CommandLineError(
            f"the script of {safe(wanted)} names {len(outer)} places, listed above; name the one you mean: "
            f"{command('outputs ' + shlex.quote(str(outer[0])))}",
            Exit.FAILED,
        )
    return outer[0]


def _inside(place: GcsUri, others: Sequence[GcsUri]) -> bool:
    """Whether it lies in another one of them."""
    return any(
        other != place and other.bucket == place.bucket and place.name.startswith(other.name)
        for other in others
    )


async def _meant(gateway: Gateway, uri: GcsUri, alone: Alone) -> tuple[GcsUri, ObjectInfo | None]:
    """The folder of a name, or the object with what is known of it; an object that may be read is enough.

    Raises:
        CommandLineError: both are called so.
        CloudError: it could not be looked for.
    """
    if uri.is_prefix:
        return uri, None
    item, denied = None, None
    try:
        item = (await gateway.storage.get_object(uri)).info
    except CloudError as error:
        if error.kind not in {ErrorKind.DENIED, ErrorKind.NOT_FOUND}:
            raise
        denied = error if error.kind is ErrorKind.DENIED else None
    folder = GcsUri(uri.bucket, f"{uri.name}/")
    try:
        inside = await gateway.storage.list_objects(folder, page_size=1)
    except CloudError as error:
        if item is None or error.kind is not ErrorKind.DENIED:
            raise
        return uri, item
    if inside.prefixes or inside.objects or inside.next_page_token:
        if item is not None:
            raise _both(uri, folder, alone)
        return folder, None
    if denied is not None:
        raise denied
    return (folder, None) if item is None else (uri, item)


def _both(uri: GcsUri, folder: GcsUri, alone: Alone) -> CommandLineError:
    both = f"{place_name(uri)} is an object, and a folder is called so too"
    if safe(uri) != str(uri):  # what is shown is not what would have to be typed
        return CommandLineError(f"{both}; choose in the Storage pane of the app", Exit.FAILED)
    return CommandLineError(
        f"{both}; for the folder write the slash at its end, {place_name(folder)}, for the object: "
        f"{alone(uri)}",
        Exit.FAILED,
    )


def payer_named(error: CloudError, gateway: Gateway) -> CommandLineError | None:
    """How to read a bucket whose readers pay, if that is the trouble."""
    if error.reason != PAYER_MISSING:
        return None
    return CommandLineError(
        f"{sentence(error)}; to let the project {safe(gateway.target.project)} pay, say --pay",
        Exit.FAILED,
    )


def nothing_there(where: Where) -> CommandLineError:
    """The end of a command that found nothing."""
    if where.job is None:
        step = f"see {command('outputs ' + shlex.quote(f'{SCHEME}{where.uri.bucket}'))}"
    elif where.job.state.live:
        step = f"the job is {where.job.state.word}: try again when it has written something"
    else:
        step = f"see what the job said: {command(f'logs {where.job.job_id}')}"
    return CommandLineError(f"nothing lies at {where.name}; {step}", Exit.FAILED)
