"""How output is cut into entries."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from tui.local.jobs.lines import MAX_LINE, QUIET_SECONDS, REDRAW_SECONDS, Lines, utf8_cut


def cut(*chunks: bytes, step: float = 0.0) -> list[bytes]:
    """Entries of chunks that were read `step` seconds apart."""
    found: list[bytes] = []
    lines = Lines(found.append)
    now = 0.0
    for chunk in chunks:
        now += step
        lines.feed(chunk, now)
        lines.tick(now)
    lines.close(now)
    return found


@given(st.lists(st.binary(max_size=20).map(lambda data: data.replace(b"\r", b"\n")), max_size=10))
def test_without_returns_lines_are_lines(chunks: list[bytes]) -> None:
    whole = b"".join(chunks)
    expected = whole.split(b"\n")
    if not expected[-1]:
        expected.pop()
    assert cut(*chunks) == expected


@given(
    st.lists(st.text("ab\r\n", max_size=8).map(str.encode), max_size=10), st.sampled_from([0.0, 0.05, 1.0])
)
@example([b"a\r\r", b"\n"], 0.0)
def test_nothing_is_invented_and_the_end_stays(chunks: list[bytes], step: float) -> None:
    found = cut(*chunks, step=step)
    whole = b"".join(chunks)
    at = 0
    for entry in found:
        at = whole.index(entry, at) + len(entry)
    pieces = [piece for piece in whole.replace(b"\n", b"\r").split(b"\r") if piece]
    if pieces:
        assert pieces[-1].endswith([entry for entry in found if entry][-1])


def test_slow_bars_are_all_shown() -> None:
    bars = [b"\r 10%", b"\r 20%", b"\r 30%", b"\r100%\n", b"done\n"]
    assert cut(*bars, step=1.0) == [b" 10%", b" 20%", b" 30%", b"100%", b"done"]


def test_fast_bars_are_thinned_but_the_last_stays() -> None:
    bars = [b"\r%3d%%" % percent for percent in range(101)]
    found = cut(*bars, b"\n", step=REDRAW_SECONDS / 10)
    assert found[-1] == b"100%"
    assert len(found) < 20


def test_a_bar_that_stands_still_is_shown() -> None:
    found: list[bytes] = []
    lines = Lines(found.append)
    lines.feed(b"\r 10%", 0.0)
    lines.tick(QUIET_SECONDS)
    assert found == [b" 10%"]
    lines.feed(b"\n", 1.0)
    assert found == [b" 10%"]


def test_windows_line_ends() -> None:
    assert cut(b"a\r", b"\nb\r\n") == [b"a", b"b"]


def test_long_lines_are_cut_between_characters() -> None:
    found = cut("é".encode() * MAX_LINE)
    assert all(len(entry) <= MAX_LINE for entry in found)
    assert "".join(entry.decode() for entry in found) == "é" * MAX_LINE


@given(st.text(min_size=30, max_size=40), st.integers(4, 20))
def test_cuts_never_part_a_character(text: str, limit: int) -> None:
    data = text.encode("utf-8", "ignore")
    if len(data) > limit:
        data[: utf8_cut(data, limit)].decode()


def test_in_what_is_no_text_nothing_is_drawn_over() -> None:
    assert cut(b"a\0\rb\rc\nd\n") == [b"a\0\rb\rc", b"d"]
