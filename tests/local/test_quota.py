"""Quotas over Google's own clients: refusals beyond them, reading them, raising them."""

from __future__ import annotations

import json
import urllib.request
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote

import pytest
from google.api_core import exceptions
from google.auth.credentials import AnonymousCredentials
from google.cloud.aiplatform_v1 import CustomJob, MachineSpec
from google.cloud.cloudquotas_v1 import CloudQuotasClient, QuotaPreference, QuotaSafetyCheck
from google.cloud.cloudquotas_v1.services.cloud_quotas.transports import CloudQuotasGrpcTransport

from tests.local.clients import PARENT, REGION, Server, script_job
from tui.local.admin.client import AdminClient
from tui.local.launcher import LauncherError

PREFIX = "aiplatform.googleapis.com/custom_model_training_"
GLOBAL = "projects/local-project/locations/global"
VERTEX = f"{GLOBAL}/services/aiplatform.googleapis.com"
L4_ID = "CustomModelTrainingL4GPUsPerProjectPerRegion"


def gpu_job(count: int = 1, **scheduling: Any) -> CustomJob:
    """A job on machines with L4 GPUs."""
    job = script_job("sleep 60", scheduling=scheduling)
    machine = {1: "g2-standard-4", 2: "g2-standard-24", 8: "g2-standard-96"}[count]
    spec = {"machine_type": machine, "accelerator_type": "NVIDIA_L4", "accelerator_count": count}
    job.job_spec.worker_pool_specs[0].machine_spec = MachineSpec(spec)
    return job


def quotas(server: Server, transport: str = "grpc") -> CloudQuotasClient:
    """The Cloud Quotas client."""
    if transport == "grpc":
        return CloudQuotasClient(transport=CloudQuotasGrpcTransport(channel=server.channel))
    return CloudQuotasClient(
        transport="rest",
        client_options={"api_endpoint": server.record.http_url},
        credentials=AnonymousCredentials(),
    )


def create(server: Server, job: CustomJob, region: str = REGION) -> CustomJob:
    """Create a job."""
    parent = f"projects/local-project/locations/{region}"
    return server.jobs.create_custom_job(parent=parent, custom_job=job)


@pytest.fixture(scope="module")
def server(shared_server: Server) -> Server:
    """A server with Vertex AI and Cloud Quotas, where other tests change no quota."""
    shared_server.enable("cloudquotas")
    return shared_server


def test_an_l4_is_refused_until_its_quota_is_raised(local_server: Server) -> None:
    local_server.enable("aiplatform")
    admin = AdminClient(local_server.record)
    with pytest.raises(exceptions.ResourceExhausted) as caught:
        create(local_server, gpu_job())
    text = f"The following quota metrics exceed quota limits: {PREFIX}nvidia_l4_gpus"
    assert caught.value.message == text
    failure, debug = caught.value.details
    assert "limit 0, in use 0, requested 1" in failure.violations[0].description
    assert REGION in failure.violations[0].description
    assert debug.detail.startswith("[ORIGINAL ERROR] generic::resource_exhausted: ")
    assert debug.detail.endswith(f"AiPlatformException: code=RESOURCE_EXHAUSTED, message={text}, cause=null")
    with pytest.raises(exceptions.TooManyRequests, match="quota metrics exceed quota limits"):
        local_server.rest_jobs.create_custom_job(parent=PARENT, custom_job=gpu_job())

    row = admin.call("PUT", "quotas", {"metric": "nvidia_l4_gpus", "region": REGION, "value": 2})
    assert (row["limit"], row["default"]) == (2, 0)
    job = create(local_server, gpu_job())
    with pytest.raises(exceptions.ResourceExhausted):
        create(local_server, gpu_job(2))
    with pytest.raises(exceptions.ResourceExhausted):
        create(local_server, gpu_job(), "us-central1")
    with pytest.raises(exceptions.ResourceExhausted, match="preemptible_nvidia_l4_gpus"):
        create(local_server, gpu_job(strategy="SPOT"))
    rows = admin.call("GET", "quotas")["quotas"]
    assert {(row["name"], row["region"], row["used"]) for row in rows} == {
        ("g2_cpus", REGION, 4),
        ("nvidia_l4_gpus", REGION, 1),
        ("pd_ssd", REGION, 100),
    }
    local_server.jobs.cancel_custom_job(name=job.name)
    local_server.ended(job.name)
    second = create(local_server, gpu_job(2))
    local_server.jobs.cancel_custom_job(name=second.name)

    local_server.start()
    row = admin.call("PUT", "quotas", {"metric": f"{PREFIX}nvidia_l4_gpus", "value": 8})
    assert row["region"] == ""
    create(local_server, gpu_job(8), "us-central1")


def test_replicas_count_and_so_does_every_pool(server: Server) -> None:
    job = script_job("true")
    job.job_spec.worker_pool_specs.append(job.job_spec.worker_pool_specs[0])
    job.job_spec.worker_pool_specs[1].replica_count = 5
    with pytest.raises(exceptions.ResourceExhausted) as caught:
        create(server, job, "europe-west6")
    assert caught.value.message.endswith(f"{PREFIX}cpus,{PREFIX}pd_ssd")
    descriptions = [violation.description for violation in caught.value.details[0].violations]
    assert descriptions == [
        f"Quota exceeded for {PREFIX}cpus in region europe-west6: limit 20, in use 0, requested 24.",
        f"Quota exceeded for {PREFIX}pd_ssd in region europe-west6: limit 450, in use 0, requested 600.",
    ]


@pytest.mark.parametrize("transport", ["grpc", "rest"])
def test_quota_infos(server: Server, transport: str) -> None:
    client = quotas(server, transport)
    infos = {info.quota_id: info for info in client.list_quota_infos(parent=VERTEX)}
    assert len(infos) > 50
    cpus = infos["CustomModelTrainingCPUsPerProjectPerRegion"]
    assert cpus.metric == f"{PREFIX}cpus"
    assert cpus.quota_increase_eligibility.is_eligible
    values = {dict(info.dimensions).get("region"): info.details.value for info in cpus.dimensions_infos}
    assert values["europe-west6"] == 20
    everywhere = cpus.dimensions_infos[-1]
    assert everywhere.details.value == 2200
    assert REGION in everywhere.applicable_locations
    assert client.get_quota_info(name=f"{VERTEX}/quotaInfos/{cpus.quota_id}") == cpus
    with pytest.raises(exceptions.NotFound):
        client.get_quota_info(name=f"{VERTEX}/quotaInfos/Nonsense")
    assert not list(client.list_quota_infos(parent=f"{GLOBAL}/services/compute.googleapis.com"))
    with pytest.raises(exceptions.Forbidden):
        client.list_quota_infos(parent="projects/other/locations/global/services/aiplatform.googleapis.com")


def wish(value: int, region: str, quota_id: str = L4_ID) -> QuotaPreference:
    """A wish for a limit."""
    return QuotaPreference(
        service="aiplatform.googleapis.com",
        quota_id=quota_id,
        dimensions={"region": region},
        quota_config={"preferred_value": value},
        contact_email="ana@lagoon.example",
    )


@pytest.mark.parametrize(("transport", "region"), [("grpc", "europe-west2"), ("rest", "asia-south1")])
def test_a_wish_is_granted_at_once(server: Server, transport: str, region: str) -> None:
    client = quotas(server, transport)
    made = client.create_quota_preference(
        parent=GLOBAL, quota_preference=wish(4, region), quota_preference_id=f"l4-{region}"
    )
    assert made.name == f"projects/123456789012/locations/global/quotaPreferences/l4-{region}"
    assert made.quota_config.granted_value == 4
    assert not made.reconciling
    job = create(server, gpu_job(), region)
    server.jobs.cancel_custom_job(name=job.name)
    with pytest.raises(exceptions.Conflict):
        client.create_quota_preference(parent=GLOBAL, quota_preference=wish(5, region))
    assert client.get_quota_preference(name=made.name) == made
    assert made.name in {preference.name for preference in client.list_quota_preferences(parent=GLOBAL)}

    made.quota_config.preferred_value = 1_000_000
    review = client.update_quota_preference(quota_preference=made)
    assert (review.reconciling, review.quota_config.granted_value) == (True, 4)
    request = {"parent": GLOBAL, "filter": "reconciling:true"}
    assert review.name in {preference.name for preference in client.list_quota_preferences(request=request)}
    review.quota_config.preferred_value = 0
    with pytest.raises(exceptions.BadRequest, match="below"):
        client.update_quota_preference(quota_preference=review)
    lowered = client.update_quota_preference(
        {
            "quota_preference": review,
            "ignore_safety_checks": [
                QuotaSafetyCheck.QUOTA_DECREASE_PERCENTAGE_TOO_HIGH,
                QuotaSafetyCheck.QUOTA_DECREASE_BELOW_USAGE,
            ],
        }
    )
    assert (lowered.reconciling, lowered.quota_config.granted_value) == (False, 0)


def test_what_is_no_wish(server: Server) -> None:
    client = quotas(server)
    for wrong in (wish(1, REGION, "Nonsense"), wish(1, "mars-north1"), wish(-2, REGION)):
        with pytest.raises(exceptions.InvalidArgument):
            client.create_quota_preference(parent=GLOBAL, quota_preference=wrong)
    with pytest.raises(exceptions.NotFound):
        client.get_quota_preference(name=f"{GLOBAL}/quotaPreferences/none")


def ask(server: Server, verb: str, path: str, content: Any = None) -> tuple[int, Any]:
    """One call over HTTP; status and JSON."""
    body = None if content is None else json.dumps(content).encode()
    request = urllib.request.Request(  # noqa: S310 (loopback)
        server.record.http_url + path, data=body, method=verb, headers={"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=20) as response:  # noqa: S310 (loopback)
            return response.status, json.loads(response.read())
    except HTTPError as error:
        return error.code, json.loads(error.read())


METRICS = "/v1beta1/projects/local-project/services/aiplatform.googleapis.com/consumerQuotaMetrics"


def test_consumer_quota_metrics(server: Server) -> None:
    status, metric = ask(server, "GET", f"{METRICS}/{quote(PREFIX + 'cpus', safe='')}")
    assert (status, metric["metric"]) == (200, f"{PREFIX}cpus")
    (limit,) = metric["consumerQuotaLimits"]
    assert limit["unit"] == "1/{project}/{region}"
    buckets = {bucket.get("dimensions", {}).get("region"): bucket for bucket in limit["quotaBuckets"]}
    assert buckets["europe-west4"]["effectiveLimit"] == buckets["europe-west4"]["defaultLimit"] == "2200"
    assert buckets[None]["effectiveLimit"] == "20"
    assert ask(server, "GET", f"/v1beta1/{limit['name']}") == (200, limit)
    status, page = ask(server, "GET", f"{METRICS}?pageSize=10&alt=json")
    assert (status, len(page["metrics"])) == (200, 10)
    status, rest = ask(server, "GET", f"{METRICS}?pageSize=100&pageToken={page['nextPageToken']}")
    assert status == 200
    assert len(rest["metrics"]) > 40
    for path in (f"{METRICS}/nonsense", f"{METRICS}/{quote(PREFIX + 'cpus', safe='')}/limits/x"):
        assert ask(server, "GET", path)[0] == 404
    assert ask(server, "GET", f"{METRICS}?pageSize=many")[0] == 400


def test_a_limit_can_be_lowered_by_an_override(server: Server) -> None:
    def override(value: str, **more: Any) -> tuple[int, Any]:
        content = {"metric": f"{PREFIX}n2_cpus", "unit": "1/{project}/{region}", "overrideValue": value}
        body = {"inlineSource": {"overrides": [content | more]}, "force": True}
        return ask(server, "POST", f"{METRICS}:importConsumerOverrides", body)

    dimensions = {"region": "asia-east1"}
    status, operation = override("1", dimensions=dimensions)
    assert (status, operation["done"]) == (200, True)
    assert ask(server, "GET", f"/v1beta1/{operation['name']}")[0] == 200
    job = script_job("true")
    job.job_spec.worker_pool_specs[0].machine_spec.machine_type = "n2-standard-4"
    with pytest.raises(exceptions.ResourceExhausted, match="n2_cpus"):
        create(server, job, "asia-east1")
    status, refusal = override("451", dimensions=dimensions)
    assert (status, refusal["error"]["status"]) == (400, "FAILED_PRECONDITION")
    assert refusal["error"]["details"][0]["reason"] == "COMMON_QUOTA_CONSUMER_OVERRIDE_TOO_HIGH"
    assert override("x")[0] == override("1", metric="x")[0] == 400
    assert ask(server, "POST", f"{METRICS}:importConsumerOverrides", {"inlineSource": 3})[0] == 400


def test_service_identities_are_made(local_server: Server) -> None:
    local_server.enable("aiplatform", "iam")
    agent = "service-123456789012@gcp-sa-aiplatform-cc.iam.gserviceaccount.com"
    policy = local_server.projects.get_iam_policy(resource="projects/local-project")
    policy.bindings.add(role="roles/storage.admin", members=[f"serviceAccount:{agent}"])
    with pytest.raises(exceptions.InvalidArgument, match=f"Service account {agent} does not exist"):
        local_server.projects.set_iam_policy({"resource": "projects/local-project", "policy": policy})
    path = "/v1beta1/projects/local-project/services/aiplatform.googleapis.com:generateServiceIdentity"
    status, operation = ask(local_server, "POST", path, {})
    assert status == 200
    assert operation["response"]["email"] == (
        "service-123456789012@gcp-sa-aiplatform.iam.gserviceaccount.com"
    )
    policy = local_server.projects.get_iam_policy(resource="projects/local-project")
    roles = {binding.role for binding in policy.bindings if f"serviceAccount:{agent}" in binding.members}
    assert roles == {"roles/aiplatform.customCodeServiceAgent"}
    policy.bindings.add(role="roles/storage.admin", members=[f"serviceAccount:{agent}"])
    local_server.projects.set_iam_policy({"resource": "projects/local-project", "policy": policy})


@pytest.mark.parametrize(
    "content",
    [
        {"metric": "nonsense", "value": 1},
        {"metric": "cpus", "region": "mars-north1", "value": 1},
        {"metric": "cpus", "value": -2},
        {"metric": "cpus", "value": "1"},
        {"metric": "cpus", "value": True},
        {},
    ],
)
def test_what_the_admin_api_refuses(server: Server, content: dict[str, Any]) -> None:
    with pytest.raises(LauncherError):
        AdminClient(server.record).call("PUT", "quotas", content)
