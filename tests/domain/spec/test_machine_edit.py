"""Another machine for a worker pool: only its own lines change, in whatever style."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.examples import examples
from tui.domain.catalog.choices import machines_to_choose
from tui.domain.catalog.quotas import Pool
from tui.domain.spec.check import check
from tui.domain.spec.machine_edit import pool_at, set_machine, written_pools
from tui.domain.spec.machine_text import FIELDS
from tui.domain.spec.problems import apply_fix

L4 = Pool("g2-standard-4", 1, "NVIDIA_L4", 1)
CPU = Pool("n2-standard-8", 1)
TPU = Pool("ct5lp-hightpu-4t", 1, tpu_topology="2x4")
CAMEL = dict(zip(FIELDS, FIELDS, strict=True))
SNAKE = dict(
    zip(FIELDS, ("machine_type", "accelerator_type", "accelerator_count", "tpu_topology"), strict=True)
)


def changed(text: str, position: int, chosen: Pool) -> str:
    fix = set_machine(text, position, chosen)
    assert fix is not None
    assert len(fix.edits) <= 1
    return apply_fix(text, fix)


def machine_of(text: str, position: int) -> dict[str, Any]:
    machine: dict[str, Any] = check(text).job_spec["workerPoolSpecs"][position].get("machineSpec", {})
    return machine


BLOCK = """\
# The job.
workerPoolSpecs:
  - machineSpec:  # the machine
      machineType: n1-standard-4  # small
      acceleratorType: "NVIDIA_TESLA_T4"  # old
      acceleratorCount: 2 # two
    replicaCount: 1
    containerSpec: {imageUri: a}
"""


def test_values_change_in_place_and_comments_stay() -> None:
    assert changed(BLOCK, 0, L4) == BLOCK.replace("n1-standard-4", "g2-standard-4").replace(
        "NVIDIA_TESLA_T4", "NVIDIA_L4"
    ).replace("Count: 2", "Count: 1")


def test_what_the_machine_has_not_goes_and_its_comment_stays() -> None:
    expected = (
        BLOCK.replace("n1-standard-4", "n2-standard-8")
        .replace('acceleratorType: "NVIDIA_TESLA_T4"  # old', "# old")
        .replace("acceleratorCount: 2 # two", "# two")
    )
    assert changed(BLOCK, 0, CPU) == expected


def test_a_line_that_is_nothing_else_goes_whole() -> None:
    text = (
        "workerPoolSpecs:\n- machine_spec:\n    machine_type: g2-standard-4\n"
        "    accelerator_type: NVIDIA_L4\n    accelerator_count: 1"
    )
    less = changed(text, 0, CPU)
    assert less == "workerPoolSpecs:\n- machine_spec:\n    machine_type: n2-standard-8"
    assert changed(less, 0, L4) == text
    assert changed(less, 0, TPU) == less.replace("n2-standard-8", "ct5lp-hightpu-4t\n    tpu_topology: 2x4")


def test_flow_style_and_json() -> None:
    flow = "workerPoolSpecs: [{machineSpec: {machineType: n2-standard-8}, replicaCount: 1}]\n"
    more = flow.replace("n2-standard-8", "g2-standard-4, acceleratorType: NVIDIA_L4, acceleratorCount: 1")
    assert changed(flow, 0, L4) == more
    assert changed(more, 0, CPU) == flow
    content = {"workerPoolSpecs": [{"machineSpec": {"machineType": "n2-standard-8"}, "replicaCount": 1}]}
    for indent in (None, 2):
        text = json.dumps(content, indent=indent)
        assert json.loads(changed(text, 0, L4))["workerPoolSpecs"][0]["machineSpec"] == {
            "machineType": "g2-standard-4",
            "acceleratorType": "NVIDIA_L4",
            "acceleratorCount": 1,
        }
        assert json.loads(changed(changed(text, 0, L4), 0, CPU)) == content


@pytest.mark.parametrize(
    "pool",
    [
        "- replicaCount: 1\n",
        "- {replicaCount: 1}\n",
        "- machineSpec:\n  replicaCount: 1\n",
        "- machineSpec: # none yet\n  replicaCount: 1\n",
        "- machineSpec: {}\n  replicaCount: 1\n",
        "- machineSpec: null\n  replicaCount: 1\n",
        "- machineSpec:\n    acceleratorCount: 1\n  replicaCount: 1\n",
        "- machineSpec: {acceleratorCount: 1}\n  replicaCount: 1\n",
        "- machineSpec: { # here\n    machineType: a, # b\n    acceleratorCount: 1 # c\n  }\n",
        "- machineSpec: {machineType: , acceleratorCount: 1}\n  replicaCount: 1\n",
        "- machineSpec:\n    machineType:\n    acceleratorType:   # one\n  replicaCount: 1\n",
        "- machineSpec: &m\n    machineType: a\n  replicaCount: 1\n",
        "  machineSpec:\n    machineType: a\n  replicaCount: 1\n",
        '- {"machineSpec": {"machineType": "a"}, "replicaCount": 1}\n',
    ],
)
@pytest.mark.parametrize("chosen", [L4, CPU, TPU])
def test_every_way_to_have_no_machine_yet(pool: str, chosen: Pool) -> None:
    text = f"workerPoolSpecs:\n{pool}serviceAccount: a@b\n"
    after = changed(text, 0, chosen)
    assert machine_of(after, 0).get("machineType") == chosen.machine_type
    assert machine_of(after, 0).get("acceleratorType", "") == chosen.accelerator_type
    assert after.endswith("serviceAccount: a@b\n")
    assert comments(after) == comments(text)
    assert set_machine(after, 0, chosen) is not None
    assert changed(after, 0, chosen) == after


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a: 'b",
        "- 1",
        "workerPoolSpecs:\n- machineSpec: *m\n",
        "m: &m {machineType: a}\nworkerPoolSpecs:\n- machineSpec: *m\n",
        "workerPoolSpecs:\n- machineSpec: {machineType: a, machine_type: b}\n",
        "workerPoolSpecs:\n- machineSpec: [a]\n",
        "workerPoolSpecs:\n- 1\n",
        "workerPoolSpecs: []\n",
    ],
)
def test_what_cannot_be_changed_on_its_own_stays(text: str) -> None:
    fix = set_machine(text, 0, L4)
    assert fix is None
    written_pools(text)


def test_a_merged_machine_gets_lines_of_its_own_or_stays() -> None:
    start = "x: &m {machineType: a2-highgpu-1g}\nworkerPoolSpecs:\n"
    text = f"{start}- machineSpec:\n    <<: *m\n    machineType: b\n"
    after = changed(text, 0, CPU)
    assert after == text.replace("machineType: b", "machineType: n2-standard-8")
    merged = text.replace("machineType: a2-highgpu-1g", "acceleratorCount: 1")
    assert set_machine(merged, 0, CPU) is None


def test_pools_and_the_one_on_a_line() -> None:
    text = (
        "workerPoolSpecs:\n- machineSpec: {machineType: n1-standard-4}\n  replicaCount: 1\n"
        "- machineSpec:\n    machineType: g2-standard-4\n"
        "    acceleratorType: NVIDIA_L4\n    acceleratorCount: 1\n"
        "  replicaCount: 3\n"
    )
    pools = written_pools(text)
    assert [(pool.first, pool.last, pool.words) for pool in pools] == [
        (2, 3, "1 × n1-standard-4"),
        (4, 9, "3 × g2-standard-4 + 1 × L4"),
    ]
    assert [pool_at(pools, line) for line in (1, 2, 3, 4, 8, 9, 99)] == [0, 0, 0, 1, 1, 1, 0]


def comments(text: str) -> list[str]:
    return sorted(line.split("#", 1)[1] for line in text.split("\n") if "#" in line)


@st.composite
def specs(draw: st.DrawFn) -> tuple[str, int]:
    """A spec with one to three pools, in a mixture of styles; and one of its pools."""
    names = draw(st.sampled_from((CAMEL, SNAKE)))
    snake = names is SNAKE
    pools = draw(st.lists(_pool(names, snake=snake), min_size=1, max_size=3))
    head = "worker_pool_specs" if snake else "workerPoolSpecs"
    text = f"# first\n{head}:  # pools\n" + "".join(pools) + "serviceAccount: 'a@b.c' # who\n"
    if draw(st.booleans()):
        text = "displayName: x\njobSpec:\n" + "".join(f"  {line}\n" for line in text.splitlines())
    return text if draw(st.booleans()) else text.rstrip("\n"), draw(st.integers(0, len(pools) - 1))


@st.composite
def _pool(draw: st.DrawFn, names: dict[str, str], *, snake: bool) -> str:
    old = draw(st.sampled_from(machines_to_choose()))
    quote = draw(st.sampled_from(("", '"', "'")))
    values = {
        names["machineType"]: f"{quote}{old.machine_type}{quote}",
        names["acceleratorType"]: f"{quote}{old.accelerator_type}{quote}" if old.accelerator_type else "",
        names["acceleratorCount"]: str(old.accelerator_count or ""),
        names["tpuTopology"]: f"{quote}{old.tpu_topology}{quote}" if old.tpu_topology else "",
    }
    fields = draw(st.permutations([(key, value) for key, value in values.items() if value]))
    comment = st.sampled_from(("", "  # note", " # two: {x}"))
    spec, image = ("machine_spec", "image_uri") if snake else ("machineSpec", "imageUri")
    task, count = ("container_spec", "replica_count") if snake else ("containerSpec", "replicaCount")
    style = draw(st.sampled_from(("block", "flow", "lines")))
    if style == "block":
        body = f"  - {spec}:{draw(comment)}\n" + "".join(
            f"      {key}: {value}{draw(comment)}\n" for key, value in fields
        )
    elif style == "flow":
        body = f"  - {spec}: {{{', '.join(f'{key}: {value}' for key, value in fields)}}}{draw(comment)}\n"
    else:
        last = draw(st.sampled_from(("", ",")))
        inner = [f"{key}: {value}," for key, value in fields[:-1]]
        inner += [f"{key}: {value}{last}" for key, value in fields[-1:]]
        body = f"  - {spec}: {{\n" + "".join(f"      {line}{draw(comment)}\n" for line in inner) + "      }\n"
    return f"{body}    {count}: {draw(st.integers(1, 3))}\n    {task}: {{{image}: python}}{draw(comment)}\n"


@examples(150)
@given(specs(), st.sampled_from(machines_to_choose()))
def test_only_the_pools_own_lines_change(written: tuple[str, int], chosen: Pool) -> None:
    text, position = written
    pools = written_pools(text)
    pool = pools[position]
    after = changed(text, position, chosen)
    machine = machine_of(after, position)
    assert machine["machineType"] == chosen.machine_type
    assert machine.get("acceleratorType", "") == chosen.accelerator_type
    assert machine.get("acceleratorCount", 0) == chosen.accelerator_count
    assert machine.get("tpuTopology", "") == chosen.tpu_topology
    before, now = text.split("\n"), after.split("\n")
    assert now[: pool.first - 1] == before[: pool.first - 1]
    end = pool.last if position + 1 < len(pools) else next(n for n, x in enumerate(before) if "serviceA" in x)
    rest = before[end:]
    assert now[len(now) - len(rest) :] == rest
    assert comments(after) == comments(text)
    old, new = dict(check(text).job_spec), dict(check(after).job_spec)
    for spec in (old, new):
        spec["workerPoolSpecs"] = [
            {**each, "machineSpec": None} if number == position else each
            for number, each in enumerate(spec["workerPoolSpecs"])
        ]
    assert old == new


@examples(80)
@given(specs(), st.sampled_from(machines_to_choose()))
def test_the_old_machine_can_be_had_back(written: tuple[str, int], chosen: Pool) -> None:
    text, position = written
    old = written_pools(text)[position].pool
    again = changed(changed(text, position, chosen), position, old)
    assert check(again).job == check(text).job


@examples(100)
@given(st.text("wm:-{}[],'\"&* \n#aT1", max_size=60), st.text("wm:-{}[],'\"&* \n#aT1", max_size=60))
def test_any_text_is_survived(before: str, after: str) -> None:
    text = f"{before}workerPoolSpecs:\n- machineSpec: {after}"
    if fix := set_machine(text, 0, L4):
        assert machine_of(apply_fix(text, fix), 0)["machineType"] == L4.machine_type
