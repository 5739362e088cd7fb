"""The local server takes every template as it stands, sent as the app sends it."""

from __future__ import annotations

import json

import pytest
from google.cloud.aiplatform_v1 import CustomJob, JobState

from tests.domain.spec.test_templates import as_job, sent
from tests.local.clients import PARENT, REGION, Server
from tui.domain.spec.templates import TEMPLATES, Template
from tui.local.admin.client import AdminClient

METRICS = (
    "nvidia_l4_gpus",
    "preemptible_nvidia_l4_gpus",
    "nvidia_a100_gpus",
    "nvidia_h100_gpus",
    "g2_cpus",
    "a2_cpus",
    "a3_cpus",
    "preemptible_g2_cpus",
)


@pytest.mark.parametrize("template", TEMPLATES, ids=[template.id for template in TEMPLATES])
def test_a_template_is_accepted(shared_server: Server, template: Template) -> None:
    admin = AdminClient(shared_server.record)
    for metric in METRICS:
        admin.call("PUT", "quotas", {"metric": metric, "value": 1000})
    text = template.text(bucket="kelp-outputs", region=REGION)
    for spec in (text, as_job(sent(text))):
        job = CustomJob.from_json(json.dumps(sent(spec)))
        created = shared_server.jobs.create_custom_job(parent=PARENT, custom_job=job)
        assert created.state in (JobState.JOB_STATE_QUEUED, JobState.JOB_STATE_PENDING)
        shared_server.jobs.cancel_custom_job(name=created.name)
