"""What goes wrong with made-up jobs: every kind of error that Vertex AI gives a finished job (FACTS 8.7)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from tui.local.jobs import messages
from tui.local.wire.errors import Code

CHIEF = "workerpool0-0"
_HEAD = "Traceback (most recent call last):"
_FRAME = '  File "/app/trainer/{file}", line {line}, in {function}\n    {code}'
_CRASHES = (
    ("train.py", "main", "import bitsandbytes as bnb", "ModuleNotFoundError: No module named 'bitsandbytes'"),
    (
        "model.py",
        "forward",
        "logits = self.lm_head(hidden)",
        "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.34 GiB. GPU 0 has 1.12 GiB free.",
    ),
    (
        "data.py",
        "load",
        "frame = pd.read_parquet(path)",
        "FileNotFoundError: [Errno 2] No such file or directory: '/data/train.parquet'",
    ),
    ("data.py", "collate", 'return batch["labels"]', "KeyError: 'labels'"),
    ("train.py", "check", "raise ValueError(text)", "ValueError: loss is nan at step {step}"),
    (
        "model.py",
        "load",
        "model = AutoModel.from_pretrained(name)",
        "huggingface_hub.errors.GatedRepoError: 401 Client Error. Access to this model is restricted.",
    ),
    (
        "train.py",
        "save",
        "blob.upload_from_filename(path)",
        "google.api_core.exceptions.Forbidden: 403 POST storage.objects.create denied",
    ),
    (
        "train.py",
        "main",
        "dist.init_process_group('nccl')",
        "RuntimeError: NCCL error: unhandled system error",
    ),
)


@dataclass(frozen=True, slots=True)
class Failure:
    """How a job fails."""

    code: int
    message: str
    started: bool = True
    """Whether its program ran at all."""
    lines: tuple[str, ...] = ()
    """What the program printed on stderr last."""


def failure(rng: Random, job_id: str, region: str, image: str) -> Failure:
    """A failure of some kind, the common ones more often."""
    makers = [make for make, weight in _KINDS for _ in range(weight)]
    return rng.choice(makers)(rng, job_id, region, image)


def _crash(rng: Random, job_id: str, _region: str, _image: str) -> Failure:
    file, function, code, error = rng.choice(_CRASHES)
    text = "\n".join(
        (
            _HEAD,
            _FRAME.format(file="train.py", line=rng.randrange(200, 300), function="<module>", code="main()"),
            _FRAME.format(file=file, line=rng.randrange(20, 190), function=function, code=code),
            error.format(step=rng.randrange(100, 9000)),
        )
    )
    message = messages.replica_error(CHIEF, 1, job_id, detail=text)
    return Failure(Code.INVALID_ARGUMENT.number, message, lines=tuple(text.split("\n")))


def _exit(code: int, *lines: str, reason: str = "Error") -> Callable[[Random, str, str, str], Failure]:
    def make(_rng: Random, job_id: str, _region: str, _image: str) -> Failure:
        message = messages.replica_error(CHIEF, code, job_id, reason=reason)
        return Failure(Code.INVALID_ARGUMENT.number, message, lines=lines)

    return make


def _old_memory(_rng: Random, job_id: str, _region: str, _image: str) -> Failure:
    """The wording of earlier years."""
    text = f"The replica {CHIEF} ran out-of-memory and exited with a non-zero status of 9(SIGKILL)."
    link = messages.logs_link(job_id)
    return Failure(
        Code.INVALID_ARGUMENT.number,
        f"{text}\n\nTo find out more about why your job exited please check the logs: {link}",
        lines=("Killed",),
    )


def _start_error(_rng: Random, job_id: str, _region: str, _image: str) -> Failure:
    detail = (
        "failed to create containerd task: failed to create shim task: OCI runtime create failed: exec: "
        '"trainer": executable file not found in $PATH: unknown'
    )
    message = messages.replica_error(CHIEF, 128, job_id, reason="StartError", detail=detail)
    return Failure(Code.INVALID_ARGUMENT.number, message, started=False)


def _stockout(_rng: Random, _job_id: str, region: str, _image: str) -> Failure:
    text = messages.STOCKOUT_ERROR.format(region=region)
    return Failure(Code.RESOURCE_EXHAUSTED.number, text, started=False)


def _quota(rng: Random, _job_id: str, _region: str, _image: str) -> Failure:
    metric = rng.choice(("cpus", "nvidia_l4_gpus", "nvidia_t4_gpus", "nvidia_a100_gpus"))
    text = (
        "The following quota metrics exceed quota limits: "
        f"aiplatform.googleapis.com/custom_model_training_{metric}"
    )
    return Failure(Code.RESOURCE_EXHAUSTED.number, text, started=False)


def _internal(rng: Random, _job_id: str, _region: str, _image: str) -> Failure:
    return Failure(Code.INTERNAL.number, messages.INTERNAL_ERROR, started=rng.random() < 1 / 2)


def _no_image(_rng: Random, _job_id: str, _region: str, image: str) -> Failure:
    text = messages.IMAGE_PULL_ERROR.format(image=image)
    return Failure(Code.INVALID_ARGUMENT.number, text, started=False)


_KINDS: tuple[tuple[Callable[[Random, str, str, str], Failure], int], ...] = (
    (_crash, 9),
    (_exit(2, "usage: train.py [-h] --data DATA", "train.py: error: unrecognized arguments: --lr"), 1),
    (_exit(127, "bash: line 1: trainer: command not found"), 1),
    (_exit(134, "terminate called after throwing an instance of 'c10::Error'"), 1),
    (_exit(137, "Killed"), 1),
    (_exit(137, "Killed", reason="OOM"), 2),
    (_exit(139, "Segmentation fault (core dumped)"), 1),
    (_old_memory, 1),
    (_start_error, 1),
    (_stockout, 2),
    (_quota, 1),
    (_internal, 1),
    (_no_image, 1),
)
