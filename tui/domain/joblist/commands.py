"""The commands that do what the job list does, ready for a shell whatever the record says."""

from __future__ import annotations

import shlex

from tui.domain.jobs import Job


def cancel_command(job: Job, project: str) -> str:
    """The gcloud command that cancels the job."""
    return _gcloud("cancel", job, project)


def describe_command(job: Job, project: str) -> str:
    """The gcloud command that shows the job."""
    return _gcloud("describe", job, project)


def stream_command(job: Job, project: str) -> str:
    """The gcloud command that follows the job's log."""
    return _gcloud("stream-logs", job, project)


def delete_command(job: Job) -> str:
    """The request that deletes the job's record; gcloud has no command for it."""
    url = shlex.quote(f"https://{job.region}-aiplatform.googleapis.com/v1/{job.name}")
    return f'curl -X DELETE -H "Authorization: Bearer $(gcloud auth print-access-token)" {url}'


def _gcloud(verb: str, job: Job, project: str) -> str:
    words = (job.job_id, f"--region={job.region}", f"--project={project}")
    return f"gcloud ai custom-jobs {verb} {' '.join(map(shlex.quote, words))}"
