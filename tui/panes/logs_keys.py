"""The keys of the Logs pane."""

from __future__ import annotations

from textual.binding import Binding, BindingType

SHOWN: tuple[tuple[str, str, str, str, str], ...] = (
    ("enter", "open_newest", "Open the newest job's log", "open", ""),
    ("enter", "entry", "Entry", "entry", "The entry in full, with its JSON payload"),
    ("slash", "search", "Search", "search", "Find text or a regular expression"),
    ("n", "next_hit", "Next", "next", "The next line found"),
    ("ampersand", "filter", "Filter", "filter", "Only lines with a text, and those around them"),
    (
        "right_square_bracket",
        "next_error",
        "Error",
        "next-error",
        "The next error; [ goes back",
    ),
    ("w", "wrap", "Wrap", "wrap", "Break long lines, or cut them and scroll"),
    ("s", "save", "Save", "save", "Save lines to a file, as text or JSON"),
    ("o", "outputs", "Outputs", "outputs", "Browse what the job wrote"),
    ("r", "retry", "Retry", "retry", "Read now"),
    (
        "greater_than_sign,right_parenthesis",
        "tab(1)",
        "Next log",
        "tab-right",
        "The tab to the right, round and round",
    ),
)
"""Key, action, name, id below `logs.` and tooltip of those that the footer shows."""

QUIET: tuple[tuple[str, str, str, str, str], ...] = (
    ("N", "previous_hit", "Previous", "previous", "The previous line found"),
    ("plus", "context(1)", "More around", "more", "More lines around each that matches"),
    ("minus", "context(-1)", "Less around", "less", "Fewer lines around each that matches"),
    (
        "left_square_bracket",
        "previous_error",
        "Previous error",
        "previous-error",
        "Up from the cursor; a traceback counts once",
    ),
    ("T", "trace", "Traceback", "trace", "To the first line of what led to the error"),
    ("at", "go_to_time", "Go to time", "time", "To a time of day, since the start or before the end"),
    ("space", "unfold", "Unfold", "unfold", "Show what is folded into a line"),
    ("z", "fold", "Folding", "fold", "Fold progress bars, tracebacks as well, or nothing"),
    ("t", "times", "Times", "times", "Local time, UTC, since the start, none"),
    ("m", "level", "Least level", "level", "Leave out lines of lower levels"),
    ("R", "replica", "Replica", "replica", "One replica after the other, then all"),
    ("i", "own_levels", "Severity", "severity", "By the words of a line, or as the entry has it"),
    ("a", "colours", "Colours", "colours", "The program's own colours, or none"),
    ("v", "select", "Select", "select", "Begin a selection of lines"),
    ("y", "copy", "Copy", "copy", "Copy the line or the selection"),
    ("p", "pager", "Pager", "pager", "Read the lines shown in $PAGER"),
    ("u", "links", "Links", "links", "Go where the line leads"),
    ("b", "older", "Older", "older", "Read all older lines now"),
    (
        "less_than_sign,left_parenthesis",
        "tab(-1)",
        "Previous log",
        "tab-left",
        "The tab to the left, round and round",
    ),
    ("x", "close_tab", "Close", "close", "Stop following this log"),
    ("ctrl+d", "entry_scroll(1)", "Entry down", "entry-down", "Scroll the entry, or the log by half a page"),
    ("ctrl+u", "entry_scroll(-1)", "Entry up", "entry-up", "The same upwards"),
)
"""The same of those that only the help and the palette show."""

BINDINGS: list[BindingType] = [
    Binding(key, action, name, id=f"logs.{ident}", tooltip=tooltip, show=keys is SHOWN)
    for keys in (SHOWN, QUIET)
    for key, action, name, ident, tooltip in keys
]
