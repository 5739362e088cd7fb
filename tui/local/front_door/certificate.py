"""What the door shows as its certificate: made at the first use, looked at again every day."""

from __future__ import annotations

import asyncio
import ssl
import time
from pathlib import Path

PROTOCOLS = ["http/1.1", "h2"]
"""Best first. gRPC offers `h2` alone; what offers both (curl) gets the services' HTTP form."""
AGAIN_AFTER = 86_400.0
"""Seconds after which a running server looks whether its certificate is still good."""


class Certificate:
    """The TLS settings of the door."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self._context: ssl.SSLContext | None = None
        self._looked = 0.0
        self._lock = asyncio.Lock()

    async def context(self) -> ssl.SSLContext:
        """Settings with a certificate that is good.

        Raises:
            OSError: it can be neither read nor made.
            ValueError: what is there is damaged.
        """
        async with self._lock:
            if self._context is None or time.monotonic() - self._looked > AGAIN_AFTER:
                self._context = await asyncio.to_thread(self._load)
                self._looked = time.monotonic()
            return self._context

    def _load(self) -> ssl.SSLContext:
        from tui.local.front_door.authority import papers  # noqa: PLC0415  # few servers need the library

        found = papers(self._data_dir)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(found.server)
        context.set_alpn_protocols(PROTOCOLS)
        return context
