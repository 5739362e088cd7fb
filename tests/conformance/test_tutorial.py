"""The tutorial that this app grew out of, command by command, with only the environment of `local env`.

Two things differ from its text. The blank after a line's backslash in step 5 is gone, which made the shell
run half of a command. And its training script, which fetches everything from the network, is a small one that
writes some outputs; it ends with the same `gsutil`, in the same place of the same specification.
"""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.conformance.conftest import ROOT, needs_gcloud, needs_gsutil
from tests.local.clients import FAST
from tests.support import PATIENCE, subprocess_environment
from tui.local import launcher
from tui.local.settings import VARIABLE
from tui.services.paths import find_paths

pytestmark = [needs_gcloud, needs_gsutil]

BUCKET = "gemma-checkpoints"
COMMAND_SECONDS = 60
MARK = "::status::"
"""What the shell says after each command."""
HORIZON_SECONDS = 5
"""`gcloud ai custom-jobs stream-logs` shows nothing younger."""

SPEC = f"""
workerPoolSpecs:
  - machineSpec:
      machineType: g2-standard-4
      acceleratorType: NVIDIA_L4
      acceleratorCount: 1
    replicaCount: 1
    containerSpec:
      imageUri: us-docker.pkg.dev/deeplearning-platform-release/gcr.io/pytorch-gpu.2-0.py310
      command:
        - bash
        - -c
      args:
        - |
          mkdir -p outputs/checkpoint-10 &&
          echo "training for $WANDB_PROJECT" &&
          echo weights > outputs/checkpoint-10/adapter_model.safetensors &&
          python3 -c 'import json; print(json.dumps({{"loss": 1.25}}))' > outputs/metrics.json
          gsutil -m cp -r outputs/ gs://$BUCKET_NAME/runs/exp_lora_r8_vertex
      env:
        - name: HF_TOKEN
          value: hf_none
        - name: WANDB_API_KEY
          value: none
        - name: WANDB_PROJECT
          value: kelp
        - name: BUCKET_NAME
          value: {BUCKET}
"""

ENABLE = r"""
export PROJECT_ID=$(gcloud config get-value project)

gcloud services enable aiplatform.googleapis.com \
    --project=${PROJECT_ID}
gcloud services list --enabled \
    --filter="name:aiplatform.googleapis.com" \
    --project=${PROJECT_ID}
"""
GRANT = r"""
export SERVICE_ACCOUNT=$(gcloud iam service-accounts list \
    --filter="displayName:Compute Engine default service account" \
    --format="value(email)" \
    --project=${PROJECT_ID})
gcloud projects add-iam-policy-binding ${PROJECT_ID} \
    --member="serviceAccount:${SERVICE_ACCOUNT}" \
    --role="roles/storage.admin"
gcloud projects add-iam-policy-binding ${PROJECT_ID} \
    --member="serviceAccount:${SERVICE_ACCOUNT}" \
    --role="roles/aiplatform.user"
"""
SUBMIT = r"""
export REGION="europe-west4"
export AIMSUSERNAME="ana"
export JOB_NAME="${AIMSUSERNAME}-gemma-finetune-$(date +%Y%m%d%H%M%S)"

gcloud ai custom-jobs create \
    --region=${REGION} \
    --display-name=${JOB_NAME} \
    --config=vertex_job.yaml \
    --project=${PROJECT_ID}
"""
LIST = r"""
gcloud ai custom-jobs list \
    --region=${REGION} \
    --project=${PROJECT_ID}
"""
FIND = r"""
JOB_ID=$(gcloud ai custom-jobs list \
    --region=${REGION} \
    --filter="displayName=${JOB_NAME}" \
    --format="value(name.scope(customJobs))")
"""
STREAM = r"""
gcloud ai custom-jobs stream-logs ${JOB_ID} --region=${REGION} &
"""
CLEAN = f"""
gcloud storage rm --recursive gs://{BUCKET}
"""


class Terminal:
    """One shell, in which one thing is typed after the other."""

    def __init__(self, work: Path) -> None:
        environ = subprocess_environment(work) | {
            "PYTHONPATH": str(ROOT),
            VARIABLE: json.dumps(FAST),
            "PYTHONUNBUFFERED": "1",  # a terminal shows gcloud's lines at once, a pipe would keep them back
        }
        self._shell = subprocess.Popen(
            ["bash"],
            cwd=work,
            env=environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._lines: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self._shell.stdout
        for line in self._shell.stdout:
            self._lines.put(line.rstrip("\n"))

    def type(self, commands: str) -> tuple[int, str]:
        """Run commands to their end: the status of the last one, and what they printed."""
        assert self._shell.stdin
        self._shell.stdin.write(f"{{ {commands}\n}} </dev/null\necho {MARK}$?\n")
        self._shell.stdin.flush()
        printed = self.read_until(MARK)
        return int(printed.pop().removeprefix(MARK)), "\n".join(printed)

    def read_until(self, mark: str) -> list[str]:
        """The next lines, the last of which has `mark` in it."""
        found: list[str] = []
        while not found or mark not in found[-1]:
            found.append(self._lines.get(timeout=COMMAND_SECONDS))
        return found

    def close(self) -> None:
        """Leave the shell."""
        assert self._shell.stdin
        assert self._shell.stdout
        self._shell.stdin.close()
        self._shell.wait(PATIENCE)
        self._reader.join(PATIENCE)
        self._shell.stdout.close()


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    """A terminal in a project folder; a server that it starts is ended afterwards."""
    terminal = Terminal(tmp_path)
    yield terminal
    terminal.close()
    launcher.stop(data_dir(tmp_path))


def data_dir(work: Path) -> Path:
    """Where the server of the terminal keeps its data."""
    return find_paths(subprocess_environment(work)).local_dir


def done(terminal: Terminal, commands: str) -> str:
    """What commands print that have to succeed."""
    status, printed = terminal.type(commands)
    assert status == 0, printed
    return printed


def test_every_command_of_the_tutorial(terminal: Terminal, tmp_path: Path) -> None:
    vertex_tui = f"{sys.executable} -m tui"
    done(terminal, f'{vertex_tui} local up && eval "$({vertex_tui} local env)"')

    assert "Vertex AI API" in done(terminal, ENABLE)
    assert "roles/aiplatform.user" in done(terminal, GRANT)
    assert done(terminal, "echo $SERVICE_ACCOUNT") == "123456789012-compute@developer.gserviceaccount.com"
    (tmp_path / "vertex_job.yaml").write_text(SPEC)

    status, printed = terminal.type(SUBMIT)
    assert status != 0
    assert "RESOURCE_EXHAUSTED" in printed
    assert "custom_model_training_nvidia_l4_gpus" in printed
    done(terminal, f"{vertex_tui} local quota set nvidia_l4_gpus 1 --region europe-west4")
    done(terminal, f"gcloud storage buckets create gs://{BUCKET} --location=europe-west4")

    assert "is submitted successfully" in done(terminal, SUBMIT)
    assert "ana-gemma-finetune-" in done(terminal, LIST)
    done(terminal, FIND)
    assert done(terminal, "echo $JOB_ID").isdigit()
    wait_for_the_end(terminal)
    done(terminal, STREAM)
    streamed = terminal.read_until("training for kelp")
    done(terminal, "kill $!; wait")
    assert streamed

    listed = done(terminal, f"gsutil ls -r gs://{BUCKET}/runs")
    assert f"gs://{BUCKET}/runs/exp_lora_r8_vertex/checkpoint-10/adapter_model.safetensors" in listed
    done(terminal, CLEAN)
    assert BUCKET not in done(terminal, "gcloud storage buckets list")


def wait_for_the_end(terminal: Terminal) -> None:
    """Ask for the job's state until it has succeeded, and its log is old enough to be streamed."""
    ask = (
        "gcloud ai custom-jobs describe $JOB_ID --region=$REGION --format='value(state,endTime)' 2>/dev/null"
    )
    give_up = time.monotonic() + 3 * PATIENCE
    while True:
        state, _, end = done(terminal, ask).partition("\t")
        assert state not in {"JOB_STATE_FAILED", "JOB_STATE_CANCELLED"}
        if end and (datetime.now(UTC) - datetime.fromisoformat(end)).total_seconds() > HORIZON_SECONDS:
            assert state == "JOB_STATE_SUCCEEDED"
            return
        assert time.monotonic() < give_up, state
