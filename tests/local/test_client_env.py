"""The changes to a shell's environment: what they are, and that they can be seen through and undone."""

from __future__ import annotations

import json
import stat
from collections.abc import Mapping
from pathlib import Path

import certifi
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.local import client_env, launcher
from tui.local.client_env import DISTURBING, changes
from tui.local.environ import BEFORE, Changes, apply, original, undo, undoable
from tui.local.front_door import upstream

REGION = "europe-west4"
CERTIFICATE = "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----"


@pytest.fixture
def record(tmp_path: Path) -> launcher.Record:
    """A server as it wrote itself down; it need not run."""
    (tmp_path / "owner.token").write_text("ya29.local-owner")
    return launcher.Record(
        pid=1,
        process_start="",
        version="",
        protocol=launcher.PROTOCOL,
        grpc_address="unix:/nowhere",
        http_url="http://127.0.0.1:8001",
        proxy_url="http://127.0.0.1:8002",
        project="local-project",
        project_number="123456789012",
        data_dir=str(tmp_path),
    )


def environment(record: launcher.Record, environ: Mapping[str, str]) -> dict[str, str]:
    """`environ` for the local server."""
    return apply(changes(record, REGION, environ), environ)


def test_the_two_ways_in(record: launcher.Record) -> None:
    env = environment(record, {"PATH": "/bin"})
    assert env["PATH"] == "/bin"
    assert env["STORAGE_EMULATOR_HOST"] == "http://127.0.0.1:8001"
    assert env["CLOUDSDK_API_ENDPOINT_OVERRIDES_AIPLATFORM"] == "http://127.0.0.1:8001/"
    assert {env[name] for name in ("HTTPS_PROXY", "https_proxy", "grpc_proxy")} == {"http://127.0.0.1:8002"}
    assert env["GOOGLE_CLOUD_PROJECT"] == env["CLOUDSDK_CORE_PROJECT"] == "local-project"
    assert env["GOOGLE_CLOUD_REGION"] == env["CLOUDSDK_AI_REGION"] == REGION


def test_what_the_variables_refer_to_is_private(record: launcher.Record) -> None:
    folder = Path(record.data_dir)
    env = environment(record, {})
    for name in ("CLOUDSDK_CONFIG", "GOOGLE_APPLICATION_CREDENTIALS", "BOTO_CONFIG", "SSL_CERT_FILE"):
        assert Path(env[name]).is_relative_to(folder)
        assert Path(env[name]).exists()
    for path in (path for name in ("clients", "front-door") for path in (folder / name).rglob("*")):
        assert not stat.S_IMODE(path.stat().st_mode) & 0o077


def test_the_login_is_of_no_use_elsewhere(record: launcher.Record) -> None:
    env = environment(record, {})
    login = json.loads(Path(env["GOOGLE_APPLICATION_CREDENTIALS"]).read_text())
    assert login["type"] == "authorized_user"
    assert login["quota_project_id"] == "local-project"
    assert "ya29.local-owner" not in login.values()


def test_the_certificates_are_added_to_those_in_use(record: launcher.Record, tmp_path: Path) -> None:
    ours = (tmp_path / "front-door/authority.pem").read_text if environment(record, {}) else None
    assert ours
    bundle = Path(environment(record, {})["SSL_CERT_FILE"])
    assert ours().strip() in bundle.read_text()
    public = Path(certifi.where()).read_text()
    assert public[public.index("-----BEGIN") :].split("-----END")[0] in bundle.read_text()

    own = tmp_path / "company.pem"
    own.write_text(f"Our own:\n{CERTIFICATE.format('AAAA')}\n{CERTIFICATE.format('BBBB')}\n")
    folder = tmp_path / "more"
    folder.mkdir()
    (folder / "one.pem").write_text(CERTIFICATE.format("BBBB") + "\n" + CERTIFICATE.format("CCCC"))
    environment(record, {"SSL_CERT_FILE": str(own), "REQUESTS_CA_BUNDLE": str(folder)})
    text = bundle.read_text()
    assert [text.count(content) for content in ("AAAA\n", "BBBB\n", "CCCC\n")] == [1, 1, 1]
    assert text.count("BEGIN CERTIFICATE") == 4
    assert ours().strip() in text


def test_a_missing_file_of_certificates_is_said(record: launcher.Record) -> None:
    with pytest.raises(OSError, match=r"/nowhere/ca\.pem"):
        changes(record, REGION, {"CURL_CA_BUNDLE": "/nowhere/ca.pem"})


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", ""),
        ("intranet.example", "intranet.example,"),
        ("intranet.example, 10.0.0.0/8 ,.corp", "intranet.example,10.0.0.0/8,.corp,"),
        ("*", ""),
        (".googleapis.com,a.b", "a.b,"),
        ("*.googleapis.com,storage.googleapis.com:443,.com,googleapis.com", ""),
        ("notgoogleapis.com,localhost", "notgoogleapis.com,localhost,"),
    ],
)
def test_no_entry_leads_past_the_door(record: launcher.Record, before: str, after: str) -> None:
    for name in ("NO_PROXY", "no_proxy"):
        env = environment(record, {name: before})
        own = [host for host in after.split(",") if host]
        expected = ",".join(dict.fromkeys([*own, "127.0.0.1", "localhost", "::1"]))
        assert env["NO_PROXY"] == env["no_proxy"] == env["no_grpc_proxy"] == expected


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"])
def test_the_shell_s_own_proxy_becomes_the_server_s(record: launcher.Record, name: str) -> None:
    folder = Path(record.data_dir)
    env = environment(record, {name: "http://proxy.example:3128"})
    assert env["HTTPS_PROXY"] == record.proxy_url
    assert upstream.remembered(folder) == "http://proxy.example:3128"
    environment(record, env)
    assert upstream.remembered(folder) == "http://proxy.example:3128"
    environment(record, {})
    assert upstream.remembered(folder) == ""


def test_what_points_elsewhere_is_taken_away_and_comes_back(record: launcher.Record) -> None:
    before = dict.fromkeys(DISTURBING, "somewhere") | {"GOOGLE_CLOUD_QUOTA_PROJECT": "real"}
    env = environment(record, before)
    assert not set(DISTURBING) & set(env)
    assert env["GOOGLE_CLOUD_QUOTA_PROJECT"] == "local-project"
    assert original(env) == before


NAMES = st.sampled_from(
    ["HOME", "HTTPS_PROXY", "no_proxy", "CLOUDSDK_CONFIG", "GOOGLE_CLOUD_PROJECT", *DISTURBING[:3]]
)
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)


@given(before=st.dictionaries(NAMES, TEXTS), times=st.integers(1, 3))
def test_every_environment_comes_back(before: dict[str, str], times: int) -> None:
    env = before
    for _ in range(times):
        changed: Changes = {name: None if name in DISTURBING else "changed" for name in (*before, "MORE")}
        env = apply(undoable(changed, original(env)), env)
    assert env["MORE"] == "changed"
    assert original(env) == before


@pytest.mark.parametrize("kept", ["", "no json", "[]", "7", '{"HOME": 3}'])
def test_a_damaged_memory_does_no_more_harm(kept: str) -> None:
    assert set(original({"PATH": "/bin", BEFORE: kept})) == {"PATH"}


def test_nothing_is_undone_that_was_not_done() -> None:
    assert undo({"HTTPS_PROXY": "http://proxy.example"}) == {}


def test_where_users_are_unknown_the_addresses_carry_the_token(
    record: launcher.Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launcher, "tells_users", lambda: False)
    monkeypatch.setattr(client_env, "tells_users", lambda: False)
    env = environment(record, {})
    assert env["STORAGE_EMULATOR_HOST"] == "http://127.0.0.1:8001/_as/ya29.local-owner"
    assert env["HTTPS_PROXY"] == "http://local:ya29.local-owner@127.0.0.1:8002"
