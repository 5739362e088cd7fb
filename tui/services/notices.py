"""Tells the terminal that a job ended, in a way that it understands: the bell, OSC 9 or OSC 777.

OSC 9 comes from iTerm2, OSC 777 from rxvt-unicode. tmux hands neither on unless `allow-passthrough` is set
(tmux 3.3 and later, see its manual); older versions always do. The bell goes through everything.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum

from tui.domain.text import printable

BELL = "\a"
LONGEST = 160
"""Characters of a notice."""
TMUX_SECONDS = 2.0


class Kind(StrEnum):
    """How the terminal is told."""

    BELL = "bell"
    OSC9 = "osc9"
    OSC777 = "osc777"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Way:
    """How this terminal is told."""

    kind: Kind
    wrapped: bool = False
    """Whether tmux has to be asked to hand it on."""


_OSC9 = ("iterm", "kitty", "wezterm", "ghostty", "warp", "rio")
_OSC777 = ("foot", "rxvt-unicode", "contour")
_OSC9_VARIABLES = ("KITTY_WINDOW_ID", "WEZTERM_PANE", "GHOSTTY_RESOURCES_DIR", "ITERM_SESSION_ID")
_QUESTION = "#{version}\t#{allow-passthrough}\t#{client_termname} #{client_termtype}"
_PARTS = 3


async def way_to_tell(setting: str, environ: Mapping[str, str]) -> Way:
    """How to tell this terminal, by the setting `jobs.notify` and what the environment and tmux say."""
    if setting in (Kind.OFF, Kind.BELL):
        return Way(Kind(setting))
    if environ.get("TMUX"):
        return in_tmux(setting, (await _ask_tmux(environ)).split("\t"))
    if environ.get("STY"):
        return Way(Kind.BELL)  # screen takes such sequences for a window's title
    if setting != "auto":
        return Way(Kind(setting))
    names = " ".join(environ.get(name, "") for name in ("TERM_PROGRAM", "LC_TERMINAL", "TERM"))
    if any(environ.get(name) for name in _OSC9_VARIABLES):
        return Way(Kind.OSC9)
    return Way(_named(names))


def in_tmux(setting: str, answer: list[str]) -> Way:
    """How to tell the terminal around tmux, by tmux's version, its option and that terminal's names."""
    if len(answer) != _PARTS:
        return Way(Kind.BELL)
    version, passes, names = answer
    number = re.search(r"(\d{1,4})\.(\d{1,4})", version)
    old = number is not None and (int(number[1]), int(number[2])) < (3, 3)
    if not old and passes.strip() not in ("on", "all", "1", "2"):
        return Way(Kind.BELL)
    kind = _named(names) if setting == "auto" else Kind(setting)
    return Way(kind, wrapped=kind is not Kind.BELL)


def _named(names: str) -> Kind:
    lower = names.lower()
    if any(name in lower for name in _OSC9):
        return Kind.OSC9
    return Kind.OSC777 if any(name in lower for name in _OSC777) else Kind.BELL


def notice(way: Way, title: str, body: str) -> str:
    """What to write to the terminal; nothing of the two texts is obeyed by it."""
    if way.kind is Kind.OFF:
        return ""
    if way.kind is Kind.BELL:
        return BELL
    title, body = harmless(title), harmless(body)
    if way.kind is Kind.OSC9:
        # A text that begins with a number and a semicolon is a command of ConEmu and Windows Terminal.
        told = f"\x1b]9;{title}: {body}{BELL}"
    else:
        told = f"\x1b]777;notify;{title};{body}{BELL}"
    return "\x1bPtmux;" + told.replace("\x1b", "\x1b\x1b") + "\x1b\\" if way.wrapped else told


def harmless(text: str) -> str:
    """A text inside a sequence: without controls, without the separator, in bounds."""
    shown = printable(text).replace(";", ",")
    return shown if len(shown) <= LONGEST else f"{shown[: LONGEST - 1]}…"


async def _ask_tmux(environ: Mapping[str, str]) -> str:
    """The answer of tmux; empty if it is not there or does not answer."""
    try:
        process = await asyncio.create_subprocess_exec(
            *("tmux", "display-message", "-p", _QUESTION),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=dict(environ),
        )
    except OSError:
        return ""
    try:
        async with asyncio.timeout(TMUX_SECONDS):
            output, _ = await process.communicate()
    except TimeoutError:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        return ""
    return output.decode("utf-8", "replace").rstrip("\n") if process.returncode == 0 else ""
