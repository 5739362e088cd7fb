"""A terminal that loses the focus slows down everything that reads, and a look at it reads at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from textual import events

from tests.support import wait_for
from tests.test_frame import make_app


class Attentive:
    """Stands for what reads; notes what it is told."""

    def __init__(self) -> None:
        self.told: list[bool] = []

    def attend(self, *, focused: bool) -> None:
        self.told.append(focused)


async def test_both_the_list_and_the_logs_learn_whether_somebody_looks(home: Path) -> None:
    app: Any = make_app(home)
    async with app.run_test(size=(80, 24)):
        app._watch, app._informer = watch, informer = Attentive(), Attentive()
        app.post_message(events.AppBlur())
        await wait_for(lambda: watch.told == informer.told == [False])
        assert not app.app_focus
        app.post_message(events.AppFocus())
        await wait_for(lambda: watch.told == informer.told == [False, True])
        assert app.app_focus
        app._informer = app._watch = None
