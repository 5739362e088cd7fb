"""Brings what lies at a place in Cloud Storage to this box, by the plan of the Storage pane."""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from itertools import islice
from pathlib import Path, PurePosixPath

from tui.cli_common import CommandLineError
from tui.commands.exits import Exit
from tui.commands.output import note, progress, progress_done, safe, say, say_json
from tui.commands.outputs_place import Where, nothing_there
from tui.domain.deleteplan import Tally, count_and_size
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.storage import ObjectInfo
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

TOLD_AFTER = 10.0
"""Seconds without a further byte after which that is told; again after twice as many, and so on."""
_TICK = 1.0
FAILURES_SHOWN = 1_000
TOPS_NAMED = 3
"""Things that the command to fetch them names one by one; of more it fetches the folder."""


async def fetch(where: Where, folder: Path, rule: Overwrite, *, patience: float, as_json: bool) -> Exit:
    """Download what lies there into `folder`, and say what came of each file that did not come.

    After `patience` seconds without a further byte it ends.

    Raises:
        CommandLineError: nothing lies there, the folder cannot be used, or it is too full.
        CloudError: it could not be listed.
        asyncio.CancelledError: the user stopped it; how to go on was said.
    """
    plan = await _plan(where, folder)
    for line in await _plan_lines(where, plan, rule):
        note(safe(line))
    transfer = plan.transfer(rule, "")
    transfer.restored = True  # of `both`: what an earlier run brought is not brought beside it again
    hub = Hub()
    hub.connect(where.gateway.storage, "")
    try:
        trouble = await _carried(hub, transfer, patience)
    except asyncio.CancelledError:
        await hub.close()
        _tell_stop(where, plan, transfer)
        raise
    finally:
        progress_done()
        await hub.close()
    return _told(where, plan, transfer, trouble, as_json=as_json)


async def _plan(where: Where, folder: Path) -> DownloadPlan:
    def tally(total: Tally) -> None:
        progress(f"counting {where.name}: {total} …", plain="")

    items: tuple[ObjectInfo, ...] = (where.item,) if where.item is not None else ()
    if where.item is None:
        items = await list_all(where.gateway.storage, where.uri, on_tally=tally)
    try:
        plan = await asyncio.to_thread(plan_download, [Source(where.uri, items)], folder)
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


async def _plan_lines(where: Where, plan: DownloadPlan, rule: Overwrite) -> list[str]:
    count = sum(not landing.refused for landing in plan.landings)
    lines = [
        f"{count_and_size(count, plan.bytes)} from {where.name} to {on_host(plan.target)}",
        await _egress(where, plan),
    ]
    if plan.existing:
        files = f"{plan.existing:,} file{'' if plan.existing == 1 else 's'}"
        lines.append(f"{files} there already: {FATE[rule]}.")
    return [*lines, *(f"Note: {each}" for each in plan.notes)]


async def _egress(where: Where, plan: DownloadPlan) -> str:
    if where.gateway.target.is_local:
        return egress_words(plan.bytes, "", local=True)
    bucket = await bucket_settings(where.gateway.storage, where.uri.bucket)
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
    pause = _Pause(transfer)
    while not transfer.settled:
        if transfer.held and transfer.resumes_at is None:
            return _reason(transfer) or "it stands still"
        if (seconds := pause.look()) >= patience:
            return f"nothing has come for {duration(seconds)}{_because(transfer)}"
        progress(account.progress(transfer, hub.clock()), plain="")
        with suppress(TimeoutError):
            async with asyncio.timeout(_TICK):
                await changed.wait()
        changed.clear()
    return ""


class _Pause:
    """Tells for how long nothing has come of a transfer."""

    def __init__(self, transfer: Transfer) -> None:
        self._transfer = transfer
        self._files = self._bytes = 0
        """The most that had come."""
        self._since, self._clock = time.monotonic(), datetime.now().astimezone()
        self._tell_at = TOLD_AFTER

    def look(self) -> float:
        """The seconds since something has come; now and then they are told."""
        transfer = self._transfer
        files, there = len(transfer.files) - transfer.files_left, transfer.bytes_done
        if files > self._files or there > self._bytes:
            if self._tell_at > TOLD_AFTER:
                note("It goes on.")
            self._files, self._bytes = max(files, self._files), max(there, self._bytes)
            self._since, self._clock = time.monotonic(), datetime.now().astimezone()
            self._tell_at = TOLD_AFTER
        seconds = time.monotonic() - self._since
        if seconds >= self._tell_at:
            self._tell_at = 2 * seconds
            note(f"Nothing has come since {self._clock:%H:%M:%S}: {_awaited(transfer)}{_because(transfer)}")
        return seconds


def _awaited(transfer: Transfer) -> str:
    """What is waited for."""
    first = next((file for file in transfer.files if not file.settled), None)
    more = transfer.files_left - 1
    others = f" and {more:,} more" if more > 0 else ""
    return f"waiting for {safe(first.uri) if first is not None else 'nothing'}{others}"


def _because(transfer: Transfer) -> str:
    reason = _reason(transfer)
    return f" ({safe(reason).rstrip('.')})" if reason else ""


def _reason(transfer: Transfer) -> str:
    """What was in the way the last time, as far as that is known."""
    told = (file.reason for file in transfer.files if file.reason and not file.settled)
    return next(told, transfer.reason)


def _told(where: Where, plan: DownloadPlan, transfer: Transfer, trouble: str, *, as_json: bool) -> Exit:
    """Print what came, and end with the status that tells whether all of it did."""
    came = [top for top in plan.tops if os.path.lexists(top)]
    if as_json:
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
            f"it ended early: {safe(trouble).rstrip('.')}; to go on: {_again(where, transfer)}",
            Exit.FAILED,
        )
    return Exit.FAILED if transfer.failed else Exit.OK


def _failure_lines(transfer: Transfer) -> Iterator[str]:
    for file in islice(transfer.of_state(State.FAILED), FAILURES_SHOWN):
        yield f"✗ {safe(file.uri)}: {safe(file.reason)}"
    if transfer.failed > FAILURES_SHOWN:
        yield f"… and {transfer.failed - FAILURES_SHOWN:,} more"


def _tell_stop(where: Where, plan: DownloadPlan, transfer: Transfer) -> None:
    whole = account.of_sizes(transfer.bytes_done, transfer.bytes)
    note(
        f"Stopped after {transfer.finished:,} of {len(transfer.files):,} files, {whole}. What has come of "
        f"others waits in hidden .part files in {safe(plan.folder)}; no file there is half of one."
    )
    note(f"To go on: {_again(where, transfer)}")


def _again(where: Where, transfer: Transfer) -> str:
    """The same command; what is whole is compared rather than fetched again."""
    rule = Overwrite.DIFFERENT if transfer.rule is Overwrite.REPLACE else transfer.rule
    return where.again("get", str(transfer.folder), "--existing", rule.value)


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
        "paths": [str(top) for top in plan.tops if os.path.lexists(top)],
    }


def _failure(file: FileWork) -> dict[str, object]:
    return {"uri": str(file.uri), "path": str(file.path), "reason": file.reason}
