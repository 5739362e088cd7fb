"""The top two lines: where the money goes and how fresh the data is; the tabs with their badges."""

from __future__ import annotations

from textual import events
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget


class HeaderBar(Widget):
    """Project, region and account on the left, billing in the middle, freshness or trouble on the right."""

    project = reactive("")
    location = reactive("")
    """The region; `region` is Textual's own name for a widget's place."""
    account = reactive("")
    local = reactive(default=False)
    read_only = reactive(default=False)
    status = reactive("")
    """Freshness, or the current trouble in one line."""
    trouble = reactive(default=False)

    def render(self) -> Content:
        """Fit the three parts into one line; the account goes first when room is short."""
        words = ("LOCAL" if self.local else "GOOGLE CLOUD · BILLED") + " · READ-ONLY" * self.read_only
        style = "$text-success reverse bold" if self.local else "$text-warning reverse bold"
        billing = Content.styled(f" {words} ", style)
        width = self.size.width - 2
        place = " · ".join(part for part in (self.project or "no project", self.location) if part)
        spare = width - billing.cell_length - len(place) - 3
        status = _clip(self.status, max(width // 3, spare, 10))
        right = Content.styled(status, "$text-error" if self.trouble else "$text-muted")
        room = width - billing.cell_length - right.cell_length - 2
        left = f"{place} · {self.account}" if self.account else place
        if len(left) > room:
            left = place
        left = _clip(left, max(room, 8))
        gap = width - len(left) - billing.cell_length - right.cell_length
        before = max(gap // 2, 1)
        return Content.assemble(" ", (left, "bold"), " " * before, billing, " " * max(gap - before, 1), right)


class TabBar(Widget):
    """The five tabs; each says what is new in it."""

    class Chosen(Message):
        """A tab was clicked."""

        def __init__(self, pane_id: str) -> None:
            super().__init__()
            self.pane_id = pane_id

    active = reactive("")
    badges: reactive[dict[str, tuple[str, str]]] = reactive[dict[str, tuple[str, str]]](dict)
    """Pane id to (text, tone)."""

    def __init__(self, tabs: list[tuple[str, str]]) -> None:
        super().__init__()
        self._tabs = tabs
        self._spans: list[tuple[int, int, str]] = []

    def set_badge(self, pane_id: str, text: str, tone: str) -> None:
        """Show `text` beside a tab."""
        if self.badges.get(pane_id) != (text, tone):
            self.badges = {**self.badges, pane_id: (text, tone)}

    def render(self) -> Content:
        """One line; badges are cut when the terminal is narrow."""
        line = Content(" ")
        self._spans.clear()
        narrow = self.size.width < 100  # noqa: PLR2004 (columns)
        for number, (pane_id, title) in enumerate(self._tabs, start=1):
            text, tone = self.badges.get(pane_id, ("", ""))
            label = Content.styled(f" {number} {title}", "bold" if pane_id == self.active else "")
            if text:
                label += Content.styled(
                    f" {_clip(text, 14 if narrow else 24)}", f"$text-{tone}" if tone else "$text-muted"
                )
            label += Content(" ")
            if pane_id == self.active:
                label = label.stylize("reverse $accent")
            start = line.cell_length
            line += label
            self._spans.append((start, line.cell_length, pane_id))
            line += Content(" ")
        return line

    def on_click(self, event: events.Click) -> None:
        """Choose the tab under the pointer."""
        for start, end, pane_id in self._spans:
            if start <= event.x < end:
                self.post_message(self.Chosen(pane_id))


def _clip(text: str, width: int) -> str:
    return text if len(text) <= width else text[: max(width - 1, 0)] + "…"
