"""Command lines of `gsutil` and `gcloud`, as far as a job needs them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tui.local.shims.voice import ToolError

Spec = Mapping[str, tuple[str, bool]]
"""Option as written, to the name it is known by and whether it takes a value."""


class Options:
    """What was given."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}
        self.words: list[str] = []

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def get(self, name: str, default: str = "") -> str:
        """The value of an option, or `default`."""
        return self.values.get(name, default)


def spec(*, flags: str = "", values: str = "") -> dict[str, tuple[str, bool]]:
    """A spec from lists of options; `a=b` lets the option `a` mean `b`."""
    found = {}
    for text, valued in ((flags, False), (values, True)):
        for word in text.split():
            option, _, name = word.partition("=")
            found[option] = (name or option, valued)
    return found


def read(words: Sequence[str], known: Spec, *, leading: bool = False) -> Options:
    """Sort `words` into options and the rest; with `leading`, options end at the first other word.

    Raises:
        ToolError: an option that is not known, with exit status 2.
    """
    found = Options()
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if word == "--":
            found.words += rest
            break
        if not word.startswith("-") or word == "-":
            found.words.append(word)
            if leading:
                found.words += rest
                break
        elif word.startswith("--"):
            _long(word, rest, known, found)
        else:
            _short(word, rest, known, found)
    return found


def _long(word: str, rest: list[str], known: Spec, found: Options) -> None:
    name, equals, value = word.partition("=")
    meaning, valued = _meaning(name, known)
    if valued and not equals:
        value = _next(name, rest)
    found.values[meaning] = value if valued else value or "true"


def _short(word: str, rest: list[str], known: Spec, found: Options) -> None:
    letters = word[1:]
    while letters:
        name, letters = f"-{letters[0]}", letters[1:]
        meaning, valued = _meaning(name, known)
        if valued:
            found.values[meaning] = letters or _next(name, rest)
            return
        found.values[meaning] = "true"


def _meaning(name: str, known: Spec) -> tuple[str, bool]:
    if name not in known:
        raise ToolError(f"the option {name} is not supported in a local job", kind="", code=2)
    return known[name]


def _next(name: str, rest: list[str]) -> str:
    if not rest:
        raise ToolError(f"the option {name} needs a value", kind="", code=2)
    return rest.pop(0)
