"""Secrets are recognised, hidden in every form, and kept texts never hold one."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.domain.secrets import (
    HIDDEN,
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
from tui.domain.spec.highlight import spans
from tui.domain.spec.problems import START
from tui.domain.spec.references import references_in

TOKENS = [
    "hf_" + "aB3" * 12,
    "ghp_" + "aB3" * 12,
    "AIza" + "aB3_-" * 7,
    "sk-" + "aB3" * 12,
    "AKIA" + "ABCD2345" * 2,
    "wandb_v1_" + "aB3" * 12,
]


@pytest.mark.parametrize("token", TOKENS)
def test_tokens_are_found_anywhere(token: str) -> None:
    text = f"run --key={token} now"
    (finding,) = find_secrets(text)
    assert text[finding.start : finding.end] == token
    assert literal_secret("ANY", token)
    assert token not in hide_found(text)
    assert len(mask_tokens(text)) == len(text)
    assert token not in mask_tokens(text)


def test_values_under_telling_names_are_found() -> None:
    key = "0123456789abcdef0123456789abcdef01234567"
    assert literal_secret("WANDB_API_KEY", key) == "a Weights & Biases key"
    assert literal_secret("GIT_COMMIT", key) == ""
    assert key not in hide_found(f"env:\n  - name: WANDB_API_KEY\n    value: {key}\n")
    assert literal_secret("WANDB_PROJECT", "my-project-2024") == ""
    assert literal_secret("TOKENIZER_PATH", "gs://bucket/tokenizer") == ""
    assert literal_secret("API_TOKEN", "${API_TOKEN}") == ""


def test_kept_texts_get_their_secrets_back_from_the_file() -> None:
    original = f"a: {TOKENS[0]}\nb: {TOKENS[1]}\n"
    kept = hide_found(f"new: line\n{original}")
    assert kept.count(HIDDEN_SECRET) == 2
    assert placeholder(HIDDEN_SECRET, whole=False)
    assert refill(kept, original) == f"new: line\n{original}"
    assert refill(kept, "nothing here") == kept


@given(st.text(min_size=4, max_size=20).filter(lambda value: value not in HIDDEN), st.text(max_size=20))
def test_a_hidden_value_is_gone_in_every_form(value: str, around: str) -> None:
    value = f"Q{value}Q"
    text = f"{around}{value}{around}{json.dumps({'k': value})}"
    hidden = hide(text, [value, ""])
    assert value not in hidden
    assert json.dumps(value)[1:-1] not in hidden


def test_short_values_do_not_spoil_the_text() -> None:
    assert hide("a b c", ["a", ""]) == "a b c"


@pytest.mark.parametrize(
    ("text", "whole"), [("<YOUR_HF_TOKEN>", True), ("gs://<YOUR_BUCKET>/x", False), ("<x>", False)]
)
def test_placeholders(text: str, whole: bool) -> None:  # noqa: FBT001
    assert bool(placeholder(text, whole=whole)) == (text != "<x>")


@pytest.mark.parametrize(
    "piece",
    ["token", "token\n", "sk-", "hf_", "<YOUR ", "-----BEGIN ", "${A:-", "a ", "- ", '"', "\\"],
)
def test_hostile_texts_do_not_take_for_ever(piece: str) -> None:
    text = piece * (200_000 // len(piece))
    find_secrets(text)
    placeholder(text, whole=True)
    literal_secret("TOKEN", text)
    list(spans(text, in_block=False))
    references_in(text, START)
    check(text)


RANDOM = "xK9vQ2mZ8pL4wT7b"
HEX = "0123456789abcdef0123456789abcdef01234567"
LAYOUTS = [
    "API_TOKEN: {}",
    "API_TOKEN={}; run",
    "export MY_API_KEY='{}'",
    "--api-key {}",
    '["--api-key", "{}"]',
    "- --api-key\n- {}",
    "- name: MY_SECRET # mine\n  value: '{}'",
    "- value: {}\n  name: MY_SECRET",
    "{{name: MY_SECRET, value: {}}}",
    '{{"name": "MY_SECRET",\n "value": "{}"}}',
    "- name: MY_SECRET\n  value: >-\n    {}",
    "- name: MY_SECRET\n  value:\n    {}",
    "hfToken: {}",
    "set -e\\nexport A_TOKEN={}\\npython train.py",
    "A_TOKEN={};python x",
    "(A_TOKEN={}&&python x)",
    "curl -H 'X-Api-Key: {}'",
    "Authorization: Bearer {}",
    "https://ana:{}@host/x",
]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_random_value_is_found_however_it_is_written(layout: str) -> None:
    text = layout.format(RANDOM)
    (finding,) = find_secrets(text)
    assert text[finding.start : finding.end] == RANDOM
    assert RANDOM not in hide_found(text)
    lines = text.split("\n")
    shown = [mask_line(line, before) for before, line in zip(["", *lines], lines, strict=False)]
    assert [len(line) for line in shown] == [len(line) for line in lines]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "an AWS secret access key"),
        (f"wandb login --relogin {HEX}", "a Weights & Biases key"),
        ("xoxb-1234567890-abcdefghij", "a Slack token"),
        ("sk-ant-api03-" + "aB3-" * 10, "an API key"),
        ("sk-proj-" + "aB3_" * 10, "an API key"),
        ("glpat-" + "aB3-" * 6, "a GitLab token"),
        ("DB_PASSWORD: hunter2!x", "a password"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTYifQ.abcdefghijkl", "a signed token"),
        ("KAGGLE_KEY: 0123456789abcdef0123456789abcdef", "a secret"),
    ],
)
def test_kinds(text: str, kind: str) -> None:
    assert [finding.kind for finding in find_secrets(text)] == [kind]


BODY = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7" * 3


@pytest.mark.parametrize("between", ["\n", "\\n", "\n        "])
def test_the_whole_private_key_is_hidden(between: str) -> None:
    key = f"-----BEGIN PRIVATE KEY-----{between}{BODY}{between}{BODY}{between}-----END PRIVATE KEY-----"
    for text in (f"a: {key}\nb: c", f"a: {key.rpartition(between)[0]}\nb: c"):
        assert BODY not in hide_found(text)
        assert hide_found(text).endswith("\nb: c")
    assert lines_with_secrets(f"x: y\na: {key}\nb: c") == set(range(2, 3 + key.count("\n")))


@pytest.mark.parametrize(
    "text",
    [
        "tokenizer: meta-llama/Llama-3.1-8B-Instruct",
        "--tokenizer=google/gemma-2-2b-it",
        "MODEL_TOKENIZER: Qwen/Qwen2.5-0.5B-Instruct",
        "TOKEN_PATH: /run/secrets/hf_token_2024",
        "max_tokens: 123456789012345678",
        "HF_TOKEN_SECRET: projects/123456/secrets/hf-token-2024/versions/12",
        f"commit: {HEX}",
        "run: 123e4567-e89b-12d3-a456-426614174000",
        "image: x@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
        "sort_key: abcdef1234567890abc",
        "sk-learn-training-job-2024-run-number1",
        "token=os.environ.get('HF_TOKEN')",
        "access_token=$(gcloud auth print-access-token)",
        "TOKEN=${HF_TOKEN}",
        "password=os.environ['DB_PASSWORD']",
        "kmsKeyName: projects/kelp-train/locations/europe-west4/keyRings/ring1/cryptoKeys/key2024",
        "PASSWORD_FILE: /etc/pw1",
        "HF_HUB_ENABLE_HF_TRANSFER: '1'",
        "pip install git+https://github.com/a/b@v1.2.3",
        "--token $HF_TOKEN --model meta-llama/Llama-3.2-1B",
        "hf_hub_download('gpt2')",
        "gs://bucket/checkpoints/run-2024-07-31/step_1000",
        "GOOGLE_APPLICATION_CREDENTIALS=/workspace/keys/train-2024.json",
    ],
)
def test_what_only_looks_like_one_is_left_alone(text: str) -> None:
    assert find_secrets(text) == []


WORDS = st.lists(st.from_regex(r"[a-z]{2,9}|[0-9]{1,4}|v[0-9]|[0-9]{1,3}[bB]", fullmatch=True), min_size=1)


@given(st.sampled_from(["TOKEN", "MY_API_KEY", "client-secret"]), WORDS, st.sampled_from("/-_."))
def test_words_paths_and_models_are_no_secrets(name: str, words: list[str], joint: str) -> None:
    assert literal_secret(name, joint.join(words)) == ""


@given(
    st.uuids(),
    st.sampled_from(["RUN_ID", "COMMIT", "EXPERIMENT", "image"]),
    st.binary(min_size=32, max_size=32),
)
def test_ids_and_hashes_are_no_secrets(identity: object, name: str, digest: bytes) -> None:
    assert find_secrets(f"{name}: {identity}\n{name}: sha256:{digest.hex()}") == []


@given(st.text(max_size=200))
def test_any_text_is_survived_and_covered_once(text: str) -> None:
    found = find_secrets(text)
    assert all(one.end <= other.start for one, other in pairwise(found))
    for line in text.split("\n"):
        assert len(mask_line(line)) == len(line)


@pytest.mark.parametrize("text", ["", "x: y\n"])
def test_no_line_without_a_secret(text: str) -> None:
    assert lines_with_secrets(text) == frozenset()
