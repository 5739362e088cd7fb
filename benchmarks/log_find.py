"""How long it takes to find something in a log of a million lines, and what the event loop feels of it.

The peer is Python's `re` over the same bytes in the same process, which finds each line once as well; it
holds the interpreter's lock, so it would stop the screen for all of that time. Run it with
`python -m benchmarks.log_find`; `--store` searches a real store, half of it in a spill, not plain blocks.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import re
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import NamedTuple, cast

from tui.domain.logfind.pattern import compile_pattern
from tui.domain.logs import LogEntry, Severity
from tui.domain.logstore.model import BLOCK_LINES, Block, Lines
from tui.domain.logstore.store import LogStore
from tui.services.log_finder import FindProgress, LogFinder

TARGETS = {"all": 1_000, "first": 50, "pause": 20}
"""Milliseconds: for all lines, until first results are told, and at most that the event loop stands still."""
PATTERNS = (
    ("one in 50,000", r"step 12\d{3}5 ", 1),
    ("a word, any case", "cuda out", 1),
    ("the same, asked otherwise", "(?i)cuda OUT", 1),
    ("two words", r"ERROR.*memory", 1),
    ("numbers", r"lr=0\.\d+[13579]\b", 1),
    ("one of three", r"loss|epoch|batch", 1),
    ("half of all lines", r"step \d+[02468] ", 1),
    ("every line", ".", 1),
    ("none, many states", "[a-q][^u-z]{13}x_y", 1),
    ("hostile", "(x+x+)+y|(e+e+)+z", 0),
)
"""What it is, the pattern, and whether the peer may try it too."""
_WORDS = (
    "loss=0.4312",
    "epoch 3",
    "INFO worker",
    "torch.nn.functional",
    "checkpoint saved to gs://bucket/x",
    "lr=0.001",
    "lr=0.002",
    "batch",
    "CUDA out of memory",
    "ERROR",
)


class Took(NamedTuple):
    """One search, in milliseconds."""

    whole: float
    first: float
    pause: float
    matches: int


@dataclass
class Bytes:
    """A block that is only its text."""

    blob: bytearray
    size: int
    ident: int = field(default_factory=count(1).__next__)
    version: int = 1

    def __len__(self) -> int:
        return self.size

    def text(self) -> bytes:
        """All lines."""
        return bytes(self.blob)


class Blocks:
    """A log of such blocks."""

    def __init__(self, blocks: Sequence[Bytes]) -> None:
        self.blocks = blocks

    def __len__(self) -> int:
        return sum(map(len, self.blocks))


class FileSpill:
    """Keeps blocks in a temporary file; never forgets any."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 (as long as the measurement)
        self._places: list[tuple[int, int]] = []

    def put(self, data: bytes) -> int:
        """Keep bytes."""
        self._places.append((self._file.seek(0, 2), len(data)))
        self._file.write(data)
        return len(self._places) - 1

    def get(self, number: int) -> bytes:
        """Give them back."""
        start, size = self._places[number]
        self._file.seek(start)
        return self._file.read(size)

    def drop(self, number: int) -> None:
        """Nothing: the file goes with the process."""


def texts(lines: int) -> Iterator[str]:
    """Lines of about ninety bytes."""
    chance = random.Random(1)  # noqa: S311 (not for secrets)
    for number in range(lines):
        words = " ".join(chance.choices(_WORDS, k=5))
        yield f"2026-11-22T10:00:{number // 1_000 % 60:02d} step {number} {words}"


def plain_blocks(lines: int) -> Lines:
    """All lines in plain blocks."""
    every = list(texts(lines))
    parts = [every[first : first + BLOCK_LINES] for first in range(0, lines, BLOCK_LINES)]
    made = Blocks(
        [Bytes(bytearray("".join(f"{text}\n" for text in part).encode()), len(part)) for part in parts]
    )
    return cast("Lines", made)


def filled_store(lines: int) -> Lines:
    """All lines in a store, the older half in the spill."""
    store = LogStore(lines // 2, FileSpill())
    entries: list[LogEntry] = []
    for number, text in enumerate(texts(lines)):
        replica = f"workerpool0-{number % 4}"
        entries.append(LogEntry(number * 1_000_000, f"i{number:07}", "log", Severity.INFO, text, replica))
        if len(entries) == BLOCK_LINES or number == lines - 1:
            store.add(entries)
            entries.clear()
    return store


async def longest_pause(pauses: list[float]) -> None:
    """Note how late each millisecond's wake-up is."""
    while True:
        began = time.perf_counter()
        await asyncio.sleep(0.001)
        pauses.append((time.perf_counter() - began - 0.001) * 1_000)


async def search(lines: Lines, pattern: str) -> Took:
    """Search all lines once."""
    began = time.perf_counter()
    told: list[tuple[float, FindProgress]] = []
    over = asyncio.Event()

    def tell(progress: FindProgress) -> None:
        told.append((time.perf_counter(), progress))
        if progress.finished:
            over.set()

    finder = LogFinder(lines, tell)
    finder.look(len(lines) // 2, len(lines) // 2 + 50)
    pauses: list[float] = [0.0]
    watch = asyncio.create_task(longest_pause(pauses))
    await asyncio.sleep(0.01)
    began = time.perf_counter()
    finder.search(compile_pattern(pattern, regex=True))
    await over.wait()
    watch.cancel()
    await finder.close()
    last, first = told[-1], told[0]
    return Took((last[0] - began) * 1_000, (first[0] - began) * 1_000, max(pauses), last[1].matches)


def peer(blocks: Sequence[Block], pattern: str) -> float:
    """The same lines found by `re`, in milliseconds."""
    flags = re.MULTILINE | (0 if any(map(str.isupper, pattern)) else re.IGNORECASE)
    looked = re.compile(pattern.encode(), flags).search
    total = 0.0
    for block in blocks:
        text = block.text()
        began = time.perf_counter()
        found = looked(text)
        while found:
            after = text.find(b"\n", found.end()) + 1
            if after in {0, len(text)}:
                break
            found = looked(text, after)
        total += time.perf_counter() - began
    return total * 1_000


def idle(runs: int) -> float:
    """The longest pause of a loop with nothing to do, in milliseconds: what the machine does by itself."""

    async def watch() -> float:
        pauses = [0.0]
        task = asyncio.create_task(longest_pause(pauses))
        await asyncio.sleep(0.5)
        task.cancel()
        return max(pauses)

    return statistics.median(asyncio.run(watch()) for _ in range(runs))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--store", action="store_true")
    args = parser.parse_args()
    lines = filled_store(args.lines) if args.store else plain_blocks(args.lines)
    size = sum(len(block.text()) for block in lines.blocks)
    print(f"{len(lines):,} lines, {size / 1e6:.0f} MB, {len(lines.blocks):,} blocks; medians of {args.runs}")
    print(f"longest pause of a loop with nothing to do: {idle(args.runs):.1f} ms")
    worst = dict.fromkeys(TARGETS, 0.0)
    for name, pattern, with_peer in PATTERNS:
        runs = [asyncio.run(search(lines, pattern)) for _ in range(args.runs)]
        took = [statistics.median(figures) for figures in zip(*runs, strict=True)]
        worst = {target: max(worst[target], figure) for target, figure in zip(worst, took, strict=False)}
        beside = "the peer would not end"
        if with_peer:
            other = peer(lines.blocks, pattern)
            beside = f"re {other:,.0f} ms, {other / took[0]:.1f} × as long"
        print(
            f"{name} ({pattern}): {took[0]:,.0f} ms for {runs[0].matches:,} lines, "
            f"first told after {took[1]:.0f} ms, longest pause {took[2]:.1f} ms; {beside}"
        )
    for name, target in TARGETS.items():
        word = "met" if worst[name] <= target else "MISSED"
        print(f"{name}: worst median {worst[name]:,.0f} ms, target {target:,}: {word}")


if __name__ == "__main__":
    main()
