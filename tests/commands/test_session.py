"""How a command ends that connects: one sentence, the right status, the connection closed."""

from __future__ import annotations

import asyncio
import math
import os
import signal
from pathlib import Path

import pytest

from tests.commands.conftest import Run
from tests.local.clients import Server
from tests.support import PATIENCE
from tui.cli_common import CommandLineError, Options
from tui.commands import waiting
from tui.commands.run_follow import _terminable
from tui.commands.session import run_async, run_with_gateway, sentence
from tui.domain.errors import CloudError
from tui.domain.gateway import Gateway
from tui.domain.polling import PollPace
from tui.services.options import AppOptions

REFUSED = CloudError("Not found", "There is no job 7.\nIn no\x1b[2J region.", hint="Look at another region.")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (REFUSED, "Not found: There is no job 7. In no␛[2J region; Look at another region"),
        (CloudError("No answer", hint="Press r to try again, or run: it"), "No answer; run: it"),
        (
            CloudError("no answer within 5 s", hint="Press r to check again."),
            "no answer within 5 s; run it again",
        ),
        (CloudError("Refused."), "Refused"),
        (
            CloudError("Down", hint="r tries at once", hint_once="Run it again later"),
            "Down; Run it again later",
        ),
    ],
)
def test_an_error_is_one_sentence_without_the_keys_of_the_app(error: CloudError, words: str) -> None:
    assert sentence(error) == words


def test_what_fails_side_by_side_ends_like_the_first_of_it(home: Path) -> None:
    async def fail() -> None:
        raise REFUSED

    async def work(_options: AppOptions) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(fail())

    with pytest.raises(CommandLineError, match="There is no job 7") as failed:
        run_async(Options(), work)
    assert failed.value.status == 1
    assert home.is_dir()


@pytest.mark.usefixtures("local")
def test_the_connection_is_closed_whatever_happens(commands_server: Server) -> None:
    closed: list[str] = []

    async def work(gateway: Gateway, options: AppOptions) -> None:
        assert options.local
        assert gateway.target.local is not None
        assert gateway.target.local.grpc_address == commands_server.record.grpc_address
        close = gateway.close

        async def noted() -> None:
            closed.append("closed")
            await close()

        gateway.close = noted  # type: ignore[method-assign]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_with_gateway(Options(local=True), work)
    assert closed == ["closed"]


def test_without_a_project_the_next_step_is_told(run: Run) -> None:
    printed = run("jobs")
    assert (printed.status, printed.out) == (2, "")
    assert printed.err.count("\n") == 1
    assert "vertex-tui config set project ID" in printed.err
    for words in (("job", "1"), ("cancel", "1", "--yes"), ("outputs", "gs://b/a"), ("explain", "1")):
        assert run(*words).status == 2


@pytest.mark.usefixtures("home")
def test_changes_that_are_off_are_refused_with_what_turned_them_off(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    changes = (("cancel", "1"), ("delete", "1"), ("outputs", "gs://b/a", "rm"), ("outputs", "undo", "1"))
    for words in changes:
        refused = run(*words, "--yes", "--read-only", "--project", "p")
        assert (refused.status, "leave out --read-only" in refused.err) == (2, True)
        assert refused.err.count("\n") == 1
    monkeypatch.setenv("VERTEX_TUI_READ_ONLY", "1")
    for words in changes:
        refused = run(*words, "--yes", "--project", "p")
        assert (refused.status, "unset VERTEX_TUI_READ_ONLY" in refused.err) == (2, True)


def test_a_wait_is_told_and_ends_with_the_outage_or_the_patience(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "TOLD_AFTER", 0.0)
    answers: list[CloudError | str] = [CloudError("Down", retryable=True), "there"]

    async def read() -> str:
        answer = answers.pop(0)
        if isinstance(answer, CloudError):
            raise answer
        return answer

    async def ask(most: float = math.inf) -> str:
        pace = PollPace(0.0, 0.0)
        return await waiting.patiently(read, waiting.Waiting(), "an answer", most=most, pace=pace)

    assert asyncio.run(ask()) == "there"
    assert "waiting for an answer" in (said := capsys.readouterr().err)
    assert said.endswith("It goes on.\n")
    answers += [CloudError("Refused")]
    with pytest.raises(CloudError, match="Refused"):
        asyncio.run(ask())
    with pytest.raises(waiting.PatienceError):
        asyncio.run(ask(most=0.0))


def test_sigterm_ends_a_wait_as_ctrl_c_does() -> None:
    async def follow() -> bool:
        with _terminable() as terminated:
            os.kill(os.getpid(), signal.SIGTERM)
            try:
                await asyncio.sleep(PATIENCE)
            except asyncio.CancelledError:
                return terminated.is_set()
        return False

    assert asyncio.run(follow())
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
