"""The path to Google Cloud itself: TLS, token, regional host names, proxy; nothing is replaced."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cloud.fake_google import ACCOUNT, JOB_NAME, OTHER_ACCOUNT, TOKEN, USER, FakeGoogle, fake_google
from tests.cloud.subprocess_report import report_of
from tests.support import subprocess_environment

CALLS = ["ListCustomJobs", "CreateCustomJob", "ListCustomJobs", "ListLogEntries", "/storage/v1/b/kelp-runs/o"]
TRUST = {"GRPC_DEFAULT_SSL_ROOTS_FILE_PATH", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"}


async def run_client(google: FakeGoogle, settings: dict[str, str], *arguments: str) -> dict[str, Any]:
    """What the client process reports."""
    environment = {**subprocess_environment(google.folder), **google.environment, **settings}
    for name in TRUST - settings.keys():
        environment.pop(name, None)
    return await report_of("tests.cloud.google_client", environment, *arguments)


def check_report(report: dict[str, Any]) -> None:
    assert report["before"] == 0
    assert report["job"] == [JOB_NAME, "ana-tiny", "queued", "n1-standard-4"]
    assert report["after"] == ["ana-tiny"]
    assert report["logs"] == ["hello"]
    assert report["prefixes"] == ["runs/"]


@pytest.mark.parametrize(
    "trust", [("GRPC_DEFAULT_SSL_ROOTS_FILE_PATH", "REQUESTS_CA_BUNDLE"), ("SSL_CERT_FILE",)]
)
async def test_grpc_over_tls_with_a_service_account(tmp_path: Path, trust: tuple[str, ...]) -> None:
    async with fake_google(tmp_path, grpc_passes=True) as google:
        report = await run_client(google, dict.fromkeys(trust, str(tmp_path / "ca.pem")))
    check_report(report)
    assert report["account"] == ACCOUNT
    assert report["can_tail"]
    assert google.created == ["ana-tiny"]
    assert {"europe-west4-aiplatform.googleapis.com:443", "logging.googleapis.com:443"} <= set(google.hosts)
    names = [name for name, _ in google.calls]
    assert names == CALLS
    for name, metadata in google.calls:
        assert metadata["authorization"] == f"Bearer {TOKEN}"
        if name.endswith(("Job", "Jobs")):
            assert metadata["x-goog-request-params"] == "parent=projects/kelp-train/locations/europe-west4"
    assert [grant["iss"] for grant in google.grants] == [ACCOUNT]  # one token serves all services
    assert google.grants[0]["scope"] == "https://www.googleapis.com/auth/cloud-platform"


async def test_a_network_that_lets_no_grpc_through(tmp_path: Path) -> None:
    async with fake_google(tmp_path, grpc_passes=False) as google:
        report = await run_client(google, {"REQUESTS_CA_BUNDLE": str(tmp_path / "ca.pem")})
    check_report(report)
    assert not report["can_tail"]
    assert google.created == ["ana-tiny"]
    names = [name for name, _ in google.calls]
    assert names == CALLS
    assert all(headers["authorization"].startswith("Bearer ") for _, headers in google.calls)


async def test_a_certificate_that_is_not_trusted(tmp_path: Path) -> None:
    async with fake_google(tmp_path, grpc_passes=True) as google:
        report = await run_client(google, {})
    assert report["error"] == "UNREACHABLE"
    assert "certificate is not trusted" in report["title"]
    assert google.calls == []


async def test_a_login_that_was_revoked(tmp_path: Path) -> None:
    async with fake_google(tmp_path, grpc_passes=True) as google:
        google.revoked = True
        report = await run_client(google, {"REQUESTS_CA_BUNDLE": str(tmp_path / "ca.pem")})
    assert report["error"] == "EXPIRED_CREDENTIALS"
    assert "Token has been expired or revoked" in report["message"]
    assert google.calls == []


async def test_a_new_login_is_taken_up_without_a_restart(tmp_path: Path) -> None:
    async with fake_google(tmp_path, grpc_passes=True) as google:
        google.revoked = True
        new = str(tmp_path / "new-key.json")
        report = await run_client(google, {"REQUESTS_CA_BUNDLE": str(tmp_path / "ca.pem")}, new)
    check_report(report)
    assert report["account"] == OTHER_ACCOUNT


async def test_a_user_login_with_its_quota_project(tmp_path: Path) -> None:
    async with fake_google(tmp_path, grpc_passes=True) as google:
        settings = {
            "REQUESTS_CA_BUNDLE": str(tmp_path / "ca.pem"),
            "GOOGLE_APPLICATION_CREDENTIALS": "",
            "CLOUDSDK_CONFIG": str(tmp_path / "gcloud"),
        }
        report = await run_client(google, settings)
    check_report(report)
    assert report["account"] == USER
    assert {grant["iss"] for grant in google.grants} == {USER}
    calls = dict(google.calls)
    for name in CALLS:
        assert calls[name]["x-goog-user-project"] == "kelp-billing"


async def test_a_quota_project_set_meanwhile_is_taken_up_without_a_restart(tmp_path: Path) -> None:
    async with fake_google(tmp_path, grpc_passes=True) as google:
        google.wants_quota_project = True
        with_one = tmp_path / "gcloud" / "application_default_credentials.json"
        login = json.loads(with_one.read_text())
        del login["quota_project_id"]
        (tmp_path / "user.json").write_text(json.dumps(login))
        settings = {
            "REQUESTS_CA_BUNDLE": str(tmp_path / "ca.pem"),
            "GOOGLE_APPLICATION_CREDENTIALS": str(tmp_path / "user.json"),
        }
        report = await run_client(google, settings, str(with_one))
    check_report(report)
    assert report["account"] == USER


async def test_no_credentials_at_all(tmp_path: Path) -> None:
    async with fake_google(tmp_path, grpc_passes=True) as google:
        (tmp_path / "key.json").unlink()
        report = await run_client(google, {"REQUESTS_CA_BUNDLE": str(tmp_path / "ca.pem")})
    assert report["error"] == "NO_CREDENTIALS"
    assert "key.json" in report["message"]
