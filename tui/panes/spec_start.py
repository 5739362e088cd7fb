"""The way from the editor's text to a running job: check, fill in, ask, send once, say what became of it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from textual.app import App

from tui.domain.catalog.skus import PriceBook
from tui.domain.errors import CloudError
from tui.domain.gateway import Gateway
from tui.domain.jobs import Job
from tui.domain.places import Place
from tui.domain.secret_args import refilled_args
from tui.domain.secrets import hide
from tui.domain.setup.needs import needs_of
from tui.domain.spec.args_text import args_text, parse_args
from tui.domain.spec.check import Spec, check
from tui.domain.spec.labels_text import labels_text, parse_labels
from tui.domain.spec.naming import name_problem
from tui.domain.spec.override import (
    OverrideError,
    first_args,
    holds_secret,
    parse_duration,
    with_args,
    with_timeout,
)
from tui.domain.spec.problems import Fix
from tui.domain.spec.references import PLAIN_NAMES, Layers, Value, missing, resolve, secret_values
from tui.domain.spec.request import build_request, env_lists, with_key
from tui.domain.spec.timeout import set_timeout
from tui.panes.messages import OpenSetup, TryHere
from tui.panes.spec_dialogs import SecretScreen
from tui.panes.spec_preflight import CheckingScreen, StartScreen, Wish
from tui.panes.spec_sending import Sending, Teller
from tui.panes.spec_values import ArgsScreen, ValueScreen
from tui.panes.spec_words import Start, question
from tui.services.acceptance import AcceptanceError, Acceptances
from tui.services.options import AppOptions
from tui.services.paths import show_path
from tui.services.preflight import Preflight, Report
from tui.services.secrets import SecretsError, SecretStore
from tui.services.submission import SubmissionStore
from tui.services.submitter import display_name, submitter_labels


@dataclass(frozen=True, slots=True)
class Source:
    """The text that is started, and what can be done to it."""

    text: str
    title: str
    """The file's name, to show."""
    stem: str
    """For the job's name."""
    file: str
    """Its path, or empty when it has no file yet."""
    unsaved: bool


@dataclass(slots=True)
class _Own:
    """What is set for this start only."""

    name: str = ""
    args: list[str] | None = None
    timeout: int = 0
    labels: dict[str, str] | None = None


class JobStart:
    """One press of the start key."""

    def __init__(
        self,
        app: App[Any],
        gateway: Gateway,
        options: AppOptions,
        secrets: SecretStore,
        store: SubmissionStore,
        *,
        layers: Callable[[], Layers],
        still: Callable[[], bool],
        tell: Teller,
        write: Callable[[str, Fix], str | None],
        secret_set: Callable[[], object],
        in_use: Callable[[Place], Mapping[str, int]] = lambda _place: {},
        prices: PriceBook | None = None,
    ) -> None:
        """`in_use` tells what living jobs hold of quota; `prices` are newer than the table.

        `write` makes a change to the text in the editor, if that is still the one given, and returns it;
        `secret_set` is called when a value was stored.
        """
        self._app = app
        self._gateway = gateway
        self._options = options
        self._secrets = secrets
        self._store = store
        self._layers = layers
        self._still = still
        self._tell = tell
        self._write = write
        self._secret_set = secret_set
        self._in_use = in_use
        self._prices = prices
        self._own = _Own()

    async def run(self, source: Source, *, on_refused: Callable[[CloudError, Spec], None]) -> Job | None:
        """The job that was started, or None; why not has then been said."""
        spec = await self._checked(source.text)
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
        report = await self._look(spec, values, source)
        start = await self._ask(spec, values, source, report) if report is not None else None
        if start is None:
            return None
        sending = Sending(self._app, self._gateway, self._store, self._tell)
        try:
            return await sending.send(start)
        except CloudError as failure:
            on_refused(_without_secrets(failure, start.values), start.spec)
            return None

    async def _checked(self, text: str) -> Spec:
        settings, target = self._options.settings, self._gateway.target
        limit = settings.jobs_price_limit if settings.jobs_price_limit and not target.is_local else None
        today = datetime.now(UTC).date()
        spec = await asyncio.to_thread(
            check, text, region=target.region, today=today, limit_usd=limit, prices=self._prices
        )
        return with_key(spec, settings.kms_key)

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
            self._secret_set()
        return resolve(spec.references, await asyncio.to_thread(self._layers))

    # The checks

    async def _look(self, spec: Spec, values: Mapping[str, Value], source: Source) -> Report | None:
        """What the project says of this job; None when the user left."""
        filled = replace(spec, job=build_request(spec, "", {}, values))
        target = self._gateway.target
        accepted = await asyncio.to_thread(self._accepted, target.project)
        preflight = Preflight(
            self._gateway,
            self._options,
            needs_of(filled, source.title),
            handed=buckets_handed(filled.job),
            accepted=accepted,
            secret_names=frozenset(item.name for item in spec.references),
            quota_in_use=self._in_use(Place(target.project, target.region)),
        )
        report = await self._app.push_screen_wait(CheckingScreen(preflight))
        if report is None:
            self._tell("Nothing was started")
        return report

    def _accepted(self, project: str) -> Mapping[str, str]:
        """Findings that the user takes as they are; none while their file cannot be read."""
        try:
            folder = self._options.paths.state_dir
            return Acceptances(folder, project, local=self._options.local).read()
        except AcceptanceError:
            return {}

    # The question

    async def _ask(
        self, spec: Spec, values: Mapping[str, Value], source: Source, report: Report
    ) -> Start | None:
        """Ask until there is an answer; None when nothing is to be sent."""
        while True:
            start = await asyncio.to_thread(self._plan, spec, values, source, report)
            screen = StartScreen(question(start))
            await self._app.push_screen_wait(screen)
            match screen.wish:
                case Wish.START if not self._still():
                    words = "The connection has changed since the question was asked: start it again."
                    self._tell("Nothing was started", words, tone="warning")
                    return None
                case Wish.START:
                    return start
                case Wish.NAME | Wish.ARGS | Wish.LABELS | Wish.TIMEOUT:
                    await self._change(screen.wish, start)
                case Wish.WRITE:
                    if (changed := await self._written(source)) is None:
                        return None
                    source = changed
                    spec = await self._checked(source.text)
                case other:
                    self._leave(other, screen.row, start)
                    return None

    def _leave(self, wish: Wish, row: str, start: Start) -> None:
        if wish is Wish.TRY:
            self._app.post_message(TryHere(start.request))
            self._tell(f"{start.display_name} is tried on this box", "It is said when it has ended.")
            return
        self._tell("Nothing was started")
        if wish is Wish.SETUP:
            self._app.post_message(OpenSetup(row))

    def _plan(self, spec: Spec, values: Mapping[str, Value], source: Source, report: Report) -> Start:
        """Everything about the start, as it would be sent now; reads the records on disk."""
        own, target = self._own, self._gateway.target
        now = datetime.now(UTC).astimezone()
        template = self._options.settings.jobs_name_template
        number = self._store.next_number(source.file)
        name = own.name or display_name(
            spec, report.account, source.stem, now, template=template, number=number
        )
        labels = submitter_labels(self._options.settings.jobs_user, spec.job.get("labels", {}))
        request: Mapping[str, Any] = build_request(spec, name, labels, values)
        if own.labels is not None:
            request = {**request, "labels": own.labels}
        if own.args is not None:
            texts = {key: value.text for key, value in values.items()}
            request = with_args(request, refilled_args(own.args, texts))
        if own.timeout:
            request = with_timeout(request, own.timeout)
        doubtful = self._store.pending_submissions()
        return Start(
            spec,
            request,
            values,
            target,
            source.file,
            report,
            unsaved=source.unsaved,
            limit=self._options.settings.jobs_price_limit,
            last=self._store.last_for(source.file, local=target.is_local),
            doubtful=tuple(record for record in doubtful if record.belongs_to(target)),
            changed_args=own.args is not None,
            own_timeout=bool(own.timeout),
            number=number,
            prices=self._prices,
        )

    async def _change(self, wish: Wish, start: Start) -> None:
        """Take another name, arguments or timeout for this start only."""
        if wish is Wish.NAME:
            about = (
                "For this start only; displayName in the file, or the setting jobs.name_template, keeps one."
            )
            answer = await self._value("Name of the job", about, start.display_name, name_problem)
            self._own.name = answer or self._own.name
        elif wish is Wish.TIMEOUT:
            about = "After how long the job is stopped, such as 2h, 1h 30m or 45m; at most 7 days."
            shown = f"{int(start.cost.timeout)}s" if start.cost.timeout else ""
            answer = await self._value("Timeout of this start", about, shown, _wrong(parse_duration))
            self._own.timeout = parse_duration(answer) if answer else self._own.timeout
        elif wish is Wish.LABELS:
            about = "KEY=VALUE, with commas between; for this start only. An empty field sends none."
            shown = labels_text(start.request.get("labels", {}))
            answer = await self._value("Labels of the job", about, shown, _wrong(parse_labels))
            self._own.labels = self._own.labels if answer is None else parse_labels(answer)
        else:
            await self._change_args(start)

    async def _change_args(self, start: Start) -> None:
        """Take other arguments; those of the file stay exactly as they are unless the field was changed."""
        args = first_args(start.request) or []
        filled = secret_values(start.values)
        hidden = holds_secret(args) or any(value in item for value in filled if value for item in args)
        shown = "" if hidden else args_text(args)
        screen = ArgsScreen(shown, _wrong(parse_args), hidden=hidden)
        answer = await self._app.push_screen_wait(screen)
        if answer is not None and answer != shown and not (hidden and not answer.strip()):
            self._own.args = parse_args(answer)

    async def _value(self, title: str, about: str, value: str, wrong: Callable[[str], str]) -> str | None:
        return await self._app.push_screen_wait(ValueScreen(title, about, value, wrong))

    async def _written(self, source: Source) -> Source | None:
        """Write the timeout into the text; None, with words, where that cannot be done on its own."""
        seconds = self._own.timeout
        fix = await asyncio.to_thread(set_timeout, source.text, seconds)
        text = self._write(source.text, fix) if fix is not None else None
        if text is None:
            words = f"Write timeout: {seconds}s below scheduling by hand. Nothing was started."
            self._tell("The timeout could not be written into this file", words, tone="warning")
            return None
        self._own.timeout = 0
        return replace(source, text=text, unsaved=True)


def _wrong(parse: Callable[[str], object]) -> Callable[[str], str]:
    """What is wrong with a text, in a sentence."""

    def wrong(text: str) -> str:
        try:
            parse(text)
        except OverrideError as failure:
            return str(failure)
        return ""

    return wrong


def buckets_handed(job: Mapping[str, Any]) -> frozenset[str]:
    """The buckets that variables named for one give a job, such as BUCKET_NAME."""
    return frozenset(
        str(variable.get("value", "")).removeprefix("gs://").partition("/")[0]
        for env in env_lists(job)
        for variable in env
        if "BUCKET" in str(variable.get("name", "")).upper()
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
        hint_once=hide(failure.hint_once, hidden),
        kind=failure.kind,
        retryable=failure.retryable,
        reason=failure.reason,
        violations=tuple((field, hide(text, hidden)) for field, text in failure.violations),
    )
