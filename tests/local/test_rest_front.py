"""The REST side: routes as in Google's own clients, errors in Google's shape, bad input."""

from __future__ import annotations

import importlib
import inspect
import json
import urllib.request
from typing import Any
from urllib.error import HTTPError

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.local.clients import PARENT, Server
from tui.local.api.projects import Projects
from tui.local.api.service_usage import ServiceUsage
from tui.local.api.vertex_jobs import VertexJobs
from tui.local.wire.routes import pattern, variables

CLIENTS = {
    "google.cloud.aiplatform_v1.services.job_service": {
        "CreateCustomJob",
        "GetCustomJob",
        "ListCustomJobs",
        "CancelCustomJob",
        "DeleteCustomJob",
    },
    "google.cloud.resourcemanager_v3.services.projects": {
        "GetProject",
        "SearchProjects",
        "GetIamPolicy",
        "SetIamPolicy",
        "TestIamPermissions",
    },
    "google.cloud.service_usage_v1.services.service_usage": {
        "BatchEnableServices",
        "BatchGetServices",
        "DisableService",
        "EnableService",
        "GetService",
        "ListServices",
    },
}


def client_routes(package: str, method: str) -> set[tuple[str, str, str]]:
    """A method's HTTP forms in the client's own table."""
    module = importlib.import_module(f"{package}.transports.rest_base")
    (transport,) = (
        value
        for name, value in inspect.getmembers(module, inspect.isclass)
        if name.startswith("_Base") and name.endswith("RestTransport")
    )
    options = getattr(transport, f"_Base{method}")._get_http_options()
    return {(option["method"].upper(), option["uri"], option.get("body", "")) for option in options}


def our_routes() -> dict[str, set[tuple[str, str, str]]]:
    """The method table, without anything behind it."""
    nothing: Any = None
    tables: list[Any] = [
        VertexJobs(nothing, nothing, nothing, nothing, nothing, quota=nothing, rates=nothing),
        Projects(nothing, nothing),
        ServiceUsage(nothing, nothing),
    ]
    return {
        method.name: {(route.verb, route.template, route.body) for route in method.routes}
        for table in tables
        for method in table.methods()
    }


@pytest.mark.parametrize(
    ("package", "method"), [(package, name) for package, names in CLIENTS.items() for name in sorted(names)]
)
def test_every_route_of_the_clients_is_served(package: str, method: str) -> None:
    assert client_routes(package, method) <= our_routes()[method]


def test_templates() -> None:
    template = "/v1/{name=projects/*/locations/*/customJobs/*}:cancel"
    assert variables(template) == ("name",)
    expression = pattern(template)
    assert expression.fullmatch("/v1/projects/p/locations/r/customJobs/1:cancel")
    assert not expression.fullmatch("/v1/projects/p/locations/r/customJobs/1/2:cancel")
    assert not expression.fullmatch("/v1/projects/p/locations/r/customJobs/1:delete")


def ask(server: Server, method: str, path: str, body: bytes | None = None) -> tuple[int, Any]:
    """One HTTP request; status and JSON."""
    request = urllib.request.Request(  # noqa: S310 (loopback)
        server.record.http_url + path, data=body, method=method, headers={"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=20) as response:  # noqa: S310 (loopback)
            return response.status, json.loads(response.read())
    except HTTPError as error:
        return error.code, json.loads(error.read())


JOBS = f"/v1/{PARENT}/customJobs"


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "message"),
    [
        ("GET", "/v1/nonsense", None, 404, "Method not found"),
        ("POST", JOBS, b"{", 400, "Invalid JSON payload received"),
        ("POST", JOBS, b"[1]", 400, "Invalid JSON payload received"),
        ("POST", JOBS, b"\xff\xfe", 400, "Invalid JSON payload received"),
        ("POST", JOBS, b"[" * 100_000, 400, "Invalid JSON payload received"),
        (
            "POST",
            JOBS,
            b'{"jobSpec": {"nonsense": 1}}',
            400,
            "Unknown name \"nonsense\" at 'custom_job.job_spec'",
        ),
        (
            "POST",
            JOBS,
            b'{"displayName": 7}',
            400,
            "Invalid value at 'custom_job.display_name' (TYPE_STRING), 7",
        ),
        ("POST", JOBS, b"", 400, "List of found errors"),
        ("GET", f"{JOBS}?pageSize=many", None, 400, "Invalid value at 'page_size' (TYPE_INT32), \"many\""),
        ("GET", f"{JOBS}?nonsense=1", None, 400, 'Unknown name "nonsense": Cannot bind query parameter'),
        ("GET", f"{JOBS}/1", None, 404, "does not exist"),
        ("GET", f"{JOBS}/..%2F..%2Fetc", None, 404, "does not exist"),
        ("POST", "/v1/projects/local-project:getIamPolicy", b'"x"', 400, "Root element must be a message"),
        ("POST", "/v2/entries:list", b'{"resourceNames": []}', 400, "resource name"),
        ("POST", "/v2/entries:write", b"x" * (10 * 1024 * 1024 + 1), 400, "payload size exceeds the limit"),
    ],
)
def test_bad_requests(
    shared_server: Server, method: str, path: str, body: bytes | None, status: int, message: str
) -> None:
    found, content = ask(shared_server, method, path, body)
    assert found == status
    assert message in content["error"]["message"]
    assert content["error"]["code"] == status
    assert content["error"]["status"] in {"INVALID_ARGUMENT", "NOT_FOUND"}


def test_gcloud_s_old_forms(shared_server: Server) -> None:
    status, project = ask(shared_server, "GET", "/v1/projects/local-project?alt=json")
    assert status == 200
    assert project["projectNumber"] == "123456789012"
    assert project["lifecycleState"] == "ACTIVE"
    status, policy = ask(
        shared_server,
        "POST",
        "/v1/projects/local-project:getIamPolicy?alt=json",
        b'{"options": {"requestedPolicyVersion": 3}}',
    )
    assert status == 200
    assert policy["bindings"][0]["role"] == "roles/owner"
    status, projects = ask(shared_server, "GET", "/v1/projects?alt=json&pageSize=500")
    assert (status, len(projects["projects"])) == (200, 1)
    status, page = ask(shared_server, "GET", f"/v1beta1/{PARENT}/customJobs?alt=json&pageSize=100")
    assert status == 200
    assert isinstance(page.get("customJobs", []), list)


def test_values_are_written_as_google_writes_them(shared_server: Server) -> None:
    body = {
        "displayName": "json",
        "jobSpec": {
            "scheduling": {"timeout": "3600s"},
            "worker_pool_specs": [
                {
                    "machineSpec": {
                        "machineType": "n1-standard-4",
                        "acceleratorType": "NVIDIA_TESLA_T4",
                        "acceleratorCount": 1,
                    },
                    "replicaCount": 1,
                    "containerSpec": {"imageUri": "x", "command": ["true"]},
                }
            ],
        },
    }
    status, job = ask(shared_server, "POST", JOBS, json.dumps(body).encode())
    assert status == 200
    assert job["state"] == "JOB_STATE_QUEUED"
    assert job["createTime"].endswith("Z")
    (pool,) = job["jobSpec"]["workerPoolSpecs"]
    assert pool["replicaCount"] == "1"
    assert pool["machineSpec"]["acceleratorCount"] == 1
    assert job["jobSpec"]["scheduling"]["timeout"] == "3600s"
    status, job = ask(shared_server, "GET", f"/v1/{job['name']}?$alt=json;enum-encoding=int")
    assert isinstance(job["state"], int)


def test_a_disabled_api_over_rest(local_server: Server) -> None:
    status, content = ask(local_server, "GET", JOBS)
    assert status == 403
    error = content["error"]
    assert error["status"] == "PERMISSION_DENIED"
    info, localized, links = error["details"]
    assert info["@type"] == "type.googleapis.com/google.rpc.ErrorInfo"
    assert info["reason"] == "SERVICE_DISABLED"
    assert info["metadata"]["serviceTitle"] == "Vertex AI API"
    assert localized["message"] == error["message"]
    assert links["links"][0]["url"] == info["metadata"]["activationUrl"]


@given(st.binary(max_size=200))
def test_any_body_is_answered_in_shape(shared_server: Server, body: bytes) -> None:
    status, content = ask(shared_server, "POST", "/v2/entries:write", body or b" ")
    assert status in {200, 400}
    assert status == 200 or content["error"]["status"] == "INVALID_ARGUMENT"
