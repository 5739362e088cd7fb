"""The beginning (or the end) of an object as a person can read it; nothing is ever executed or unpickled.

`make` reads bytes, `kinds` tells what they are, every other file knows one kind, `model` holds the result.
"""

from tui.domain.preview.model import MOST_BYTES, PREVIEW_BYTES, Extent, Preview, PreviewKind

__all__ = ["MOST_BYTES", "PREVIEW_BYTES", "Extent", "Preview", "PreviewKind"]
