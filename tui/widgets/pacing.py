"""Draws what comes by itself no faster than the terminal takes it, so that a key is answered soon.

After each such drawing the terminal is asked where its cursor is: the answer comes when all that was written
before has been drawn. Only then is the next drawing begun, and over a slow line after a rest as long as the
drawing took, so that half of the line is left for what keys bring.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from textual.timer import Timer
from textual.widget import Widget

from tui.widgets.echo import EchoApp

SOON = 0.2
"""Seconds between two drawings at least."""
UNHEARD = 0.5
"""The same on a terminal that does not answer: the line may be slow."""
AFTER_KEY = 0.6
"""On a slow line nothing is drawn by itself for so long after a key."""
_SLOW = 0.15
"""Seconds until an answer from which on the line is slow."""


class Pacing:
    """Gathers wishes to draw a widget into drawings with a rest between them."""

    def __init__(self, widget: Widget, draw: Callable[[], object]) -> None:
        self._widget = widget
        self._draw = draw
        self._busy = False
        self._again = False
        self._is_slow = False
        self._patience: Timer | None = None

    def wanted(self) -> None:
        """Draw now, or as soon as the terminal is through with the last drawing."""
        if self._busy:
            self._again = True
            return
        self._busy = True
        self._draw()
        self._widget.call_after_refresh(self._drawn)

    def _drawn(self) -> None:
        app = self._widget.app
        seen = self._widget.is_on_screen and self._widget.screen is app.screen
        echo = app.echo if seen and isinstance(app, EchoApp) else None
        if echo is None or echo.is_closed:
            self._widget.set_timer(SOON, self._rested)
        elif echo.is_heard:
            self._patience = self._widget.set_timer(echo.patience, echo.give_up)
            echo.ask(self._taken)
        else:
            self._widget.set_timer(UNHEARD, self._rested)
            echo.ask(lambda _took: None)

    def _taken(self, took: float) -> None:
        """The terminal has drawn it: rest as long as that took."""
        if self._patience is not None:
            self._patience.stop()
        self._is_slow = took > _SLOW
        self._widget.set_timer(max(took, SOON), self._rested)

    def _rested(self) -> None:
        app = self._widget.app
        if self._is_slow and isinstance(app, EchoApp) and app.echo is not None:
            left = app.echo.last_key + AFTER_KEY - time.monotonic()
            if left > 0:
                self._widget.set_timer(left, self._rested)
                return
        self._busy = False
        if self._again:
            self._again = False
            self.wanted()
