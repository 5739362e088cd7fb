"""This app's own way to Google Cloud: every call as if `--local` had never been thought of."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

from tui.cloud.session import open_gateway
from tui.domain.errors import CloudError
from tui.domain.gateway import Gateway
from tui.domain.jobs import Job
from tui.domain.storage import GcsUri
from tui.domain.target import Target, Transport

REGION = "europe-west4"
FILTER = (
    'resource.type="ml_job" AND resource.labels.job_id="{}" AND resource.labels.task_name="workerpool0-0"'
)
JOB = {
    "displayName": "from the app",
    "labels": {"by": "app"},
    "jobSpec": {
        "workerPoolSpecs": [
            {
                "machineSpec": {"machineType": "n1-standard-4"},
                "replicaCount": "1",
                "containerSpec": {
                    "imageUri": "python:3.11",
                    "command": ["bash", "-c"],
                    "args": ["echo hello > out.txt; gsutil cp out.txt gs://$BUCKET/out.txt; echo done"],
                    "env": [{"name": "BUCKET", "value": "BUCKET"}],
                },
            }
        ]
    },
}


async def ended(gateway: Gateway, name: str) -> Job:
    """The job when it has ended."""
    while True:
        job = await gateway.jobs.get_job(name)
        if job.state.terminal:
            return job
        await asyncio.sleep(0.1)


async def course(gateway: Gateway, bucket: str) -> dict[str, Any]:
    """The whole loop once."""
    await gateway.setup.enable_apis(["aiplatform.googleapis.com", "logging.googleapis.com"])
    identity = await gateway.setup.identity()
    project = await gateway.setup.get_project()
    await gateway.storage.create_bucket(bucket, REGION)
    text = json.dumps(JOB).replace('"BUCKET"}', f'"{bucket}"}}')
    job = await gateway.jobs.create_job(json.loads(text))
    async with asyncio.timeout(60):
        job = await ended(gateway, job.name)
    number = job.name.rpartition("/")[2]
    lines: list[str] = []
    async with asyncio.timeout(20):
        while "done" not in lines:
            page = await gateway.logs.list_entries(FILTER.format(number))
            lines = [entry.text for entry in page.entries]
            await asyncio.sleep(0.1)
    listing = await gateway.storage.list_objects(GcsUri(bucket, ""))
    content = await gateway.storage.read_object(GcsUri(bucket, "out.txt"), limit=100)
    try:
        await gateway.jobs.get_job(job.name + "0")
    except CloudError as error:
        missing = error.kind.name
    await gateway.jobs.delete_job(job.name)
    return {
        "account": identity.account,
        "source": identity.source,
        "project": project.project_id,
        "state": job.state.name,
        "lines": lines,
        "objects": [item.name for item in listing.objects],
        "content": content.decode(),
        "missing": missing,
        "jobs": len((await gateway.jobs.list_jobs(filter_='labels.by="app"')).jobs),
    }


async def main() -> None:
    """Print what was found."""
    found = {}
    for transport in (Transport.AUTO, Transport.REST):
        gateway = await open_gateway(Target("local-project", REGION, transport))
        try:
            found[transport.value] = await course(gateway, f"app-{transport.value}")
        finally:
            await gateway.close()
    sys.stdout.write(json.dumps(found) + "\n")


asyncio.run(main())
