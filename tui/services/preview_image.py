"""Images made small for a terminal, by Pillow; imported when the first one is shown, used in threads."""

from __future__ import annotations

import io
import warnings
from dataclasses import replace

from PIL import Image, ImageFile

from tui.domain.preview.images import MOST_PIXELS, is_moving, too_large
from tui.domain.preview.model import Picture, Preview

MOST_SIDE = 1_024
"""Pixels of a side that are kept: no terminal shows more."""

_FORMATS = ("PNG", "JPEG", "GIF", "BMP", "WEBP")
_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""Bits of a Braille character, by row and column."""
_BRAILLE = 0x2800
_PAPER = 0.75
"""Share of dots from which they are the paper."""
_SIXTEEN = (
    *((0, 0, 0), (170, 0, 0), (0, 170, 0), (170, 85, 0), (0, 0, 170), (170, 0, 170), (0, 170, 170)),
    *((170, 170, 170), (85, 85, 85), (255, 85, 85), (85, 255, 85), (255, 255, 85), (85, 85, 255)),
    *((255, 85, 255), (85, 255, 255), (255, 255, 255)),
)
"""What Rich takes a terminal's sixteen colours to be."""

Rgb = tuple[int, int, int]

_DAMAGED = (
    *(OSError, ValueError, SyntaxError, EOFError, LookupError, TypeError, ArithmeticError, MemoryError),
    Image.DecompressionBombError,
)
"""What Pillow's readers raise for damaged files: nothing says which, so all that data can cause."""


def with_picture(preview: Preview, data: bytes) -> Preview:
    """The preview with what can be drawn of the image's bytes, or with the reason why nothing can."""
    facts = preview.image
    if facts is None or too_large(facts):
        return preview
    try:
        picture = _decoded(data)
    except _DAMAGED as error:
        why = "not whole enough to be drawn" if preview.extent.cut else "damaged: cannot be drawn"
        return replace(preview, notes=(*preview.notes, f"{why} ({type(error).__name__})"))
    notes = [*preview.notes]
    if is_moving(data):
        notes.append("its first picture")
    if preview.extent.cut:
        notes.append("the upper part: + reads more")
    return replace(preview, picture=picture, notes=tuple(notes))


def fit(width: int, height: int, most_width: int, most_height: int) -> tuple[int, int]:
    """The largest size within another that keeps the proportions; nothing is made larger."""
    scale = min(most_width / max(width, 1), most_height / max(height, 1), 1.0)
    return max(round(width * scale), 1), max(round(height * scale), 1)


def blocks(picture: Picture, columns: int, rows: int, ground: Rgb, *, sixteen: bool) -> list[list[Rgb]]:
    """Pixels for half blocks, an even number of rows: two lie above each other in each cell."""
    size = fit(picture.width, picture.height, columns, 2 * rows)
    image = _on_ground(picture, size, ground)
    if sixteen:
        image = image.quantize(palette=_palette(), dither=Image.Dither.FLOYDSTEINBERG).convert("RGB")
    data = image.tobytes()
    width, height = size
    made = [
        [(data[at], data[at + 1], data[at + 2]) for at in range(row * width * 3, (row + 1) * width * 3, 3)]
        for row in range(height)
    ]
    if height % 2:
        made.append([ground] * width)
    return made


def dots(picture: Picture, columns: int, rows: int, ground: Rgb, *, dark: bool) -> list[str]:
    """Lines of Braille for terminals without colours; a picture that is nearly all dots is turned round.

    Such as a plot on white paper: its lines are to be seen, not the paper.
    """
    size = fit(picture.width, picture.height, 2 * columns, 4 * rows)
    image = _on_ground(picture, size, ground).convert("L").convert("1", dither=Image.Dither.FLOYDSTEINBERG)
    width, height = size
    data = image.convert("L").tobytes()
    lit_share = data.count(255) / len(data)
    if (lit_share if dark else 1 - lit_share) > _PAPER:
        dark = not dark
    lines: list[str] = []
    for top in range(0, height, 4):
        cells: list[str] = []
        for left in range(0, width, 2):
            bits = 0
            for down, pair in enumerate(_DOTS[: height - top]):
                for across, bit in enumerate(pair[: width - left]):
                    lit = data[(top + down) * width + left + across] > 127  # noqa: PLR2004 (half)
                    bits |= bit if lit is dark else 0
            cells.append(chr(_BRAILLE + bits))
        lines.append("".join(cells))
    return lines


def _decoded(data: bytes) -> Picture:
    ImageFile.LOAD_TRUNCATED_IMAGES = True  # what has come of an image is worth a look
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
            # A frame of a GIF can be larger than what the header says of the whole.
            if image.width * image.height > MOST_PIXELS:
                raise ValueError("more pixels than the header says")
            small = image if image.mode in {"L", "RGB", "RGBA"} else image.convert("RGBA")
            small.thumbnail((MOST_SIDE, MOST_SIDE))
            made = small.convert("RGBA")
    return Picture(*made.size, made.tobytes())


def _on_ground(picture: Picture, size: tuple[int, int], ground: Rgb) -> Image.Image:
    image = Image.frombytes("RGBA", (picture.width, picture.height), picture.pixels)
    much = size[0] * 2 <= picture.width
    image = image.resize(size, Image.Resampling.BOX if much else Image.Resampling.LANCZOS)
    behind = Image.new("RGBA", size, (*ground, 255))
    return Image.alpha_composite(behind, image).convert("RGB")


def _palette() -> Image.Image:
    palette = Image.new("P", (1, 1))
    palette.putpalette([part for colour in _SIXTEEN for part in colour])
    return palette
