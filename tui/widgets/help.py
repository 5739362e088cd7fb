"""Help, made from the bindings that are active where it was opened."""

from __future__ import annotations

from typing import ClassVar, NamedTuple

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.dom import DOMNode
from textual.screen import ModalScreen, Screen
from textual.widgets import Static

_SECTIONS = {
    "SetupPane": "Setup",
    "SpecPane": "Spec",
    "JobsPane": "Jobs",
    "LogsPane": "Logs",
    "StoragePane": "Storage",
    "StorageSide": "What is open",
    "SpendScreen": "What costs money now",
}
_OWN_WORDS = {
    "app.focus_next": ("Next part", "The next part of the screen takes the keys"),
    "app.focus_previous": ("Part before", "The part of the screen before takes the keys"),
    "screen.copy_text": ("Copy", "What the mouse has marked"),
    "quit": ("Leave", "End the app; jobs run on"),
    "command_palette": ("All actions", "Find an action by its name"),
}
"""For what Textual binds and names for those who write apps."""
_UNUSED = frozenset({"page_left", "page_right"})
"""Keys that Textual gives to all that scrolls; here nothing is that wide."""


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


class _Row(NamedTuple):
    keys: list[str]
    binding: Binding
    rank: tuple[bool, int]


def _sections(origin: Screen[object]) -> list[tuple[str, list[tuple[str, Binding]]]]:
    """Rows of (keys, binding) by where they are declared: the pane first, then movement, the app last.

    Those of the bottom line come first, then those that the pane itself declares, then those of its bases.
    """
    sections: dict[str, dict[str, _Row]] = {}
    for active in origin.active_bindings.values():
        binding = active.binding
        if not binding.description or binding.action in _UNUSED:
            continue
        everywhere = active.node in (origin, origin.app)
        title = _SECTIONS.get(type(active.node).__name__, "Everywhere" if everywhere else "Moving")
        row = _Row([], binding, (not binding.show, _depth(active.node, binding)))
        sections.setdefault(title, {}).setdefault(binding.action, row).keys.append(
            origin.app.get_key_display(binding)
        )
    order = sorted(sections, key=lambda title: {"Moving": 1, "Everywhere": 2}.get(title, 0))
    return [
        (
            title,
            [
                (" ".join(dict.fromkeys(row.keys)), row.binding)
                for row in sorted(sections[title].values(), key=lambda row: row.rank)
            ],
        )
        for title in order
    ]


def _depth(node: DOMNode, binding: Binding) -> int:
    """How far above a part's own class a key is declared."""
    for depth, cls in enumerate(type(node).__mro__):
        declared = cls.__dict__.get("BINDINGS", ())
        if any(isinstance(each, Binding) and each.action == binding.action for each in declared):
            return depth
    return 0


def _row(key: str, binding: Binding) -> Content:
    name, why = _OWN_WORDS.get(binding.action, (binding.description, binding.tooltip))
    text = name + (f" – {why}" if why else "")
    return Content.assemble((f"{key:>14}", "bold"), "  ", text)
