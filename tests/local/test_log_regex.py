"""RE2's syntax and its linear time, against Python's own engine where the two agree."""

from __future__ import annotations

import random
import re
import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.local.filters.automaton import CostError, _Program, searcher
from tui.local.filters.re2 import PatternError, parse


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("CUDA .* mem", "CUDA out of memory"),
        (".*foo$", "a foo"),
        ("^a+b", "aaab"),
        ("(?i)FOO", "a foo"),
        ("(?i:F)oo", "foo"),
        ("(?i)[^a]", "b"),
        ("(?i)\u212a", "k"),
        ("(?s)a.b", "a\nb"),
        ("(?m)^b$", "a\nb\nc"),
        (r"\bcat\b", "a cat."),
        (r"\Bat\b", "cat"),
        (r"\d{2,3}-\D\S\s\w\W", "123-ab c!"),
        (r"[[:alpha:]]+[[:^digit:]]", "ab-"),
        (r"\pL\p{Lu}\P{Lu}\p{^L}", "éÉé1"),
        (r"\Qa.b*\E+", "a.b**"),
        (r"\x41\x{42}\103\t", "ABC\t"),
        ("(?P<name>a|b)(?<other>c)", "bc"),
        ("[]a-]+[\\]x]", "]-]"),
        ("a{0}b{2}c{1,}d{0,1}", "bbcc"),
        ("x{,3}", "x{,3}"),
        ("(|a)b", "b"),
        ("a**?b".replace("**", "*"), "aab"),
        ("", ""),
        ("^$", ""),
        (r"\z", "a"),
        (r"\A\z", ""),
        ("foo|bar.*baz", "a bar and a baz"),
    ],
)
def test_these_match(pattern: str, text: str) -> None:
    assert searcher(pattern)(text)
    assert _Program(parse(pattern)).search(text)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("a$", "a\n"),
        ("a.b", "a\nb"),
        ("(?i)[^a]", "A"),
        ("(?i:F)oo", "fOO"),
        (r"\d", "\u0663"),
        (r"\w", "é"),
        (r"\bat", "cat"),
        ("[^[:alpha:]]", "abc"),
        ("foo|bar.*baz", "bar"),
        ("(?-s:.)(?s)", "\n"),
    ],
)
def test_these_do_not(pattern: str, text: str) -> None:
    assert not searcher(pattern)(text)
    assert not _Program(parse(pattern)).search(text)


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("(?=a)", "invalid perl operator: (?="),
        ("(?<=a)b", "invalid perl operator: (?<"),
        (r"(a)\1", r"invalid escape sequence: \1"),
        (r"\Z", r"invalid escape sequence: \Z"),
        (r"\x{110000}", "invalid escape sequence"),
        ("(", "missing )"),
        ("a)", "unexpected )"),
        ("[a", "missing ]"),
        ("[a-", "missing ]"),
        ("[z-a]", "invalid character class range: z-a"),
        ("[[:nope:]]", "invalid character class range: [:nope:]"),
        (r"\p{Nope}", "invalid character class range"),
        ("*a", "no argument for repetition operator: *"),
        ("(?i)*", "no argument for repetition operator: *"),
        ("a**", "bad repetition operator: **"),
        ("a{1001}", "invalid repetition size: {1001}"),
        ("a{2,1}", "invalid repetition size: {2,1}"),
        ("a\\", "trailing \\"),
        ("[\\", "trailing \\"),
        ("(?P<1-2>a)", "invalid named capture group"),
        ("(?P<n>a)(?P<n>b)", "duplicate capture group name: n"),
        ("(?z)", "invalid perl operator: (?z"),
        ("((a{1000}){1000}){1000}", "pattern too large"),
        ("(" * 1000 + ")" * 1000, "nests too deeply"),
    ],
)
def test_these_are_refused_in_the_words_of_re2(pattern: str, words: str) -> None:
    with pytest.raises(PatternError) as caught:
        searcher(pattern)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("(a+)+$", "a" * 100_000 + "b"),
        ("(a|a|b)*c", "ab" * 50_000),
        ("x*x*x*x*x*y", "x" * 100_000),
        (".*.*=.*;", "=" * 100_000),
        ("(.+)+z", "y" * 100_000),
        ("(a?){50}a{50}b", "a" * 20_000),
    ],
)
def test_patterns_that_make_others_hang_take_linear_time(pattern: str, text: str) -> None:
    assert not searcher(pattern)(text)


def test_a_pattern_that_is_made_to_be_slow_is_given_up() -> None:
    slow = searcher("(a|b)*a(a|b){900}c")
    mixed = "".join(random.Random(1).choices("ab", k=50_000))  # noqa: S311 (no secret)
    with pytest.raises(CostError):
        slow(mixed)
    assert not slow("ab")


# Patterns of the common part of both languages; few characters, so that they meet.
CHARACTERS = st.sampled_from("ab\n-")
ATOMS = st.sampled_from(
    ["a", "b", ".", "[ab]", "[^a]", r"\w", r"\s", r"\b", r"\B", "^", "(?m:$)", r"\n", "-"]
)
PATTERNS: st.SearchStrategy[str] = st.recursive(
    ATOMS,
    lambda inner: (
        st.lists(inner, min_size=2, max_size=3).map("".join)
        | st.lists(inner, min_size=2, max_size=3).map(lambda parts: f"(?:{'|'.join(parts)})")
        | st.tuples(inner, st.sampled_from(["*", "+", "?", "{2}", "{1,2}", "*?"])).map(
            lambda pair: f"(?:{pair[0]}){pair[1]}"
        )
    ),
    max_leaves=6,
)


@given(PATTERNS, st.text(CHARACTERS, max_size=10))
def test_both_ways_of_searching_agree_with_python(pattern: str, text: str) -> None:
    # Python's \B does not match an empty text.
    wanted = re.compile(pattern.replace(r"\B", r"(?!\b)"), re.ASCII).search(text) is not None
    assert searcher(pattern)(text) is wanted
    assert _Program(parse(pattern)).search(text) is wanted


@given(st.text(st.sampled_from("ab\\()[]{}*+?|^$.-:?imsPpQEdxz<>=!,019") | st.characters(), max_size=20))
def test_any_text_is_a_pattern_or_refused(pattern: str) -> None:
    try:
        searcher(pattern)("ab\n")
    except PatternError:
        return


@given(st.text(string.printable + "éλſ\u212a", max_size=12), st.booleans())
def test_a_quoted_text_finds_itself(text: str, fold: Any) -> None:
    pattern = re.sub(r"(\W)", r"\\\1", text, flags=re.ASCII) if text.isascii() else f"\\Q{text}\\E"
    assert searcher(f"(?i){pattern}" if fold else pattern)(f"before {text} after")
