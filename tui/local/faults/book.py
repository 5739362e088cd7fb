"""The rules in force: what to match, what to do, how often."""

from __future__ import annotations

import fnmatch
import itertools
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tui.local.faults.effects import EFFECTS, RuleError, check_options, effect_of

__all__ = ["EFFECTS", "FaultBook", "Rule", "RuleError"]


@dataclass(slots=True)
class Rule:
    """One fault."""

    kind: str
    """`call`, `job` or `log`."""
    pattern: str
    """Shell pattern, matched without case.

    For calls against the names that `calls.names_of` lists, and a storage call's name
    (`storage.objects.get`); for jobs against display name and id; for log entries against job id and
    `JOB_ID/REPLICA`.
    """
    effect: str
    """One of `EFFECTS[kind]`."""
    options: dict[str, Any] = field(default_factory=dict)
    """What the effect needs to know, see `effects.OPTIONS`."""
    times: int | None = None
    """How often it still happens; None for ever."""
    probability: float = 1.0
    """Of each occasion that matches."""
    seed: int | None = None
    """Makes the choice of occasions repeatable."""
    id: str = ""
    hits: int = 0
    """How often it has happened."""

    def check(self) -> None:
        """Refuse a rule that makes no sense.

        Raises:
            RuleError: unknown kind, effect or option, or a value out of its range.
        """
        effect = effect_of(self.kind, self.effect)
        if not self.pattern:
            raise RuleError("the pattern is empty; * stands for all")
        check_options(effect, self.options)
        if not 0 < self.probability <= 1:
            raise RuleError("the probability must be over 0 and at most 1")
        if self.times is not None and self.times < 1:
            raise RuleError("the number of times must be 1 or more")

    def matches(self, names: tuple[str, ...]) -> bool:
        """Whether the pattern fits one of `names`."""
        pattern = self.pattern.lower()
        return any(fnmatch.fnmatchcase(name.lower(), pattern) for name in names)


class FaultBook:
    """Rules in the order in which they were made; they end with the server's process."""

    def __init__(self) -> None:
        self._rules: dict[str, Rule] = {}
        self._dice: dict[str, random.Random] = {}
        self._numbers = itertools.count(1)

    def add(self, rule: Rule) -> Rule:
        """Put a rule in force, under a new id.

        Raises:
            RuleError: it makes no sense.
        """
        rule.check()
        rule.id = str(next(self._numbers))
        self._rules[rule.id] = rule
        self._dice[rule.id] = random.Random(rule.seed)  # noqa: S311 (chance, not secrecy)
        return rule

    def rules(self) -> list[Rule]:
        """Every rule, those that are used up included."""
        return list(self._rules.values())

    def any_of(self, kind: str) -> bool:
        """Whether a rule of a kind is still in force."""
        return any(rule.kind == kind and rule.times != 0 for rule in self._rules.values())

    def remove(self, rule_id: str) -> bool:
        """Take a rule out of force; whether there was one."""
        self._dice.pop(rule_id, None)
        return self._rules.pop(rule_id, None) is not None

    def clear(self) -> int:
        """Take all rules out of force; how many there were."""
        count = len(self._rules)
        self._rules.clear()
        self._dice.clear()
        return count

    def take(
        self,
        kind: str,
        *names: str,
        effects: frozenset[str] | None = None,
        fits: Callable[[Rule], bool] | None = None,
    ) -> Rule | None:
        """The first rule that strikes now, counted as having happened.

        Args:
            kind: `call`, `job` or `log`.
            names: what the occasion is called; a rule matches any of them.
            effects: only rules with one of these; all if None.
            fits: only rules of which it is true; asked before the dice are thrown.
        """
        for rule in self.rules():
            if rule.kind != kind or rule.times == 0 or (effects is not None and rule.effect not in effects):
                continue
            if fits is not None and not fits(rule):
                continue
            dice = self._dice.get(rule.id)
            if dice is not None and rule.matches(names) and dice.random() < rule.probability:
                rule.hits += 1
                if rule.times is not None:
                    rule.times -= 1
                return rule
        return None
