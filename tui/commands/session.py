"""A command's way to the project: settings, connection, work, and every ending told in one sentence."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TypeVar

from tui.cli_common import CommandLineError, Options
from tui.commands.exits import Exit
from tui.commands.hints import command, remember
from tui.commands.output import note, progress, progress_done, safe
from tui.commands.refusals import need_project, refuse_changes
from tui.connection import connect, connect_lightly
from tui.domain.errors import CloudError
from tui.domain.gateway import Gateway, HeadlessGateway
from tui.services.options import AppOptions

Result = TypeVar("Result")
Opened = TypeVar("Opened", bound=Gateway)
Work = Callable[[Gateway, AppOptions], Awaitable[Result]]
"""What a command does with a connection."""
LightWork = Callable[[HeadlessGateway, AppOptions], Awaitable[Result]]

_KEY = re.compile(r"Press \w+ to (?:try|check) again(?:, or run: |\.? ?)")
"""What hints say of the app's keys, at their beginning."""
_SETUP = "Setup (alt+1)"
"""The pane that hints name, whose checks `doctor` makes."""


def run_with_gateway(options: Options, work: Work[Result], *, changes: str = "") -> Result:
    """Load the configuration, connect, do the work, and close the connection whatever happens.

    ctrl+c cancels the work, whose `finally` blocks run, and then raises KeyboardInterrupt, which `main` turns
    into status 130; a reader that has gone raises BrokenPipeError likewise. What changes something says in
    `changes` what is not done where that is turned off.

    Raises:
        ConfigError: something in the configuration cannot be used (status 2).
        CommandLineError: no project is set, or changes are turned off (status 2).
        CommandLineError: the service refused, or cannot be reached (status 1), in one sentence.
    """

    async def connected(app_options: AppOptions) -> Result:
        need_project(app_options)
        async with connection(app_options) as gateway:
            return await work(gateway, app_options)

    return run_async(options, connected, changes=changes)


def run_lightly(options: Options, work: LightWork[Result], *, changes: str = "") -> Result:
    """The same for a command that ends soon: only what is used of Google's libraries is loaded."""

    async def connected(app_options: AppOptions) -> Result:
        need_project(app_options)
        async with light_connection(app_options) as gateway:
            return await work(gateway, app_options)

    return run_async(options, connected, changes=changes)


def run_async(
    options: Options, work: Callable[[AppOptions], Awaitable[Result]], *, changes: str = ""
) -> Result:
    """The same for work that connects by itself, or does without."""
    remember(options)
    app_options = options.app_options(None)
    if changes:
        refuse_changes(app_options, changes)
    if app_options.diverted:
        note("Google's names lead to the local server in this shell (vertex-tui local env).")

    async def whole() -> Result:
        return await work(app_options)

    try:
        return asyncio.run(whole())
    except CloudError as error:
        raise failed(error) from error
    except ExceptionGroup as group:
        raise _first(group) from group
    finally:
        progress_done()


def connection(options: AppOptions) -> AbstractAsyncContextManager[Gateway]:
    """A gateway, closed again afterwards; `--local` starts the local server if it does not run.

    Raises:
        CloudError: the local server does not start, or no project is known.
    """
    return _open(options, connect)


def light_connection(options: AppOptions) -> AbstractAsyncContextManager[HeadlessGateway]:
    """The same with only what is used of Google's libraries, each part when it is used first.

    Raises:
        CloudError: as `connection`.
    """
    return _open(options, connect_lightly)


@asynccontextmanager
async def _open(options: AppOptions, way: Callable[[AppOptions], Awaitable[Opened]]) -> AsyncIterator[Opened]:
    if options.local:
        progress("connecting to the local server …", plain="")
    gateway = await way(options)
    progress_done()
    try:
        yield gateway
    finally:
        await gateway.close()


def failed(error: CloudError, what: str = "") -> CommandLineError:
    """The end of a command that the service refused, in one sentence with the next step.

    Args:
        error: what the service said.
        what: what it was about, such as a job's id, if the sentence does not say.
    """
    words = sentence(error)
    return CommandLineError(f"{what}: {words}" if what else words, Exit.FAILED)


def sentence(error: CloudError) -> str:
    """`title: message; hint` in one line, for a command that ends so: without the keys of the app."""
    return _with_hint(error, command_hint(error))


def going_on(error: CloudError) -> str:
    """The same for a command that tries again by itself; where the hint is to do that, it is left out."""
    hint = "" if error.hint_once else command_hint(error)
    return _with_hint(error, f"{hint}; it is tried again" if hint else "it is tried again")


def _with_hint(error: CloudError, hint: str) -> str:
    return safe(_one_line(f"{_end(str(error))}; {hint}" if hint else _end(str(error))))


def command_hint(error: CloudError) -> str:
    """What to do next, for somebody who sits before a shell; empty if nothing is known."""
    doctor = command("doctor")
    hint = (error.hint_once or error.hint).replace(f"in {_SETUP}", f"with {doctor}").replace(_SETUP, doctor)
    found = _KEY.match(hint)
    if found is None:
        return _end(hint)
    rest = _end(hint[found.end() :])
    return f"run: {rest}" if rest else "run it again"


def _first(group: ExceptionGroup[Exception]) -> BaseException:
    """What a group of side-by-side tasks failed of: the first, as the command line tells one."""
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return failed(error) if isinstance(error, CloudError) else error


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _end(text: str) -> str:
    return text.strip().rstrip(".")
