"""The Logs pane: jobs' logs, each from its first line to its last."""

from __future__ import annotations

from typing import ClassVar

from textual import on, work
from textual.binding import BindingType

from tui.panes import logs_keys
from tui.panes.logs_take import LogsTake
from tui.panes.messages import PaneId
from tui.services.follow.state import Phase
from tui.widgets.log_scroll import LogView

_WITHOUT_LINES = frozenset(
    {"open_newest", "next_hit", "previous_hit", "context", "outputs", "retry", "older", "tab", "close_tab"}
)
"""Actions of the pane that do not need a line under the cursor."""
_OF_LINES = frozenset(action.partition("(")[0] for _, action, *_ in (*logs_keys.SHOWN, *logs_keys.QUIET))


class LogsPane(LogsTake):
    """Follows jobs' logs, one a tab."""

    PANE_ID = PaneId.LOGS
    BINDINGS: ClassVar[list[BindingType]] = logs_keys.BINDINGS

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002 (Textual's)
        """Offer what makes sense now."""
        log = self.front
        if action == "search" and self.children and self.is_asking:
            return False
        if action not in _WITHOUT_LINES:
            return not (self.is_blank and action in _OF_LINES)
        if log is None:
            return action == "open_newest" and self.newest is not None
        reads = log.follower is not None
        makes_sense = {
            "open_newest": False,
            "next_hit": log.search is not None and log.search.pattern is not None,
            "previous_hit": log.search is not None and log.search.pattern is not None,
            "context": log.rules.matches is not None,
            "outputs": self.gateway is not None,
            "retry": reads and (log.status.phase is Phase.TROUBLE or log.status.older_error is not None),
            "older": reads and log.status.older_pending,
            "tab": len(self.logs) > 1,
        }
        return makes_sense.get(action, True)

    def action_open_newest(self) -> None:
        """Follow the newest job that is alive, or else the newest."""
        if (job := self.newest) is not None:
            self.show_job(job)

    def action_retry(self) -> None:
        """Read now."""
        if self.front is not None and self.front.follower is not None:
            self.front.follower.retry_now()

    @work(exclusive=True, group="logs-older", exit_on_error=False)
    async def action_older(self) -> None:
        """Read all that is older."""
        log = self.front
        if log is not None and log.follower is not None:
            done = await self.read_back(
                log, "To the log's beginning", lambda: log.is_reading_back, everything=True
            )
            self.say("" if done else "Stopped: what is older comes slowly.")

    def action_tab(self, step: int) -> None:
        """Bring the next log to the front."""
        if self.front is not None:
            index = (self.logs.index(self.front) + step) % len(self.logs)
            self.bring_to_front(self.logs[index])
            self.pane_shown()

    def action_close_tab(self) -> None:
        """Stop following the log in front."""
        if self.front is not None:
            self.close(self.front)
            self.refresh_bindings()
            self.pane_shown()

    @on(LogView.CursorMoved)
    def _cursor_moved(self) -> None:
        self.show_entry()

    @on(LogView.Followed)
    def _followed(self) -> None:
        self.show_entry()
        self.refresh_bindings()
