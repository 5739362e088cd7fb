"""Faults of the log: entries that come late, twice, or out of order."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from tui.local.clock import SECOND
from tui.local.faults.book import FaultBook, Rule
from tui.local.wire.gtypes import Message

LATE_SECONDS = 10.0
"""How late a `late` entry is if its rule does not say."""
SHUFFLE_SECONDS = 5.0
"""Within how long `shuffle` spreads entries if its rule does not say."""


@dataclass(slots=True)
class Plan:
    """What becomes of a batch of entries; each is in exactly one of `prompt` and `late`."""

    prompt: Sequence[Message]
    late: list[tuple[int, Message]] = field(default_factory=list)
    """Entries, and the real time in ns at which they become visible."""
    doubles: list[Message] = field(default_factory=list)
    """Prompt entries that tails get a second time."""


def sort_out(book: FaultBook | None, entries: Sequence[Message]) -> Plan:
    """Ask the rules about every entry of a job.

    `late` makes an entry visible `seconds` (real ones) later, `shuffle` after a random part of `seconds`;
    both keep its timestamp. `duplicate` hands it to tails twice.
    """
    if book is None or not any(rule.kind == "log" and rule.times != 0 for rule in book.rules()):
        return Plan(entries)
    prompt: list[Message] = []
    plan = Plan(prompt)
    for entry in entries:
        rule = _rule(book, entry)
        if rule is None or rule.effect == "duplicate":
            prompt.append(entry)
            if rule:
                plan.doubles.append(entry)
        else:
            plan.late.append((time.time_ns() + int(_delay(rule) * SECOND), entry))
    return plan


def _rule(book: FaultBook, entry: Message) -> Rule | None:
    labels = entry.resource.labels
    if entry.resource.type != "ml_job" or "job_id" not in labels:
        return None
    job_id = labels["job_id"]
    return book.take("log", job_id, f"{job_id}/{labels.get('task_name', '')}")


def _delay(rule: Rule) -> float:
    if rule.effect == "late":
        return float(rule.options.get("seconds", LATE_SECONDS))
    return random.uniform(0, float(rule.options.get("seconds", SHUFFLE_SECONDS)))  # noqa: S311 (chance, not secrecy)
