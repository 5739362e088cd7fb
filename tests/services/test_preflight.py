"""The checks of one start: bounded, and sorted by what they mean for this job."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.services.setup_world import World, disabled, ready_world
from tui.domain.access import QuotaLimits
from tui.domain.setup.facts import SetupFacts
from tui.domain.setup.model import Group
from tui.domain.setup.needs import JobNeeds
from tui.services.options import AppOptions
from tui.services.paths import find_paths
from tui.services.preflight import Preflight, Report
from tui.services.settings import Settings

METRIC = "aiplatform.googleapis.com/custom_model_training_nvidia_l4_gpus"
NEEDS = JobNeeds("run.yaml", quota={METRIC: 1}, base_bucket="kelp-train-outputs")


def preflight(
    home: Path,
    world: World,
    *,
    seconds: float = 10.0,
    needs: JobNeeds | None = NEEDS,
    handed: frozenset[str] = frozenset(),
) -> Preflight:
    paths = find_paths({"VERTEX_TUI_HOME": str(home)})
    options = AppOptions(Settings(), {}, local=False, spec=None, paths=paths)
    return Preflight(world.gateway, options, needs, seconds=seconds, handed=handed, secret_names=frozenset())


def sure(report: Report) -> set[str]:
    return {finding.check.id for finding in report.sure}


async def test_all_is_right_in_a_healthy_project_with_few_calls(tmp_path: Path) -> None:
    world = ready_world()
    seen: list[SetupFacts] = []
    report = await preflight(tmp_path, world).run(seen.append)
    assert not report.sure
    assert {finding.glyph for finding in report.open} <= {"⚠"}
    assert report.account == "ana@lagoon.example"
    assert {Group.QUOTA, Group.BUCKET, Group.PERMISSIONS, Group.APIS} <= set(report.right)
    assert len(world.calls) <= 16
    assert seen


async def test_what_hangs_is_given_up_and_said_to_be_unknown(tmp_path: Path) -> None:
    world = ready_world()
    world.hangs = {"quota_limits", "get_bucket"}
    made = preflight(tmp_path, world, seconds=0.5)
    assert "quota" in made.awaited
    report = await made.run()
    assert made.awaited == ("the bucket", "quota")
    unknown = {finding.check.id: finding for finding in report.open if finding.glyph == "?"}
    assert {"bucket", "quota.nvidia_l4_gpus"} <= set(unknown)
    assert "not known within 10 seconds" in unknown["bucket"].words
    assert not report.sure


async def test_what_the_service_surely_refuses_is_told_apart(tmp_path: Path) -> None:
    world = ready_world()
    world.on.discard("aiplatform.googleapis.com")
    world.on.discard("logging.googleapis.com")
    world.held -= {"aiplatform.customJobs.create", "logging.logEntries.list"}
    world.limits[METRIC] = QuotaLimits(METRIC, {}, 0)
    world.buckets.clear()
    report = await preflight(tmp_path, world).run()
    assert sure(report) >= {
        "apis.aiplatform.googleapis.com",
        "permissions.submit",
        "quota.nvidia_l4_gpus",
        "bucket",
    }
    others = {finding.check.id for finding in report.open} - sure(report)
    assert {"apis.logging.googleapis.com", "permissions.logs"} <= others
    assert report.open[0].sure


async def test_a_bucket_that_no_spec_names_is_no_matter_of_the_start(tmp_path: Path) -> None:
    world = ready_world()
    world.buckets.clear()
    needs = JobNeeds("run.yaml", quota={METRIC: 1})
    report = await preflight(tmp_path, world, needs=needs).run()
    assert Group.BUCKET not in {finding.check.group for finding in report.findings}
    assert not report.sure


async def test_a_bucket_that_only_the_environment_names_counts(tmp_path: Path) -> None:
    world = ready_world()
    world.buckets.clear()
    needs = JobNeeds("run.yaml", quota={METRIC: 1})
    made = preflight(tmp_path, world, needs=needs, handed=frozenset({"kelp-train-outputs"}))
    assert sure(await made.run()) == {"bucket"}


@pytest.mark.parametrize("account", ["gone@kelp-train.iam.gserviceaccount.com"])
async def test_an_account_that_is_missing_is_sure(tmp_path: Path, account: str) -> None:
    needs = JobNeeds("run.yaml", service_account=account)
    report = await preflight(tmp_path, ready_world(), needs=needs).run()
    assert "account.runs-as" in sure(report)


async def test_a_failed_login_is_said_once_and_the_rest_waits(tmp_path: Path) -> None:
    world = ready_world()
    world.faults = dict.fromkeys(["get_project", "api_states", "test_permissions"], disabled("x"))
    report = await preflight(tmp_path, world).run()
    assert all(finding.glyph in "✗⚠?" for finding in report.open)
