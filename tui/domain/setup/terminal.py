"""The rows about this terminal."""

from __future__ import annotations

from collections.abc import Iterator

from tui.domain.setup.facts import SetupFacts, Terminal
from tui.domain.setup.model import Check, CheckState, Group

COLUMNS, ROWS = 80, 24
"""From this size on nothing is left out."""
FEW_COLOURS = 16
NO_COLOURS = 2
ALL_COLOURS = 16_777_216
LONG_ESCAPE_MS = 100
"""From here on the escape key feels slow."""


def terminal_checks(facts: SetupFacts) -> tuple[Check, ...]:
    """What of the app this terminal has to do without; one row when there is nothing of the kind."""
    terminal = facts.terminal
    if terminal is None:
        return ()
    return tuple(_reduced(terminal)) or (_all_well(terminal),)


def _row(
    slug: str, title: str, finding: str, why: str, *, step: str, state: CheckState = CheckState.WARNING
) -> Check:
    return Check(
        f"terminal.{slug}", Group.TERMINAL, title, state, finding, why=why, next_step=step, optional=True
    )


def _reduced(terminal: Terminal) -> Iterator[Check]:
    if terminal.columns < COLUMNS or terminal.rows < ROWS:
        yield _size(terminal)
    if terminal.colours <= FEW_COLOURS:
        yield _colours(terminal)
    if not terminal.utf8:
        yield _row(
            "utf8",
            "characters",
            "the locale is not UTF-8: lines and signs may look wrong",
            "States, borders and charts are drawn with characters that only UTF-8 has.",
            step="Run: export LANG=C.UTF-8, then start again; tmux must be started again too.",
        )
    if terminal.clipboard is not True:
        yield _clipboard(terminal)
    yield from _tmux(terminal)


def _size(terminal: Terminal) -> Check:
    return _row(
        "size",
        "size",
        f"{terminal.columns}×{terminal.rows}: less than {COLUMNS}×{ROWS} hides columns",
        "Below it tables leave columns out and dialogs scroll.",
        step="Enlarge the window, or take a smaller font.",
    )


def _colours(terminal: Terminal) -> Check:
    why = "Every state also has a sign and a word, so that nothing is lost without colours."
    if terminal.colours <= NO_COLOURS:
        return _row(
            "colours",
            "colours",
            "none: states keep their signs and words",
            why,
            step="If that is not what you want, unset NO_COLOR.",
        )
    return _row(
        "colours",
        "colours",
        f"{terminal.colours}: a plain theme is used, text in specs and logs has few colours",
        why,
        step="Most terminals have more: run export COLORTERM=truecolor (over SSH it is not passed on)"
        " and start again.",
    )


def _clipboard(terminal: Terminal) -> Check:
    lost = terminal.clipboard is False
    kept = f" Copied texts are also kept in {terminal.copies}." if terminal.copies else ""
    return _row(
        "clipboard",
        "clipboard",
        "copied texts do not reach it" if lost else "copied texts may not reach it",
        "Only the terminal can put a text into your clipboard, also over SSH (OSC 52); not every one"
        f" does.{kept}",
        step=terminal.clipboard_note or "Copy something and paste it elsewhere to see.",
        state=CheckState.WARNING if lost else CheckState.UNKNOWN,
    )


def _tmux(terminal: Terminal) -> Iterator[Check]:
    if terminal.multiplexer != "tmux":
        return
    if not terminal.name.startswith(("tmux", "screen")):
        yield _row(
            "tmux",
            "tmux",
            f"TERM is {terminal.name or 'not set'} inside tmux",
            "tmux then gets sequences meant for another terminal, and draws some of them wrong.",
            step="Put set -g default-terminal tmux-256color into ~/.tmux.conf, set no TERM in the shell's own"
            " files, and open a new window.",
        )
    if terminal.escape_ms is not None and terminal.escape_ms > LONG_ESCAPE_MS:
        yield _row(
            "escape",
            "escape key",
            f"tmux holds esc back for {terminal.escape_ms} ms",
            "Esc goes back everywhere here; tmux waits to see whether more keys follow.",
            step="Run: tmux set -sg escape-time 10 (and put it into ~/.tmux.conf).",
        )


def _all_well(terminal: Terminal) -> Check:
    colours = "all colours" if terminal.colours >= ALL_COLOURS else f"{terminal.colours} colours"
    inside = f" · in {terminal.multiplexer}" if terminal.multiplexer else ""
    return _row(
        "all",
        "terminal",
        f"nothing is reduced · {terminal.columns}×{terminal.rows} · {colours}{inside}",
        "Size, colours, characters and the clipboard are as the app wants them.",
        step="",
        state=CheckState.OK,
    )
