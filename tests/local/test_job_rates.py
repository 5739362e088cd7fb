"""Requests a minute about the jobs of a region, as Vertex AI limits them."""

from __future__ import annotations

import pytest
from google.api_core import exceptions

from tests.local.clients import PARENT, Server, script_job
from tui.local import launcher
from tui.local.api.job_rates import JobRates
from tui.local.settings import Settings
from tui.local.wire.errors import ApiError


def test_the_limits_are_google_s() -> None:
    rates = JobRates(Settings())
    for _ in range(60):
        rates.submission("us-east1")
    for _ in range(600):
        rates.request("us-east1")
    for ask in (rates.submission, rates.request):
        with pytest.raises(ApiError):
            ask("us-east1")
        ask("us-east4")


def test_0_is_no_limit() -> None:
    rates = JobRates(Settings(job_submissions_per_minute=0, job_requests_per_minute=0))
    for _ in range(2000):
        rates.submission("us-east1")
        rates.request("us-east1")


def test_calls_beyond_the_limit_are_refused_as_google_words_it(local_server: Server) -> None:
    launcher.stop(local_server.data_dir)
    local_server.start(job_submissions_per_minute=3, job_requests_per_minute=20)
    local_server.enable("aiplatform")
    jobs = local_server.jobs
    made = [jobs.create_custom_job(parent=PARENT, custom_job=script_job("true")) for _ in range(2)]
    for _ in range(20):
        jobs.get_custom_job(name=made[0].name)
    with pytest.raises(exceptions.ResourceExhausted) as caught:
        jobs.get_custom_job(name=made[0].name)
    assert caught.value.message == (
        "Quota exceeded for quota metric 'Resource management (CRUD) requests' and limit 'Resource "
        "management (CRUD) requests per minute per region' of service 'aiplatform.googleapis.com' "
        "for consumer 'project_number:123456789012'."
    )
    assert caught.value.reason == "RATE_LIMIT_EXCEEDED"
    assert caught.value.metadata["quota_metric"] == "aiplatform.googleapis.com/resource_management_requests"
    assert caught.value.metadata["service"] == "aiplatform.googleapis.com"
    assert caught.value.metadata["consumer"] == "projects/123456789012"
    assert caught.value.metadata["quota_limit_value"] == "20"
    assert caught.value.metadata["quota_location"] == PARENT.rpartition("/")[2]
    jobs.create_custom_job(parent=PARENT, custom_job=script_job("true"))
    with pytest.raises(exceptions.ResourceExhausted, match="Job or LRO submission requests per minute"):
        jobs.create_custom_job(parent=PARENT, custom_job=script_job("true"))
    with pytest.raises(exceptions.ResourceExhausted):
        jobs.delete_custom_job(name=made[0].name)
    with pytest.raises(exceptions.ResourceExhausted):
        jobs.list_custom_jobs(parent=PARENT)
    # Other regions have limits of their own.
    assert not list(jobs.list_custom_jobs(parent=PARENT.replace("europe-west4", "us-east1")))
