"""Rates, rules, names, what the way costs, and the command that fetches files home."""

from __future__ import annotations

import shlex
from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.domain.transfers.egress import egress_words, rate
from tui.domain.transfers.fetch import fetch_command
from tui.domain.transfers.overwrite import numbered
from tui.domain.transfers.rates import WINDOW, Rate
from tui.domain.transfers.uploadnames import free_object_name, object_name

GIB = 1024**3


def test_a_rate_is_that_of_the_last_seconds_and_falls_when_nothing_comes() -> None:
    speed = Rate()
    assert speed.per_second(0) == 0
    for step in range(41):
        speed.add(100, step / 10, files=1)
    assert 950 < speed.per_second(4.0) < 1050
    assert speed.left(1000, 10, 4.0) == pytest.approx(1.0, abs=0.1)
    assert speed.left(10, 100, 4.0) == pytest.approx(10.0, abs=1)  # many small files
    assert speed.per_second(4.0 + WINDOW / 2) < 600
    assert speed.per_second(4.0 + 2 * WINDOW) == 0
    assert speed.left(1000, 1, 4.0 + 2 * WINDOW) is None
    speed.reset()
    assert speed.per_second(30) == 0


@pytest.mark.parametrize(
    ("location", "region", "expected"),
    [
        ("EUROPE-WEST4", "", 0.12),
        ("EUROPE-WEST4", "europe-west4", 0.0),
        ("EU", "europe-west1", 0.0),
        ("EUROPE-WEST4", "europe-west1", 0.02),
        ("US-CENTRAL1", "europe-west4", 0.08),
        ("", "", 0.12),
    ],
)
def test_what_the_way_costs(location: str, region: str, expected: float) -> None:
    assert rate(location, region) == expected
    words = egress_words(4 * GIB, location, box_region=region)
    assert ("unverified" in words) == bool(expected)


def test_what_the_way_costs_in_words() -> None:
    assert "about $0.48 for 4.0 GiB from europe-west4" in egress_words(4 * GIB, "EUROPE-WEST4")
    assert "less than $0.01" in egress_words(10, "EUROPE-WEST4")
    assert "nothing is billed (local)" in egress_words(4 * GIB, "EUROPE-WEST4", local=True)


def test_the_command_names_the_server_that_the_user_reached() -> None:
    places = [PurePosixPath("/data/my runs/one")]
    assert fetch_command(places, {}, "kelp") == "scp -r 'kelp:/data/my runs/one' ."
    ssh = {"SSH_CONNECTION": "10.0.0.9 50022 10.0.0.5 2222", "USER": "ana"}
    assert fetch_command(places, ssh, "kelp") == "scp -r -P 2222 'ana@10.0.0.5:/data/my runs/one' ."
    six = {"SSH_CONNECTION": "fe80::1%eth0 50022 fe80::2%eth0 22"}
    assert fetch_command([PurePosixPath("/a")], six, "kelp") == "scp -r '[fe80::2]:/a' ."
    assert fetch_command(places, {"SSH_CONNECTION": "odd"}, "kelp").startswith("scp -r 'kelp:")


@given(st.text(min_size=1, max_size=30).filter(lambda text: "\0" not in text and "/" not in text))
def test_a_place_stays_one_word_of_the_command(name: str) -> None:
    words = shlex.split(fetch_command([PurePosixPath("/data") / f"x{name}"], {}, "kelp"))
    assert words == ["scp", "-r", f"kelp:/data/x{name}", "."]


@pytest.mark.parametrize(
    ("name", "expected"),
    [("model.pt", "model~2.pt"), (".env", ".env~2"), ("a", "a~2"), ("a.tar.gz", "a.tar~2.gz")],
)
def test_the_number_stands_before_the_suffix(name: str, expected: str) -> None:
    assert numbered(name, 2) == expected


@given(st.lists(st.text(max_size=8), min_size=1, max_size=4), st.sampled_from(["", "runs/", "é" * 500]))
def test_an_object_has_a_name_that_the_service_takes(parts: list[str], prefix: str) -> None:
    try:
        name = object_name(prefix, parts)
    except ValueError:
        assert (
            any("\n" in part or "\r" in part for part in parts)
            or len((prefix + "/".join(parts)).encode("utf-8", "replace")) > 1000
            or (prefix + "/".join(parts)) in {".", ".."}
        )
    else:
        assert name == prefix + "/".join(parts)
        assert len(name.encode()) <= 1024
        assert "\n" not in name


def test_bad_names_say_why() -> None:
    for parts, why in (
        (["a\nb"], "line break"),
        (["x" * 1025], "1,025"),
        (["\udcff"], "UTF-8"),
        ([".."], "so"),
    ):
        with pytest.raises(ValueError, match=why):
            object_name("", parts)
    assert free_object_name("runs/a.txt", {"runs/a.txt", "runs/a~2.txt"}) == "runs/a~3.txt"
