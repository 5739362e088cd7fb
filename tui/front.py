"""The screen that holds the panes: only the one in front has the focus and gets keys."""

from __future__ import annotations

from typing import ClassVar, cast

from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import ContentSwitcher

from tui.panes.base import Pane
from tui.transferring import TransferringApp


class FrontScreen(Screen[None]):
    """The screen of the panes.

    Textual gives the focus to any widget that asks for it, shown or not, and when a screen comes back without
    a focus to the first in the tree, which is the Setup pane's. Keys would act on a pane that nobody sees.
    """

    AUTO_FOCUS: ClassVar[str | None] = ""  # the pane in front chooses

    @property
    def front(self) -> Pane | None:
        """The pane in front; None until there is one."""
        panes = self.query("#panes").results(ContentSwitcher)
        return next((cast("Pane | None", switcher.visible_content) for switcher in panes), None)

    def set_focus(
        self,
        widget: Widget | None,
        scroll_visible: bool = True,  # noqa: FBT001, FBT002 (Textual's)
        from_app_focus: bool = False,  # noqa: FBT001, FBT002 (Textual's)
    ) -> None:
        """Give the focus to a widget that is not in a pane behind; with none the pane in front chooses."""
        if widget is None or not _is_behind(widget):
            super().set_focus(widget, scroll_visible, from_app_focus)
        if self.focused is None:
            self.app.call_later(self.find_focus)

    def find_focus(self) -> None:
        """Let the pane in front choose if nothing of it has the focus."""
        if self.focused is not None and _is_behind(self.focused):
            super().set_focus(None)
        front = self.front if self.is_running and self.app.app_focus else None
        if front is not None and front.is_mounted and self.focused is None:
            front.give_focus()
            self.app.call_later(self._focus_any)

    def _focus_any(self) -> None:
        """What the pane chose cannot have it: take the first that can."""
        if self.focused is None and (chain := self.focus_chain):
            super().set_focus(chain[0])

    def on_screen_resume(self) -> None:
        """Another screen has gone."""
        self.find_focus()


def _is_behind(widget: Widget) -> bool:
    """Whether it is in a pane that is not shown."""
    return any(isinstance(node, Pane) and not node.display for node in widget.ancestors_with_self)


class FramedApp(TransferringApp):
    """An app with panes of which one is in front."""

    def get_default_screen(self) -> Screen[None]:
        """The screen of the panes."""
        return FrontScreen(id="_default")

    @property
    def front_screen(self) -> FrontScreen:
        """The screen of the panes, whatever stands over it."""
        return cast("FrontScreen", self.screen_stack[0])

    @property
    def current_pane(self) -> Pane | None:
        """The pane in front."""
        return self.front_screen.front
