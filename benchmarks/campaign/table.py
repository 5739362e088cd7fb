"""What a trial prints: one line a group of cases, and the seeds to repeat whatever failed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass
class Outcomes:
    """Cases by group, and what went wrong in them."""

    title: str
    cases: dict[str, int] = field(default_factory=dict)
    failures: dict[str, list[tuple[int, str]]] = field(default_factory=dict)
    """Seed and problem by group."""

    def add(self, group: str, seed: int, problems: Sequence[str]) -> None:
        """Count one case; print its problems at once, since a long trial may be ended early."""
        self.cases[group] = self.cases.get(group, 0) + 1
        for problem in problems:
            self.failures.setdefault(group, []).append((seed, problem))
            print(f"  FAILED with --seed {seed} --count 1 ({group}): {problem}", flush=True)

    def report(self) -> bool:
        """Print the table; whether nothing failed."""
        print(f"\n{self.title}")
        width = max((len(group) for group in self.cases), default=0)
        for group, count in sorted(self.cases.items()):
            seeds = sorted({seed for seed, _ in self.failures.get(group, ())})
            told = f"{len(seeds)} failed, seeds {seeds}" if seeds else "all good"
            print(f"  {group:<{width}}  {count:6d} cases  {told}")
        return not self.failures
