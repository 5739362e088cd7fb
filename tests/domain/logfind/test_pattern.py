"""A pattern finds the lines that it means, in all lines at once as in each by itself, and cannot hang."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fake_lines import FakeBlock
from tui.domain.logfind import pattern as patterns
from tui.domain.logfind.pattern import Case, Pattern, PatternError, compile_pattern


def lines(pattern: str, *texts: str, regex: bool = True, case: Case = Case.SMART) -> list[int]:
    made = compile_pattern(pattern, regex=regex, case=case)
    return list(made.lines_of(FakeBlock(texts).text()))


def made_or_error(pattern: str) -> Pattern | PatternError:
    try:
        return compile_pattern(pattern, regex=True)
    except PatternError as error:
        return error


def spans(pattern: str, text: str, *, regex: bool = True) -> list[str]:
    return [text[start:end] for start, end in compile_pattern(pattern, regex=regex).spans(text)]


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("loss", [0, 1]),
        ("Loss", [1]),
        ("(?i)LOSS", [0, 1]),
        (r"^\w+ 1$", [0]),
        (r"\Aloss", [0, 1]),
        (r"\z", [0, 1, 2, 3, 4]),
        (r"1\z", [0]),
        ("(?-m)^b.d$", [3]),
        ("(?s-m:^$)", [2]),
        ("^$", [2]),
        ("", None),
        ("x*", [0, 1, 2, 3, 4]),
        (r"[^a-z]\w+$", [0, 1]),
        (r"1\s+loss", []),
        (r"(?s)1.Loss", []),
        (r"\D\n?", None),
        (r"\bcaf", [4]),
        ("CAFÉ", []),
        ("café", [4]),
        ("(?i)CAFÉ", [4]),
        (r"\x{e9}", [4]),
        (r"\pL{4}$", [4]),
        ("(?P<Name>loss)|(?P<other>b)", [0, 1, 3]),
        (r"\Qb.", []),
        (r"\Qlo\E+ss", [0, 1]),
        ("b[^o]d|Loss 2", [1, 3]),
        (r"[[:upper:]]oss", [0, 1]),
        (r"\W2$", [1]),
    ],
)
def test_lines_are_found_as_if_each_stood_alone(pattern: str, found: list[int] | None) -> None:
    texts = ("loss 1", "Loss 2", "", "bad", "un Café")
    if found is None:
        with pytest.raises(PatternError):
            lines(pattern, *texts)
    else:
        assert lines(pattern, *texts) == found


def test_a_text_is_itself_and_nothing_else() -> None:
    texts = ("a.b", "a+b", "A.B", r"\Qx\E", "axb")
    assert lines("a.b", *texts, regex=False) == [0, 2]
    assert lines("A.b", *texts, regex=False) == []
    assert lines("A.B", *texts, regex=False) == [2]
    assert lines("a.b", *texts, regex=False, case=Case.EXACT) == [0]
    assert lines("A.b", *texts, regex=False, case=Case.IGNORED) == [0, 2]
    assert lines(r"\Qx\E", *texts, regex=False) == [3]
    assert lines(r"\E", *texts, regex=False) == [3]
    assert spans("a.B", "xa.Ba.B", regex=False) == ["a.B", "a.B"]


def spans_of(peer: re.Pattern[str], text: str) -> Iterator[tuple[int, int]]:
    """Matches that are not empty, leftmost first; `finditer` would look again where an empty one was."""
    found = peer.search(text)
    while found:
        if found[0]:
            yield found.span()
        if found.end() >= len(text):
            return
        found = peer.search(text, found.end() + (not found[0]))


PIECES = st.sampled_from(
    [
        "a",
        "b",
        "ab",
        "[ab]",
        "[^a]",
        ".",
        "(?:a|bb)",
        "(?:ba)+",
        "a*",
        "b?",
        "^",
        "$",
        "é",
        r"\bb",
        " ",
        "c{2,3}",
    ]
)
PATTERNS = st.lists(st.lists(PIECES, min_size=1, max_size=4).map("".join), min_size=1, max_size=2).map(
    "|".join
)
LINES = st.lists(st.text("abcé 界", max_size=8), max_size=12)


@given(PATTERNS, LINES, st.booleans())
@settings(max_examples=50)
def test_the_same_lines_and_spans_are_found_as_by_re(pattern: str, texts: list[str], dense: bool) -> None:  # noqa: FBT001
    made = compile_pattern(pattern, regex=True)
    peer = re.compile(pattern, re.IGNORECASE | re.ASCII)
    made._dense = dense
    block = FakeBlock(texts)
    expected = [number for number, text in enumerate(texts) if peer.search(text)]
    assert list(made.lines_in(block)) == expected
    made._slice = 8
    made._dense = dense
    assert list(made.lines_in(block)) == expected
    assert made.count(block) == len(expected)
    for text in texts:
        assert made.spans(text) == list(spans_of(peer, text))


def test_runs_of_matching_lines_are_the_same_lines() -> None:
    texts = [f"{'x' if number % 7 else 'y'} é {number}" for number in range(3_000)]
    for pattern, peer in (("x", "x"), (r"x|\Qy é", "x|y é"), (".", "."), ("$|x", ""), ("(?i)X", "x")):
        made = compile_pattern(pattern, regex=True)
        made._slice = 4_096
        expected = [number for number, text in enumerate(texts) if re.search(peer, text)]
        assert list(made.lines_in(FakeBlock(texts))) == expected
        assert made._dense


def test_a_search_begins_where_it_is_told_and_stops_when_it_is_told() -> None:
    text = FakeBlock([f"line {number}" for number in range(100)]).text()
    made = compile_pattern("5", regex=False)
    start = text.index(b"line 90")
    assert list(made.lines_of(text, start, first=90)) == [95]
    assert list(made.lines_of(text, stopped=lambda: True)) == []
    assert list(made.lines_of(b"")) == []


@pytest.mark.parametrize(
    ("pattern", "column", "words", "hint"),
    [
        ("a(?=b)", 2, "looks ahead", "RE2"),
        ("a(?!b)", 2, "looks ahead", "RE2"),
        (r"\((?<=b)", 3, "looks behind", "RE2"),
        ("é(?<!b)", 2, "looks behind", "RE2"),
        (r"(a)[\\1]\1", 9, "refers back", "back-references"),
        ("(?P<n>a)(?P=n)", 9, "refers back", "back-references"),
        (r"(?P<n>a)\k<n>", 9, "not known", "back-references"),
        ("(?>a)", 1, "not known", "(?:"),
        ("(?#a)", 1, "comments", "leave"),
        ("ab(?x)c", 3, "not known", "flags"),
        ("(?1)", 1, "call", "again"),
        ("(?(1)a|b)", 1, "conditions", "|"),
        ("[+][++]a++", 9, "repeats a repetition", "plain repetition"),
        ("a**", 2, "repeats a repetition", "(?:"),
        ("a|*b", 3, "repeats nothing", ".*"),
        ("a+(+b)", 4, "repeats nothing", "itself"),
        ("a{1001}", 2, "no possible repetition", "1,000"),
        ("a{,3}", 2, "lower bound", "{0,3}"),
        ("ab(c(d)", 3, "not closed", r"\("),
        (r"a\)b)", 5, "closes nothing", r"\)"),
        ("ab[c", 3, "not closed", r"\["),
        ("[z-a]", 2, "backwards", "dash"),
        ("[[:foo:]]", 2, "not known", "[:alpha:]"),
        (r"\p{Foo}", 1, "no class", "Greek"),
        (r"a[b-\d]", 5, "cannot stand", "backslash"),
        ("ab\\", 3, "backslash", "itself"),
        (r"a\Z", 2, "not known", "“$”"),
        (r"\u00e9", 1, "not known", r"\x{"),
        (r"\xZZ", 1, "not known", "hexadecimal"),
        (r"a\y", 2, "not known", "leave the backslash out"),
        ("(?P<n", 1, "name", "(?P<name>"),
        (r"a\nb", 2, "line break", "$"),
        ("a\nb", 2, "line break", "$"),
        (r"a\x0A", 2, "line break", "$"),
        (r"a\tb", 2, "never found", "spaces"),
        (r"\x1b\[", 1, "never found", "␛"),
        (r"\Qab" + "\x1b", 5, "never found", "␛"),
        (r"a\C", 2, "half a character", "."),
        ("\ud800", 1, "half a character", ""),
        (r"\pL{1000}", None, "too much", "{1,50}"),
        (r"(?:\w{1,500}){2}\w{999}q", None, "too much", "{1,50}"),
        ("a" * 2_001, 2_001, "2,000", ""),
    ],
)
def test_what_cannot_be_searched_for_is_told_with_its_place(
    pattern: str, column: int | None, words: str, hint: str
) -> None:
    with pytest.raises(PatternError) as caught:
        compile_pattern(pattern, regex=True)
    error = caught.value
    assert error.column == column
    assert words in error.problem
    assert hint in error.hint
    assert error.problem in str(error)


@given(st.text("ab()[]{}\\?*+|^$.-:=!<>PQEpLxdbZ1,09mis \nÉ", max_size=14))
@settings(max_examples=200)
def test_any_pattern_is_searched_for_or_explained(pattern: str) -> None:
    made = made_or_error(pattern)
    if isinstance(made, PatternError):
        assert made.problem
        assert "this is not a pattern" not in made.problem
        if made.column is not None and pattern:
            assert 1 <= made.column <= len(pattern)
        return
    texts = ["", "a", "ab É", "a(b)[1]", "b" * 20]
    alone = [number for number, text in enumerate(texts) if len(made.lines_of(f"{text}\n".encode()))]
    for dense in (False, True):
        made._dense = dense
        assert list(made.lines_in(FakeBlock(texts))) == alone
    with_spans = [number for number, text in enumerate(texts) if made.spans(text)]
    assert set(with_spans) <= set(alone)


HOSTILE = (
    "(x+x+)+y",
    "(?:a?){60}a{60}",
    "(.*)(.*)(.*)(.*)(.*)z9",
    r"(?:\w{1,500}){2}Q",
    ".{1,200}q.{1,200}z",
)


@pytest.mark.parametrize("pattern", HOSTILE)
def test_no_pattern_hangs(pattern: str) -> None:
    made = compile_pattern(pattern, regex=True)
    huge = "xa" * 20_000
    asked = iter((False, False, True))
    made.lines_of(f"{huge}\n".encode() * 3, stopped=lambda: next(asked))
    made.spans(huge, 10_000, 10_080)


def test_spans_of_a_huge_line_are_those_around_the_part_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patterns, "_SPANS_SECONDS", 60.0)  # however slow the machine
    text = "é" * 100_000 + "needle" + "é" * 100_000 + "needle"
    for regex in (False, True):
        made = compile_pattern("needle", regex=regex)
        assert made.spans(text, 99_990, 100_080) == [(100_000, 100_006)]
        assert made.spans(text, 200_000) == [(200_006, 200_012)]
        assert made.spans(text, 0, 80) == []
    assert compile_pattern("é$", regex=True).spans(text, 50_000, 50_080) == []
    every = compile_pattern("é", regex=True).spans(text, 50_000, 50_080)
    assert every == [(place, place + 1) for place in range(50_000, 50_080)]
    assert len(compile_pattern("x", regex=False, case=Case.EXACT).spans("x" * 99_999)) == 1_000


def test_capitals_are_those_of_every_script() -> None:
    texts = (
        "KELVIN",
        "\N{KELVIN SIGN}elvin",
        "LO\N{LATIN SMALL LETTER LONG S}\N{LATIN SMALL LETTER LONG S}",
        "ÄÉ",
    )
    for regex in (False, True):
        assert lines("kelvin", *texts, regex=regex) == [0, 1]
        assert lines("loss", *texts, regex=regex) == [2]
        assert lines("el", *texts, regex=regex) == [0, 1]
        assert lines("äé", *texts, regex=regex) == [3]
        assert lines("Ä", *texts, regex=regex) == [3]


def test_equal_patterns_are_equal() -> None:
    def made(text: str, case: Case = Case.SMART) -> Pattern:
        return compile_pattern(text, regex=True, case=case)

    assert made("a") == made("a", Case.IGNORED)
    assert made("a") != made("a", Case.EXACT)
    assert len({made("a"), made("a"), made("b")}) == 2
