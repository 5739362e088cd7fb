"""What is read of an object, on the screen: every kind, more of it, its end, finding, marking, copying."""

from __future__ import annotations

import gzip
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from textual.widgets import Input, Static

from tests.domain.preview.samples import checkpoint, safetensors, trainer_state
from tests.panes.preview_app import previewing, said
from tests.support import settle
from tui.domain.preview import PREVIEW_BYTES, PreviewKind
from tui.domain.storage import Past
from tui.widgets.preview_image import PreviewImage
from tui.widgets.preview_page import PreviewPage
from tui.widgets.preview_table import PreviewTable
from tui.widgets.preview_text import PreviewText

LOG = "".join(f"\x1b[3{number % 8}mline {number:06}\x1b[0m\n" for number in range(40_000)).encode()


async def test_a_log_from_its_beginning_to_its_end(tmp_path: Path) -> None:
    async with previewing(tmp_path) as (app, pilot, world):
        await app.show(world.put("kelp", "run.log", LOG))
        await settle(pilot, lambda: app.line(0) == "line 000000")
        assert app.heading.startswith(f"log · first 256.0 KiB of {len(LOG) / 1024:.1f} KiB · UTF-8")
        assert app.side.text.has_focus
        assert (
            app.side.text.render_line(1)._segments[0].style != app.side.text.render_line(2)._segments[0].style
        )
        await pilot.press("j", "j", "plus")
        await settle(pilot, lambda: "first 512.0 KiB" in app.heading)
        assert app.line(0) == "line 000002"
        await pilot.press("e")
        await settle(
            pilot,
            lambda: (
                "last 256.0 KiB" in app.heading and "line 039999" in app.line(app.side.text.size.height - 1)
            ),
        )
        before = app.line(3)
        await pilot.press("plus")
        await settle(pilot, lambda: "last 512.0 KiB" in app.heading and app.line(3) == before)
        await pilot.press("e")
        await settle(pilot, lambda: "first 512.0 KiB" in app.heading and app.line(0) == "line 000000")
        await pilot.press("plus", "plus")
        await settle(pilot, lambda: "all of" in app.heading)
        assert not app.works("more")
        assert sum(call == "read_object" for call in world.calls) <= 6


async def test_finding_and_marking_and_copying(tmp_path: Path) -> None:
    async with previewing(tmp_path) as (app, pilot, world):
        await app.show(world.put("kelp", "a.txt", b"".join(b"row %d of Kelp\n" % at for at in range(300))))
        await pilot.press("slash")
        await settle(pilot, lambda: app.query_one(Input).has_focus)
        await pilot.press(*"ROW 29", "backspace", *"9 ", "enter")
        await settle(pilot, lambda: "is not in what was read" in app.said)
        await pilot.press("slash")
        await settle(pilot, lambda: app.query_one(Input).has_focus)
        app.query_one(Input).value = "29 of kelp"
        await pilot.press("enter")
        await settle(pilot, lambda: app.said.startswith("1 of 3 rows with"))
        assert app.side.text.has_focus
        await pilot.press("n")
        await settle(pilot, lambda: app.said.startswith("2 of 3"))
        rows = app.side.rows
        assert rows is not None
        assert rows.hit == 129
        await pilot.press("N", "N")
        await settle(pilot, lambda: app.said.startswith("3 of 3"))
        await pilot.press("space", "j")
        await settle(pilot, lambda: len(rows.marked) == 2)
        grounds = [
            segment.style.bgcolor
            for line in rows.marked
            for segment in rows.render_line(line - rows.scroll_offset.y)
            if segment.style
        ]
        assert len({*grounds}) <= 2
        assert (
            rows.render_line(0)._segments[-1].style
            != rows.render_line(rows.cursor - rows.scroll_offset.y)._segments[-1].style
        )
        await pilot.press("y")
        await settle(pilot, lambda: app.clipboard == "row 229 of Kelp\nrow 230 of Kelp")
        assert rows.mark_from is None
        await pilot.press("space", "escape")
        await settle(pilot, lambda: rows.mark_from is None)
        await pilot.press("y")
        await settle(
            pilot, lambda: app.clipboard.startswith("row 0 of Kelp\n") and "Copied what was read" in app.said
        )


async def test_long_lines_are_scrolled_or_wrapped(tmp_path: Path) -> None:
    async with previewing(tmp_path) as (app, pilot, world):
        text = "".join(f"{number:03}|" for number in range(1000))
        await app.show(world.put("kelp", "a.txt", f"{text}\nend".encode()))
        await settle(pilot, lambda: app.line(0).startswith("000|001|"))
        await pilot.press("l")
        await settle(pilot, lambda: app.line(0) and not app.line(0).startswith("000|"))
        await pilot.press("w")
        body = app.query_one(PreviewText)
        await settle(pilot, lambda: body.wraps and app.line(0).startswith("000|001|"))
        width = len(app.line(0))
        assert app.line(1)[:8] == text[width : width + 8]
        assert body.text == f"{text}\nend"
        await pilot.resize_terminal(160, 50)
        await settle(pilot, lambda: len(app.line(0)) > width)
        app.side.show_report("Delete", "deleted 1 object", [text])
        await settle(pilot, lambda: app.line(0).startswith("000|001|") and len(app.line(1)) > width)
        await app.show(world.objects["kelp", "a.txt"][0])
        await settle(pilot, lambda: body.wraps and app.line(0).startswith("000|001|") and body.count == 3)


async def test_a_table_with_many_columns(tmp_path: Path) -> None:
    async with previewing(tmp_path) as (app, pilot, world):
        head = ",".join(f"column{number}" for number in range(200))
        rows = "".join(",".join(str(number * row) for number in range(200)) + "\n" for row in range(1, 60))
        await app.show(world.put("kelp", "a.csv", f"{head}\n{rows}".encode()))
        assert isinstance(app.side.text, PreviewTable)
        await settle(pilot, lambda: app.said.startswith("columns 1 to "))
        assert app.line(0).split()[:2] == ["column0", "column1"]
        assert app.line(1).split()[:3] == ["0", "1", "2"]
        await pilot.press("right", "j")
        await settle(pilot, lambda: app.line(0).split()[0] == "column1" and app.line(1).split()[0] == "2")
        await pilot.press("}")
        await settle(pilot, lambda: app.line(0).split()[-1] == "column199")
        await pilot.press("t")
        await settle(pilot, lambda: isinstance(app.side.text, PreviewText) and app.side.text.has_focus)
        assert app.line(0).startswith("column0,column1,")
        await pilot.press("t")
        await settle(pilot, lambda: isinstance(app.side.text, PreviewTable))


async def test_markdown_is_laid_out_and_opens_nothing(tmp_path: Path) -> None:
    async with previewing(tmp_path) as (app, pilot, world):
        text = (
            b"# Kelp [red]\x1b[31m\n\n[here](https://evil.example) &#x202e;&#27;\n\n"
            b"```python\nx = [1]\n```\n<b>raw</b>\n\n|a|b|\n|-|-:|\n|1|2|\n"
        )
        await app.show(world.put("kelp", "README.md", text))
        page = app.side.text
        assert isinstance(page, PreviewPage)
        await settle(pilot, lambda: "Kelp [red]" in page.row_text(0) and "#" not in page.row_text(0))
        rows = "\n".join(page.row_text(number) for number in range(page.count))
        assert "here (https://evil.example)" in rows
        assert not {"\x1b", "\u202e"} & set(rows)
        styles = [segment.style for number in range(page.count) for segment in page.segments(number)]
        assert not [style for style in styles if style is not None and style.link]
        assert "<b>raw</b>" in rows
        await pilot.press("t")
        await settle(pilot, lambda: isinstance(app.side.text, PreviewText))
        assert app.line(0).startswith("# Kelp [red]")
        await app.show(world.put("kelp", "long.md", b"word\n\n" * 20_000))
        assert isinstance(app.side.text, PreviewText)


async def test_curves_tensors_and_checkpoints(tmp_path: Path) -> None:
    async with previewing(tmp_path, (120, 40)) as (app, pilot, world):
        await app.show(world.put("kelp", "out/trainer_state.json", trainer_state()))
        await settle(pilot, lambda: len(app.query(".chart-head")) >= 2)
        assert app.side not in app.screen.focus_chain
        assert app.side.text.has_focus
        assert "best value 0.4" in app.said
        await pilot.press("left", "L")
        await settle(pilot, lambda: "step 100" in said(app.query_one("#charts-foot", Static)))
        await pilot.press("t")
        await settle(pilot, lambda: isinstance(app.side.text, PreviewText) and app.line(0) == "{")
        data = safetensors({f"layer.{at}": ("BF16", [8, 8], 128) for at in range(40)})
        await app.show(world.put("kelp", "model.safetensors", data))
        await settle(pilot, lambda: "40 tensors · 2,560 parameters" in app.heading)
        assert "layer.0" in app.line(1)
        data = checkpoint(shards=600)
        assert len(data) > PREVIEW_BYTES
        world.calls.clear()
        await app.show(world.put("kelp", "model.pt", data))
        await settle(pilot, lambda: "601 files" in app.heading and "never unpickled" in app.heading)
        assert world.calls == ["read_object", "read_object"]
        await app.show(world.put("kelp", "a.pkl", b"\x80\x04\x95" + bytes(30)))
        await settle(pilot, lambda: "opening one can run any program in it." in app.heading)
        await settle(pilot, lambda: app.line(0).startswith("000000  80 04 95"))
        await app.show(world.put("kelp", "unnamed", data))
        await settle(pilot, lambda: app.heading.startswith("archive · first 256.0 KiB"))
        await pilot.press("plus")
        await settle(pilot, lambda: "601 files" in app.heading)


async def test_images_in_blocks_in_sixteen_colours_and_in_none(tmp_path: Path) -> None:
    from PIL import Image  # noqa: PLC0415 (heavy)

    from tui.widgets.preview_image import strips_of  # noqa: PLC0415 (with it)

    path = tmp_path / "a.png"
    Image.radial_gradient("L").convert("RGB").save(path)
    data = path.read_bytes()
    async with previewing(tmp_path) as (app, pilot, world):
        await app.show(world.put("kelp", "plot.png", data))
        image = app.query_one(PreviewImage)
        await settle(pilot, lambda: image.drawn and "▀" in app.line(0))
        assert "PNG, 256 × 256 pixels" in app.heading
        picture = app.side.preview.picture if app.side.preview else None
        assert picture is not None
        sixteen = strips_of(picture, (20, 10), image.rich_style, "standard", dark=True)
        colours = {segment.style.color for strip in sixteen for segment in strip if segment.style}
        assert len(sixteen) == 10
        assert len(colours) <= 16
        dots = strips_of(picture, (20, 10), image.rich_style, None, dark=True)
        assert all(0x2800 <= ord(letter) < 0x2900 for strip in dots for letter in strip.text)
        assert all(
            segment.style is not None for strip in dots for segment in strip
        )  # NO_COLOR's filter reads it
        await app.show(world.put("kelp", "torn.png", data[:2000]))
        await settle(pilot, lambda: "image · all of 2.0 KiB" in app.heading)
        bomb = data[:16] + (100_000).to_bytes(4, "big") * 2 + data[24:]
        await app.show(world.put("kelp", "bomb.png", bomb))
        await settle(pilot, lambda: "100,000 × 100,000 pixels · too large to be drawn" in app.heading)
        assert isinstance(app.side.text, PreviewText)


async def test_generations_that_are_not_the_live_one(tmp_path: Path) -> None:
    async with previewing(tmp_path) as (app, pilot, world):
        old = world.put("kelp", "a.txt", b"old")
        world.put("kelp", "a.txt", b"newer")
        await app.show(old)
        await settle(
            pilot, lambda: app.line(0) == "newer" and "replaced since the list was read" in app.heading
        )
        await app.show(replace(old, past=Past(deleted_at=datetime.now(UTC))))
        await settle(pilot, lambda: "A soft-deleted object cannot be read" in app.heading)
        assert "Restore it first" in app.heading
        assert not app.works("more")
        assert not app.works("pager")


async def test_gzipped_objects_are_read_unpacked(tmp_path: Path) -> None:
    async with previewing(tmp_path) as (app, pilot, world):
        packed = gzip.compress(b'{"loss": 1.5}')
        await app.show(world.put("kelp", "m.json.gz", packed))
        await settle(pilot, lambda: '  "loss": 1.5' in app.side.shown_text and "unpacked" in app.heading)
        arrived = world.put("kelp", "m.json", b'{"loss": 2}')
        await app.show(replace(arrived, content_encoding="gzip", size=31))
        await settle(pilot, lambda: app.heading.startswith("JSON · all 11 B unpacked, 31 B stored"))
        assert not app.works("turn")
        assert app.side.preview is not None
        assert app.side.preview.kind is PreviewKind.JSON
