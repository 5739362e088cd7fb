"""The rows about the secrets of the open spec."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tui.domain.setup.assess import assess
from tui.domain.setup.facts import SetupFacts, TokenVerdict
from tui.domain.setup.model import Check, CheckState, Group, SetSecret, safe_fixes
from tui.domain.setup.needs import JobNeeds
from tui.domain.setup.secrets import HUGGING_FACE, WANDB, secret_checks, service_of

MODEL = "google/gemma-3-1b-it"
NEEDS = JobNeeds("job.yaml", references=("HF_TOKEN", "WANDB_API_KEY", "SHELF"), models=(MODEL,))
FACTS = SetupFacts(needs=NEEDS, secret_names=frozenset({"HF_TOKEN", "SHELF"}))
TROUBLE = "Others can read the secrets file: ~/secrets.toml has mode 0644. Run: chmod 600 ~/secrets.toml"


def rows(facts: SetupFacts) -> dict[str, Check]:
    return {check.id: check for check in secret_checks(facts)}


def test_one_row_for_each_name() -> None:
    found = rows(FACTS)
    assert list(found) == ["secrets.HF_TOKEN", "secrets.WANDB_API_KEY", "secrets.SHELF"]
    assert {check.group for check in found.values()} == {Group.SECRETS}
    assert [check.finding for check in found.values()] == ["set", "missing", "set"]
    assert [check.to_fix for check in found.values()] == [False, True, False]


def test_a_missing_one_is_asked_for_by_hand_only() -> None:
    missing = rows(FACTS)["secrets.WANDB_API_KEY"]
    assert missing.state is CheckState.WARNING
    assert missing.fixes == (SetSecret("WANDB_API_KEY"),)
    assert safe_fixes([missing]) == ()
    assert WANDB.tokens_page in missing.next_step
    assert missing.link == WANDB.tokens_page


def test_a_hugging_face_token_is_explained_with_the_models_page() -> None:
    token = rows(FACTS)["secrets.HF_TOKEN"]
    assert f"https://huggingface.co/{MODEL}" in token.why
    assert "licence" in token.why
    assert token.link == HUGGING_FACE.tokens_page
    assert (
        "https://huggingface.co/MODEL" in rows(replace(FACTS, needs=replace(NEEDS, models=())))[token.id].why
    )
    assert rows(replace(FACTS, local=True))[token.id].link == ""
    assert "licence" not in rows(FACTS)["secrets.SHELF"].why


@pytest.mark.parametrize(
    ("verdict", "state"),
    [
        (TokenVerdict(good=True, words="belongs to ana"), CheckState.OK),
        (TokenVerdict(good=False, words="no", next_step="Do this."), CheckState.FAILED),
        (TokenVerdict(good=False, words="not checked", told=False, next_step="Later."), CheckState.UNKNOWN),
    ],
)
def test_the_services_verdict(verdict: TokenVerdict, state: CheckState) -> None:
    row = rows(replace(FACTS, tokens={"HF_TOKEN": verdict}))["secrets.HF_TOKEN"]
    assert row.state is state
    assert row.finding == f"set · {verdict.words}"
    assert row.next_step == verdict.next_step
    assert row.to_fix is (state is CheckState.FAILED)
    assert bool(row.fixes) is (state is CheckState.FAILED)
    assert row.optional is (state is CheckState.UNKNOWN)  # what could not be asked blocks nothing


def test_a_verdict_leads_to_its_own_page_and_never_hides_that_the_value_is_gone() -> None:
    verdict = TokenVerdict(good=False, words="no access", link="https://huggingface.co/a/b", next_step="Go.")
    told = replace(FACTS, tokens={"HF_TOKEN": verdict})
    assert rows(told)["secrets.HF_TOKEN"].link == "https://huggingface.co/a/b"
    assert rows(replace(told, secret_names=frozenset()))["secrets.HF_TOKEN"].finding == "missing"


def test_trouble_with_the_file_is_told_once() -> None:
    facts = replace(FACTS, secret_names=frozenset({"SHELF"}), secret_trouble=TROUBLE)
    file, *names = secret_checks(facts)
    assert (file.id, file.state, file.optional) == ("secrets.file", CheckState.FAILED, False)
    assert file.finding == "Others can read the secrets file"
    assert file.next_step.endswith("Run: chmod 600 ~/secrets.toml")
    assert [check.finding for check in names] == [
        "waits for the secrets file",
        "waits for the secrets file",
        "set",
    ]
    assert not any(check.fixes for check in names)
    alone = secret_checks(SetupFacts(secret_trouble=TROUBLE))
    assert [(check.state, check.optional) for check in alone] == [
        (CheckState.WARNING, True),
        (CheckState.SKIPPED, True),
    ]


def test_without_a_spec_or_a_reference_one_row_says_so() -> None:
    (none,) = secret_checks(SetupFacts())
    assert (none.state, none.optional, none.finding) == (
        CheckState.SKIPPED,
        True,
        "no readable spec is open: press 2",
    )
    (empty,) = secret_checks(SetupFacts(needs=JobNeeds("job.yaml")))
    assert (empty.state, empty.optional) == (CheckState.OK, True)


def test_what_is_not_known_yet_neither_runs_nor_passes() -> None:
    found = secret_checks(replace(FACTS, secret_names=None))
    assert {check.state for check in found} == {CheckState.SKIPPED}
    assert not any(check.optional for check in found)


@pytest.mark.parametrize(
    ("name", "service"),
    [
        ("HF_TOKEN", HUGGING_FACE),
        ("HUGGING_FACE_HUB_TOKEN", HUGGING_FACE),
        ("HUGGINGFACE_API_KEY", HUGGING_FACE),
        ("TEAM_HF_TOKEN", HUGGING_FACE),
        ("WANDB_API_KEY", WANDB),
        ("HF_HOME", None),
        ("WANDB_PROJECT", None),
        ("SHELF_TOKEN", None),
        ("HFX_TOKEN", None),
    ],
)
def test_a_name_tells_its_service(name: str, service: object) -> None:
    assert service_of(name) is service


def test_titles_and_findings_fit_their_columns() -> None:
    for check in (*secret_checks(FACTS), *secret_checks(SetupFacts(secret_trouble=TROUBLE))):
        assert len(check.title) <= 22
        assert len(check.finding) <= 60
        assert "\n" not in check.finding


def test_the_rows_are_part_of_the_page() -> None:
    assert {"secrets.HF_TOKEN", "secrets.SHELF"} <= {check.id for check in assess(FACTS)}


def test_a_placeholder_is_named_with_the_way_out() -> None:
    needs = JobNeeds("job.yaml", placeholders=("HF_TOKEN", "WANDB_PROJECT"))
    row, other = secret_checks(SetupFacts(needs=needs, secret_names=frozenset()))
    assert (row.id, row.state) == ("secrets.HF_TOKEN", CheckState.FAILED)
    assert (other.id, other.state, other.fixes) == ("secrets.WANDB_PROJECT", CheckState.FAILED, ())
    assert "${HF_TOKEN}" in row.next_step
    assert row.fixes == (SetSecret("HF_TOKEN"),)
    row, _ = secret_checks(SetupFacts(needs=needs, secret_names=frozenset({"HF_TOKEN"})))
    assert row.fixes == ()
    assert "you have a value" in row.finding
