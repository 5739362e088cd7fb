"""The project to practise on: billing, deletion, rights and organization policies, with Google's clients."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
import requests
from google.api_core import exceptions as api
from google.cloud.billing_v1 import CloudBillingClient
from google.cloud.billing_v1.services.cloud_billing.transports import CloudBillingGrpcTransport
from google.cloud.resourcemanager_v3 import Project
from hypothesis import given
from hypothesis import strategies as st

from tests.local.clients import PARENT, Server, script_job, storage_client
from tui.domain.locations import is_location_value, location_allowed
from tui.domain.regions import TRAINING_REGIONS
from tui.local import launcher
from tui.local.admin.client import AdminClient
from tui.local.api.project_query import project_filter
from tui.local.launcher import LauncherError
from tui.local.state.standing import Standing, standing_from_json
from tui.local.wire.errors import ApiError

USABLE = {"billing": "on", "state": "active", "me": "owner", "locations": "any", "require_key": "off"}
KEY = "projects/p/locations/europe-west4/keyRings/r/cryptoKeys/k"
NAME = "projects/local-project"
API = f"{NAME}/services/iam.googleapis.com"


@pytest.fixture
def admin(local_server: Server) -> AdminClient:
    local_server.enable("aiplatform", "cloudbilling")
    return AdminClient(local_server.record)


def submit(server: Server, **fields: Any) -> str:
    job = script_job("true")
    for name, value in fields.items():
        setattr(job, name, value)
    return str(server.jobs.create_custom_job(parent=PARENT, custom_job=job).name)


def make_bucket(server: Server, name: str, location: str = "europe-west4", key: str = "") -> Any:
    bucket = storage_client(server).bucket(name)
    bucket.default_kms_key_name = key or None
    bucket.create(location=location, retry=None)
    return storage_client(server).get_bucket(name)


def test_billing(local_server: Server, admin: AdminClient) -> None:
    client = CloudBillingClient(transport=CloudBillingGrpcTransport(channel=local_server.channel))
    info = client.get_project_billing_info(name=NAME)
    assert (info.billing_enabled, info.project_id) == (True, "local-project")
    assert info.billing_account_name.startswith("billingAccounts/")
    admin.set_project(billing="off")
    info = client.get_project_billing_info(name=NAME)
    assert (info.billing_enabled, info.billing_account_name) == (False, "")
    local_server.enable("cloudquotas")  # needs none
    local_server.enable("aiplatform")  # is on already
    with pytest.raises(api.FailedPrecondition) as caught:
        local_server.enable("compute", "artifactregistry", "iamcredentials")
    assert caught.value.message == (
        "Billing account for project '123456789012' is not found. Billing must be enabled for activation of "
        "service(s) 'artifactregistry.googleapis.com' to proceed."
    )
    assert caught.value.reason == "UREQ_PROJECT_BILLING_NOT_FOUND"
    failure, _ = caught.value.details
    assert failure.violations[0].type == "googleapis.com/billing-enabled"
    assert failure.violations[0].subject.startswith("?error_code=390001&project=123456789012&services=")
    with pytest.raises(api.PermissionDenied) as denied:
        submit(local_server)
    assert denied.value.reason == "BILLING_DISABLED"
    with pytest.raises(api.Forbidden, match="absent billing account"):
        make_bucket(local_server, "kelp-a")
    admin.set_project(billing="on")
    submit(local_server)
    assert make_bucket(local_server, "kelp-a").location == "EUROPE-WEST4"


def test_another_project_has_no_billing_to_tell(local_server: Server, admin: AdminClient) -> None:
    admin.project()
    client = CloudBillingClient(transport=CloudBillingGrpcTransport(channel=local_server.channel))
    with pytest.raises(api.PermissionDenied):
        client.get_project_billing_info(name="projects/kelp-train")


def test_a_deleted_project(local_server: Server, admin: AdminClient) -> None:
    number = submit(local_server)
    admin.set_project(state="delete-requested")
    assert local_server.projects.get_project(name=NAME).state is Project.State.DELETE_REQUESTED
    (found,) = local_server.projects.search_projects(query="state:DELETE_REQUESTED")
    assert found.project_id == "local-project"
    calls: list[Any] = [
        lambda: local_server.jobs.get_custom_job(name=number, retry=None),
        lambda: local_server.services.get_service(request={"name": API}, retry=None),
        local_server.entries,
        lambda: local_server.iam.list_service_accounts(name=NAME, retry=None),
    ]
    for call in calls:
        with pytest.raises(api.PermissionDenied) as caught:
            call()
        assert caught.value.reason == "CONSUMER_INVALID"
    with pytest.raises(api.Forbidden) as forbidden:
        list(storage_client(local_server).list_buckets(retry=None))
    assert forbidden.value.reason == "CONSUMER_INVALID"
    admin.set_project(state="active")
    assert local_server.ended(number)


def test_what_i_may_do(local_server: Server, admin: AdminClient) -> None:
    assert admin.set_project(me="viewer, roles/aiplatform.user")["me"] == "viewer,aiplatform.user"
    submit(local_server)
    with pytest.raises(api.PermissionDenied):
        local_server.enable("cloudquotas")
    assert admin.set_project(me="none")["me"] == "none"
    with pytest.raises(api.PermissionDenied):
        local_server.projects.get_project(name=NAME)
    assert list(local_server.projects.search_projects()) == []
    assert admin.set_project(me="owner") == USABLE  # whatever one holds
    policy = local_server.projects.get_iam_policy(resource=NAME)
    roles = {binding.role: list(binding.members) for binding in policy.bindings}
    assert set(roles) == {
        "roles/owner", "roles/aiplatform.serviceAgent", "roles/aiplatform.customCodeServiceAgent"
    }  # fmt: skip
    assert len(roles["roles/owner"]) == 1


def test_locations_and_keys(local_server: Server, admin: AdminClient) -> None:
    admin.set_project(locations="europe-west1,in:us-locations", require_key="on")
    for location in ("europe-west4", "EU"):
        with pytest.raises(api.PreconditionFailed) as caught:
            make_bucket(local_server, "kelp-a", location, KEY)
        assert caught.value.response.json()["error"]["message"] == (
            f"'{location.lower()}' violates constraint 'constraints/gcp.resourceLocations'"
        )
    with pytest.raises(api.FailedPrecondition, match=r"gcp\.resourceLocations violated .* use europe-west4"):
        submit(local_server)
    for location in ("US", "us-east1", "europe-west1"):
        bucket = make_bucket(local_server, f"kelp-{location.lower()}", location, KEY)
        assert bucket.default_kms_key_name == KEY
    with pytest.raises(api.PreconditionFailed, match=r"gcp\.restrictNonCmekServices"):
        make_bucket(local_server, "kelp-a", "us-west1")
    admin.set_project(locations="any")
    with pytest.raises(api.FailedPrecondition) as failed:
        submit(local_server)
    (failure,) = failed.value.details
    assert failure.violations[0].type == "constraints/gcp.restrictNonCmekServices"
    submit(local_server, encryption_spec={"kms_key_name": KEY})


def test_effective_policies(local_server: Server, admin: AdminClient) -> None:
    admin.set_project(locations="in:eu-locations")
    url = f"{local_server.record.http_url}/v1/{NAME}:getEffectiveOrgPolicy"

    def policy(constraint: str) -> Any:
        return requests.post(url, json={"constraint": constraint}, timeout=20).json()

    name = "constraints/gcp.resourceLocations"
    assert policy(name) == {"constraint": name, "listPolicy": {"allowedValues": ["in:eu-locations"]}}
    assert policy("constraints/x.y")["listPolicy"] == {"allValues": "ALLOW"}
    assert policy("x")["error"]["status"] == "INVALID_ARGUMENT"
    assert requests.post(url, timeout=20).status_code == 400


def test_it_outlives_the_server(local_server: Server, admin: AdminClient) -> None:
    state = {
        "billing": "off",
        "state": "delete-requested",
        "me": "viewer",
        "locations": "europe-west4,eu",
        "require_key": "on",
    }
    assert admin.project() == USABLE
    assert admin.set_project(**state) == state
    launcher.stop(local_server.data_dir)
    again = AdminClient(local_server.start())
    assert again.project() == state
    assert again.reset_project() == again.project() == USABLE


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ({"billing": "of"}, "billing is on or off, not 'of'"),
        ({"state": "gone"}, "state is active or delete-requested"),
        ({"me": "vewer"}, "no role called 'vewer' here; did you mean viewer"),
        ({"me": ""}, "no role called ''"),
        ({"locations": "mars"}, "'mars' is not a region"),
        ({"locations": "in:mars-locations"}, "'in:mars-locations' is not a region"),
        ({"locations": ""}, "is not a region"),
        ({"zebra": "x"}, "nothing called 'zebra'"),
        ({"require_key": None}, "must be a text"),
    ],
)
def test_mistakes_change_nothing(shared_server: Server, words: dict[str, Any], complaint: str) -> None:
    admin = AdminClient(shared_server.record)
    with pytest.raises(LauncherError, match=complaint.replace("?", r"\?")):
        admin.set_project(**{"billing": "off", **words})
    assert admin.project() == USABLE


def test_the_query_of_a_search() -> None:
    project = {"id": "local-project", "name": "Local project", "state": "ACTIVE"}
    for query in ("", "id:local-project", "projectId:LOCAL*", 'name:"local project"', "id:x displayName:loc*",
                  "STATE:active", "name:*"):  # fmt: skip
        assert project_filter(query)(project)
    for query in ("id:local", "name:local", "labels.color:red", "labels:*", "parent:folders/1", "id:x*"):
        assert not project_filter(query)(project)
    for query in ("local", "zebra:x", "id:", 'name:"x', "id:x AND"):
        with pytest.raises(ApiError):
            project_filter(query)


@given(st.text(max_size=30))
def test_any_text_as_a_query(text: str) -> None:
    with suppress(ApiError):
        project_filter(text)({"id": "a"})


@pytest.mark.parametrize(
    ("location", "values", "allowed"),
    [
        ("europe-west4", ("europe-west4",), True),
        ("EUROPE-WEST4", ("is:europe-west4",), True),
        ("europe-west4", ("in:eu-locations",), True),
        ("europe-west2", ("in:eu-locations",), False),
        ("europe-west2", ("in:europe-locations",), True),
        ("EU", ("in:eu-locations",), True),
        ("EU", ("europe-west4",), False),
        ("us-east4", ("in:us-locations",), True),
        ("us-east4", ("in:us-east4-locations",), True),
        ("us-east5", ("in:us-east4-locations",), False),
        ("us-east5", ("in:mars-locations",), None),
        ("us-east5", ("in:mars-locations", "us-east5"), True),
        ("us-east5", (), False),
    ],
)
def test_places_and_groups(location: str, values: tuple[str, ...], allowed: object) -> None:
    assert location_allowed(location, values) is allowed


def test_every_training_region_can_be_named() -> None:
    for region in TRAINING_REGIONS:
        assert is_location_value(region)
        assert location_allowed(region, [f"in:{region.partition('-')[0]}-locations"])
        assert is_location_value(f"in:{region}-locations")


def test_the_state_in_the_database() -> None:
    standing = Standing(billing=False, locations=("eu", "us"))
    assert standing_from_json(standing.to_json()) == standing
    assert standing_from_json(None) == Standing()
