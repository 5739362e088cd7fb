"""Small files of every kind, made here."""

from __future__ import annotations

import io
import json
import struct
import zipfile

from tui.domain.preview.make import Source, make_preview
from tui.domain.preview.model import Extent, Preview


def preview(name: str, data: bytes) -> Preview:
    """Of an object that was read whole."""
    return make_preview(Source(name, data, Extent(len(data), len(data))))


def safetensors(tensors: dict[str, tuple[str, list[int], int]], **metadata: str) -> bytes:
    """A file of tensors: type, shape and bytes by name; the data is left out."""
    header: dict[str, object] = {"__metadata__": metadata} if metadata else {}
    at = 0
    for name, (dtype, shape, size) in tensors.items():
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [at, at + size]}
        at += size
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text


def checkpoint(*, comment: bytes = b"", shards: int = 3) -> bytes:
    """An archive as PyTorch saves one, with a pickle that must never be loaded."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("model/data.pkl", b"cos\nsystem\n(S'false'\ntR.")
        for number in range(shards):
            archive.writestr(f"model/data/{number}", bytes(1000 * (number + 1)))
        archive.comment = comment
    return file.getvalue()


def npy(shape: str = "(3, 4)", descr: str = "<f4") -> bytes:
    """The header of an array and some of its bytes."""
    header = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + bytes(48)


def trainer_state(steps: int = 100) -> bytes:
    """What Hugging Face's Trainer writes."""
    history: list[dict[str, float]] = []
    for step in range(10, steps + 1, 10):
        history.append(
            {
                "epoch": step / 50,
                "grad_norm": 1.5,
                "learning_rate": 2e-5 * (1 - step / steps),
                "loss": 30 / step,
                "step": step,
            }
        )
        if step % 50 == 0:
            history.append({"epoch": step / 50, "eval_loss": 40 / step, "eval_runtime": 1.5, "step": step})
    history.append(
        {"epoch": 2.0, "step": steps, "total_flos": 1e15, "train_loss": 1.1, "train_runtime": 12.5}
    )
    state = {
        "best_metric": 0.4,
        "best_model_checkpoint": "out/checkpoint-100",
        "epoch": 2.0,
        "global_step": steps,
    }
    return json.dumps({**state, "log_history": history, "max_steps": steps}, indent=2).encode()
