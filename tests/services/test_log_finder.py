"""A search is away from the event loop, tells what it finds as it comes, and searches only what is new."""

from __future__ import annotations

import asyncio
import random
import threading
from array import array
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fake_lines import FakeBlock, FakeLines
from tests.support import wait_for
from tui.domain.logfind.found import Found
from tui.domain.logfind.pattern import Pattern, compile_pattern
from tui.domain.logs import LogEntry
from tui.domain.logstore.rows import Rows
from tui.domain.logstore.steps import next_row
from tui.domain.logstore.store import LogStore
from tui.services.log_finder import FindProgress, LogFinder


def pattern(text: str) -> Pattern:
    return compile_pattern(text, regex=True)


class Search:
    """A finder and what it told."""

    def __init__(self, *blocks: FakeBlock) -> None:
        self.lines = FakeLines(*blocks)
        self.told: list[FindProgress] = []
        self.finder = LogFinder(self.lines, self.told.append)
        self.read: list[int] = []
        self.threads: set[str] = set()
        for block in blocks:
            self.watch(block)

    def watch(self, block: FakeBlock) -> None:
        def read() -> None:
            self.read.append(block.ident)
            self.threads.add(threading.current_thread().name)

        block.on_text = read

    async def finished(self) -> FindProgress:
        """The last thing told of a search that is over, when all is told."""
        await wait_for(lambda: self.told and self.told[-1].finished and not self.finder.progress.fresh)
        return self.told[-1]


@asynccontextmanager
async def searching(*blocks: FakeBlock) -> AsyncGenerator[Search, None]:
    search = Search(*blocks)
    yield search
    await search.finder.close()


def blocks_of(count: int, size: int = 10) -> list[FakeBlock]:
    return [FakeBlock(f"line {size * number + line}" for line in range(size)) for number in range(count)]


async def test_all_is_searched_in_a_thread_nearest_first() -> None:
    blocks = blocks_of(7)
    async with searching(*blocks) as search:
        finder = search.finder
        finder.look(32, 38)
        assert finder.matches(blocks[0]) is None
        finder.search(pattern("5$"))
        assert finder.count == 0
        assert search.told == []
        told = await search.finished()
        assert (told.matches, told.done, told.of, told.unreadable) == (7, 7, 7, 0)
        assert told.finished
        assert set().union(*(each.fresh for each in search.told)) == {block.ident for block in blocks}
        assert search.read == [blocks[number].ident for number in (3, 4, 2, 5, 1, 6, 0)]
        assert all(name.startswith("log-find") for name in search.threads)
        assert finder.count == 7
        assert [list(finder.matches(block) or ()) for block in blocks] == [[5]] * 7


async def test_of_what_changed_only_the_new_lines_are_searched() -> None:
    blocks = blocks_of(3)
    async with searching(*blocks) as search:
        finder = search.finder
        finder.search(pattern("5"))
        await search.finished()
        search.read.clear()
        search.told.clear()
        blocks[-1].add("line 35", "5 too")
        assert finder.matches(blocks[-1]) is None
        finder.changed(30)
        assert list(finder.matches(blocks[-1]) or ()) == [5]
        told = await search.finished()
        assert (told.matches, set(told.fresh)) == (5, {blocks[-1].ident})
        assert search.read == [blocks[-1].ident]
        assert list(finder.matches(blocks[-1]) or ()) == [5, 10, 11]
        # A late line in the first block: the others are the same blocks in another place.
        blocks[0].texts.insert(2, "late 5")
        blocks[0].version += 1
        search.read.clear()
        search.told.clear()
        finder.changed(2)
        assert (await search.finished()).matches == 6
        assert search.read == [blocks[0].ident]
        # A block is split: all is known before anything is searched.
        halves = [FakeBlock(blocks[1].texts[:6]), FakeBlock(blocks[1].texts[6:])]
        search.lines.blocks[1:2] = halves
        finder.changed(len(search.lines))
        assert [list(finder.matches(half) or ()) for half in halves] == [[5], []]
        assert finder.count == 6
        assert finder.progress.finished


async def test_what_was_read_while_it_changed_is_not_taken() -> None:
    block = FakeBlock(["a", "x"])
    async with searching(block) as search:
        loop = asyncio.get_running_loop()
        faults: list[str] = []
        loop.set_exception_handler(lambda _, context: faults.append(context["message"]))
        reads = 0

        def changed_meanwhile() -> None:
            nonlocal reads
            reads += 1
            if reads == 1:
                asyncio.run_coroutine_threadsafe(add(), loop).result()
            elif reads == 2:
                raise IndexError
            search.read.append(reads)

        async def add() -> None:
            block.texts.insert(0, "x")
            block.version += 1

        block.on_text = changed_meanwhile
        search.finder.search(pattern("x"))
        told = await search.finished()
        assert told.unreadable == 1
        assert faults == ["a block of a log could not be searched"]
        block.version += 1
        search.finder.changed(0)
        assert (await search.finished()).unreadable == 0
        assert list(search.finder.matches(block) or ()) == [0, 2]


async def test_a_block_that_cannot_be_read_is_counted_and_the_rest_is_searched() -> None:
    blocks = blocks_of(3)
    async with searching(*blocks) as search:

        def fails() -> None:
            raise OSError("the disk is gone")

        blocks[1].on_text = fails
        search.finder.search(pattern("."))
        told = await search.finished()
        assert (told.matches, told.done, told.of, told.unreadable) == (20, 2, 3, 1)
        assert search.finder.matches(blocks[1]) is None


async def test_another_pattern_ends_the_search_at_once() -> None:
    blocks = blocks_of(3)
    async with searching(*blocks) as search:
        begun, go = threading.Event(), threading.Event()

        def waits() -> None:
            begun.set()
            go.wait(20)

        blocks[-1].on_text = waits
        search.finder.search(pattern("1"))
        await wait_for(begun.is_set)
        search.finder.search(pattern("2"))
        assert search.finder.count == 0
        go.set()
        assert (await search.finished()).matches == 12
        search.finder.search(pattern("2"))
        search.told.clear()
        search.finder.search(None)
        assert search.finder.pattern is None
        assert search.finder.count == 0
        assert search.finder.matches(blocks[0]) is None
        search.finder.changed(0)
        assert not search.told


class MemorySpill:
    """Keeps what is put into it."""

    def __init__(self) -> None:
        self.kept: dict[int, bytes] = {}

    def put(self, data: bytes) -> int:
        self.kept[len(self.kept)] = data
        return len(self.kept) - 1

    def get(self, number: int) -> bytes:
        return self.kept[number]

    def drop(self, number: int) -> None:
        del number


async def test_a_real_store_is_searched_while_it_grows_and_spills() -> None:
    def entry(number: int) -> LogEntry:
        return LogEntry(number, f"i{number}", "log", 200, f"line {number}", "workerpool0-0")

    store = LogStore(400, MemorySpill(), block_lines=32)
    told: list[FindProgress] = []
    finder = LogFinder(store, told.append)
    chance = random.Random(3)  # noqa: S311
    numbers = list(range(3_000))
    middle = numbers[1_000:2_000]
    chance.shuffle(middle)
    numbers[1_000:2_000] = middle
    store.add(map(entry, numbers[:500]))
    finder.search(pattern("7$"))
    for first in range(500, 3_000, 100):
        change = store.add(map(entry, numbers[first : first + 100]))
        finder.changed(change.first)
        finder.look(len(store) - 20, len(store))
        await asyncio.sleep(0)
    await wait_for(lambda: finder.progress.finished)
    assert store.spilled
    rows = Rows(store)
    rows.settle()
    found: list[int] = []
    row = next_row(rows, finder.matches, -1)
    while row is not None:
        found.append(rows.row(row).line)
        row = next_row(rows, finder.matches, row)
    assert found == list(range(7, 3_000, 10))
    assert finder.count == len(found)
    await finder.close()


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 40), st.integers(1, 9)), max_size=12))
@settings(max_examples=50)
def test_what_is_kept_is_always_what_a_fresh_search_would_find(changes: list[tuple[int, int, int]]) -> None:
    """Lines come at the end or late, a block is split, or some are searched; the numbers choose where."""
    numbers = iter(range(10_000))
    wanted = pattern("[05]$")
    blocks = [FakeBlock()]
    found = Found()
    for kind, where, much in changes:
        total = sum(map(len, blocks))
        if kind == 3:
            for one in list(found)[where % 3 :: 2]:
                text = one.block.text()
                every = list(wanted.lines_of(text))
                fresh = array("I", [line for line in every if line >= one.upto])
                assert found.add(one.ident, one.version, one.upto, fresh)
            continue
        first = total
        if kind == 0:
            blocks[-1].add(*(str(next(numbers)) for _ in range(much)))
        elif kind == 1:
            at = where % len(blocks)
            place = min(much, len(blocks[at]))
            first = sum(map(len, blocks[:at])) + place
            blocks[at].texts.insert(place, str(next(numbers)))
            blocks[at].version += 1
        else:
            at = where % len(blocks)
            half = FakeBlock(blocks[at].texts[much:])
            del blocks[at].texts[much:]
            blocks[at].version += 1
            blocks.insert(at + 1, half)
        found.take_over(blocks, first)
        base = count = 0
        for one, block in zip(found, blocks, strict=True):
            every = list(wanted.lines_of(block.text()))
            assert (one.ident, one.version, one.size, one.base) == (
                block.ident,
                block.version,
                len(block),
                base,
            )
            assert list(one.lines) == [line for line in every if line < one.upto]
            base += len(block)
            count += len(one.lines)
        assert found.count == count
