"""Calls the admin API of a running server; standard library only, for the command line."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from tui.local.admin.path import PREFIX
from tui.local.launcher import LauncherError, Record, owner_token

TIMEOUT_SECONDS = 300.0
"""Seeding a million entries takes its time."""


class AdminClient:
    """One server's admin API."""

    def __init__(self, record: Record) -> None:
        self._record = record
        self._address = urlsplit(record.http_url)

    def call(
        self,
        verb: str,
        path: str,
        content: dict[str, Any] | None = None,
        *,
        body: Iterable[bytes] | None = None,
    ) -> Any:  # noqa: ANN401  # whatever JSON the part answers
        """Answer of one call: `content` is sent as JSON, `body` as it is.

        Raises:
            LauncherError: the server refuses, with its words, or does not answer.
        """
        headers = {"Authorization": f"Bearer {owner_token(self._record)}"}
        connection = http.client.HTTPConnection(
            self._address.hostname or "", self._address.port or 80, timeout=TIMEOUT_SECONDS
        )
        sent = body if body is not None else json.dumps(content or {}).encode()
        try:
            connection.request(
                verb, PREFIX + path, body=sent, headers=headers, encode_chunked=body is not None
            )
            response = connection.getresponse()
            answer = json.loads(response.read() or b"null")
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise LauncherError(f"The local server does not answer: {error}") from error
        finally:
            connection.close()
        if response.status >= http.client.BAD_REQUEST:
            message = answer.get("error") if isinstance(answer, dict) else answer
            raise LauncherError(str(message))
        return answer

    def project(self) -> dict[str, str]:
        """The project's state, in the words of `vertex-tui local project`.

        Raises:
            LauncherError: as `call`.
        """
        state: dict[str, str] = self.call("GET", "project")
        return state

    def set_project(self, **words: str) -> dict[str, str]:
        """Set parts of it (`billing`, `state`, `me`, `locations`, `require_key`), all or nothing; the whole.

        Raises:
            LauncherError: as `call`.
        """
        state: dict[str, str] = self.call("PUT", "project", {**words})
        return state

    def reset_project(self) -> dict[str, str]:
        """Make the project usable again, with its owner's rights.

        Raises:
            LauncherError: as `call`.
        """
        state: dict[str, str] = self.call("DELETE", "project")
        return state
