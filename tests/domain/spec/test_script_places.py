"""Where the characters of a value stand: told against libyaml for every way to write one."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from tests.examples import examples
from tui.domain.spec.document import parse
from tui.domain.spec.nodes import Mapping, Scalar, Sequence
from tui.domain.spec.problems import Fix, apply_fix
from tui.domain.spec.script_places import Lines, ScriptPlaces, Style, places_of

WORDS = st.text("ab$ '\"\\#:&|-\t;é\n", max_size=40)


def value_of(text: str) -> Scalar:
    """The single value of `args: [...]`."""
    root = parse(text).root
    assert isinstance(root, Mapping)
    node = root.entries[0].value
    if isinstance(node, Sequence):
        node = node.items[0]
    assert isinstance(node, Scalar)
    return node


def found(text: str) -> tuple[Scalar, ScriptPlaces]:
    node = value_of(text)
    return node, places_of(Lines(text), node)


def check_places(text: str) -> ScriptPlaces:
    """Every character of the value that stands in the file as it is, is found where it stands."""
    node, places = found(text)
    lines = Lines(text)
    assert places.exact, repr(text)
    written = 0
    for at, char in enumerate(node.text):
        source = lines.offset(places.place(at))
        if text[source : source + 1] == char:
            written += 1
        else:
            assert char in " \n\t\\\"'" or text[source] == "\\" or not char.isprintable(), (text, at)
    assert written >= sum(char.isalnum() and char.isascii() for char in node.text) or "\\" in text
    return places


FORMS = {
    "literal": "args:\n  - |\n    one\n      two\n\n    three\n",
    "literal, indented more": "args:\n  - |2\n      one\n    two\n",
    "literal, stripped, with a comment": "args:\n- |- # a comment\n  one\n  two",
    "literal, kept": "args:\n  - |+\n    one\n\n\n",
    "literal, blank lines first": "args:\n  - |\n\n\n    one\n    two\n",
    "literal, anchored and tagged": "args:\n  - &a !!str |\n    one\n    two\n",
    "folded": "args:\n  - >\n    one\n    two\n\n    three\n      four\n        five\n    six\n",
    "folded, stripped": "args:\n  - >-\n    one\n    two\n",
    "single": "args: ['one''s two\n    three\n\n    four']\n",
    "double": 'args: ["one\\n\\"two\\" \\x41 \\\n     three\n   four"]\n',
    "plain": "args: [one two, three]\n",
    "plain over lines": "args:\n  - one\n    two\n\n    three\n",
    "in a mapping": "args: |\n  one\n  two\n",
}


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_found_with_every_line_ending(form: str, ending: str) -> None:
    text = FORMS[form].replace("\n", ending)
    places = check_places(text)
    node = value_of(text)
    for word in ("one", "two", "three", "four", "five", "six"):
        if word in node.text:
            place = places.place(node.text.index(word))
            line = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")[place.line - 1]
            assert line[place.column - 1 :].startswith(word)


@pytest.mark.parametrize(("style", "mark"), [(Style.LITERAL, "|"), (Style.FOLDED, ">")])
@given(lines=st.lists(st.text("ab c#'\"\t$", max_size=12), min_size=1, max_size=8), crlf=st.booleans())
@examples(150)
def test_places_in_blocks(style: Style, mark: str, lines: list[str], crlf: bool) -> None:  # noqa: FBT001
    ending = "\r\n" if crlf else "\n"
    body = ending.join(f"    {line}" if line.strip() else "" for line in ["x", *lines])
    text = f"args:{ending}  - {mark}{ending}{body}{ending}"
    assert check_places(text).style is style


@given(WORDS)
@example("a\\\n b")
@example("  \n a  \n\n b ")
@examples(300)
def test_places_in_quotes_and_blocks_as_yaml_writes_them(value: str) -> None:
    for style in ("'", '"', "|", ">", None):
        text = yaml.safe_dump({"args": ["a" + value]}, default_style=style, width=20, allow_unicode=True)
        text = text.replace('"args"', "args").replace("'args'", "args")
        node = value_of(text)
        if node.text == "a" + value:
            check_places(text)


@given(WORDS, st.data())
@examples(400)
def test_an_edit_of_a_value_changes_it_as_meant_or_is_not_offered(value: str, data: st.DataObject) -> None:
    style = data.draw(st.sampled_from(["'", '"', "|", ">", None]))
    text = yaml.safe_dump({"args": ["ab" + value + "z"]}, default_style=style, width=20, allow_unicode=True)
    node, places = found(text)
    start = data.draw(st.integers(0, len(node.text)))
    end = data.draw(st.integers(start, min(start + 3, len(node.text))))
    if start == end == 0 or node.text[:start].endswith(("\n", " ", "\t")):
        new = data.draw(st.sampled_from(["set -e; ", "train"]))
    else:
        new = data.draw(st.sampled_from(["set -e; ", " && ", " || exit 1x"]))
    if not node.text[start:end].strip() and start != end:
        return
    edit = places.edit(start, end, new)
    if edit is None or style in (">", None):
        return
    changed = apply_fix(text, Fix("", (edit,)))
    assert value_of(changed).text == node.text[:start] + new + node.text[end:]


def test_nothing_is_put_into_an_empty_line_of_a_block() -> None:
    _, places = found("args:\n- |-\n  ab\n\n  z\n")
    assert places.edit(3, 3, "set -e; ") is None
    assert places.edit(4, 4, "set -e; ") is not None


def test_a_line_is_put_into_a_literal_block_and_into_double_quotes() -> None:
    for text in ("args:\n  - |2-\n      one\n    two", 'args: ["one\\ntwo"]'):
        node, places = found(text)
        edit = places.edit(0, 0, "set -e\n")
        assert edit is not None
        assert value_of(apply_fix(text, Fix("", (edit,)))).text == "set -e\n" + node.text


def test_no_edit_is_offered_where_it_is_not_certain() -> None:
    for text in ("args: [one two]", "args: ['one two']", "args:\n- >\n  one\n  two\n"):
        _, places = found(text)
        assert places.edit(0, 0, "set -e\n") is None
    _, places = found('args: ["one\\ttwo"]')
    assert places.edit(2, 5, "x") is None
    _, places = found("args: [one two]")
    assert places.edit(3, 3, ": x #") is None


@given(st.text("ab\n\r\x85\u2028", max_size=30), st.integers(0, 30))
def test_offsets_and_places_are_two_names_for_one_thing(text: str, offset: int) -> None:
    lines = Lines(text)
    offset = min(offset, len(text))
    assert lines.offset(lines.place(offset)) == offset
