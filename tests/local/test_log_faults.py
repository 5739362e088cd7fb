"""Entries that come late, twice, or out of order: none of them is ever lost."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import PATIENCE
from tui.local.clock import now_ns, stamp, unstamp
from tui.local.faults.book import FaultBook, Rule
from tui.local.limits import is_full
from tui.local.state import held
from tui.local.state.database import Database
from tui.local.state.entries import Entries
from tui.local.state.entry_pages import Bounds
from tui.local.wire import gtypes

JOB = "123"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database(tmp_path / "state.db")
    yield made
    made.close()


def lines(entries: Entries, count: int, *, task: str = "workerpool0-0", kind: str = "ml_job") -> list[Any]:
    """Entries as a replica's output makes them, a millisecond apart."""
    begin = now_ns()
    made = []
    for number in range(count):
        entry = gtypes.LogEntry(text_payload=f"line {number}", insert_id=entries.insert_id(), log_name=task)
        entry.resource.type = kind
        entry.resource.labels["job_id"] = JOB
        entry.resource.labels["task_name"] = task
        stamp(entry.timestamp, begin + number * 1_000_000)
        stamp(entry.receive_timestamp, begin)
        made.append(entry)
    return made


async def listed(entries: Entries) -> list[Any]:
    page = await entries.page(Bounds(job_id=JOB), None, after=None, newest_first=False, size=5000)
    return [gtypes.LogEntry.FromString(data) for data in page.entries]


async def texts(entries: Entries) -> list[str]:
    return [entry.text_payload for entry in await listed(entries)]


async def until_listed(entries: Entries, count: int) -> list[Any]:
    """Wait until so many are listed: after each batch that tails are told of."""
    more = asyncio.Event()
    stop = entries.listen(lambda _batch: more.set())
    async with asyncio.timeout(PATIENCE):
        while len(found := await listed(entries)) < count:
            await more.wait()
            more.clear()
    stop()
    return found


class Listener:
    """What a tail is told."""

    def __init__(self, entries: Entries) -> None:
        self.texts: list[str] = []
        entries.listen(lambda batch: self.texts.extend(entry.text_payload for entry in batch))


def book(**rule: Any) -> FaultBook:
    made = FaultBook()
    made.add(Rule(**({"kind": "log", "pattern": "*"} | rule)))
    return made


async def test_late_entries_come_with_their_old_time(database: Database) -> None:
    entries = Entries(database, book(effect="late", options={"seconds": 0.2}, times=2))
    told = Listener(entries)
    sent = lines(entries, 5)
    entries.append(sent, position=(JOB, "workerpool0-0", 77))
    assert told.texts == await texts(entries) == ["line 2", "line 3", "line 4"]
    found = await until_listed(entries, 5)
    assert [entry.text_payload for entry in found] == [f"line {number}" for number in range(5)]
    assert [unstamp(entry.timestamp) for entry in found] == [unstamp(entry.timestamp) for entry in sent]
    assert unstamp(found[0].receive_timestamp) > unstamp(sent[-1].receive_timestamp)
    assert told.texts[3:] == ["line 0", "line 1"]
    assert entries.offset(JOB, "workerpool0-0") == 77


async def test_late_entries_outlive_the_server(database: Database, tmp_path: Path) -> None:
    entries = Entries(database, book(effect="late", options={"seconds": 0.3}))
    entries.append(lines(entries, 3), position=(JOB, "workerpool0-0", 9))
    entries.close()
    # Another server finds them, with the position stored beside them, and without any rule.
    again = Database(tmp_path / "state.db")
    after = Entries(again)
    assert after.offset(JOB, "workerpool0-0") == 9
    found = await until_listed(after, 3)
    assert [entry.text_payload for entry in found] == ["line 0", "line 1", "line 2"]
    after.close()
    again.close()


async def test_late_entries_that_were_due_while_no_server_ran_come_at_once(
    database: Database, tmp_path: Path
) -> None:
    entries = Entries(database, book(effect="late", options={"seconds": 0}))
    entries.append(lines(entries, 2500))
    entries.close()
    again = Database(tmp_path / "state.db")
    after = Entries(again)
    await until_listed(after, 2500)
    after.close()
    again.close()


async def test_doubles_reach_tails_and_not_lists(database: Database) -> None:
    entries = Entries(database, book(effect="duplicate", times=1))
    told = Listener(entries)
    entries.append(lines(entries, 2))
    assert told.texts == ["line 0", "line 1", "line 0"]
    assert await texts(entries) == ["line 0", "line 1"]


async def test_shuffled_entries_come_in_another_order(database: Database) -> None:
    entries = Entries(database, book(effect="shuffle", options={"seconds": 0.3}))
    told = Listener(entries)
    entries.append(lines(entries, 30))
    await until_listed(entries, 30)
    ordered = [f"line {number}" for number in range(30)]
    assert told.texts != ordered
    assert sorted(told.texts) == sorted(ordered)
    assert await texts(entries) == ordered


async def test_a_rule_may_name_one_replica(database: Database) -> None:
    entries = Entries(database, book(effect="late", pattern=f"{JOB}/workerpool1-*", options={"seconds": 60}))
    entries.append([*lines(entries, 1), *lines(entries, 1, task="workerpool1-0")])
    assert [entry.resource.labels["task_name"] for entry in await listed(entries)] == ["workerpool0-0"]


async def test_what_no_job_wrote_is_left_alone(database: Database) -> None:
    entries = Entries(database, book(effect="late", options={"seconds": 60}))
    entries.append(lines(entries, 1, kind="global"))
    assert await texts(entries) == ["line 0"]


async def test_a_deleted_log_takes_its_late_entries_along(database: Database) -> None:
    entries = Entries(database, book(effect="late", options={"seconds": 0}))
    entries.append([*lines(entries, 1), *lines(entries, 1, task="workerpool1-0")])
    assert await entries.delete_log("workerpool0-0")
    assert not await entries.delete_log("workerpool0-0")
    # What was due after it is there, so that it would be there as well.
    assert [entry.log_name for entry in await until_listed(entries, 1)] == ["workerpool1-0"]


async def test_late_entries_wait_for_space_on_the_disk(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(held, "RETRY_SECONDS", 0.01)
    entries = Entries(database, book(effect="late", options={"seconds": 0}))
    sent = lines(entries, 3)
    for entry in sent:
        entry.text_payload += "x" * 100_000
    entries.append(sent)
    most = database.connection.execute("PRAGMA max_page_count").fetchone()[0]
    refused = asyncio.Event()

    def noted(error: BaseException) -> bool:
        refused.set()
        return is_full(error)

    monkeypatch.setattr(held, "is_full", noted)
    database.connection.execute("PRAGMA max_page_count=1")
    async with asyncio.timeout(PATIENCE):
        await refused.wait()
    assert await listed(entries) == []
    database.connection.execute(f"PRAGMA max_page_count={most}")
    assert len(await until_listed(entries, 3)) == 3
