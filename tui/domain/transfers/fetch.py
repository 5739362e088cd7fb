"""The one command that fetches what landed on this box to one's own machine."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

SSH_FIELDS = 4
"""`SSH_CONNECTION`: client address, client port, server address, server port (sshd's manual)."""

SSH_PORT = "22"


def server(environ: Mapping[str, str], hostname: str) -> tuple[str, str]:
    """The address and port by which the user reached this box; its own name where that is not known."""
    parts = environ.get("SSH_CONNECTION", "").split()
    if len(parts) != SSH_FIELDS:
        return hostname, SSH_PORT
    return parts[2].partition("%")[0], parts[3]


def host_path(host: str, path: PurePosixPath) -> str:
    """A place on a box as another one names it: `host:/path`."""
    return f"[{host}]:{path}" if ":" in host else f"{host}:{path}"


def fetch_command(
    places: Sequence[PurePosixPath], environ: Mapping[str, str], hostname: str, *, deep: bool = True
) -> str:
    """`scp -r host:/path .` for these places, quoted for a shell."""
    host, port = server(environ, hostname)
    user = environ.get("USER") or environ.get("LOGNAME") or ""
    if environ.get("SSH_CONNECTION") and user:
        user += "@"
    else:
        user = ""
    words = ["scp", *(["-r"] if deep else []), *(["-P", port] if port != SSH_PORT else [])]
    words += [shlex.quote(f"{user}{host_path(host, place)}") for place in places]
    return " ".join([*words, "."])
