"""Line endings and colours: an untouched text is the same to the byte, and colouring never fails."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tui.domain.spec.highlight import Token, block_lines, spans
from tui.domain.spec.lines import for_editor, for_file

ENDINGS = st.sampled_from(["\n", "\r\n", "\r", "\u2028", "\x0c"])
LINES = st.lists(st.tuples(st.text("ab ", max_size=3), ENDINGS), max_size=6)


@given(st.text(max_size=60))
def test_an_untouched_text_stays_byte_identical(text: str) -> None:
    assert for_file(text, for_editor(text)) == text


@given(st.text(max_size=40), st.text("ab\n", max_size=40))
def test_what_was_typed_is_what_is_saved(original: str, edited: str) -> None:
    assert for_editor(for_file(original, edited)) == edited


@given(LINES, LINES, st.text("xyz\n", max_size=5))
def test_lines_around_a_change_keep_their_endings(
    before: list[tuple[str, str]], after: list[tuple[str, str]], new: str
) -> None:
    head = "".join(text + ending for text, ending in before)
    tail = "".join(text + ending for text, ending in after)
    edited = for_editor(head) + "NEW" + new + "\n" + for_editor(tail)
    saved = for_file(f"{head}OLD\n{tail}", edited)
    assert saved.startswith(head)
    assert saved.endswith(tail)


def test_windows_endings_are_kept() -> None:
    assert for_file("a\r\nb\r\n", "a\nnew\nb\n") == "a\r\nnew\r\nb\r\n"


@given(st.lists(st.text("ab:-|> #'\"{}[]$&*!<0", max_size=20), max_size=8))
def test_colours_lie_within_their_line(lines: list[str]) -> None:
    inside = block_lines(lines)
    for number, line in enumerate(lines):
        for span in spans(line, in_block=number in inside):
            assert 0 <= span.start <= span.end <= len(line)


def test_keys_scripts_and_references_look_different() -> None:
    lines = ["args:", "  - |", "    echo a: b", "env:", "  - name: X # c", "    value: ${X}", "n: 5"]
    assert block_lines(lines) == {2}
    tokens = [
        (line[span.start : span.end], span.token)
        for line in lines[3:]
        for span in spans(line, in_block=False)
    ]
    assert ("env", Token.KEY) in tokens
    assert ("# c", Token.COMMENT) in tokens
    assert ("${X}", Token.REFERENCE) in tokens
    assert ("5", Token.NUMBER) in tokens
