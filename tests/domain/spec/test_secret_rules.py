"""Secrets in a spec: each told on its place, moved out by a fix that YAML reads as meant."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.domain.spec.check import check
from tui.domain.spec.problems import Problem, apply_fix
from tui.domain.spec.references import Source, UnresolvedError, Value
from tui.domain.spec.request import build_request, preview
from tui.domain.spec.secret_list import secret_rows

TOKEN = "hf_" + "aB3" * 12
HEAD = """\
workerPoolSpecs:
- machineSpec: {machineType: n1-standard-4}
  replicaCount: 1
  containerSpec:
    imageUri: a
"""


def found(text: str, code: str) -> list[Problem]:
    return [item for item in check(text).problems if item.code == code]


ENVS = [
    "    env:\n    - name: HF_TOKEN\n      value: {}\n",
    "    env:\n    - name: HF_TOKEN\n      value: '{}'\n",
    '    env:\n    - name: HF_TOKEN\n      value: "{}"  # mine\n',
    "    env: [{{name: HF_TOKEN, value: {}}}]\n",
    "    env:\n    - {{value: {}, name: HF_TOKEN}}\n",
    "    env:\n    - {{\n        name: HF_TOKEN,\n        value: {} # mine\n      }}\n",
    '    env: [{{"name": "HF_TOKEN", "value": "{}"}}]\n',
    "    env:\n    - name: HF_TOKEN\n      value: >-\n        {}\n    # end\n",
    "    env:\n    - name: HF_TOKEN\n      value: |\n        {}\n\n    command: [x]\n",
]


@pytest.mark.parametrize("env", ENVS)
@pytest.mark.parametrize(("value", "code"), [(TOKEN, "literal-secret"), ("<YOUR_HF_TOKEN>", "placeholder")])
def test_the_fix_writes_a_reference_in_every_style(env: str, value: str, code: str) -> None:
    text = HEAD + env.format(value)
    (problem,) = found(text, code)
    assert problem.fix is not None
    after = apply_fix(text, problem.fix)
    spec = check(after)
    assert not spec.errors
    assert [item.name for item in spec.references] == ["HF_TOKEN"]
    assert spec.job_spec["workerPoolSpecs"][0]["containerSpec"]["env"] == [
        {"name": "HF_TOKEN", "value": "${HF_TOKEN}"}
    ]
    assert value not in after
    assert ("# mine" in after, "# end" in after) == ("# mine" in text, "# end" in text)
    if code == "literal-secret":
        assert problem.fix.secret is not None
        assert problem.fix.secret[1].strip() == TOKEN
        assert TOKEN not in repr(problem)


@pytest.mark.parametrize(
    ("command", "line"),
    [
        (f"    args: ['--token={TOKEN}']\n", 6),
        (f"    args:\n    - |\n      set -e\n      export HF_TOKEN={TOKEN}\n", 9),
        ("    args: [--api-key, xK9vQ2mZ8pL4wT7b]\n", 6),
        (f"    command: [bash, -c, 'wandb login {'0123456789abcdef' * 2}01234567']\n", 6),
        ("    args: [clone, 'https://ana:s3cretpw@host/x']\n", 6),
    ],
)
def test_secrets_in_commands_are_told_on_their_line(command: str, line: int) -> None:
    (problem,) = found(HEAD + command, "literal-secret")
    assert problem.line == line
    assert "$NAME" in problem.message


def test_that_values_are_stored_is_said_once_and_only_with_references() -> None:
    text = HEAD + "    env:\n" + "".join(f"    - {{name: A{n}, value: '${{A{n}}}'}}\n" for n in range(6))
    (problem,) = found(text, "env-stored")
    assert "A0, A1, A2, A3 and 2 more" in problem.message
    assert not found(HEAD + "    env: [{name: B, value: '${BUCKET_NAME}'}]\n", "env-stored")


NAMES = st.sampled_from(["A", "B_2", "HF_TOKEN"])


@given(
    st.lists(st.one_of(st.text("${}A:-B ", max_size=8), NAMES.map(lambda name: f"${{{name}}}")), max_size=5)
)
def test_nothing_unresolved_is_sent(parts: list[str]) -> None:
    text = HEAD + f"    env: [{{name: X, value: {json.dumps(''.join(parts))}}}]\n"
    spec = check(text)
    try:
        request = build_request(spec, "n", {}, {"A": Value("alpha", Source.SECRETS)})
    except UnresolvedError:
        return
    sent = request["jobSpec"]["workerPoolSpecs"][0]["containerSpec"]["env"][0].get("value", "")
    escapes = "".join(parts).count("$${")
    assert sent.count("${") <= escapes
    assert "alpha" not in preview(spec, "n", {}, {"A": Value("alpha", Source.SECRETS)})


def test_the_escape_sends_the_characters_themselves() -> None:
    spec = check(HEAD + "    env: [{name: X, value: 'a$${HOME}b'}]\n")
    assert not spec.errors
    request = build_request(spec, "n", {}, {})
    env = request["jobSpec"]["workerPoolSpecs"][0]["containerSpec"]["env"]
    assert env == [{"name": "X", "value": "a${HOME}b"}]


def test_the_list_names_places_and_states_without_values() -> None:
    text = HEAD + "    env:\n    - {name: A, value: '${B}${C:-x}'}\n    - {name: D, value: '${B}${E}'}\n"
    rows = secret_rows(check(text).references, {"Z", "B"}, {"E": "environment"})
    assert [(row.name, row.state, row.used) for row in rows] == [
        ("B", "set", "lines 7, 8"),
        ("C", "has a default", "line 7"),
        ("E", "from the environment", "line 8"),
        ("Z", "set", "not used in this spec"),
    ]


TUTORIAL = """\
    env:
    - name: HF_TOKEN
      value: <YOUR_HF_TOKEN>
    - {name: WANDB_API_KEY, value: <YOUR_WANDB_API_KEY>}
    - {name: WANDB_PROJECT, value: <YOUR_WANDB_PROJECT>}
    - {name: Z_TOKEN, value: '${Z_TOKEN}'}
"""


def test_the_list_names_placeholders_of_secrets_and_what_writes_their_names() -> None:
    spec = check(HEAD + TUTORIAL)
    rows = secret_rows(spec.references, {"HF_TOKEN"}, {}, spec.problems)
    assert [(row.name, row.state, row.used, row.stored, row.missing) for row in rows] == [
        ("HF_TOKEN", "placeholder in the file", "line 8", True, True),
        ("WANDB_API_KEY", "placeholder in the file", "line 9", False, True),
        ("Z_TOKEN", "missing", "line 11", False, True),
    ]
    text = apply_fix(apply_fix(HEAD + TUTORIAL, rows[0].fixes[0]), rows[1].fixes[0])
    assert [item.name for item in check(text).references] == ["HF_TOKEN", "WANDB_API_KEY", "Z_TOKEN"]


def test_a_value_with_many_aliases_is_looked_at_once() -> None:
    one = f"    env:\n    - &e {{name: HF_TOKEN, value: {TOKEN}{' ' * 200_000}}}\n"
    assert len(found(HEAD + one + "    - *e\n" * 2000, "literal-secret")) == 1
    script = f"    args:\n    - &e '{'token=a ' * 20_000}{TOKEN}'\n"
    assert len(found(HEAD + script + "    - *e\n" * 100, "literal-secret")) == 1
