"""What the box says of logins, from made-up homes."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.services.box import read_box
from tui.services.gcloud_config import GcloudConfig


def box_home(folder: Path, text: str = "[core]\naccount = ana@lagoon.example\nproject = kelp\n") -> Path:
    config = folder / ".config" / "gcloud"
    (config / "configurations").mkdir(parents=True)
    (config / "active_config").write_text("default")
    (config / "configurations" / "config_default").write_text(text)
    return config


def test_an_empty_box(tmp_path: Path) -> None:
    box = read_box({"HOME": str(tmp_path), "PATH": ""})
    assert (box.gcloud, box.gcloud_account, box.proxy, box.credentials_variable) == ("", "", "", "")
    assert not box.over_ssh
    assert box.default_file == "~/.config/gcloud/application_default_credentials.json"


def test_gcloud_and_its_configuration(tmp_path: Path) -> None:
    config = box_home(
        tmp_path,
        "[core]\naccount = ana@lagoon.example\nproject = kelp\n"
        "[auth]\nimpersonate_service_account = via@x.example, robot@x.example\n",
    )
    (config / "application_default_credentials.json").write_text("{}")
    program = tmp_path / "bin" / "gcloud"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    env = {"HOME": str(tmp_path), "PATH": str(program.parent), "SSH_TTY": "/dev/pts/1"}
    box = read_box(env)
    assert box.gcloud == str(program)
    assert box.gcloud_account == "ana@lagoon.example"
    assert box.gcloud_impersonates == "robot@x.example"
    assert box.over_ssh
    assert read_box({**env, "CLOUDSDK_CORE_ACCOUNT": "ben@lagoon.example"}).gcloud_account == (
        "ben@lagoon.example"
    )
    assert read_box(env, GcloudConfig()).gcloud_account == ""


def test_the_variable_is_shown_from_home(tmp_path: Path) -> None:
    env = {"HOME": str(tmp_path), "PATH": ""}
    inside = {**env, "GOOGLE_APPLICATION_CREDENTIALS": str(tmp_path / "key.json")}
    assert read_box(inside).credentials_variable == "~/key.json"
    assert read_box({**env, "GOOGLE_APPLICATION_CREDENTIALS": "/k.json"}).credentials_variable == "/k.json"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("http://proxy.example:3128", "http://proxy.example:3128"),
        ("proxy.example:3128", "http://proxy.example:3128"),
        ("http://ana:s3cret@proxy.example:3128/x?y#z", "http://ana@proxy.example:3128"),
        ("socks5://ana:s3cret@proxy.example", "socks5://ana@proxy.example"),
        ("http://proxy.example:port", "(an address that cannot be read)"),
    ],
)
def test_a_proxy_is_shown_without_its_password(tmp_path: Path, value: str, shown: str) -> None:
    assert read_box({"HOME": str(tmp_path), "PATH": "", "HTTPS_PROXY": value}).proxy == shown


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
def test_no_proxy_brings_the_reading_down(value: str) -> None:
    env = {"HOME": "/nowhere", "PATH": "", "HTTPS_PROXY": f"http://ana:s3cret@{value}"}
    assert "s3cret" not in read_box(env, GcloudConfig()).proxy
