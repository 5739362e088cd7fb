"""The front door's certificates, and whom its sign-in lets in."""

from __future__ import annotations

import datetime as dt
import json
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cryptography import x509

from tests.local.doors import MIB, Opened, get, open_door
from tui.local.front_door import authority
from tui.local.front_door.credentials import refresh_token


@pytest.fixture
async def door(short_folder: Path) -> AsyncIterator[Opened]:
    async with open_door(short_folder) as opened:
        yield opened


def test_certificates_are_private_and_stay(tmp_path: Path) -> None:
    found = authority.papers(tmp_path)
    first = {path.name: path.read_bytes() for path in (tmp_path / "front-door").iterdir()}
    assert authority.papers(tmp_path) == found
    assert first == {path.name: path.read_bytes() for path in (tmp_path / "front-door").iterdir()}
    assert set(first) == {"authority.pem", "authority.key", "server.pem", "lock"}
    for path in (tmp_path / "front-door").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert b"PRIVATE" not in first["authority.pem"]


def test_the_authority_is_good_for_googles_names_alone(tmp_path: Path) -> None:
    certificate = x509.load_pem_x509_certificate(authority.papers(tmp_path).authority.read_bytes())
    limits = certificate.extensions.get_extension_for_class(x509.NameConstraints)
    assert limits.critical
    assert limits.value.permitted_subtrees == [x509.DNSName("googleapis.com")]


def test_a_certificate_is_renewed_under_the_same_authority(tmp_path: Path) -> None:
    now = dt.datetime.now(dt.UTC)
    found = authority.papers(tmp_path, now)
    trusted, shown = found.authority.read_bytes(), found.server.read_bytes()
    authority.papers(tmp_path, now + dt.timedelta(days=300))
    assert (found.authority.read_bytes(), found.server.read_bytes()) == (trusted, shown)
    authority.papers(tmp_path, now + dt.timedelta(days=360))
    assert found.authority.read_bytes() == trusted
    assert found.server.read_bytes() != shown
    authority.papers(tmp_path, now + dt.timedelta(days=3600))
    assert found.authority.read_bytes() != trusted


async def form(door: Opened, path: str, text: str, header: str = "") -> tuple[int, dict[str, str]]:
    host = "oauth2.googleapis.com"
    kind = f"Content-Type: application/x-www-form-urlencoded\r\n{header}"
    status, answer = await get(await door.through(host), path, host, text.encode(), kind)
    return status, json.loads(answer)


async def test_the_login_gets_the_owners_token(door: Opened) -> None:
    good = f"grant_type=refresh_token&refresh_token={refresh_token('owner-token')}&client_id=x"
    status, answer = await form(door, "/token", good)
    assert (status, answer["access_token"], answer["token_type"]) == (200, "owner-token", "Bearer")


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("grant_type=refresh_token&refresh_token=1//other", "invalid_grant"),
        ("grant_type=refresh_token", "invalid_grant"),
        ("grant_type=refresh_token&refresh_token=%FF", "invalid_grant"),
        ("grant_type=password", "unsupported_grant_type"),
        ("%", "unsupported_grant_type"),
        ("x=" + "y" * MIB, "invalid_request"),
    ],
)
async def test_other_logins_are_refused(door: Opened, text: str, error: str) -> None:
    status, answer = await form(door, "/token", text)
    assert status in {400, 413}
    assert answer["error"] == error


async def test_a_token_tells_whose_it_is(door: Opened) -> None:
    host = "openidconnect.googleapis.com"
    for token, email in (("owner-token", "ana@lagoon.example"), ("job-token", "job@lagoon.example")):
        header = f"Authorization: Bearer {token}\r\n"
        status, answer = await get(await door.through(host), "/v1/userinfo", host, header=header)
        assert (status, json.loads(answer)["email"]) == (200, email)
        status, answer = await get(await door.through(host), f"/tokeninfo?access_token={token}", host)
        assert (status, json.loads(answer)["email"]) == (200, email)
    status, _ = await get(await door.through(host), "/tokeninfo?access_token=x", host)
    assert status == 400
