"""The bottom line: the keys that work now."""

from __future__ import annotations

from typing import NamedTuple

from textual import events
from textual.content import Content
from textual.keys import REPLACED_KEYS, key_to_character
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
        self._dialog = False
        """Whether it tells the keys of a dialog over the screen: those beneath do nothing meanwhile."""
        self._of: Screen[object] | None = None
        """The screen of which it tells the keys."""

    def on_mount(self) -> None:
        """Follow the bindings of the screen, and of dialogs over it."""
        self.screen.bindings_updated_signal.subscribe(self, self._bindings_updated)
        self.app.screen_change_signal.subscribe(self, self._screen_changed)
        self.watch(self.app, "app_focus", self._terminal_focused, init=False)

    def on_unmount(self) -> None:
        """Follow them no more."""
        self.screen.bindings_updated_signal.unsubscribe(self)
        self.app.screen_change_signal.unsubscribe(self)

    def _screen_changed(self, screen: Screen[object]) -> None:
        if screen.is_modal:
            screen.bindings_updated_signal.subscribe(self, self._bindings_updated)
        self._bindings_updated(screen)

    def _terminal_focused(self) -> None:
        """Once Textual has given the focus back: what works may have changed meanwhile."""
        self.call_after_refresh(self._bindings_updated, self.screen)

    def _bindings_updated(self, _screen: Screen[object]) -> None:
        if not self.is_attached or not self.app.is_running:
            return
        screen = self.app.screen if self.app.screen.is_modal else self.screen
        if screen is self._of and screen.focused is None and not self.app.app_focus:
            return  # Textual takes the focus away while the terminal has none, and then gives it back
        self._of = screen
        shown = (screen.is_modal, self._active(screen))
        if shown != (self._dialog, self._keys):
            self._dialog, self._keys = shown
            self.refresh()

    @staticmethod
    def _active(screen: Screen[object]) -> tuple[_Key, ...]:
        """One key for each action that is shown, in the order of declaration."""
        found: dict[str, _Key] = {}
        focused = screen.focused
        for active in screen.active_bindings.values():
            binding = active.binding
            # Textual finds no character for the short names that it gives to some keys, such as slash.
            character = key_to_character(REPLACED_KEYS.get(binding.key, binding.key))
            typed = focused is not None and focused.check_consume_key(binding.key, character)
            if binding.show and active.enabled and binding.description and (binding.priority or not typed):
                key = _Key(screen.app.get_key_display(binding), binding.description, binding.action)
                found.setdefault(binding.action, key)
        return tuple(found.values())

    def render(self) -> Content:
        """The keys that fit, then help; the palette at the right, which a dialog has not."""
        keys = [key for key in self._keys if key.action != _HELP]
        last = [key for key in self._keys if key.action == _HELP]
        right = [] if self._dialog else [_Key("^p", "All actions", _PALETTE)]
        end = sum(key.text.cell_length for key in right)
        room = self.size.width - end - sum(key.text.cell_length for key in last)
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
        line += Content(" " * max(self.size.width - line.cell_length - end, 0))
        for key in right:
            line = self._append(line, key)
        return line

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
