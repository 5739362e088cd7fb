"""The way from the editor's text to a running job: check, fill in, ask, send once, say what became of it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Protocol

from textual.app import App

from tui.domain.errors import CloudError, ErrorKind
from tui.domain.gateway import Gateway
from tui.domain.jobs import Job
from tui.domain.secrets import hide
from tui.domain.spec.check import Spec, check
from tui.domain.spec.references import PLAIN_NAMES, Layers, Value, missing, resolve, secret_values
from tui.domain.spec.request import build_request, with_key
from tui.panes.spec_dialogs import SecretScreen
from tui.panes.spec_words import Start, display_name, question
from tui.services.paths import show_path
from tui.services.secrets import SecretsError, SecretStore
from tui.services.submission import NotFound, Outcome, Record, SubmissionStore, Submitted, Submitter
from tui.widgets.confirm import ConfirmScreen
from tui.widgets.state_view import local_clock


class Teller(Protocol):
    """Says in the pane how far a start has got."""

    def __call__(self, title: str, message: str = "", *, tone: str = "") -> None:
        """Show it; `tone` is success, warning, error or empty."""
        ...


class JobStart:
    """One press of the start key."""

    def __init__(
        self,
        app: App[Any],
        gateway: Gateway,
        secrets: SecretStore,
        store: SubmissionStore,
        *,
        layers: Callable[[], Layers],
        tell: Teller,
        kms_key: str = "",
    ) -> None:
        self._kms_key = kms_key
        self._app = app
        self._gateway = gateway
        self._secrets = secrets
        self._store = store
        self._layers = layers
        self._tell = tell

    async def run(
        self,
        text: str,
        *,
        stem: str,
        file: str,
        unsaved: bool,
        on_refused: Callable[[CloudError, Spec], None],
    ) -> Job | None:
        """The job that was started, or None; why not has then been said."""
        spec = with_key(await asyncio.to_thread(check, text), self._kms_key)
        if spec.errors:
            self._tell_errors(spec)
            return None
        try:
            values = await self._fill(spec)
        except SecretsError as failure:
            self._tell(failure.title, f"{failure.message} {failure.hint}", tone="error")
            return None
        if values is None:
            return None
        start = await self._prepare(spec, values, stem, file, unsaved=unsaved)
        if not await self._app.push_screen_wait(ConfirmScreen(question(start))):
            self._tell("Nothing was started")
            return None
        return await self._send(start, on_refused)

    def _tell_errors(self, spec: Spec) -> None:
        count = len(spec.errors)
        first = spec.errors[0]
        what = "An error has" if count == 1 else f"{count} errors have"
        self._tell(f"{what} to be put right first", f"Line {first.line}: {first.message}", tone="error")

    async def _fill(self, spec: Spec) -> Mapping[str, Value] | None:
        """Values for all references; what is missing is asked for and stored."""
        values = resolve(spec.references, await asyncio.to_thread(self._layers))
        where = show_path(self._secrets.path)
        for name in missing(spec.references, values):
            screen = SecretScreen(name, where, hidden=name not in PLAIN_NAMES)
            answer = await self._app.push_screen_wait(screen)
            if answer is None:
                self._tell(f"{name} has no value", "Nothing was started.", tone="warning")
                return None
            await asyncio.to_thread(self._secrets.set, name, answer)
        return resolve(spec.references, await asyncio.to_thread(self._layers))

    async def _prepare(
        self, spec: Spec, values: Mapping[str, Value], stem: str, file: str, *, unsaved: bool
    ) -> Start:
        try:
            account = (await self._gateway.setup.identity()).account
        except CloudError:
            account = ""  # shown as unknown; if the credentials are bad, sending says so in full
        name = display_name(spec, account, stem, datetime.now(UTC).astimezone())
        request = build_request(spec, name, {}, values)
        return Start(spec, request, values, name, self._gateway.target, account, file, unsaved)

    async def _send(self, start: Start, on_refused: Callable[[CloudError, Spec], None]) -> Job | None:
        submitter = Submitter(self._gateway.jobs, self._gateway.target, self._store)
        record = submitter.new_record(start.display_name, start.file)
        self._tell(f"Sending {start.display_name} …")
        try:
            outcome = await submitter.submit(start.request, record, on_doubt=self._doubt)
        except CloudError as failure:
            on_refused(_without_secrets(failure, start.values), start.spec)
            return None
        except OSError as failure:
            reason = f"The note about this submission cannot be written: {failure.strerror or failure}."
            self._tell("Nothing was sent", reason, tone="error")
            return None
        if isinstance(outcome, Submitted):
            return outcome.job
        self._tell(*outcome_words(outcome), tone="warning")
        if outcome.settled:
            await asyncio.to_thread(self._store.forget, outcome.record)
        return None

    def _doubt(self) -> None:
        self._tell(
            "Not known yet whether the job was started",
            "No clear reply came. Looking for the job by its label for up to a minute; it is not sent again.",
            tone="warning",
        )


def outcome_words(outcome: Outcome) -> tuple[str, str]:
    """What became of a submission that was in doubt: a title and a sentence."""
    record = outcome.record
    sent = f"{record.display_name}, sent at {local_clock(record.time)}"
    if isinstance(outcome, Submitted):
        return f"{sent}, was started", "The connection had dropped before that was known. See Jobs."
    return _absence_words(outcome, record, sent)


def _absence_words(outcome: NotFound, record: Record, sent: str) -> tuple[str, str]:
    if outcome.settled:
        return (
            f"{sent}, never arrived",
            f"No job in {record.project} carries its label. Start it again if you still want it.",
        )
    why = outcome.trouble.title if outcome.trouble else "no answer"
    return (
        f"Whether {sent}, was started is not known",
        f"The job list cannot be read ({why}). Look in Jobs before you start it again.",
    )


def not_connected(trouble: CloudError | None) -> CloudError:
    """Why nothing can be started yet."""
    if trouble is not None:
        return trouble
    return CloudError(
        "Not connected yet", "The job can be started in a moment.", kind=ErrorKind.UNREACHABLE, retryable=True
    )


def environment() -> Mapping[str, str]:
    """The variables that references may be filled from."""
    return os.environ


def _without_secrets(failure: CloudError, values: Mapping[str, Value]) -> CloudError:
    """The same failure, with any value that the service quoted hidden."""
    hidden = secret_values(values)
    return CloudError(
        hide(failure.title, hidden),
        hide(failure.message, hidden),
        hint=hide(failure.hint, hidden),
        kind=failure.kind,
        retryable=failure.retryable,
        reason=failure.reason,
        violations=tuple((field, hide(text, hidden)) for field, text in failure.violations),
    )
