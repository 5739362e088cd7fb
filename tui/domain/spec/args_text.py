"""Arguments as a text to edit, and back: words as in a shell, blocks that keep their line breaks, or JSON."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Sequence

from tui.domain.spec.override import OverrideError

_INDENT = "  "
_BLOCK, _OPEN_BLOCK = "|", "|-"
"""As in YAML: the indented lines below are one argument, with or without a line break at its end."""
_SPACE = " \t\r\n"


def args_text(args: Sequence[str]) -> str:
    """One argument a line, in quotes where a shell wants them; one with line breaks as a block.

    A JSON list where one has characters that no field can show.
    """
    if not all(_shown(item) for item in args):
        return json.dumps(list(args), ensure_ascii=False)
    return "\n".join(_block(item) if "\n" in item else shlex.quote(item) for item in args)


def args_line(args: Sequence[str]) -> str:
    """Arguments in one line, to be read: of a script, its first line and how many it has."""
    return " ".join(_brief(item) for item in args)


def parse_args(text: str) -> list[str]:
    """The arguments that a text means: a JSON list of texts if it begins with `[`, else words and blocks.

    Raises:
        OverrideError: it is none of them.
    """
    if text.lstrip().startswith("["):
        return _json_list(text)
    args: list[str] = []
    plain: list[str] = []
    lines = text.split("\n")
    number = 0
    while number < len(lines):
        head = lines[number].rstrip()
        number += 1
        if head not in (_BLOCK, _OPEN_BLOCK):
            plain.append(lines[number - 1])
            continue
        args += _words("\n".join(plain))
        plain.clear()
        end = _end_of_block(lines, number)
        if end == number:
            raise OverrideError(f"Below {head}, indent the lines of the argument by two spaces.")
        inner = [line.removeprefix(_INDENT) for line in lines[number:end]]
        args.append("\n".join(inner) + ("\n" if head == _BLOCK else ""))
        number = end
    return args + list(_words("\n".join(plain)))


def _brief(text: str) -> str:
    lines = text.strip().split("\n")
    return shlex.quote(text) if len(lines) == 1 else f"‘{lines[0]} …’ ({len(lines)} lines)"


def _shown(text: str) -> bool:
    return all(char.isprintable() or char in "\n\t" for char in text)


def _block(text: str) -> str:
    """Blank lines at the end keep their indent: only that makes them part of the block."""
    head, body = (_BLOCK, text[:-1]) if text.endswith("\n") else (_OPEN_BLOCK, text)
    return "\n".join([head, *(f"{_INDENT}{line}" for line in body.split("\n"))])


def _end_of_block(lines: Sequence[str], start: int) -> int:
    """The number of the first line after a block; empty lines belong to it if more of it follows."""
    end = start
    for number in range(start, len(lines)):
        if lines[number].startswith(_INDENT):
            end = number + 1
        elif lines[number]:
            break
    return end


def _json_list(text: str) -> list[str]:
    try:
        found = json.loads(text)
    except json.JSONDecodeError as failure:
        raise OverrideError(f"This is no JSON list: {failure.msg} at character {failure.pos + 1}.") from None
    except RecursionError:
        raise OverrideError("This is no JSON list of texts.") from None
    if not isinstance(found, list) or not all(isinstance(item, str) for item in found):
        raise OverrideError('Write a JSON list of texts, such as ["--epochs", "3"].')
    return found


def _words(text: str) -> Iterator[str]:
    """Words as in a POSIX shell, which also goes on in the next line after a backslash."""
    word: list[str] = []
    begun, quote = False, ""
    chars = iter(text)
    for char in chars:
        if char == "\\" and quote != "'":
            escaped = _escaped(next(chars, ""), quoted=bool(quote))
            begun = begun or bool(escaped)
            word.append(escaped)
        elif quote:
            if char == quote:
                quote = ""
            else:
                word.append(char)
        elif char in _SPACE:
            if begun:
                yield "".join(word)
            word, begun = [], False
        else:
            begun = True
            if char in "'\"":
                quote = char
            else:
                word.append(char)
    if quote:
        raise OverrideError("A quotation mark is not closed.")
    if begun:
        yield "".join(word)


def _escaped(char: str, *, quoted: bool) -> str:
    """What a backslash and a character mean."""
    if not char:
        raise OverrideError("The text ends in a backslash.")
    if char == "\n":
        return ""
    return f"\\{char}" if quoted and char not in '"\\$`' else char
