"""Brings what lies at a place in Cloud Storage to this box, by the plan of the Storage pane."""

from __future__ import annotations

import asyncio
import os
import shlex
import socket
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import TypeVar

from tui.cli_common import CommandLineError
from tui.commands.exits import Exit
from tui.commands.hints import command
from tui.commands.output import note, progress, progress_done, safe, say, say_json
from tui.commands.outputs_place import Where, nothing_there
from tui.commands.waiting import PatienceError, Waiting, because, patiently
from tui.domain.deleteplan import Tally, count_and_size
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.storage import Bucket, GcsUri, Listing, ObjectInfo
from tui.domain.text import duration
from tui.domain.transfers.egress import egress_words
from tui.domain.transfers.fetch import fetch_command, host_path, server
from tui.domain.transfers.overwrite import FATE, Overwrite
from tui.services.listing import bucket_settings, list_all
from tui.services.transfers import account
from tui.services.transfers.downloads import DownloadPlan, Source, check_space, plan_download
from tui.services.transfers.hub import Hub
from tui.services.transfers.model import FileWork, State, Transfer
from tui.services.transfers.region import box_region

PATIENCE = 600.0
"""Seconds without anything new that end it, if nothing else is said."""
_TICK = 1.0
FAILURES_SHOWN = 1_000
TOPS_NAMED = 3
"""Things that the command to fetch them names one by one; of more it fetches the folder."""


Read = TypeVar("Read")


@dataclass(frozen=True, slots=True)
class Wish:
    """Where to, and how."""

    folder: Path
    rule: Overwrite = Overwrite.KEEP
    patience: float = PATIENCE
    """Seconds without anything new after which it ends."""
    as_json: bool = False

    def words(self, folder: Path | None = None) -> list[str]:
        """The words that say so once more; what is whole is compared rather than fetched again."""
        rule = Overwrite.DIFFERENT if self.rule is Overwrite.REPLACE else self.rule
        seconds = int(self.patience) if self.patience.is_integer() else self.patience
        return [
            *("get", str(folder or self.folder), "--existing", rule.value),
            *(["--timeout", f"{seconds}s"] if self.patience != PATIENCE else []),
            *(["--json"] if self.as_json else []),
        ]


async def patient(read: Callable[[], Awaitable[Read]], wanted: str, wish: Wish, *, pay: bool) -> Read:
    """What a look-up before the download gives; it waits for the end of an outage as the download does.

    Raises:
        CommandLineError: nothing came for too long.
        CloudError: it cannot be read, and waiting does not change that.
    """
    try:
        return await patiently(read, Waiting(), wanted, most=wish.patience)
    except PatienceError as error:
        again = shlex.join(["outputs", wanted, *wish.words(), *(["--pay"] if pay else [])])
        raise CommandLineError(
            f"it ended early: nothing has come for {duration(error.seconds)}{because(error.why)}; to go on: "
            f"{command(again)}",
            Exit.FAILED,
        ) from error


class _Pages:
    """Lists with patience, page by page: what was listed before an outage is not asked for again."""

    def __init__(self, where: Where, wish: Wish) -> None:
        self._where = where
        self._wish = wish

    async def list_objects(
        self,
        prefix: GcsUri,
        *,
        recursive: bool = False,
        page_size: int = 1000,
        page_token: str = "",
        versions: bool = False,
        soft_deleted: bool = False,
    ) -> Listing:
        where = self._where

        async def page() -> Listing:
            return await where.gateway.storage.list_objects(
                prefix,
                recursive=recursive,
                page_size=page_size,
                page_token=page_token,
                versions=versions,
                soft_deleted=soft_deleted,
            )

        return await patient(page, where.wanted, self._wish, pay=where.pay)


async def fetch(where: Where, wish: Wish) -> Exit:
    """Download what lies there, and say what came of each file that did not come.

    Raises:
        CommandLineError: nothing lies there, the folder cannot be used, or it is too full; or nothing came
            for too long.
        CloudError: it could not be listed.
        asyncio.CancelledError: the user stopped it; how to go on was said.
    """
    plan = await _plan(where, wish)
    for line in await _plan_lines(where, plan, wish):
        note(safe(line))
    transfer = plan.transfer(wish.rule, "")
    transfer.restored = True  # of `both`: what an earlier run brought is not brought beside it again
    hub = Hub()
    hub.connect(where.gateway.storage, "")
    try:
        trouble = await _carried(hub, transfer, wish.patience)
    except asyncio.CancelledError:
        await hub.close()
        _tell_stop(where, wish, transfer)
        raise
    finally:
        progress_done()
        await hub.close()
    return _told(where, plan, transfer, trouble, wish)


async def _plan(where: Where, wish: Wish) -> DownloadPlan:
    def tally(total: Tally) -> None:
        progress(f"counting {where.name}: {total} …", plain="")

    items: tuple[ObjectInfo, ...] = (where.item,) if where.item is not None else ()
    if where.item is None:
        items = await list_all(_Pages(where, wish), where.uri, on_tally=tally)
    try:
        plan = await asyncio.to_thread(plan_download, [Source(where.uri, items)], wish.folder)
        if not plan.landings:
            raise nothing_there(where)
        check_space(plan)
    except CloudError as error:
        if error.kind is not ErrorKind.LOCAL:
            raise
        raise CommandLineError(
            f"{error.title}: {safe(error.message).rstrip('.')}; make room, or name another folder",
            Exit.FAILED,
        ) from error
    finally:
        progress_done()
    return plan


async def _plan_lines(where: Where, plan: DownloadPlan, wish: Wish) -> list[str]:
    count = sum(not landing.refused for landing in plan.landings)
    lines = [
        f"{count_and_size(count, plan.bytes)} from {where.name} to {on_host(plan.target)}",
        await _egress(where, plan, wish),
    ]
    if plan.existing:
        files = f"{plan.existing:,} file{'' if plan.existing == 1 else 's'}"
        lines.append(f"{files} there already: {FATE[wish.rule]}.")
    return [*lines, *(f"Note: {each}" for each in plan.notes)]


async def _egress(where: Where, plan: DownloadPlan, wish: Wish) -> str:
    if where.gateway.target.is_local:
        return egress_words(plan.bytes, "", local=True)

    async def settings() -> Bucket | None:
        return await bucket_settings(where.gateway.storage, where.uri.bucket)

    bucket = await patient(settings, where.wanted, wish, pay=where.pay)
    region = await asyncio.to_thread(box_region)
    return egress_words(plan.bytes, bucket.location if bucket is not None else "", box_region=region)


def on_host(path: Path) -> str:
    """A place on this box as another one names it, `host:/path`."""
    return safe(host_path(server(os.environ, socket.gethostname())[0], PurePosixPath(path)))


async def _carried(hub: Hub, transfer: Transfer, patience: float) -> str:
    """Wait for the end of a transfer; why it ended early, if it did."""
    changed = asyncio.Event()
    hub.listen(changed.set)
    await hub.add(transfer)
    waiting, had = Waiting(), (0, 0)
    while not transfer.settled:
        if transfer.held and transfer.resumes_at is None:
            return _reason(transfer) or "it stands still"
        has = len(transfer.files) - transfer.files_left, transfer.bytes_done
        if has[0] > had[0] or has[1] > had[1]:
            had = max(has[0], had[0]), max(has[1], had[1])
            waiting.came()
        if (seconds := waiting.look(_awaited(transfer), _reason(transfer))) >= patience:
            return f"nothing has come for {duration(seconds)}{because(_reason(transfer))}"
        progress(account.progress(transfer, hub.clock()), plain="")
        with suppress(TimeoutError):
            async with asyncio.timeout(_TICK):
                await changed.wait()
        changed.clear()
    return ""


def _awaited(transfer: Transfer) -> str:
    """What is waited for."""
    first = next((file for file in transfer.files if not file.settled), None)
    more = transfer.files_left - 1
    others = f" and {more:,} more" if more > 0 else ""
    return f"{first.uri if first is not None else 'nothing'}{others}"


def _reason(transfer: Transfer) -> str:
    """What was in the way the last time, as far as that is known."""
    told = (file.reason for file in transfer.files if file.reason and not file.settled)
    return next(told, transfer.reason)


def _told(where: Where, plan: DownloadPlan, transfer: Transfer, trouble: str, wish: Wish) -> Exit:
    """Print what came, and end with the status that tells whether all of it did."""
    came = _came(plan, transfer)
    if wish.as_json:
        say_json(_record(where, plan, transfer))
    else:
        for top in came:
            say(str(top) if str(top).isprintable() else safe(top))
    for line in _failure_lines(transfer):
        note(line)
    note(account.summary(transfer))
    if transfer.finished:
        places = came if 0 < len(came) <= TOPS_NAMED else [plan.folder]
        command = fetch_command([PurePosixPath(each) for each in places], os.environ, socket.gethostname())
        note(f"To fetch it from this box to your own machine: {safe(command)}")
    if trouble:
        raise CommandLineError(
            f"it ended early: {safe(trouble).rstrip('.')}; to go on: {_again(where, wish, transfer)}",
            Exit.FAILED,
        )
    return Exit.FAILED if transfer.failed else Exit.OK


def _failure_lines(transfer: Transfer) -> Iterator[str]:
    for file in islice(transfer.of_state(State.FAILED), FAILURES_SHOWN):
        yield f"✗ {safe(file.uri)}: {safe(file.reason)}"
    if transfer.failed > FAILURES_SHOWN:
        yield f"… and {transfer.failed - FAILURES_SHOWN:,} more"


def _tell_stop(where: Where, wish: Wish, transfer: Transfer) -> None:
    whole = account.of_sizes(transfer.bytes_done, transfer.bytes)
    note(
        f"Stopped after {transfer.finished:,} of {len(transfer.files):,} files, {whole}. What has come of "
        f"others waits in hidden .part files in {safe(transfer.folder)}; no file there is half of one."
    )
    note(f"To go on: {_again(where, wish, transfer)}")


def _again(where: Where, wish: Wish, transfer: Transfer) -> str:
    return where.again(*wish.words(transfer.folder))


def _came(plan: DownloadPlan, transfer: Transfer) -> list[Path]:
    """What of the folder's first level holds a file that is whole."""
    homes = (file.home for file in transfer.files if file.state in {State.DONE, State.KEPT})
    firsts = dict.fromkeys(home.relative_to(plan.folder).parts[0] for home in homes)
    return [plan.folder / first for first in firsts]


def _record(where: Where, plan: DownloadPlan, transfer: Transfer) -> dict[str, object]:
    counts = transfer.counts
    return {
        "from": str(where.uri),
        "folder": str(plan.folder),
        "files": len(transfer.files),
        "bytes": transfer.bytes,
        "downloaded": counts[State.DONE],
        "kept": counts[State.KEPT],
        "left": transfer.files_left,
        "failed": [_failure(file) for file in transfer.of_state(State.FAILED)],
        "paths": list(map(str, _came(plan, transfer))),
    }


def _failure(file: FileWork) -> dict[str, object]:
    return {"uri": str(file.uri), "path": str(file.path), "reason": file.reason}
