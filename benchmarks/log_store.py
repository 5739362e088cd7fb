"""A log of a million lines in memory: what it weighs, how quickly it is filled, read, filtered and wrapped.

Entries go through everything that reads a line (levels, bars, tracebacks, links) into the store, beside the
plain way: a list of the same entries, sorted. Nothing is on a screen or comes over a network. Run it with
`python -m benchmarks.log_store`.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from random import Random

from tui.domain.logs import LogEntry
from tui.domain.logstore.model import Block, LogLine
from tui.domain.logstore.rows import Rows
from tui.domain.logstore.rules import RowRules
from tui.domain.logstore.store import LogStore
from tui.domain.logstore.wrap import WrappedRows
from tui.services.log_spill import LogSpill

PAGE = 1000
START = 1_700_000_000_000_000_000
SAID = "the quick model learns slowly when its data is short and noisy but never stops trying again"
REPLICAS = 4
CHOSEN = Random(1)  # noqa: S311 (the same lines each time)


def entry(number: int) -> LogEntry:
    """One of the kinds that a training job prints, about 90 characters on average."""
    replica = f"workerpool{number % REPLICAS > 0:d}-{number % REPLICAS}"
    kind, percent = number % 20, number // 20 % 100
    if kind == 7:
        text = f"epoch 3:  {percent}%|███▌      | {percent}/100 [01:12<05:00,  1.45it/s, loss=1.2345]"
    elif kind == 13:
        text = f"WARNING:root:gradient norm {number % 97 / 7:.3f} at step {number} is above 5.0 and clipped"
    else:
        said = SAID[number % 40 : number % 40 + 46]
        text = f"step {number} loss {number % 1009 / 97:.4f} tokens/s {number % 331 * 31.7:.1f} | {said}"
    severity = 500 if kind in (7, 13) else 200
    ident = f"1x{number * 2_654_435_761 % 2**40:010x}f0"
    return LogEntry(
        START + number * 1_000_000, ident, f"projects/p/logs/{replica}", severity, text, replica=replica
    )


def page(begin: int, count: int = PAGE) -> list[LogEntry]:
    """Entries in order."""
    return [entry(number) for number in range(begin, begin + count)]


def memory() -> float:
    """MiB of this process that are in memory."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def taken(work: Callable[[], object]) -> float:
    """Seconds."""
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def filled(
    store: LogStore, begins: Iterable[int], *, count: int = PAGE, backfill: bool = False
) -> tuple[float, float]:
    """Lines a second into the store, and the longest time for one page in ms."""
    times = []
    for begin in begins:
        entries = page(begin, count)
        times.append(taken(partial(store.add, entries, backfill=backfill)))
    return len(times) * count / sum(times), max(times) * 1000


def plain(count: int) -> float:
    """MiB of as many entries in a list."""
    before = memory()
    entries = [each for begin in range(0, count, PAGE) for each in page(begin)]
    entries.sort(key=lambda each: each.key)
    return memory() - before


def sliced(name: str, steps: Iterator[None]) -> None:
    """Print how long all steps took, and the longest of them."""
    times: list[float] = []
    begin = last = time.perf_counter()
    for _ in steps:
        now = time.perf_counter()
        times.append(now - last)
        last = now
    whole = (time.perf_counter() - begin) * 1000
    print(f"{name}: {whole:,.0f} ms in {len(times)} steps of at most {max(times) * 1000:.1f} ms")


def fill(count: int) -> LogStore:
    """Append, prepend, mix; the store of all lines."""
    before = memory()
    store = LogStore(count)
    rate, worst = filled(store, range(0, count, PAGE))
    print(f"appended: {rate:,.0f} lines/s, a page of {PAGE:,} in at most {worst:.0f} ms")
    size = sum(len(block.text()) for block in store.blocks) / len(store)
    print(f"memory: {memory() - before:.0f} MiB for {len(store):,} lines of {size:.0f} bytes")
    part = min(count, 200_000)
    rate, worst = filled(LogStore(count), range(part - PAGE, -1, -PAGE), backfill=True)
    print(f"older pages first to last: {rate:,.0f} lines/s, a page in at most {worst:.0f} ms")
    rate, worst = filled(LogStore(count), range(0, part // 10, 10), count=10)
    print(f"appended by tens: {rate:,.0f} lines/s, at most {worst:.1f} ms")
    shuffled = CHOSEN.sample(range(0, part // 4, 25), part // 100)
    rate, worst = filled(LogStore(count), shuffled, count=25)
    print(f"in random order by 25: {rate:,.0f} lines/s, at most {worst:.1f} ms")
    rate, _ = filled(store, range(0, part, PAGE))
    print(f"all of it known already: {rate:,.0f} lines/s")
    return store


def look(store: LogStore) -> None:
    """Read lines at random, filter, fold, wrap, and take in new lines."""
    places = [CHOSEN.randrange(len(store)) for _ in range(10_000)]
    each = taken(lambda: [store.line(place) for place in places]) / len(places)
    print(f"a line at random: {each * 1e6:.1f} µs")
    rows = Rows(store)
    choices = {
        "bars unfolded": RowRules(fold_bars=False),
        "warnings and worse": RowRules(least_level=400),
        "one replica, bars unfolded": RowRules(replicas=frozenset({"workerpool1-1"}), fold_bars=False),
        "a match in 16 lines with 2 around it": RowRules(matches=sixteenth, context=2),
        "bars folded": RowRules(),
    }
    for name, rules in choices.items():
        rows.apply(rules)
        sliced(f"rows, {name}", rows.rebuild())
        tops = [CHOSEN.randrange(len(rows) - 60) for _ in range(300)]
        times = [taken(partial(screen, store, rows, top)) for top in tops]
        print(f"  {len(rows):,}; 60 of them anywhere: {quantile(times):.1f} ms (95 %)")
    wrapped = WrappedRows(rows, 70)
    sliced("wrapped at 70 columns", wrapped.rebuild())
    follow(store, rows, wrapped)


def sixteenth(block: Block) -> range:
    """What matches of a block."""
    return range(0, len(block), 16)


def screen(store: LogStore, rows: Rows, top: int) -> list[LogLine]:
    """What a screen of 60 lines shows."""
    return [store.line(rows.row(row).line) for row in range(top, top + 60)]


def follow(store: LogStore, rows: Rows, wrapped: WrappedRows) -> None:
    """Print how long rows and their places take when lines come."""
    plainly: list[float] = []
    broken: list[float] = []
    for begin in range(len(store), len(store) + 20_000, 100):
        change = store.add(page(begin, 100))
        plainly.append(taken(partial(rows.update, change)) + taken(partial(len, rows)))
        broken.append(taken(wrapped.update))
    print(f"rows after 100 more lines: {quantile(plainly):.2f} ms (95 %)")
    print(f"  wrapped: {quantile(broken):.2f} ms more")


def spill(count: int) -> None:
    """A tenth in memory, the rest on disk."""
    room = LogSpill()
    store = LogStore(count // 10, room)
    rate, worst = filled(store, range(0, count, PAGE))
    print(f"spilling: {rate:,.0f} lines/s, a page in at most {worst:.0f} ms")
    print(f"  {store.spilled:,} lines on disk in {room.size / 2**20:.0f} MiB")
    times = [taken(partial(store.line, CHOSEN.randrange(store.spilled))) for _ in range(300)]
    print(f"  one of them at random: {quantile(times):.1f} ms (95 %)")
    rows = Rows(store)
    rows.apply(RowRules(least_level=400))
    sliced("  rows, warnings and worse", rows.rebuild())
    room.close()


def quantile(times: Sequence[float]) -> float:
    """The 95th percentile in ms."""
    return statistics.quantiles(times, n=20)[-1] * 1000


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=1_000_000)
    count = max(parser.parse_args().lines // PAGE, 1) * PAGE
    look(fill(count))
    spill(count)
    tenth = count // 10
    print(f"the peer: {tenth:,} entries in a sorted list are {plain(tenth):.0f} MiB")


if __name__ == "__main__":
    main()
