"""Whatever an object is called, its file lies inside the chosen folder and is nobody else's."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.domain.localpath import PART_BYTES, plan_paths, safe_path

NAMES = st.one_of(
    st.text(min_size=1, max_size=40),
    st.lists(
        st.sampled_from(["..", ".", "", "a", "A", "%2E", "..%2F", "\\", "\n", "a\u202eb", "a~2", "x" * 300]),
        min_size=1,
    ).map("/".join),
).filter(bool)


def assert_inside(path: PurePosixPath) -> None:
    assert not path.is_absolute()
    assert path.parts
    for part in path.parts:
        assert part not in {"", ".", ".."}
        assert "\\" not in part
        assert "\u202e" not in part
        assert all(character.isprintable() or ord(character) >= 0xA0 for character in part)
        assert len(part.encode()) <= 255
    assert len(str(path).encode()) <= 3_000


@given(NAMES)
def test_every_name_stays_inside(name: str) -> None:
    path = safe_path(name)
    assert_inside(path)
    folder = Path("/chosen/folder")
    assert (folder / path).is_relative_to(folder)


@given(st.lists(NAMES, unique=True, min_size=2, max_size=2))
def test_two_names_never_give_one_path(names: list[str]) -> None:
    assert safe_path(names[0]) != safe_path(names[1])


@given(st.lists(NAMES, unique=True, max_size=12), st.booleans())
def test_no_file_takes_another_ones_place(names: list[str], ignore_case: bool) -> None:  # noqa: FBT001
    plan = plan_paths(names, ignore_case=ignore_case)
    paths = [item.path for item in plan.names]
    keys = [str(path).casefold() if ignore_case else str(path) for path in paths]
    assert len(set(keys)) == len(names)
    for item in plan.names:
        assert_inside(item.path)
        assert item.path not in {parent for path in paths for parent in path.parents}


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("runs/a/metrics.json", "runs/a/metrics.json"),
        ("../../etc/passwd", "%2E%2E/%2E%2E/etc/passwd"),
        ("/etc/passwd", "%2F/etc/passwd"),
        ("a//b", "a/%2F/b"),
        ("a/./b", "a/%2E/b"),
        ("a\\b", "a%5Cb"),
        ("a\nb\x1b", "a%0Ab%1B"),
        ("100%", "100%"),
        ("a%2Fb", "a%252Fb"),
        ("Grüße 1.txt", "Grüße 1.txt"),
    ],
)
def test_examples(name: str, path: str) -> None:
    assert str(safe_path(name)) == path


def test_a_long_part_is_cut_and_stays_distinct() -> None:
    one, two = safe_path("x" * 400 + "1"), safe_path("x" * 400 + "2")
    assert one != two
    assert len(one.name.encode()) == PART_BYTES


def test_a_file_that_is_also_a_folder_gets_a_number() -> None:
    plan = plan_paths(["a", "a/b"])
    assert [str(item.path) for item in plan.names] == ["a~2", "a/b"]
    assert any("get a number" in note for note in plan.notes)


def test_case_collisions_are_said_and_on_such_a_disk_numbered() -> None:
    here = plan_paths(["Model", "model"])
    assert [str(item.path) for item in here.names] == ["Model", "model"]
    assert any("2 names differ only in case" in note for note in here.notes)
    elsewhere = plan_paths(["Model", "model"], ignore_case=True)
    assert [str(item.path) for item in elsewhere.names] == ["Model", "model~2"]


def test_changed_names_are_said_harmlessly() -> None:
    (note,) = plan_paths(["a\x1b[31m"]).notes
    assert "\x1b" not in note
    assert not plan_paths(["plain", "names/too"]).notes
