"""What RE2 says of a pattern that it does not accept, in words, with the place and what to write instead."""

from __future__ import annotations

import re
from collections.abc import Callable

from tui.domain.logfind.syntax import PatternError, Token, tokens

_LOOK_AROUND = (
    "look-around is not possible in RE2: search for the text itself, or filter first and search then"
)
_BACK_REFERENCE = "back-references are not possible in RE2: write the text again"
_NO_POSSESSIVE = "RE2 never goes back, so a plain repetition does the same"

_GROUPS = (
    ("(?=", "“(?=” looks ahead", _LOOK_AROUND),
    ("(?!", "“(?!” looks ahead", _LOOK_AROUND),
    ("(?<=", "“(?<=” looks behind", _LOOK_AROUND),
    ("(?<!", "“(?<!” looks behind", _LOOK_AROUND),
    ("(?P=", "“(?P=” refers back to a group", _BACK_REFERENCE),
    ("(?>", "“(?>” is not known", f"write “(?:”: {_NO_POSSESSIVE}"),
    ("(?#", "comments are not known", "leave “(?#…)” out"),
    ("(?|", "“(?|” is not known", "write “(?:”"),
    ("(?(", "conditions are not known", "write the cases with “|”"),
    ("(?P>", "a pattern cannot call its own groups", "write the group again"),
    ("(?R", "a pattern cannot call itself", ""),
    ("(?&", "a pattern cannot call its own groups", "write the group again"),
    ("(?P<", "the group's name is not whole", "(?P<name>…); letters, digits and _ make a name"),
    ("(?<", "the group's name is not whole", "(?<name>…); letters, digits and _ make a name"),
)
_CALL = re.compile(r"\(\?[+-]?\d")
_FLAGS = "flags are i (ignore case), s (“.” is any character) and U (shortest first), as in (?i) or (?i:…)"

_ESCAPES = {
    "Z": "write “$” for the end of the line",
    "G": "write “^” for the start of the line",
    "K": _LOOK_AROUND,
    "h": "write “[ \\t]”",
    "R": "each line is searched by itself; “$” is its end",
    "X": "write “.” for any character",
    "N": "write the character itself, or “\\x{…}” with its number",
    "u": "write “\\x{…}”, as in “\\x{00E9}” for é",
    "U": "write “\\x{…}”, as in “\\x{1F600}”",
    "x": "write two hexadecimal digits, or “\\x{…}”",
    "k": _BACK_REFERENCE,
    "g": _BACK_REFERENCE,
    "e": "lines are kept without control characters",
    "E": "it ends what “\\Q” began, and there is none",
}
_PLAIN_CHARACTER = "for the character itself, leave the backslash out"


def problem_of(pattern: str, told: str) -> PatternError:
    """The error for a pattern of which RE2 says `told`, as in `missing ): (abc`."""
    what, _, piece = told.partition(": ")
    make = _MAKERS.get(what)
    if make is not None:
        return make(pattern, piece)
    if what.startswith("pattern too large"):
        return too_large()
    return PatternError(f"this is not a pattern: {told}", column=_column(pattern, piece))


def too_large() -> PatternError:
    """The error for a pattern that would search too slowly."""
    return PatternError(
        "the pattern needs too much memory or time",
        hint="repeat less, as in {1,50} for {1,1000}, or leave classes like \\pL out of repetitions",
    )


def _column(pattern: str, piece: str) -> int | None:
    """The place of `piece`, counted from 1: where a token begins with it, else within a class."""
    if not piece:
        return None
    found = list(tokens(pattern))
    for token in found:
        # A group's name that was read as a token is right, so it is not what is meant.
        if token.kind not in {"quoted", "name"} and pattern.startswith(piece, token.start):
            return token.start + 1
    for token in found:
        if token.kind == "set" and piece in token.text:
            return token.start + token.text.index(piece) + 1
    place = pattern.find(piece)
    return place + 1 if place >= 0 else None


def _missing_bracket(pattern: str, piece: str) -> PatternError:
    hint = "“\\[” is the bracket itself"
    return PatternError("“[” is not closed", column=len(pattern) - len(piece) + 1, hint=hint)


def _parens(pattern: str) -> tuple[list[int], int | None]:
    """Where groups begin that are not closed, and where the first one is closed that was not begun."""
    opened: list[int] = []
    for kind, start, text in tokens(pattern):
        if kind == "name" or (kind == "flags" and text[-1] == ":") or (kind == "text" and text == "("):
            opened.append(start)
        elif kind == "text" and text == ")":
            if not opened:
                return opened, start
            opened.pop()
    return opened, None


def _missing_paren(pattern: str, _: str) -> PatternError:
    opened, _wrong = _parens(pattern)
    column = opened[-1] + 1 if opened else None
    return PatternError("“(” is not closed", column=column, hint="“\\(” is the parenthesis itself")


def _unexpected_paren(pattern: str, _: str) -> PatternError:
    _opened, wrong = _parens(pattern)
    column = wrong + 1 if wrong is not None else None
    return PatternError("“)” closes nothing", column=column, hint="“\\)” is the parenthesis itself")


def _nothing_to_repeat(pattern: str, piece: str) -> PatternError:
    before: Token | None = None
    column = None
    for token in tokens(pattern):
        begins = before is None or before.text in {"(", "|"} or before.kind in {"flags", "name"}
        if begins and token.kind == "text" and pattern.startswith(piece, token.start):
            column = token.start + 1
            break
        before = token
    return PatternError(
        f"“{piece}” repeats nothing",
        column=column,
        hint=f"“\\{piece}” is the character itself, “.*” is anything",
    )


def _bad_repetition(pattern: str, piece: str) -> PatternError:
    hint = "group what is repeated twice: (?:…)"
    if piece.endswith("+"):
        hint = f"leave the last “+” out: {_NO_POSSESSIVE}"
    return PatternError(f"“{piece}” repeats a repetition", column=_column(pattern, piece), hint=hint)


def _repeat_size(pattern: str, piece: str) -> PatternError:
    return PatternError(
        f"“{piece}” is no possible repetition",
        column=_column(pattern, piece),
        hint="at most 1,000, also in all where repetitions lie within one another",
    )


def _class_range(pattern: str, piece: str) -> PatternError:
    column = _column(pattern, piece)
    if piece.startswith("[:"):
        hint = "classes are [:alpha:], [:digit:], [:alnum:], [:space:], [:upper:], [:lower:], [:punct:], …"
        return PatternError(f"“{piece}” is not known", column=column, hint=hint)
    if piece.startswith("\\"):
        return PatternError(
            f"“{piece}” is no class of characters", column=column, hint="as in \\pL, \\p{Lu} or \\p{Greek}"
        )
    return PatternError(f"the range “{piece}” runs backwards", column=column, hint="“\\-” is the dash itself")


def _escape(pattern: str, piece: str) -> PatternError:
    column = _column(pattern, piece)
    letter = piece[1:2]
    if letter.isdigit():
        return PatternError(f"“{piece}” refers back to a group", column=column, hint=_BACK_REFERENCE)
    if letter in {"b", "d", "s", "w", "B", "D", "S", "W"}:
        where = "cannot stand here between “[” and “]”"
        return PatternError(f"“{piece}” {where}", column=column, hint="“\\\\” is the backslash itself")
    hint = _ESCAPES.get(letter, _PLAIN_CHARACTER)
    return PatternError(f"“{piece}” is not known", column=column, hint=hint)


def _trailing(pattern: str, _: str) -> PatternError:
    hint = "“\\\\” is the backslash itself"
    return PatternError("the backslash at the end stands before nothing", column=len(pattern), hint=hint)


def _group(pattern: str, piece: str) -> PatternError:
    column = _column(pattern, piece)
    rest = pattern[column - 1 :] if column is not None else piece
    for begin, problem, hint in _GROUPS:
        if rest.startswith(begin):
            return PatternError(problem, column=column, hint=hint)
    if _CALL.match(rest):
        return PatternError(
            "a pattern cannot call its own groups", column=column, hint="write the group again"
        )
    return PatternError(f"“{piece}” is not known", column=column, hint=_FLAGS)


_MAKERS: dict[str, Callable[[str, str], PatternError]] = {
    "missing ]": _missing_bracket,
    "missing )": _missing_paren,
    "unexpected )": _unexpected_paren,
    "no argument for repetition operator": _nothing_to_repeat,
    "bad repetition operator": _bad_repetition,
    "invalid repetition size": _repeat_size,
    "invalid character class range": _class_range,
    "invalid character class": _class_range,
    "invalid escape sequence": _escape,
    "trailing \\": _trailing,
    "invalid perl operator": _group,
    "invalid named capture group": _group,
}
