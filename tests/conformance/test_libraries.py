"""Google's Python libraries, and this app's own way to Google Cloud, in the environment of `local env`."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance.conftest import Project

APIS = ["aiplatform", "logging", "iam", "compute"]


@pytest.fixture(scope="module")
def setup(project: Project) -> dict[str, Any]:
    """What the first program found; it enables the APIs."""
    return project.script("setup_project")


def test_the_default_credentials_are_the_owners(setup: dict[str, Any], project: Project) -> None:
    found = setup["sign_in"]
    assert found["project"] == found["quota_project"] == project.server.record.project
    assert found["valid"]
    first, second = found["emails"]
    assert first == second
    assert first.endswith("@localhost")


@pytest.mark.parametrize("transport", ["grpc", "rest"])
def test_services_and_projects(setup: dict[str, Any], transport: str) -> None:
    services, projects = setup[transport]["services"], setup[transport]["projects"]
    assert {f"projects/123456789012/services/{name}.googleapis.com" for name in APIS} or services
    assert set(services["enabled"]) == {f"{name}.googleapis.com" for name in APIS}
    assert ("aiplatform.googleapis.com" in services["before"]) == (transport == "rest")
    assert (services["state"], services["title"]) == ("ENABLED", "Vertex AI API")
    assert projects == {
        "id": "local-project",
        "name": "projects/123456789012",
        "state": "ACTIVE",
        "bound": True,
        "rights": ["aiplatform.customJobs.create"],
        "foreign": "Forbidden" if transport == "rest" else "PermissionDenied",
    }


def test_service_accounts(setup: dict[str, Any]) -> None:
    assert "123456789012-compute@developer.gserviceaccount.com" in setup["accounts"]


def test_custom_jobs(setup: dict[str, Any], project: Project) -> None:
    del setup
    found = project.script("custom_jobs", "script")
    for transport in ("grpc", "rest"):
        course = found[transport]
        assert course["states"] == ["JOB_STATE_SUCCEEDED", "JOB_STATE_FAILED", "JOB_STATE_CANCELLED"]
        assert "non-zero status of 3" in course["failure"]
        assert course["times"]
        assert course["labels"]["team"] == "kelp"
        assert course["listed"] == [f"good-{transport}"]
        assert course["labelled"] == [f"good-{transport}"]
        assert course["location"] == "europe-west4"
        assert course["gone"] == 404
    assert found["script"]["state"] == "JOB_STATE_SUCCEEDED"
    job = project.server.jobs.get_custom_job(name=found["script"]["name"])
    assert "trained 3 epochs for ana" in project.server.lines(job)


def test_log_entries(setup: dict[str, Any], project: Project) -> None:
    del setup
    found = project.script("log_entries")
    for way in ("grpc", "http"):
        assert found[way]["texts"] == ["one", "two", "three", "four", "five words"]
        assert found[way]["severities"] == ["INFO", "WARNING", "ERROR", None, "ERROR"]
        assert found[way]["labels"]["part"] == "a"
        assert found[way]["loss"] == 1.5
        assert found[way]["loud"] == ["five words", "three", "two"]
        assert found[way]["first"] == ["two"]
    numbers = [int(text.removeprefix("line ")) for text in found["tail"]]
    assert len(numbers) >= 3
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


@pytest.mark.parametrize(("argument", "link"), [("--google", "https://storage.googleapis.com"), ("", "")])
def test_objects(project: Project, argument: str, link: str) -> None:
    found = project.script("objects", *filter(None, [argument]))
    assert found == {
        "project": "local-project",
        "names": ["runs/a b/ü.txt", "runs/large.bin"],
        "text": "hello",
        "same": True,
        "link": link or project.server.record.http_url,
        "missing": 404,
        "left": True,
    }


def test_this_app_as_on_google_cloud(project: Project) -> None:
    found = project.script("the_app")
    for transport in ("auto", "rest"):
        course = found[transport]
        assert course.pop("account").endswith("@localhost")
        assert course == {
            "source": "GOOGLE_APPLICATION_CREDENTIALS",
            "project": "local-project",
            "state": "SUCCEEDED",
            "lines": course["lines"],
            "objects": ["out.txt"],
            "content": "hello\n",
            "missing": "NOT_FOUND",
            "jobs": 0,
        }
        assert course["lines"][-1] == "done"
