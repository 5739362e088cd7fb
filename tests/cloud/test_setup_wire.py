"""What the setup's plain calls look like on the wire, and what comes of operations that take their time."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.cloud.test_plain_rest import Scripted, server
from tui.cloud import agents
from tui.cloud.session import open_gateway
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.gateway import Gateway
from tui.domain.target import LocalEndpoint, Target, Transport

__all__ = ["server"]

AGENT = "service-42@gcp-sa-aiplatform.iam.gserviceaccount.com"
ACCOUNT = "runner@kelp-train.iam.gserviceaccount.com"
IDENTITY = {"@type": "type.googleapis.com/google.api.serviceusage.v1beta1.ServiceIdentity", "email": AGENT}
WAITING = {"name": "operations/quf.p2-42-x"}
ANA, USE = "user:ana@lagoon.example", "roles/iam.serviceAccountUser"


@pytest.fixture
async def gateway(server: Scripted) -> AsyncIterator[Gateway]:
    """A gateway to the scripted answers."""
    endpoint = LocalEndpoint("127.0.0.1:9", server.url)
    opened = await open_gateway(Target("kelp-train", "europe-west4", Transport.REST, endpoint))
    yield opened
    await opened.close()


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look at operations without a pause."""
    monkeypatch.setattr(agents, "FIRST_PAUSE", 0.01)


async def test_agents_that_take_their_time(gateway: Gateway, server: Scripted) -> None:
    server.say((200, WAITING), (200, WAITING), (200, WAITING | {"done": True, "response": IDENTITY}))
    assert await gateway.setup.make_agents() == AGENT
    path = "/v1beta1/projects/kelp-train/services/aiplatform.googleapis.com:generateServiceIdentity"
    assert server.seen == [
        ("POST", path, b"{}"),
        ("GET", "/v1/operations/quf.p2-42-x", b""),
        ("GET", "/v1/operations/quf.p2-42-x", b""),
    ]


@pytest.mark.parametrize(
    "details", [[], [{"@type": "type.googleapis.com/no.such.Message", "x": 1}], [{"no": "type"}]]
)
async def test_agents_that_could_not_be_made(
    gateway: Gateway, server: Scripted, details: list[dict[str, Any]]
) -> None:
    error = {"code": 7, "message": "Permission denied to generate identity.", "details": details}
    server.say((200, WAITING | {"done": True, "error": error}))
    with pytest.raises(CloudError) as caught:
        await gateway.setup.make_agents()
    assert (caught.value.kind, caught.value.message) == (ErrorKind.DENIED, error["message"])


@pytest.mark.parametrize("answer", [{}, {"done": True}, {"done": True, "response": {"uniqueId": "1"}}])
async def test_an_answer_without_agents(gateway: Gateway, server: Scripted, answer: dict[str, Any]) -> None:
    server.say((200, answer))
    with pytest.raises(CloudError):
        await gateway.setup.make_agents()


async def test_an_operation_that_does_not_end(
    gateway: Gateway, server: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agents, "WITHIN", 0.03)
    server.say((200, WAITING))
    with pytest.raises(CloudError) as caught:
        await gateway.setup.make_agents()
    assert caught.value.kind is ErrorKind.TIMEOUT
    assert WAITING["name"] in caught.value.message


async def test_a_policy_is_read_without_a_body_and_written_as_it_came(
    gateway: Gateway, server: Scripted
) -> None:
    condition = {"expression": "", "title": "t", "location": "x"}
    kept = [{"role": USE, "members": ["user:z@x", "user:a@x"], "condition": condition}]
    policy = {"etag": "BwY=", "version": 1, "bindings": kept, "auditConfigs": [{"service": "s"}], "new": 1}
    server.say((200, policy), (200, {}))
    assert await gateway.setup.grant_on_account(ACCOUNT, ANA, USE)
    path = f"/v1/projects/kelp-train/serviceAccounts/{ACCOUNT}"
    (read, write) = server.seen
    assert read == ("POST", f"{path}:getIamPolicy?options.requestedPolicyVersion=3", b"")
    assert write[:2] == ("POST", f"{path}:setIamPolicy")
    granted = {"role": USE, "members": [ANA]}
    assert json.loads(write[2]) == {"policy": policy | {"version": 3, "bindings": [*kept, granted]}}


async def test_a_bucket_policy_goes_back_to_where_it_came_from(gateway: Gateway, server: Scripted) -> None:
    policy = {"kind": "storage#policy", "resourceId": "projects/_/buckets/b", "etag": "CAE=", "bindings": []}
    server.say((200, policy), (200, {}))
    assert await gateway.setup.grant_on_bucket("kelp-runs", ANA, USE)
    (read, write) = server.seen
    assert read == ("GET", "/storage/v1/b/kelp-runs/iam?optionsRequestedPolicyVersion=3", b"")
    assert write[:2] == ("PUT", "/storage/v1/b/kelp-runs/iam")
    assert json.loads(write[2]) == policy | {"version": 3, "bindings": [{"role": USE, "members": [ANA]}]}


@pytest.mark.parametrize("answer", [{"bindings": 5}, {"bindings": [{"role": USE, "members": 5}]}])
async def test_a_policy_of_an_odd_shape_is_never_written(
    gateway: Gateway, server: Scripted, answer: dict[str, Any]
) -> None:
    server.say((200, answer | {"etag": "CAE="}))
    with pytest.raises(CloudError):
        await gateway.setup.grant_on_account(ACCOUNT, ANA, USE)
    assert [verb for verb, path, _ in server.seen if path.endswith(":setIamPolicy")] == []


async def test_a_quota_metric_is_one_part_of_the_path(gateway: Gateway, server: Scripted) -> None:
    metric = "aiplatform.googleapis.com/custom_model_training_cpus"
    await gateway.setup.quota_limits([metric])
    (seen,) = server.seen
    assert seen[1] == (
        "/v1beta1/projects/kelp-train/services/aiplatform.googleapis.com/consumerQuotaMetrics/"
        "aiplatform.googleapis.com%2Fcustom_model_training_cpus"
    )
