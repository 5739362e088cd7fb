"""gcloud's own login: its token, asked of gcloud itself and asked again before it ends.

`gcloud config config-helper --format=json` is made for this: it gives `credential.access_token`,
`credential.token_expiry` (UTC) and the active properties. With `auth/impersonate_service_account` the token
is that of the service account (Google Cloud CLI 528, `surface/config/config_helper.py` and
`core/credentials/store.py`).
"""

# mypy: disable-error-code=no-untyped-call
from __future__ import annotations

import contextlib
import copy
import json
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

from google.auth import _cloud_sdk, exceptions
from google.auth.credentials import CredentialsWithQuotaProject
from google.auth.transport import Request

from tui.cloud.login_wording import GcloudRefused, NoLogin, from_gcloud
from tui.domain.login import LoginTrouble

WITHIN = 20.0
"""Seconds that gcloud is given; its first run on a box compiles for several."""

REST_AFTER_FAILURE = 10.0
"""Seconds before gcloud is run again after it gave no token, unless its files have changed."""

MIN_EXPIRY = 300
"""Seconds that a token must still live; google-auth asks for a new one 225 s before the end."""

UNDATED_LIFE = 600
"""Seconds after which a token is asked for again whose end gcloud does not tell, as of a given token."""

_COMMAND = ("config", "config-helper", "--format=json")
_FORMAT = "%Y-%m-%dT%H:%M:%SZ"
_LIKE_CURRENT = ("", "CURRENT_PROJECT", "CURRENT_PROJECT_WITH_FALLBACK", "LEGACY")
"""Values of `billing/quota_project` that name no project."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What gcloud tells about its login."""

    token: str
    expires: datetime | None
    """In UTC; None when gcloud does not tell."""
    account: str
    """gcloud's active account: an e-mail, or `principal://…` of a workforce identity; empty when the token is
    that of a file or of the environment."""
    impersonates: str
    """The service account whose token it is; empty when it is the account's own."""
    quota_project: str
    """gcloud's own `billing/quota_project`, if it names a project."""
    given: bool
    """Whether gcloud itself was only given this token, by a file or the environment, and cannot renew it."""

    @property
    def of_user(self) -> bool:
        """Whether Google wants calls with it to name a quota project."""
        return not self.impersonates and not self.account.endswith(".gserviceaccount.com")


class GcloudLogin:
    """Asks gcloud for tokens, one at a time however many threads want one."""

    def __init__(self, program: str) -> None:
        self._program = program
        self._lock = threading.Lock()
        self._failure: tuple[float, Hashable, exceptions.GoogleAuthError] | None = None
        self.answer: Answer | None = None
        """The last one."""

    def renew(self, old: str | None) -> Answer:
        """A token other than `old`, or at least one that gcloud has refreshed since.

        Raises:
            google.auth.exceptions.GoogleAuthError: gcloud gives none.
        """
        with self._lock:
            if self.answer is not None and self.answer.token != old and _lives(self.answer):
                return self.answer
            clue = gcloud_clue()
            if self._failure is not None:
                when, looked_at, error = self._failure
                if looked_at == clue and time.monotonic() - when < REST_AFTER_FAILURE:
                    raise error.with_traceback(None)
            try:
                # A token that should still live was refused by a service: let gcloud get another.
                forced = self.answer is not None and self.answer.token == old and _lives(self.answer)
                self.answer = self._ask(forced=forced)
            except exceptions.GoogleAuthError as error:
                self._failure = (time.monotonic(), gcloud_clue(), error)
                raise
            self._failure = None
            return self.answer

    def _ask(self, *, forced: bool) -> Answer:
        fresh = "--force-auth-refresh" if forced else f"--min-expiry={MIN_EXPIRY}s"
        code, out, err = _run([self._program, *_COMMAND, fresh])
        if code != 0 and "unrecognized arguments" in err:  # a gcloud from before these flags
            code, out, err = _run([self._program, *_COMMAND])
        if code != 0:
            raise from_gcloud(err)
        try:
            return _read(json.loads(out))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            words = "gcloud's answer to config-helper cannot be read"
            raise GcloudRefused(words, LoginTrouble.GCLOUD_FAILED) from error


class GcloudCredentials(CredentialsWithQuotaProject):
    """Credentials whose token is gcloud's."""

    def __init__(self, login: GcloudLogin, project: str, quota_project: str = "") -> None:
        """Nothing is run yet.

        Args:
            login: where tokens come from; copies share it.
            project: charged for a user's calls where nothing names another, as gcloud itself does.
            quota_project: this app's own setting; empty for none.
        """
        super().__init__()
        self._login = login
        self._project = project
        self._chosen = quota_project
        self._charged = True
        self._quota_project_id = quota_project or None

    @property
    def answer(self) -> Answer | None:
        """What gcloud told last."""
        return self._login.answer

    def refresh(self, request: Request | None) -> None:  # noqa: ARG002 (gcloud makes its own)
        """Ask gcloud; takes a second.

        Raises:
            google.auth.exceptions.GoogleAuthError: gcloud gives none.
        """
        answer = self._login.renew(self.token)
        life = timedelta(seconds=UNDATED_LIFE)
        self.token = answer.token
        # google-auth reckons in UTC without a zone.
        self.expiry = (answer.expires or datetime.now(UTC) + life).replace(tzinfo=None)
        if self._charged:
            fallback = self._project if answer.of_user else ""
            self._quota_project_id = self._chosen or answer.quota_project or fallback or None

    def with_quota_project(self, quota_project_id: str | None) -> Self:
        """A copy that charges another project, or none."""
        other = copy.copy(self)
        other._charged = quota_project_id is not None  # noqa: SLF001 (its own class)
        other._chosen = quota_project_id or ""  # noqa: SLF001 (its own class)
        other._quota_project_id = quota_project_id or None  # noqa: SLF001 (its own class)
        return other


def gcloud_program() -> str:
    """Where gcloud is.

    Raises:
        NoLogin: it is not on the path.
    """
    program = shutil.which("gcloud")
    if program is None:
        raise NoLogin("There is no gcloud on the PATH", LoginTrouble.NO_GCLOUD)
    return program


def gcloud_clue() -> Hashable:
    """What changes when somebody signs gcloud in or out, or turns it to another account."""
    folder = Path(_cloud_sdk.get_config_path())
    watched = [folder / name for name in ("config_sentinel", "active_config", "credentials.db")]
    watched += sorted((folder / "configurations").glob("config_*"))
    if given := os.environ.get("CLOUDSDK_AUTH_ACCESS_TOKEN_FILE"):
        watched.append(Path(given))
    return shutil.which("gcloud"), *(file_clue(path) for path in watched)


def file_clue(path: Path) -> Hashable:
    """What changes when a file is written or replaced."""
    try:
        state = path.stat()
    except OSError:
        return str(path), None
    return str(path), state.st_ino, state.st_size, state.st_mtime_ns


def _lives(answer: Answer) -> bool:
    end = answer.expires
    return end is None or end - datetime.now(UTC) > timedelta(seconds=MIN_EXPIRY - 60)


def _read(told: Mapping[str, Any]) -> Answer:
    credential, properties = told["credential"], told["configuration"]["properties"]
    expiry = credential.get("token_expiry")
    impersonated = str(_property(properties, "auth", "impersonate_service_account"))
    quota = str(_property(properties, "billing", "quota_project"))
    given = bool(
        os.environ.get("CLOUDSDK_AUTH_ACCESS_TOKEN") or _property(properties, "auth", "access_token_file")
    )
    elsewhere = given or _property(properties, "auth", "credential_file_override")
    token = credential["access_token"]
    if not isinstance(token, str) or not token:
        raise ValueError("no token")
    return Answer(
        token,
        datetime.strptime(expiry, _FORMAT).replace(tzinfo=UTC) if expiry else None,
        "" if elsewhere else str(_property(properties, "core", "account")),
        # A list stands for a chain, whose last account is the one that acts.
        impersonated.rpartition(",")[2].strip(),
        "" if quota in _LIKE_CURRENT else quota,
        given,
    )


def _property(properties: Mapping[str, Any], section: str, name: str) -> object:
    return (properties.get(section) or {}).get(name) or ""


def _run(command: list[str]) -> tuple[int, str, str]:
    """Exit code, output and complaints.

    Raises:
        GcloudRefused: it cannot be started, or does not end in time.
    """
    try:
        process = subprocess.Popen(  # noqa: S603 (found on the user's own path)
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            env={**os.environ, **_QUIET},
            start_new_session=True,
        )
    except OSError as error:
        raise GcloudRefused(f"gcloud cannot be started: {error}", LoginTrouble.GCLOUD_FAILED) from error
    try:
        out, err = process.communicate(timeout=WITHIN)
    except subprocess.TimeoutExpired as error:
        _end(process)
        raise GcloudRefused(f"gcloud did not end within {WITHIN:g} s", LoginTrouble.GCLOUD_SLOW) from error
    return process.returncode, out, err


_QUIET = {
    "CLOUDSDK_CORE_DISABLE_PROMPTS": "1",
    "CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK": "true",
}


def _end(process: subprocess.Popen[str]) -> None:
    """Kill it with its children, which would hold its pipes open."""
    with contextlib.suppress(ProcessLookupError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    process.communicate()
