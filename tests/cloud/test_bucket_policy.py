"""A bucket's own policy and its key, over the app's gateway at the local server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from google.cloud import storage

from tests.local.clients import Server, storage_client
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.gateway import Gateway
from tui.local import names

BUCKET = "kelp-runs"
VIEWER, USER = "roles/storage.objectViewer", "roles/storage.objectUser"
ANA, BEN = "user:ana@lagoon.example", "user:ben@lagoon.example"
CONDITION = {"title": "till spring", "expression": "request.time < timestamp('2030-03-01T00:00:00Z')"}


@pytest.fixture
def bucket(local_server: Server) -> storage.Bucket:
    """A bucket in Google's own client, with a condition in its policy."""
    client = storage_client(local_server)
    made: storage.Bucket = client.bucket(BUCKET)
    made.iam_configuration.uniform_bucket_level_access_enabled = True
    made.create(location="europe-west4")
    policy = made.get_iam_policy(requested_policy_version=3)
    policy.version = 3
    policy.bindings.append({"role": VIEWER, "members": {ANA, BEN}, "condition": CONDITION})
    policy.bindings.append({"role": VIEWER, "members": {BEN}})
    made.set_iam_policy(policy)
    return made


def bindings(bucket: storage.Bucket) -> list[Mapping[str, Any]]:
    """What Google's own client reads."""
    found: list[Mapping[str, Any]] = bucket.get_iam_policy(requested_policy_version=3).bindings
    return found


async def test_a_grant_keeps_every_other_binding(gateway: Gateway, bucket: storage.Bucket) -> None:
    before = bindings(bucket)
    assert await gateway.setup.grant_on_bucket(BUCKET, ANA, VIEWER)
    assert not await gateway.setup.grant_on_bucket(BUCKET, ANA, VIEWER)
    assert await gateway.setup.grant_on_bucket(BUCKET, ANA, USER)
    after = bindings(bucket)
    assert {"role": VIEWER, "members": {ANA, BEN}, "condition": CONDITION} in after
    assert {"role": VIEWER, "members": {ANA, BEN}} in after
    assert {"role": USER, "members": {ANA}} in after
    read = await gateway.setup.get_bucket_policy(BUCKET)
    assert read.etag
    assert [(one.role, set(one.members)) for one in read.bindings] == [
        (one["role"], one["members"]) for one in after
    ]
    assert read.roles_of(ANA) == {VIEWER, USER}
    assert await gateway.setup.revoke_on_bucket(BUCKET, ANA, VIEWER)
    assert await gateway.setup.revoke_on_bucket(BUCKET, ANA, USER)
    assert not await gateway.setup.revoke_on_bucket(BUCKET, ANA, USER)
    assert bindings(bucket) == before


async def test_what_is_refused(gateway: Gateway, bucket: storage.Bucket) -> None:
    agent = f"serviceAccount:{names.CUSTOM_CODE_AGENT}"
    with pytest.raises(CloudError) as caught:
        await gateway.setup.grant_on_bucket(bucket.name, agent, USER)
    assert caught.value.kind is ErrorKind.INVALID
    assert "does not exist" in caught.value.message
    with pytest.raises(CloudError) as caught:
        await gateway.setup.get_bucket_policy("kelp-none")
    assert caught.value.kind is ErrorKind.NOT_FOUND


async def test_a_bucket_with_a_key_of_ones_own(gateway: Gateway) -> None:
    key = "projects/local-project/locations/europe-west4/keyRings/r/cryptoKeys/k"
    made = await gateway.storage.create_bucket(BUCKET, "europe-west4", kms_key=key)
    assert made.kms_key == key
    assert (await gateway.storage.get_bucket(BUCKET)).kms_key == key
    await gateway.storage.create_bucket("kelp-plain", "europe-west4")
    listed = {bucket.name: bucket.kms_key for bucket in await gateway.storage.list_buckets()}
    assert listed == {BUCKET: key, "kelp-plain": ""}
