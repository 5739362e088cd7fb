"""The example job: its spec carries the program it comes with, and the program really learns."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from google.cloud.aiplatform_v1 import CustomJobSpec
from google.protobuf import json_format

FOLDER = Path(__file__).parents[1] / "examples" / "tiny-train"


@pytest.fixture(scope="module")
def spec() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(FOLDER.joinpath("vertex_job.yaml").read_text(encoding="utf-8"))
    return loaded


@pytest.fixture(scope="module")
def container(spec: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = spec["workerPoolSpecs"][0]["containerSpec"]
    return found


def test_the_spec_is_a_custom_job_spec(spec: dict[str, Any]) -> None:
    message = CustomJobSpec.pb(CustomJobSpec())
    json_format.ParseDict(spec, message)
    assert message.scheduling.timeout.seconds == 1800
    assert message.service_account.endswith("-compute@developer.gserviceaccount.com")
    assert message.worker_pool_specs[0].machine_spec.machine_type == "e2-standard-4"


def test_the_script_carries_the_program(container: dict[str, Any]) -> None:
    assert container["command"] == ["bash", "-c"]
    (script,) = container["args"]
    lines = script.splitlines()
    assert lines[0] == "set -euo pipefail"
    assert lines[-1] == "gsutil -m cp -r outputs/ gs://$BUCKET_NAME/runs/$RUN_NAME"
    program = script.split("<<'TRAIN_PY'\n")[1].split("TRAIN_PY\n")[0]
    assert program == FOLDER.joinpath("train.py").read_text(encoding="utf-8")
    assert "$(" not in script


def test_no_value_is_a_secret(container: dict[str, Any]) -> None:
    values = {variable["name"]: variable["value"] for variable in container["env"]}
    assert values["BUCKET_NAME"] == "${BUCKET_NAME}"
    assert re.fullmatch(r"\$\{WANDB_API_KEY:-[a-z-]+\}", values["WANDB_API_KEY"])


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[bytes]]:
    folder = tmp_path_factory.mktemp("run")
    done = subprocess.run(
        [sys.executable, "-I", str(FOLDER / "train.py"), "--seconds", "0"],
        cwd=folder,
        capture_output=True,
        check=True,
        timeout=120,
    )
    return folder / "outputs", done


def test_the_loss_falls(run: tuple[Path, subprocess.CompletedProcess[bytes]]) -> None:
    lines = [ast.literal_eval(line) for line in run[1].stdout.decode().splitlines() if line.startswith("{")]
    losses = [line["loss"] for line in lines if "loss" in line]
    evals = [line["eval_loss"] for line in lines if "eval_loss" in line]
    assert len(losses) == 24
    assert losses[-1] < 0.8 * losses[0]
    assert len(evals) == 3
    assert evals[-1] < 3.0
    assert set(lines[0]) == {"loss", "grad_norm", "learning_rate", "epoch"}
    assert lines[-1]["epoch"] == 3.0


def test_the_progress_bar_redraws_itself(run: tuple[Path, subprocess.CompletedProcess[bytes]]) -> None:
    bars = run[1].stderr.decode().rstrip("\n").split("\r")[1:]
    assert len(bars) == 240
    assert re.fullmatch(r"100%\|█{10}\| 240/240 \[\d\d:\d\d<00:00, +[\d.]+it/s\]", bars[-1])


def test_the_outputs(run: tuple[Path, subprocess.CompletedProcess[bytes]]) -> None:
    outputs = run[0]
    files = sorted(str(path.relative_to(outputs)) for path in outputs.rglob("*") if path.is_file())
    kept = [
        f"checkpoint-{step}/{name}.json" for step in (160, 240, 80) for name in ("model", "trainer_state")
    ]
    assert files == [*kept, "metrics.json", "trainer_state.json"]
    state = json.loads(outputs.joinpath("trainer_state.json").read_text(encoding="utf-8"))
    assert (state["global_step"], state["max_steps"], len(state["log_history"])) == (240, 240, 27)
    metrics = json.loads(outputs.joinpath("metrics.json").read_text(encoding="utf-8"))
    assert metrics["eval_loss"] == state["log_history"][-1]["eval_loss"]
