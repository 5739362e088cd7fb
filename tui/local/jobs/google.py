"""What Google's libraries in a job need to find the local server under Google's own names.

Storage has an address of its own (`shims.setup`); all others go through the front door, as in a shell that
`client_env` has prepared, but as the job's service account.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from tui.local.client_env import without_google
from tui.local.environ import original
from tui.local.front_door import trust
from tui.local.front_door.authority import papers
from tui.local.front_door.credentials import credentials
from tui.local.peer import tells_users
from tui.local.private import write_private

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Door:
    """The way to the front door."""

    proxy_url: str
    certificates: Path
    """What jobs trust: the public authorities, or those of the server's own shell, and the door's."""

    @classmethod
    def prepare(cls, data_dir: Path, proxy_url: str) -> Door:
        """Write the certificates down. Blocking.

        Raises:
            OSError: they cannot be written.
            ValueError: the server's own certificates are damaged.
        """
        authority = papers(data_dir).authority
        try:
            text = trust.bundle(authority, original(os.environ))
        except OSError:
            _log.exception("a file of certificates cannot be read; jobs trust the public ones")
            text = trust.bundle(authority, {})
        path = authority.with_name("jobs.pem")
        write_private(path, text)
        return cls(proxy_url, path)

    def environment(self, folder: Path, token: str, before: Mapping[str, str]) -> dict[str, str]:
        """Variables for a replica with such a token; writes its credentials into `folder`. Blocking.

        Args:
            folder: the replica's own.
            token: stands for the job's service account.
            before: the server's variables, of which `NO_PROXY` counts.
        """
        login = folder / "credentials.json"
        write_private(login, json.dumps(credentials(token)) + "\n")
        proxy = self.proxy_url
        if not tells_users():
            proxy = f"http://local:{token}@{urlsplit(proxy).netloc}"
        return {
            "GOOGLE_APPLICATION_CREDENTIALS": str(login),
            **dict.fromkeys(trust.VARIABLES, str(self.certificates)),
            **dict.fromkeys(("HTTPS_PROXY", "https_proxy", "grpc_proxy"), proxy),
            **dict.fromkeys(("NO_PROXY", "no_proxy", "no_grpc_proxy"), without_google(before)),
        }
