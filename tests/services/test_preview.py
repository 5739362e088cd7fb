"""How much of an object is read for its preview, of which generation, and what pictures are made of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from typing import cast

import pytest
from PIL import Image

from tests.domain.preview.samples import checkpoint, preview
from tests.services.storage_world import StorageWorld
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.preview import MOST_BYTES, PREVIEW_BYTES, PreviewKind
from tui.domain.storage import GcsUri, ObjectInfo, Past
from tui.domain.storage_gateway import StorageGateway
from tui.services.preview import HEAD_BYTES, PreviewReader, read_preview
from tui.services.preview_image import blocks, dots, fit, with_picture


class Counting(StorageWorld):
    """Remembers which ranges were read."""

    def __init__(self) -> None:
        super().__init__()
        self.bucket("kelp")
        self.ranges: list[tuple[int, int, int]] = []

    async def read_object(self, uri: GcsUri, *, limit: int, start: int = 0, generation: int = 0) -> bytes:
        self.ranges.append((start, limit, generation))
        return await super().read_object(uri, limit=limit, start=start, generation=generation)

    def reader(self, item: ObjectInfo) -> PreviewReader:
        return PreviewReader(cast("StorageGateway", self), item)


async def test_more_goes_on_where_reading_ended_up_to_a_limit() -> None:
    world = Counting()
    item = world.put("kelp", "a.txt", b"line\n" * (2 * MOST_BYTES // 5))
    reader = world.reader(item)
    shown = await reader.begin()
    assert (shown.extent.read, shown.extent.size) == (PREVIEW_BYTES, item.size)
    while reader.can_grow:
        shown = await reader.more()
    assert shown.extent.read == MOST_BYTES
    assert shown.heading.startswith("text · first 4.0 MiB of 8.0 MiB")
    assert sum(limit for _, limit, _ in world.ranges) == MOST_BYTES
    assert {generation for _, _, generation in world.ranges} == {item.generation}
    assert all(
        start == sum(limit for _, limit, _ in world.ranges[:at])
        for at, (start, _, _) in enumerate(world.ranges)
    )


@pytest.mark.parametrize("codec", ["utf-8", "utf-16", "utf-32"])
async def test_the_end_is_read_in_the_encoding_of_the_beginning(codec: str) -> None:
    world = Counting()
    text = "".join(f"Zeile {number} ü漢😀\n" for number in range(40_000))
    reader = world.reader(world.put("kelp", "a.log", b"" + text.encode(codec)))
    await reader.begin()
    assert reader.can_turn
    shown = await reader.turn()
    assert shown.body.lines[-1] == "Zeile 39999 ü漢😀"
    assert "�" not in shown.text
    assert shown.extent.from_end
    grown = await reader.more()
    assert grown.text.endswith(shown.text)
    assert "�" not in grown.text
    back = await reader.turn()
    assert back.body.lines[0] == "Zeile 0 ü漢😀"
    assert sum(limit for _, limit, _ in world.ranges) <= 3 * PREVIEW_BYTES


async def test_a_checkpoint_costs_its_head_and_its_list_of_contents() -> None:
    world = Counting()
    data = checkpoint(shards=600)
    shown = await read_preview(cast("StorageGateway", world), world.put("kelp", "model.pt", data))
    assert (shown.kind, len(shown.table.rows) if shown.table else 0) == (PreviewKind.ARCHIVE, 601)
    assert world.ranges[0][1] == HEAD_BYTES
    assert sum(limit for _, limit, _ in world.ranges) <= PREVIEW_BYTES
    world.ranges.clear()
    reader = world.reader(world.put("kelp", "weights.bin", b"text after all\n" * 100_000))
    shown = await reader.begin()
    assert (shown.kind, shown.extent.read) == (PreviewKind.TEXT, PREVIEW_BYTES)
    pickled = world.reader(world.put("kelp", "old.pt", b"\x80\x02" + bytes(PREVIEW_BYTES)))
    shown = await pickled.begin()
    assert (shown.kind, shown.extent.read, pickled.can_grow) == (PreviewKind.BINARY, HEAD_BYTES, False)


async def test_which_generation_is_read() -> None:
    world = Counting()
    old = world.put("kelp", "a.txt", b"old")
    new = world.put("kelp", "a.txt", b"newer one")
    reader = world.reader(old)
    shown = await reader.begin()
    assert (shown.text, reader.item.generation) == ("newer one", new.generation)
    assert "replaced since the list was read" in shown.heading
    with pytest.raises(CloudError) as gone:
        await world.reader(replace(old, past=Past(replaced_at=datetime.now(UTC)))).begin()
    assert gone.value.kind is ErrorKind.NOT_FOUND
    world.ranges.clear()
    with pytest.raises(CloudError, match="soft-deleted"):
        await world.reader(replace(new, past=Past(deleted_at=datetime.now(UTC)))).begin()
    assert not world.ranges


@pytest.mark.parametrize("form", ["PNG", "JPEG", "GIF", "BMP", "WEBP"])
@pytest.mark.parametrize("part", [1.0, 0.6, 0.1])
def test_images_whole_and_torn(form: str, part: float) -> None:
    file = BytesIO()
    Image.radial_gradient("L").convert("RGB").save(file, form)
    data = file.getvalue()[: int(len(file.getvalue()) * part)]
    shown = with_picture(preview("a", data), data)
    assert shown.kind is PreviewKind.IMAGE
    if part == 1.0:
        assert shown.picture is not None
    if shown.picture is None:
        assert "cannot be drawn" in shown.heading
        return
    made = blocks(shown.picture, 40, 10, (0, 0, 0), sixteen=False)
    assert len(made) == 20
    assert len(made[0]) == 20
    assert len(dots(shown.picture, 40, 10, (0, 0, 0), dark=True)) == 10


def test_a_frame_larger_than_its_image_is_not_drawn() -> None:
    file = BytesIO()
    Image.new("P", (8, 8)).save(file, "GIF")
    data = file.getvalue()
    at = data.index(b",\0\0\0\0")
    bomb = data[: at + 5] + b"\xff\xff\xff\xff" + data[at + 9 :]
    shown = with_picture(preview("a.gif", bomb), bomb)
    assert shown.picture is None
    assert "cannot be drawn" in shown.heading


def test_images_keep_their_proportions() -> None:
    assert fit(1200, 800, 60, 200) == (60, 40)
    assert fit(10, 10, 100, 100) == (10, 10)
    assert fit(100_000, 1, 50, 50) == (50, 1)
