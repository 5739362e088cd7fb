"""The card of recorded-like cases: cause, replica, exit code, place in the code, confidence."""

from __future__ import annotations

import pytest

from tests.domain.diagnosis.many_cases import MANY_CASES
from tests.domain.diagnosis.python_cases import PYTHON_CASES
from tests.domain.diagnosis.service_cases import SERVICE_CASES
from tests.domain.diagnosis.told import Told
from tests.domain.diagnosis.tool_cases import TOOL_CASES
from tests.domain.diagnosis.trace_cases import TRACE_CASES
from tui.domain.diagnosis.diagnose import as_json, diagnose
from tui.domain.diagnosis.model import Action, Cause

CASES = (*PYTHON_CASES, *TRACE_CASES, *SERVICE_CASES, *TOOL_CASES, *MANY_CASES)


@pytest.mark.parametrize("told", CASES, ids=lambda told: told.name.replace(" ", "-"))
def test_a_case_gets_its_card(told: Told) -> None:
    card = diagnose(told.case)
    assert card.cause is told.cause, card
    if told.confidence is not None and card.cause is not Cause.NONE:
        assert card.confidence is told.confidence, card
    if told.replica is not None:
        assert card.replica == told.replica
    if told.code is not None:
        assert card.exit_code == told.code
    if told.frame is not None:
        assert card.frame is not None, card
        assert (card.frame.file, card.frame.line) == told.frame
    if told.exception is not None:
        assert card.exception == told.exception
    for words in told.summary:
        assert words in card.summary
    if told.quotes:
        assert told.quotes in card.evidence[0].text
    if told.check_id is not None:
        assert told.check_id in {step.check_id for step in card.steps}, card.steps
    assert tuple(each.cause for each in card.also) == told.also


@pytest.mark.parametrize("told", CASES, ids=lambda told: told.name.replace(" ", "-"))
def test_every_card_can_be_acted_on(told: Told) -> None:
    card = diagnose(told.case)
    if card.cause is Cause.NONE:
        assert card.healthy == (not card.also)
        return
    keys = {entry.key for entry in told.case.entries}
    assert card.steps
    assert card.summary.endswith((".", "”"))
    assert card.summary[:1].isupper()
    assert all(each.key in keys for each in card.evidence if each.key is not None)
    quoted = any(each.key is not None for each in card.evidence)
    for step in card.steps:
        assert step.words.endswith("."), step
        assert quoted or "quoted line" not in step.words
        if step.action is Action.OPEN_SPEC:
            assert step.spec_path[0] == "jobSpec"
        if step.action is Action.RERUN_AS:
            assert step.change in {"machine", "region", "spot", "standard", "args", "timeout"}
        assert (step.action is Action.SET_SECRET) == bool(step.secret)
    told_as = as_json(card)
    assert told_as["class"] == card.cause.value
    assert set(told_as) == {"class", "summary", "evidence", "next", "confidence"}


def test_there_are_enough_cases() -> None:
    assert len({(told.name, told.cause) for told in CASES}) == len(CASES)
    assert len(CASES) >= 45
    named = {told.cause for told in CASES} | {cause for told in CASES for cause in told.also}
    assert named == set(Cause)
