"""Service accounts and Vertex AI's own agents, over the app's gateway at the local server."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from google.cloud.iam_admin_v1.types import CreateServiceAccountRequest
from google.iam.v1.iam_policy_pb2 import GetIamPolicyRequest
from google.iam.v1.options_pb2 import GetPolicyOptions

from tests.cloud.conftest import MakeTarget
from tests.local.clients import Server, finish
from tui.cloud.accounts import ANY_PROJECT, account_name
from tui.cloud.session import open_gateway
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.gateway import Gateway
from tui.domain.target import Transport
from tui.local import names

USER = "roles/iam.serviceAccountUser"


@pytest.fixture
def account(local_server: Server) -> str:
    """The e-mail of a service account of the project."""
    local_server.enable("iam", "aiplatform")
    request = CreateServiceAccountRequest(name="projects/local-project", account_id="train-runner")
    return str(local_server.iam.create_service_account(request=request).email)


@pytest.mark.parametrize(
    ("email", "project"),
    [
        ("runner@kelp-train.iam.gserviceaccount.com", "kelp-train"),
        ("runner@kelp-train.lagoon.example.iam.gserviceaccount.com", "lagoon.example:kelp-train"),
        ("123-compute@developer.gserviceaccount.com", "123"),
        ("kelp-train@appspot.gserviceaccount.com", "kelp-train"),
        ("service-123@gcp-sa-aiplatform-cc.iam.gserviceaccount.com", ANY_PROJECT),
        ("123@cloudservices.gserviceaccount.com", ANY_PROJECT),
        ("ana@lagoon.example", ANY_PROJECT),
    ],
)
def test_the_project_of_an_account(email: str, project: str) -> None:
    assert account_name(email) == f"projects/{project}/serviceAccounts/{email}"


@pytest.mark.parametrize("email", ["", "runner", "a/../../b?c=d#@x/y"])
def test_what_is_no_email_leads_nowhere_else(email: str) -> None:
    if "@" in email:
        assert account_name(email) == "projects/-/serviceAccounts/a%2F..%2F..%2Fb%3Fc%3Dd%23@x%2Fy"
        return
    with pytest.raises(CloudError) as caught:
        account_name(email)
    assert caught.value.kind is ErrorKind.INVALID


async def test_an_account_that_is_there_and_one_that_is_not(gateway: Gateway, account: str) -> None:
    found = await gateway.setup.get_account(account)
    assert (found.email, found.disabled) == (account, False)
    with pytest.raises(CloudError) as caught:
        await gateway.setup.get_account(account.replace("train", "no"))
    assert caught.value.kind is ErrorKind.NOT_FOUND


async def test_an_account_of_a_foreign_project_is_refused(gateway: Gateway, account: str) -> None:
    with pytest.raises(CloudError) as caught:
        await gateway.setup.get_account(account.replace("local-project", "kelp-train"))
    assert caught.value.kind is ErrorKind.DENIED


async def test_reading_accounts_while_the_api_is_off(gateway: Gateway, local_server: Server) -> None:
    name = "projects/local-project/services/iam.googleapis.com"
    request = {"name": name, "disable_dependent_services": True}
    await asyncio.to_thread(lambda: finish(local_server.services.disable_service(request=request)))
    with pytest.raises(CloudError) as caught:
        await gateway.setup.get_account(names.COMPUTE_ACCOUNT)
    assert caught.value.kind is ErrorKind.API_DISABLED
    assert caught.value.metadata["service"] == "iam.googleapis.com"


async def test_whether_one_may_use_an_account(gateway: Gateway, account: str) -> None:
    wanted = ["iam.serviceAccounts.actAs", "iam.serviceAccounts.get"]
    held = await gateway.setup.test_account_permissions(account, [*wanted, "no.such.permission"])
    assert held == frozenset(wanted)


async def test_granting_the_use_of_an_account_and_taking_it_back(
    gateway: Gateway, account: str, local_server: Server
) -> None:
    def members() -> list[list[str]]:
        request = GetIamPolicyRequest(
            resource=f"projects/-/serviceAccounts/{account}",
            options=GetPolicyOptions(requested_policy_version=3),
        )
        policy = local_server.iam.get_iam_policy(request=request)
        return [list(binding.members) for binding in policy.bindings if binding.role == USER]

    ana, ben = "user:ana@lagoon.example", "user:ben@lagoon.example"
    assert await gateway.setup.grant_on_account(account, ana, USER)
    assert await gateway.setup.grant_on_account(account, ben, USER)
    assert not await gateway.setup.grant_on_account(account, ben.replace("ben", "Ben"), USER)
    assert await asyncio.to_thread(members) == [[ana, ben]]
    assert await gateway.setup.revoke_on_account(account, ana, USER)
    assert not await gateway.setup.revoke_on_account(account, ana, USER)
    assert await asyncio.to_thread(members) == [[ben]]
    assert await gateway.setup.revoke_on_account(account, ben, USER)
    assert await asyncio.to_thread(members) == []


async def test_a_member_that_does_not_exist(gateway: Gateway, account: str) -> None:
    """As it is said of an agent that has not come into being: in words that `services.changes` waits for."""
    agent = f"serviceAccount:{names.CUSTOM_CODE_AGENT}"
    for grant in (
        gateway.setup.grant_on_account(account, agent, USER),
        gateway.setup.grant_roles(agent, ["roles/storage.objectUser"]),
    ):
        with pytest.raises(CloudError) as caught:
            await grant
        assert caught.value.kind is ErrorKind.INVALID
        assert "does not exist" in caught.value.message
        assert not caught.value.ambiguous


async def test_agents_come_into_being(gateway: Gateway, account: str) -> None:
    assert await gateway.setup.make_agents() == names.PRIMARY_AGENT
    assert await gateway.setup.make_agents() == names.PRIMARY_AGENT
    agent = f"serviceAccount:{names.CUSTOM_CODE_AGENT}"
    assert "roles/aiplatform.customCodeServiceAgent" in (await gateway.setup.get_policy()).roles_of(agent)
    assert (await gateway.setup.get_account(names.CUSTOM_CODE_AGENT)).email == names.CUSTOM_CODE_AGENT
    assert await gateway.setup.grant_on_account(account, agent, USER)


async def test_nothing_is_changed_in_a_session_that_only_reads(target: MakeTarget, account: str) -> None:

    gateway = await open_gateway(replace(target(Transport.GRPC), read_only=True))
    ana = "user:ana@lagoon.example"
    changes: list[Any] = [
        gateway.setup.grant_on_account(account, ana, USER),
        gateway.setup.grant_roles(ana, [USER]),
        gateway.setup.make_agents(),
    ]
    try:
        for change in changes:
            with pytest.raises(CloudError) as caught:
                await change
            assert caught.value.kind is ErrorKind.PRECONDITION
            assert not caught.value.ambiguous
        assert not await gateway.setup.revoke_on_account(account, ana, USER)  # there was nothing to take
    finally:
        await gateway.close()
