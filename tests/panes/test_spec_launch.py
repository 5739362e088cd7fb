"""A start that waits for the connection, and earlier ones of which nothing is known."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from textual.widgets import Input

from tests.panes.spec_world import GOOD, FakeGateway, SpecApp
from tests.panes.test_spec_preflight import LOST, ask, asked, lines, make, until
from tests.support import wait_for
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.jobs import OWN_LABEL, JobPage
from tui.panes.spec_dialogs import RequestScreen, SecretScreen
from tui.panes.spec_preflight import ConnectingScreen
from tui.services import submission
from tui.services.jobwatch import JobsSnapshot
from tui.services.settings import Settings
from tui.services.submission import Submitter
from tui.widgets.help import HelpScreen


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "my-run.yaml"
    path.write_text(GOOD)
    return path


def connect(app: SpecApp, gateway: FakeGateway) -> None:
    app.pane.gateway = gateway.as_gateway()


async def test_a_start_waits_for_the_connection_and_goes_on_by_itself(tmp_path: Path, spec: Path) -> None:
    gateway = FakeGateway()
    app = make(tmp_path, spec, gateway)
    app._gateway = None
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_for(lambda: app.editor.text and app.editor.has_focus)
        await pilot.press("ctrl+r")
        await until(pilot, lambda: "Waiting for the connection" in app.shown)
        app.pane.connection_trouble = CloudError("Cannot be reached", kind=ErrorKind.UNREACHABLE)
        await until(pilot, lambda: "Cannot be reached" in app.shown)
        connect(app, gateway)
        await asked(app, pilot)
        await pilot.press("y")
        await wait_for(lambda: app.opened)
    assert len(gateway.jobs.created) == 1


async def test_the_wait_for_the_connection_can_be_left(tmp_path: Path, spec: Path) -> None:
    gateway = FakeGateway()
    app = make(tmp_path, spec, gateway)
    app._gateway = None
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_for(lambda: app.editor.text and app.editor.has_focus)
        await pilot.press("ctrl+r")
        await until(pilot, lambda: isinstance(app.screen, ConnectingScreen))
        await pilot.press("escape")
        await wait_for(lambda: "Nothing was started" in app.notice)
        connect(app, gateway)
        await pilot.pause()
        assert app.screen is app.screen_stack[0]
        await ask(app, pilot)


async def test_what_lies_over_the_wait_is_not_closed_by_it(tmp_path: Path, spec: Path) -> None:
    gateway = FakeGateway()
    app = make(tmp_path, spec, gateway)
    app._gateway = None
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_for(lambda: app.editor.text and app.editor.has_focus)
        await pilot.press("ctrl+r")
        await until(pilot, lambda: isinstance(app.screen, ConnectingScreen))
        app.push_screen(HelpScreen(app.screen))
        await until(pilot, lambda: isinstance(app.screen, HelpScreen))
        connect(app, gateway)
        await pilot.pause()
        assert isinstance(app.screen, HelpScreen)
        await pilot.press("escape")
        await asked(app, pilot)


async def test_a_secret_set_at_the_start_is_known_to_the_list_at_once(tmp_path: Path, spec: Path) -> None:
    app = SpecApp(tmp_path, spec, FakeGateway(), Settings(region="europe-west4"))
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_for(lambda: (9, "unset-reference") in app.found)
        await pilot.press("ctrl+r")
        await until(pilot, lambda: isinstance(app.screen, SecretScreen))
        app.screen.query_one(Input).value = "hf_typed"
        await pilot.press("enter")
        await asked(app, pilot)
        problems = app.pane.query_one("#spec-problems")
        await wait_for(lambda: (9, "unset-reference") not in _found(problems))


def _found(problems: object) -> list[tuple[int, str]]:
    return [(item.line, item.code) for item in getattr(problems, "problems", ())]


async def test_the_command_says_what_gcloud_does_with_references(tmp_path: Path, spec: Path) -> None:
    gateway = FakeGateway()
    app = make(tmp_path, spec, gateway)
    async with app.run_test(size=(80, 24)) as pilot:
        told = lines(await ask(app, pilot))
        assert "# gcloud sends ${…} as it stands: fill in HF_TOKEN, BUCKET_NAME first." in told
        await pilot.press("n")
        await until(pilot, lambda: app.screen is app.screen_stack[0])
        await pilot.press("alt+x")
        await until(pilot, lambda: isinstance(app.screen, RequestScreen))
        await pilot.press("c")
        await until(pilot, lambda: "Copied the gcloud command" in app.shown)
        assert app.clipboard.startswith(
            "# gcloud sends ${…} as it stands: fill in HF_TOKEN, BUCKET_NAME first.\n"
        )
        assert (app.paths.state_dir / "copied.txt").read_text() == app.clipboard


class NoList:
    """`list_jobs` while the list cannot be read."""

    async def __call__(self, **_wanted: object) -> JobPage:
        raise CloudError("Unreachable", kind=ErrorKind.UNREACHABLE, retryable=True)


async def test_a_start_in_doubt_is_never_told_as_not_sent_and_found_when_the_list_is_back(
    tmp_path: Path, spec: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(submission, "LOOK_SECONDS", (0.01,))
    monkeypatch.setattr(submission, "SETTLE_SECONDS", 0.05)
    monkeypatch.setattr(Submitter.look_for, "__kwdefaults__", {"seconds": 0.05})
    gateway = FakeGateway()
    app = make(tmp_path, spec, gateway)
    create = gateway.jobs.create_job

    async def lose_reply(custom_job: dict[str, object]) -> None:
        await create(custom_job)
        raise LOST

    monkeypatch.setattr(gateway.jobs, "create_job", lose_reply)
    async with app.run_test(size=(80, 24)) as pilot:
        await ask(app, pilot)
        with monkeypatch.context() as broken:
            broken.setattr(gateway.jobs, "list_jobs", NoList())
            await pilot.press("y")
            await until(pilot, lambda: "Look for the job for another minute?" in app.shown)
            await until(pilot, lambda: getattr(app.screen, "open_for_keys", False))
            await pilot.press("n")
            await until(pilot, lambda: app.screen is app.screen_stack[0])
            (sent,) = gateway.jobs.created
            for words in ("is not known", sent["labels"][OWN_LABEL], "sent at", "alt+l"):
                assert words in app.notice
            assert "Nothing" not in app.notice
            assert "not sent" not in app.notice
            await wait_for(lambda: app.pane.check_action("look_again", ()))
            await pilot.press("alt+l")
            await until(pilot, lambda: "is not known" in app.earlier)
        app.pane.jobs = JobsSnapshot(read_at=datetime.now(UTC))
        await until(pilot, lambda: "was started" in app.earlier and "not known" not in app.earlier)
        assert "is not known" in app.notice
        assert not app.pane.check_action("look_again", ())
    assert len(gateway.jobs.created) == 1
