"""The fixes that change this box alone: signing in, a setting, a secret."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from textual.app import App, SuspendNotSupported

from tui.domain.setup.changes import commands
from tui.domain.setup.model import Fix, SetSecret, SetServiceAccount, SetSetting, SignIn
from tui.domain.text import printable
from tui.services import config_write
from tui.services.config_file import ConfigError
from tui.services.foreground import how_it_ended, run_in_front
from tui.services.options import AppOptions, profile_for
from tui.services.paths import show_path
from tui.services.secrets import SecretsError, SecretStore
from tui.services.settings import Source, Value

_STRONGER = (Source.FLAG, Source.LOCAL, Source.ENVIRONMENT)
"""Places that go before the file, so that what is saved there is not used at the next start."""


@dataclass(slots=True)
class HereOutcome:
    """What became of the changes on this box."""

    done: list[str] = field(default_factory=list)
    """One line for each."""
    failed: list[str] = field(default_factory=list)
    settings: dict[str, Value] = field(default_factory=dict)
    """To be used from now on, by dotted key."""
    signed_in: bool = False
    account: str = ""
    """To be written into the open spec."""
    secrets: list[str] = field(default_factory=list)
    """Names that have another value now."""


async def make_here(
    app: App[Any], options: AppOptions, secrets: SecretStore, fixes: Iterable[Fix]
) -> HereOutcome:
    """Make the changes one after the other; one that fails does not stop the others."""
    outcome = HereOutcome()
    for fix in fixes:
        match fix:
            case SignIn(command):
                _sign_in(app, command, outcome)
            case SetSetting(key, text):
                await _keep_setting(options, key, text, outcome)
            case SetSecret(name):
                await _ask_secret(app, secrets, name, outcome)
            case SetServiceAccount(account):
                outcome.account = account
                outcome.done.append("the open spec gets serviceAccount; look at it and save it there")
            case _:
                raise TypeError(f"{type(fix).__name__} is no change of this box")
    return outcome


def _sign_in(app: App[Any], command: tuple[str, ...], outcome: HereOutcome) -> None:
    """Put the app aside and run the login; nothing else happens until it has ended."""
    failure: OSError | None = None
    status = 0
    try:
        with app.suspend():  # an exception in here would leave the terminal to nobody
            try:
                status = run_in_front(command)
            except OSError as error:
                failure = error
    except SuspendNotSupported:
        shell = commands(SignIn(command), "")[0]
        outcome.failed.append(f"cannot be run from here; run it in another shell: {shell}")
        return
    if failure is not None:
        outcome.failed.append(f"{command[0]} cannot be started: {failure.strerror or failure}")
        return
    words = printable(how_it_ended(command, status))
    (outcome.failed if status else outcome.done).append(words)
    outcome.signed_in = not status


async def _keep_setting(options: AppOptions, key: str, text: str, outcome: HereOutcome) -> None:
    """Save a setting where it is in force, and use it from now on."""
    path = options.paths.config_file
    try:
        _, value = config_write.parse_argument(key, text)
        await asyncio.to_thread(config_write.save, path, key, text, profile_for(options, key))
    except ConfigError as error:
        outcome.failed.append(f"{key} was not saved: {error}")
        return
    outcome.settings[key] = value
    origin = options.origins.get(key)
    stronger = f"; {origin} goes before it at the next start" if origin and origin.source in _STRONGER else ""
    outcome.done.append(f"{key} is {text} now, kept in {show_path(path)}{stronger}")


async def _ask_secret(app: App[Any], secrets: SecretStore, name: str, outcome: HereOutcome) -> None:
    """Ask for the value without showing it, and keep it."""
    from tui.panes.spec_dialogs import SecretScreen  # noqa: PLC0415 (the Spec pane's, built when needed)

    where = show_path(secrets.path)
    screen = SecretScreen(name, where, hidden=True, starting=False)
    value = await app.push_screen_wait(screen)
    if value is None:
        outcome.failed.append(f"{name} was left as it is")
        return
    try:
        await asyncio.to_thread(secrets.set, name, value)
    except SecretsError as failure:
        outcome.failed.append(str(failure))
        return
    outcome.secrets.append(name)
    outcome.done.append(f"{name} is kept in {where}")
