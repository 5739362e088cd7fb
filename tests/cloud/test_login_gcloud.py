"""The token of gcloud's own login: of a program that words things as gcloud does, and of gcloud itself."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import threading
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from tests.cloud.fake_google import TOKEN, USER, fake_google
from tui.cloud import login_gcloud
from tui.cloud.connection import Connection
from tui.cloud.credentials import find_gcloud
from tui.cloud.errors import to_cloud_error
from tui.cloud.identity import Who
from tui.cloud.login_gcloud import GcloudCredentials
from tui.cloud.login_wording import GcloudRefused
from tui.domain.access import Identity, LoginKind
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.login import LoginTrouble
from tui.domain.target import Target

TARGET = Target("kelp-train", "europe-west4", login="gcloud")
SCRIPT = """#!/bin/sh
echo "$@" >> "$FAKE_GCLOUD/calls"
echo "prompts: $CLOUDSDK_CORE_DISABLE_PROMPTS" >> "$FAKE_GCLOUD/calls"
cat "$FAKE_GCLOUD/err" >&2
cat "$FAKE_GCLOUD/out"
exit $(cat "$FAKE_GCLOUD/code")
"""
ADVICE = "\nPlease run:\n\n  $ gcloud auth login\n\nto obtain new credentials.\n"
ROBOT = "robot@kelp-train.iam.gserviceaccount.com"


class FakeGcloud:
    """A gcloud on the path that says what it is told to."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.answer()

    def answer(
        self,
        token: str = TOKEN,
        *,
        lives: float = 3600,
        account: str = USER,
        properties: Mapping[str, Mapping[str, str]] = MappingProxyType({}),
    ) -> None:
        """Give a token from now on."""
        end = datetime.now(UTC) + timedelta(seconds=lives)
        told = {
            "configuration": {
                "active_configuration": "default",
                "properties": {"core": {"account": account}, **properties},
            },
            "credential": {
                "access_token": token,
                "id_token": None,
                "token_expiry": end.strftime("%Y-%m-%dT%H:%M:%SZ") if lives else None,
            },
        }
        self.say(json.dumps(told))

    def say(self, out: str, err: str = "", code: int = 0) -> None:
        """Print these from now on."""
        for name, text in (("out", out), ("err", err), ("code", str(code))):
            (self.folder / name).write_text(text)

    @property
    def calls(self) -> list[str]:
        """The arguments of each call."""
        lines = (self.folder / "calls").read_text().splitlines() if (self.folder / "calls").exists() else []
        return [line for line in lines if not line.startswith("prompts")]


@pytest.fixture
def gcloud(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeGcloud:
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "gcloud").write_text(SCRIPT)
    (folder / "gcloud").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("FAKE_GCLOUD", str(folder))
    return FakeGcloud(folder)


def credentials() -> GcloudCredentials:
    found = find_gcloud("kelp-train", "").credentials
    assert isinstance(found, GcloudCredentials)
    return found


def gcloud_folder() -> Path:
    folder = Path(os.environ["CLOUDSDK_CONFIG"])
    folder.mkdir(exist_ok=True)
    return folder


def headers_of(login: GcloudCredentials) -> dict[str, str]:
    headers: dict[str, str] = {}
    login.before_request(None, "GET", "https://x.googleapis.com/", headers)  # type: ignore[no-untyped-call]
    return headers


def test_the_token_and_the_project_to_charge_are_those_of_gcloud(gcloud: FakeGcloud) -> None:
    login = credentials()
    assert gcloud.calls == []  # nothing is run before a token is wanted
    headers = headers_of(login)
    assert headers["authorization"] == f"Bearer {TOKEN}"
    assert headers["x-goog-user-project"] == "kelp-train"
    headers_of(login)
    assert gcloud.calls == ["config config-helper --format=json --min-expiry=300s"]
    assert "prompts: 1" in (gcloud.folder / "calls").read_text()
    assert "x-goog-user-project" not in headers_of(login.with_quota_project(None))


@pytest.mark.parametrize(
    ("account", "properties", "charged"),
    [
        (ROBOT, {}, None),
        (USER, {"auth": {"impersonate_service_account": ROBOT}}, None),
        (USER, {"billing": {"quota_project": "kelp-billing"}}, "kelp-billing"),
        (ROBOT, {"billing": {"quota_project": "kelp-billing"}}, "kelp-billing"),
        (USER, {"billing": {"quota_project": "LEGACY"}}, "kelp-train"),
        ("principal://iam.googleapis.com/x/subject/ana", {}, "kelp-train"),
    ],
)
def test_a_service_account_charges_its_own_project(
    gcloud: FakeGcloud, account: str, properties: dict[str, dict[str, str]], charged: str | None
) -> None:
    gcloud.answer(account=account, properties=properties)
    assert headers_of(credentials()).get("x-goog-user-project") == charged


def test_the_token_is_renewed_before_it_ends(gcloud: FakeGcloud) -> None:
    gcloud.answer("first", lives=200)
    login = credentials()
    headers_of(login)
    gcloud.answer("second")
    assert headers_of(login)["authorization"] == "Bearer second"
    login.refresh(None)  # as after an answer that refuses the token
    assert gcloud.calls[-1].endswith("--force-auth-refresh")


def test_many_threads_run_gcloud_once(gcloud: FakeGcloud) -> None:
    login = credentials()
    threads = [threading.Thread(target=headers_of, args=(login,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(gcloud.calls) == 1


REFRESHING = "There was a problem refreshing your current auth tokens: "
OFFLINE = (
    "HTTPSConnectionPool(host='oauth2.googleapis.com', port=443): Max retries exceeded with url: /token"
    " (Caused by NameResolutionError())"
)
NOT_AS = (
    f"Failed to impersonate [{ROBOT}]. Make sure the account that's trying to impersonate it has access"
    " to the service account itself."
)


@pytest.mark.parametrize(
    ("err", "kind", "reason"),
    [
        (
            "You do not currently have an active account selected.",
            ErrorKind.NO_CREDENTIALS,
            LoginTrouble.GCLOUD_SIGNED_OUT,
        ),
        (
            f"Your current active account [{USER}] does not have any valid credentials",
            ErrorKind.NO_CREDENTIALS,
            LoginTrouble.GCLOUD_SIGNED_OUT,
        ),
        (
            f"{REFRESHING}invalid_grant: Token has been expired or revoked.",
            ErrorKind.EXPIRED_CREDENTIALS,
            LoginTrouble.GCLOUD_EXPIRED,
        ),
        (
            "There was a problem reauthenticating while refreshing your current auth tokens: no",
            ErrorKind.EXPIRED_CREDENTIALS,
            LoginTrouble.GCLOUD_EXPIRED,
        ),
        (f"{REFRESHING}{OFFLINE}", ErrorKind.UNREACHABLE, ""),
        (f"{REFRESHING}{NOT_AS}", ErrorKind.DENIED, LoginTrouble.IMPERSONATION),
        ("something new", ErrorKind.NO_CREDENTIALS, LoginTrouble.GCLOUD_FAILED),
    ],
)
def test_what_gcloud_complains_of_has_a_next_step(
    gcloud: FakeGcloud, err: str, kind: ErrorKind, reason: str
) -> None:
    noise = "WARNING: This command is using service account impersonation.\n"
    gcloud.say("", f"{noise}ERROR: (gcloud.config.config-helper) {err}{ADVICE}", 1)
    login = credentials()
    for _ in range(3):
        with pytest.raises(Exception) as raised:  # noqa: PT011 (whatever it is must be translated)
            headers_of(login)
    error = to_cloud_error(raised.value)
    assert (error.kind, error.reason) == (kind, reason)
    assert error.message == err
    assert error.hint
    assert len(gcloud.calls) == 1  # not run anew for each call
    (gcloud_folder() / "config_sentinel").write_text("")  # somebody has signed in
    gcloud.answer()
    assert headers_of(login)["authorization"] == f"Bearer {TOKEN}"


@pytest.mark.parametrize("out", ["", "[]", "{}", '{"credential": null}', "not json"])
def test_an_answer_that_cannot_be_read(gcloud: FakeGcloud, out: str) -> None:
    gcloud.say(out)
    with pytest.raises(GcloudRefused) as raised:
        headers_of(credentials())
    assert raised.value.trouble is LoginTrouble.GCLOUD_FAILED


def test_a_gcloud_that_hangs_is_ended(gcloud: FakeGcloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(login_gcloud, "WITHIN", 0.2)
    (gcloud.folder / "gcloud").write_text("#!/bin/sh\nsleep 600 &\nsleep 600\n")
    with pytest.raises(GcloudRefused) as raised:
        headers_of(credentials())
    assert to_cloud_error(raised.value).kind is ErrorKind.TIMEOUT


def test_an_old_gcloud_without_the_flag(gcloud: FakeGcloud) -> None:
    script = (gcloud.folder / "gcloud").read_text()
    words = "ERROR: (gcloud.config.config-helper) unrecognized arguments: --min-expiry=300s"
    old = f'case "$*" in *min-expiry*) echo "{words}" >&2; exit 2;; esac'
    (gcloud.folder / "gcloud").write_text(script.replace("cat", f"{old}\ncat", 1))
    assert headers_of(credentials())["authorization"] == f"Bearer {TOKEN}"


async def identity(target: Target = TARGET) -> Identity:
    connection = Connection(target)
    try:
        return await Who(connection).identity()
    finally:
        await connection.close()


async def test_who_gcloud_is(gcloud: FakeGcloud) -> None:
    found = await identity()
    assert (found.kind, found.account, found.quota_project) == (LoginKind.GCLOUD, USER, "kelp-train")
    chain = f"via@x.iam.gserviceaccount.com, {ROBOT}"
    gcloud.answer(properties={"auth": {"impersonate_service_account": chain}})
    found = await identity()
    assert found.shown == f"impersonated {USER} → {ROBOT}"
    gcloud.answer(account="principal://iam.googleapis.com/locations/global/workforcePools/k/subject/ana")
    found = await identity()
    assert (found.account, found.kind) == ("", LoginKind.GCLOUD)
    assert found.principal.endswith("/subject/ana")


async def test_without_gcloud(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(CloudError) as raised:
        await identity()
    assert (raised.value.kind, raised.value.reason) == (ErrorKind.NO_CREDENTIALS, LoginTrouble.NO_GCLOUD)


async def test_the_next_check_takes_up_another_account_of_gcloud(gcloud: FakeGcloud) -> None:
    folder = gcloud_folder()
    connection = Connection(TARGET)
    who = Who(connection)
    assert (await who.identity()).account == USER
    gcloud.answer("another", account="ben@lagoon.example")
    assert (await who.identity()).account == USER
    (folder / "config_sentinel").write_text("")
    assert (await who.identity()).account == "ben@lagoon.example"
    assert connection.generation == 1
    await connection.close()


async def test_the_next_check_takes_up_a_login_where_there_was_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = gcloud_folder()
    file = folder / "application_default_credentials.json"
    login: dict[str, Any] = {
        "type": "authorized_user",
        "client_id": "c",
        "client_secret": "s",
        "refresh_token": "r",
        "account": USER,
    }
    monkeypatch.setattr("tui.cloud.credentials.machine_credentials", lambda: None)
    connection = Connection(Target("kelp-train", "europe-west4"))
    who = Who(connection)
    with pytest.raises(CloudError):
        await who.identity()
    file.write_text(json.dumps(login))
    assert (await who.identity()).account == USER
    other = tmp_path / "other.json"
    other.write_text(json.dumps({**login, "account": "ben@lagoon.example"}))
    other.replace(file)
    assert (await who.identity()).account == "ben@lagoon.example"
    await connection.close()


@pytest.mark.skipif(shutil.which("gcloud") is None, reason="gcloud is not installed here")
async def test_gcloud_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOUDSDK_CORE_CHECK_GCE_METADATA", "false")
    with pytest.raises(CloudError) as raised:
        await identity()
    assert raised.value.reason == LoginTrouble.GCLOUD_SIGNED_OUT
    assert raised.value.message == "You do not currently have an active account selected."
    (tmp_path / "token").write_text(TOKEN)
    monkeypatch.setenv("CLOUDSDK_AUTH_ACCESS_TOKEN_FILE", str(tmp_path / "token"))
    async with fake_google(tmp_path, grpc_passes=False) as google:
        monkeypatch.setenv("HTTPS_PROXY", google.environment["HTTPS_PROXY"])
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "ca.pem"))
        found = await identity()
    assert (found.kind, found.account, found.quota_project) == (LoginKind.TOKEN, USER, "kelp-train")


@pytest.mark.skipif(shutil.which("gcloud") is None, reason="gcloud is not installed here")
async def test_gcloud_itself_impersonates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOUDSDK_CORE_CHECK_GCE_METADATA", "false")
    monkeypatch.setenv("CLOUDSDK_AUTH_IMPERSONATE_SERVICE_ACCOUNT", ROBOT)
    (tmp_path / "token").write_text(TOKEN)
    monkeypatch.setenv("CLOUDSDK_AUTH_ACCESS_TOKEN_FILE", str(tmp_path / "token"))
    async with fake_google(tmp_path, grpc_passes=False) as google:
        monkeypatch.setenv("HTTPS_PROXY", google.environment["HTTPS_PROXY"])
        for name in ("CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE", "REQUESTS_CA_BUNDLE"):
            monkeypatch.setenv(name, str(tmp_path / "ca.pem"))
        found = await asyncio.wait_for(identity(), 60)
        assert (found.kind, found.account, found.quota_project) == (LoginKind.IMPERSONATED, ROBOT, "")
        assert {"as": ROBOT} in google.grants
        google.may_impersonate = False
        with pytest.raises(CloudError) as raised:
            await identity()
    assert raised.value.reason == LoginTrouble.IMPERSONATION
