"""What the terminal of the app can do, as far as the environment and tmux tell."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace

from tui.domain.setup.facts import Terminal

TMUX_SECONDS = 2.0
"""tmux answers in milliseconds or hangs."""

_COLOURS = {"standard": 16, "windows": 16, "256": 256, "truecolor": 16_777_216}

_WORKS = frozenset(
    ("kitty", "alacritty", "foot", "wezterm", "ghostty", "contour", "vscode", "rio", "warpterminal")
)
"""Words in the names of terminals whose defaults let a program fill the clipboard."""
_WORKS_VARIABLES = (
    "KITTY_WINDOW_ID",
    "ALACRITTY_WINDOW_ID",
    "WEZTERM_PANE",
    "GHOSTTY_RESOURCES_DIR",
    "WT_SESSION",
)
_NEVER_TERMS = re.compile(r"linux|dumb|vt\d|cons25|sun")

_APPLE = "Apple's Terminal takes no text from a program on another machine."
_ITERM = "iTerm2 takes it with Settings, General, Selection: “Applications in terminal may access clipboard”."
_XTERM = "xterm takes it once its resource disallowedWindowOps no longer names SetSelection."
_MINTTY = "mintty takes it with AllowSetSelection=yes in ~/.minttyrc."
_VTE = "GNOME Terminal and its relatives (VTE) take it only in their latest versions."
_SCREEN = "screen does not pass it on; tmux does."
_CONSOLE = "This kind of terminal has no clipboard."
_OFF = "tmux keeps it back. Run: tmux set -g set-clipboard on (and put it into ~/.tmux.conf)."
_UNTOLD = "tmux may keep it back: set -g set-clipboard on in ~/.tmux.conf lets it through."
_FEATURE = (
    "tmux does not know that {name} has one: set -as terminal-features ',{name}:clipboard' in ~/.tmux.conf."
)


_TOLD = {"mintty": _MINTTY, "iterm": _ITERM, "xterm(": _XTERM}
"""What it takes, by a part of the terminal's names."""
_TOLD_BY = {"XTERM_VERSION": _XTERM, "VTE_VERSION": _VTE}
"""What it takes, by a variable that the terminal sets."""


def colours_of(color_system: str | None) -> int:
    """Rich's name of a colour system (`app.console.color_system`) as a number of colours; 2 for none."""
    return _COLOURS.get(color_system or "", 2)


def read_terminal(
    environ: Mapping[str, str], columns: int, rows: int, colours: int, copies: str = ""
) -> Terminal:
    """What the environment tells; in tmux, `ask_tmux` finds out more.

    `colours` is what the screen library found (`colours_of`), `copies` the file of copied texts, to show.
    """
    multiplexer = _multiplexer(environ)
    reaches, note = _clipboard(environ, multiplexer)
    return Terminal(
        columns=columns,
        rows=rows,
        colours=2 if "NO_COLOR" in environ else colours,
        utf8=_utf8(environ),
        multiplexer=multiplexer,
        clipboard=reaches,
        clipboard_note=note,
        name=environ.get("TERM", ""),
        copies=copies,
    )


def is_apple_terminal_here(environ: Mapping[str, str]) -> bool:
    """Whether this is Apple's Terminal and the app runs on the same Mac."""
    return environ.get("TERM_PROGRAM") == "Apple_Terminal" and not _over_ssh(environ)


def _over_ssh(environ: Mapping[str, str]) -> bool:
    return any(environ.get(name) for name in ("SSH_CONNECTION", "SSH_TTY", "SSH_CLIENT"))


def _multiplexer(environ: Mapping[str, str]) -> str:
    if environ.get("TMUX"):
        return "tmux"
    return "screen" if environ.get("STY") else ""


def _utf8(environ: Mapping[str, str]) -> bool:
    """Of the three variables the first that is set decides, as for every program (setlocale)."""
    if environ.get("WT_SESSION"):
        return True
    locale = next((environ[name] for name in ("LC_ALL", "LC_CTYPE", "LANG") if environ.get(name)), "")
    return "utf8" in locale.lower().replace("-", "")


def _clipboard(environ: Mapping[str, str], multiplexer: str) -> tuple[bool | None, str]:
    if multiplexer == "tmux":
        return None, _UNTOLD
    if multiplexer == "screen":
        return False, _SCREEN
    program = environ.get("TERM_PROGRAM", "")
    if program == "Apple_Terminal":
        return (True, "") if is_apple_terminal_here(environ) else (False, _APPLE)
    if any(environ.get(name) for name in _WORKS_VARIABLES):
        return True, ""
    note = next((note for name, note in _TOLD_BY.items() if environ.get(name)), "")
    return (
        (None, note)
        if note
        else _named(f"{program} {environ.get('LC_TERMINAL', '')}", environ.get("TERM", ""))
    )


def _named(program: str, term: str) -> tuple[bool | None, str]:
    """What a terminal's own names tell."""
    names = f"{program} {term}".lower()
    if _WORKS & set(re.split(r"[^a-z0-9]+", names)):
        return True, ""
    note = next((note for part, note in _TOLD.items() if part in names), "")
    return (False, _CONSOLE) if not note and _NEVER_TERMS.match(term) else (None, note)


_QUESTION = "\t".join(
    f"#{{{name}}}"
    for name in (
        "version",
        "set-clipboard",
        "escape-time",
        "client_termname",
        "client_termtype",
        "client_termfeatures",
    )
)


async def ask_tmux(terminal: Terminal, environ: Mapping[str, str]) -> Terminal:
    """`terminal` with what tmux says of itself and of the terminal around it; unchanged outside tmux."""
    if terminal.multiplexer != "tmux":
        return terminal
    answer = await _output(("tmux", "display-message", "-p", _QUESTION), environ)
    parts = answer.rstrip("\n").split("\t")
    return with_tmux(terminal, parts) if len(parts) == _QUESTION.count("\t") + 1 else terminal


def with_tmux(terminal: Terminal, answer: list[str]) -> Terminal:
    """`terminal` with tmux's answer, in the order of the question."""
    version, passes, escape, name, kind, features = answer
    reaches, note = _through_tmux(_number(version), passes, name, kind, features.split(","))
    escape_ms = int(escape) if escape.isdecimal() else None
    return replace(terminal, clipboard=reaches, clipboard_note=note, escape_ms=escape_ms)


def _through_tmux(
    version: tuple[int, int], passes: str, name: str, kind: str, features: list[str]
) -> tuple[bool | None, str]:
    """Copying goes through `load-buffer -w` where tmux has it (3.2), else needs `set-clipboard on`."""
    recent = version >= (3, 2)
    if passes == "off" or (passes != "on" and not recent):
        return False, _OFF
    reaches, note = _named(kind, name)
    if reaches is None and name and "clipboard" not in features:
        note = _FEATURE.format(name=name)
    return reaches, note


def _number(version: str) -> tuple[int, int]:
    """`3.3a` and `next-3.4` as numbers; what has none (`master`) is taken as new."""
    match = re.search(r"(\d{1,4})\.(\d{1,4})", version)
    return (int(match[1]), int(match[2])) if match else (99, 0)


async def _output(command: tuple[str, ...], environ: Mapping[str, str]) -> str:
    """What a program prints; empty if it is not there, fails or takes too long."""
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
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
    return output.decode("utf-8", "replace") if process.returncode == 0 else ""
