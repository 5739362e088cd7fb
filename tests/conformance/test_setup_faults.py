"""One thing is wrong with a project: Setup names it, fixes it or says who can, and the job then runs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.conftest import Project, needs_gcloud
from tests.local.clients import REGION, Server, finish, storage_client
from tests.local.conftest import fresh_server
from tui.cloud.session import open_gateway
from tui.domain.gateway import Gateway
from tui.domain.jobs import JobState
from tui.domain.setup.assess import assess
from tui.domain.setup.facts import APIS, SetupFacts
from tui.domain.setup.model import HERE, Check, CheckState, Fix, find_check, is_ready, safe_fixes
from tui.domain.setup.needs import needs_of
from tui.domain.setup.request import admin_request
from tui.domain.spec.check import check
from tui.domain.spec.request import build_request
from tui.domain.target import LocalEndpoint, Target
from tui.local import names
from tui.local.admin.client import AdminClient
from tui.services.checks import SetupChecks

SPEC = f"""
workerPoolSpecs:
- machineSpec: {{machineType: g2-standard-4, acceleratorType: NVIDIA_L4, acceleratorCount: 1}}
  replicaCount: 1
  containerSpec:
    imageUri: python:3.11
    command: [bash, -c]
    args: ["set -e; echo trained > result.txt; gsutil cp result.txt gs://local-project-outputs/runs/"]
serviceAccount: {names.COMPUTE_ACCOUNT}
scheduling: {{timeout: 600s}}
"""
"""A GPU, an account of its own and outputs: everything that Setup looks at."""
BUCKET = "local-project-outputs"
L4 = "nvidia_l4_gpus"
Break = Callable[[Server], object]


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong, and how Setup is expected to speak of it."""

    name: str
    breaks: Break
    row: str
    words: str
    fixed_here: bool = True
    """Whether a key of Setup puts it right; else somebody else does it, by `mends`."""
    mends: Break = lambda _server: None


def _project(**values: str) -> Break:
    return lambda server: AdminClient(server.record).set_project(**values)


def _off(service: str) -> Break:
    def disable(server: Server) -> None:
        name = f"projects/local-project/services/{service}.googleapis.com"
        request = {"name": name, "disable_dependent_services": True}
        finish(server.services.disable_service(request=request))

    return disable


def _quota(limit: int) -> Break:
    content = {"metric": L4, "region": REGION, "value": limit}
    return lambda server: AdminClient(server.record).call("PUT", "quotas", content)


def _refuse(pattern: str, reason: str, message: str, **metadata: str) -> Break:
    """Calls that are refused until the fault is taken away."""
    options = {"code": "PERMISSION_DENIED", "message": message, "reason": reason, "metadata": metadata}
    rule = {"kind": "call", "pattern": pattern, "effect": "error", "options": options}
    return lambda server: AdminClient(server.record).call("POST", "faults", rule)


def _allow(server: Server) -> None:
    AdminClient(server.record).call("DELETE", "faults")


def _move_bucket(server: Server) -> None:
    client = storage_client(server)
    client.bucket(BUCKET).delete(force=True)
    client.create_bucket(BUCKET, location="us-east1")


def _no_bucket(server: Server) -> None:
    storage_client(server).bucket(BUCKET).delete(force=True)


def _bucket_here(server: Server) -> None:
    client = storage_client(server)
    client.bucket(BUCKET).delete(force=True)
    client.create_bucket(BUCKET, location=REGION)


def _without_roles(server: Server) -> None:
    """The account that the spec names loses all it was given."""
    policy = server.projects.get_iam_policy(request={"resource": "projects/local-project"})
    for binding in policy.bindings:
        if f"serviceAccount:{names.COMPUTE_ACCOUNT}" in binding.members:
            binding.members.remove(f"serviceAccount:{names.COMPUTE_ACCOUNT}")
    server.projects.set_iam_policy(request={"resource": "projects/local-project", "policy": policy})
    bucket = storage_client(server).bucket(BUCKET)
    own = bucket.get_iam_policy(requested_policy_version=3)
    for binding in own.bindings:
        binding["members"] = set(binding["members"]) - {f"serviceAccount:{names.COMPUTE_ACCOUNT}"}
    bucket.set_iam_policy(own)


FAULTS = (
    *(
        Fault(f"{service} off", _off(service), f"apis.{service}.googleapis.com", "off")
        for service in ("aiplatform", "logging", "storage", "compute", "iam", "cloudresourcemanager")
    ),
    Fault(
        "service usage off",
        _refuse(
            "ServiceUsage/*",
            "SERVICE_DISABLED",
            "Service Usage API has not been used in project local-project before or it is disabled.",
            service="serviceusage.googleapis.com",
            consumer="projects/local-project",
        ),
        "apis.serviceusage.googleapis.com",
        "off",
        fixed_here=False,
        mends=_allow,
    ),
    Fault(
        "no billing",
        _project(billing="off"),
        "billing",
        "billing",
        fixed_here=False,
        mends=_project(billing="on"),
    ),
    Fault(
        "marked for deletion",
        _project(state="delete-requested"),
        "project",
        "deletion",
        fixed_here=False,
        mends=_project(state="active"),
    ),
    Fault(
        "only a viewer",
        _project(me="roles/viewer"),
        "permissions.submit",
        "roles/aiplatform.user",
        fixed_here=False,
        mends=_project(me="owner"),
    ),
    Fault("no quota", _quota(0), f"quota.{L4}", "needs 1", fixed_here=False, mends=_quota(1)),
    Fault("no bucket", _no_bucket, "bucket", "does not exist"),
    Fault(
        "a bucket elsewhere",
        _move_bucket,
        "bucket",
        "in us-east1",
        fixed_here=False,
        mends=_bucket_here,
    ),
    Fault("an account without roles", _without_roles, "account.storage", "no role"),
    Fault(
        "regions restricted",
        _project(locations="in:us-locations"),
        "policies.locations",
        REGION,
        fixed_here=False,
        mends=_project(locations="any"),
    ),
    Fault(
        "a key is demanded",
        _project(require_key="on"),
        "policies.keys",
        "key",
        fixed_here=False,
        mends=_project(require_key="off"),
    ),
    Fault(
        "a service perimeter",
        _refuse(
            "storage.*",
            "SECURITY_POLICY_VIOLATED",
            "Request is prohibited by organization's policy. vpcServiceControlsUniqueIdentifier: 5xYz",
            uid="5xYz",
        ),
        "policies.perimeter",
        "5xYz",
        fixed_here=False,
        mends=_allow,
    ),
)


@pytest.fixture
def server() -> Iterator[Server]:
    with fresh_server() as server:
        yield server


@asynccontextmanager
async def checks_of(server: Server) -> AsyncIterator[tuple[SetupChecks, Gateway]]:
    """The checks of the spec above."""
    record = server.record
    target = Target(record.project, REGION, local=LocalEndpoint(record.grpc_address, record.http_url))
    needs = needs_of(check(SPEC), "job.yaml")
    facts = SetupFacts(record.project, REGION, BUCKET, local=True, connected=True)
    gateway = await open_gateway(target)
    try:
        checks = SetupChecks(gateway, facts, lambda _: None, settle_delays=(0.05,) * 20)
        await checks.take_needs(needs)
        await checks.check()
        yield checks, gateway
    finally:
        await gateway.close()


def rows_of(checks: SetupChecks) -> tuple[Check, ...]:
    return assess(checks.facts)


def remote(fixes: tuple[Fix, ...]) -> tuple[Fix, ...]:
    return tuple(fix for fix in fixes if not isinstance(fix, HERE))


def wrong(checks: SetupChecks) -> list[str]:
    """What stands between the project and the job, for a failure's message."""
    return [f"{row.id}: {row.state.word}, {row.finding}" for row in rows_of(checks) if row.to_fix]


async def make_healthy(server: Server, checks: SetupChecks) -> None:
    """What a user does with a fresh project: fix all, and a quota that Google has granted."""
    _quota(1)(server)
    outcome = await checks.apply(remote(safe_fixes(rows_of(checks))))
    assert not outcome.refused
    assert is_ready(rows_of(checks)), wrong(checks)


async def run_the_job(server: Server, gateway: Gateway) -> None:
    job = await gateway.jobs.create_job(build_request(check(SPEC), "try", {}, {}))
    ended = server.ended(job.name)
    assert JobState.from_wire(ended.state.name) is JobState.SUCCEEDED, ended.error
    assert storage_client(server).bucket(BUCKET).blob("runs/result.txt").exists()


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
async def test_one_fault_is_named_mended_and_the_job_runs(server: Server, fault: Fault) -> None:
    async with checks_of(server) as (checks, gateway):
        await make_healthy(server, checks)
        fault.breaks(server)
        await checks.check()
        rows = {row.id: row for row in rows_of(checks)}
        row = rows[find_check(rows.values(), fault.row)]
        assert row.state in (CheckState.FAILED, CheckState.WARNING), row
        assert fault.words in f"{row.finding} {row.said} {row.next_step}", row
        if fault.fixed_here:
            outcome = await checks.apply(remote(safe_fixes(rows.values())))
            assert not outcome.refused
        else:
            assert not is_ready(rows.values()) or row.optional, row
            assert row.next_step or row.draft or row.command or admin_request(checks.facts, rows_of(checks))
            fault.mends(server)
            await checks.check()
            await checks.apply(remote(safe_fixes(rows_of(checks))))
        assert is_ready(rows_of(checks)), wrong(checks)
        await run_the_job(server, gateway)


@needs_gcloud
async def test_gcloud_agrees_with_what_setup_did(server: Server, tmp_path: Path) -> None:
    async with checks_of(server) as (checks, gateway):
        assert not is_ready(rows_of(checks))
        await make_healthy(server, checks)
        await run_the_job(server, gateway)
    project = Project(server, tmp_path)
    services = project.json("services", "list", "--enabled")
    on = {item["config"]["name"] for item in services}
    assert set(APIS) <= on
    bucket = project.json("storage", "buckets", "describe", f"gs://{BUCKET}")
    assert bucket["location"] == REGION.upper()
    policy: dict[str, Any] = project.json("projects", "get-iam-policy", "local-project")
    member = f"serviceAccount:{names.COMPUTE_ACCOUNT}"
    held = {item["role"] for item in policy["bindings"] if member in item["members"]}
    own = project.json("storage", "buckets", "get-iam-policy", f"gs://{BUCKET}")
    held |= {item["role"] for item in own["bindings"] if member in item["members"]}
    assert {"roles/storage.objectUser", "roles/logging.logWriter"} <= held
    jobs = project.json("ai", "custom-jobs", "list", f"--region={REGION}")
    assert [job["state"] for job in jobs] == ["JOB_STATE_SUCCEEDED"]
