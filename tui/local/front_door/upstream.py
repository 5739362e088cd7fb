"""The way to every other host: straight, or through the proxy that the user's shell had before ours."""

from __future__ import annotations

import asyncio
import base64
import ssl
from pathlib import Path
from urllib.parse import unquote, urlsplit

from tui.local.front_door.pipes import End, HeadError
from tui.local.private import write_private

DEFAULT_PORTS = {"http": 80, "https": 443}


class Unreachable(Exception):  # noqa: N818  # an answer, not an error
    """Why a host cannot be reached, in one sentence."""


def remember(data_dir: Path, proxy: str) -> None:
    """Note the proxy, or none, that connections to other hosts have to go through from now on."""
    write_private(_file(data_dir), proxy)


def remembered(data_dir: Path) -> str:
    """The proxy that was noted last."""
    try:
        return _file(data_dir).read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""


def _file(data_dir: Path) -> Path:
    return data_dir / "front-door" / "upstream"


async def reach(host: str, port: int, proxy: str) -> End:
    """A connection to a host.

    Args:
        host: name or address.
        port: TCP port.
        proxy: URL of the proxy to go through, or empty.

    Raises:
        Unreachable: it cannot be had.
    """
    try:
        return await (_through(proxy, host, port) if proxy else _straight(host, port))
    except (OSError, ValueError, HeadError) as error:  # UnicodeError for a name that is none
        way = f" through the proxy {_shown(proxy)}" if proxy else ""
        raise Unreachable(f"No connection to {host}:{port}{way}: {error or 'it was closed'}.") from error


async def _straight(host: str, port: int, context: ssl.SSLContext | None = None) -> End:
    loop = asyncio.get_running_loop()
    _, end = await loop.create_connection(lambda: End(secure=context is not None), host, port, ssl=context)
    return end


async def _through(proxy: str, host: str, port: int) -> End:
    parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname:
        raise Unreachable(f"The proxy {_shown(proxy)} is of a kind that the local server cannot use.")
    secure = await asyncio.to_thread(ssl.create_default_context) if parts.scheme == "https" else None
    end = await _straight(parts.hostname, parts.port or DEFAULT_PORTS[parts.scheme], secure)
    try:
        target = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        lines = [f"CONNECT {target} HTTP/1.1", f"Host: {target}"]
        if parts.username is not None:
            pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            lines.append(f"Proxy-Authorization: Basic {base64.b64encode(pair.encode()).decode()}")
        end.transport.write("\r\n".join(lines).encode() + b"\r\n\r\n")
        first = (await end.head()).partition(b"\r\n")[0].decode("latin-1")
    except BaseException:
        end.transport.abort()
        raise
    if first.split(" ")[1:2] != ["200"]:
        end.transport.abort()
        raise Unreachable(f"The proxy {_shown(proxy)} answers for {target}: {first}")
    return end


def _shown(proxy: str) -> str:
    """A proxy's address without its password."""
    return proxy.rpartition("@")[2]
