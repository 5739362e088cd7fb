"""What the keys of the Setup pane do on this box and for others: settings, secrets, requests, acceptance."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from textual.widgets import Input

from tests.panes.setup_app import Rows, SetupApp, answer, app, asked, go_to, is_settled, rows, show
from tests.services.setup_world import World, ready_world
from tests.support import settle
from tui.domain.catalog.quotas import Pool
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.setup.facts import TokenVerdict
from tui.domain.setup.model import (
    Check,
    CheckState,
    Fix,
    GrantRoles,
    Group,
    SetSecret,
    SetServiceAccount,
    SetSetting,
    SignIn,
)
from tui.domain.setup.needs import JobNeeds
from tui.panes import setup_here
from tui.panes.messages import SetServiceAccount as ServiceAccountChosen
from tui.panes.messages import SettingsChanged
from tui.panes.setup_rows import Line
from tui.panes.spec_dialogs import SecretScreen
from tui.services import token_checks
from tui.services.acceptance import Acceptances
from tui.services.options import profile_for
from tui.services.secrets import SecretStore
from tui.services.settings import Source
from tui.widgets.text_screen import TextScreen

__all__ = ["app", "rows"]

GRANT = GrantRoles("serviceAccount:sa@kelp-train.iam.gserviceaccount.com", ("roles/logging.logWriter",))


def failing(*fixes: Fix, **more: object) -> Check:
    return Check("x.row", Group.BUCKET, "row", CheckState.FAILED, "not right", fixes=fixes, **more)  # type: ignore[arg-type]


async def test_a_setting_is_saved_and_used_at_once(app: SetupApp, rows: Rows) -> None:
    rows.extra = [failing(SetSetting("quota_project", "kelp-train"))]
    async with app.run_test(size=(100, 30)) as pilot:
        await go_to(app, pilot, "x.row")
        assert app.offers("fix"), "a change of this box needs no connection"
        await pilot.press("f")
        assert "set quota_project to kelp-train" in await asked(app, pilot)
        await answer(app, pilot, "y")
        await settle(pilot, lambda: app.heard(SettingsChanged))
        (message,) = app.heard(SettingsChanged)
        assert isinstance(message, SettingsChanged)
        assert message.values == {"quota_project": "kelp-train"}
        assert 'quota_project = "kelp-train"' in app.paths.config_file.read_text()
        assert "quota_project is kelp-train now" in app.text("#setup-note")


async def test_a_setting_that_cannot_be_saved_is_not_used(app: SetupApp, rows: Rows) -> None:
    rows.extra = [failing(SetSetting("region", "Nowhere!"))]
    async with app.run_test(size=(100, 30)) as pilot:
        await go_to(app, pilot, "x.row")
        await pilot.press("f")
        await answer(app, pilot, "y")
        await settle(pilot, lambda: "was not saved" in app.text("#setup-note"))
        assert not app.heard(SettingsChanged)


@pytest.mark.parametrize(("source", "profile"), [(Source.PROFILE, "lab"), (Source.FILE, "")])
def test_a_setting_goes_where_the_project_is_set(tmp_path: Path, source: Source, profile: str) -> None:
    options = replace(SetupApp(tmp_path, source).pane.options, profile="lab")
    assert profile_for(options, "quota_project") == profile


async def test_a_secret_is_asked_for_without_echo_and_kept(app: SetupApp, rows: Rows) -> None:
    rows.extra = [failing(SetSecret("KELP_TOKEN"), by_hand=True)]
    async with app.run_test(size=(100, 30)) as pilot:
        await go_to(app, pilot, "x.row")
        await pilot.press("f")
        await answer(app, pilot, "y")
        await settle(pilot, lambda: isinstance(app.screen, SecretScreen))
        assert app.screen.query_one(Input).password
        await pilot.press(*"s3cret", "enter")
        await settle(pilot, lambda: "KELP_TOKEN" in (app.pane._facts.secret_names or ()))
        assert SecretStore(app.paths.secrets_file).get("KELP_TOKEN") == "s3cret"
        assert "s3cret" not in app.text("#setup-note")
        await pilot.press("f")
        await answer(app, pilot, "y")
        await settle(pilot, lambda: isinstance(app.screen, SecretScreen))
        await pilot.press("escape")
        await settle(pilot, lambda: "left as it is" in app.text("#setup-note"))


@pytest.mark.parametrize("refused", [False, True])
async def test_a_spec_gets_an_account_only_after_its_roles(app: SetupApp, rows: Rows, refused: bool) -> None:  # noqa: FBT001
    rows.extra = [failing(GRANT, SetServiceAccount("sa@kelp-train.iam.gserviceaccount.com"))]
    world = ready_world()
    if refused:
        world.faults["grant_roles"] = CloudError("No", kind=ErrorKind.DENIED)
    async with app.run_test(size=(100, 30)) as pilot:
        await show(app, pilot, world)
        await go_to(app, pilot, "x.row")
        await pilot.press("f")
        words = await asked(app, pilot)
        assert "roles/logging.logWriter" in words
        assert "set serviceAccount in the open spec" in words
        await answer(app, pilot, "y")
        await settle(pilot, lambda: app.text("#setup-note"))
        assert bool(app.heard(ServiceAccountChosen)) is not refused
        assert ("left out" in app.text("#setup-note")) is refused


async def test_the_last_grant_can_be_taken_back_once(app: SetupApp, rows: Rows) -> None:
    rows.extra = [failing(GRANT)]
    world = ready_world()
    before = list(world.bindings)
    async with app.run_test(size=(100, 30)) as pilot:
        await show(app, pilot, world)
        assert not app.offers("undo")
        await go_to(app, pilot, "x.row")
        await pilot.press("f")
        await answer(app, pilot, "y")
        await settle(pilot, lambda: app.offers("undo"))
        await pilot.press("u")
        words = await asked(app, pilot)
        assert f"take back from {GRANT.member}" in words
        assert "remove-iam-policy-binding" in words
        await answer(app, pilot, "y")
        await settle(pilot, lambda: "Taken back" in app.text("#setup-note"))
        assert world.bindings == before
        assert not app.offers("undo")


async def test_a_login_comes_alone_and_a_success_connects_again(
    app: SetupApp, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[Sequence[str]] = []

    def run(command: Sequence[str]) -> int:
        ran.append(command)
        return len(ran) % 2

    class Suspended:
        def __enter__(self) -> None: ...
        def __exit__(self, *_error: object) -> None: ...

    monkeypatch.setattr(setup_here, "run_in_front", run)
    login = SignIn(("gcloud", "auth", "login", "--no-launch-browser"))
    rows.extra = [failing(login, GRANT)]
    async with app.run_test(size=(100, 30)) as pilot:
        await show(app, pilot, ready_world())
        await go_to(app, pilot, "x.row")
        await pilot.press("f")
        assert "roles/" not in await asked(app, pilot)
        await answer(app, pilot, "y")
        await settle(pilot, lambda: "another shell" in app.text("#setup-note"))
        monkeypatch.setattr(app, "suspend", Suspended)
        for expected, reconnects in (("ended with status 1", 0), ("is done", 1)):
            await pilot.press("f")
            await answer(app, pilot, "y")
            await settle(pilot, lambda expected=expected: expected in app.text("#setup-note"))  # type: ignore[misc]
            await settle(pilot)
            assert len(app.heard(SettingsChanged)) == reconnects
        assert ran == [login.command] * 2


async def test_a_row_can_be_accepted_until_its_finding_changes(app: SetupApp) -> None:
    world = ready_world()
    world.on.discard("logging.googleapis.com")
    row = "apis.logging.googleapis.com"
    async with app.run_test(size=(100, 30)) as pilot:
        await show(app, pilot, world)
        await go_to(app, pilot, row)
        await pilot.press("s")
        await settle(pilot, lambda: app.state(row) is CheckState.ACCEPTED)
        assert Acceptances(app.paths.state_dir, "kelp-train").read() == {row: "off"}
        assert app.badges[-1] == "○"
        assert not app.offers("fix")
        await pilot.press("s")
        await settle(pilot, lambda: app.state(row) is CheckState.FAILED)
        assert Acceptances(app.paths.state_dir, "kelp-train").read() == {}


async def test_a_request_is_copied_kept_and_shown(app: SetupApp, rows: Rows) -> None:
    rows.extra = [failing(draft="Please raise\nthe [b]limit[/b].")]
    async with app.run_test(size=(100, 30)) as pilot:
        await show(app, pilot, ready_world())
        await go_to(app, pilot, "x.row")
        await pilot.press("w")
        await settle(pilot, lambda: isinstance(app.screen, TextScreen))
        assert app.clipboard == "Please raise\nthe [b]limit[/b]."
        assert "(2 lines)" in app.text("#setup-note")
        assert (app.paths.state_dir / "copied.txt").read_text() == app.clipboard
        await pilot.press("escape")
        await settle(pilot, lambda: not isinstance(app.screen, TextScreen))


async def test_one_request_for_all_that_is_missing(app: SetupApp) -> None:
    world = ready_world()
    world.held = frozenset({"resourcemanager.projects.get"})
    async with app.run_test(size=(100, 30)) as pilot:
        await show(app, pilot, world)
        await go_to(app, pilot, "connection")
        await pilot.press("w")
        await settle(pilot, lambda: isinstance(app.screen, TextScreen))
        assert "kelp-train" in app.clipboard
        assert "gcloud projects add-iam-policy-binding" in app.clipboard


async def test_a_token_is_sent_only_after_saying_where(
    app: SetupApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[tuple[str, str, Sequence[str]]] = []

    async def check(
        name: str, value: str, models: Sequence[str], _environ: Mapping[str, str]
    ) -> TokenVerdict:
        sent.append((name, value, models))
        return TokenVerdict(good=False, words="huggingface.co does not accept it")

    monkeypatch.setattr(token_checks, "check", check)
    monkeypatch.setitem(os.environ, "HF_TOKEN", "hf_x")
    async with app.run_test(size=(100, 30)) as pilot:
        await show(app, pilot, ready_world())
        app.pane.open_needs = JobNeeds("run.yaml", references=("HF_TOKEN",), models=("google/gemma-3-1b-it",))
        await settle(pilot, lambda: "secrets.HF_TOKEN" in app.pane._rows)
        await go_to(app, pilot, "secrets.HF_TOKEN")
        assert app.offers("verify")
        await pilot.press("v")
        assert "huggingface.co" in await asked(app, pilot)
        await answer(app, pilot, "n")
        assert not sent
        await pilot.press("v")
        await answer(app, pilot, "y")
        await settle(pilot, lambda: app.state("secrets.HF_TOKEN") is not CheckState.OK)
        assert sent == [("HF_TOKEN", "hf_x", ("google/gemma-3-1b-it",))]
        assert "hf_x" not in app.text("#setup-note")


async def test_what_the_open_spec_needs_is_read_once_it_stands_still(app: SetupApp) -> None:
    world = ready_world()
    async with app.run_test(size=(100, 30)) as pilot:
        await show(app, pilot, world)
        world.calls.clear()
        for number in range(5):
            app.pane.open_needs = JobNeeds("run.yaml", base_bucket=f"kelp-{number}")
        await settle(pilot, lambda: app.pane._facts.bucket_name == "kelp-4")
        await settle(pilot, lambda: is_settled(app.pane))
        assert world.calls.count("get_bucket") == 1
        world.calls.clear()
        app.pane.open_needs = None
        await settle(pilot, lambda: app.pane._facts.bucket_name == "kelp-train-outputs")


async def test_an_open_spec_that_cannot_be_started_is_no_readiness(app: SetupApp) -> None:
    needs = JobNeeds("run.yaml", pools=(Pool("n1-standard-4", 1),))
    summary, press = partial(app.text, "#setup-summary"), "press 2"
    async with app.run_test(size=(80, 24)) as pilot:
        await show(app, pilot, ready_world())
        app.pane.open_needs = needs
        await settle(pilot, lambda: "ctrl+r starts the job" in summary())
        app.pane.open_needs = replace(needs, errors=2)
        await settle(pilot, lambda: f"Not ready: the open spec has 2 errors: {press}" in summary())
        app.pane.open_needs = replace(needs, unread=True)
        await settle(pilot, lambda: f"Not ready: the open spec cannot be read: {press}" in summary())
        assert app.pane._facts.needs is not None
        app.pane.open_needs = JobNeeds("run.yaml", errors=1, unread=True)
        await settle(pilot, lambda: app.pane._facts.needs is None)
        assert f"Not ready: the open spec cannot be read: {press}" in summary()


async def test_a_row_asked_for_before_it_exists_gets_the_cursor(app: SetupApp) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await show(app, pilot, ready_world())
        app.pane.show_check("secrets.KELP_TOKEN")
        app.pane.open_needs = JobNeeds("run.yaml", references=("KELP_TOKEN", "REEF_TOKEN"))
        await settle(pilot, lambda: app.table.cursor_key == "secrets.KELP_TOKEN")


async def test_a_new_connection_keeps_what_is_known_of_this_box(app: SetupApp) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await show(app, pilot, ready_world())
        app.pane._tell(granted=(GRANT,), tokens={"A": TokenVerdict(good=True, words="fine")})
        other = World()
        app.pane.gateway = other.gateway
        assert app.pane._facts.granted == (GRANT,)
        assert app.pane._facts.tokens
        assert app.pane._facts.terminal is not None


def test_lines_of_several_groups_know_them_all() -> None:
    checks = (failing(), Check("y", Group.QUOTA, "y", CheckState.OK, "fine"))
    assert Line("k", "", CheckState.OK, "", "", checks).groups == {Group.BUCKET, Group.QUOTA}


@pytest.mark.parametrize("key", ["a", "u"])
async def test_a_question_about_one_project_changes_no_other(app: SetupApp, key: str) -> None:
    first, second = World(on={"serviceusage.googleapis.com"}), World(on={"serviceusage.googleapis.com"})
    async with app.run_test(size=(100, 30)) as pilot:
        await show(app, pilot, first)
        app.pane._tell(granted=(GRANT,))
        await settle(pilot)
        await pilot.press(key)
        await asked(app, pilot)
        app.pane.gateway = second.gateway
        await settle(pilot, lambda: "get_project" in second.calls)
        await answer(app, pilot, "y")
        await settle(pilot, lambda: "nothing was done" in app.text("#setup-note"))
    changed = {"enable_apis", "create_bucket", "revoke_roles", "make_agents"}
    assert not changed & {*first.calls, *second.calls}


async def test_a_spec_that_goes_back_to_what_it_was_is_looked_at_as_it_is(app: SetupApp) -> None:
    kept, passing = JobNeeds("run.yaml", base_bucket="kelp-a"), JobNeeds("run.yaml", base_bucket="kelp-b")
    async with app.run_test(size=(100, 30)) as pilot:
        await show(app, pilot, ready_world())
        app.pane.open_needs = kept
        await settle(pilot, lambda: app.pane._facts.bucket_name == "kelp-a")
        app.pane.open_needs = passing
        app.pane.open_needs = kept
        await settle(pilot, lambda: not any(worker.is_running for worker in app.workers))
        assert app.pane._facts.bucket_name == "kelp-a"
