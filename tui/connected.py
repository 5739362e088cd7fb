"""The part of the app that keeps it connected, and its one job list: what all panes are given from above."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING

from textual import on, work
from textual.reactive import reactive

from tui.connection import connect
from tui.domain.access import Identity
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.gateway import Gateway
from tui.domain.places import Place, read_places
from tui.domain.polling import PollPace
from tui.domain.setup.needs import JobNeeds
from tui.panes import messages
from tui.panes.messages import PaneId
from tui.services.jobwatch import JobsSnapshot, JobWatch
from tui.services.keptjobs import KeptJobs
from tui.services.options import AppOptions
from tui.services.settings import BY_KEY, Origin, Source, Value
from tui.widgets.echo import EchoApp
from tui.widgets.header import HeaderBar, TabBar
from tui.widgets.state_view import local_clock

if TYPE_CHECKING:
    from tui.domain.catalog.skus import PriceBook

RECONNECT_SECONDS = 5.0
"""How long a failed connection rests before the next try."""


def partly_words(snapshot: JobsSnapshot) -> tuple[str, str]:
    """`jobs 12:00:02 · 1 of 3 places: not found` and what it rests on; nothing where none is read."""
    when, failing = snapshot.good_at, snapshot.failing
    if when is None or not failing:
        return "", ""
    titles = list(dict.fromkeys(state.trouble.title for state in failing if state.trouble is not None))
    why = titles[0][:1].lower() + titles[0][1:] if len(titles) == 1 else "not read"
    rest = f" · {len(failing)} of {len(snapshot.places)} places: {why}"
    clock = local_clock(when)
    return f"jobs {clock}{rest}", f"{clock[:5]}{rest}"


class ConnectedApp(EchoApp[int]):
    """An app with a gateway that is looked after, and the job list read through it."""

    gateway: reactive[Gateway | None] = reactive[Gateway | None](None, init=False, repaint=False)
    connection_trouble: reactive[CloudError | None] = reactive[CloudError | None](
        None, init=False, repaint=False
    )
    jobs: reactive[JobsSnapshot] = reactive(JobsSnapshot(), init=False, repaint=False)
    open_needs: reactive[JobNeeds | None] = reactive[JobNeeds | None](None, init=False, repaint=False)
    prices: reactive[PriceBook | None] = reactive["PriceBook | None"](None, init=False, repaint=False)

    header: HeaderBar
    """Composed by the app; kept here because news may come while the screen is being taken down."""
    tabs: TabBar

    def __init__(self, options: AppOptions) -> None:
        super().__init__()
        self.options = options
        self._watch: JobWatch | None = None
        self._kept: KeptJobs | None = None
        self._reconnect = asyncio.Event()
        self._troubles: dict[str, CloudError] = {}
        self._fresh = ""
        """What the header says while there is no trouble."""
        self._fresh_minute = ""
        """The minute of the clock in it; empty when the next success is to be told at once."""
        self._partly = ("", "")
        """What the header says while some places are read and some not, and what it rests on."""
        self._asked_at: datetime | None = None
        """When the user asked for a newer list, until there is one."""

    def start_connection(self) -> None:
        """Begin connecting; called after the first frame, so that nothing of Google's delays it."""
        self._show_kept()
        self._keep_connected()
        self._find_prices(None)

    def use_settings(self, values: Mapping[str, Value]) -> None:
        """Go on with other settings, by dotted key, and with a new connection."""
        options = self.options
        changed = {BY_KEY[key].attribute: value for key, value in values.items()}
        chosen = dict.fromkeys(values, Origin(Source.FILE, "the Setup pane"))
        self.options = replace(
            options,
            settings=replace(options.settings, **changed),  # type: ignore[arg-type]  # by name
            origins=MappingProxyType({**options.origins, **chosen}),
        )
        header = self.header
        header.location = self.options.settings.region
        self._reconnect.set()

    # The connection and the job list

    @work(group="kept-jobs", exit_on_error=False)
    async def _show_kept(self) -> None:
        """Show the list of the last session while Google's libraries are loaded."""
        local, project = self.options.local, self.options.settings.project
        if local:
            from tui.local.names import PROJECT_ID as project  # noqa: N811, PLC0415 (only when asked for)
        if not project:
            return
        kept = await asyncio.to_thread(self._kept_jobs(project, local=local).read)
        if kept is not None and not self.jobs.places and not self.jobs.jobs:
            self.jobs = kept

    def _kept_jobs(self, project: str, *, local: bool) -> KeptJobs:
        """What is kept of the places that are listed in a session of a project."""
        settings = self.options.settings
        first = Place(project, settings.region)
        read = read_places(first, settings.jobs_places)
        return KeptJobs(self.options.paths.state_dir, read, local=local)

    @work(exclusive=True, group="connection", exit_on_error=False)
    async def _keep_connected(self) -> None:
        """Connect, and connect again whenever the local server has gone; never give up."""
        while True:
            self._reconnect.clear()
            try:
                gateway = await connect(self.options)
            except CloudError as error:
                self.connection_trouble = error
                self._say_trouble("connection", error)
                await self._rest(RECONNECT_SECONDS)
                continue
            await self._adopt(gateway)
            await self._reconnect.wait()

    async def _rest(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._reconnect.wait()
        except TimeoutError:
            return

    async def _adopt(self, gateway: Gateway) -> None:
        """Put a new gateway to use everywhere."""
        previous, self.gateway = self.gateway, gateway
        self.connection_trouble = None
        header = self.header
        header.project = gateway.target.project
        self._troubles.clear()
        self._fresh, self._fresh_minute = "reading …", ""
        self._show_status()
        self._poll_jobs(gateway)
        self._find_account(gateway)
        self._find_prices(gateway)
        self.connected(gateway)
        if previous is not None:
            await previous.close()

    def connected(self, gateway: Gateway) -> None:
        """A connection stands: what the frame wants to do with it."""

    @work(exclusive=True, group="account", exit_on_error=False)
    async def _find_account(self, gateway: Gateway) -> None:
        """Name the account in the header."""
        try:
            identity = await gateway.setup.identity()
        except CloudError as error:
            self._say_trouble("account", error)
        else:
            self._show_account(identity)

    @work(exclusive=True, group="prices", exit_on_error=False)
    async def _find_prices(self, gateway: Gateway | None) -> None:
        """Take the prices of the day, kept or Google's; the local server makes its own up from the table."""
        from tui.services.pricebook import PriceBooks  # noqa: PLC0415 (after the first frame)

        books = PriceBooks(self.options.paths.state_dir)
        if gateway is None or self.options.local or self.options.diverted or gateway.target.is_local:
            self.prices = await asyncio.to_thread(books.read)
        else:
            self.prices = await books.refreshed(gateway.setup)

    @on(messages.AccountFound)
    def _account_found(self, message: messages.AccountFound) -> None:
        self._show_account(message.identity)

    def _show_account(self, identity: Identity) -> None:
        self._troubles.pop("account", None)
        self._show_status()
        self.header.account = identity.shown

    @work(exclusive=True, group="jobs", exit_on_error=False)
    async def _poll_jobs(self, gateway: Gateway) -> None:
        settings = self.options.settings
        first = Place(gateway.target.project, gateway.target.region)
        read = read_places(first, settings.jobs_places)
        self._kept = self._kept_jobs(first.project, local=gateway.target.is_local)
        earlier = self.jobs if self.jobs.jobs else await asyncio.to_thread(self._kept.read)
        self._watch = JobWatch(
            {place: gateway.elsewhere(place).jobs for place in read},
            lambda: PollPace(settings.jobs_poll_seconds, settings.jobs_idle_poll_seconds),
            self._jobs_read,
            earlier=earlier,
        )
        self._watch.attend(focused=self.app_focus)
        await self._watch.run()

    def _jobs_read(self, snapshot: JobsSnapshot) -> None:
        """Take the newest list: panes see it by data binding, the header says how fresh it is."""
        if self._kept is not None and self._kept.due(snapshot):
            self._keep_jobs(self._kept, snapshot)
        previous = self.jobs
        recovered = previous.trouble is not None and snapshot.trouble is None
        self.jobs = snapshot
        if self.gateway is not None and (recovered or "account" in self._troubles):
            self._find_account(self.gateway)  # trouble may have ended with another login
        self.tabs.set_badge(PaneId.JOBS, snapshot.live_words, "success")
        if snapshot.trouble is not None:
            good = snapshot.good_at
            if good is not None and self._asked_at is not None and good >= self._asked_at:
                self._asked_at, self._partly = None, ("", "")
            if (about := partly_words(snapshot))[1] != self._partly[1]:
                self._partly = about
            self._say_trouble("jobs", snapshot.trouble)
            if self.options.local and snapshot.trouble.kind is ErrorKind.UNREACHABLE:
                self._reconnect.set()
        elif (when := snapshot.fresh_at) is not None:
            asked = self._asked_at is not None and when >= self._asked_at
            self._asked_at = None if asked else self._asked_at
            changed = previous.jobs is not snapshot.jobs
            self._say_fresh("jobs", when, at_once=recovered or asked or changed)

    @work(thread=True, group="kept-jobs", exit_on_error=False)
    def _keep_jobs(self, kept: KeptJobs, snapshot: JobsSnapshot) -> None:
        """Keep the list for the next start."""
        kept.keep(snapshot)

    def on_unmount(self) -> None:
        """Keep the list as it was last, however the app ends in order."""
        if self._kept is not None:
            self._kept.keep_last(self.jobs)

    def on_app_blur(self) -> None:
        """Nobody looks: read less often."""
        if self._watch is not None:
            self._watch.attend(focused=False)

    def on_app_focus(self) -> None:
        """Somebody looks again: read now."""
        if self._watch is not None:
            self._watch.attend(focused=True)

    def _say_fresh(self, source: str, when: datetime, *, at_once: bool = True) -> None:
        """Show the time of the last success, at once or when its minute is another: little is to be drawn."""
        self._troubles.pop(source, None)
        clock = local_clock(when)
        if at_once or clock[:5] != self._fresh_minute:
            self._fresh, self._fresh_minute = f"{source} {clock}", clock[:5]
        self._show_status()

    def _say_trouble(self, source: str, error: CloudError) -> None:
        """Show a trouble until the same source has been read again."""
        self._troubles[source] = error
        self._fresh_minute = ""
        self._show_status()

    def _show_status(self) -> None:
        """The current trouble goes before any freshness, so that the line does not swap between them."""
        header = self.header
        error = next(iter(self._troubles.values()), None)
        header.trouble = error is not None
        if error is not None and error is self._troubles.get("jobs") and self._partly[0]:
            header.status = self._partly[0]
            return
        header.status = f"✗ {error.title}" if error is not None else self._fresh

    @on(messages.JobsChanged)
    @on(messages.SetupChanged)
    def _read_jobs_now(self) -> None:
        if self.gateway is None:
            self._reconnect.set()
        elif self._watch is not None:
            self._asked_at = datetime.now(UTC)
            self._watch.refresh()
