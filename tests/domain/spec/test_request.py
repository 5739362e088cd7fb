"""The request: exactly the message that Google's own proto reads, and no secret to be seen."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from google.cloud.aiplatform_v1 import CustomJob
from hypothesis import given
from hypothesis import strategies as st

from tui.domain.errors import CloudError
from tui.domain.spec.check import check
from tui.domain.spec.problems import START
from tui.domain.spec.references import (
    Reference,
    Source,
    UnresolvedError,
    Value,
    is_broken,
    missing,
    references_in,
    resolve,
    secret_values,
    substitute,
)
from tui.domain.spec.refusal import path_of, refused
from tui.domain.spec.request import build_request, gcloud_command, gcloud_notes, preview

DATA = Path(__file__).parents[2] / "data"
SECRET = "hf_" + "xY7" * 11

words = st.text("abcXYZ019 ${}-_.\n\"'\\é", max_size=12).filter(lambda word: word != "Y")
texts = st.lists(words, max_size=3)
envs: st.SearchStrategy[list[dict[str, str]]] = st.lists(
    st.builds(
        dict,
        name=st.from_regex(r"\A[A-Z][A-Z0-9_]{1,8}\Z").filter(lambda name: name not in {"NO", "ON"}),
        value=words.filter(lambda v: "$" not in v),
    ),
    max_size=3,
    unique_by=lambda variable: variable["name"],
)
containers = st.fixed_dictionaries(
    {"imageUri": st.just("python:3")}, optional={"command": texts, "args": texts, "env": envs}
)
machines = st.fixed_dictionaries(
    {"machineType": st.just("n1-standard-4")},
    optional={"acceleratorType": st.sampled_from(["NVIDIA_L4", 1, 5]), "acceleratorCount": st.integers(1, 8)},
)
pools = st.fixed_dictionaries(
    {"machineSpec": machines, "containerSpec": containers},
    optional={
        "replicaCount": st.sampled_from([1, "1"]),
        "diskSpec": st.fixed_dictionaries({"bootDiskSizeGb": st.integers(100, 64000)}),
    },
)
specs = st.fixed_dictionaries(
    {"workerPoolSpecs": st.lists(pools, min_size=1, max_size=2)},
    optional={
        "scheduling": st.fixed_dictionaries(
            {
                "timeout": st.integers(0, 604800).map(lambda n: f"{n}s"),
                "strategy": st.sampled_from(["SPOT", "STANDARD"]),
            }
        ),
        "enableWebAccess": st.booleans(),
        "serviceAccount": st.just("a@b.iam.gserviceaccount.com"),
        "reservedIpRanges": st.lists(st.just("range"), max_size=2),
    },
)


@given(specs, st.booleans())
def test_the_request_is_what_the_proto_reads_from_the_same_file(spec: dict[str, Any], flow: bool) -> None:  # noqa: FBT001
    text = yaml.safe_dump(spec, default_flow_style=flow, allow_unicode=True)
    ours = build_request(check(text), "name", {"k": "v"}, {})
    whole = {"displayName": "name", "jobSpec": spec, "labels": {"k": "v"}}
    assert CustomJob.from_json(json.dumps(ours)) == CustomJob.from_json(json.dumps(whole))


def test_the_tutorials_request_is_what_the_proto_reads() -> None:
    text = (DATA / "tutorial_job.yaml").read_text("utf-8")
    ours = build_request(check(text), "n", {}, {})
    theirs = CustomJob.from_json(json.dumps({"displayName": "n", "jobSpec": yaml.safe_load(text)}))
    assert CustomJob.from_json(json.dumps(ours)) == theirs


SPEC = """\
workerPoolSpecs:
  - machineSpec: {machineType: n1-standard-4}
    replicaCount: 1
    containerSpec:
      imageUri: python:3
      args: ['${HF_TOKEN} stays']
      env:
        - {name: HF_TOKEN, value: 'x${HF_TOKEN}x'}
        - {name: BUCKET_NAME, value: '${BUCKET_NAME}'}
        - {name: OTHER, value: '${OTHER:-a b}'}
        - {name: ESCAPED, value: '$${NAME} $HOME $(HF_TOKEN)'}
"""


def layers() -> dict[str, Value]:
    sources = (
        (Source.SECRETS, {"HF_TOKEN": SECRET, "EMPTY": ""}),
        (Source.ENVIRONMENT, {"HF_TOKEN": "other", "EMPTY": "set"}),
        (Source.SETTINGS, {"BUCKET_NAME": "bucket-1"}),
    )
    spec = check(SPEC)
    return resolve([*spec.references, Reference("EMPTY", None, START)], sources)


def test_references_are_filled_in_values_only_and_the_first_source_wins() -> None:
    values = layers()
    assert values["EMPTY"].text == "set"
    request = build_request(check(SPEC), "n", {}, values)
    container = request["jobSpec"]["workerPoolSpecs"][0]["containerSpec"]
    assert [variable["value"] for variable in container["env"]] == [
        f"x{SECRET}x",
        "bucket-1",
        "a b",
        "${NAME} $HOME $(HF_TOKEN)",
    ]
    assert container["args"] == ["${HF_TOKEN} stays"]
    assert secret_values(values) == (SECRET, "set")
    assert SECRET not in repr(values)


def test_nothing_unresolved_is_ever_made_into_a_request() -> None:
    spec = check(SPEC)
    assert missing(spec.references, {}) == ("HF_TOKEN", "BUCKET_NAME")
    with pytest.raises(UnresolvedError, match="HF_TOKEN"):
        build_request(spec, "n", {}, {})
    broken = check(SPEC.replace("'x${HF_TOKEN}x'", "'${HF_TOKEN'"))
    assert "bad-reference" in [item.code for item in broken.errors]
    with pytest.raises(UnresolvedError):
        build_request(broken, "n", {}, layers())


def test_the_preview_hides_secrets_and_names_what_is_missing() -> None:
    shown = preview(check(SPEC), "n", {}, layers())
    assert SECRET not in shown
    assert "(HF_TOKEN, hidden)" in shown
    assert "bucket-1" in shown
    assert "<HF_TOKEN: not set>" in preview(check(SPEC), "n", {}, {})
    literal = SPEC.replace("x${HF_TOKEN}x", SECRET)
    assert SECRET not in preview(check(literal), "n", {}, layers())


def test_the_same_for_gcloud() -> None:
    spec = check("labels: {a: b}\njobSpec:\n" + "".join(f"  {line}\n" for line in SPEC.splitlines()))
    command = gcloud_command(
        spec, file="my job.yaml", project="p", region="r", display_name="it's", labels={}
    )
    assert "--labels=a=b" in command
    assert "--config='my job.yaml'" in command
    assert len(gcloud_notes(spec)) == 2


@given(st.text("a${}:-AB ", max_size=20), st.text(max_size=5))
def test_what_is_filled_in_has_no_reference_left_but_escaped_ones(text: str, value: str) -> None:
    try:
        filled = substitute(text, lambda _: value)
    except UnresolvedError:
        assert is_broken(text)
        return
    names = references_in(text, START)
    if not names and "$${" not in text:
        assert filled == text
    escaped = text.replace("${", "$${")
    if "$${" not in text and "$$" not in escaped.replace("$${", ""):
        assert substitute(escaped, lambda _: None) == text


def test_a_refusal_finds_its_lines() -> None:
    spec = check(SPEC)
    by_field = CloudError(
        "No", violations=(("custom_job.job_spec.worker_pool_specs[0].replica_count", "bad"),)
    )
    assert [(item.line, item.message) for item in refused(by_field, spec)] == [(3, "bad")]
    listed = CloudError(
        "No",
        "List of found errors:\t1.Field: job_spec.worker_pool_specs[0].container_spec; Message: A."
        "\t2.Field: x; Message: B.",
    )
    assert [(item.line, item.message) for item in refused(listed, spec)] == [(4, "A."), (1, "B.")]
    by_value = CloudError("No", "Machine type n1-standard-4 is not supported.")
    assert [item.line for item in refused(by_value, spec)] == [2]
    assert path_of('custom_job.job_spec.labels["a"]') == ("jobSpec", "labels", "a")
