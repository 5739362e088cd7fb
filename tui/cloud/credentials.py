"""Credentials: found in a thread, kept while good, found anew after a login elsewhere."""

# mypy: disable-error-code=no-untyped-call
from __future__ import annotations

import asyncio
import os
import time
import warnings
from collections.abc import Callable, Hashable
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

from tui.cloud.login_gcloud import GcloudCredentials, GcloudLogin, file_clue, gcloud_clue, gcloud_program
from tui.cloud.login_machine import machine_credentials
from tui.cloud.login_wording import NoLogin
from tui.domain.login import CLOUD_PLATFORM, LoginTrouble
from tui.domain.target import Target

SCOPES = (CLOUD_PLATFORM,)

SEARCH_PAUSE = 15.0
"""Seconds before a fruitless search is repeated; off Google Cloud the metadata probe takes up to 5 s."""

VARIABLE = "GOOGLE_APPLICATION_CREDENTIALS"


@dataclass(frozen=True, slots=True)
class Found:
    """Credentials, and where they came from."""

    credentials: Credentials
    source: str
    """In words: `application default credentials`, …"""
    path: Path | None = None
    """The file they were read from; None for the metadata server and for gcloud."""


LOCAL = Found(AnonymousCredentials(), "local")
"""What the local server is called with."""


@dataclass(frozen=True, slots=True)
class Search:
    """How credentials are looked for."""

    find: Callable[[], Found]
    """Finds them; may be slow, so for a thread."""
    clue: Callable[[], Hashable]
    """Tells something else whenever `find` would find something else; looks at the disk."""


class Wallet:
    """The credentials of one gateway."""

    def __init__(self, search: Search) -> None:
        self._search = search
        self._found: tuple[Hashable, Found] | None = None
        self._failure: tuple[float, Hashable, exceptions.GoogleAuthError] | None = None
        self._lock = asyncio.Lock()

    async def get(self) -> Found:
        """The credentials, searched for if there are none yet.

        Raises:
            google.auth.exceptions.GoogleAuthError: there are none, or their file is no good.
            OSError: their file cannot be read.
        """
        async with self._lock:
            if self._found is None:
                self._found = await self._look()
            return self._found[1]

    async def forget_if_outdated(self) -> bool:
        """Drop credentials in whose place a search would find others; whether they were."""
        async with self._lock:
            if self._found is None or await asyncio.to_thread(self._search.clue) == self._found[0]:
                return False
            self._found = None
            return True

    async def _look(self) -> tuple[Hashable, Found]:
        clue = await asyncio.to_thread(self._search.clue)
        if self._failure is not None:
            when, looked_at, error = self._failure
            if looked_at == clue and time.monotonic() - when < SEARCH_PAUSE:
                raise error.with_traceback(None)
        try:
            return clue, await asyncio.to_thread(self._search.find)
        except exceptions.GoogleAuthError as error:
            self._failure = (time.monotonic(), clue, error)
            raise


def search_for(target: Target) -> Search:
    """How to find the credentials that a target asks for."""
    if target.login == "gcloud":
        return Search(lambda: find_gcloud(target.project, target.quota_project), gcloud_clue)
    return Search(lambda: find_credentials(target.quota_project), _file_clue)


def credentials_file() -> Path | None:
    """The file that holds the credentials by Google's rules, if there is one (google-auth, `default`)."""
    explicit = os.environ.get(VARIABLE)
    if explicit:
        return Path(explicit)
    known = _default_file()
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
        machine = machine_credentials()
        if machine is None:
            raise NoLogin(_what_was_looked_at(), LoginTrouble.NOTHING_FOUND)
        return Found(_dress(machine, quota_project), "this machine's metadata server")
    source = VARIABLE if os.environ.get(VARIABLE) else "application default credentials"
    return Found(_dress(_load(path), quota_project), source, path)


def find_gcloud(project: str, quota_project: str) -> Found:
    """The login of gcloud itself; gcloud is run for the first token, not here.

    Raises:
        NoLogin: there is no gcloud.
    """
    login = GcloudLogin(gcloud_program())
    quota = quota_project or os.environ.get("GOOGLE_CLOUD_QUOTA_PROJECT", "")
    return Found(GcloudCredentials(login, project, quota), "gcloud")


def _load(path: Path) -> Credentials:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            credentials, _ = google.auth.load_credentials_from_file(str(path))
        except (AttributeError, KeyError, TypeError) as error:  # JSON of another shape
            words = f"File {path} is not a credentials file."
            raise NoLogin(words, LoginTrouble.BROKEN_FILE) from error
        except exceptions.DefaultCredentialsError as error:
            if os.environ.get(VARIABLE) and not path.exists():
                raise NoLogin(
                    f"{VARIABLE} names {path}, which is not there", LoginTrouble.VARIABLE
                ) from error
            raise
    loaded: Credentials = credentials
    return loaded


def _what_was_looked_at() -> str:
    """The search order, and what each place said."""
    return (
        f"Looked at, in Google's order: {VARIABLE} (not set); {_default_file()} (not there);"
        " the metadata server of a Google machine (no answer)."
    )


def _dress(credentials: Credentials, quota_project: str) -> Credentials:
    """Add scope and quota project; a user's login keeps its own scopes, which include the e-mail's."""
    scoped: Credentials = with_scopes_if_required(credentials, list(SCOPES))
    quota = quota_project or os.environ.get("GOOGLE_CLOUD_QUOTA_PROJECT", "")
    if quota and isinstance(scoped, CredentialsWithQuotaProject):
        charged: Credentials = scoped.with_quota_project(quota)
        return charged
    return scoped


def _default_file() -> Path:
    return Path(_cloud_sdk.get_application_default_credentials_path())


def _file_clue() -> Hashable:
    path = credentials_file()
    return file_clue(path) if path is not None else None
