"""Writing `serviceAccount` into a spec: the same content plus the account, every other line untouched."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tui import assets
from tui.domain.spec.edit import set_service_account
from tui.domain.spec.problems import apply_fix
from tui.domain.spec.templates import CPU_JOB

ACCOUNT = "123456789012-compute@developer.gserviceaccount.com"
DATA = Path(__file__).parents[2] / "data"


def edited(text: str, account: str = ACCOUNT) -> str:
    fix = set_service_account(text, account)
    assert fix is not None, text
    return apply_fix(text, fix)


def loaded(text: str) -> Any:
    return yaml.safe_load(text)


def spec_in(content: Any) -> Any:
    return content.get("jobSpec", content.get("job_spec", content))


def untouched(before: str, after: str) -> bool:
    """Whether `after` is `before` with one line added, or with one run of lines replaced by one."""
    old, new = before.split("\n"), after.split("\n")
    head = next((n for n, pair in enumerate(zip(old, new, strict=False)) if pair[0] != pair[1]), len(old))
    rest = len(new) - head - 1
    return new[len(new) - rest :] == old[len(old) - rest :] if rest else True


PLAIN = """\
# my job
workerPoolSpecs:
  - replicaCount: 1   # one
    machineSpec: {machineType: n1-standard-4}
"""


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (PLAIN, PLAIN.replace("workerPool", f"serviceAccount: {ACCOUNT}\nworkerPool", 1)),
        ("serviceAccount: a@b.c  # me\nnetwork: n\n", f"serviceAccount: {ACCOUNT}  # me\nnetwork: n\n"),
        ("service_account: 'a@b.c'\nnetwork: n", f"service_account: '{ACCOUNT}'\nnetwork: n"),
        ('network: n\n"serviceAccount": "a@b.c"', f'network: n\n"serviceAccount": "{ACCOUNT}"'),
        ("serviceAccount:\nnetwork: n\n", f"serviceAccount: {ACCOUNT}\nnetwork: n\n"),
        ("serviceAccount:   # fill in\nnetwork: n\n", f"serviceAccount: {ACCOUNT}   # fill in\nnetwork: n\n"),
        ("serviceAccount: <YOUR_ACCOUNT>\n", f"serviceAccount: {ACCOUNT}\n"),
        (
            "serviceAccount: |-\n  a@b.c\n\n# x\nnetwork: n\n",
            f"serviceAccount: {ACCOUNT}\n\n# x\nnetwork: n\n",
        ),
        ("serviceAccount: >-\n  a@b.c", f"serviceAccount: {ACCOUNT}"),
        ("serviceAccount: null\n", f"serviceAccount: {ACCOUNT}\n"),
        ("serviceAccount: 17\n", f"serviceAccount: {ACCOUNT}\n"),
        ("jobSpec:\n    network: n\n", f"jobSpec:\n    serviceAccount: {ACCOUNT}\n    network: n\n"),
        ("job_spec: {}\n", f"job_spec: {{serviceAccount: {ACCOUNT}}}\n"),
        ("jobSpec: &s\n  network: n\n", f"jobSpec: &s\n  serviceAccount: {ACCOUNT}\n  network: n\n"),
        ("{network: n}", f"{{serviceAccount: {ACCOUNT}, network: n}}"),
        ('{\n  "network": "n"\n}\n', f'{{\n  "serviceAccount": "{ACCOUNT}", "network": "n"\n}}\n'),
        (
            "jobSpec: {serviceAccount: a@b.c, network: n}",
            f"jobSpec: {{serviceAccount: {ACCOUNT}, network: n}}",
        ),
        ("{serviceAccount: , network: n}", f"{{serviceAccount: {ACCOUNT}, network: n}}"),
        (
            "worker_pool_specs:\n- replica_count: 1\n",
            f"service_account: {ACCOUNT}\nworker_pool_specs:\n- replica_count: 1\n",
        ),
        (
            "network: &a a@b.c\nserviceAccount: *a # the same\n",
            f"network: &a a@b.c\nserviceAccount: {ACCOUNT} # the same\n",
        ),
    ],
)
def test_one_place_is_changed_in_every_way_of_writing(before: str, after: str) -> None:
    assert edited(before) == after
    assert edited(after) == after


@pytest.mark.parametrize(
    "text",
    [
        "",
        "- a\n",
        "a: [\n",
        "serviceAccount: [a]\n",
        "serviceAccount: a@b.c\nservice_account: a@b.c\n",
        "serviceAccount: &a a@b.c\nnetwork: *a\n",
        "x: &s {network: n}\njobSpec: *s\n",
        "jobSpec:\n",
        "? network\n: n\n",
        "network: n\x85labels: x\n",
    ],
)
def test_what_cannot_be_changed_safely_is_left_alone(text: str) -> None:
    assert set_service_account(text, ACCOUNT) is None


def test_nothing_is_to_do_where_the_account_is_named_already() -> None:
    fix = set_service_account(f"serviceAccount: {ACCOUNT}\n", ACCOUNT)
    assert fix is not None
    assert fix.edits == ()


@pytest.mark.parametrize("name", ["tutorial_job.yaml", "tiny-train", "template"])
def test_real_specs_keep_all_their_lines(name: str) -> None:
    example = assets.EXAMPLES / "tiny-train" / "vertex_job.yaml"
    places = {"tutorial_job.yaml": DATA / name, "tiny-train": example}
    text = places[name].read_text("utf-8") if name in places else CPU_JOB
    after = edited(text, "me@kelp-train.iam.gserviceaccount.com")
    assert loaded(after) == {**loaded(text), "serviceAccount": "me@kelp-train.iam.gserviceaccount.com"}
    assert untouched(text, after)


WORDS = st.text("ab:#-'\"{}[]&*!|> @\\é\U0001f600", max_size=8)
ACCOUNTS = st.one_of(
    st.just(ACCOUNT), st.sampled_from(["a@b", "x: y", "a\nb", '"', "é@b", "1e3@b", "*a", "~"])
)


@st.composite
def texts(draw: st.DrawFn) -> str:
    """Specs with and without the field, in block, flow and JSON style, bare or within a job."""
    container = {"imageUri": "python:3.11", "args": draw(st.lists(WORDS, max_size=3))}
    pool = {"replicaCount": 1, "containerSpec": container}
    spec: dict[str, Any] = {"workerPoolSpecs": [pool], "network": draw(WORDS)}
    if draw(st.booleans()):
        key = draw(st.sampled_from(["serviceAccount", "service_account"]))
        spec = dict(draw(st.permutations([*spec.items(), (key, draw(st.one_of(WORDS, st.none())))])))
    content = {"displayName": draw(WORDS), "jobSpec": spec} if draw(st.booleans()) else spec
    style = draw(st.sampled_from(["json", "lines", "flow", "mixed", "block"]))
    if style in ("json", "lines"):
        return json.dumps(content, indent=2 if style == "lines" else None, ensure_ascii=False)
    flow = {"flow": True, "mixed": None, "block": False}[style]
    width = draw(st.sampled_from([20, 200]))
    text: str = yaml.safe_dump(
        content, default_flow_style=flow, sort_keys=False, width=width, allow_unicode=draw(st.booleans())
    )
    return draw(st.sampled_from(["", "# why\n", "---\n"])) + text


@given(texts(), ACCOUNTS)
def test_the_content_is_the_same_plus_the_account(text: str, account: str) -> None:
    fix = set_service_account(text, account)
    assert fix is not None, text
    after = apply_fix(text, fix)
    wanted, got = loaded(text), loaded(after)
    for content in (wanted, got):
        spec_in(content).pop("service_account", None)
    keys = [key for key in ("serviceAccount", "service_account") if key in spec_in(loaded(after))]
    assert [spec_in(loaded(after))[key] for key in keys] == [account]
    spec_in(wanted).pop("serviceAccount", None)
    spec_in(got).pop("serviceAccount", None)
    assert got == wanted
    assert untouched(text, after)


@given(
    st.lists(
        st.sampled_from(
            ["serviceAccount", ": ", "a@b", "\n", "  ", "{", "}", "|-", "*a", "&a ", "x", "- ", "#", ","]
        )
    )
)
def test_any_mess_is_changed_rightly_or_not_at_all(parts: list[str]) -> None:
    text = "".join(parts)
    fix = set_service_account(text, ACCOUNT)
    if fix is not None:
        content = loaded(apply_fix(text, fix))
        assert content["serviceAccount"] == ACCOUNT
        before = loaded(text)
        assert {**before, "serviceAccount": ACCOUNT} == content
