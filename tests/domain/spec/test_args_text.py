"""Arguments as a text to edit: whatever they are, they come back as they were."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.domain.spec.args_text import args_line, args_text, parse_args
from tui.domain.spec.override import OverrideError

ODD = st.text(alphabet=st.sampled_from("ab |-\n\t'\"\\[]$ "))


@given(st.lists(ODD | st.text()))
def test_arguments_survive_being_edited(args: list[str]) -> None:
    assert parse_args(args_text(args)) == args


def test_one_argument_a_line_and_scripts_as_blocks() -> None:
    script = "set -e\n\nif true; then\n  echo 'a b'\nfi\n"
    text = args_text([script, "--name", "a b", "x\ny"])
    assert text == ("|\n  set -e\n  \n  if true; then\n    echo 'a b'\n  fi\n--name\n'a b'\n|-\n  x\n  y")
    assert parse_args(text.replace("\n  \n", "\n\n")) == [script, "--name", "a b", "x\ny"]


def test_blank_lines_after_a_block_do_not_count() -> None:
    assert parse_args("|\n  a\n\n\n--b 'c d'\n\n") == ["a\n", "--b", "c d"]


@given(st.text(alphabet=st.sampled_from("ab |-\t'\" ")).filter(lambda text: text.strip() not in ("|", "|-")))
def test_a_line_is_read_as_a_shell_reads_it(text: str) -> None:
    try:
        expected = shlex.split(text)
    except ValueError:
        with pytest.raises(OverrideError, match="not closed"):
            parse_args(text)
    else:
        assert parse_args(text) == expected


def test_a_command_pasted_over_several_lines() -> None:
    assert parse_args('--a 1 \\\n  --b "x\\"y" \\\n  --c \'\\\'') == ["--a", "1", "--b", 'x"y', "--c", "\\"]


@pytest.mark.parametrize(("text", "words"), [("a\\", "backslash"), ("|\nset -e", "two spaces"), ("|", "two")])
def test_what_is_wrong_is_said(text: str, words: str) -> None:
    with pytest.raises(OverrideError, match=words):
        parse_args(text)


def test_in_one_line() -> None:
    assert args_line(["--a", "b c"]) == "--a 'b c'"
    assert args_line(["set -e\ntrue\n", "--b"]) == "‘set -e …’ (2 lines) --b"
