"""Secrets are hidden however they are laid out, put back only where they were, and found in linear time."""

from __future__ import annotations

import re
import string
from collections.abc import Callable

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tui.domain.secret_layout import Layout
from tui.domain.secrets import (
    HIDDEN_SECRET,
    find_secrets,
    hide,
    hide_found,
    lines_with_secrets,
    literal_secret,
    mask_line,
    mask_tokens,
    placeholder,
    refill,
)
from tui.domain.spec.check import check

RANDOM = "xK9vQ2mZ8pL4wT7b"
OTHER = "hR3nB6yD1sF5gJ8c"
NAMES = ["HF_TOKEN", "WANDB_API_KEY", "DB_PASSWORD", "MY_SECRET", "AWS_SECRET_ACCESS_KEY", "EPOCHS"]
HEAD = """\
workerPoolSpecs:
- machineSpec: {machineType: n1-standard-4}
  replicaCount: 1
  containerSpec:
    imageUri: a
    env:
"""
SECRETS = st.one_of(
    st.from_regex(r"hf_[a-zA-Z0-9]{34}", fullmatch=True),
    st.from_regex(r"[0-9a-f]{40}", fullmatch=True),
    st.text(f"{string.ascii_letters}{string.digits}+/=_.~-", min_size=16, max_size=60),
    st.text(f"{string.ascii_letters}{string.digits}!%&*?,;:@#+-_|\\~^/", min_size=8, max_size=30),
)
INDENT = "    "


@st.composite
def in_double_quotes(draw: st.DrawFn, value: str) -> str:
    """With some characters escaped, and some line ends that YAML leaves out."""
    ways: list[Callable[[str], str]] = [
        lambda char: char,
        lambda char: char,
        lambda char: f"\\x{ord(char):02x}",
        lambda char: f"\\u{ord(char):04x}",
        lambda char: f"\\\n{INDENT * 3}{char}",
    ]
    written = [f"\\{char}" if char in '"\\' else draw(st.sampled_from(ways))(char) for char in value]
    return f'"{"".join(written)}"'


@st.composite
def scalars(draw: st.DrawFn, value: str, *, flow: bool = False) -> str:
    style = draw(st.sampled_from(["plain", "single", "double"] + ([] if flow else ["|", ">"])))
    if style == "plain":
        return value
    if style == "single":
        return "'" + value.replace("'", "''") + "'"
    if style == "double":
        return draw(in_double_quotes(value))
    chomping, comment = draw(st.sampled_from(["", "-", "+"])), draw(st.sampled_from(["", " # c"]))
    blank = "\n" * draw(st.integers(0, 2))
    return f"{style}{chomping}{comment}\n{blank}{INDENT * 2}{value}"


PROPERTIES = st.lists(
    st.sampled_from(["&k", "!!str", "!", "!<tag:yaml.org,2002:str>"]),
    max_size=2,
    unique_by=lambda item: item[0],
).map(lambda found: "".join(f"{item} " for item in found))
SPACES = st.sampled_from([" ", "  ", "\t", f"\n{INDENT * 2}", f" # c\n{INDENT * 2}", f"\n\n{INDENT * 2}"])
GAPS = st.lists(st.sampled_from(["\n", "# value: old\n", "      # a: b # c\n", "   \n"]), max_size=3).map(
    "".join
)


@st.composite
def entries(draw: st.DrawFn, name: str, value: str) -> str:
    """One environment variable, in any order, style and with anything between that YAML skips."""
    flow = draw(st.booleans())
    mark = draw(st.sampled_from(["", '"', "'"]))
    key, other = (draw(st.sampled_from(["{}", '"{}"', "'{}'", "{} "])) for _ in range(2))
    tail = draw(st.sampled_from(["", " # mine", "  "]))
    parts = [f"{key.format('name')}:{draw(SPACES)}{draw(PROPERTIES)}{mark}{name}{mark}"]
    written = draw(scalars(value, flow=flow))
    block = written[0] in "|>"
    before, after = (" ", "") if block else (draw(SPACES), tail)
    parts.append(f"{other.format('value')}:{before}{draw(PROPERTIES)}{written}")
    first, second = draw(st.permutations(parts))
    if flow:
        joint = draw(st.sampled_from([", ", ",\n      ", ", # c\n      # d\n      ", "\n\n      , "]))
        return f"{INDENT}- {{{first}{joint}{second} }}\n"
    gap = draw(GAPS)
    return f"{INDENT}- {first}{'' if first == parts[1] else after}\n{gap}{INDENT}  {second}\n{draw(GAPS)}"


@st.composite
def env_lists(draw: st.DrawFn) -> str:
    variables = st.tuples(st.sampled_from(NAMES), SECRETS)
    drawn = draw(st.lists(variables, min_size=1, max_size=3, unique_by=lambda item: item[1][:8]))
    return HEAD + "".join(draw(entries(name, value)) for name, value in drawn)


def variables(text: str) -> list[tuple[str, str]]:
    """Name and value of each variable, as YAML reads them; none of a text that it cannot read."""
    try:
        env = yaml.safe_load(text)["workerPoolSpecs"][0]["containerSpec"]["env"]
    except (yaml.YAMLError, ValueError, TypeError, KeyError):
        return []
    entries = [item for item in env if isinstance(item, dict)] if isinstance(env, list) else []
    return [(str(item.get("name")), str(item.get("value"))) for item in entries]


@given(env_lists())
def test_no_layout_keeps_a_secret_from_being_hidden(text: str) -> None:
    found = [value.strip() for name, value in variables(text) if literal_secret(name, value)]
    hidden = hide_found(text)
    assert not [value for value in found if value in hidden]
    assert not set(found) & {value.strip() for _, value in variables(hidden)}
    assert find_secrets(hidden) == []
    assert hide_found(hidden) == hidden


@pytest.mark.parametrize(
    "text",
    [
        "- name: API_TOKEN\n  value: &k {}",
        "- name: API_TOKEN\n  value: !!str {}",
        "- name: API_TOKEN\n  value: !!str '{}'",
        "- name: API_TOKEN\n  # one\n  # two\n\n  value: {}",
        "- value: {}\n  # one\n  # two\n\n  name: API_TOKEN",
        "- ? name\n  : API_TOKEN\n  ? value\n  : {}",
        "# - name: API_TOKEN\n#   value: {}",
        "- name: API_TOKEN\n  # value: {}\n  value: ${{API_TOKEN}}",
        "x: &k {}\nenv:\n- name: API_TOKEN\n  value: *k",
        "- name: &n API_TOKEN\n  value: a\n- name: *n\n  value: {}",
        "- name: API_TOKEN # " + "c" * 5000 + "\n  value: {}",
        "- --api-token # one\n# two\n- &k {}",
        "run --api-token \\\n  {}",
        "API_TOKEN: !!str {}",
    ],
)
def test_what_stands_between_a_name_and_its_secret_does_not_matter(text: str) -> None:
    assert RANDOM not in hide_found(text.format(RANDOM))


def test_a_value_belongs_to_the_name_of_its_own_mapping() -> None:
    text = f"- name: RUN\n  value: {RANDOM}\n- name: HF_TOKEN\n  value: a\n- value: {RANDOM}\n  name: RUN\n"
    assert find_secrets(text) == []
    assert [item.names for item in Layout(text).variables()] == [("RUN",), ("HF_TOKEN",), ("RUN",)]


def test_one_line_hides_a_value_whose_name_is_out_of_sight() -> None:
    assert RANDOM not in mask_line(f"  value: {RANDOM}", "  # two")
    assert RANDOM not in mask_line(f"- value: {RANDOM}")
    assert RANDOM not in mask_line(f"    {RANDOM}", "  value: |")
    assert mask_line(f"  value: {RANDOM}", "- name: RUN").endswith(RANDOM)


# Putting back

KEPT = f"""\
{HEAD}    - name: HF_TOKEN
      value: {RANDOM}
    - {{name: A_TOKEN, value: {OTHER}}}
    - value: |
        hunter2!x
      name: DB_PASSWORD
    args:
    - --api-key
    - {RANDOM[::-1]}
    - |
      export B_TOKEN={OTHER[::-1]}
      curl -H "Authorization: Bearer {RANDOM}{OTHER}" x
"""
OWNERS = {RANDOM: "HF_TOKEN", OTHER: "A_TOKEN", "hunter2!x": "DB_PASSWORD"}


def test_every_secret_comes_back_where_nothing_has_changed() -> None:
    kept = hide_found(KEPT)
    assert kept.count(HIDDEN_SECRET) == 6
    assert refill(kept, KEPT) == KEPT
    edited = kept.replace("replicaCount: 1", "replicaCount: 2").replace(
        "    env:\n", "    env:\n    # mine\n"
    )
    back = KEPT.replace("replicaCount: 1", "replicaCount: 2").replace("    env:\n", "    env:\n    # mine\n")
    assert refill(edited, KEPT) == back


def test_a_renamed_variable_keeps_its_placeholder_and_the_check_names_it() -> None:
    back = refill(hide_found(KEPT).replace("HF_TOKEN", "MY_TOKEN"), KEPT)
    assert f"name: MY_TOKEN\n      value: {HIDDEN_SECRET}" in back
    assert OTHER in back
    assert [item.code for item in check(back).errors if item.line == 8] == ["placeholder"]


def test_two_secrets_of_one_name_are_not_guessed_at() -> None:
    text = f"- name: A_TOKEN\n  value: {RANDOM}\n- name: A_TOKEN\n  value: {{}}\n"
    same, other = text.format(RANDOM), text.format(OTHER)
    assert refill(hide_found(same), same) == same
    assert refill(hide_found(other), other) == hide_found(other)


LINES = hide_found(KEPT).split("\n")
FIRST = len(HEAD.split("\n")) - 1


@given(
    st.lists(st.tuples(st.sampled_from(["move", "copy", "drop"]), st.integers(0), st.integers(0)), max_size=6)
)
def test_no_change_of_lines_puts_a_secret_under_another_name(changes: list[tuple[str, int, int]]) -> None:
    lines = LINES.copy()
    for kind, one, other in changes:
        source, target = (FIRST + number % (len(lines) - FIRST) for number in (one, other))
        line = lines[source] if kind == "copy" else lines.pop(source)
        if kind != "drop":
            lines.insert(target, line)
    back = refill("\n".join(lines), KEPT)
    for name, value in variables(back):
        assert OWNERS.get(value.strip(), name) in (name, name.split()[0])  # a name may go on in a moved line
    for secret, before in ((OTHER[::-1], "B_TOKEN="), (f"{RANDOM}{OTHER}", "Bearer ")):
        assert back.count(secret) == back.count(f"{before}{secret}")
    found = re.findall(rf"(.*\S.*)\n\s*- {RANDOM[::-1]}", back)
    assert {line.strip() for line in found} <= {"- --api-key"}


# Hostile texts

PIECES = [
    *("SECRET=", "pwd=", "key,", "--token ", "--token,x/", "token: # ", "token:\n# ", "token: !"),
    *("token: !a\n", "token:\n", "token: |\n", "token: | # ", 'token: "', "token: 'token: \"", "token:"),
    *('token: "\\x41', "name: ", "value:", "value: v12345678 ", "name: A_TOKEN value: x12345678 "),
    *("- {name: A_TOKEN, value: *k}\n", "&k ", "# name: ", "sk-1-", "-eyJ", "AKIA", "://a:", "Bearer "),
    *("-eyJaaaaaaaaaa.eyJaaaaaaaaaa ", f"{'-eyJ' * 900}.eyJbbbbbbbbbbbb ", "-----BEGIN PRIVATE KEY-----"),
    *("hf_aB3aB3aB3aB3aB3aB3aB3aB3 ", "DB_PASSWORD: hunter2!x ", f"A_TOKEN={RANDOM}", "token=AaaAaa1"),
    *("wandb login --a --a ", HIDDEN_SECRET, f"- name: A_TOKEN\n  value: {HIDDEN_SECRET}\n"),
]


@pytest.mark.parametrize("piece", PIECES)
def test_hostile_texts_are_read_once(piece: str) -> None:
    """What was quadratic in the length took from minutes to hours with these."""
    text = piece * (100_000 // len(piece))
    lines_with_secrets(text)
    mask_tokens(text)
    literal_secret("TOKEN", text)
    placeholder(text, whole=True)
    hide(text, [text[:3999] + "!", "a" * 4000 + "b"])
    assert len(mask_line(text)) == len(text)
    refill(hide_found(text), text)
