"""Where the Setup pane's facts come from: the connection, this box, the open spec and the job list."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from textual import events, work

from tui.domain.errors import CloudError
from tui.domain.gateway import Gateway
from tui.domain.places import Place
from tui.domain.setup.facts import SetupFacts, Terminal
from tui.domain.setup.needs import JobNeeds, in_use
from tui.panes.setup_view import SetupView
from tui.services.acceptance import AcceptanceError, Acceptances
from tui.services.box import read_box
from tui.services.checks import SetupChecks, first_facts
from tui.services.handout import copies_file
from tui.services.jobwatch import JobsSnapshot
from tui.services.options import AppOptions
from tui.services.paths import show_path
from tui.services.secrets import SecretsError, SecretStore
from tui.services.terminal_facts import ask_tmux, colours_of, read_terminal

if TYPE_CHECKING:  # no price is looked at before the first frame
    from tui.domain.catalog.skus import PriceBook

STALE_SECONDS = 60.0
"""Age of the checks from which they are made again when the pane comes to the front."""
NEEDS_DELAY = 0.3
"""Seconds of quiet in the open spec before what it needs is looked up."""


class SetupSources(SetupView):
    """Keeps the facts up to date, also before there is a connection."""

    def __init__(self, options: AppOptions) -> None:
        super().__init__(options)
        self._checks: SetupChecks | None = None
        self._secrets = SecretStore(options.paths.secrets_file)
        self._counted: object = None

    def on_mount(self) -> None:
        """Look at this box, and at the project if there is a connection already."""
        self._table.border_title = "Setup"
        self._show()
        self.watch_gateway(self.gateway)
        self.watch_connection_trouble(self.connection_trouble)
        self.watch_open_needs(self.open_needs)
        self.watch_jobs(self.jobs)
        self.watch_prices(self.prices)
        self._look_at_box()

    def pane_shown(self) -> None:
        """What another pane or shell has changed on this box shows."""
        super().pane_shown()
        self._look_at_box()
        if self._checks is not None and self._checks.age > STALE_SECONDS:
            self._run_checks()

    # From above

    def watch_gateway(self, gateway: Gateway | None) -> None:
        """A new connection: check everything through it."""
        if not self.is_mounted or gateway is None:
            return
        facts = _carried(self._facts, first_facts(self.options, gateway.target))

        def publish(facts: SetupFacts) -> None:
            if self._checks is checks:  # else a later connection has taken over
                self._take(facts)

        checks = self._checks = SetupChecks(gateway, facts, publish)
        checks.note_needs(self.open_needs)
        self._look_at_box()
        self._run_checks()

    def watch_connection_trouble(self, trouble: CloudError | None) -> None:
        """Say in the first row why there is no connection; all else waits for it."""
        if self.is_mounted:
            self._take(self._checks.facts if self._checks else self._facts)
            if trouble is None:
                self._say("")

    def watch_open_needs(self, needs: JobNeeds | None) -> None:
        """The open spec asks for something else: look at that, once it stands still."""
        if self.is_mounted and needs != self._facts.needs:
            self._take_needs()

    @work(exclusive=True, group="setup-needs", exit_on_error=False)
    async def _take_needs(self) -> None:
        await asyncio.sleep(NEEDS_DELAY)
        needs = self.open_needs  # which may have gone back to what is known
        if self._checks is None:
            self._tell(needs=needs.known if needs else None, spec_trouble=needs.trouble if needs else "")
        else:
            self._read_for_needs(self._checks, needs)

    @work(group="setup-needs-reads", exit_on_error=False)
    async def _read_for_needs(self, checks: SetupChecks, needs: JobNeeds | None) -> None:
        """Not exclusive: what one state of the spec has begun to read may be of use to the next."""
        await checks.take_needs(needs)

    def watch_jobs(self, snapshot: JobsSnapshot) -> None:
        """Living jobs hold quota."""
        place = Place(self._facts.project_id, self._facts.region)
        counted = (snapshot.jobs, snapshot.homes, place)
        if not self.is_mounted or counted == self._counted:
            return
        self._counted = counted
        held = in_use(snapshot.live, place, snapshot.homes)
        if held != self._facts.quota_in_use:
            self._tell(quota_in_use=held)

    def watch_prices(self, prices: PriceBook | None) -> None:
        """The catalogue's prices are here: other machines are named at those."""
        if self.is_mounted and prices is not self._facts.prices:
            self._tell(prices=prices)

    # This box

    @work(exclusive=True, group="setup-box", exit_on_error=False)
    async def _look_at_box(self) -> None:
        """Logins, terminal, secrets and what was accepted."""
        environ = dict(os.environ)
        box = await asyncio.to_thread(read_box, environ)
        terminal = await self._terminal(environ)
        names, trouble = await asyncio.to_thread(_secret_names, self._secrets, environ)
        accepted: Mapping[str, str] = {}
        try:
            accepted = await asyncio.to_thread(self._acceptances().read)
        except AcceptanceError as failure:
            self._say(f"⚠ What you accepted as it is: {failure}", "warning")
        known = {
            "box": box,
            "terminal": terminal,
            "secret_names": names,
            "secret_trouble": trouble,
            "accepted": accepted,
        }
        if any(getattr(self._facts, name) != value for name, value in known.items()):
            self._tell(**known)

    async def _terminal(self, environ: Mapping[str, str]) -> Terminal:
        app = self.app
        copies = show_path(copies_file(self.options.paths))
        colours = colours_of(app.console.color_system)
        found = read_terminal(environ, app.size.width, app.size.height, colours, copies)
        return await ask_tmux(found, environ)

    def _acceptances(self) -> Acceptances:
        facts = self._facts
        return Acceptances(self.options.paths.state_dir, facts.project_id, local=facts.local)

    def on_resize(self, _event: events.Resize) -> None:
        """The size of the terminal is one of the facts."""
        terminal, size = self._facts.terminal, self.app.size
        if terminal is not None and (terminal.columns, terminal.rows) != tuple(size):
            self._tell(terminal=replace(terminal, columns=size.width, rows=size.height))

    # Facts

    def _tell(self, **known: Any) -> None:  # noqa: ANN401  # as dataclasses.replace
        """Take facts found out here, whether there is a connection or not."""
        if self._checks is not None:
            self._checks.tell(**known)
        else:
            self._take(replace(self._facts, **known))

    @work(exclusive=True, group="setup-checks", exit_on_error=False)
    async def _run_checks(self) -> None:
        if self._checks is not None:
            await self._checks.run()


def _carried(before: SetupFacts, facts: SetupFacts) -> SetupFacts:
    """The first facts of a new connection, with what is known without one."""
    same = before.project_id == facts.project_id
    return replace(
        facts,
        box=before.box,
        terminal=before.terminal,
        secret_names=before.secret_names,
        secret_trouble=before.secret_trouble,
        tokens=before.tokens,
        quota_in_use=before.quota_in_use,
        prices=before.prices,
        accepted=before.accepted if same else {},
        granted=before.granted if same else (),
    )


def _secret_names(store: SecretStore, environ: Mapping[str, str]) -> tuple[frozenset[str], str]:
    """Names that have a value, and why the secrets file cannot be used."""
    given = {name for name, value in environ.items() if value}
    try:
        return frozenset(given.union(store.names())), ""
    except SecretsError as failure:
        return frozenset(given), str(failure)
