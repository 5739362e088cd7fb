"""Trials of what is kept of typed text: random edits, SIGKILL at random moments, a look at what is left.

The tests run a few of them, `benchmarks.campaign` thousands of edits.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from textual.document._document import Document

from tests.support import PATIENCE
from tui.panes.spec_buffer import Buffer
from tui.services.journal import Journal
from tui.services.keeper import Keeper

LOST_AT_MOST = 1.0
"""Seconds of typing that a kill may cost."""
TOKEN = "hf_" + "aB3" * 12
"""What must never be in a journal."""
_LINES = ("workerPoolSpecs:", "  - machineSpec:", "      machineType: n1-standard-4", "# é ü 好", "", "args:")


@dataclass
class Life:
    """One process: how many edits it made before it was killed, and what was wrong with what it left."""

    edits: int = 0
    lost: int = 0
    """Edits that are not in the journal."""
    problems: list[str] = field(default_factory=list)


def digest(text: str) -> str:
    """A short name for a text."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]


def edit(document: Document, rng: random.Random) -> None:
    """Insert, delete or replace something somewhere, as a person or a paste would."""
    row = rng.randrange(document.line_count)
    column = rng.randint(0, len(document.get_line(row)))
    end_row = min(row + rng.choice((0, 0, 0, 1, 3)), document.line_count - 1)
    end_column = rng.randint(0, len(document.get_line(end_row)))
    begin, end = sorted(((row, column), (end_row, end_column)))
    kind = rng.random()
    if kind < 0.6:
        document.replace_range(begin, begin, rng.choice("abc:-# \n"))
    elif kind < 0.8:
        document.replace_range(begin, begin, rng.choice(_LINES) + "\n")
    else:
        document.replace_range(begin, end, rng.choice(("", "x", "y: z")))


async def type_on(home: Path, log: int, seed: int) -> None:
    """Go on from what the session before left, editing until killed; each edit is logged when it is made."""
    rng = random.Random(seed)  # noqa: S311 (edits that can be repeated)
    journal = Journal(home)
    left = journal.leftovers()
    buffer = Buffer(f"# {TOKEN}\nworkerPoolSpecs:\n")
    buffer.key = "the text"
    if left:
        buffer.state.document = Document(left[0].text)

    def trouble(failure: OSError) -> None:
        os.write(log, f"trouble {failure}\n".encode())

    keeper = Keeper(journal, trouble)
    await keeper.keep(buffer)
    for item in left:
        journal.forget(item)
    await keeper.keep(buffer)
    while True:
        os.write(log, f"{time.monotonic()} {digest(kept(buffer.text))}\n".encode())
        await asyncio.sleep(rng.choice((0.0, 0.005, 0.02, 0.02, 0.05)))
        edit(buffer.state.document, rng)
        keeper.changed(buffer)


def kept(text: str) -> str:
    """A text as the journal may hold it."""
    from tui.domain.secrets import hide_found  # noqa: PLC0415 (only the child needs it early)

    return hide_found(text)


def live_once(home: Path, seed: int, longest: float) -> Life:
    """Run one process for a random time, kill it, and compare what it left with what it had logged."""
    rng = random.Random(seed)  # noqa: S311 (edits that can be repeated)
    log_file = home / "typed.log"
    log_file.write_bytes(b"")
    carried = bool(Journal(home).leftovers())
    child = subprocess.Popen([sys.executable, "-m", "tests.services.typist", str(home), str(seed)])
    try:
        end = time.monotonic() + PATIENCE
        while not log_file.stat().st_size and time.monotonic() < end:
            time.sleep(0.002)
        time.sleep(rng.uniform(0.0, longest))
        child.send_signal(signal.SIGKILL)
        killed = time.monotonic()
    finally:
        child.kill()
        child.wait()
    return judge(log_file.read_text().splitlines(), killed, home, carried=carried)


def judge(logged: Sequence[str], killed: float, home: Path, *, carried: bool) -> Life:
    """What the kill cost: the newest text of the log that the journal holds must be young enough.

    `carried` says whether the first text of the log was left by the process before.
    """
    life = Life()
    edits = [line.split() for line in logged if len(line.split()) == 2]
    life.edits = len(edits)
    life.problems += [line for line in logged if line.startswith("trouble")]
    left = Journal(home).leftovers()
    if len(left) > 2:  # the old and the new one, when it was killed while it took over
        life.problems.append(f"{len(left)} texts were left")
    if any(TOKEN in path.read_text() for path in (home / "spec").glob("*.json")):
        life.problems.append("a secret is in the journal")
    names = {digest(item.text) for item in left}
    newest = max((number for number, (_, name) in enumerate(edits) if name in names), default=-1)
    due = [number for number, (when, _) in enumerate(edits) if float(when) < killed - LOST_AT_MOST]
    life.lost = len(edits) - 1 - newest
    if edits and newest < (due[-1] if due else 0 if carried else -1):
        ago = killed - float(edits[max(newest + 1, 0)][0])
        life.problems.append(f"what was typed {ago:.2f} s before the kill is lost ({life.lost} edits)")
    return life


def main() -> None:
    """The process that is killed."""
    home, seed = Path(sys.argv[1]), int(sys.argv[2])
    log = os.open(home / "typed.log", os.O_WRONLY | os.O_APPEND)
    asyncio.run(type_on(home, log, seed))


if __name__ == "__main__":
    main()
