"""Any bytes give a preview that a terminal can be shown."""

from __future__ import annotations

import gzip
import json
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.domain.preview import PREVIEW_BYTES, UNPACKED_BYTES, Preview, PreviewKind, lay_out_json, make_preview


def preview(name: str, data: bytes, **more: object) -> Preview:
    return make_preview(name, data, **{"whole_size": len(data), **more})  # type: ignore[arg-type]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(st.binary(max_size=600), st.sampled_from(["a.json", "a.csv", "a.txt", "a", "a.gz"]), st.integers(0, 3))
def test_any_bytes_are_harmless(data: bytes, name: str, extra: int) -> None:
    shown = make_preview(name, data, whole_size=len(data) + extra)
    assert all(character == "\n" or character >= " " for character in shown.text)
    assert "\x7f" not in shown.text


@given(st.text(max_size=300), st.sampled_from(["a.json", "a.csv", "a.txt"]))
def test_any_text_is_harmless(text: str, name: str) -> None:
    shown = preview(name, text.encode())
    assert not set("\x1b\x07\r\x9b") & set(shown.text)


@given(JSON, st.sampled_from([None, 1]))
def test_laid_out_json_means_the_same(value: object, indent: int | None) -> None:
    text = json.dumps(value, indent=indent)
    laid_out = lay_out_json(text)
    assert laid_out is not None
    assert json.loads(laid_out) == value


def test_json_keeps_numbers_as_written_and_repeated_keys() -> None:
    shown = preview("m.json", b'{"lr":1.0e-5,"n":12345678901234567890,"a":[],"b":{},"a":[1,2]}')
    assert shown.kind is PreviewKind.JSON
    assert shown.language == "json"
    assert shown.text.splitlines()[:5] == [
        "{",
        '  "lr": 1.0e-5,',
        '  "n": 12345678901234567890,',
        '  "a": [],',
        '  "b": {},',
    ]
    assert shown.text.splitlines()[5:] == ['  "a": [', "    1,", "    2", "  ]", "}"]


def test_json_without_the_extension_is_found() -> None:
    assert preview("result", b' {"a": 1}').kind is PreviewKind.JSON


def test_broken_and_deep_json_is_shown_as_it_is() -> None:
    shown = preview("m.json", b'{"a": 1')
    assert (shown.kind, shown.text) == (PreviewKind.TEXT, '{"a": 1')
    assert "not valid JSON: shown as it is" in shown.notes
    assert preview("m.json", b"[" * 100_000).kind is PreviewKind.TEXT
    wide = b"[" * 500 + b"1," * 2_000 + b"1" + b"]" * 500
    assert len(preview("m.json", wide).text) < 1_000_000


def test_the_cut_is_said() -> None:
    shown = make_preview("a.json", b'{"a": 1' * 10, whole_size=3_000_000)
    assert shown.notes == ("first 70 B of 2.9 MiB", "not laid out")


def test_a_torn_last_character_is_no_wrong_encoding() -> None:
    shown = make_preview("a.txt", "Grüß".encode()[:-1], whole_size=9)
    assert shown.text == "Grü"
    assert shown.notes == ("first 5 B of 9 B",)


@pytest.mark.parametrize(
    ("data", "text", "note"),
    [
        ("Grüße".encode("utf-8-sig"), "Grüße", ()),
        ("Grüße".encode("utf-16"), "Grüße", ("UTF-16",)),
        ("Grüße".encode("utf-32"), "Grüße", ("UTF-32",)),
        ("Grüße".encode("cp1252"), "Grüße", ("not UTF-8: read as Windows-1252",)),
    ],
)
def test_encodings(data: bytes, text: str, note: tuple[str, ...]) -> None:
    shown = preview("a.txt", data)
    assert (shown.text, shown.notes) == (text, note)


def test_gzip_is_unpacked_and_bounded() -> None:
    packed = gzip.compress(b"hello\n" * 3)
    assert preview("log.txt.gz", packed).text == "hello\nhello\nhello\n"
    assert preview("log.txt", packed, content_encoding="gzip").notes == ("unpacked from gzip",)
    bomb = gzip.compress(b"a\n" * 50_000_000, compresslevel=9)
    shown = preview("bomb", bomb[:PREVIEW_BYTES], whole_size=len(bomb))
    assert len(shown.text) <= UNPACKED_BYTES
    assert preview("torn.gz", gzip.compress(b"hello" * 1000)[:30], whole_size=60).kind is PreviewKind.TEXT
    assert preview("bad.gz", b"\x1f\x8b\x00\x00nonsense").text == "Packed with gzip, but damaged."


def test_gzip_that_arrives_unpacked_already() -> None:
    shown = make_preview("m.json", b'{"a":1}', whole_size=30, content_encoding="gzip")
    assert shown.kind is PreviewKind.JSON
    assert shown.notes == ("unpacked from gzip",)


class Bomb:
    """Would run a program if it were unpickled."""

    def __reduce__(self) -> tuple[object, tuple[str, ...]]:
        return (pytest.fail, ("it was unpickled",))


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (pickle.dumps(Bomb()), "a Python pickle: not opened"),
        (b"PK\x03\x04rest", "a zip archive"),
        (b"\x89PNG\r\n", "a PNG image"),
        (b"\x10\x00\x00\x00\x00\x00\x00\x00" + b'{"weight":{}}', "a safetensors file"),
        (b"a\x00b", "Binary data."),
        (bytes(range(1, 9)) * 20, "Binary data."),
    ],
)
def test_binary_is_said(data: bytes, says: str) -> None:
    shown = preview("model.bin", data)
    assert shown.kind is PreviewKind.BINARY
    assert says in shown.text
    assert "00000000  " in shown.text


def test_escapes_and_progress_bars_become_text() -> None:
    shown = preview("log.txt", b"\x1b[31mred\x1b[0m\n10%\r50%\r100%\r\n\x1b]0;title\x07ok")
    assert shown.text == "red\n100%\nok"


def test_long_lines_are_cut_and_said() -> None:
    shown = preview("a.txt", b"x" * 5_000 + b"\nshort")
    assert shown.notes == ("1 long line cut",)
    assert shown.text.endswith(" …\nshort")


def test_csv_stands_in_columns() -> None:
    shown = preview("a.csv", b'step,loss\n1,2.5\n10,"0.75"\n')
    assert shown.kind is PreviewKind.TABLE
    assert shown.text == "step  loss\n   1   2.5\n  10  0.75"
    assert preview("a.tsv", b"a\tb\n1\t2\n").kind is PreviewKind.TABLE
    assert preview("a.csv", b"only one column\n").kind is PreviewKind.TEXT
    many = preview("a.csv", b"a,b\n" * 700)
    assert many.text.endswith("… 200 more lines read")


def test_empty() -> None:
    assert preview("a", b"").kind is PreviewKind.EMPTY
