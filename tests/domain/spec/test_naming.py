"""Names from a template: always valid, always telling."""

from __future__ import annotations

import re
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.domain.spec.naming import (
    DEFAULT_TEMPLATE,
    FIELDS,
    MAX_LENGTH,
    TEMPLATE_PATTERN,
    name_from,
    name_problem,
)

NOW = datetime(2026, 9, 11, 18, 40)  # noqa: DTZ001  # the user's own clock


@pytest.mark.parametrize(
    ("template", "name"),
    [
        (DEFAULT_TEMPLATE, "ana-gemma-lora-0911-1840"),
        ("{file}-{n}", "gemma-lora-3"),
        ("{date}/{user}", "2026-09-11/ana"),
        ("sweep", "sweep"),
        ("", "job-0911-1840"),
    ],
)
def test_the_fields_are_filled(template: str, name: str) -> None:
    assert name_from(template, user="ana", file="gemma lora", now=NOW, number=3) == name


@pytest.mark.parametrize(
    ("template", "file", "name"),
    [
        (DEFAULT_TEMPLATE, "ana-train-0910-1840", "ana-train-0911-1840"),
        (DEFAULT_TEMPLATE, "ana-ana-train-0909-0101-0910-1840", "ana-train-0911-1840"),
        (DEFAULT_TEMPLATE, "bob-train-0910-1840", "ana-bob-train-0910-1840-0911-1840"),
        (DEFAULT_TEMPLATE, "ana-0910-1840", "ana-ana-0910-1840-0911-1840"),
        ("{date}/{user} {file}", "2026-09-10-ana-train", "2026-09-11/ana train"),
        (
            "nightly {file} {n} at {time}",
            "nightly-big-train-7-at-0910-1840",
            "nightly big-train 3 at 0911-1840",
        ),
        ("{file}-{n}", "gemma-2", "gemma-2-3"),
        ("{file}-{user}", "train-ana", "train-ana-ana"),
    ],
)
def test_a_name_from_the_template_is_replaced_not_nested(template: str, file: str, name: str) -> None:
    assert name_from(template, user="ana", file=file, now=NOW, number=3) == name


def test_a_name_without_a_user_is_recognised_too() -> None:
    assert (
        name_from(DEFAULT_TEMPLATE, user="", file="train-0910-1840", now=NOW, number=1) == "train-0911-1840"
    )


@given(st.text(alphabet="ab0-_. ").map("a{}".format), st.text(alphabet="abz-."))
def test_names_do_not_grow_from_one_start_to_the_next(file: str, user: str) -> None:
    first = name_from(DEFAULT_TEMPLATE, user=user, file=file, now=NOW, number=1)
    again = name_from(DEFAULT_TEMPLATE, user=user, file=first, now=NOW, number=1)
    assert again == first or len(again) <= len(first)


def test_an_empty_part_leaves_no_gap() -> None:
    assert name_from(DEFAULT_TEMPLATE, user="", file="run", now=NOW, number=1) == "run-0911-1840"
    assert name_from(DEFAULT_TEMPLATE, user="ana", file="--", now=NOW, number=1) == "ana-0911-1840"


def test_a_long_file_name_is_cut_in_its_middle_and_the_time_stays() -> None:
    name = name_from(DEFAULT_TEMPLATE, user="ana", file="a" * 200, now=NOW, number=1)
    assert len(name) <= MAX_LENGTH
    assert name.startswith("ana-aaa")
    assert name.endswith("-0911-1840")


@given(
    st.text(), st.text(), st.lists(st.sampled_from([*("{" + name + "}" for name in FIELDS), "-", "x", " "]))
)
def test_every_name_is_valid(user: str, file: str, parts: list[str]) -> None:
    template = "".join(parts)
    assert not template or re.fullmatch(TEMPLATE_PATTERN, template)
    assert name_problem(name_from(template, user=user, file=file, now=NOW, number=1)) == ""


@pytest.mark.parametrize(("name", "words"), [(" ", "needs a name"), ("x" * 129, "129"), ("a\x1bb", "seen")])
def test_a_bad_name_is_explained(name: str, words: str) -> None:
    assert words in name_problem(name)


@pytest.mark.parametrize("template", ["{who}", "{user", "}", "a\nb"])
def test_a_template_with_something_else_in_braces_is_none(template: str) -> None:
    assert not re.fullmatch(TEMPLATE_PATTERN, template)
