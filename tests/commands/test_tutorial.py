"""The tutorial that this app grew out of, done with the commands alone on a fresh local server.

Its training script, which fetches everything from the network, is a small one that writes some outputs; it
ends with the same `gsutil`, in the same place of the same specification.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.commands.test_check import TUTORIAL
from tests.local.clients import Server, storage_client
from tests.support import subprocess_environment

ROOT = Path(__file__).parents[2]
SCRIPT = Path(__file__).parent / "scripts" / "tutorial.sh"
TRAINING = """\
          mkdir -p outputs/checkpoint-10 &&
          echo "training for $WANDB_PROJECT" &&
          echo weights > outputs/checkpoint-10/adapter_model.safetensors &&
          python3 -c 'print({"loss": 1.25, "epoch": 1.0})' &&
          echo '{"loss": 1.25}' > outputs/metrics.json
"""
FILLED = {
    "<YOUR_HF_TOKEN>": "${HF_TOKEN}",
    "<YOUR_WANDB_API_KEY>": "${WANDB_API_KEY}",
    "<YOUR_WANDB_PROJECT>": "kelp",
    "<YOUR_GCS_BUCKET_NAME>": "${BUCKET_NAME}",
}


def spec() -> str:
    """The tutorial's, filled in as it says, with another training."""
    text = TUTORIAL.read_text()
    for there, filled in FILLED.items():
        text = text.replace(there, filled)
    head, _, rest = text.partition("          curl ")
    copying = rest[rest.index("          gsutil ") :]
    return head + TRAINING + copying


def test_the_whole_tutorial_is_done_without_a_screen(fresh: Server, home: Path, tmp_path: Path) -> None:
    (tmp_path / "vertex_job.yaml").write_text(spec())
    environ = {**subprocess_environment(home), "PYTHON": sys.executable, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        ["bash", str(SCRIPT)],
        cwd=tmp_path,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr

    def read(name: str) -> Any:
        return json.loads((tmp_path / name).read_text())

    assert read("setup.json")["ready"] is True
    assert "error" not in (tmp_path / "problems.txt").read_text()
    assert (tmp_path / "ready.txt").read_text().splitlines()[-1].endswith("ready")
    assert "of_nobody" not in (tmp_path / "sent.json").read_text()
    assert "training for kelp" in (tmp_path / "followed.txt").read_text()
    assert [job["display_name"] for job in read("jobs.json")] == ["ana-gemma-finetune"]
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert lines[-1]["text"] == "Job completed successfully."
    assert [series["name"] for series in read("metrics.json")] == ["loss"]
    assert read("why.json")["class"] == "none"
    folder = "gs://local-project-outputs/runs/exp_lora_r8_vertex"
    assert [each["uri"] for each in read("outputs.json")] == [
        f"{folder}/checkpoint-10/adapter_model.safetensors",
        f"{folder}/metrics.json",
    ]
    fetched = tmp_path / "results" / "exp_lora_r8_vertex"
    assert (tmp_path / "fetched.txt").read_text() == f"{fetched}\n"
    assert (fetched / "checkpoint-10" / "adapter_model.safetensors").read_text() == "weights\n"
    assert (fetched / "metrics.json").read_text() == '{"loss": 1.25}\n'
    deleted = (tmp_path / "deleted.txt").read_text().splitlines()
    assert deleted == ["deleted 2 objects, 23 B", "deleted the bucket local-project-outputs"]
    assert list(storage_client(fresh).list_buckets()) == []
