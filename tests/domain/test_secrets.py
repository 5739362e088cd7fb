"""Secrets are recognised, hidden in every form, and kept texts never hold one."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.domain.secrets import (
    HIDDEN,
    HIDDEN_SECRET,
    find_secrets,
    hide,
    hide_found,
    literal_secret,
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
    kept = hide_found(original.replace("a:", "changed:"))
    assert kept.count(HIDDEN_SECRET) == 2
    assert placeholder(HIDDEN_SECRET, whole=False)
    assert refill(kept, original) == original.replace("a:", "changed:")
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
