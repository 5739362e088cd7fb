"""The Jobs pane on recorded jobs: rows, filter, marks, detail, and what a refresh must not lose."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from textual.app import App, ComposeResult
from textual.widgets import Input, OptionList, Static

from tests.support import wait_for
from tui import assets
from tui.domain.errors import CloudError
from tui.domain.jobs import Job, JobError, JobState, WorkerPool
from tui.domain.places import Place
from tui.panes.jobs import JobsPane
from tui.services.jobwatch import JobsSnapshot
from tui.services.options import AppOptions
from tui.services.paths import find_paths
from tui.services.placewatch import PlaceState
from tui.services.settings import Settings
from tui.widgets.rows import RowList
from tui.widgets.state_view import StateView

NOW = datetime.now(UTC)


def _job(number: int, state: JobState = JobState.SUCCEEDED, **more: object) -> Job:
    job = Job(
        name=f"projects/1/locations/r/customJobs/{number}",
        display_name=f"job-{number}",
        state=state,
        create_time=NOW - timedelta(minutes=number),
        pools=(WorkerPool("e2-standard-4", replica_count=1),),
    )
    return replace(job, **more)  # type: ignore[arg-type]


JOBS = (
    _job(1, JobState.RUNNING, start_time=NOW - timedelta(seconds=50)),
    _job(2, JobState.FAILED, error=JobError(3, "The replica exited with a non-zero status of 3.")),
    _job(3, display_name="odd [red]x[/]\x1b[31m"),
)


class JobsApp(App[None]):
    """Only the pane."""

    CSS_PATH = [assets.STYLES / "frame.tcss", assets.STYLES / "jobs.tcss"]  # noqa: RUF012 (Textual's)

    def __init__(self, tmp_path: Path) -> None:
        super().__init__()
        paths = find_paths({"VERTEX_TUI_HOME": str(tmp_path)})
        self.pane = JobsPane(AppOptions(Settings(), {}, local=True, spec=None, paths=paths))

    def compose(self) -> ComposeResult:
        yield self.pane

    @property
    def table(self) -> RowList:
        return self.query_one(RowList)

    @property
    def detail(self) -> str:
        return str(self.query_one("#jobs-detail-text", Static).content)


@pytest.fixture
def app(tmp_path: Path) -> JobsApp:
    return JobsApp(tmp_path)


@pytest.mark.parametrize("size", [(80, 24), (160, 50)])
async def test_rows_and_the_detail_of_the_one_under_the_cursor(app: JobsApp, size: tuple[int, int]) -> None:
    async with app.run_test(size=size) as pilot:
        app.pane.jobs = JobsSnapshot(JOBS, read_at=NOW)
        app.pane.pane_shown()
        await pilot.pause()
        await wait_for(lambda: app.table.row_count == 3)
        await wait_for(lambda: "running" in app.detail)
        await pilot.press("j")
        await wait_for(lambda: "non-zero status of 3" in app.detail)
        name = app.pane.cells(JOBS[2].name, {})[1].plain
        assert "odd [red]x[/]" in name
        assert "\x1b" not in name


async def test_a_refresh_keeps_cursor_marks_and_filter(app: JobsApp) -> None:
    async with app.run_test(size=(120, 30)) as pilot:
        app.pane.jobs = JobsSnapshot(JOBS, read_at=NOW)
        app.pane.pane_shown()
        await wait_for(lambda: app.table.row_count == 3)
        await pilot.press("slash", *"job-", "enter", "j", "space", "k")
        assert app.table.row_count == 2
        before = app.table.cursor_key
        newer = _job(0, JobState.QUEUED)
        app.pane.jobs = JobsSnapshot((newer, *JOBS), read_at=NOW)
        await wait_for(lambda: app.table.row_count == 3)
        assert app.table.cursor_key == before
        assert "1 marked" in str(app.table.border_title)
        assert app.query_one(Input).value == "job-"
        assert app.pane.go_back()
        await wait_for(lambda: app.table.row_count == 4)
        assert app.pane.go_back()
        assert not app.table.marked
        assert not app.pane.go_back()


async def test_a_short_list_above_the_detail_leaves_it_room(app: JobsApp) -> None:
    jobs = tuple(_job(number) for number in range(1, 30))
    async with app.run_test(size=(80, 24)) as pilot:
        app.pane.jobs = JobsSnapshot(jobs, read_at=NOW)
        app.pane.pane_shown()
        await wait_for(lambda: app.table.row_count == 29 and app.table.size.height)
        usual = app.pane.panel.size.height
        await pilot.press("slash", *"job-17", "enter")
        await wait_for(lambda: app.pane.panel.size.height > usual)
        assert app.table.outer_size.height == 6
        app.pane.go_back()
        await wait_for(lambda: app.pane.panel.size.height == usual)
        await pilot.press("slash", *"job-17")
        await pilot.resize_terminal(160, 50)
        await wait_for(lambda: app.table.size.height > 30, what="beside the list there is no need")


async def test_notes_go_with_the_next_key_and_results_with_the_next_action(app: JobsApp) -> None:
    async with app.run_test(size=(120, 30)) as pilot:
        app.pane.jobs = JobsSnapshot(JOBS, read_at=NOW)
        app.pane.pane_shown()
        note = app.query_one("#jobs-note", Static)
        await pilot.press("w")
        await wait_for(lambda: "The end of job-1 will be told." in str(note.content))
        await pilot.press("j")
        await wait_for(lambda: note.has_class("hidden"))
        await pilot.press("o")
        await wait_for(lambda: "Not connected yet: o opens" in str(note.content))
        app.pane.say("2 deleted, 1 failed", stays=True)
        await pilot.press("j", "k", "G")
        assert not note.has_class("hidden")
        app.pane.doing = "Deleting 1 of 3"
        await pilot.press("s")
        assert not note.has_class("hidden")
        app.pane.doing = ""
        await pilot.press("s")
        await wait_for(lambda: note.has_class("hidden"))


async def test_first_use_trouble_and_stale_are_said_in_words(app: JobsApp) -> None:
    async with app.run_test(size=(100, 30)) as pilot:
        view = app.query_one(StateView)
        assert "Reading the job list" in str(view.content)
        error = CloudError("The Vertex AI API is off", "not used before", hint="Press 1")
        app.pane.jobs = JobsSnapshot(trouble=error, trouble_since=NOW, next_try=NOW)
        await pilot.pause()
        assert "The Vertex AI API is off" in str(view.content)
        assert "Press 1" in str(view.content)
        app.pane.jobs = JobsSnapshot(read_at=NOW)
        await pilot.pause()
        assert "No custom jobs" in str(view.content)
        place = PlaceState(Place("kelp-train", "r"), NOW, True, error, NOW, NOW)  # noqa: FBT003 (in order)
        app.pane.jobs = JobsSnapshot(JOBS, read_at=NOW, trouble=error, trouble_since=NOW, places=(place,))
        await wait_for(lambda: "as of" in str(app.table.border_subtitle))


async def test_only_possible_actions_are_offered(app: JobsApp) -> None:
    async with app.run_test(size=(120, 30)) as pilot:
        app.pane.jobs = JobsSnapshot(JOBS, read_at=NOW)
        app.pane.pane_shown()
        await wait_for(lambda: app.table.row_count == 3)
        assert app.pane.check_action("cancel", ())
        assert not app.pane.check_action("delete", ())
        await pilot.press("j")
        assert not app.pane.check_action("cancel", ())
        assert app.pane.check_action("delete", ())


async def test_the_cursor_is_on_the_first_match_or_on_the_job_of_before(app: JobsApp) -> None:
    jobs = tuple(_job(number) for number in (1, 12, 123, 2))
    async with app.run_test(size=(120, 30)) as pilot:
        app.pane.jobs = JobsSnapshot(jobs, read_at=NOW)
        app.pane.pane_shown()
        await wait_for(lambda: app.table.row_count == 4)
        await pilot.press("slash", *"job-12")
        await wait_for(lambda: app.table.row_count == 2)
        assert app.table.cursor_key == jobs[1].name
        app.pane.go_back()
        await pilot.press("G")
        await wait_for(lambda: app.table.cursor_key == jobs[3].name)
        await pilot.press("slash", *"job-")
        await wait_for(lambda: app.query_one(Input).value == "job-")
        assert app.table.cursor_key == jobs[3].name


def _state(region: str, *, read: bool, trouble: str = "", project: str = "kelp") -> PlaceState:
    error = CloudError(trouble) if trouble else None
    return PlaceState(Place(project, region), NOW if read else None, whole=read, trouble=error)


async def test_the_first_row_stays_the_first_until_the_first_fresh_list_is_there(app: JobsApp) -> None:
    new = tuple(_job(-number) for number in (3, 2, 1))
    read, reading = _state("r", read=True), _state("s", read=False)
    async with app.run_test(size=(120, 30)):
        app.pane.jobs = JobsSnapshot(JOBS, read_at=NOW, kept=True)
        app.pane.pane_shown()
        await wait_for(lambda: app.table.row_count == 3)
        app.pane.jobs = JobsSnapshot((new[2], *JOBS), read_at=NOW, places=(read, reading))
        assert app.table.cursor_key == new[2].name
        assert "first 4" in str(app.table.border_title)
        app.pane.jobs = JobsSnapshot((*new[1:], *JOBS), read_at=NOW, places=(read, read))
        assert app.table.cursor_key == new[1].name
        app.pane.jobs = JobsSnapshot((*new, *JOBS), read_at=NOW, places=(read, read))
        assert app.table.cursor_key == new[1].name, "only the first list"


async def test_what_of_the_places_could_not_be_read_is_said_with_all_their_names(app: JobsApp) -> None:
    places = (
        _state("us-central1", read=True),
        _state("nowhere-east9", read=False, trouble="Not found"),
        _state("europe-west4", read=False, trouble="Not found", project="other"),
    )
    async with app.run_test(size=(120, 30)):
        app.pane.jobs = JobsSnapshot(JOBS, read_at=NOW, places=places)
        assert "Jobs 3 without 2 places" in str(app.table.border_title)
        assert "Not found: nowhere-east9, other/europe-west4" in str(app.table.border_subtitle)


async def test_at_80_columns_what_fits_is_shown_and_the_chooser_tells_what_does_not(app: JobsApp) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        app.pane.jobs = JobsSnapshot(JOBS[:2], read_at=NOW)
        app.pane.pane_shown()
        await wait_for(lambda: app.table.row_count == 2 and app.table.scrollable_content_region.width > 60)
        keys = ["state", "name", "age", "ran", "progress", "cost"]
        assert not app.pane._without_room(keys)
        assert app.pane._without_room([*keys[:2], "machine", *keys[2:]]) == {"cost"}
        await pilot.press("C")
        await wait_for(lambda: bool(app.screen.query(OptionList)))
        options = app.screen.query_one(OptionList).options
        assert [str(each.prompt).split()[1] for each in options if "no room" in str(each.prompt)] == ["COST"]


async def test_a_key_that_does_nothing_to_a_job_says_why(app: JobsApp) -> None:
    async with app.run_test(size=(120, 30)) as pilot:
        app.pane.jobs = JobsSnapshot(JOBS, read_at=NOW)
        app.pane.pane_shown()
        await wait_for(lambda: app.table.row_count == 3)
        note = app.query_one("#jobs-note", Static)
        await pilot.press("w")
        await wait_for(lambda: "will be told" in str(note.content))
        ended = replace(JOBS[0], state=JobState.SUCCEEDED)
        app.pane.jobs = JobsSnapshot((ended, *JOBS[1:]), read_at=NOW)
        assert not str(note.content), "it has ended"
        await pilot.press("c")
        assert str(note.content) == "job-1 has ended: succeeded. There is nothing to cancel."
        await pilot.press("w")
        assert str(note.content) == "job-1 has ended: succeeded. There is no end to wait for."
        await pilot.press("asterisk", "c")
        assert "None of the 3 marked jobs can be cancelled" in str(note.content)
