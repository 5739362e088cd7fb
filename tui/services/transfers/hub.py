"""All transfers of a session: carried a few files at a time, paused, taken up again, accounted for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from functools import partial
from pathlib import Path

from tui.domain.errors import CloudError
from tui.domain.parts import RESUMED_FROM
from tui.domain.storage import UploadSession
from tui.domain.storage_gateway import StorageGateway
from tui.domain.transfers.rates import Rate
from tui.services.transfers import carry
from tui.services.transfers.claims import Claims
from tui.services.transfers.disk import free_bytes
from tui.services.transfers.model import Direction, FileWork, State, Transfer
from tui.services.transfers.noting import Noting
from tui.services.transfers.records import Records
from tui.services.transfers.telling import Teller
from tui.services.transfers.troubles import FinalError, Verdict, full_words, is_busy, judge, words
from tui.services.transfers.turns import choose

PARALLEL = 8
"""Files in flight at once, of all transfers together."""

PAUSES = (2.0, 5.0, 15.0, 30.0, 60.0)
"""Seconds after which a transfer that nothing comes through goes on by itself; the last one again."""

GIVE_UP = 30
"""Troubles in a row after which it is held until the user lets it go on."""

_WHOLE = frozenset({State.DONE, State.KEPT})

CLOSE_SECONDS = 3.0
"""Longest wait for what is in flight when the app is left."""


class Hub:
    """Carries files; must be used on one event loop, and closed on it."""

    def __init__(
        self,
        records: Records | None = None,
        *,
        free: Callable[[Path], int] = free_bytes,
        clock: Callable[[], float] = time.monotonic,
        pauses: tuple[float, ...] = PAUSES,
    ) -> None:
        """`free` tells the bytes free on the disk of a folder."""
        self.transfers: list[Transfer] = []
        """All of this session, in the order they were asked for."""
        self.unseen = False
        """Whether something ended, or was found unfinished, that nobody has looked at."""
        self._notes = Noting(records)
        self._free = free
        self.clock = clock
        self._pauses = pauses
        self._storage: StorageGateway | None = None
        self._where = ""
        self._tasks: dict[FileWork, asyncio.Task[None]] = {}
        self._owner: dict[FileWork, Transfer] = {}
        self._claims = Claims()
        self._chores: set[asyncio.Task[None]] = set()
        self._teller = Teller(lambda: bool(self._tasks), self.beat)
        self.listen, self.unlisten = self._teller.listen, self._teller.unlisten
        self._closed = False

    # Who looks

    def look(self) -> None:
        """The user has seen how things stand."""
        self.unseen = False
        for transfer in self.transfers:
            transfer.seen = transfer.settled
        self._teller.changed()

    @property
    def running(self) -> int:
        """Files in flight."""
        return len(self._tasks)

    @property
    def active(self) -> list[Transfer]:
        """Those that carry or wait for a place, or go on by themselves."""
        return [
            one for one in self.transfers if not one.settled and (not one.held or one.resumes_at is not None)
        ]

    # What the user asks for

    def connect(self, storage: StorageGateway, where: str) -> None:
        """Carry by this storage from now on; `where` names it: transfers of another one stand still."""
        self._storage, self._where = storage, where
        for transfer in self.transfers:
            if transfer.where != where and not transfer.settled and not transfer.held:
                self._hold(transfer, f"it belongs to {transfer.where}")
        self._pump()

    async def restore(self) -> None:
        """Take over what sessions that are no more have left; nothing of it moves before it is told to.

        Raises:
            OSError: the notes cannot be read.
        """
        found = await self._notes.adopt()
        for file in (file for transfer in found for file in transfer.files):
            if file.at is not None:
                self._claims.own(file, file.at)
        self.transfers += found
        self.unseen = self.unseen or bool(found)
        self._teller.changed()

    async def add(self, transfer: Transfer) -> None:
        """Note it and begin as soon as there is room among those in flight."""
        for file in transfer.files:
            if file.refused:
                transfer.move(file, State.FAILED, file.refused)
        transfer.began = self.clock()
        await self._notes.begin(transfer)
        self.transfers.append(transfer)
        self._after(transfer)
        self._pump()

    def pause(self, transfer: Transfer, file: FileWork | None = None) -> None:
        """Let a transfer, or one file of it, stand still; what has come so far stays."""
        if file is None:
            self._hold(transfer, "")
        elif file.state in (State.QUEUED, State.RUNNING):
            transfer.move(file, State.PAUSED)
            self._stop(file)
        self._after(transfer)

    def resume(self, transfer: Transfer, file: FileWork | None = None) -> None:
        """Go on with what is paused."""
        if self._is_elsewhere(transfer):
            return
        wanted = [file] if file is not None else list(transfer.of_state(State.PAUSED))
        for one in reversed(wanted):
            if one.state is State.PAUSED:
                transfer.move(one, State.QUEUED)
                transfer.queue.appendleft(one)
        self._release(transfer)

    def cancel(self, transfer: Transfer, file: FileWork | None = None) -> None:
        """Give up what is not whole; what has come of it is removed, whole files stay."""
        wanted = [one for one in (transfer.files if file is None else (file,)) if one.state not in _WHOLE]
        idle = [one for one in wanted if one not in self._tasks]
        for one in wanted:
            if not one.settled:
                transfer.move(one, State.CANCELLED)
                self._notes.note(transfer, one)
                self._stop(one)
        if idle:
            self._clear(transfer, idle)
        self._after(transfer)
        self._pump()

    def retry(self, transfer: Transfer, file: FileWork | None = None) -> None:
        """Try again what failed."""
        failed = [file] if file is not None else list(transfer.of_state(State.FAILED))
        wanted = [one for one in failed if one.can_be_retried]
        if not wanted or self._is_elsewhere(transfer):
            return
        for one in wanted:
            one.tries = 0
            transfer.move(one, State.QUEUED)
            transfer.queue.append(one)
            self._notes.note(transfer, one)
        self._do(self._notes.begin(transfer))
        self._release(transfer)

    def _is_elsewhere(self, transfer: Transfer) -> bool:
        """Whether it belongs to another storage than the connected one; it says so then."""
        if transfer.where == self._where:
            return False
        elsewhere = f"it belongs to {transfer.where}, which is not connected"
        transfer.reason = elsewhere if self._where else "there is no connection yet"
        self._teller.changed()
        return True

    def forget(self, transfer: Transfer) -> None:
        """Take one off the list that has ended; what failed leaves no unfinished files."""
        if transfer.settled:
            self._clear(transfer, list(transfer.of_state(State.FAILED)))
            self.transfers.remove(transfer)
            self._notes.drop(transfer)
            self._teller.changed()

    async def close(self) -> None:
        """Stop everything; what is unfinished stays, with its note, for the next start."""
        self._closed = True
        self._teller.close()
        for task in self._tasks.values():
            task.cancel()
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_SECONDS):
                while waiting := [*self._tasks.values(), *self._chores]:
                    await asyncio.wait(waiting)
        for chore in self._chores:
            chore.cancel()
        self._notes.close()

    # Carrying

    def _pump(self) -> None:
        """Begin files while there is room, those of the transfer with the fewest in flight first."""
        while self._storage is not None and not self._closed and len(self._tasks) < PARALLEL:
            if (turn := choose(self.transfers, self._owner, self._claims)) is None:
                break
            transfer, found = turn
            transfer.move(found, State.RUNNING)
            self._owner[found] = transfer
            task = asyncio.create_task(self._carry(self._storage, transfer, found))
            self._tasks[found] = task
            task.add_done_callback(partial(self._landed, transfer, found))
        self._teller.tick()
        self._teller.changed()

    async def _carry(self, storage: StorageGateway, transfer: Transfer, file: FileWork) -> None:
        file.opened = False
        file.rate = Rate()
        try:
            carried = await self._call(storage, transfer, file, partial(self._count, transfer, file))
        except (CloudError, OSError) as error:
            self._failed(transfer, file, error)
        else:
            self._came(transfer, file, carried=carried)

    def _count(self, transfer: Transfer, file: FileWork, done: int) -> None:
        """So much has come of it by now."""
        if not file.settled and not self._closed:
            transfer.advance(file, done, self.clock())
            self._teller.changed()

    def _landed(self, transfer: Transfer, file: FileWork, _task: asyncio.Task[None]) -> None:
        """Its task is over; called back, since one that is cancelled before it began runs nothing."""
        del self._tasks[file], self._owner[file]
        file.rate = None
        self._claims.release(file)
        if file.state is State.CANCELLED:
            self._clear(transfer, [file], surely=file.opened)
        if self._closed:
            return
        if file.state is State.RUNNING:
            self._fail(transfer, file, "a fault of vertex-tui itself ended it")
        if file.opened and not file.settled:
            self._do(carry.recount(file, partial(self._count, transfer, file)))
        self._after(transfer)
        self._pump()

    async def _call(
        self, storage: StorageGateway, transfer: Transfer, file: FileWork, count: Callable[[int], None]
    ) -> bool:
        if transfer.direction is Direction.UP:
            return await carry.upload(
                storage, transfer, file, keep=partial(self._keep, transfer, file), count=count
            )
        if file.item is None:
            raise OSError(0, "its note does not say which object it is")
        return await carry.download(
            storage,
            transfer,
            file,
            file.item,
            claims=self._claims,
            claim=partial(self._claim, transfer, file),
            free=self._free,
            count=count,
        )

    def _claim(self, transfer: Transfer, file: FileWork, path: Path) -> bool:
        """Let it write there, unless another one does, and note that its part is its own."""
        if file.at is not None and file.at != path:
            self._clear(transfer, [file])
        if not self._claims.claim(file, path):
            return False
        if file.size >= RESUMED_FROM:  # of smaller ones nothing stays
            self._notes.note(transfer, file)
        return True

    def _keep(self, transfer: Transfer, file: FileWork, session: UploadSession | None) -> None:
        """Note what a later start can go on with."""
        file.session = session
        self._notes.note(transfer, file)

    def _came(self, transfer: Transfer, file: FileWork, *, carried: bool) -> None:
        """It is whole, even if it was told to stop meanwhile."""
        if carried:
            file.landed = file.at if file.at != file.path else None
            self._claims.disown(file)
        elif transfer.direction is Direction.DOWN:
            transfer.advance(file, 0, self.clock())
            self._clear(transfer, [file])
        transfer.move(file, State.DONE if carried else State.KEPT)
        file.session = None  # to give it up now would remove the new object
        if carried:
            transfer.advance(file, file.size, self.clock())
        transfer.rate.add(0, self.clock(), files=1)
        transfer.waits = 0
        self._notes.note(transfer, file)

    def _failed(self, transfer: Transfer, file: FileWork, error: CloudError | OSError) -> None:
        if file.state is not State.RUNNING:
            return  # it was told to stop; how it did so does not matter
        verdict, reason = judge(error, file.tries + 1), words(error, transfer.direction, file)
        if verdict is not Verdict.WAIT or not transfer.waits:  # else it may not be the file
            file.tries += 1
        if is_busy(error):
            self._claims.disown(file)
        if verdict is Verdict.FAIL:
            if isinstance(error, FinalError):
                file.refused, file.session = reason, None
            self._fail(transfer, file, reason)
            return
        transfer.move(file, State.QUEUED, reason)
        if verdict is Verdict.AGAIN:
            transfer.queue.append(file)
            return
        transfer.queue.appendleft(file)
        if verdict is Verdict.WAIT and transfer.waits < GIVE_UP:
            self._wait(transfer, reason, getattr(error, "retry_after", None) or 0.0)
        elif not transfer.held:
            self._hold(transfer, full_words(error, self._free, transfer.folder) or reason)
            self.unseen = True

    def _fail(self, transfer: Transfer, file: FileWork, reason: str) -> None:
        if transfer.direction is Direction.UP and file.session is None:
            transfer.advance(file, 0, self.clock())  # nothing of it is there
        transfer.move(file, State.FAILED, reason)
        self._notes.note(transfer, file)

    def _wait(self, transfer: Transfer, reason: str, least: float) -> None:
        """Stand still for a while, longer each time that nothing came through."""
        if transfer.held:
            return
        pause = max(self._pauses[min(transfer.waits, len(self._pauses) - 1)], least)
        transfer.waits += 1
        self._hold(transfer, reason)
        transfer.resumes_at = self.clock() + pause
        asyncio.get_running_loop().call_later(pause, self._go_on, transfer)

    def _go_on(self, transfer: Transfer) -> None:
        if transfer.held and transfer.resumes_at is not None and not self._closed:
            self._release(transfer)

    def _hold(self, transfer: Transfer, reason: str) -> None:
        transfer.held, transfer.reason, transfer.resumes_at = True, reason, None
        for file in list(transfer.of_state(State.RUNNING)):
            transfer.move(file, State.QUEUED)
            transfer.queue.appendleft(file)
            self._stop(file)
        transfer.rate.reset()
        self._teller.changed()

    def _release(self, transfer: Transfer) -> None:
        transfer.held, transfer.reason, transfer.resumes_at = False, "", None
        if not transfer.began:
            transfer.began = self.clock()
        transfer.rate.reset()
        transfer.seconds = 0.0
        self._pump()

    def _stop(self, file: FileWork) -> None:
        if (task := self._tasks.get(file)) is not None:
            task.cancel()

    # Afterwards

    def _after(self, transfer: Transfer) -> None:
        """Account for a transfer that has ended."""
        if transfer.settled and not transfer.seconds:
            transfer.held, transfer.reason, transfer.resumes_at = False, "", None
            transfer.seconds = max(self.clock() - (transfer.began or self.clock()), 0.001)
            transfer.seen = False
            self.unseen = True
            if all(file.refused for file in transfer.of_state(State.FAILED)):
                self._notes.drop(transfer)
        self._teller.changed()

    def _clear(self, transfer: Transfer, files: list[FileWork], *, surely: bool = False) -> None:
        """Remove what has come of files that are given up: parts that are their own, sessions."""
        if transfer.direction is Direction.DOWN:
            if parts := self._claims.give_up(files, restored=transfer.restored):
                self._do(carry.clear_parts(transfer.folder, parts, surely=surely))
        elif self._storage is not None and transfer.where == self._where:
            self._do(carry.clear_sessions(self._storage, files))

    def _do(self, chore: Coroutine[object, object, None]) -> None:
        task = asyncio.create_task(chore)
        self._chores.add(task)
        task.add_done_callback(self._chores.discard)

    def beat(self) -> None:
        """Show other hosts that this session lives."""
        self._notes.touch(self.transfers, self.clock())
