"""Any bytes give a preview that a terminal can be shown, which says what it is and how much of it."""

from __future__ import annotations

import gzip
import json
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.preview.samples import preview
from tui.domain.preview.json_text import lay_out_json
from tui.domain.preview.lines import LINE_WIDTH
from tui.domain.preview.make import Source, make_preview
from tui.domain.preview.model import PREVIEW_BYTES, Extent, PreviewKind

NAMES = [
    "a.json",
    "a.jsonl",
    "a.csv",
    "a.txt",
    "a",
    "a.gz",
    "a.log",
    "a.md",
    "a.yaml",
    "trainer_state.json",
    "a.pt",
]
BEGINNINGS = [
    *(b"", b"PK\x03\x04", b"\x93NUMPY\x01\x00", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", b"\xff\xd8\xff", b"GIF89a"),
    *(b"BM", b"RIFF....WEBPVP8 ", b"RIFF....WEBPVP8X", b"\x1f\x8b", b'\x10\0\0\0\0\0\0\0{"', b"\xff\xfe"),
    *(b'{"log_history": [', b'a,"b\n', b"\x1b]0;", b"PAR1", b"\x80\x04"),
]

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(
    st.sampled_from(BEGINNINGS),
    st.binary(max_size=400),
    st.sampled_from(NAMES),
    st.integers(0, 3),
    st.booleans(),
)
def test_any_bytes_are_harmless(begin: bytes, data: bytes, name: str, extra: int, from_end: bool) -> None:  # noqa: FBT001
    data = begin + data
    shown = make_preview(Source(name, data, Extent(len(data), len(data) + extra, from_end=from_end)))
    said = [shown.text, shown.heading]
    if shown.table is not None:
        said += [cell for row in (shown.table.header, *shown.table.rows) for cell in row]
    if shown.run is not None:
        said += [series.name for series in shown.run.series]
    for text in said:
        assert all(character == "\n" or character >= " " for character in text)
        assert not {"\x7f", "\x9b", "\u202e", "\u2066"} & set(text)
    assert all(len(line) <= LINE_WIDTH for line in shown.body.lines)


@given(st.text(max_size=300), st.sampled_from(["a.json", "a.csv", "a.txt", "a.log"]))
def test_any_text_is_harmless_and_whole(text: str, name: str) -> None:
    shown = preview(name, text.encode())
    assert not set("\x1b\x07\r\x9b\u202e") & set(shown.text)
    assert str(shown.extent) in shown.heading


@given(JSON, st.sampled_from([None, 1]))
def test_laid_out_json_means_the_same(value: object, indent: int | None) -> None:
    text = json.dumps(value, indent=indent)
    laid_out = lay_out_json(text)
    assert laid_out is not None
    assert json.loads(laid_out) == value


def test_json_keeps_numbers_as_written_and_repeated_keys() -> None:
    shown = preview("m.json", b'{"lr":1.0e-5,"n":' + b"9" * 6000 + b',"a":[],"b":{},"a":[1,NaN]}')
    assert shown.kind is PreviewKind.JSON
    assert shown.language == "json"
    lines = shown.text.splitlines()
    assert lines[:2] == ["{", '  "lr": 1.0e-5,']
    assert lines[-7:] == ['  "a": [],', '  "b": {},', '  "a": [', "    1,", "    NaN", "  ]", "}"]
    assert shown.heading.startswith("JSON · all of 5.9 KiB · UTF-8")


def test_json_is_found_without_the_extension_and_lines_of_it() -> None:
    assert preview("result", b' {"a": 1}').kind is PreviewKind.JSON
    lines = preview("result", b'{"a": 1}\n{"b": [1, 2]}\n')
    assert (lines.kind, lines.notes) == (PreviewKind.JSON_LINES, ("2 records",))
    broken = preview("a.jsonl", b'{"a": 1}\nnonsense\n{"b": 2}\n')
    assert broken.notes == ("2 records", "1 not JSON, the first in line 2")
    long = preview("a.jsonl", json.dumps({"text": "x" * 300, "n": 1}).encode() + b"\n")
    assert long.text.splitlines()[-2:] == ['  "n": 1', "}"]
    torn = make_preview(Source("a.jsonl", b'{"a": 1}\n{"b"', Extent(13, 99)))
    assert torn.notes == ("1 record",)


def test_broken_and_deep_json_is_shown_as_it_is() -> None:
    shown = preview("m.json", b'{"a": 1')
    assert (shown.kind, shown.text) == (PreviewKind.TEXT, '{"a": 1')
    assert "not valid JSON (line 1, column 8): shown as it is" in shown.notes
    deep = preview("m.json", b"[" * 100_000)
    assert deep.kind is PreviewKind.TEXT
    assert "JSON nested too deep to be laid out: shown as it is" in deep.notes
    wide = b"[" * 500 + b"1," * 2_000 + b"1" + b"]" * 500
    assert len(preview("m.json", wide).text) < 1_000_000
    cut = make_preview(Source("a.json", b'{"a": 1' * 10, Extent(70, 3_000_000)))
    assert cut.heading == "text · first 70 B of 2.9 MiB · UTF-8 · cut, so not laid out: shown as it is"


@pytest.mark.parametrize(
    ("data", "text", "encoding"),
    [
        ("Grüße".encode("utf-8-sig"), "Grüße", "UTF-8 with BOM"),
        ("Grüße".encode("utf-16"), "Grüße", "UTF-16"),
        ("Grüße".encode("utf-32"), "Grüße", "UTF-32"),
        ("Grüße".encode("cp1252"), "Grüße", "Windows-1252 (a guess)"),
        ("Grüß".encode()[:-1], "Grü", "UTF-8"),
    ],
)
def test_encodings(data: bytes, text: str, encoding: str) -> None:
    shown = preview("a.txt", data)
    assert (shown.text, shown.encoding) == (text, encoding)


def test_the_end_begins_with_a_whole_line_in_the_encoding_of_the_beginning() -> None:
    text = "Grüße eins\nGrüße zwei\n"
    for codec in ("utf-8", "utf-16-le", "cp1252"):
        data = text.encode(codec)
        start = len(data) - len("üße zwei\n".encode(codec)) - len("Gr eins\n".encode(codec)) // 4 * 4
        shown = make_preview(Source("a.txt", data[start:], Extent(9, 99, from_end=True), codec=codec))
        assert shown.text == "Grüße zwei"
    torn = make_preview(Source("a.txt", "ü eins\nzwei".encode()[1:], Extent(9, 99, from_end=True)))
    assert (torn.text, torn.encoding) == ("zwei", "UTF-8")


def test_gzip_is_unpacked_and_bounded() -> None:
    packed = gzip.compress(b"hello\n" * 3)
    shown = preview("log.txt.gz", packed + packed)
    assert shown.text == "\n".join(["hello"] * 6)
    assert (
        shown.heading == f"text · all 36 B unpacked, {2 * len(packed)} B stored · UTF-8 · unpacked from gzip"
    )
    assert preview("m.json.gz", gzip.compress(b'{"a":1}')).kind is PreviewKind.JSON
    bomb = gzip.compress(b"a\n" * 50_000_000, compresslevel=9)
    large = make_preview(Source("bomb", bomb[:PREVIEW_BYTES], Extent(PREVIEW_BYTES, len(bomb))))
    assert len(large.text) <= 4 * PREVIEW_BYTES
    torn = gzip.compress(b"hello" * 1000)[:30]
    assert make_preview(Source("torn.gz", torn, Extent(30, 60))).kind is PreviewKind.TEXT
    damaged = preview("bad.gz", b"\x1f\x8b\x00\x00nonsense")
    assert (damaged.kind, damaged.text) == (PreviewKind.BINARY, "Packed with gzip, but damaged.")


class Bomb:
    """Would fail the test if it were unpickled."""

    def __reduce__(self) -> tuple[object, tuple[str, ...]]:
        return (pytest.fail, ("it was unpickled",))


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (pickle.dumps(Bomb()), "a Python pickle: not opened"),
        (b"PAR1" + bytes(9), "a Parquet table"),
        (b"a\x00b", "Binary data."),
        (bytes(range(1, 9)) * 20, "Binary data."),
        (b"x" * 257 + b"ustar\0", "a tar archive"),
    ],
)
def test_binary_is_said(data: bytes, says: str) -> None:
    shown = preview("model.bin", data)
    assert shown.kind is PreviewKind.BINARY
    assert says in shown.text
    assert "000000  " in shown.text


def test_escapes_progress_bars_and_colours() -> None:
    shown = preview("log.txt", b"\x1b[31mred\x1b[0m\n10%\r50%\r100%\r\n\x1b]0;title\x07ok\n\xe2\x80\xaeflip")
    assert shown.text == "red\n100%\nok\n�flip"
    assert shown.kind is PreviewKind.LOG
    assert shown.body.coloured == {0: "\x1b[31mred"}
    assert preview("old.txt", b"one\rtwo\rthree").text == "one\ntwo\nthree"


def test_one_very_long_line_goes_on_in_the_next_and_is_whole() -> None:
    text = "ab" * (PREVIEW_BYTES // 2)
    shown = preview("a.txt", text.encode() + b"\nshort")
    assert shown.notes == (f"1 very long line goes on after {LINE_WIDTH:,} characters",)
    assert shown.text == text + "\nshort"
    assert shown.body.width == LINE_WIDTH


def test_names_and_types_that_are_wrong() -> None:
    assert preview("a.json", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(20)).kind is PreviewKind.IMAGE
    assert preview("a.png", b"just text").kind is PreviewKind.TEXT
    assert preview("a.csv", b"\0\0\0").kind is PreviewKind.BINARY
    assert preview("a.yaml", b"a: 1\n").language == "yaml"
    assert preview("README.md", b"# Title\n").kind is PreviewKind.MARKDOWN
    assert preview("a", b"").heading == "empty · all of 0 B"
