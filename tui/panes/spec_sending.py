"""Sends a job once, and says what became of it, whatever the connection does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Protocol

from textual.app import App
from textual.content import Content

from tui.domain.gateway import Gateway
from tui.domain.jobs import OWN_LABEL, Job
from tui.domain.places import Place
from tui.domain.text import printable
from tui.panes.messages import JobStarted
from tui.panes.spec_words import Start, sent_words
from tui.services.submission import (
    SETTLE_SECONDS,
    NotFound,
    NotRecordedError,
    Outcome,
    Record,
    SubmissionStore,
    Submitted,
    Submitter,
)
from tui.widgets.confirm import ConfirmScreen, Question

pause = asyncio.sleep
"""Between two seconds of a countdown."""

LOOK_KEY = "alt+l"
"""Looks again for starts of which it is not known what became of them."""


class Teller(Protocol):
    """Says in the pane how far a start has got."""

    def __call__(self, title: str, message: str = "", *, tone: str = "") -> None:
        """Show it; `tone` is success, warning, error or empty."""
        ...


class Countdown:
    """Counts the seconds of a wait down on the screen."""

    def __init__(self, say: Callable[[int], None]) -> None:
        self._say = say
        self._task: asyncio.Task[None] | None = None

    def start(self, seconds: float = SETTLE_SECONDS) -> None:
        """Begin, from that many seconds."""
        self.stop()
        self._task = asyncio.create_task(self._run(round(seconds)))

    def stop(self) -> None:
        """Say nothing more."""
        if self._task is not None:
            self._task.cancel()
            self._task = None

    async def _run(self, seconds: int) -> None:
        for left in range(seconds, -1, -1):
            self._say(left)
            await pause(1)


class Sending:
    """One start that was answered with yes."""

    def __init__(self, app: App[Any], gateway: Gateway, store: SubmissionStore, tell: Teller) -> None:
        self._app = app
        self._store = store
        self._tell = tell
        self._local = gateway.target.is_local
        self._place = Place(gateway.target.project, gateway.target.region)
        self._submitter = Submitter(gateway.jobs, gateway.target, store)

    async def send(self, start: Start) -> Job | None:
        """The job, or None; why not has then been said. It is sent again only if the user says so.

        Raises:
            CloudError: it was refused; there is no such job.
        """
        while True:
            record = self._submitter.new_record(start.display_name, start.file, start.number)
            try:
                outcome = await self._send_once(start, record)
            except NotRecordedError as failure:
                reason = f"The note that has to be on disk before cannot be written: {failure}."
                self._tell(f"{start.display_name} was not sent", reason, tone="error")
                return None
            if isinstance(outcome, Submitted):
                self._app.post_message(JobStarted(outcome.job, self._place))
                return outcome.job
            self._tell(*outcome_words(outcome), tone="warning")
            again = outcome.settled and await self._ask(resend_question(outcome.record, local=self._local))
            if outcome.settled:
                await asyncio.to_thread(self._store.forget, outcome.record)
            if not again:
                return None

    async def _send_once(self, start: Start, record: Record) -> Outcome:
        """Send it, and look for it as long as the user wants while it is not known whether it arrived."""
        self._tell(f"Sending {start.display_name} …")
        countdown = Countdown(self._doubt)
        try:
            outcome = await self._submitter.submit(start.request, record, on_doubt=countdown.start)
            while isinstance(outcome, NotFound) and not outcome.settled:
                countdown.stop()
                self._tell(*outcome_words(outcome), tone="warning")
                if not await self._ask(look_question(outcome)):
                    break
                countdown.start()
                outcome = await self._submitter.look_for(record)
        finally:
            countdown.stop()
        return outcome

    async def _ask(self, question: Question) -> bool:
        screen = ConfirmScreen(question)
        return await self._app.push_screen_wait(screen)

    def _doubt(self, left: int) -> None:
        until = f"for {left} s more" if left else "a last time"
        self._tell(
            "Not known yet whether the job was started",
            f"No clear reply came. It is looked for by its label {until}; it is not sent again unasked.",
            tone="warning",
        )


def outcome_words(outcome: Outcome) -> tuple[str, str]:
    """What became of a submission that was in doubt: a title and a sentence."""
    record = outcome.record
    sent = sent_words(record)
    if isinstance(outcome, Submitted):
        return f"{sent}, was started", "The connection had dropped before that was known. See Jobs."
    if outcome.settled:
        return (
            f"{sent}, never arrived",
            f"No job in {record.project} carries its label. Start it again if you still want it.",
        )
    again = f"It is looked for again as soon as the list can be read, or now with {LOOK_KEY}"
    label = f"by its label {OWN_LABEL}={record.label}"
    return f"Whether {sent}, was started is not known", f"{_unread(outcome)}. {again}, {label}."


def waiting_words(record: Record, left: int) -> tuple[str, str]:
    """That a submission of an earlier session is still looked for."""
    until = f"for {left} s more" if left else "a last time"
    return (
        f"Looking for {sent_words(record)}",
        f"It was never confirmed. It is looked for by its label {until}.",
    )


def resend_question(record: Record, *, local: bool) -> Question:
    """Whether to send a job again that surely never arrived."""
    lines: list[str | Content] = [
        printable(f"{sent_words(record)}, never arrived: for a minute after the connection had"),
        printable(f"failed, no job in {record.project} carried its label."),
        "",
        "Sent again, it gets a new label. Left, nothing runs and nothing is billed.",
    ]
    return Question("Send the job again?", lines, "Send again", danger=not local)


def look_question(outcome: NotFound) -> Question:
    """Whether to go on looking for a job while the list cannot be read."""
    lines: list[str | Content] = [
        printable(f"Whether {sent_words(outcome.record)}, was started is not known."),
        printable(f"{_unread(outcome)}. It is not sent again meanwhile."),
        "",
        f"Left, it is looked for again once the list can be read, or with {LOOK_KEY}.",
    ]
    return Question("Look for the job for another minute?", lines, "Look again")


def _unread(outcome: NotFound) -> str:
    why = outcome.trouble.title if outcome.trouble else "no answer"
    return f"The list of jobs cannot be read ({why})"
