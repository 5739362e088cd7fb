"""Whose credentials these are, as far as they or Google tell it; everything here blocks, so for a thread."""

# mypy: disable-error-code=no-untyped-call
from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import requests
from google.auth import (
    compute_engine,
    external_account,
    external_account_authorized_user,
    impersonated_credentials,
)
from google.auth.credentials import Credentials
from google.auth.transport.requests import AuthorizedSession, Request
from google.oauth2 import credentials as user_login
from google.oauth2 import service_account

from tui.cloud.credentials import Found
from tui.cloud.login_gcloud import GcloudCredentials
from tui.cloud.login_machine import machine_account
from tui.domain.access import Identity, LoginKind

USERINFO = "https://openidconnect.googleapis.com/v1/userinfo"
"""Tells the e-mail of a user's login; the token goes in a header, not in the address."""

USERINFO_TIMEOUT = 10.0

INTROSPECT = "https://sts.googleapis.com/v1/introspect"
"""Tells the `principal://` name behind a token of the Security Token Service (RFC 7662)."""

CLOCK = "https://oauth2.googleapis.com/"
"""Answers without a login, and is reachable wherever a login is."""

CLOCK_TIMEOUT = 5.0

_POOL = re.compile(r"/(workforcePools|workloadIdentityPools)/([^/]+)")


@dataclass(frozen=True, slots=True)
class _Person:
    """Who a token of a user belongs to."""

    email: str = ""
    skew: float | None = None


def identity_of(found: Found) -> Identity:
    """Who calls are made as with these credentials; may ask Google.

    Raises:
        google.auth.exceptions.GoogleAuthError: the login gives no token.
        requests.RequestException: nobody answers.
    """
    credentials = found.credentials
    base = Identity("", found.source, path=_shown(found.path))
    known = next((read(base, credentials) for kind, read in _KINDS if isinstance(credentials, kind)), base)
    # gcloud's credentials know their quota project only once they have a token.
    quota_project = str(getattr(credentials, "quota_project_id", None) or "")
    return replace(known, quota_project=quota_project)


def clock_skew() -> float | None:
    """Seconds this box's clock is ahead of Google's, by an answer that takes no login; None if none came."""
    try:
        with requests.Session() as session:  # with the proxies and certificates of the environment
            before = time.time()
            reply = session.head(CLOCK, timeout=CLOCK_TIMEOUT, allow_redirects=False)
            return _skew(reply, before)
    except requests.RequestException:
        return None


def _user(base: Identity, credentials: user_login.Credentials) -> Identity:
    account = str(credentials.account or "")
    # gcloud writes an empty account into the file, so Google is asked.
    person = _Person(account) if account else _person(credentials)
    return replace(
        base,
        account=person.email,
        kind=LoginKind.USER,
        expires=_expiry(credentials),
        skew_seconds=person.skew,
    )


def _key(base: Identity, credentials: service_account.Credentials) -> Identity:
    return replace(base, account=str(credentials.service_account_email or ""), kind=LoginKind.KEY)


def _impersonated(base: Identity, credentials: impersonated_credentials.Credentials) -> Identity:
    _want_token(credentials)
    source = credentials._source_credentials  # noqa: SLF001 (told in no other way)
    behind, skew = _behind(source)
    return replace(
        base,
        account=str(credentials.service_account_email or ""),
        kind=LoginKind.IMPERSONATED,
        behind=behind,
        expires=_expiry(credentials),
        skew_seconds=skew,
    )


def _behind(source: Credentials) -> tuple[str, float | None]:
    """Who impersonates, and the clock's skew if it was seen."""
    if isinstance(source, user_login.Credentials):
        if source.account:
            return str(source.account), None
        person = _person(source)
        return person.email, person.skew
    if isinstance(source, external_account_authorized_user.Credentials | external_account.Credentials):
        return _introspect(source), None
    return str(getattr(source, "service_account_email", "") or ""), None


def _external(base: Identity, credentials: external_account.Credentials) -> Identity:
    _want_token(credentials)
    workforce = credentials.is_workforce_pool
    account = str(credentials.service_account_email or "")
    pool = _pool(credentials)
    if account:  # impersonation by the file itself: the federated identity has no name that is told
        return replace(
            base,
            account=account,
            kind=LoginKind.IMPERSONATED,
            behind=f"an identity of the pool {pool}" if pool else "",
            expires=_expiry(credentials),
        )
    return replace(
        base,
        source=f"{base.source}, pool {pool}" if pool else base.source,
        kind=LoginKind.WORKFORCE if workforce else LoginKind.WORKLOAD,
        principal=_introspect(credentials),
        expires=_expiry(credentials),
    )


def _workforce(base: Identity, credentials: external_account_authorized_user.Credentials) -> Identity:
    _want_token(credentials)
    pool = _pool(credentials)
    return replace(
        base,
        source=f"{base.source}, pool {pool}" if pool else base.source,
        kind=LoginKind.WORKFORCE,
        principal=_introspect(credentials),
        expires=_expiry(credentials),
    )


def _machine(base: Identity, credentials: compute_engine.Credentials) -> Identity:
    _want_token(credentials)
    account, scopes = machine_account()
    return replace(base, account=account, kind=LoginKind.MACHINE, scopes=scopes, expires=_expiry(credentials))


def _gcloud(base: Identity, credentials: GcloudCredentials) -> Identity:
    _want_token(credentials)
    answer = credentials.answer
    if answer is None:
        return replace(base, kind=LoginKind.GCLOUD)
    account, skew = answer.account, None
    if not account and not answer.impersonates:
        person = _person(credentials)
        account, skew = person.email, person.skew
    kind = LoginKind.TOKEN if answer.given else LoginKind.GCLOUD
    known = replace(base, kind=kind, expires=answer.expires, skew_seconds=skew)
    if answer.impersonates:
        return replace(known, account=answer.impersonates, kind=LoginKind.IMPERSONATED, behind=account)
    if account.startswith("principal://"):
        return replace(known, principal=account)
    return replace(known, account=account)


_KINDS: tuple[tuple[type[Credentials], Callable[[Identity, Any], Identity]], ...] = (
    (GcloudCredentials, _gcloud),
    (user_login.Credentials, _user),
    (service_account.Credentials, _key),
    (impersonated_credentials.Credentials, _impersonated),
    (external_account.Credentials, _external),
    (external_account_authorized_user.Credentials, _workforce),
    (compute_engine.Credentials, _machine),
)


def _person(credentials: Any) -> _Person:  # noqa: ANN401  # a user's login, or gcloud's
    """Whose login it is; nameless where nobody tells, for the login itself works."""
    _want_token(credentials)
    try:
        return _ask_userinfo(credentials)
    except requests.RequestException:
        return _Person("")


def _want_token(credentials: Credentials) -> None:
    """Get a token unless there is one: it shows whether the login works at all."""
    if not credentials.valid:
        credentials.refresh(Request())


def _ask_userinfo(credentials: Any) -> _Person:  # noqa: ANN401 (no common type has with_quota_project)
    # This address refuses calls that name a quota project, as a user's login usually does.
    with AuthorizedSession(credentials.with_quota_project(None)) as session:
        before = time.time()
        reply = session.get(USERINFO, timeout=USERINFO_TIMEOUT)
        # A first token is fetched on the way, which takes its time as well.
        before = max(before, time.time() - reply.elapsed.total_seconds())
    skew = _skew(reply, before)
    if not reply.ok:  # a login without the e-mail scope
        return _Person(skew=skew)
    told = reply.json()
    return _Person(str(told.get("email", "")) if isinstance(told, dict) else "", skew)


def _introspect(credentials: Any) -> str:  # noqa: ANN401 (two types of external accounts)
    """The `principal://` name behind a federated token; empty if the service does not tell it.

    The service wants to know the client, which a login through `gcloud auth` has; a bare configuration file
    has none and may be refused.
    """
    if not credentials.valid:
        credentials.refresh(Request())
    client = (
        str(getattr(credentials, "_client_id", "") or ""),
        str(getattr(credentials, "_client_secret", "") or ""),
    )
    try:
        with requests.Session() as session:
            reply = session.post(
                credentials.token_info_url or INTROSPECT,
                data={
                    "token": credentials.token,
                    "token_type_hint": "urn:ietf:params:oauth:token-type:access_token",
                },
                auth=client if client[0] else None,
                timeout=USERINFO_TIMEOUT,
            )
        told = reply.json() if reply.ok else {}
    except (requests.RequestException, ValueError):
        return ""  # the login works all the same
    name = str(told.get("username", "")) if isinstance(told, dict) else ""
    return name if name.startswith("principal://") else ""


def _pool(credentials: Any) -> str:  # noqa: ANN401 (two types of external accounts)
    found = _POOL.search(str(getattr(credentials, "_audience", "") or ""))
    return found[2] if found else ""


def _expiry(credentials: Credentials) -> datetime | None:
    end = credentials.expiry
    return end.replace(tzinfo=UTC) if isinstance(end, datetime) else None


def _skew(reply: requests.Response, before: float) -> float | None:
    """How far this box's clock is ahead of the one that wrote `Date`, which counts whole seconds."""
    try:
        told = parsedate_to_datetime(reply.headers["Date"]).timestamp()
        aged = float(reply.headers.get("Age", 0))
    except (KeyError, ValueError):
        return None
    return (before + time.time()) / 2 - (told + aged + 0.5)


def _shown(path: Path | None) -> str:
    """A path with `~` for the home folder."""
    if path is None:
        return ""
    try:
        return str(Path("~") / path.relative_to(Path.home()))
    except (ValueError, RuntimeError):  # elsewhere, or no home folder
        return str(path)
