"""The dialog *rerun as*: what of a past job is otherwise this time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from textual import on
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Button, Input, Static, TextArea

from tui.domain.access import QuotaLimits
from tui.domain.catalog.choices import Setting
from tui.domain.catalog.skus import PriceBook
from tui.domain.joblist.again import (
    Again,
    Way,
    differences,
    duration_text,
    machine_words,
    with_pool,
)
from tui.domain.joblist.checkpoints import VARIABLE, checkpoints, option_of, with_checkpoint
from tui.domain.regions import TRAINING_REGIONS
from tui.domain.secret_args import SecretNames, in_words, named_args, references_of, refilled_args
from tui.domain.secrets import HIDDEN_SECRET
from tui.domain.spec.args_text import args_text, parse_args
from tui.domain.spec.machine_edit import WrittenPool
from tui.domain.spec.naming import name_problem
from tui.domain.spec.override import OverrideError, parse_duration
from tui.domain.spec.references import is_identifier
from tui.domain.text import middle_cut, printable
from tui.panes.spec_machine import Chosen, MachineScreen
from tui.panes.spec_pick import Pick, PickScreen
from tui.panes.spec_values import ArgsField

_LABEL = 12
_SHOWN = 30
"""Columns of each side of a difference."""
_FIELDS = {
    "args": "#again-args",
    "machine": "#again-machine",
    "region": "#again-region",
    "spot": "#again-way",
    "standard": "#again-way",
    "timeout": "#again-timeout",
}
"""Where the focus begins, by what a failure card advises to change."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the dialog offers beside the job itself."""

    title: str
    """The job's name."""
    suggested: str
    """The name that the template gives."""
    paths: tuple[str, ...] = ()
    """`gs://` paths among which checkpoints are looked for."""
    in_use: Callable[[str], Mapping[str, int]] = lambda _region: {}
    """What the jobs of a region hold."""
    limits: Callable[[str, Sequence[str]], Awaitable[Mapping[str, QuotaLimits]]] | None = None
    """Reads limits of a region."""
    project: str = ""
    book: PriceBook | None = None
    change: str = ""
    """What a failure card advises to change (`NextStep.change`)."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """The answer."""

    again: Again
    edit: bool = False
    """Whether it is to be edited as a spec instead of started."""


class RerunScreen(ModalScreen[Wanted | None]):
    """Fields with what the job had; what is changed is said below. None when it was left."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "go_on", "Go on", id="again.go", priority=True, tooltip="Check it, and ask"),
        Binding("ctrl+o", "edit", "Edit", id="again.edit", priority=True, tooltip="Edit it as a new spec"),
        Binding("escape", "dismiss(None)", "Cancel", id="again.cancel", tooltip="Start nothing"),
    ]

    AUTO_FOCUS: ClassVar[str | None] = ""  # it depends on what is to be changed

    def __init__(self, before: Again, about: Surroundings) -> None:
        super().__init__()
        self._before = before
        self._now = before
        self._about = about
        self._paths = about.paths
        self._checkpoint = ""
        names = SecretNames(references_of(before.args or ()))
        self._args_shown = args_text(named_args(before.args or (), names))
        self._secrets = names.values
        if about.change in ("spot", "standard"):
            self._now = replace(before, way=Way.SPOT if about.change == "spot" else Way.STANDARD)

    def compose(self) -> ComposeResult:
        about, now = self._about, self._now
        with Vertical(id="dialog", classes="again") as dialog:
            dialog.border_title = Content(f"Run {middle_cut(printable(about.title), 50)} again as")
            dialog.border_subtitle = "tab · ctrl+s goes on to the question · ctrl+o edits it as a spec · esc"
            with VerticalScroll(id="again-fields", can_focus=False):
                yield _row("Name", Input(placeholder=about.suggested, id="again-name", compact=True))
                if now.args is not None:
                    yield _row("Args", ArgsField(self._args_shown, id="again-args", tab_behavior="focus"))
                yield _row("Machine", Button(self._machine, id="again-machine", compact=True))
                yield _row("Region", Button(now.region, id="again-region", compact=True))
                yield _row("Strategy", Button(now.way.word, id="again-way", compact=True))
                shown = duration_text(now.timeout)
                yield _row(
                    "Timeout", Input(shown, placeholder="none: 7 days", id="again-timeout", compact=True)
                )
                yield _row("Checkpoint", Button(self._checkpoint_words, id="again-checkpoint", compact=True))
                field = Input(VARIABLE, id="again-variable", compact=True)
                yield _row("as variable", field, "hidden")
            yield Static(id="again-differs")
            with Horizontal(id="dialog-buttons"):
                yield Button("Cancel", id="again-no", compact=True)
                yield Button("Edit as a spec", id="again-edit", compact=True)
                yield Button("Go on …", id="again-yes", compact=True)

    def on_mount(self) -> None:
        """Begin where a change is advised, else in the arguments."""
        for field in self.query(Input):
            field.cursor_blink = False
        for args in self.query(ArgsField):
            args.move_cursor(args.document.end)  # most changes add something
        wished = self.query(_FIELDS.get(self._about.change, "#again-args"))
        (wished.first() if wished else self.query_one("#again-machine")).focus()
        self._show()

    def on_resize(self) -> None:
        """However small the terminal, what differs and the buttons stay in sight: the fields scroll."""
        self.query_one("#again-fields").styles.max_height = max(self.size.height - 11, 4)

    def offer(self, paths: Sequence[str]) -> None:
        """More paths among which there may be checkpoints."""
        self._paths = (*self._paths, *paths)
        if self.is_mounted:
            self.query_one("#again-checkpoint", Button).label = Content(self._checkpoint_words)

    # What is wanted

    def wanted(self) -> Again:
        """What the fields say.

        Raises:
            OverrideError: one of them cannot be used; the text is a sentence.
        """
        args: tuple[str, ...] | None = self._before.args
        if args is not None and (text := self.query_one(ArgsField).text) != self._args_shown:
            args = tuple(refilled_args(parse_args(text), self._secrets))
        timeout = self._text("#again-timeout").strip()
        seconds = self._before.timeout
        if timeout != duration_text(seconds):
            seconds = parse_duration(timeout) if timeout else 0
        return replace(
            self._now, args=args, timeout=seconds, env=self._env(args), display_name=self._own_name()
        )

    def _own_name(self) -> str:
        name = self._text("#again-name").strip()
        if name and (wrong := name_problem(name)):
            raise OverrideError(wrong)
        return name

    def _env(self, args: Sequence[str] | None) -> tuple[tuple[str, str], ...]:
        if not self._checkpoint or option_of(args or ()):
            return ()
        name = self._text("#again-variable").strip()
        if not is_identifier(name):
            raise OverrideError("The variable's name may hold only letters, digits and _.")
        return ((name, self._checkpoint),)

    def _text(self, which: str) -> str:
        return self.query_one(which, Input).value

    @on(Input.Changed)
    @on(TextArea.Changed)
    def _show(self) -> None:
        """Say what is changed, or what cannot be used."""
        differs = self.query_one("#again-differs", Static)
        try:
            wanted = self.wanted()
        except OverrideError as failure:
            differs.update(Content.styled(f"✗ {printable(str(failure))}", "$text-error"))
            return
        found = differences(self._before, wanted)
        lines = [
            Content.assemble(
                (f"{printable(item.what)}  ", "$text-muted"),
                (_cut(item.before), "strike $text-muted") if item.before else "",
                " → " if item.before else "",
                (_cut(item.after) or "–", "bold"),
            )
            for item in found
        ]
        if words := self._secret_words(wanted.args or ()):
            lines.append(Content.styled(words, "$text-warning"))
        same = Content.styled("Nothing is changed: the same job once more.", "$text-muted")
        differs.update(Content("\n").join(lines or [same]))
        needs_name = bool(self._checkpoint) and not option_of(wanted.args or ())
        self.query_one("#again-variable").parent.set_class(not needs_name, "hidden")  # type: ignore[union-attr]

    def _secret_words(self, args: Sequence[str]) -> str:
        """Which names in the arguments stand for what the job had, and what cannot be sent again."""
        if HIDDEN_SECRET in self._args_shown:
            return "A secret in a script is hidden, and cannot be sent so: use ${NAME} in env."
        names = [
            f"${{{name}}}" for name, value in self._secrets.items() if any(value in item for item in args)
        ]
        names = [name for name in names if name in self._args_shown and self._secrets[name[2:-1]] != name]
        if not names:
            return ""
        stand = "stands for a secret" if len(names) == 1 else "stand for secrets"
        return f"{in_words(names)} {stand} of this job; the job gets the same again."

    # Buttons

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        event.stop()
        match event.button.id:
            case "again-machine":
                self._choose_machine()
            case "again-region":
                self._choose_region()
            case "again-way":
                self._set(replace(self._now, way=self._now.way.next))
            case "again-checkpoint":
                self._choose_checkpoint()
            case "again-yes":
                self.action_go_on()
            case "again-edit":
                self.action_edit()
            case _:
                self.dismiss(None)

    def action_go_on(self) -> None:
        """Close with what is wanted, unless something cannot be used."""
        self._close(edit=False)

    def action_edit(self) -> None:
        """The same, to be edited as a spec."""
        self._close(edit=True)

    def _close(self, *, edit: bool) -> None:
        try:
            wanted = self.wanted()
        except OverrideError:
            self._show()
            return
        self.dismiss(Wanted(wanted, edit=edit))

    def _set(self, again: Again) -> None:
        self._now = again
        for which, words in (
            ("#again-machine", self._machine),
            ("#again-region", again.region),
            ("#again-way", again.way.word),
            ("#again-checkpoint", self._checkpoint_words),
        ):
            self.query_one(which, Button).label = Content(words)
        self._show()

    @property
    def _machine(self) -> str:
        return ", ".join(printable(machine_words(pool)) for pool in self._now.pools) or "none"

    @property
    def _checkpoint_words(self) -> str:
        if self._checkpoint:
            return middle_cut(printable(self._checkpoint), 56)
        count = len(checkpoints(self._paths))
        return f"none; {count} found" if count else "none; none found in the log or the outputs"

    def _choose_machine(self) -> None:
        region, about, now = self._now.region, self._about, self._now
        setting = Setting(
            region=region,
            pools=now.pools,
            preemptible=now.way is not Way.STANDARD,
            flex=now.way is Way.FLEX_START,
            in_use=about.in_use(region),
            book=about.book,
        )
        pools = [WrittenPool(position, 0, 0, pool) for position, pool in enumerate(now.pools)]
        if not pools:
            return
        read = about.limits

        async def limits(metrics: Sequence[str]) -> Mapping[str, QuotaLimits]:
            return await read(region, metrics) if read is not None else {}

        def chosen(found: Chosen | None) -> None:
            if found is not None:
                self._set(with_pool(self._now, found.position, found.pool))

        screen = MachineScreen(pools, setting, limits if read is not None else None, project=about.project)
        self._app.push_screen(screen, chosen)

    def _choose_region(self) -> None:
        now = self._now.region
        order = sorted(TRAINING_REGIONS, key=lambda region: (region != now, region))
        picks = [Pick(region, region, "now" if region == now else "") for region in order]

        def chosen(region: str | None) -> None:
            if region is not None:
                self._set(replace(self._now, region=region))

        self._app.push_screen(PickScreen[str]("Region of the next job", picks), chosen)

    def _choose_checkpoint(self) -> None:
        found = checkpoints(self._paths)
        picks = [Pick(path, path.rpartition("/")[2], path.rpartition("/")[0]) for path in found]
        if self._checkpoint:
            picks.append(Pick("", "none", "begin anew"))
        empty = "No path named like a checkpoint is in the log or the outputs."

        def chosen(path: str | None) -> None:
            if path is not None:
                self._use_checkpoint(path)

        self._app.push_screen(PickScreen[str]("Go on from a checkpoint", picks, empty), chosen)

    def _use_checkpoint(self, path: str) -> None:
        """Write it into the arguments if they take one; else it goes into a variable."""
        self._checkpoint = path
        if path and self._before.args is not None:
            field = self.query_one(ArgsField)
            try:
                args = with_checkpoint(parse_args(field.text), path)
            except OverrideError:
                args = None
            if args is not None:
                field.load_text(args_text(args))
        self._set(self._now)

    @property
    def _app(self) -> App[Any]:
        return self.app


def _row(label: str, field: Widget, classes: str = "") -> Horizontal:
    return Horizontal(
        Static(f"{label:<{_LABEL}}", classes="again-label"), field, classes=f"again-row {classes}"
    )


def _cut(text: str) -> str:
    return middle_cut(printable(text), 2 * _SHOWN)
