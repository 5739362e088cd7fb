"""The items of `command` and `args`: what each means to the program that gets it."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from tui.domain.secrets import HIDDEN, hide_found
from tui.domain.spec.nodes import Scalar
from tui.domain.spec.problems import Edit, Fix, Place, Problem, warning
from tui.domain.spec.script_places import Lines
from tui.domain.spec.shell.command_line import ShellCall, program_at
from tui.domain.spec.shell.reader import read
from tui.domain.spec.shell.typos import own_path

_NEEDS_SHELL = re.compile(r"[$;&|<>()`*?~\n\\{}\[\]#]")
_OPTION_AND_MORE = re.compile(r"--?[A-Za-z][\w.-]*[ \t]+\S[^\n]*")
_FILE_AND_MORE = re.compile(r"[\w./-]+\.py[ \t]+\S[^\n]*")
_LONG_DASH = re.compile(r"[–—]{1,2}(?=[A-Za-z])")
_VARIABLE = re.compile(r"(?<![$\\])\$(?:\{([A-Z_][A-Z0-9_]*)\}|([A-Z][A-Z0-9_]+)\b)")
_EXPANDS_ITSELF = frozenset(
    [
        "perl",
        "awk",
        "gawk",
        "mawk",
        "sed",
        "php",
        "ruby",
        "envsubst",
        "make",
        "jq",
        "expect",
        "tclsh",
        "fish",
        "pwsh",
        "csh",
        "tcsh",
        "nu",
        "xonsh",
    ]
)
_CODE = frozenset({"-c", "-e", "--eval", "-Command"})
_POSITIONAL = frozenset("@*#123456789")
_PLACEHOLDERS = frozenset({"_", "--", "-", "bash", "sh", "", "$0"})
_PLAIN_WORD = re.compile(r"[A-Za-z./][A-Za-z0-9_./-]*")
_READ_OTHERWISE = re.compile(r"y|n|yes|no|on|off|true|false|null|\.|\.inf|\.nan", re.IGNORECASE)
_SHOWN = 50


class Item(NamedTuple):
    """One item of `command` or `args`."""

    part: str
    """`command` or `args`."""
    position: int
    node: Scalar


def lint_items(
    items: Sequence[Item], call: ShellCall | None, lines: Callable[[], Lines], *, package: bool
) -> Iterator[Problem]:
    """What is wrong with the items of a command line.

    Args:
        items: the items in order.
        call: the shell that they run, if they run one.
        lines: gives the lines of the file.
        package: whether they are the arguments of a Python package.
    """
    words = [item.node.text for item in items]
    yield from _long_dashes(items)
    for item in items:
        if message := own_path(item.node.text):
            yield warning(item.node.place, "shell-typo", message)
    if not package and (problem := _whole_line(items[0], lines)) is not None:
        yield problem
        return
    if call is None:
        yield from _options(items, lines, package=package)
        yield from _variables(items, words, package=package)
    elif not call.with_script:
        yield from _variables(items, words, package=False)
    elif call.script >= len(items):
        message = "bash -c needs a script: the next item of command or args."
        yield warning(items[-1].node.place, "shell-no-script", message)
    else:
        yield from _behind_script(items, call, lines)


def _long_dashes(items: Sequence[Item]) -> Iterator[Problem]:
    """`–epochs`: what a word processor makes of two hyphens."""
    for item in items:
        node = item.node
        if (found := _LONG_DASH.match(node.text)) is None:
            continue
        text = f"“{_show(node.text)}” begins with a long dash, as a word processor makes of two hyphens."
        end = Place(node.place.line, node.place.column + found.end())
        fix = Fix("Write two hyphens", (Edit(node.place, end, "--"),)) if node.plain else None
        yield warning(node.place, "shell-letters", text, fix)


def _show(text: str) -> str:
    """A text on one line, short, without secrets."""
    shown = " ".join(hide_found(text[: 4 * _SHOWN], HIDDEN).split())
    return shown if len(shown) <= _SHOWN else shown[: _SHOWN - 1] + "…"


def _whole_line(item: Item, lines: Callable[[], Lines]) -> Problem | None:
    """`command: ["python train.py"]`."""
    text = item.node.text.strip()
    if item.part != "command" or not re.search(r"\s", text):
        return None
    if text.startswith(("/", "./")) and "." in text.rpartition("/")[2] and " -" not in text:
        return None  # a path with a blank in it is possible
    message = (
        f"“{_show(text)}” is one item: a program of that whole name is looked for; give each word an item."
    )
    return warning(item.node.place, "shell-one-item", message, _split(item.node, lines))


def _options(items: Sequence[Item], lines: Callable[[], Lines], *, package: bool) -> Iterator[Problem]:
    """`args: ["--lr 0.1"]`: the program gets one option of that whole name."""
    words = [item.node.text for item in items]
    program = "" if package else words[program_at(words)[0] % len(words)]
    before = program
    for number, item in enumerate(items):
        text = item.node.text.strip()
        is_file = number == 1 and re.search(r"python[0-9.]*$", program) and _FILE_AND_MORE.fullmatch(text)
        if is_file or (before not in _CODE and (number or package) and _OPTION_AND_MORE.fullmatch(text)):
            message = (
                f"“{_show(text)}” is one item, and the program gets it as one word; give each word an item."
            )
            yield warning(item.node.place, "shell-one-item", message, _split(item.node, lines))
        before = text


def _variables(items: Sequence[Item], words: Sequence[str], *, package: bool) -> Iterator[Problem]:
    """`$NAME` where no shell reads it; `$(NAME)` is left alone, which Vertex AI may fill in."""
    program = "" if package else words[program_at(words)[0] % len(words)].rpartition("/")[2]
    if package or program in _EXPANDS_ITSELF or program.endswith(".sh") or "entrypoint" in program:
        return
    for number, item in enumerate(items):
        found = _VARIABLE.search(item.node.text)
        if not found or "\n" in item.node.text or (number and words[number - 1] in _CODE):
            continue
        message = (
            f"Nothing fills in {found.group()} here: no shell reads it; write the value, or use bash -c."
        )
        yield warning(item.node.place, "shell-unexpanded", message)


def _behind_script(items: Sequence[Item], call: ShellCall, lines: Callable[[], Lines]) -> Iterator[Problem]:
    extra = items[call.script + 1 :]
    if not extra:
        return
    script = read(items[call.script].node.text)
    if script is None:
        return
    names = {use.name for use in script.uses}
    shifts = any(simple.name in ("shift", "getopts") for simple in script.commands)
    first = extra[0].node
    if not (names & _POSITIONAL or shifts or "0" in names):
        if len(extra) > 1 or first.text not in _PLACEHOLDERS:
            shown = _show(extra[len(extra) > 1 and first.text in _PLACEHOLDERS].node.text)
            message = f"The script is one item; “{shown}” behind it is ignored: the script uses no $1 or $@."
            yield warning(first.place, "shell-extra-args", message)
    elif "0" not in names and first.text.startswith("-") and first.text not in _PLACEHOLDERS:
        message = f"“{_show(first.text)}” is the script's name to bash: put an item “_” before it."
        yield warning(first.place, "shell-extra-args", message, _placeholder(first, lines))


def _placeholder(node: Scalar, lines: Callable[[], Lines]) -> Fix | None:
    joint = _joint(node, lines)
    if joint is None or joint == " ":
        return None
    return Fix("Put “_” before it", (Edit(node.place, node.place, f'"_"{joint}'),))


def _split(node: Scalar, lines: Callable[[], Lines]) -> Fix | None:
    """The fix that makes an item of each word."""
    if node.place.line != node.end.line or _NEEDS_SHELL.search(node.text):
        return None
    try:
        words = shlex.split(node.text)
    except ValueError:
        return None
    joint = _joint(node, lines)
    if joint is None or not words:
        return None
    written = [_quoted(word) for word in words]
    text = f"[{', '.join(written)}]" if joint == " " else joint.join(written)
    return Fix("Give each word an item", (Edit(node.place, node.end, text),))


def _quoted(word: str) -> str:
    plain = _PLAIN_WORD.fullmatch(word) and not _READ_OTHERWISE.fullmatch(word)
    return word if plain and not re.match(r"\.?[0-9]", word) else json.dumps(word, ensure_ascii=False)


def _joint(node: Scalar, lines: Callable[[], Lines]) -> str | None:
    """What stands between two items of the list that `node` is in; a blank where it is no list."""
    known = lines()
    start = known.offset(node.place)
    line = known.text[known.starts[node.place.line - 1] : start]
    before = line.rstrip()[-1:]
    if line.strip() == "-":
        return "\n" + line.rstrip(" ") + " "
    if before in ("[", ","):
        return ", "
    return " " if before == ":" else None
