"""The rules of faults: what makes sense, what is told, which one strikes."""

from __future__ import annotations

from typing import Any

import pytest

from tests.local.faulty import Faults, faults_of, server_of_faults
from tui.local.faults.book import FaultBook, Rule
from tui.local.faults.effects import CATALOGUE, OPTIONS, RuleError
from tui.local.launcher import LauncherError

server = pytest.fixture(scope="module")(server_of_faults)
faults = pytest.fixture(faults_of)


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({}, "kind is missing"),
        ({"kind": "cal"}, "pattern is missing"),
        ({"kind": "cal", "pattern": "*", "effect": "error"}, "unknown kind: 'cal'; did you mean call?"),
        ({"effect": "eror"}, "unknown effect for a call: 'eror'; did you mean error?"),
        ({"pattern": ""}, "the pattern is empty"),
        (
            {"pattern": "CreateCustmJob"},
            "no method that fits 'CreateCustmJob'; did you mean CreateCustomJob?",
        ),
        ({"pattern": 7}, "pattern cannot be 7"),
        ({"nonsense": 7}, "a fault has no 'nonsense'"),
        ({"times": 0}, "the number of times must be 1 or more"),
        ({"times": True}, "times cannot be True"),
        ({"probability": 0}, "the probability must be over 0"),
        ({"probability": 1.5}, "the probability must be over 0"),
        ({"options": {"seconds": 1}}, "error of a call does not take the option 'seconds'"),
        ({"options": {"code": "UNAVAILBLE"}}, "did you mean UNAVAILABLE?"),
        ({"options": {"code": 418}}, "unknown HTTP status 418"),
        ({"options": {"code": []}}, "code must be an error code"),
        ({"options": {"metadata": {"a": "b"}}}, "metadata needs a reason"),
        ({"options": {"details": [{"@type": "google.rpc.Hlp"}]}}, "unknown type 'google.rpc.Hlp'"),
        ({"options": {"details": [{"@type": "Help", "x": 1}]}}, "a detail is no google.rpc.Help"),
        ({"options": {"details": [{}]}}, "details must be a list"),
        ({"effect": "delay"}, "delay needs seconds"),
        ({"effect": "delay", "options": {"seconds": -1}}, "seconds must be a number of seconds"),
        ({"effect": "drop", "options": {"hang": 1}}, "hang must be true or false"),
        ({"effect": "truncate", "options": {"length": "short"}}, "length must be whole or cut"),
    ],
)
def test_bad_rules_are_refused(faults: Faults, rule: dict[str, Any], words: str) -> None:
    base = {"kind": "call", "pattern": "*", "effect": "error"}
    sent = rule if not rule or "kind" in rule else base | rule
    with pytest.raises(LauncherError) as found:
        faults.admin.call("POST", "faults", sent)
    assert words in str(found.value)
    assert faults.hits() == []


def test_rules_are_shown_and_removed_one_by_one(faults: Faults) -> None:
    made = [faults.add("a*", effect, kind="job") for effect in ("stockout", "preempt")]
    assert faults.admin.call("GET", f"faults/{made[0]['id']}") == made[0]
    faults.admin.call("DELETE", f"faults/{made[0]['id']}")
    assert faults.admin.call("GET", "faults")["faults"] == made[1:]
    for verb in ("GET", "DELETE"):
        with pytest.raises(LauncherError, match="there is no fault"):
            faults.admin.call(verb, f"faults/{made[0]['id']}")


def test_the_catalogue_is_whole() -> None:
    assert {option for effect in CATALOGUE for option in effect.options} == set(OPTIONS)
    for effect in CATALOGUE:
        options = {"seconds": 1} if effect.name == "delay" else {}
        Rule(effect.kind, "*", effect.name, options).check()


def test_patterns_fit_without_case_and_the_first_rule_wins() -> None:
    book = FaultBook()
    book.add(Rule("job", "My-*", "stockout", times=1))
    book.add(Rule("job", "*", "preempt"))
    assert not book.any_of("call")
    first, second = book.take("job", "my-job", "17"), book.take("job", "my-job", "17")
    assert [rule.effect for rule in (first, second) if rule] == ["stockout", "preempt"]
    assert book.take("job", "my-job", effects=frozenset({"stockout"})) is None
    with pytest.raises(RuleError):
        book.add(Rule("job", "*", "error"))
