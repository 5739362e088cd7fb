"""What the service, shells, the kernel and tools say."""

# ruff: noqa: E501  # log lines as they are printed

from __future__ import annotations

from datetime import timedelta

from tests.domain.diagnosis.told import LIKELY, UNSURE, job, replica_error, told
from tui.domain.diagnosis.model import Cause

_STOCKOUT = (
    8,
    "Resources are insufficient in region: europe-west4. Try a different region or use a different accelerator.",
)
_GENERAL = "s> Waiting for job to be provisioned.\ns> Job is preparing.\ns> Job is running.\n"
_SPOT = {"strategy": "SPOT"}

SERVICE_CASES = (
    told(
        "quota",
        Cause.QUOTA,
        "",
        (
            8,
            (
                "The following quota metrics exceed quota limits: aiplatform.googleapis.com/custom_model_training_cpus,"
                "aiplatform.googleapis.com/custom_model_training_nvidia_t4_gpus"
            ),
        ),
        check_id="quota.cpus",
        summary=("nvidia_t4_gpus",),
    ),
    told("stock-out", Cause.STOCKOUT, of=job(_STOCKOUT, started=False), summary=("europe-west4",)),
    told("stock-out, older code", Cause.STOCKOUT, of=job((3, _STOCKOUT[1]), started=False)),
    told(
        "Spot machines taken away",
        Cause.PREEMPTION,
        _GENERAL,
        of=job(_STOCKOUT, scheduling=_SPOT),
        confidence=LIKELY,
    ),
    told(
        "no machines for a restart", Cause.STOCKOUT, _GENERAL, of=job(_STOCKOUT), summary=("started again",)
    ),
    told(
        "image pull",
        Cause.IMAGE_PULL,
        "",
        (
            3,
            (
                'Failed to pull image "us-docker.pkg.dev/p/r/train:v9": rpc error: code = NotFound desc ='
                " failed to resolve reference: not found"
            ),
        ),
        summary=("us-docker.pkg.dev/p/r/train:v9",),
    ),
    told(
        "image pull in the log",
        Cause.IMAGE_PULL,
        "s> The job exited: ErrImagePull, image not found",
        summary=("The image us-docker.pkg.dev/p/r/train:v3",),
        of=job((13, "Internal error occurred for the current attempt"), started=False),
    ),
    told(
        "no right to the repository",
        Cause.IMAGE_PULL,
        "",
        (
            9,
            (
                "Vertex AI Service Agent service-1@gcp-sa-aiplatform-cc.iam.gserviceaccount.com"
                " does not have permission to access Artifact Registry repository projects/p/locations/us/repositories/r."
            ),
        ),
        check_id="account.images",
    ),
    told(
        "account",
        Cause.SERVICE_ACCOUNT,
        "",
        (
            7,
            (
                "You do not have permission to act as service account: trainer@p.iam.gserviceaccount.com."
                " (or it may not exist)."
            ),
        ),
        check_id="account.use",
        summary=("trainer@p.iam",),
    ),
    told(
        "account gone",
        Cause.SERVICE_ACCOUNT,
        "",
        (3, "Service account trainer@p.iam.gserviceaccount.com does not exist."),
        check_id="account.runs-as",
    ),
    told(
        "permission",
        Cause.PERMISSION,
        "",
        (7, "Permission 'storage.objects.get' denied on resource (or it may not exist)."),
        summary=("The permission storage.objects.get is missing.",),
    ),
    told(
        "API off",
        Cause.API_DISABLED,
        "",
        (
            7,
            (
                "Vertex AI API has not been used in project 1 before or it is disabled. Enable it by visiting"
                " https://console.developers.google.com/apis/api/aiplatform.googleapis.com/overview?project=1 then retry."
            ),
        ),
        check_id="apis.aiplatform.googleapis.com",
    ),
    told(
        "internal",
        Cause.INTERNAL,
        "s> Internal error occurred for the current attempt.\ns> Job failed.",
        (13, "Internal error occurred for the current attempt"),
    ),
    told(
        "internal, after the program had failed",
        Cause.INTERNAL,
        '0> Traceback (most recent call last):\n0>   File "/app/a.py", line 1, in f\n'
        "0>     g()\n0> KeyError: 1",
        (13, "Internal error occurred for the current attempt"),
        also=(Cause.TRACEBACK,),
    ),
    told(
        "time is up, in words",
        Cause.TIMEOUT,
        of=job(
            (1, "The job was cancelled because it ran longer than scheduling.timeout (3600 s)."),
            "CANCELLED",
            scheduling={"timeout": "3600s"},
        ),
        summary=("1h 0m",),
    ),
    told(
        "time is up, by the clock",
        Cause.TIMEOUT,
        of=job((1, "CANCELED"), "CANCELLED", scheduling={"timeout": "3600s"}, ran=timedelta(seconds=3609)),
        confidence=LIKELY,
    ),
    told(
        "cancelled",
        Cause.CANCELLED,
        "s> Job is running.\n+3m\ns> Job is being cancelled.\n0> Traceback (most recent call last):\n"
        '0>   File "/app/a.py", line 1, in f\n0>     g()\n0> KeyboardInterrupt\ns> Job cancelled.',
        of=job((1, "CANCELED"), "CANCELLED"),
        summary=("4m",),
        quotes="being cancelled",
    ),
    told(
        "cancelled by somebody",
        Cause.CANCELLED,
        of=job((1, "Job was cancelled by user ana@lagoon.example."), "CANCELLED"),
        summary=("ana@lagoon.example",),
    ),
    told(
        "cancelled before it ran",
        Cause.CANCELLED,
        of=job((1, "CANCELED"), "CANCELLED", started=False),
        summary=("before it ran",),
    ),
    told(
        "cancelled in its failing",
        Cause.CANCELLED,
        '0> Traceback (most recent call last):\n0>   File "/app/a.py", line 1, in f\n'
        "0>     g()\n0> KeyError: 1\n+2m\ns> Job is being cancelled.",
        of=job((1, "CANCELED"), "CANCELLED"),
        also=(Cause.TRACEBACK,),
    ),
    told(
        "1 and no words",
        Cause.UNKNOWN,
        "0> step 9 loss 1.1\n0> ERROR: the rows are not sorted",
        replica_error(1),
        code=1,
        confidence=UNSURE,
        quotes="not sorted",
    ),
    told("1 and no log", Cause.UNKNOWN, "", replica_error(1), code=1, confidence=UNSURE, summary=("no log",)),
    told(
        "words never heard",
        Cause.UNKNOWN,
        "",
        (6, "The flux capacitor is misaligned."),
        confidence=UNSURE,
        summary=("flux capacitor",),
    ),
    told(
        "no error yet, but the log",
        Cause.HOST_MEMORY,
        "s> The replica workerpool0-0 ran out of memory and exited with a non-zero status of 137.",
        of=job(None),
        code=137,
    ),
    told(
        "expired in the queue",
        Cause.STOCKOUT,
        of=job(None, "EXPIRED", started=False, scheduling={"strategy": "FLEX_START"}),
        confidence=LIKELY,
    ),
    told("still running", Cause.NONE, "0> KeyError: 1", of=job(None, "RUNNING")),
    told("a state never heard of", Cause.NONE, of=job(None, "DREAMING")),
)
