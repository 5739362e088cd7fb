"""Writing settings: nothing else in the file changes, and nothing wrong gets in."""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.services.config_file import ConfigError, check_config
from tui.services.config_write import example, save
from tui.services.paths import find_paths, private_dir
from tui.services.settings import SETTINGS, Kind, Settings

ROOT = Path(__file__).parents[1]

HAND_WRITTEN = """\
# my settings
region   =  "europe-west4"   # near the data

[jobs]   # slow line
poll_seconds=10

[profiles.lab]
project = 'kelp-train'
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "config.toml"
    path.write_text(HAND_WRITTEN)
    return path


def test_only_the_value_changes(file: Path) -> None:
    save(file, "region", "asia-east1")
    assert file.read_text() == HAND_WRITTEN.replace('"europe-west4"', '"asia-east1"')
    save(file, "jobs.poll_seconds", "20")
    assert "poll_seconds=20.0\n" in file.read_text()
    assert file.stat().st_mode & 0o777 == 0o600
    assert list(file.parent.iterdir()) == [file]


@pytest.mark.parametrize("profile", ["", "lab", "new", "odd name.with.dots"])
@pytest.mark.parametrize(
    ("key", "text", "path", "value"),
    [
        ("bucket", "runs", ("bucket",), "runs"),
        ("jobs.idle_poll_seconds", "60", ("jobs", "idle_poll_seconds"), 60.0),
        ("logs.max_lines", "5000", ("logs", "max_lines"), 5000),
        ("ui.theme", "vertex-light", ("ui", "theme"), "vertex-light"),
        ("keys.jobs.cancel", "ctrl+x", ("keys", "jobs.cancel"), "ctrl+x"),
    ],
)
def test_new_keys_find_their_table(
    file: Path, profile: str, key: str, text: str, path: tuple[str, ...], value: object
) -> None:
    save(file, key, text, profile)
    found = tomllib.loads(file.read_text())
    for name in (*(("profiles", profile) if profile else ()), *path):
        found = found[name]
    assert found == value
    assert "# my settings\n" in file.read_text()
    assert "  # near the data\n" in file.read_text()


WRITES = st.sampled_from(
    [
        ("region", "us-east1", ("region",)),
        ("project", "kelp-train", ("project",)),
        ("bucket", "runs", ("bucket",)),
        ("keys.a.b", "x", ("keys", "a.b")),
        ("keys.c", "y", ("keys", "c")),
        ("ui.theme", "nord", ("ui", "theme")),
    ]
)


@given(st.lists(st.tuples(WRITES, st.sampled_from(["", "lab", "two"])), max_size=8))
def test_any_order_of_writes_ends_in_all_of_them(
    tmp_path_factory: pytest.TempPathFactory, writes: list[tuple[tuple[str, str, tuple[str, ...]], str]]
) -> None:
    path = tmp_path_factory.mktemp("config") / "config.toml"
    path.write_text(HAND_WRITTEN)
    expected = tomllib.loads(HAND_WRITTEN)
    for (key, text, where), profile in writes:
        save(path, key, text, profile)
        table = expected
        for name in (*(("profiles", profile) if profile else ()), *where[:-1]):
            table = table.setdefault(name, {})
        table[where[-1]] = text
    assert tomllib.loads(path.read_text()) == expected
    assert path.read_text().count("#") == HAND_WRITTEN.count("#")


def test_a_missing_file_and_folder_are_created_private(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "config.toml"
    save(path, "profile", "")
    assert path.read_text() == 'profile = ""\n'
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_a_link_to_the_file_stays_a_link(tmp_path: Path, file: Path) -> None:
    link = tmp_path / "link.toml"
    link.symlink_to(file)
    save(link, "region", "us-east1")
    assert link.is_symlink()
    assert '"us-east1"' in file.read_text()


@pytest.mark.parametrize(
    ("key", "text", "profile", "words"),
    [
        ("regoin", "us-east1", "", "regoin is not a key; did you mean region?"),
        ("poll_seconds", "1", "", "did you mean jobs.poll_seconds?"),
        ("jobs", "1", "", "jobs is not a key"),
        ("keys", "x", "", "keys is not a key"),
        ("region", "Mars", "", "region must be a region such as europe-west4"),
        ("jobs.poll_seconds", "soon", "", "jobs.poll_seconds must be a number, not 'soon'"),
        ("profile", "lab", "lab", "a profile cannot choose a profile"),
        ("profile", "nope", "", r"there is no \[profiles.nope\]; there are: lab|did you mean lab"),
    ],
)
def test_a_wrong_key_or_value_changes_nothing(
    file: Path, key: str, text: str, profile: str, words: str
) -> None:
    with pytest.raises(ConfigError, match=words):
        save(file, key, text, profile)
    assert file.read_text() == HAND_WRITTEN


def test_a_broken_file_is_left_alone(file: Path) -> None:
    file.write_text("region = \n")
    with pytest.raises(ConfigError, match=r"config.toml:1:10: this is not valid TOML"):
        save(file, "region", "us-east1")
    assert file.read_text() == "region = \n"


def test_the_example_file_is_what_the_code_says() -> None:
    assert (ROOT / "config.example.toml").read_text() == example()


def test_every_line_of_the_example_is_valid_and_the_default() -> None:
    text = re.sub(r"^#(?=\S)", "", example(), flags=re.MULTILINE)
    config = check_config(Path("config.example.toml"), text)
    assert set(config.profiles) == {"lab"}
    for setting in SETTINGS:
        if setting.kind is not Kind.TABLE:
            table = config.data
            for name in setting.path:
                table = table[name]
            assert table == Settings().get(setting.key), setting.key


def test_all_paths_lie_below_one_folder_if_asked(home: Path) -> None:
    paths = find_paths(os.environ)
    for path in (paths.config_file, paths.secrets_file, paths.local_dir, paths.journals_dir, paths.debug_log):
        assert path.is_relative_to(home)
    assert find_paths(os.environ, Path("x.toml")).config_file == Path.cwd() / "x.toml"


def test_a_private_folder_is_made_private(tmp_path: Path) -> None:
    wide = tmp_path / "wide"
    wide.mkdir(mode=0o755)
    assert private_dir(wide).stat().st_mode & 0o777 == 0o700
    deep = private_dir(tmp_path / "one" / "two")
    assert deep.parent.stat().st_mode & 0o777 == 0o700


def test_without_our_variable_the_platform_decides(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    monkeypatch.delenv("VERTEX_TUI_HOME")
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    paths = find_paths(os.environ)
    assert all(path.is_relative_to(home) for path in (paths.config_file, paths.state_dir, paths.data_dir))
    assert paths.config_dir.name == "vertex-tui"
