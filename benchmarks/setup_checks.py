"""How long the setup checks of a healthy project take on the local server, and how many calls they make.

The peer is the same reads one after the other, as a script with Google's clients would make them. Run it with
`python -m benchmarks.setup_checks`.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from pathlib import Path
from unittest import mock

from tui.cloud.session import open_gateway
from tui.domain.setup.assess import assess
from tui.domain.setup.facts import SetupFacts
from tui.domain.setup.model import HERE, Check, CheckState, safe_fixes
from tui.domain.setup.needs import needs_of
from tui.domain.spec.check import check
from tui.domain.target import LocalEndpoint, Target
from tui.local import launcher
from tui.local.admin.client import AdminClient
from tui.services.checks import SetupChecks

REGION = "europe-west4"
TARGET_SECONDS = 1.5
TARGET_CALLS = 16
SPEC = Path(__file__).parents[1] / "examples" / "tiny-train" / "vertex_job.yaml"


def counted(record: launcher.Record) -> int:
    """How many calls were answered since `count_anew`."""
    return sum(rule["hits"] for rule in AdminClient(record).call("GET", "faults")["faults"])


def count_anew(record: launcher.Record) -> None:
    """Count from 0: a fault that waits for no time counts what it meets."""
    admin = AdminClient(record)
    admin.call("DELETE", "faults")
    rule = {"kind": "call", "pattern": "*", "effect": "delay", "options": {"seconds": 0}}
    admin.call("POST", "faults", rule)


async def measure(record: launcher.Record, runs: int) -> None:
    """Make the project healthy, then check it again and again."""
    target = Target(record.project, REGION, local=LocalEndpoint(record.grpc_address, record.http_url))
    needs = needs_of(check(SPEC.read_text(encoding="utf-8")), SPEC.name)
    facts = SetupFacts(
        record.project, REGION, "local-project-outputs", local=True, connected=True, needs=needs
    )
    gateway = await open_gateway(target)
    checks = SetupChecks(gateway, facts, lambda _: None)
    try:
        await checks.check()
        remote = [fix for fix in safe_fixes(assess(checks.facts)) if not isinstance(fix, HERE)]
        await checks.apply(remote)
    finally:
        await gateway.close()
    gateway = await open_gateway(target)
    checks = SetupChecks(gateway, facts, lambda _: None)
    try:
        count_anew(record)
        cold = await _timed(checks)
        calls = counted(record)
        warm = [await _timed(checks) for _ in range(runs)]
        with mock.patch.object(checks, "_read", _one_by_one(checks)):
            serial = [await _timed(checks) for _ in range(runs)]
    finally:
        await gateway.close()
    rows = assess(checks.facts)
    print(f"a healthy project: {len(rows)} rows, {calls} calls (target: at most {TARGET_CALLS})")
    print(f"  first time, connections included   {cold:6.3f} s (target: at most {TARGET_SECONDS} s)")
    middle, peer = statistics.median(warm), statistics.median(serial)
    print(f"  again                              {middle:6.3f} s, {middle / peer:.2f} x one by one")
    for row in rows:
        if row.state not in (CheckState.OK, CheckState.SKIPPED):
            print(f"  not right: {_words(row)}")


async def _timed(checks: SetupChecks) -> float:
    begin = time.perf_counter()
    await checks.check()
    return time.perf_counter() - begin


def _one_by_one(checks: SetupChecks):  # type: ignore[no-untyped-def]  # noqa: ANN202  # as the method it stands for
    async def read(calls):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
        for name, call in calls.items():
            await checks._probe(name, call)  # noqa: SLF001

    return read


def _words(row: Check) -> str:
    return f"{row.id}: {row.state.word}, {row.finding}"


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=20)
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory(prefix="vt-") as folder:
        record = launcher.ensure(Path(folder))
        try:
            asyncio.run(measure(record, runs))
        finally:
            launcher.stop(Path(folder))


if __name__ == "__main__":
    main()
