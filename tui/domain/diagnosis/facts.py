"""What a job's own spec says about how it runs; odd or absent fields never raise."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from tui.domain.jobs import Job

DEFAULT_TIMEOUT = 604_800.0
"""Seconds a job may run if its spec does not say (seven days)."""
_STRATEGIES: Mapping[object, str] = {3: "STANDARD", 4: "SPOT", 6: "FLEX_START"}
_POOLS = 64
"""Pools that are looked at."""
_MOST_WORDS = 1000


@dataclass(frozen=True, slots=True)
class Facts:
    """The parts of a spec that a diagnosis needs."""

    strategy: str = ""
    """`SPOT`, `FLEX_START`, … or empty."""
    timeout: float = DEFAULT_TIMEOUT
    """Seconds."""
    has_timeout: bool = False
    own_packages: frozenset[str] = frozenset()
    """Top-level packages that the spec runs as modules: the user's own, wherever they are installed."""
    pools: tuple[Mapping[str, Any], ...] = ()
    gpus: bool = False
    service_account: str = ""

    @property
    def spot(self) -> bool:
        """Whether the machines may be taken away."""
        return self.strategy == "SPOT"

    def pool(self, replica: str) -> int:
        """The position of a replica's pool; 0 if its name does not say."""
        digits = replica.removeprefix("workerpool").partition("-")[0]
        named = digits.isascii() and digits.isdigit() and len(digits) < 4  # noqa: PLR2004 (a small number)
        return int(digits) if named and replica.startswith("workerpool") else 0

    def path(self, replica: str, *wanted: str) -> tuple[str | int, ...]:
        """Where in the CustomJob the pool of `replica` says something; only as deep as the spec goes."""
        number = self.pool(replica)
        if number >= len(self.pools):
            return ("jobSpec", "workerPoolSpecs")
        found: list[str | int] = ["jobSpec", "workerPoolSpecs", number]
        here: object = self.pools[number]
        for part in wanted:
            if not isinstance(here, Mapping) or part not in here:
                break
            found.append(part)
            here = here[part]
        return tuple(found)

    def task(self, replica: str) -> str:
        """`pythonPackageSpec` or `containerSpec`."""
        number = self.pool(replica)
        package = number < len(self.pools) and "pythonPackageSpec" in self.pools[number]
        return "pythonPackageSpec" if package else "containerSpec"

    def command_path(self, replica: str) -> tuple[str | int, ...]:
        """Where the spec says what to run: its arguments, or its command if there are none."""
        args = self.path(replica, self.task(replica), "args")
        return args if args[-1] == "args" else self.path(replica, self.task(replica), "command")

    def script_path(self, replica: str) -> tuple[str | int, ...]:
        """Like `command_path`, at the script of `bash -c` if there is one."""
        path = self.command_path(replica)
        if path[-1] not in ("args", "command"):
            return path
        words = self._task(replica).get(path[-1])
        if isinstance(words, list):
            for number, word in enumerate(words[:_MOST_WORDS]):
                if isinstance(word, str) and ("\n" in word or ";" in word or "&&" in word):
                    return (*path, number)
        return path

    def _task(self, replica: str) -> Mapping[Any, Any]:
        number = self.pool(replica)
        found = self.pools[number].get(self.task(replica)) if number < len(self.pools) else None
        return found if isinstance(found, Mapping) else {}


def facts_of(job: Job) -> Facts:
    """Read the spec in `job.raw`."""
    spec = _mapping(job.raw.get("jobSpec")) if isinstance(job.raw, Mapping) else {}
    scheduling = _mapping(spec.get("scheduling"))
    listed = spec.get("workerPoolSpecs")
    pools = tuple(_mapping(pool) for pool in listed[:_POOLS]) if isinstance(listed, list) else ()
    strategy = scheduling.get("strategy")
    timeout = _seconds(scheduling.get("timeout"))
    return Facts(
        strategy=strategy if isinstance(strategy, str) else _named(strategy),
        timeout=timeout or DEFAULT_TIMEOUT,
        has_timeout=timeout is not None,
        own_packages=frozenset(_packages(pools)),
        pools=pools,
        gpus=any(_mapping(pool.get("machineSpec")).get("acceleratorType") for pool in pools),
        service_account=job.service_account,
    )


def _named(strategy: object) -> str:
    return _STRATEGIES.get(strategy, "") if isinstance(strategy, int) else ""


def _packages(pools: tuple[Mapping[str, Any], ...]) -> list[str]:
    found = []
    for pool in pools:
        module = _mapping(pool.get("pythonPackageSpec")).get("pythonModule")
        if isinstance(module, str):
            found.append(module.partition(".")[0])
        container = _mapping(pool.get("containerSpec"))
        words: list[str] = []
        for part in ("command", "args"):
            listed = container.get(part)
            if isinstance(listed, list):
                for word in listed[:_MOST_WORDS]:
                    words += str(word)[:20_000].split()
        found += [after.partition(".")[0] for word, after in pairwise(words) if word == "-m"]
    return [name for name in found if name.isidentifier() and name not in _LAUNCHERS]


_LAUNCHERS = frozenset(
    {"torch", "accelerate", "deepspeed", "pip", "venv", "ensurepip", "pdb", "cProfile", "debugpy"}
)


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _seconds(value: object) -> float | None:
    try:
        seconds = float(str(value).removesuffix("s"))
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) and seconds > 0 else None
