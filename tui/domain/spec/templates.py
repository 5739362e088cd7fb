"""What a new job spec begins with."""

from __future__ import annotations

from dataclasses import dataclass
from string import Template as Text

from tui.domain.catalog.images import IMAGES

PYTHON = "docker.io/library/python:3.11-slim"
"""A public image, so that no right on a registry is needed."""
PYTORCH = "docker.io/pytorch/pytorch:2.6.0-cuda12.4-cudnn9-runtime"
"""A public image with CUDA; the prebuilt ones for PyTorch are past their end of availability."""
EXECUTOR = "ray-cpu.2-47.py311"
"""The only family of prebuilt images that is still available; a Python package needs a prebuilt image."""
ANY_BUCKET = "your-bucket"
"""Stands in a new spec while no bucket is known."""


@dataclass(frozen=True, slots=True)
class Template:
    """One way to begin a spec."""

    id: str
    title: str
    about: str
    """What it costs or needs, in a few words."""
    body: str

    def text(self, *, bucket: str = "", region: str = "") -> str:
        """The spec, with the bucket where only its name will do, and the image nearest to the region."""
        return Text(self.body).substitute(
            bucket=bucket or ANY_BUCKET,
            python=PYTHON,
            pytorch=PYTORCH,
            executor=IMAGES[EXECUTOR].uri(region),
        )


_REFERENCES = """\
# $${NAME} in a value is filled in when the job is started: from your secrets, the environment, the settings.
"""
_ENV = """\
      env:
        - name: BUCKET_NAME
          value: $${BUCKET_NAME}
"""
_SCRIPT = """\
      command:
        - bash
        - -c
      args:
        - |
          set -euo pipefail
"""
_KEEP = """\
          # What is to be kept goes to the bucket, which every job finds below /gcs:
          mkdir -p "/gcs/$$BUCKET_NAME/runs"
          cp -r outputs "/gcs/$$BUCKET_NAME/runs/"
"""
_TRAIN = f"""\
          nvidia-smi
          mkdir -p outputs
          # Your training goes here.
          python -c 'import torch; print(torch.cuda.get_device_name(0))' > outputs/device.txt
{_KEEP}"""


def _machine(name: str, accelerator: str = "", count: int = 1) -> str:
    lines = f"      machineType: {name}\n"
    if accelerator:
        lines += f"      acceleratorType: {accelerator}\n      acceleratorCount: {count}\n"
    return lines


def _pool(machine: str, image: str, script: str, replicas: int = 1) -> str:
    return (
        f"  - machineSpec:\n{machine}    replicaCount: {replicas}\n"
        f"    containerSpec:\n      imageUri: {image}\n{_SCRIPT}{script}{_ENV}"
    )


def _job(about: str, *pools: str, scheduling: str) -> str:
    return f"# {about}\n{_REFERENCES}workerPoolSpecs:\n{''.join(pools)}scheduling:\n{scheduling}"


_HOUR = "  timeout: 3600s # stop after an hour whatever happens; without this the limit is 7 days\n"
_DAY = "  timeout: 86400s # stop after a day whatever happens; without this the limit is 7 days\n"
_HELLO = f"""\
          mkdir -p outputs
          # Your program goes here.
          python -c 'print("hello from Vertex AI")' > outputs/hello.txt
{_KEEP}"""
_NODES = """\
          # CLUSTER_SPEC tells every replica where the chief is, and which one it is itself.
          ask() {
            python -c "import json, os; s = json.loads(os.environ['CLUSTER_SPEC']); print($$1)"
          }
          CHIEF=$$(ask "s['cluster']['workerpool0'][0].split(':')[0]")
          NODES=$$(ask "1 + len(s['cluster']['workerpool1'])")
          RANK=$$(ask "0 if s['task']['type'] == 'workerpool0' else 1 + int(s['task']['index'])")
          # Put your training in the place of this command.
          torchrun --nnodes="$$NODES" --node-rank="$$RANK" --nproc-per-node=1 \\
            --master-addr="$$CHIEF" --master-port=2222 -m torch.utils.collect_env
"""
_L4 = _machine("g2-standard-4", "NVIDIA_L4")

CPU = Template(
    "cpu",
    "One CPU machine",
    "n1-standard-4, no accelerator",
    _job(
        "A Vertex AI custom job on one machine without an accelerator.",
        _pool(_machine("n1-standard-4"), "$python", _HELLO),
        scheduling=_HOUR,
    ),
)
L4 = Template(
    "l4",
    "One L4 GPU",
    "g2-standard-4: 24 GB of GPU memory",
    _job(
        "A Vertex AI custom job on one machine with one NVIDIA L4 (24 GB).",
        _pool(_L4, "$pytorch", _TRAIN),
        scheduling=_HOUR,
    ),
)
A100 = Template(
    "a100",
    "One A100 GPU",
    "a2-highgpu-1g: 40 GB of GPU memory",
    _job(
        "A Vertex AI custom job on one machine with one NVIDIA A100 (40 GB).",
        _pool(_machine("a2-highgpu-1g", "NVIDIA_TESLA_A100"), "$pytorch", _TRAIN),
        scheduling=_HOUR,
    ),
)
H100 = Template(
    "h100",
    "Eight H100 GPUs",
    "a3-highgpu-8g: 8 × 80 GB of GPU memory",
    _job(
        "A Vertex AI custom job on one machine with eight NVIDIA H100 (80 GB each).",
        _pool(_machine("a3-highgpu-8g", "NVIDIA_H100_80GB", 8), "$pytorch", _TRAIN),
        scheduling=_HOUR,
    ),
)
NODES = Template(
    "nodes",
    "Several machines",
    "one chief and one worker, an L4 each",
    _job(
        "A Vertex AI custom job on two machines, an NVIDIA L4 each: a chief, and a pool of workers.",
        _pool(_L4, "$pytorch", _NODES).replace("containerSpec:", "containerSpec: &task"),
        f"  - machineSpec:\n{_L4}    replicaCount: 1\n    containerSpec: *task # the same as above\n",
        scheduling=_HOUR,
    ),
)
SPOT = Template(
    "spot",
    "Spot machine with an L4",
    "cheaper; may be taken away and begun again",
    _job(
        "A Vertex AI custom job on a Spot machine: cheaper, but it may be taken away and begun again,\n"
        "# so the program should write checkpoints and go on from the last one.",
        _pool(_L4, "$pytorch", _TRAIN),
        scheduling=f"  strategy: SPOT\n{_DAY}",
    ),
)
PACKAGE = Template(
    "package",
    "Python package",
    "an sdist in a bucket, run by a prebuilt image",
    "# A Vertex AI custom job that installs a Python package from a bucket and runs one of its modules.\n"
    f"{_REFERENCES}"
    "workerPoolSpecs:\n"
    f"  - machineSpec:\n{_machine('n1-standard-4')}    replicaCount: 1\n"
    "    pythonPackageSpec:\n"
    "      executorImageUri: $executor # must be one of Vertex AI's prebuilt images\n"
    "      packageUris:\n"
    "        - gs://$bucket/packages/trainer-0.1.tar.gz # made with: python -m build --sdist\n"
    "      pythonModule: trainer.task\n"
    "      args:\n"
    "        - --epochs=3\n"
    f"{_ENV}scheduling:\n{_HOUR}",
)
TEMPLATES = (CPU, L4, A100, H100, NODES, SPOT, PACKAGE)
"""In the order in which they are offered."""

CPU_JOB = CPU.text()
"""One CPU machine that writes a line to the bucket; it runs for an hour at most."""
