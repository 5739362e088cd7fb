"""Tables, curves, tensors, archives, arrays and images: what is read of them, and what bad ones do."""

from __future__ import annotations

import json
import struct
import zipfile
from dataclasses import replace
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.preview.samples import checkpoint, npy, preview, safetensors, trainer_state
from tui.domain.preview.archive import Contents, Missing, read_contents
from tui.domain.preview.images import image_facts, too_large
from tui.domain.preview.make import Source, archive_preview, make_preview
from tui.domain.preview.model import Extent, ImageFacts, PreviewKind
from tui.domain.preview.tables import CELL, MOST_COLUMNS, table_lines
from tui.domain.preview.tensors import read_tensors
from tui.domain.preview.trainer import MOST_POINTS, read_run

# Tables


def test_csv_stands_in_columns() -> None:
    shown = preview("a.csv", b'step,name,loss\n1,"a, b",2.5\n10,"two\nlines",0.75\n')
    assert shown.kind is PreviewKind.TABLE
    assert shown.table is not None
    assert table_lines(shown.table).splitlines() == [
        "step  name         loss",
        "   1  a, b          2.5",
        "  10  two ↵ lines  0.75",
    ]
    assert shown.notes == ("2 rows, 3 columns",)
    assert shown.text.splitlines()[1] == '1,"a, b",2.5'
    assert preview("a.tsv", b"a\tb\n1\t2\n").kind is PreviewKind.TABLE
    assert preview("a.csv", b"only one column\n").kind is PreviewKind.TEXT


def test_ragged_headless_and_wide_tables() -> None:
    ragged = preview("a.csv", b"a,b\n1\n1,2,3\n1,2\n")
    assert ragged.notes == ("3 rows, 2 columns", "2 rows with more or fewer cells than the header")
    headless = preview("a.csv", b"1,2\n3,4\n")
    assert headless.table is not None
    assert (headless.table.header, len(headless.table.rows)) == (("1", "2"), 2)
    wide = preview("a.csv", b",".join(b"%d" % at for at in range(10_000)) + b"\n" + b"x," * 10_000 + b"\n")
    assert wide.table is not None
    assert len(wide.table.widths) == MOST_COLUMNS
    assert f"10,001 columns, the first {MOST_COLUMNS:,} shown" in wide.notes
    long = preview("a.csv", b"a,b\n" + b"x" * 5000 + b",1\n")
    assert long.table is not None
    assert long.table.widths == (CELL, 1)
    endless = preview("a.csv", b'a,b\n"' + b"x" * 140_000)
    assert (endless.kind, endless.notes[0]) == (PreviewKind.TEXT, "not a table: a quoted field has no end")
    cut = make_preview(Source("a.csv", b"a,b\n1,2\n3,", Extent(10, 99)))
    assert cut.table is not None
    assert cut.table.rows == (("1", "2"),)


# Training curves


def test_a_trainer_state_gives_its_series() -> None:
    shown = preview("runs/checkpoint-100/trainer_state.json", trainer_state())
    assert shown.kind is PreviewKind.RUN
    assert shown.run is not None
    points = {series.name: len(series.points) for series in shown.run.series}
    assert points == {"grad_norm": 10, "learning_rate": 10, "loss": 10, "eval_loss": 2, "eval_runtime": 2}
    loss = next(series for series in shown.run.series if series.name == "loss")
    assert (loss.points[-1].step, loss.points[-1].value) == (100, 0.3)
    facts = dict(shown.run.facts)
    assert facts["best value"] == "0.4"
    assert facts["runtime"] == "12.5"


def test_a_torn_trainer_state_gives_what_was_read() -> None:
    data = trainer_state(1000)
    shown = make_preview(Source("trainer_state.json", data[:9000], Extent(9000, len(data))))
    assert shown.run is not None
    assert 20 < len(shown.run.series[0].points) < 100


@pytest.mark.parametrize(
    "history",
    [
        "[]",
        "[1, null, [], {}]",
        '[{"step": 1e999, "loss": 1}]',
        '[{"step": "x", "loss": 1}]',
        '[{"step": true, "loss": true}]',
        "[" * 50_000,
        '[{"loss": 2}]',
    ],
)
def test_a_trainer_state_without_numbers_is_json_or_text(history: str) -> None:
    assert read_run(f'{{"log_history": {history}}}') is None
    shown = preview("trainer_state.json", f'{{"log_history": {history}}}'.encode())
    assert shown.kind in {PreviewKind.JSON, PreviewKind.TEXT}


def test_odd_numbers_and_many_points_in_a_trainer_state() -> None:
    odd = read_run('{"log_history": [{"step": 1, "loss": NaN}, {"step": 2, "loss": %s}]}' % ("9" * 5000))
    assert odd is not None
    assert len(odd.series[0].points) == 2
    records = [{"step": step, "loss": -step if step == 7777 else 1.0} for step in range(20_000)]
    many = read_run(json.dumps({"log_history": records}))
    assert many is not None
    assert len(many.series[0].points) <= MOST_POINTS + 2
    assert min(point.value for point in many.series[0].points) == -7777


# Tensors


def test_safetensors_are_counted() -> None:
    data = safetensors({"w": ("BF16", [4, 3], 24), "b": ("F32", [], 4)}, format="pt")
    shown = preview("model.safetensors", data + bytes(28))
    assert shown.kind is PreviewKind.TENSORS
    assert shown.table is not None
    assert shown.table.rows[0] == ("w", "BF16", "4 × 3", "12", "24 B")
    assert shown.notes == ("2 tensors", "13 parameters", "BF16 12, F32 1")
    assert shown.text.startswith("format: pt\n")


def test_bad_safetensors_are_said() -> None:
    data = safetensors({"w": ("F32", [2], 8)})
    torn = make_preview(Source("a.safetensors", data[:20], Extent(20, len(data))))
    assert (torn.kind, torn.text) == (
        PreviewKind.TENSORS,
        f"A safetensors file whose header takes {len(data) - 8} B: + reads more.",
    )
    assert "its header is damaged" in preview("a.safetensors", data[:20]).text
    assert read_tensors(struct.pack("<Q", 400_000) + b'{"' + b"[" * 399_998) is None
    huge = safetensors({"w": ("F32", [1 << 62] * 16, 8), "odd": ("F32", [-1], 8), "x": ("F32", [True], 1)})
    found = read_tensors(huge)
    assert found is not None
    assert [tensor.name for tensor in found.tensors] == ["w"]


# Archives and arrays


def test_a_checkpoint_is_listed_from_its_end_alone() -> None:
    data = checkpoint(comment=b"PK\x05\x06 a comment")
    whole = preview("model.pt", data)
    assert whole.kind is PreviewKind.ARCHIVE
    assert whole.table is not None
    assert [row[0] for row in whole.table.rows] == [
        "model/data.pkl",
        *(f"model/data/{at}" for at in range(3)),
    ]
    assert "a PyTorch checkpoint: never unpickled" in whole.notes
    source = Source("model.pt", data[:100], Extent(100, len(data)))
    assert make_preview(source).needs == 1
    assert archive_preview(source, data[-500:]).table == whole.table
    short = archive_preview(source, data[-80:])
    assert short.needs > 80
    assert archive_preview(source, data[-short.needs :]).table == whole.table
    assert "damaged or cut off" in preview("model.pt", data[:-200]).text


def test_large_archives_tell_their_sizes_in_64_bits() -> None:
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as archive, archive.open("big", "w", force_zip64=True) as member:
        member.write(b"12345")
    data = file.getvalue()
    at = data.rfind(b"PK\x05\x06")
    end = struct.unpack_from("<4s4H2LH", data, at)
    end_64 = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, 1, 1, end[5], end[6])
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, at, 1)
    last = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    large = data[:at] + end_64 + locator + last
    found = read_contents(large[-300:], len(large))
    assert isinstance(found, Contents)
    assert (found.entries[0].name, found.entries[0].size, found.told) == ("big", 5, 1)


@given(st.binary(max_size=120), st.integers(0, 1 << 40))
def test_any_end_of_an_archive_is_survived(data: bytes, size: int) -> None:
    for end in (b"", struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, 46, 0, 0)):
        found = read_contents(data + end, size)
        assert found is None or isinstance(found, Contents | Missing)


def test_arrays_are_told_by_their_header() -> None:
    shown = preview("a.npy", npy())
    assert shown.kind is PreviewKind.ARRAY
    assert shown.text.splitlines()[:3] == ["type      float32", "shape     3 × 4", "values    12"]
    assert "Python objects" in preview("a.npy", npy(descr="|O8")).text
    assert preview("a.npy", npy(shape="(__import__('os'),)")).kind is PreviewKind.BINARY
    assert preview("a.npy", npy()[:30]).kind is PreviewKind.BINARY


# Images


@pytest.mark.parametrize(
    ("data", "facts"),
    [
        (
            b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">2L", 100_000, 100_000),
            ImageFacts("PNG", 100_000, 100_000),
        ),
        (b"GIF89a" + struct.pack("<2H", 3, 4), ImageFacts("GIF", 3, 4)),
        (b"BM....\0\0\0\0....(\0\0\0" + struct.pack("<2l", 3, -4), ImageFacts("BMP", 3, 4)),
        (b"RIFF....WEBPVP8X" + bytes(8) + b"\x02\0\0\x03\0\0", ImageFacts("WebP", 3, 4)),
        (b"\xff\xd8\xff\xe0\0\x04ab\xff\xc2\0\x11\x08" + struct.pack(">2H", 4, 3), ImageFacts("JPEG", 3, 4)),
        (b"\xff\xd8\xff\xe0\xff", None),
        (b"RIFF....WEBPVP8 ", None),
    ],
)
def test_an_image_is_measured_by_its_header(data: bytes, facts: ImageFacts | None) -> None:
    assert image_facts(data) == facts
    if facts is not None:
        assert too_large(replace(facts, width=100_000, height=100_000))
        assert ("too large to be drawn" in preview("a", data).notes) == (facts.width > 100)
