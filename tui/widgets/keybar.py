"""The bottom line: the keys that work now."""

from __future__ import annotations

from typing import NamedTuple

from textual import events
from textual.content import Content
from textual.keys import key_to_character
from textual.screen import Screen
from textual.widget import Widget

_PALETTE = "app.command_palette"
_HELP = "help"


class _Key(NamedTuple):
    key: str
    description: str
    action: str

    @property
    def text(self) -> Content:
        return Content.assemble((f" {self.key}", "bold $accent"), f" {self.description} ")


class KeyBar(Widget):
    """One line made from the active bindings; help and palette stay when room is short.

    Textual's own footer mounts a widget for each key at each change, which costs a third of the time to
    the first frame.
    """

    can_focus = False

    def __init__(self) -> None:
        super().__init__()
        self._keys: tuple[_Key, ...] = ()
        self._spans: list[tuple[int, int, str]] = []

    def on_mount(self) -> None:
        """Follow the bindings of the screen."""
        self.screen.bindings_updated_signal.subscribe(self, self._bindings_updated)

    def on_unmount(self) -> None:
        """Follow them no more."""
        self.screen.bindings_updated_signal.unsubscribe(self)

    def _bindings_updated(self, _screen: Screen[object]) -> None:
        if self.is_attached and (keys := self._active()) != self._keys:
            self._keys = keys
            self.refresh()

    def _active(self) -> tuple[_Key, ...]:
        """One key for each action that is shown, in the order of declaration."""
        found: dict[str, _Key] = {}
        focused = self.screen.focused
        for active in self.screen.active_bindings.values():
            binding = active.binding
            typed = focused is not None and focused.check_consume_key(
                binding.key, key_to_character(binding.key)
            )
            if binding.show and active.enabled and binding.description and (binding.priority or not typed):
                key = _Key(self.app.get_key_display(binding), binding.description, binding.action)
                found.setdefault(binding.action, key)
        return tuple(found.values())

    def render(self) -> Content:
        """The keys of the pane while they fit, then help; the palette at the right."""
        keys = [key for key in self._keys if key.action != _HELP]
        last = [key for key in self._keys if key.action == _HELP]
        palette = _Key("^p", "All actions", _PALETTE)
        room = self.size.width - palette.text.cell_length - sum(key.text.cell_length for key in last)
        shown: list[_Key] = []
        for key in keys:
            room -= key.text.cell_length
            if room < 0:
                break
            shown.append(key)
        line = Content("")
        self._spans.clear()
        for key in (*shown, *last):
            line = self._append(line, key)
        line += Content(" " * max(self.size.width - line.cell_length - palette.text.cell_length, 0))
        return self._append(line, palette)

    def _append(self, line: Content, key: _Key) -> Content:
        longer = line + key.text
        self._spans.append((line.cell_length, longer.cell_length, key.action))
        return longer

    async def on_click(self, event: events.Click) -> None:
        """Do what the key under the pointer does."""
        for start, end, action in self._spans:
            if start <= event.x < end:
                active = self.screen.active_bindings.values()
                owner = next((item.node for item in active if item.binding.action == action), self.app)
                await self.app.run_action(action, default_namespace=owner)
