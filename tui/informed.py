"""The part of the app that knows more than the records say: what logs tell of jobs."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from textual import on, work
from textual.reactive import reactive

from tui.connected import ConnectedApp
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.gateway import Gateway, LogsGateway
from tui.domain.joblist.homes import place_of
from tui.domain.jobs import Job
from tui.domain.places import Place
from tui.domain.readrate import SHARE, UNLIMITED, ReadRate
from tui.domain.storage import GcsUri
from tui.panes import messages
from tui.services import config_write
from tui.services.config_file import ConfigError
from tui.services.jobwatch import JobsSnapshot
from tui.services.logreads import LogReaders
from tui.services.options import AppOptions
from tui.services.settings import BY_KEY
from tui.widgets.bugs import tell_bug

if TYPE_CHECKING:
    from tui.domain.insight import JobInsight
    from tui.services.insights import JobInsights
    from tui.services.keptverdicts import KeptVerdicts


SAVE_SECONDS = 20.0
"""What was learnt of ended jobs is kept at most so often while logs are read, and at the end."""


class InformedApp(ConnectedApp):
    """A connected app that reads in logs what the job list shows of them."""

    insights: reactive[Mapping[str, JobInsight]] = reactive["Mapping[str, JobInsight]"](
        dict, init=False, repaint=False
    )
    """What the logs say of jobs, by their resource names."""

    log_readers: reactive[LogReaders] = reactive[LogReaders](
        lambda: LogReaders(_no_logs), init=False, repaint=False
    )
    """The logs of all projects, with turns that everything which reads logs shares."""

    def __init__(self, options: AppOptions) -> None:
        super().__init__(options)
        readers = LogReaders(self._logs_of)
        readers.rate_of = self._read_rate
        self.set_reactive(InformedApp.log_readers, readers)
        self._informer: JobInsights | None = None
        self._verdicts: KeptVerdicts | None = None
        self._read_now: Mapping[str, JobInsight] = {}

    def start_connection(self) -> None:
        """Also begin to read what is known of jobs that ended before."""
        from tui.services.keptverdicts import KeptVerdicts  # noqa: PLC0415 (after the first frame)

        local = self.options.local or self.options.diverted
        self._verdicts = KeptVerdicts(self.options.paths.state_dir, local=local)
        self._keep_verdicts(self._verdicts)
        super().start_connection()

    def on_unmount(self) -> None:
        """Keep what was learnt last."""
        if self._verdicts is not None:
            self._verdicts.keep(self._verdicts.take_news(), self._secrets)

    @work(group="verdicts", exit_on_error=False)
    async def _keep_verdicts(self, verdicts: KeptVerdicts) -> None:
        """Show what the logs said before, and keep what they say now."""
        verdicts.adopt(await asyncio.to_thread(verdicts.read))
        self._show_insights()
        while True:
            await verdicts.news()
            await asyncio.sleep(SAVE_SECONDS)
            await asyncio.to_thread(verdicts.keep, verdicts.take_news(), self._secrets)

    # What the logs say

    def watch_gateway(self, gateway: Gateway | None) -> None:
        """Begin to read logs with the first connection; later ones are used as they come."""
        if gateway is not None and self._informer is None:
            from tui.services.insight_reads import LOCAL_TIMING, InsightTiming  # noqa: PLC0415 (after the frame)
            from tui.services.insights import JobInsights  # noqa: PLC0415 (same)

            verdicts = self._verdicts
            self._informer = JobInsights(
                self.log_readers,
                self._inform,
                project_of=self.project_of,
                outputs_empty=self._outputs_empty,
                secrets=self._secrets,
                report=partial(tell_bug, self, where="insights"),
                learnt=verdicts.learn if verdicts else None,
                read_before=verdicts.has if verdicts else lambda _job: False,
                timing=LOCAL_TIMING if gateway.target.is_local else InsightTiming(),
            )
            self._informer.attend(focused=self.app_focus)
            self._find_out(self._informer)

    @work(exclusive=True, group="insights", exit_on_error=False)
    async def _find_out(self, informer: JobInsights) -> None:
        await informer.run()

    def _secrets(self) -> tuple[str, ...]:
        """Values that are not to be quoted of any log; called in a thread."""
        from tui.services.secrets import stored_values  # noqa: PLC0415 (reads TOML; no first frame needs it)

        return stored_values(self.options.paths.secrets_file)

    def _inform(self, insights: Mapping[str, JobInsight]) -> None:
        self._read_now = insights
        self._show_insights()

    def _show_insights(self) -> None:
        """Hand on what is known of the jobs of the newest list."""
        verdicts, found = self._verdicts, self._read_now
        self.insights = verdicts.joined(self.jobs.jobs, found) if verdicts is not None else found

    def watch_jobs(self, snapshot: JobsSnapshot) -> None:
        """Follow the jobs that live; a list kept from an earlier session may be wrong about that."""
        self._show_insights()
        if self._informer is not None and not snapshot.kept:
            self._informer.note_jobs(snapshot.jobs)

    @on(messages.LookInto)
    def _look_into(self, message: messages.LookInto) -> None:
        if self._informer is not None:
            self._informer.look_into(message.jobs, message.first)

    def on_app_blur(self) -> None:
        """Nobody looks: read less."""
        if self._informer is not None:
            self._informer.attend(focused=False)

    def on_app_focus(self) -> None:
        """Somebody looks again."""
        if self._informer is not None:
            self._informer.attend(focused=True)

    @on(messages.EntriesSeen)
    def _entries_seen(self, message: messages.EntriesSeen) -> None:
        if self._informer is not None:
            self._informer.entries_seen(message.job, message.entries)

    def project_of(self, job: Job) -> str:
        """The id of a job's project; its number where the id is not known."""
        place = place_of(job, self.jobs.homes)
        return place.project if place is not None else ""

    def _read_rate(self) -> ReadRate:
        """How often logs may be read: the local server says what it allows, and nobody else reads there."""
        local = self.gateway.target.local if self.gateway is not None else None
        if local is None:
            return ReadRate()
        return ReadRate(most=UNLIMITED if local.log_reads == 0 else local.log_reads * SHARE)

    def _logs_of(self, project: str) -> LogsGateway:
        """The logs of a project, by the connection that stands now."""
        gateway = self.gateway
        if gateway is None:
            return _no_logs(project)
        if not project:
            raise CloudError("The project of this job is not known", kind=ErrorKind.LOCAL)
        if project == gateway.target.project:
            return gateway.logs
        return gateway.elsewhere(Place(project, gateway.target.region)).logs

    async def _outputs_empty(self, job: Job) -> bool | None:
        """Whether nothing lies in a job's base output directory; None if that cannot be told."""
        home = place_of(job, self.jobs.homes)
        if self.gateway is None or home is None or not job.output_uri:
            return None
        gateway = self.gateway.elsewhere(home)
        try:
            place = GcsUri.parse(job.output_uri)
            prefix = place if place.is_prefix else GcsUri(place.bucket, f"{place.name}/")
            listing = await gateway.storage.list_objects(prefix, recursive=True, page_size=2)
        except (CloudError, ValueError):
            return None  # not a finding about the job
        return not any(item.size for item in listing.objects) and not listing.next_page_token

    # Settings

    @on(messages.SaveSetting)
    @work(group="save-setting", exit_on_error=False)
    async def _save_setting(self, message: messages.SaveSetting) -> None:
        """Go on with a setting at once, and write it for the next start."""
        changed = {BY_KEY[message.key].attribute: message.value}
        self.options = replace(self.options, settings=replace(self.options.settings, **changed))  # type: ignore[arg-type]
        self.settings_changed()
        path = self.options.paths.config_file
        try:
            await asyncio.to_thread(
                config_write.save, path, message.key, str(message.value), self.options.profile
            )
        except ConfigError as error:
            self.notify(f"It holds for this session only: {error}", severity="warning", markup=False)

    def settings_changed(self) -> None:
        """Hand the options in force to all panes."""


def _no_logs(_project: str) -> LogsGateway:
    raise CloudError("There is no connection yet", kind=ErrorKind.UNREACHABLE, retryable=True)
