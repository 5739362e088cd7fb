"""Asking the terminal whether it has drawn what was written."""

from __future__ import annotations

from textual import events

from tests.support import wait_for
from tui.widgets.echo import FIRST_PATIENCE, PATIENCE, Echo, EchoApp, quiet_terminal


def test_an_answer_settles_the_oldest_question() -> None:
    written: list[str] = []
    settled: list[str] = []
    echo = Echo(written.append)
    assert echo.patience == FIRST_PATIENCE
    echo.ask(lambda _took: settled.append("first"))
    echo.ask(lambda _took: settled.append("second"))
    assert written == ["\x1b[6n"] * 2
    echo.answered()
    assert settled == ["first"]
    assert echo.patience == PATIENCE
    echo.answered()
    echo.answered()  # of somebody else's question
    assert settled == ["first", "second"]


def test_a_silent_terminal_is_given_up_and_believed_again_once_it_answers() -> None:
    settled: list[float] = []
    echo = Echo(lambda _text: None)
    for _ in range(2):
        assert echo.is_heard
        echo.ask(settled.append)
        echo.give_up()
    assert settled == [0.0, 0.0]
    assert not echo.is_heard
    echo.answered()
    assert echo.is_heard
    assert settled == [0.0, 0.0]


def test_leaving_waits_only_for_a_terminal_that_answers() -> None:
    echo = Echo(lambda _text: None)
    echo.ask(lambda _took: None)
    assert not echo.close()
    echo.answered()
    echo.ask(lambda _took: None)
    assert echo.close()
    echo.answered()
    assert not echo.close()


async def test_an_answer_on_its_way_never_reaches_what_reads_the_terminal_next() -> None:
    app: EchoApp[int] = EchoApp()
    async with app.run_test():
        app._echo = echo = Echo(lambda _text: None)
        echo.ask(lambda _took: None)
        echo.answered()
        echo.ask(lambda _took: None)
        app.post_message(events.CursorPosition(0, 0))
        async with quiet_terminal(app):
            assert echo.is_closed
            assert not echo.close()
        assert not echo.is_closed
        echo.ask(lambda _took: None)
        app.exit(3)
        assert not app._exit
        app.post_message(events.CursorPosition(0, 0))
        await wait_for(lambda: app._exit)
    assert app.return_value == 3
