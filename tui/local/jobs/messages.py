"""What the service itself says of a job, in Vertex AI's words."""

from __future__ import annotations

from urllib.parse import quote

from tui.local import names

WAITING = "Waiting for job to be provisioned."
PROVISIONING = (
    "Vertex AI is provisioning job running framework. First time usage might take couple of minutes, and "
    "subsequent runs can be much faster."
)
SETTING_UP = "Vertex AI is setting up this job."
WAITING_FOR_PROGRAM = "Waiting for training program to start."
PREPARING = "Job is preparing."
RUNNING = "Job is running."
TEARING_DOWN = "Tearing down training program."
TORN_DOWN = "Finished tearing down training program."
SUCCEEDED = "Job completed successfully."
FAILED = "Job failed."
CANCELLING = "Job is being cancelled."
CANCELLED = "Job cancelled."
CANCELLED_ERROR = "CANCELED"
TIMEOUT_ERROR = "The job was cancelled because it ran longer than scheduling.timeout ({seconds} s)."
LOST_ERROR = (
    "The replica {replica} ended without leaving its exit status: its process is gone. It was killed from "
    "outside, or this machine was restarted."
)
STOPPED_ERROR = "The local server was stopped while the job was running, and the job with it."
NO_COMMAND = (
    "the spec names no command to run here: images are not run locally, so that the entry point of {image} "
    "is unknown"
)
TOO_MANY = "The job asks for {count} replicas; the local server runs at most {most} of one job."
STOCKOUT_ERROR = (
    "Resources are insufficient in region: {region}. Try a different region or use a different accelerator."
)
INTERNAL_ERROR = "Internal error occurred for the current attempt"
IMAGE_PULL_ERROR = (
    "The image {image} could not be pulled: it does not exist, or the job may not read it. The job was not "
    "started."
)
RESTARTING = "The job is restarted: restart {number} of at most {most}."
RESTARTING_WORKER = (
    "The replica {replica} was preempted and is restarted: restart {number} of at most {most}."
)
WAITING_FOR_QUOTA = "Waiting for quota."
NO_GCS_MOUNT = (
    "The spec names {paths}: on this machine there is no Cloud Storage mount at /gcs, as Vertex AI has. Use "
    "gsutil, gcloud storage or the google-cloud-storage client with gs://BUCKET/… instead."
)
ONE_MACHINE = (
    "All {count} replicas run on this machine: the host names in CLUSTER_SPEC and TF_CONFIG cannot be "
    "reached here."
)
UNUSED_IMAGE = "The image {image} is not used: the commands run on this machine."


def replica_error(replica: str, code: int, job_id: str, *, reason: str = "", detail: str = "") -> str:
    """`CustomJob.error`, and the failure line, of a replica that ended with a non-zero status."""
    head = (
        f"The replica {replica} exited with a non-zero status of {code}. "
        f"Termination reason: {reason or 'Error'}."
    )
    if reason == "OOM":
        head = f"The replica {replica} ran out of memory and exited with a non-zero status of {code}."
    if detail and reason == "StartError":
        head += f" \n Termination log message: {detail}"
    elif detail:
        head += f" \n{detail}"
    return f"{head}\n\nTo find out more about why your job exited please check the logs: {logs_link(job_id)}"


def logs_link(job_id: str) -> str:
    """The address of a job's logs in the console, as Vertex AI's messages give it."""
    advanced = quote(f'resource.type="ml_job"\nresource.labels.job_id="{job_id}"', safe="")
    return (
        f"https://console.cloud.google.com/logs/viewer?project={names.PROJECT_NUMBER}"
        f"&resource=ml_job%2Fjob_id%2F{job_id}&advancedFilter={advanced}"
    )
