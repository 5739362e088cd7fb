"""What is copied out of the job list: commands and the record."""

from __future__ import annotations

import json
from collections.abc import Mapping

from tui.domain.jobs import Job


def cancel_command(job: Job, project: str) -> str:
    """The gcloud command that cancels the job."""
    return f"gcloud ai custom-jobs cancel {job.job_id} --region={job.region} --project={project}"


def describe_command(job: Job, project: str) -> str:
    """The gcloud command that shows the job."""
    return f"gcloud ai custom-jobs describe {job.job_id} --region={job.region} --project={project}"


def stream_command(job: Job, project: str) -> str:
    """The gcloud command that follows the job's log."""
    return f"gcloud ai custom-jobs stream-logs {job.job_id} --region={job.region} --project={project}"


def delete_command(job: Job) -> str:
    """The request that deletes the job's record; gcloud has no command for it."""
    url = f"https://{job.region}-aiplatform.googleapis.com/v1/{job.name}"
    return f'curl -X DELETE -H "Authorization: Bearer $(gcloud auth print-access-token)" {url}'


def as_json(job: Job) -> str:
    """The job in the API's JSON form, for reading: values of environment variables are hidden."""
    return json.dumps(_without_env_values(job.raw), indent=2, ensure_ascii=False)


def _without_env_values(value: object, *, in_env: bool = False) -> object:
    """Vertex keeps the values of `env` in the job's record; a screen should not show them."""
    if isinstance(value, Mapping):
        return {
            str(key): "••••" if in_env and key == "value" else _without_env_values(item, in_env=key == "env")
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [_without_env_values(item, in_env=in_env) for item in value]
    return value
