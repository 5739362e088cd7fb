"""Application Default Credentials: found in a thread, kept while good, found anew after a login elsewhere."""

# mypy: disable-error-code=no-untyped-call
from __future__ import annotations

import asyncio
import os
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import google.auth
from google.auth import _cloud_sdk, exceptions
from google.auth.credentials import (
    AnonymousCredentials,
    Credentials,
    CredentialsWithQuotaProject,
    with_scopes_if_required,
)

SCOPES = ("https://www.googleapis.com/auth/cloud-platform",)
"""The one scope that all services accept."""

SEARCH_PAUSE = 15.0
"""Seconds before a fruitless search is repeated; off Google Cloud the metadata probe takes up to 9 s."""


@dataclass(frozen=True, slots=True)
class Found:
    """Credentials, and where they came from."""

    credentials: Credentials
    source: str
    """In words: `application default credentials`, …"""
    path: Path | None = None
    """The file they were read from; None for the metadata server."""
    modified_ns: int = 0
    """The file's modification time when it was read."""

    @property
    def outdated(self) -> bool:
        """Whether the file has changed since, as after a new login."""
        return self.path is not None and _modified(self.path) != self.modified_ns


LOCAL = Found(AnonymousCredentials(), "local")
"""What the local server is called with."""


class Wallet:
    """The credentials of one gateway."""

    def __init__(self, quota_project: str, *, find: Callable[[str], Found] | None = None) -> None:
        self._quota_project = quota_project
        self._find = find or find_credentials
        self._found: Found | None = None
        self._failure: tuple[float, Path | None, exceptions.GoogleAuthError] | None = None
        self._lock = asyncio.Lock()

    async def get(self) -> Found:
        """The credentials, searched for if there are none yet.

        Raises:
            google.auth.exceptions.GoogleAuthError: there are none, or their file is no good.
            OSError: their file cannot be read.
        """
        async with self._lock:
            if self._found is None:
                self._found = await self._search()
            return self._found

    @property
    def outdated(self) -> bool:
        """Whether the credentials' file has changed; looks at the disk."""
        return self._found is not None and self._found.outdated

    def forget(self) -> None:
        """Search anew at the next call."""
        self._found = None

    async def _search(self) -> Found:
        path = credentials_file()
        if self._failure is not None:
            when, looked_at, error = self._failure
            if looked_at == path and time.monotonic() - when < SEARCH_PAUSE:
                raise error.with_traceback(None)
        try:
            return await asyncio.to_thread(self._find, self._quota_project)
        except exceptions.GoogleAuthError as error:
            # A broken file is worth reading again at once, an absent metadata server is not.
            self._failure = (time.monotonic(), path, error) if path is None else None
            raise


def credentials_file() -> Path | None:
    """The file that holds the credentials by Google's rules, if there is one (google-auth, `default`)."""
    explicit = os.environ.get("GOOGLE_APPLICATION_CREDENTIALS")
    if explicit:
        return Path(explicit)
    known = Path(_cloud_sdk.get_application_default_credentials_path())
    return known if known.is_file() else None


def find_credentials(quota_project: str) -> Found:
    """Find Application Default Credentials; may ask the metadata server, so never on the event loop.

    Files are read here instead of by `google.auth.default`, which also runs `gcloud` to learn a project
    that is already known (a second or more; seen in google-auth 2.62).

    Raises:
        google.auth.exceptions.GoogleAuthError: there are none, or their file is no good.
        OSError: their file cannot be read.
    """
    path = credentials_file()
    if path is None:
        credentials, _ = google.auth.default()
        return Found(_dress(credentials, quota_project), "the metadata server of this machine")
    modified = _modified(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        credentials, _ = google.auth.load_credentials_from_file(str(path))
    explicit = bool(os.environ.get("GOOGLE_APPLICATION_CREDENTIALS"))
    source = "GOOGLE_APPLICATION_CREDENTIALS" if explicit else "application default credentials"
    return Found(_dress(credentials, quota_project), source, path, modified)


def _dress(credentials: Credentials, quota_project: str) -> Credentials:
    """Add scope and quota project; a user's login keeps its own scopes, which include the e-mail's."""
    scoped: Credentials = with_scopes_if_required(credentials, list(SCOPES))
    quota = quota_project or os.environ.get("GOOGLE_CLOUD_QUOTA_PROJECT", "")
    if quota and isinstance(scoped, CredentialsWithQuotaProject):
        charged: Credentials = scoped.with_quota_project(quota)
        return charged
    return scoped


def _modified(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0
