"""Credentials of every kind, as real objects of Google's library made from files, against loopback."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.cloud.fake_google import ACCOUNT, USER, FakeGoogle, fake_google
from tests.cloud.fake_logins import PRINCIPAL
from tests.cloud.fake_machine import metadata_server, run_on_machine
from tui.cloud.credentials import find_credentials
from tui.cloud.errors import to_cloud_error
from tui.cloud.login_identity import clock_skew, identity_of
from tui.domain.access import Identity, LoginKind
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.login import CLOUD_PLATFORM, LoginTrouble

ROBOT = "robot@kelp-train.iam.gserviceaccount.com"
IMPERSONATION = (
    f"https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/{ROBOT}:generateAccessToken"
)
WORKFORCE = "//iam.googleapis.com/locations/global/workforcePools/kelp/providers/lagoon"
WORKLOAD = "//iam.googleapis.com/projects/42/locations/global/workloadIdentityPools/reef/providers/ci"
USER_FILE = {
    "type": "authorized_user",
    "client_id": "1.apps.googleusercontent.com",
    "client_secret": "throw-away",
    "refresh_token": "throw-away",
    "account": "",
}
WORKFORCE_LOGIN = {
    "type": "external_account_authorized_user",
    "audience": WORKFORCE,
    "client_id": "c",
    "client_secret": "throw-away",
    "refresh_token": "throw-away",
    "token_url": "https://sts.googleapis.com/v1/oauthtoken",
    "token_info_url": "https://sts.googleapis.com/v1/introspect",
}


@pytest.fixture
async def google(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FakeGoogle]:
    async with fake_google(tmp_path, grpc_passes=False) as opened:
        for name, value in opened.environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "ca.pem"))
        yield opened


async def whose(google: FakeGoogle, content: object, monkeypatch: pytest.MonkeyPatch) -> Identity:
    path = google.folder / "login.json"
    path.write_text(json.dumps(content) if not isinstance(content, str) else content)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(path))
    return await asyncio.to_thread(lambda: identity_of(find_credentials("")))


async def refusal(google: FakeGoogle, content: object, monkeypatch: pytest.MonkeyPatch) -> CloudError:
    with pytest.raises(Exception) as raised:  # noqa: PT011 (whatever it is must be translated)
        await whose(google, content, monkeypatch)
    return to_cloud_error(raised.value)


def external(google: FakeGoogle, audience: str, **more: str) -> dict[str, Any]:
    (google.folder / "subject").write_text("throw-away")
    return {
        "type": "external_account",
        "audience": audience,
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": "https://sts.googleapis.com/v1/token",
        "token_info_url": "https://sts.googleapis.com/v1/introspect",
        "credential_source": {"file": str(google.folder / "subject")},
        **more,
    }


async def test_a_user_is_asked_for_once_and_the_clock_is_seen(
    google: FakeGoogle, monkeypatch: pytest.MonkeyPatch
) -> None:
    google.clock_ahead = -300.0
    monkeypatch.setenv("HOME", str(google.folder))
    found = await whose(google, {**USER_FILE, "quota_project_id": "kelp-billing"}, monkeypatch)
    assert (found.kind, found.account, found.quota_project) == (LoginKind.USER, USER, "kelp-billing")
    assert found.path == "~/login.json"
    assert found.source == "GOOGLE_APPLICATION_CREDENTIALS"
    assert found.skew_seconds == pytest.approx(300, abs=5)
    assert found.principal == ""
    told = await whose(google, {**USER_FILE, "account": "ben@lagoon.example"}, monkeypatch)
    assert told.account == "ben@lagoon.example"


async def test_a_key_needs_no_question(google: FakeGoogle, monkeypatch: pytest.MonkeyPatch) -> None:
    content = (google.folder / "key.json").read_text()
    found = await whose(google, content, monkeypatch)
    assert (found.kind, found.account) == (LoginKind.KEY, ACCOUNT)
    assert google.grants == []


@pytest.mark.parametrize(
    ("source", "behind"), [(USER_FILE, USER), (WORKFORCE_LOGIN, PRINCIPAL), ("key", ACCOUNT)]
)
async def test_impersonation_tells_who_is_behind(
    google: FakeGoogle, monkeypatch: pytest.MonkeyPatch, source: object, behind: str
) -> None:
    if source == "key":
        source = json.loads((google.folder / "key.json").read_text())
    content = {
        "type": "impersonated_service_account",
        "service_account_impersonation_url": IMPERSONATION,
        "source_credentials": source,
    }
    found = await whose(google, content, monkeypatch)
    assert (found.kind, found.account, found.behind) == (LoginKind.IMPERSONATED, ROBOT, behind)
    assert found.shown == f"impersonated {behind} → {ROBOT}"
    assert {"as": ROBOT} in google.grants


async def test_impersonation_that_is_not_allowed(google: FakeGoogle, monkeypatch: pytest.MonkeyPatch) -> None:
    google.may_impersonate = False
    content = {
        "type": "impersonated_service_account",
        "service_account_impersonation_url": IMPERSONATION,
        "source_credentials": USER_FILE,
    }
    error = await refusal(google, content, monkeypatch)
    assert (error.kind, error.reason) == (ErrorKind.DENIED, LoginTrouble.IMPERSONATION)
    assert "getAccessToken" in error.message


async def test_a_workforce_login_has_a_principal_and_no_email(
    google: FakeGoogle, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = await whose(google, WORKFORCE_LOGIN, monkeypatch)
    assert (found.kind, found.account, found.principal) == (LoginKind.WORKFORCE, "", PRINCIPAL)
    assert found.source.endswith("pool kelp")


async def test_federated_identities_of_a_file(google: FakeGoogle, monkeypatch: pytest.MonkeyPatch) -> None:
    found = await whose(google, external(google, WORKLOAD), monkeypatch)
    # The service does not tell a client that it does not know who it is.
    assert (found.kind, found.account, found.principal) == (LoginKind.WORKLOAD, "", "")
    assert found.source.endswith("pool reef")
    known = external(google, WORKFORCE, client_id="c", client_secret="s")  # noqa: S106 (made up)
    found = await whose(google, known, monkeypatch)
    assert (found.kind, found.account, found.principal) == (LoginKind.WORKFORCE, "", PRINCIPAL)
    through = external(google, WORKLOAD, service_account_impersonation_url=IMPERSONATION)
    found = await whose(google, through, monkeypatch)
    assert (found.kind, found.account) == (LoginKind.IMPERSONATED, ROBOT)
    assert found.behind == "an identity of the pool reef"


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "null",
        "3",
        "{}",
        {"type": "authorized_user"},
        {"type": "x"},
        {"type": "impersonated_service_account"},
        {"type": "external_account", "audience": 3},
    ],
)
async def test_files_that_are_no_credentials(
    google: FakeGoogle, monkeypatch: pytest.MonkeyPatch, content: object
) -> None:
    error = await refusal(google, content, monkeypatch)
    assert (error.kind, error.reason) == (ErrorKind.NO_CREDENTIALS, LoginTrouble.BROKEN_FILE)


async def test_a_revoked_key_is_an_expired_login(google: FakeGoogle, monkeypatch: pytest.MonkeyPatch) -> None:
    google.revoked = True
    content = {
        "type": "impersonated_service_account",
        "service_account_impersonation_url": IMPERSONATION,
        "source_credentials": json.loads((google.folder / "key.json").read_text()),
    }
    error = await refusal(google, content, monkeypatch)
    assert error.kind is ErrorKind.EXPIRED_CREDENTIALS
    assert "invalid_grant" in error.message


async def test_the_clock_is_read_from_an_answer_without_a_login(google: FakeGoogle) -> None:
    google.clock_ahead = 120.0
    skew = await asyncio.to_thread(clock_skew)
    assert skew == pytest.approx(-120, abs=5)
    assert google.grants == []


async def test_without_an_answer_the_clock_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    assert await asyncio.to_thread(clock_skew) is None


async def test_a_variable_without_its_file_and_nothing_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "gone.json"))
    with pytest.raises(Exception, match=r"gone\.json") as raised:
        find_credentials("")
    assert to_cloud_error(raised.value).reason == LoginTrouble.VARIABLE
    report = await run_on_machine(tmp_path, "127.0.0.1:9")
    assert report["reason"] == LoginTrouble.NOTHING_FOUND
    for place in (
        "GOOGLE_APPLICATION_CREDENTIALS",
        "application_default_credentials.json",
        "metadata server",
    ):
        assert place in report["message"]


@pytest.mark.parametrize("scopes", [[CLOUD_PLATFORM], ["https://www.googleapis.com/auth/logging.write"]])
async def test_the_account_and_the_scopes_of_a_machine(tmp_path: Path, scopes: list[str]) -> None:
    async with metadata_server(scopes) as address:
        report = await run_on_machine(tmp_path, address)
    assert report == {
        "account": ROBOT,
        "kind": "MACHINE",
        "scopes": scopes,
        "source": "this machine's metadata server",
    }


async def test_a_machine_without_an_account(tmp_path: Path) -> None:
    async with metadata_server(None) as address:
        report = await run_on_machine(tmp_path, address)
    assert (report["error"], report["reason"]) == ("NO_CREDENTIALS", LoginTrouble.NO_MACHINE_ACCOUNT)
