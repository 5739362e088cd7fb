"""The texts of the Spec pane: begun, opened, closed; `tui/panes/spec.py` knows what they mean."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Static

from tui.domain.jobs import Job
from tui.domain.setup.bucket import default_bucket
from tui.domain.spec.check import check
from tui.domain.spec.from_job import clone_words, new_spec
from tui.domain.spec.problems import START
from tui.domain.spec.templates import TEMPLATES, Template
from tui.domain.text import age, printable
from tui.panes.spec_buffer import EXAMPLE, Buffer
from tui.panes.spec_editor import SpecEditor
from tui.panes.spec_find import FindBar
from tui.panes.spec_lists import Choice, ProblemList, Welcome
from tui.panes.spec_open import SpecOpen
from tui.panes.spec_path import PathScreen
from tui.panes.spec_pick import Pick, PickScreen
from tui.services.handover import LeftOver
from tui.services.journal import Unsaved
from tui.services.paths import show_path
from tui.services.recent import Recent
from tui.widgets.confirm import ConfirmScreen, Question

_NAMED = 3
"""Kept texts that are named at most."""
RECENT_ROWS = 8
"""Files that are offered where one begins; all of them are in the list of files."""


class SpecTextPane(SpecOpen):
    """An editor with several texts in it, or the ways to begin."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+o", "open", "Open", id="spec.open", tooltip="Open another spec file"),
        Binding("i", "edit", "Edit", id="spec.edit", tooltip="Go back into the editor"),
        Binding(
            "ctrl+n",
            "new",
            "New spec",
            id="spec.new",
            show=False,
            tooltip="Begin a new spec from a template: CPU, L4, A100, H100, several, Spot, a package",
        ),
        Binding(
            "alt+p",
            "past_job",
            "Spec of a past job",
            id="spec.past_job",
            show=False,
            tooltip="Begin a new spec with what a past job was sent with, its secrets as ${NAME}",
        ),
        Binding(
            "alt+o,alt+b",
            "files",
            "Files",
            id="spec.files",
            show=False,
            tooltip="Switch to another open file, or open one of the last",
        ),
        Binding("alt+right", "step_file(1)", "Next file", id="spec.file.next", show=False),
        Binding("alt+left", "step_file(-1)", "Previous file", id="spec.file.previous", show=False),
        Binding("alt+w", "close", "Close", id="spec.close", show=False, tooltip="Close this file"),
    ]

    def compose(self) -> ComposeResult:
        with Vertical(id="spec-welcome", classes="box") as welcome:
            welcome.border_title = "Spec"
            yield Static(
                "A job spec says what Vertex AI runs for you, and on which machines. "
                "Write it here, see what is wrong with it while you type, and start the job.",
                id="spec-about",
            )
            yield Welcome(id="spec-choices")
        with Vertical(id="spec-work"):
            yield Static(id="spec-files", classes="hidden")
            yield self.editor
            yield FindBar(id="spec-find")
            yield ProblemList(id="spec-problems")
        yield Static(id="spec-notice", classes="hidden")

    async def on_mount(self) -> None:
        """Open what the app was started with, or say how to begin."""
        await self._show_welcome()
        if self.options.spec is not None:
            await self.open_file(self.options.spec, may_be_new=True)
        self._begun = True
        self._tell_kept()
        self.start_looking()

    @property
    def takes_keys(self) -> bool:
        """Whether the file that the app was started with is open, and its editor takes the keys."""
        return self._begun and (self._buffer is None or self.editor.has_focus)

    def give_focus(self) -> None:
        """Focus the editor, the line below it that is open, or the ways to begin."""
        bar = self.query_one(FindBar)
        if self._buffer and bar.is_open:
            bar.take_focus()
        else:
            self.query_one("#spec-editor" if self._buffer else "#spec-choices").focus()

    def go_back(self) -> bool:
        """`esc` first leaves the editor."""
        if self.editor.has_focus:
            self.query_one(ProblemList).focus()
            return True
        return False

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what works now is offered."""
        if action in ("edit", "close"):
            return self._buffer is not None
        if action == "step_file":
            return len(self._buffers) > 1
        return super().check_action(action, parameters)

    # Beginning

    async def _show_welcome(self) -> None:
        self._left, self._unread = await asyncio.to_thread(self.find_kept)
        recent = await asyncio.to_thread(self._recent.all)
        kept = tuple(_kept_choice(item, number) for number, item in enumerate(self._left))
        unread = tuple(_unread_choice(item, number) for number, item in enumerate(self._unread))
        ways = (
            Choice("example", "Open the example tiny-train", "a real training of half a minute", "e"),
            Choice("open", "Open a file …", "a CustomJobSpec or a CustomJob", "o"),
            Choice("new", "Begin a new spec …", "CPU, L4, A100, H100, Spot, a package", "n"),
            Choice("past_job", "Begin with a past job …", "as it was sent, but its secrets", "p"),
        )
        files = tuple(_recent_choice(item) for item in recent[:RECENT_ROWS])
        heading = (Choice("", ""), Choice("", "Opened last")) if files else ()
        self.query_one(Welcome).show((*kept, *unread, *ways, *heading, *files))
        self.say_kept()

    def say_kept(self) -> None:
        """Unsaved texts were found, or are gone."""

    def _tell_kept(self) -> None:
        """Say elsewhere that there is unsaved text."""
        if self._left and not self.display and self.options.spec is None:
            names = ", ".join(dict.fromkeys(_kept_name(item) for item in self._left[:_NAMED]))
            words = f"Unsaved text of {names} was kept. Press 2 to have it back."
            self.app.notify(printable(words), severity="warning", timeout=10, markup=False)

    @on(Welcome.Chosen)
    async def _begin(self, message: Welcome.Chosen) -> None:
        choice = message.choice
        if choice.action == "restore":
            await self.restore(self._left[choice.number])
        elif choice.action == "unread":
            await self._read_again(self._unread[choice.number])
        elif choice.path is not None:
            await self.open_file(choice.path)
        else:
            await self.run_action(choice.action)

    async def _read_again(self, left: LeftOver) -> None:
        """It may have been put right meanwhile; else say where it lies."""
        await self._show_welcome()
        again = next((item for item in self._unread if item.folder == left.folder), None)
        if again is not None:
            self._say(again.trouble, f"It lies in {show_path(again.file)}.", tone="error")

    @on(Welcome.Discarded)
    @work(exclusive=True, group="discard", exit_on_error=False)
    async def _discard(self, message: Welcome.Discarded) -> None:
        """Forget an unsaved text, if that is meant; or take a file off the list."""
        choice = message.choice
        if choice.path is not None:
            try:
                await asyncio.to_thread(self._recent.forget, choice.path)
            except OSError as failure:
                self._say("The list cannot be written", f"{failure.strerror or failure}.", tone="error")
        else:
            question = Question(
                "Discard this unsaved text?", [choice.title, choice.about], "Discard", danger=True
            )
            if not await self.app.push_screen_wait(ConfirmScreen(question)):
                return
            if choice.action == "unread":
                self._lent.forget(self._unread[choice.number])
            else:
                self._journal.forget(self._left[choice.number])
        await self._show_welcome()

    async def action_example(self) -> None:
        """Open the example."""
        await self.open_file(EXAMPLE)

    @work(exclusive=True, group="open", exit_on_error=False)
    async def action_new(self) -> None:
        """Ask for a template and begin with it."""
        picks = [Pick(template, template.title, template.about) for template in TEMPLATES]
        chosen = await self.app.push_screen_wait(PickScreen[Template]("A new spec", picks))
        if chosen is not None:
            place = self.gateway.target if self.gateway else self.options.settings
            bucket = self.options.settings.bucket or (default_bucket(place.project) if place.project else "")
            self._begin_with(chosen.text(bucket=bucket, region=place.region))

    def _begin_with(self, text: str) -> None:
        """Show a text as a new one; one that has only a name so far takes it."""
        buffer = self._buffer
        if buffer is not None and buffer.named and buffer.file is None and not buffer.text.strip():
            self._swap(text)
            self.editor.focus()
        else:
            self._show_buffer(Buffer(text))

    @work(exclusive=True, group="open", exit_on_error=False)
    async def action_past_job(self) -> None:
        """Ask for a job of the list and begin with its spec."""
        picks = [Pick(job, job.display_name or job.job_id, _job_words(job)) for job in self.jobs.jobs]
        empty = (
            "No job fits." if picks else "No job is known yet: the list is read when the app is connected."
        )
        chosen = await self.app.push_screen_wait(PickScreen[Job]("The spec of a past job", picks, empty))
        if chosen is not None:
            self.open_job(chosen)

    def open_job(self, job: Job, at: tuple[str | int, ...] = ()) -> None:
        """Begin a new spec with what a job was sent with; its secrets become references.

        `at` is a path in the CustomJob, at which the cursor is put, or as near to it as can be.
        """
        made = new_spec(job)
        stem = "".join(char if char.isalnum() or char in "-_." else "-" for char in job.display_name)
        name = f"{stem.strip('.-') or job.job_id}.yaml"
        self._show_buffer(Buffer(made.text, suggested=Path.cwd() / name))
        if at:
            places = check(made.text).places
            while at and at not in places:
                at = at[:-1]
            self.editor.go_to(places.get(at, START))
        self._say(f"A new spec from {job.display_name}", clone_words(made))

    @work(exclusive=True, group="open", exit_on_error=False)
    async def action_open(self) -> None:
        """Ask for a file and open it."""
        folder = self._buffer.suggested.parent if self._buffer else Path.cwd()
        path = await self.app.push_screen_wait(PathScreen("Open a job spec", f"{folder}/", existing=True))
        if path is not None:
            await self.open_file(path)

    # Several files

    @work(exclusive=True, group="open", exit_on_error=False)
    async def action_files(self) -> None:
        """Ask for one of the open files or of those opened last."""
        recent = await asyncio.to_thread(self._recent.all)
        here = {buffer.key for buffer in self._buffers}
        picks: list[Pick[Buffer | Path]] = [
            Pick(buffer, f"{buffer.title}{' ●' if buffer.unsaved else ''}", _open_words(buffer))
            for buffer in self._buffers
        ]
        picks += [
            Pick(item.path, item.path.name, _recent_words(item), faint=item.missing)
            for item in recent
            if str(item.path) not in here
        ]
        empty = "No file fits." if picks else "No file has been opened yet: ctrl+o opens one."
        chosen = await self.app.push_screen_wait(PickScreen[Buffer | Path]("Files", picks, empty))
        if isinstance(chosen, Path):
            await self.open_file(chosen)
        elif chosen is not None and chosen in self._buffers:
            self._show_buffer(chosen)

    def action_step_file(self, step: int) -> None:
        """Go to the next open file, or to the one before."""
        if self._buffer is not None:
            place = self._buffers.index(self._buffer) + step
            self._show_buffer(self._buffers[place % len(self._buffers)])

    @work(exclusive=True, group="close", exit_on_error=False)
    async def action_close(self) -> None:
        """Close the text; one that is not saved only after a question."""
        buffer = self._buffer
        if buffer is None:
            return
        if buffer.unsaved:
            question = Question(
                f"Close {buffer.title} and lose its changes?",
                ["Its text is not saved: esc, then ctrl+s saves it."],
                "Close it",
                danger=True,
            )
            if not await self.app.push_screen_wait(ConfirmScreen(question)):
                return
        place = self._buffers.index(buffer)
        self._buffers.remove(buffer)
        self._keeper.forget(buffer.key)
        self.note_open()
        if self._buffers:
            self._show_buffer(self._buffers[max(place - 1, 0)])
        else:
            await self._close_last()

    async def _close_last(self) -> None:
        """Show the ways to begin again."""
        self._buffer = None
        self._say("")
        self._switched()
        self.remove_class("open")
        await self._show_welcome()
        self.query_one(Welcome).focus()

    def action_edit(self) -> None:
        """Back into the editor."""
        self.editor.focus()

    @on(SpecEditor.Left)
    def _leave_editor(self) -> None:
        self.query_one(ProblemList).focus()


def _kept_name(item: Unsaved) -> str:
    return item.path.name if item.path else "a new spec"


def _kept_choice(item: Unsaved, number: int) -> Choice:
    name = _kept_name(item)
    where = f", made on {item.host}" if item.host else ""
    about = f"from {item.saved_at.astimezone():%d %b %H:%M}{where}"
    return Choice("restore", f"Restore the unsaved text of {name}", about, number=number)


def _unread_choice(left: LeftOver, number: int) -> Choice:
    title = f"What an editor left of {left.file.name}"
    return Choice("unread", title, "cannot be read", number=number)


def _recent_choice(item: Recent) -> Choice:
    return Choice("recent", item.path.name, _recent_words(item), path=item.path, faint=item.missing)


def _recent_words(item: Recent) -> str:
    folder = show_path(item.path.parent)
    if item.missing:
        return f"not there any more · {folder}"
    return f"{_ago(item.opened_at)} · {folder}"


def _open_words(buffer: Buffer) -> str:
    folder = show_path(buffer.path.parent) if buffer.path else "without a file"
    return " · ".join(["open", *buffer.notes, folder])


def _job_words(job: Job) -> str:
    old = f" · {_ago(job.create_time)}" if job.create_time else ""
    return f"{job.state.word} · {job.machine}{old}"


def _ago(moment: datetime) -> str:
    words = age((datetime.now(UTC) - moment).total_seconds())
    return words if words == "now" else f"{words} ago"
