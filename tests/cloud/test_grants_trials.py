"""Users who fix at once lose nobody's binding; `python -m benchmarks.campaign grants` runs hundreds."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from tests.cloud.conftest import target_at
from tests.local.conftest import fresh_server
from tests.local.grants import BUCKET, GrantTrials, hurried
from tui.cloud.session import open_gateway
from tui.domain.gateway import Gateway
from tui.domain.target import Transport

EDITORS = 24


@pytest.fixture(scope="module")
def trial() -> Iterator[GrantTrials]:
    with fresh_server() as server:
        trial = GrantTrials(server)
        try:
            yield trial
        finally:
            trial.close()


@pytest.mark.parametrize("first", range(1, 16, 5))
async def test_nothing_is_lost_when_users_meet(trial: GrantTrials, first: int) -> None:
    cases = [await trial.case(seed) for seed in range(first, first + 5)]
    assert [(case.seed, case.problems) for case in cases if case.problems] == []


async def test_many_editors_all_get_through(trial: GrantTrials) -> None:
    gateways = [
        await open_gateway(target_at(trial.server.record, transport))
        for transport in (Transport.GRPC, Transport.REST)
    ]
    members = [f"user:many{number}@lagoon.example" for number in range(EDITORS)]

    def grants(gateway: Gateway, member: str) -> list[asyncio.Task[object]]:
        role = "roles/storage.objectUser"
        return [
            asyncio.create_task(gateway.setup.grant_roles(member, [role])),
            asyncio.create_task(gateway.setup.grant_on_bucket(BUCKET, member, role)),
        ]

    try:
        with hurried():
            tasks = [
                task for number, member in enumerate(members) for task in grants(gateways[number % 2], member)
            ]
            assert all(await asyncio.gather(*tasks))
        for policy in (
            await gateways[0].setup.get_policy(),
            await gateways[0].setup.get_bucket_policy(BUCKET),
        ):
            held = [member for binding in policy.bindings for member in binding.members]
            assert sorted(set(members) & set(held)) == sorted(members)
    finally:
        for gateway in gateways:
            await gateway.close()
