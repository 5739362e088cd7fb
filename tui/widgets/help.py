"""Help, made from the bindings that are active where it was opened."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen, Screen
from textual.widgets import Static

_SECTIONS = {
    "SetupPane": "Setup",
    "SpecPane": "Spec",
    "JobsPane": "Jobs",
    "LogsPane": "Logs",
    "StoragePane": "Storage",
}


class HelpScreen(ModalScreen[None]):
    """Every key that works now, what it does, and why one would press it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,q", "dismiss", "Close", id="help.close"),
    ]

    def __init__(self, origin: Screen[object]) -> None:
        super().__init__()
        self._sections = _sections(origin)

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="help") as box:
            box.border_title = "Keys that work here"
            box.border_subtitle = "esc closes"
            for title, rows in self._sections:
                yield Static(Content.styled(title, "bold $accent"))
                yield Static(
                    Content("\n").join(_row(self.app.get_key_display(binding), binding) for binding in rows)
                )
                yield Static("")


def _sections(origin: Screen[object]) -> list[tuple[str, list[Binding]]]:
    """Bindings by where they are declared: the pane first, the app last."""
    sections: dict[str, list[Binding]] = {}
    seen: set[tuple[str, str]] = set()
    for active in origin.active_bindings.values():
        binding = active.binding
        if not binding.description or (binding.action, binding.key) in seen:
            continue
        seen.add((binding.action, binding.key))
        owner = type(active.node).__name__
        title = _SECTIONS.get(owner, "Everywhere" if active.node in (origin, origin.app) else "Here")
        sections.setdefault(title, []).append(binding)
    order = sorted(sections, key=lambda title: {"Here": 0, "Everywhere": 2}.get(title, 1))
    return [(title, sections[title]) for title in order]


def _row(key: str, binding: Binding) -> Content:
    text = binding.description + (f" – {binding.tooltip}" if binding.tooltip else "")
    return Content.assemble((f"{key:>14}", "bold"), "  ", text)
