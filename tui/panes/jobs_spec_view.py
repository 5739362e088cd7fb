"""The views of a job that are text: its spec as YAML, its record as JSON, and the equivalent commands."""

from __future__ import annotations

import re

from textual.content import Content

from tui.domain import text
from tui.domain.joblist.spec_text import commands, has_whole_spec, job_json, spec_of, spec_yaml
from tui.panes.jobs_cards import DetailState

MOST_LINES = 3_000
"""Lines that are shown; `Y` copies all of them."""
MOST_COLUMNS = 2_000
"""Of one line."""
_LEAST = 20
_KEY = re.compile(r"^(?P<indent>[ -]{0,200})(?P<key>\"?[A-Za-z0-9_./-]{1,200}\"?:)(?= |$)")


def whole_text(view: str, state: DetailState) -> str:
    """All of a view's text, for copying."""
    job = state.job
    if view == "spec":
        return spec_yaml(job) if spec_of(job) else ""
    if view == "JSON":
        return job_json(job)
    return "\n\n".join(f"# {title}\n{command}" for title, command in commands(job, _project(state)))


def body(view: str, state: DetailState, width: int) -> Content:
    """A view as it is shown in so many columns."""
    if view == "gcloud":
        return _commands(state)
    shown = _coloured(whole_text(view, state), max(width, _LEAST))
    return Content("\n").join([*_notes(view, state), *shown])


def _notes(view: str, state: DetailState) -> list[Content]:
    job = state.job
    if not spec_of(job):
        return [_muted("The record has no spec.")] if view == "spec" else []
    notes = []
    if not has_whole_spec(job):
        notes.append("What is run has not been read yet: only what an earlier session kept is known.")
    if view == "spec":
        notes.append("As gcloud takes it with --config, for reading: values are hidden. Y copies it.")
    return [_muted(f"# {note}") for note in notes]


def _coloured(whole: str, width: int) -> list[Content]:
    """Lines with their keys set off; what is too long goes on below its value."""
    lines = text.printable(whole, multiline=True).split("\n")
    made = []
    for line in lines[:MOST_LINES]:
        shown = line if len(line) <= MOST_COLUMNS else f"{line[:MOST_COLUMNS]}…"
        match = _KEY.match(shown)
        bare = len(shown) - len(shown.lstrip(" -"))
        indent = min(bare + 2, width // 2)
        first, *rest = text.wrap_cells(shown, width)
        if match is not None and match.end() <= len(first):
            key = (match["key"], "$primary")
            made.append(Content.assemble(match["indent"], key, Content(first[match.end() :])))
        else:
            made.append(Content(first))
        if rest:
            over = text.wrap_cells(shown[len(first) :], width - indent)
            made += [Content(" " * indent + piece) for piece in over]
    if (more := len(lines) - MOST_LINES) > 0:
        made.append(_muted(f"… and {more:,} more lines; Y copies all of them"))
    return made


def _commands(state: DetailState) -> Content:
    lines: list[Content] = []
    for title, command in commands(state.job, _project(state)):
        lines += [
            _muted(f"# {text.printable(title)}"),
            Content(text.printable(command, multiline=True)),
            Content(""),
        ]
    lines.append(_muted("# Y copies all of them"))
    return Content("\n").join(lines)


def _project(state: DetailState) -> str:
    parts = state.job.name.split("/")
    return state.project or (parts[1] if len(parts) > 1 else "")


def _muted(words: str) -> Content:
    return Content.styled(words, "$text-muted")
