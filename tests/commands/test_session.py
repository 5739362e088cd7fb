"""How a command ends that connects: one sentence, the right status, the connection closed."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.commands.conftest import Run
from tests.local.clients import Server
from tui.cli_common import CommandLineError, Options
from tui.commands.session import run_async, run_with_gateway, sentence
from tui.domain.errors import CloudError
from tui.domain.gateway import Gateway
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
    assert (printed.status, printed.out) == (1, "")
    assert printed.err.count("\n") == 1
    assert "vertex-tui config set project ID" in printed.err
