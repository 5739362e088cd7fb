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
    "SpendScreen": "What costs money now",
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
                yield Static(Content("\n").join(_row(keys, binding) for keys, binding in rows))
                yield Static("")


def _sections(origin: Screen[object]) -> list[tuple[str, list[tuple[str, Binding]]]]:
    """Rows of (keys, binding) by where they are declared: the pane first, then movement, the app last."""
    sections: dict[str, dict[str, tuple[list[str], Binding]]] = {}
    for active in origin.active_bindings.values():
        binding = active.binding
        if not binding.description:
            continue
        everywhere = active.node in (origin, origin.app)
        title = _SECTIONS.get(type(active.node).__name__, "Everywhere" if everywhere else "Moving")
        keys, _ = sections.setdefault(title, {}).setdefault(binding.action, ([], binding))
        keys.append(origin.app.get_key_display(binding))
    order = sorted(sections, key=lambda title: {"Moving": 1, "Everywhere": 2}.get(title, 0))
    return [
        (title, [(" ".join(dict.fromkeys(keys)), binding) for keys, binding in sections[title].values()])
        for title in order
    ]


def _row(key: str, binding: Binding) -> Content:
    text = binding.description + (f" – {binding.tooltip}" if binding.tooltip else "")
    return Content.assemble((f"{key:>14}", "bold"), "  ", text)
