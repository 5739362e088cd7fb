"""Who is at the other end of a connection of this machine; standard library only."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import struct
import sys
from pathlib import Path

Address = tuple[ipaddress.IPv4Address | ipaddress.IPv6Address, int]


def tells_users() -> bool:
    """Whether this system says which user is at the other end of a loopback connection (Linux)."""
    return sys.platform == "linux"


def read_socket_table(text: str, client: Address, server: Address) -> int | None:
    """The uid of `client`'s end of a connection, from the text of `/proc/net/tcp` or `tcp6`.

    None for a connection that is not there, and for one that its process has closed already: the system
    reports such sockets as root's, without an inode.
    """
    for line in text.splitlines()[1:]:
        words = line.split()
        if len(words) < 10 or words[9] == "0":  # noqa: PLR2004  # the tenth word is the inode
            continue
        if _address(words[1]) == client and _address(words[2]) == server:
            return int(words[7])
    return None


def _address(text: str) -> Address:
    """`0100007F:1F90` as an address: words of the machine's byte order; IPv4 inside IPv6 as IPv4."""
    host, _, port = text.partition(":")
    words = [int(host[at : at + 8], 16) for at in range(0, len(host), 8)]
    return _plain(ipaddress.ip_address(struct.pack(f"={len(words)}I", *words))), int(port, 16)


def _plain(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def _endpoint(name: object) -> Address | None:
    """An address out of `peername` or `sockname`."""
    if not isinstance(name, tuple) or len(name) < 2:  # noqa: PLR2004  # host and port
        return None
    return _plain(ipaddress.ip_address(str(name[0]).partition("%")[0])), int(name[1])


def peer_uid(transport: asyncio.BaseTransport | None) -> int | None:
    """The user at the other end of a connection; None where the system does not tell."""
    if transport is None:
        return None
    connection = transport.get_extra_info("socket")
    if connection is not None and connection.family == socket.AF_UNIX and sys.platform == "linux":
        credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        return int(struct.unpack("3i", credentials)[1])
    client = _endpoint(transport.get_extra_info("peername"))
    server = _endpoint(transport.get_extra_info("sockname"))
    if client is None or server is None:
        return None
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            uid = read_socket_table(Path(table).read_text(encoding="ascii"), client, server)
        except OSError:
            continue
        if uid is not None:
            return uid
    return None
