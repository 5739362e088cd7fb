"""The terminal is told of an end in a way it understands, and nothing of a job's name is obeyed by it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.services.notices import BELL, Kind, Way, in_tmux, notice, way_to_tell


@pytest.mark.parametrize(
    ("setting", "environ", "kind"),
    [
        ("off", {"TERM_PROGRAM": "iTerm.app"}, Kind.OFF),
        ("bell", {"TERM_PROGRAM": "iTerm.app"}, Kind.BELL),
        ("osc9", {"TERM": "xterm"}, Kind.OSC9),
        ("osc777", {"TERM": "xterm"}, Kind.OSC777),
        ("osc9", {"STY": "1.x", "TERM": "screen"}, Kind.BELL),
        ("auto", {"TERM": "xterm-256color"}, Kind.BELL),
        ("auto", {}, Kind.BELL),
        ("auto", {"TERM_PROGRAM": "iTerm.app"}, Kind.OSC9),
        ("auto", {"LC_TERMINAL": "iTerm2", "TERM": "xterm"}, Kind.OSC9),
        ("auto", {"TERM": "xterm-kitty"}, Kind.OSC9),
        ("auto", {"TERM": "xterm-ghostty"}, Kind.OSC9),
        ("auto", {"WEZTERM_PANE": "0", "TERM": "xterm"}, Kind.OSC9),
        ("auto", {"TERM": "foot-direct"}, Kind.OSC777),
        ("auto", {"TERM": "rxvt-unicode-256color"}, Kind.OSC777),
        ("auto", {"TERM_PROGRAM": "Apple_Terminal"}, Kind.BELL),
    ],
)
async def test_setting_and_environment_decide(setting: str, environ: dict[str, str], kind: Kind) -> None:
    assert await way_to_tell(setting, environ) == Way(kind)


async def test_a_tmux_that_does_not_answer_gets_the_bell() -> None:
    assert await way_to_tell("auto", {"TMUX": "/nowhere,1,0", "PATH": "/nonexistent"}) == Way(Kind.BELL)


@pytest.mark.parametrize(
    ("setting", "answer", "way"),
    [
        ("auto", "3.4\toff\txterm-kitty ", Way(Kind.BELL)),
        ("auto", "3.4\ton\txterm-kitty ", Way(Kind.OSC9, wrapped=True)),
        ("auto", "3.4\tall\txterm-256color iTerm2 3.5", Way(Kind.OSC9, wrapped=True)),
        ("auto", "3.5a\ton\tfoot ", Way(Kind.OSC777, wrapped=True)),
        ("auto", "3.4\ton\txterm-256color ", Way(Kind.BELL)),
        ("auto", "3.2a\t\txterm-kitty ", Way(Kind.OSC9, wrapped=True)),
        ("osc777", "3.4\ton\txterm ", Way(Kind.OSC777, wrapped=True)),
        ("osc777", "3.4\toff\txterm ", Way(Kind.BELL)),
        ("auto", "3.3a\t0\txterm-kitty ", Way(Kind.BELL)),
        ("auto", "3.3a\t1\txterm-kitty ", Way(Kind.OSC9, wrapped=True)),
        ("auto", "master\toff\txterm-kitty ", Way(Kind.BELL)),
        ("auto", "", Way(Kind.BELL)),
    ],
)
def test_tmux_hands_on_only_what_it_is_allowed_to(setting: str, answer: str, way: Way) -> None:
    assert in_tmux(setting, answer.split("\t")) == way


def test_what_is_written() -> None:
    assert notice(Way(Kind.OFF), "a", "b") == ""
    assert notice(Way(Kind.BELL), "a", "b") == BELL
    assert notice(Way(Kind.OSC9), "vertex-tui", "kelp failed") == "\x1b]9;vertex-tui: kelp failed\a"
    assert notice(Way(Kind.OSC777), "vertex-tui", "a;b") == "\x1b]777;notify;vertex-tui;a,b\a"
    wrapped = notice(Way(Kind.OSC9, wrapped=True), "v", "x")
    assert wrapped == "\x1bPtmux;\x1b\x1b]9;v: x\a\x1b\\"


@given(st.text(max_size=400), st.sampled_from([Kind.OSC9, Kind.OSC777]), st.booleans())
def test_nothing_in_a_name_ends_or_begins_a_sequence(name: str, kind: Kind, wrapped: bool) -> None:  # noqa: FBT001
    told = notice(Way(kind, wrapped), "vertex-tui", name)
    inner = told.removeprefix("\x1bPtmux;\x1b").removesuffix("\x1b\\") if wrapped else told
    assert re.fullmatch(r"\x1b\][^\x00-\x1f\x7f-\x9f]*\x07", inner)
    assert inner.count(";") == (1 if kind is Kind.OSC9 else 3)
    assert len(inner) < 400
