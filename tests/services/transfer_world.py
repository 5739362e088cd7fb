"""The Cloud Storage in memory with checksums, and with faults in the middle of a file."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import google_crc32c

from tests.services.storage_world import StorageWorld
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.parts import part_path
from tui.domain.storage import GcsUri, ObjectInfo, UploadSession

Fault = Callable[[str, int], Awaitable[None]]


def checksum(data: bytes) -> str:
    return base64.b64encode(google_crc32c.Checksum(data).digest()).decode()


async def nothing(name: str, start: int) -> None:
    """No fault."""


class TransferWorld(StorageWorld):
    """Carries bytes in pieces; `fault` is awaited before each and may raise or wait."""

    def __init__(self, piece: int = 4) -> None:
        super().__init__()
        self.piece = piece
        self.fault: Fault = nothing
        self.most = 0
        """Most downloads that were in flight at once."""
        self.sent: list[tuple[str, int | None]] = []
        """Names uploaded, with the generation that might be replaced."""
        self.sessions: list[UploadSession | None] = []
        """What uploads were told to go on with."""
        self._flying = 0

    def put(self, bucket: str, name: str, data: bytes = b"", content_type: str = "text/plain") -> ObjectInfo:
        item = replace(super().put(bucket, name, data, content_type), crc32c=checksum(data))
        self.objects[bucket, name] = (item, data)
        return item

    async def download(
        self,
        item: ObjectInfo,
        path: Path,
        *,
        on_bytes: Callable[[int], None] | None = None,
        keep_part: bool = False,
    ) -> None:
        await self._enter("download", item.bucket)
        if item.name in self.broken:
            raise CloudError(self.broken[item.name])
        self._flying += 1
        self.most = max(self.most, self._flying)
        part = part_path(path, item.generation)
        try:
            data = self.objects[item.bucket, item.name][1]
            for start in range(part.stat().st_size if part.exists() else 0, len(data), self.piece):
                await self.fault(item.name, start)
                with part.open("ab") as file:
                    file.write(data[start : start + self.piece])
                if on_bytes is not None:
                    on_bytes(min(start + self.piece, len(data)))
            part.touch()
            part.replace(path)
        except BaseException:
            if not keep_part:
                with suppress(OSError):
                    part.unlink()
            raise
        finally:
            self._flying -= 1

    async def upload(
        self,
        path: Path,
        uri: GcsUri,
        *,
        replaces: int | None = 0,
        on_bytes: Callable[[int], None] | None = None,
        session: UploadSession | None = None,
        on_session: Callable[[UploadSession | None], None] | None = None,
    ) -> ObjectInfo:
        assert on_session is not None
        await self._enter("upload", uri.bucket)
        data = await asyncio.to_thread(path.read_bytes)
        self.sessions.append(session)
        on_session(UploadSession(f"https://upload/{uri.name}", "https://service", len(data), 1, replaces))
        for start in range(0, len(data), self.piece):
            await self.fault(uri.name, start)
            if on_bytes is not None:
                on_bytes(min(start + self.piece, len(data)))
        there = self.objects.get((uri.bucket, uri.name))
        if replaces is not None and (there[0].generation if there else 0) != replaces:
            raise CloudError("Somebody else put something there", kind=ErrorKind.PRECONDITION)
        self.sent.append((uri.name, replaces))
        return self.put(uri.bucket, uri.name, data)

    async def forget_upload(self, path: Path, uri: GcsUri, session: UploadSession | None) -> None:  # noqa: ARG002
        self.calls.append("forget_upload")
