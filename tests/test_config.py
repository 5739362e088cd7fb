"""Settings: their precedence, where each came from, and what is said about a wrong one."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path

import pytest

from tui.services.config import Configuration, load
from tui.services.config_file import ConfigError
from tui.services.paths import Paths, find_paths
from tui.services.settings import SETTINGS, Kind, Settings, Source, parse, problem

FILE = """\
project = "from-file"
region = "europe-west1"

[jobs]
poll_seconds = 7

[profiles.lab]
project = "from-lab"
[profiles.lab.jobs]
idle_poll_seconds = 9.5
"""


@pytest.fixture
def paths(home: Path) -> Paths:
    found = find_paths(os.environ)
    assert found.config_file.is_relative_to(home)
    found.config_dir.mkdir(parents=True)
    return found


def gcloud(home: Path, text: str, name: str = "default", active: str | None = None) -> None:
    folder = home / "gcloud" / "configurations"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"config_{name}").write_text(text)
    (home / "gcloud" / "active_config").write_text(active or name)


def read(paths: Paths, environ: Mapping[str, str] | None = None, **more: str | None) -> Configuration:
    profile = more.pop("profile", None)
    return load(paths, {**os.environ, **(environ or {})}, more, profile=profile)


def test_without_anything_all_values_are_defaults(paths: Paths) -> None:
    configuration = read(paths)
    assert configuration.settings == Settings()
    assert {origin.source for origin in configuration.origins.values()} == {Source.DEFAULT}
    assert set(configuration.origins) == {"profile", *(setting.key for setting in SETTINGS)}


def test_each_place_goes_before_the_weaker_ones(paths: Paths, home: Path) -> None:
    def project(environ: Mapping[str, str] | None = None, **more: str | None) -> tuple[str, str]:
        found = read(paths, environ, **more)
        return found.settings.project, str(found.origins["project"])

    gcloud(home, "[core]\nproject = from-gcloud\naccount = ana@lagoon.example\n[ai]\nregion = asia-east1\n")
    assert project() == ("from-gcloud", "gcloud configuration 'default' (core/project)")
    assert read(paths).settings.region == "asia-east1"
    assert read(paths).gcloud.account == "ana@lagoon.example"
    paths.config_file.write_text(FILE)
    shown = str(paths.config_file).replace(str(home), "~")
    assert project() == ("from-file", f"{shown}:1")
    assert project(profile="lab") == ("from-lab", f"{shown}:8 (profile lab)")
    variables = {"CLOUDSDK_CORE_PROJECT": "from-sdk"}
    assert project(variables, profile="lab") == ("from-sdk", "CLOUDSDK_CORE_PROJECT")
    variables["GOOGLE_CLOUD_PROJECT"] = "from-google"
    assert project(variables) == ("from-google", "GOOGLE_CLOUD_PROJECT")
    variables["VERTEX_TUI_PROJECT"] = "from-ours"
    assert project(variables) == ("from-ours", "VERTEX_TUI_PROJECT")
    assert project(variables, project="from-flag") == ("from-flag", "flag --project")


def test_a_profile_fills_in_only_what_it_says(paths: Paths) -> None:
    paths.config_file.write_text(f'profile = "lab"\n{FILE}')
    configuration = read(paths)
    assert configuration.profile == "lab"
    assert configuration.settings.project == "from-lab"
    assert configuration.settings.region == "europe-west1"
    assert configuration.settings.jobs_poll_seconds == 7.0
    assert isinstance(configuration.settings.jobs_poll_seconds, float)
    assert configuration.settings.jobs_idle_poll_seconds == 9.5
    assert read(paths, profile="").settings.project == "from-file"
    assert read(paths, {"VERTEX_TUI_PROFILE": "lab"}).origins["profile"].text == "VERTEX_TUI_PROFILE"


def test_empty_values_and_variables_count_as_not_set(paths: Paths) -> None:
    paths.config_file.write_text('project = ""\n[keys]\n')
    configuration = read(paths, {"GOOGLE_CLOUD_PROJECT": "", "CLOUDSDK_CORE_PROJECT": "kelp-train"})
    assert configuration.settings.project == "kelp-train"
    assert configuration.origins["keys"].source is Source.DEFAULT


def test_the_local_server_has_its_own_project(paths: Paths) -> None:
    environ = {**os.environ, "GOOGLE_CLOUD_PROJECT": "kelp-train", "CLOUDSDK_AI_REGION": "asia-east1"}
    paths.config_file.write_text(FILE)
    configuration = load(paths, environ, {}, local=True)
    assert configuration.settings.project == ""
    assert configuration.origins["project"].source is Source.LOCAL
    assert configuration.settings.region == "asia-east1"


def test_keys_are_a_table_of_strings(paths: Paths) -> None:
    paths.config_file.write_text('[keys]\n"jobs.cancel" = "x"\n')
    assert dict(read(paths).settings.keys) == {"jobs.cancel": "x"}


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ('regoin = "europe-west4"', "1:1", "regoin is not a key; did you mean region?"),
        ("\n[jobs]\npoll_secs = 3", "3:1", "jobs.poll_secs is not a key; did you mean poll_seconds?"),
        ("[jbos]\npoll_seconds = 3", "1:2", "jbos is not a key; did you mean jobs?"),
        (
            "[profiles.lab]\n\nprojekt = 'x'",
            "3:1",
            "profiles.lab.projekt is not a key; did you mean project?",
        ),
        ('"jobs.poll_seconds" = 3', "1:1", "leave out the quotes round jobs.poll_seconds"),
        ("jobs = 3", "1:1", "jobs must be a table: write [jobs]"),
        ("profiles = 3", "1:1", "profiles must be tables such as [profiles.lab]"),
        ("profiles.lab = 3", "1:10", "profiles.lab must be a table: write [profiles.lab]"),
        ("project = 3", "1:1", "project must be a string, not a whole number"),
        ("jobs.poll_seconds = true", "1:6", "jobs.poll_seconds must be a number, not true or false"),
        ("[logs]\nmax_lines = 1e9", "2:1", "logs.max_lines must be a whole number, not a number"),
        ("[jobs]\npoll_seconds = 0.5", "2:1", "jobs.poll_seconds must be at least 1, not 0.5"),
        ("[jobs]\npoll_seconds = nan", "2:1", "jobs.poll_seconds must be at least 1, not nan"),
        ("[jobs]\npoll_seconds = inf", "2:1", "jobs.poll_seconds must be finite"),
        ("region = 1979-05-27", "1:1", "region must be a string, not a date or time"),
        (
            "region = 'evil.example/'",
            "1:1",
            "region must be a region such as europe-west4, not 'evil.example/'",
        ),
        ("bucket = 'gs://runs'", "1:1", "bucket must be a bucket's name without gs://, not 'gs://runs'"),
        ("transport = 'http'", "1:1", "transport must be one of auto, grpc, rest, not 'http'"),
        (
            "[keys]\njobs.cancel = 'x'",
            "2:1",
            'keys.jobs must be a string; put quotes round a name with dots: "jobs.…"',
        ),
        ("profile = 'lub'\n[profiles.lab]", "1:1", "profile there is no [profiles.lub]; did you mean lab?"),
        ("project = 'a'\nproject = 'b'", "2:14", "this is not valid TOML: cannot overwrite a value"),
        ("project = 'a", "1:13", "this is not valid TOML: "),
        ("project = [\n", "2:1", "this is not valid TOML: invalid value at the end of the file"),
        ("x = " + "[" * 5000, "", "the file nests its values too deeply"),
    ],
)
def test_a_wrong_file_is_an_error_with_its_place(paths: Paths, text: str, place: str, words: str) -> None:
    paths.config_file.write_text(text)
    with pytest.raises(ConfigError) as caught:
        read(paths)
    message = str(caught.value)
    head = f"config.toml:{place}: " if place else "config.toml: "
    assert head in message
    assert words in message
    assert "\n" not in message


def test_bytes_that_are_not_utf8_are_an_error_with_their_place(paths: Paths) -> None:
    paths.config_file.write_bytes(b"# fine\nproject = 'caf\xe9'\n")
    with pytest.raises(ConfigError, match=r"config.toml:2:15: the file is not UTF-8 text"):
        read(paths)


def test_a_byte_order_mark_and_windows_line_ends_are_fine(paths: Paths) -> None:
    paths.config_file.write_bytes(b"\xef\xbb\xbfproject = 'kelp-train'\r\n[jobs]\r\npoll_seconds = 4\r\n")
    assert read(paths).settings == replace(Settings(), project="kelp-train", jobs_poll_seconds=4.0)


def test_a_folder_in_place_of_the_file_is_an_error(paths: Paths) -> None:
    paths.config_file.mkdir()
    with pytest.raises(ConfigError, match="this is a folder"):
        read(paths)


def test_a_file_that_cannot_be_read_is_an_error(paths: Paths) -> None:
    paths.config_file.write_text(FILE)
    below = replace(paths, config_file=paths.config_file / "config.toml")
    with pytest.raises(ConfigError, match="the file cannot be read: Not a directory"):
        read(below)


def test_a_file_that_the_user_named_must_exist(home: Path) -> None:
    environ = {**os.environ, "VERTEX_TUI_CONFIG": str(home / "other.toml")}
    with pytest.raises(ConfigError, match=r"other\.toml: there is no such file"):
        load(find_paths(environ), environ)


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        (
            {"VERTEX_TUI_JOBS_POLL_SECONDS": "often"},
            "VERTEX_TUI_JOBS_POLL_SECONDS: jobs.poll_seconds must be a number",
        ),
        ({"GOOGLE_CLOUD_PROJECT": "Kelp Train"}, "GOOGLE_CLOUD_PROJECT: project must be a project id"),
        ({"VERTEX_TUI_PROFILE": "lab"}, "VERTEX_TUI_PROFILE: there is no profile 'lab'; there are none"),
    ],
)
def test_a_wrong_variable_is_named(paths: Paths, variables: dict[str, str], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        read(paths, variables)


def test_gcloud_follows_its_own_choice_of_configuration(paths: Paths, home: Path) -> None:
    gcloud(home, "[core]\nproject = one\n[compute]\nregion = europe-north1\n")
    gcloud(home, "[core]\nproject = two%x\n", name="work", active="default")
    assert read(paths).settings.project == "one"
    assert read(paths).origins["region"].text == "gcloud configuration 'default' (compute/region)"
    with pytest.raises(ConfigError, match=r"gcloud configuration .work. .core/project.: project must be"):
        read(paths, {"CLOUDSDK_ACTIVE_CONFIG_NAME": "work"})
    assert read(paths, {"CLOUDSDK_ACTIVE_CONFIG_NAME": "NONE"}).settings.project == ""
    assert read(paths, {"CLOUDSDK_ACTIVE_CONFIG_NAME": "gone"}).settings.project == ""


def test_a_broken_gcloud_configuration_is_told_and_not_fatal(paths: Paths, home: Path) -> None:
    gcloud(home, "project = without a section\n")
    configuration = read(paths)
    assert configuration.gcloud.problem.startswith(
        "gcloud's configuration cannot be read: File contains no section"
    )
    assert configuration.settings.project == ""


def test_each_setting_is_declared_well() -> None:
    assert [setting.attribute for setting in SETTINGS] == [item.name for item in fields(Settings)]
    for setting in SETTINGS:
        assert setting.about.endswith(".")
        assert not problem(setting, setting.default)
        assert Settings().get(setting.key) == setting.default
        if setting.kind is not Kind.TABLE:
            assert parse(setting, str(setting.default)) == setting.default
