"""Small numbers for what repeats in a log: names of logs and replicas, and the frames of payloads."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

MOST_REPLICAS = 255
"""Replicas with a number of their own; the column of numbers is of bytes."""
OTHERS = "other replicas"
"""The name of the number that all further replicas share; each line still knows its own."""
_MOST_FRAMES = 4096
_LONGEST_FRAME = 512


class Names:
    """Numbers only ever grow more; they mean something within one store alone."""

    def __init__(self) -> None:
        self.replicas: list[str] = []
        """Names of replicas by number."""
        self.origins: list[tuple[str, str]] = []
        """Log name and replica by number."""
        self._origins: dict[tuple[str, str], tuple[int, int]] = {}
        self._replicas: dict[str, int] = {}
        self._frames: list[bytes] = []
        self._frame_numbers: dict[bytes, int] = {}

    def origin(self, log_name: str, replica: str) -> tuple[int, int]:
        """The numbers of a log name with a replica, and of the replica."""
        found = self._origins.get((log_name, replica))
        if found is None:
            found = len(self.origins), self._replica(replica)
            self._origins[log_name, replica] = found
            self.origins.append((log_name, replica))
        return found

    def _replica(self, name: str) -> int:
        if name not in self._replicas:
            number = len(self.replicas)
            if number <= MOST_REPLICAS:
                self.replicas.append(name if number < MOST_REPLICAS else OTHERS)
            self._replicas[name] = min(number, MOST_REPLICAS)
        return self._replicas[name]

    def packed(self, payload: Mapping[str, Any], message: str | None) -> bytes:
        """A payload as few bytes; one message, kept elsewhere, is left out, and what is left is kept once.

        Args:
            payload: JSON.
            message: What `unpacked` will be told again; None if it cannot be.
        """
        if message is None or payload.get("message") != message:
            return b"=" + _json(payload)
        frame = _json({**payload, "message": None})
        number = self._frame_numbers.get(frame)
        if number is None:
            if len(self._frames) >= _MOST_FRAMES or len(frame) > _LONGEST_FRAME:
                return b"-" + frame
            number = self._frame_numbers[frame] = len(self._frames)
            self._frames.append(frame)
        return b"#%d" % number

    def unpacked(self, data: bytes, message: str) -> dict[str, Any]:
        """The payload that was packed."""
        kind, rest = data[:1], data[1:]
        found: dict[str, Any] = json.loads(self._frames[int(rest)] if kind == b"#" else rest)
        return found if kind == b"=" else {**found, "message": message}


def _json(payload: Mapping[str, Any]) -> bytes:
    text = json.dumps(payload, ensure_ascii=False, separators=(",", ":"), default=str)
    return text.encode("utf-8", "surrogatepass")


_SGR = re.compile(r"(\x1b\[[0-9;:]*m)")


def colours_of(text: str, coloured: str) -> bytes:
    """The SGR sequences of a coloured text and where they stand: all that is not in the text itself."""
    parts = _SGR.split(coloured)
    if "".join(parts[::2]) != text:
        return b"=" + coloured.encode("utf-8", "replace")
    places, at = [], 0
    for plain, sequence in zip(parts[::2], parts[1::2], strict=False):
        at += len(plain)
        places.append(f"{at},{sequence[2:-1]}")
    return " ".join(places).encode()


def coloured_by(text: str, colours: bytes) -> str:
    """The text with the SGR sequences that `colours_of` found."""
    if colours[:1] == b"=":
        return colours[1:].decode()
    pieces: list[str] = []
    done = 0
    for place in colours.decode().split(" "):
        at, _, sequence = place.partition(",")
        pieces += (text[done : int(at)], f"\x1b[{sequence}m")
        done = int(at)
    return "".join((*pieces, text[done:]))
