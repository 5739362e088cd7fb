"""What the five panes have in common."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from textual import work
from textual.app import App
from textual.containers import Vertical
from textual.reactive import reactive
from textual.worker import Worker

from tui.domain.errors import CloudError
from tui.domain.gateway import Gateway
from tui.domain.joblist.unseen import Noticed
from tui.domain.jobs import Job
from tui.domain.setup.needs import JobNeeds
from tui.panes.messages import PaneId
from tui.services.handout import hand_out
from tui.services.jobwatch import JobsSnapshot
from tui.services.options import AppOptions
from tui.widgets.bugs import report_bug

if TYPE_CHECKING:
    from tui.domain.catalog.skus import PriceBook
    from tui.domain.insight import JobInsight


async def copied(
    app: App[Any], options: AppOptions, text: str, title: str, values: Iterable[str] = ()
) -> str:
    """Copy a text in every way there is, without secrets; what came of it, `title` names it in words."""
    send = app.copy_to_clipboard
    return await hand_out(text, title, paths=options.paths, environ=os.environ, send=send, values=values)


class Pane(Vertical):
    """One pane: given the gateway and shared state by data binding, posts messages upwards.

    A pane is built when it is first shown. `gateway` is None until the connection stands, and changes
    when the app had to connect again; react in `watch_gateway`.
    """

    PANE_ID: ClassVar[PaneId]

    gateway: reactive[Gateway | None] = reactive[Gateway | None](None, init=False, repaint=False)
    """The connection, bound from the app."""
    connection_trouble: reactive[CloudError | None] = reactive[CloudError | None](
        None, init=False, repaint=False
    )
    """Why there is no connection, bound from the app."""
    jobs: reactive[JobsSnapshot] = reactive(JobsSnapshot(), init=False, repaint=False)
    """The job list, bound from the app, which polls it whatever pane is shown."""

    open_needs: reactive[JobNeeds | None] = reactive[JobNeeds | None](None, init=False, repaint=False)
    """What the open spec asks of the project, bound from the app."""

    prices: reactive[PriceBook | None] = reactive["PriceBook | None"](None, init=False, repaint=False)
    """Prices of the Cloud Billing catalogue if they could be read, bound from the app."""

    insights: reactive[Mapping[str, JobInsight]] = reactive["Mapping[str, JobInsight]"](
        dict, init=False, repaint=False
    )
    """What the logs say of jobs, by their resource names, bound from the app."""

    noticed: reactive[Noticed] = reactive(Noticed(), init=False, repaint=False)
    """Which jobs are watched, and which ends nobody has looked at, bound from the app."""

    def __init__(self, options: AppOptions) -> None:
        super().__init__(id=self.PANE_ID.value, classes="pane")
        self.options = options

    @property
    def read_only(self) -> bool:
        """Whether nothing of the project, its jobs and its objects may be changed."""
        return self.options.settings.read_only

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """A worker of the pane that died of a bug says so."""
        report_bug(self.app, event)

    @property
    def under_way(self) -> tuple[str, ...]:
        """Changes being made now, in words: the app asks before it is left meanwhile."""
        return ()

    def go_back(self) -> bool:
        """Undo the last step inwards (`esc`); False when there is none and the app should go back."""
        return False

    @work(exclusive=True, group="copy", exit_on_error=False)
    async def copy(
        self, text: str, title: str, say: Callable[[str], object], values: Iterable[str] = ()
    ) -> None:
        """Copy a text in every way there is, without secrets, and say so: `title` names it in words."""
        say(await copied(self.app, self.options, text, title, values))

    @property
    def takes_keys(self) -> bool:
        """Whether what is typed now goes where it is meant to, once the pane has been built."""
        return self.is_mounted

    def give_focus(self) -> None:
        """Put the focus on what the user is at; the frame asks for it when nothing has it."""

    def pane_shown(self) -> None:
        """The pane has come to the front: the user goes on where it was left."""
        self.give_focus()

    def shows_end_of(self, name: str) -> bool:  # noqa: ARG002 (of those that do)
        """Whether how the job of that resource name ended is seen in the pane when it is in front."""
        return False

    def job_named(self, name: str) -> Job | None:
        """The job of that resource name in the last list read."""
        return next((job for job in self.jobs.jobs if job.name == name), None)
