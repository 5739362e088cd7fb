"""The least a program can be that lists custom jobs: Google's own client, page after page, one line a job.

Run by `benchmarks.jobs_list`: `python -m benchmarks.list_client ADDRESS PROJECT REGION`, where gRPC listens.
"""

from __future__ import annotations

import sys

import grpc
from google.cloud.aiplatform_v1 import JobServiceClient
from google.cloud.aiplatform_v1.services.job_service.transports.grpc import JobServiceGrpcTransport
from google.cloud.aiplatform_v1.types import ListCustomJobsRequest

PAGE = 100
"""Jobs a call, as gcloud asks for them and the app, too."""


def main(address: str, project: str, region: str) -> None:
    """Print what a list shows of each job."""
    client = JobServiceClient(transport=JobServiceGrpcTransport(channel=grpc.insecure_channel(address)))
    request = ListCustomJobsRequest(parent=f"projects/{project}/locations/{region}", page_size=PAGE)
    count = 0
    for job in client.list_custom_jobs(request=request):
        pools = job.job_spec.worker_pool_specs
        machine = pools[0].machine_spec.machine_type if pools else ""
        by = job.labels.get("submitted-by", "")
        print(job.state.name, job.display_name, machine, job.create_time, job.start_time, job.end_time, by)
        count += 1
    print(f"{count} jobs")


if __name__ == "__main__":
    main(*sys.argv[1:])
