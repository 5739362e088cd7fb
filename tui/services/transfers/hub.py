"""All transfers of a session: carried a few files at a time, paused, taken up again, accounted for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from functools import partial
from pathlib import Path

from tui.domain.errors import CloudError
from tui.domain.storage import UploadSession
from tui.domain.storage_gateway import StorageGateway
from tui.domain.text import size
from tui.domain.transfers.rates import Rate
from tui.services.transfers import carry
from tui.services.transfers.carry import Verdict, judge, words
from tui.services.transfers.disk import free_bytes
from tui.services.transfers.model import Direction, FileWork, State, Transfer
from tui.services.transfers.noting import Noting
from tui.services.transfers.records import Records
from tui.services.transfers.telling import Teller

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
        self._taken: dict[FileWork, Path] = {}
        self._chores: set[asyncio.Task[None]] = set()
        self._teller = Teller(lambda: bool(self._tasks), self.beat)
        self.listen, self.unlisten = self._teller.listen, self._teller.unlisten
        self._closed = False

    # Who looks

    def look(self) -> None:
        """The user has seen how things stand."""
        self.unseen = False
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
        if transfer.where != self._where:
            elsewhere = f"it belongs to {transfer.where}, which is not connected"
            transfer.reason = elsewhere if self._where else "there is no connection yet"
            self._teller.changed()
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
        wanted = [one for one in failed if one.state is State.FAILED and not one.refused]
        if not wanted:
            return
        for one in wanted:
            one.tries = 0
            transfer.move(one, State.QUEUED)
            transfer.queue.append(one)
        self._do(self._notes.begin(transfer))
        self._release(transfer)

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
        tasks = [*self._tasks.values(), *self._chores]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=CLOSE_SECONDS)
        self._notes.close()

    # Carrying

    def _pump(self) -> None:
        """Begin files while there is room, those of the transfer with the fewest in flight first."""
        while self._storage is not None and not self._closed and len(self._tasks) < PARALLEL:
            flying = {id(one): 0 for one in self.transfers}
            for owner in self._owner.values():
                flying[id(owner)] = flying.get(id(owner), 0) + 1
            ready = [one for one in self.transfers if not one.held and one.queue]
            found = None
            for transfer in sorted(ready, key=lambda one: flying[id(one)]):
                if (found := self._next(transfer)) is not None:
                    break
            if found is None:
                break
            transfer.move(found, State.RUNNING)
            self._owner[found] = transfer
            task = asyncio.create_task(self._carry(self._storage, transfer, found))
            self._tasks[found] = task
            task.add_done_callback(partial(self._landed, transfer, found))
        self._teller.tick()
        self._teller.changed()

    def _next(self, transfer: Transfer) -> FileWork | None:
        """Its next file; one whose last try is still ending waits for its turn."""
        for _ in range(len(transfer.queue)):
            file = transfer.queue.popleft()
            if file in self._tasks:
                transfer.queue.append(file)
            elif file.state is State.QUEUED:
                return file
        return None

    async def _carry(self, storage: StorageGateway, transfer: Transfer, file: FileWork) -> None:
        def count(done: int) -> None:
            if file.state is State.RUNNING and not self._closed:
                transfer.advance(file, done, self.clock())
                self._teller.changed()

        file.tries += 1
        file.rate = Rate()
        try:
            carried = await self._call(storage, transfer, file, count)
        except (CloudError, OSError) as error:
            self._failed(transfer, file, error)
        else:
            self._came(transfer, file, carried=carried)

    def _landed(self, transfer: Transfer, file: FileWork, _task: asyncio.Task[None]) -> None:
        """Its task is over; called back, since one that is cancelled before it began runs nothing."""
        del self._tasks[file], self._owner[file]
        file.rate = None
        path = self._taken.pop(file, None)
        if self._closed:
            return
        if file.state is State.RUNNING:
            transfer.move(file, State.FAILED, "a fault of vertex-tui itself ended it")
        if file.state is State.CANCELLED:
            self._clear(transfer, [file], path)
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

        def claim(path: Path) -> None:
            if path in self._taken.values():
                raise OSError(0, "another transfer is writing that file")
            self._taken[file] = path

        return await carry.download(
            storage,
            transfer,
            file,
            file.item,
            taken=frozenset(self._taken.values()),
            claim=claim,
            free=self._free,
            coming=lambda: self._coming(file),
            count=count,
        )

    def _keep(self, transfer: Transfer, file: FileWork, session: UploadSession | None) -> None:
        """Note what a later start can go on with."""
        file.session = session
        self._notes.note(transfer, file)

    def _coming(self, but: FileWork) -> int:
        """Bytes that the other downloads in flight will still write."""
        return sum(
            max(one.size - one.done, 0)
            for one, owner in self._owner.items()
            if one is not but and one in self._taken and owner.direction is Direction.DOWN
        )

    def _came(self, transfer: Transfer, file: FileWork, *, carried: bool) -> None:
        """It is whole, even if it was told to stop meanwhile."""
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
        verdict = judge(error, file.tries)
        if verdict is Verdict.FAIL:
            transfer.move(file, State.FAILED, words(error))
            return
        transfer.move(file, State.QUEUED, words(error))
        if verdict is Verdict.AGAIN:
            transfer.queue.append(file)
            return
        transfer.queue.appendleft(file)
        if verdict is Verdict.WAIT and transfer.waits < GIVE_UP:
            self._wait(transfer, words(error))
        elif not transfer.held:
            self._hold(transfer, self._full_words(transfer) if carry.is_full(error) else words(error))
            self.unseen = True

    def _full_words(self, transfer: Transfer) -> str:
        free = ""
        with suppress(OSError):
            free = f", {size(self._free(transfer.folder))} are free"
        return f"the disk is full{free}: make room, then press space"

    def _wait(self, transfer: Transfer, reason: str) -> None:
        """Stand still for a while, longer each time that nothing came through."""
        if transfer.held:
            return
        pause = self._pauses[min(transfer.waits, len(self._pauses) - 1)]
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
            self.unseen = True
            if all(file.refused for file in transfer.of_state(State.FAILED)):
                self._notes.drop(transfer)
        self._teller.changed()

    def _clear(self, transfer: Transfer, files: list[FileWork], path: Path | None = None) -> None:
        """Remove what has come of files that are given up."""
        self._do(carry.clear(self._storage if transfer.where == self._where else None, transfer, files, path))

    def _do(self, chore: Coroutine[object, object, None]) -> None:
        task = asyncio.create_task(chore)
        self._chores.add(task)
        task.add_done_callback(self._chores.discard)

    def beat(self) -> None:
        """Show other hosts that this session lives."""
        self._notes.touch(self.transfers, self.clock())
