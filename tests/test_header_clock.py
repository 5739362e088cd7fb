"""The clock of the header: when the list was last right, drawn when its minute is another, and when asked."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.support import wait_for
from tests.test_frame import make_app
from tui.domain.access import Identity
from tui.domain.errors import CloudError
from tui.domain.jobs import Job, JobState
from tui.domain.places import Place
from tui.panes import messages
from tui.services.jobwatch import JobsSnapshot, snapshot_of
from tui.services.placewatch import PlaceState

AT = datetime(2026, 11, 22, 12, 0, 2, tzinfo=UTC)
ERROR = CloudError("No answer from Vertex AI")
JOBS = (Job("projects/1/locations/r/customJobs/1", "one", JobState.RUNNING, AT),)


def read(seconds: float, other: float | None = None) -> JobsSnapshot:
    """Two places, read at so many seconds."""
    times = [AT + timedelta(seconds=each) if each is not None else None for each in (seconds, other)]
    states = tuple(
        PlaceState(Place("kelp-train", f"r{number}"), when, whole=when is not None)
        for number, when in enumerate(times)
    )
    return snapshot_of(JOBS, states)


def shown(seconds: float) -> str:
    return f"jobs {(AT + timedelta(seconds=seconds)).astimezone():%H:%M:%S}"


async def test_the_clock_is_that_of_the_oldest_success_and_drawn_once_a_minute(home: Path) -> None:
    app = make_app(home)
    async with app.run_test(size=(80, 24)) as pilot:
        header = app.header
        before = header.status
        app._jobs_read(replace(read(0, 0), kept=True))
        app._jobs_read(read(1))
        assert header.status == before, "a place was not read yet"
        app._jobs_read(read(3, 1))
        assert header.status == shown(1)
        app._jobs_read(read(30, 29))
        assert header.status == shown(1), "the minute is the same"
        app._jobs_read(read(60, 61))
        assert header.status == shown(60)
        app._jobs_read(replace(read(62, 63), jobs=(*JOBS, replace(JOBS[0], name="two"))))
        assert header.status == shown(62), "the list is another, and drawn anyhow"
        app._asked_at = AT + timedelta(seconds=64)
        app._jobs_read(replace(read(65, 63), jobs=app.jobs.jobs))
        assert header.status == shown(62), "one place was not read since"
        app._jobs_read(replace(read(65, 64), jobs=app.jobs.jobs))
        assert header.status == shown(64)
        app._jobs_read(replace(read(66, 66), jobs=app.jobs.jobs))
        assert header.status == shown(64)
        await pilot.pause()


async def test_trouble_and_its_end_are_told_at_once(home: Path) -> None:
    app = make_app(home)
    async with app.run_test(size=(80, 24)) as pilot:
        header = app.header
        app._jobs_read(read(0, 0))
        app._jobs_read(replace(read(1, 0), trouble=ERROR))
        assert (header.status, header.trouble) == ("✗ No answer from Vertex AI", True)
        app._say_trouble("account", CloudError("Not signed in"))
        app._jobs_read(read(2, 2))
        assert header.status == "✗ Not signed in"
        app._show_account(Identity("ana@example.com", "local"))
        assert (header.status, header.trouble) == (shown(2), False)
        app.post_message(messages.DataFresh("storage", AT))
        await wait_for(lambda: header.status == shown(0).replace("jobs", "storage"))
        app._jobs_read(read(3, 3))
        assert "storage" in header.status
        app._jobs_read(read(60, 60))
        assert header.status == shown(60)
        await pilot.pause()


async def test_of_several_places_the_good_ones_tell_their_time_beside_how_many_are_bad(home: Path) -> None:
    app = make_app(home)

    def partly(seconds: float) -> JobsSnapshot:
        states = read(seconds, seconds).places
        return snapshot_of(
            JOBS, (states[0], replace(states[1], read_at=None, trouble=CloudError("Not found")))
        )

    async with app.run_test(size=(120, 24)):
        app._jobs_read(partly(1))
        assert app.header.status == f"{shown(1)} · 1 of 2 places: not found"
        app._jobs_read(partly(20))
        assert app.header.status.startswith(shown(1)), "the minute is the same"
        app._jobs_read(partly(61))
        assert app.header.status.startswith(shown(61))
        assert app.header.trouble
        app._jobs_read(read(62, 62))
        assert (app.header.status, app.header.trouble) == (shown(62), False)
