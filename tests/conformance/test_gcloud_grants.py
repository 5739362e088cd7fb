"""gcloud agrees with what the app grants, keeps and takes back."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.cloud.conftest import target_at
from tests.conformance.conftest import Project, needs_gcloud
from tui.cloud.session import open_gateway
from tui.domain.gateway import Gateway
from tui.domain.target import Transport
from tui.local import names

pytestmark = needs_gcloud

ANA = "user:ana@lagoon.example"
ROLE = "roles/storage.objectUser"
USE = "roles/iam.serviceAccountUser"
CONDITION = "expression=request.time < timestamp('2030-03-01T00:00:00Z'),title=till spring"
ACCOUNT = "train-runner@local-project.iam.gserviceaccount.com"


@pytest.fixture
async def gateway(project: Project) -> AsyncIterator[Gateway]:
    """The app's own way to the project."""
    project.server.enable("aiplatform", "iam")
    opened = await open_gateway(target_at(project.server.record, Transport.REST))
    yield opened
    await opened.close()


async def seen(project: Project, *command: str) -> list[dict[str, Any]]:
    """The bindings that gcloud shows."""
    policy = await asyncio.to_thread(project.json, *command)
    found: list[dict[str, Any]] = policy.get("bindings", [])
    return found


async def test_on_the_project(project: Project, gateway: Gateway, tmp_path: Any) -> None:
    read = ("projects", "get-iam-policy", "local-project")
    policy = await asyncio.to_thread(project.json, *read)
    policy["auditConfigs"] = [{"service": "allServices", "auditLogConfigs": [{"logType": "DATA_READ"}]}]
    file = tmp_path / "policy.json"
    file.write_text(json.dumps(policy))
    await asyncio.to_thread(
        project.run, "gcloud", "projects", "set-iam-policy", "local-project", str(file), "--quiet"
    )
    add = ("gcloud", "projects", "add-iam-policy-binding", "local-project", f"--member={ANA}")
    await asyncio.to_thread(project.run, *add, f"--role={ROLE}", f"--condition={CONDITION}")
    before = await seen(project, *read)
    assert await gateway.setup.grant_roles(ANA, [ROLE, USE]) == (ROLE, USE)
    after = await seen(project, *read)
    new = [{"role": ROLE, "members": [ANA]}, {"role": USE, "members": [ANA]}]
    assert [one for one in after if one not in before] == new
    assert [one for one in before if one not in after] == []
    kept = await asyncio.to_thread(project.json, *read)
    assert kept["auditConfigs"] == policy["auditConfigs"]
    remove = ("gcloud", "projects", "remove-iam-policy-binding", "local-project", f"--member={ANA}")
    await asyncio.to_thread(project.run, *remove, f"--role={USE}", "--condition=None")
    assert await gateway.setup.revoke_roles(ANA, [ROLE, USE]) == (ROLE,)
    assert await seen(project, *read) == before


async def test_on_a_service_account(project: Project, gateway: Gateway) -> None:
    await asyncio.to_thread(project.run, "gcloud", "iam", "service-accounts", "create", "train-runner")
    read = ("iam", "service-accounts", "get-iam-policy", ACCOUNT)
    assert (await gateway.setup.get_account(ACCOUNT)).email == ACCOUNT
    assert await gateway.setup.grant_on_account(ACCOUNT, ANA, USE)
    assert await seen(project, *read) == [{"role": USE, "members": [ANA]}]
    assert await gateway.setup.revoke_on_account(ACCOUNT, ANA, USE)
    assert await seen(project, *read) == []


async def test_on_a_bucket(project: Project, gateway: Gateway) -> None:
    await gateway.storage.create_bucket("kelp-runs", "europe-west4")
    read = ("storage", "buckets", "get-iam-policy", "gs://kelp-runs")
    before = await seen(project, *read)
    assert await gateway.setup.grant_on_bucket("kelp-runs", ANA, ROLE)
    assert [one for one in await seen(project, *read) if one not in before] == [
        {"role": ROLE, "members": [ANA]}
    ]
    assert await gateway.setup.revoke_on_bucket("kelp-runs", ANA, ROLE)
    assert await seen(project, *read) == before


async def test_agents(project: Project, gateway: Gateway) -> None:
    assert await gateway.setup.make_agents() == names.PRIMARY_AGENT
    members = [one["members"] for one in await seen(project, "projects", "get-iam-policy", "local-project")]
    assert [f"serviceAccount:{names.CUSTOM_CODE_AGENT}"] in members
