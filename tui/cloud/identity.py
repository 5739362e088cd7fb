"""Who the calls are made as, and whether this box's clock is right."""

from __future__ import annotations

import getpass
import os

from tui.cloud.connection import Connection
from tui.cloud.errors import KNOWN
from tui.cloud.login_identity import clock_skew, identity_of
from tui.domain.access import Identity, LoginKind
from tui.domain.login import SKEW_SECONDS


class Who:
    """The login of one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._target = connection.target
        self._known: tuple[int, Identity] | None = None

    async def identity(self) -> Identity:
        """Who the calls are made as; of each login the account is asked for once.

        A login made on this box meanwhile takes the place of the present one, for all calls from now on.

        Raises:
            CloudError: there is no login, or it gives no token.
        """
        if self._target.local is not None:
            return Identity(account=f"{_login_name()}@localhost", source="local", kind=LoginKind.LOCAL)
        connection = self._connection
        connection.doubt()
        try:
            found = await connection.found()
        except KNOWN as error:
            raise await connection.explain(error) from error
        generation = connection.generation
        if self._known is None or self._known[0] != generation:
            known = await connection.guarded(lambda: identity_of(found), connection.rest_threads)
            # A name that was not told, or a clock that was wrong, is asked for again.
            if not (known.account or known.principal) or abs(known.skew_seconds or 0) > SKEW_SECONDS:
                return known
            self._known = (generation, known)
        return self._known[1]

    async def clock_skew(self) -> float | None:
        """Seconds this box's clock is ahead of Google's; None when no answer told."""
        if self._target.local is not None:
            return 0.0
        return await self._connection.guarded(clock_skew, self._connection.rest_threads)


def _login_name() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user id without a name, as in containers
        return str(os.getuid()) if hasattr(os, "getuid") else "user"
