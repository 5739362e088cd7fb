"""YAML with places: whatever the text, an answer and never a crash."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.domain.spec.check import check
from tui.domain.spec.document import MAX_CHARACTERS, parse
from tui.domain.spec.problems import Severity

BOMB = "a: &a [x, x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join([f'*{chr(97 + n)}'] * 9)}]\n" for n in range(20)
)
MERGE_BOMB = "l0: &l0 {k: v}\n" + "".join(
    f"l{n}: &l{n} {{<<: [{', '.join([f'*l{n - 1}'] * 9)}]}}\n" for n in range(1, 30)
)


@pytest.mark.parametrize(
    ("text", "place", "code"),
    [
        ("", (1, 1), "yaml-empty"),
        ("# only a comment\n", (1, 1), "yaml-empty"),
        ("a: 1\n---\nb: 2\n", (2, 1), "yaml-several-documents"),
        ("a:\n\t- x\n", (2, 1), "yaml-tab"),
        ("a: b\nc: \x00\n", (2, 4), "yaml-character"),
        ("a: \ud800", (1, 4), "yaml-character"),
        ("a: 'x\nb: y\n", (1, 4), "yaml-syntax"),
        ("[" * 10_000, (1, 101), "yaml-too-deep"),
        ("- " * 10_000, (1, 201), "yaml-too-deep"),
        ("a: &a [*a]", (1, 8), "yaml-alias"),
        ("a: [b:, c]", (1, 6), "yaml-syntax"),
        ("a: *nowhere", (1, 4), "yaml-alias"),
        ("a: !!python/object:os.system x", (1, 4), "yaml-tag"),
        ("a: 1\nb: 2\na: 3\n", (3, 1), "yaml-duplicate-key"),
        ("x" * (MAX_CHARACTERS + 1), (1, 1), "yaml-too-big"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text: str, place: tuple[int, int], code: str) -> None:
    problems = parse(text).problems
    assert (problems[0].place, problems[0].code, problems[0].severity) == (place, code, Severity.ERROR)


@pytest.mark.parametrize(
    "text",
    [
        f"{BOMB}workerPoolSpecs: *u\n",
        f"{MERGE_BOMB}workerPoolSpecs: [{{env: *l29}}]\n",
        f"jobSpec: {{}}\n{MERGE_BOMB}labels: *l29\n",
        "a: &a " + "{env: [" * 20 + "]}" * 20 + f"\nworkerPoolSpecs: [{', '.join(['*a'] * 60_000)}]\n",
    ],
    ids=["nested lists", "merge keys", "merged labels", "many aliases of a deep node"],
)
def test_alias_bombs_are_answered(text: str) -> None:
    assert check(text).errors


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a: b\n" * 1_000_000, "yaml-too-big"),
        ("{a: " * 10_000, "yaml-too-deep"),
        ("".join(" " * level + "a:\n" for level in range(1_500)), "yaml-too-deep"),
        ("workerPoolSpecs:\n" + "- machineSpec: {machineType: n1-stand}\n" * 5_000, "too-many-pools"),
        ("workerPoolSpecs:\n- replicaCount: " + "9" * 1_000_000, "wrong-type"),
        ("workerPoolSpecs:\n- replicaCount: 1" + ":59" * 100_000, "wrong-type"),
        ("workerPoolSpecs:\n- replicaCount: 1.0e+300", "out-of-range"),
        ("workerPoolSpecs:\n- replicaCount: .inf", "wrong-type"),
        ("scheduling: {timeout: " + "9" * 100_000 + "s}", "bad-duration"),
        ("scheduling: {strategy: " + "A" * 500_000 + "}", "bad-enum"),
        ("workerPoolSpecs: [{machineSpec: {machineType: " + "a" * 500_000 + "}}]", "unknown-machine"),
        ("workerPoolSpecs: [{containerSpec: {imageUri: " + "a_" * 1_000 + "A}}]", "bad-image"),
        ('{"workerPoolSpecs": "' + "\\ud83d\\ude00" * 9_000 + '"}', "wrong-type"),
        ('{"workerPoolSpecs": "\\ud83d\\ude00 \\ud83d"}', "yaml-character"),
        ("a: !!python/object/apply:os.system [x]\n", "yaml-tag"),
        ("a: &a {<<: x}\n", "yaml-merge"),
        ("a: {<<: [x]}\n", "yaml-merge"),
        ("\ufeffa: b\r\nc: \x00\r\n", "yaml-character"),
    ],
)
def test_huge_and_hostile_texts_are_answered(text: str, code: str) -> None:
    assert code in {item.code for item in check(text, region="us-central-1").errors}


def test_characters_in_halves_are_put_together_as_json_means_them() -> None:
    root = parse('["\\ud83d\\ude00", "é"]').root
    assert root is not None
    assert root.items[0].text == "😀"  # type: ignore[union-attr]


def test_a_directive_for_yaml_1_2_is_obeyed() -> None:
    root = parse("%YAML 1.2\n---\n[yes, 010, 0o10, 1:30]").root
    assert root is not None
    assert [item.value for item in root.items] == ["yes", 10, 8, "1:30"]  # type: ignore[union-attr]


@given(st.text(max_size=300))
def test_any_text_is_answered(text: str) -> None:
    spec = check(text)
    lines = (
        text.count("\n") + text.count("\r") + text.count("\x85") + text.count("\u2028") + text.count("\u2029")
    )
    assert all(1 <= problem.line <= lines + 2 and problem.column >= 1 for problem in spec.problems)


MESS = (
    *("workerPoolSpecs:", "env:", "name: ", "value: ", "\n", "  ", "- ", "5", "yes", "1:30", "0b_", "\t"),
    *("${A}", "${", "&a ", "*a", "<<: ", "{", "}", "[", "]", ", ", "'", '"', "|", ">", "#", "!!int "),
    *("? ", "---", "2024-13-45"),
)


@given(st.lists(st.sampled_from(MESS), max_size=40).map("".join))
def test_any_mess_of_yaml_is_answered(text: str) -> None:
    check(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", True),
        ("010", 8),
        ("1:30", 90),
        ("0b_", "0b_"),
        ("2024-13-45", "2024-13-45"),
        ("1e3", 1000.0),
        ("y", True),
        ("0o10", "0o10"),
        ("~", None),
    ],
)
def test_scalars_are_read_as_yaml_1_1(text: str, value: object) -> None:
    root = parse(f"[{text}]").root
    assert root is not None
    assert root.items[0].value == value  # type: ignore[union-attr]
