"""What the Jobs pane does with a job beyond looking: run it again, clone it, copy of it."""

from __future__ import annotations

import asyncio
import importlib
from functools import partial
from typing import TYPE_CHECKING, ClassVar, cast

from textual import work
from textual.app import App
from textual.binding import Binding, BindingType
from textual.content import Content

from tui.domain.diagnosis.model import Action, NextStep
from tui.domain.errors import CloudError
from tui.domain.joblist.commands import cancel_command, delete_command, describe_command, stream_command
from tui.domain.joblist.homes import is_number
from tui.domain.joblist.spec_text import has_whole_spec
from tui.domain.jobs import Job
from tui.domain.places import Place
from tui.domain.setup.needs import in_use
from tui.domain.text import printable
from tui.panes import messages
from tui.panes.jobs_choice import ChoiceScreen
from tui.panes.jobs_ends import JobsEnds
from tui.panes.jobs_summary import links_of
from tui.services.options import AppOptions

if TYPE_CHECKING:
    from tui.panes.jobs_rerun import Wanted

_NEED_A_JOB = frozenset({"rerun_as", "rerun", "clone", "copies"})
_STARTS = frozenset({"rerun_as", "rerun"})


class JobsAgain(JobsEnds):
    """Rerun, clone and copies."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "R",
            "rerun_as",
            "Rerun as",
            id="jobs.rerun-as",
            tooltip="Run it again with other arguments, machine, region, Spot, from a checkpoint",
        ),
        Binding(
            "ctrl+r",
            "rerun",
            "Rerun",
            id="jobs.rerun",
            show=False,
            tooltip="Run it again as it was, after the question",
        ),
        Binding(
            "e",
            "clone",
            "Clone",
            id="jobs.clone",
            show=False,
            tooltip="Begin a new spec with this job's, secrets as ${NAME}",
        ),
        Binding(
            "Y",
            "copies",
            "Copy …",
            id="jobs.copies",
            show=False,
            tooltip="Copy the name, an address or a gcloud command",
        ),
    ]

    def __init__(self, options: AppOptions) -> None:
        super().__init__(options)
        self._again_busy = False

    def again_offers(self, action: str) -> bool | None:
        """Whether one of these actions makes sense now; None for an action of others."""
        if action in _NEED_A_JOB:
            return self.current is not None and not (action in _STARTS and self.read_only)
        return None

    # Running it again

    def action_rerun_as(self) -> None:
        """Ask what is to be otherwise, then start it."""
        if (job := self.current) is not None:
            self.rerun_as(job)

    def action_rerun(self) -> None:
        """Start the same once more, after the question."""
        if (job := self.current) is not None:
            self.rerun(job)

    def rerun_as(self, job: Job, change: str = "") -> None:
        """The dialog, with the focus on what a failure card advises to change (`NextStep.change`)."""
        self._rerun(job, change, dialog=True)

    def rerun(self, job: Job) -> None:
        """Start the same job once more: checked, asked about and sent once, as any other."""
        self._rerun(job, "", dialog=False)

    @work(group="again", exit_on_error=False)
    async def _rerun(self, job: Job, change: str, *, dialog: bool) -> None:
        if self.read_only:
            return
        if self._again_busy:
            self.say("A start is under way already. It is sent once.")
            return
        self._again_busy = True
        try:
            await self._rerun_once(job, change, dialog=dialog)
        finally:
            self._again_busy = False

    async def _rerun_once(self, job: Job, change: str, *, dialog: bool) -> None:
        self.say("Reading the rules of specs …")
        await asyncio.to_thread(importlib.import_module, "tui.panes.jobs_restart")  # takes up to a second
        from tui.panes.jobs_restart import Restart  # noqa: PLC0415 (it is there now)

        self.say("")
        whole = await self._whole(job)
        gateway = self.gateway
        if whole is None or gateway is None:
            return
        project, own = await self._project_id(job), self.project_of(job)
        restart = Restart(
            self.app,
            gateway,
            self.options,
            whole,
            project,
            still=lambda: self.gateway is gateway,
            say=partial(self.say, stays=True),
            in_use=lambda place: in_use(self.jobs.live, Place(own, place.region), self.jobs.homes),
            prices=self.prices,
        )
        wanted: Wanted | None = None
        if dialog:
            insight = self.insights.get(job.name)
            wanted = await restart.ask(insight.paths if insight else (), change)
            if wanted is None:
                return
            if wanted.edit:
                self.post_message(messages.CloneJob(restart.draft(wanted)))
                return
        started = await restart.start(wanted)
        if started is not None:
            self.say(
                Content.from_markup("[$text-success]Started[/] $name", name=printable(started.display_name))
            )
            self.post_message(messages.JobsChanged())
            self.show_job(started.name)

    async def _whole(self, job: Job) -> Job | None:
        """The job with its spec, which a list kept from an earlier session lacks; None, with words."""
        gateway = self.gateway_of(job)
        if gateway is None:
            unknown = "Its project and region are not known."
            self.say(unknown if self.gateway is not None else "There is no connection yet.")
            return None
        if has_whole_spec(job):
            return job
        try:
            return await gateway.jobs.get_job(job.name)
        except CloudError as failure:
            self.say(f"Its spec could not be read: {printable(failure.title)}. {printable(failure.hint)}")
            return None

    async def _project_id(self, job: Job) -> str:
        """The id of a job's project, asked for where only its number is known: places are told by ids."""
        project, gateway = self.project_of(job), self.gateway_of(job)
        if gateway is None or not is_number(project):
            return project
        try:
            return (await gateway.setup.get_project()).project_id
        except CloudError:
            return project

    def action_clone(self) -> None:
        """Begin a new spec with this job's."""
        if (job := self.current) is not None:
            self.clone(job)

    @work(group="clone", exclusive=True, exit_on_error=False)
    async def clone(self, job: Job, at: tuple[str | int, ...] = ()) -> None:
        """Open a job's spec in the editor, if given at a path in the CustomJob."""
        whole = await self._whole(job)
        if whole is not None:
            self.post_message(messages.CloneJob(whole, at))

    def take_step(self, job: Job, step: NextStep) -> None:
        """Do what a failure card advises."""
        match step.action:
            case Action.RERUN_AS if not self.read_only:
                self.rerun_as(job, step.change)
            case Action.RERUN if not self.read_only:
                self.rerun(job)
            case Action.OPEN_SPEC:
                self.clone(job, step.spec_path)
            case _:
                super().take_step(job, step)

    # Copies

    def action_copies(self) -> None:
        """Choose what of the job to copy."""
        job, state = self.current, self.panel.state
        if job is None or state is None:
            return
        project = self.project_of(job)
        choices = [("name", job.display_name), ("id", job.job_id), ("resource name", job.name)]
        choices += [(f"address: {link.title}", link.url) for link in links_of(state)]
        choices += [
            ("command: describe", describe_command(job, project)),
            ("command: follow the log", stream_command(job, project)),
            ("request: delete the record", delete_command(job)),
        ]
        if job.state.live:
            choices.insert(-1, ("command: cancel", cancel_command(job, project)))
        choices.append((f"all that the detail shows ({self.panel.view.value})", self.panel.as_text))

        def chosen(number: int | None) -> None:
            if number is not None:
                title, text = choices[number]
                self.copy(text, printable(f"the {title}"), self.say)

        rows = [
            Content.assemble(
                (f"{printable(title)}  ", "bold"), (printable(text.partition("\n")[0]), "$text-muted")
            )
            for title, text in choices
        ]
        cast("App[object]", self.app).push_screen(ChoiceScreen("Copy", rows, "copies"), chosen)
