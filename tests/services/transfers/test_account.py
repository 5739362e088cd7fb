"""The line above the footer: what moves, then what has stopped, what has ended, what was left."""

from __future__ import annotations

from pathlib import Path

from tui.domain.storage import GcsUri
from tui.services.transfers.account import of_sizes, strip_words
from tui.services.transfers.hub import Hub
from tui.services.transfers.model import Direction, FileWork, State, Transfer

PLACE = GcsUri("kelp", "runs/")


def transfer(*states: State, reason: str = "", old: bool = False) -> Transfer:
    files = [
        FileWork(number, Path(f"/home/{number}"), GcsUri("kelp", f"runs/{number}"), 1024, state=state)
        for number, state in enumerate(states)
    ]
    done = Transfer(Direction.DOWN, str(PLACE), Path("/home"), PLACE, files, restored=old)
    done.held, done.reason = bool(reason), reason
    done.began = 0.0 if old else 1.0
    return done


def left() -> Transfer:
    return transfer(State.QUEUED, reason="left unfinished by an earlier session", old=True)


async def test_what_an_earlier_session_left_hides_nothing() -> None:
    hub = Hub()
    hub.transfers, hub.unseen = [left(), left()], True
    assert strip_words(hub) == (
        "‖ left unfinished by an earlier session: download gs://kelp/runs/ and 1 more · f6 shows it",
        "warning",
    )
    hub.transfers.append(transfer(State.DONE, State.KEPT))
    words = "✓ downloaded 1 file, 1.0 KiB · 1 kept as they were · 2 paused · f6 shows transfers"
    assert strip_words(hub) == (words, "success")
    hub.transfers.append(transfer(State.DONE, State.FAILED))
    words = "✗ 1 of 4 files failed · 2 paused · f6 shows why and tries again"
    assert strip_words(hub) == (words, "error")
    hub.look()
    assert strip_words(hub)[0].startswith("‖ left unfinished")
    hub.transfers.append(transfer(State.QUEUED, reason="the disk is full"))
    words = "‖ the disk is full: download gs://kelp/runs/ · 2 paused · f6 shows it"
    assert strip_words(hub) == (words, "warning")
    hub.transfers.append(transfer(State.RUNNING))
    assert strip_words(hub) == ("↓ 0 of 1 file · 0 B of 1.0 KiB · 1 stopped: f6 shows why", "warning")


async def test_what_was_seen_is_not_told_again() -> None:
    hub = Hub()
    hub.transfers = [transfer(State.DONE, State.FAILED)]
    hub.look()
    hub.transfers += [transfer(State.DONE, State.KEPT), transfer(State.DONE)]
    hub.unseen = True
    words = "✓ 2 transfers ended: 2 files, 2.0 KiB · 1 kept as they were · f6 shows transfers"
    assert strip_words(hub) == (words, "success")


def test_sizes_side_by_side_are_short() -> None:
    assert of_sizes(907_000, 2_000_000) == "886 KiB of 1.9 MiB"
    assert of_sizes(1_300_000_000, 4_300_000_000) == "1.2 of 4.0 GiB"
