"""What arrives as an error and is none, and what stays one."""

from __future__ import annotations

import pytest

from tests.domain.logreading.printed import PLAIN, line, lines
from tui.domain.logreading.levels import guess
from tui.domain.logreading.model import Mark
from tui.domain.logs import Severity

# ruff: noqa: E501  # log lines as they are printed

CHATTER = """
Collecting error-prone-tools==1.0 (from -r requirements.txt (line 3))
  Downloading exceptiongroup-1.2.2-py3-none-any.whl (16 kB)
Requirement already satisfied: retrying-failures>=1.0 in /usr/lib/python3.11/site-packages (1.3.4)
Successfully installed exceptiongroup-1.2.2 fatal-1.0
Successfully uninstalled errors-1.0
Installing collected packages: sentencepiece, exceptiongroup
Cloning into 'error-analysis'...
remote: Enumerating objects: 12, done.
Saving to: 'errors.log'
--2026-11-23 09:14:45--  https://example.org/errors/404.html
Length: 30000000 (29M) [application/octet-stream]
HTTP request sent, awaiting response... 200 OK
Copying gs://kelp/errors/a.txt to file://errors/a.txt
Some weights of BertModel were not initialized from the model checkpoint at bert-base and are newly initialized
Using the latest cached version of the dataset since kelp couldn't be reached is fine
***** Running training *****
  Num examples = 1,000
Epoch 3: val_loss 0.123, mean_absolute_error: 0.51, error_rate: 0.02
eval: error = 0.1312 after 3 steps
{'loss': 1.2, 'word_error': 0.12, 'epoch': 0.5}
word error rate 0.13
mean squared error: 0.1234
0 errors, 3 warnings skipped
finished with no errors
failed=0 passed=12
0 failed, 12 passed
registered error handler
NCCL version 2.21.5+cuda12.4
gpu-dev:25486:25486 [0] NCCL INFO Bootstrap : Using eth0:10.10.112.56<0>
gpu-dev:25486:25499 [0] NCCL INFO comm 0x55 rank 0 nranks 2 - Abort COMPLETE
I1002 15:18:51.161218 1821930 ProcessGroupNCCL.cpp:385] [Rank 0] Wrote aborted communicator id to store
[rank0]:[I1122 10:00:00.123 ProcessGroupNCCL.cpp:800] the watchdog found no failure
I0000 00:00:1732269600.123456  12 cuda_executor.cc:1015] successful NUMA node read from SysFS had negative value (-1), but there must be one
2026-11-22 10:00:00.123456: I tensorflow/core/util/port.cc:113] oneDNN custom operations are on, errors of rounding are possible
[I 2026-11-22 10:00:00,123] A new study created in memory with name: failures
INFO:root:the exception handler is ready
2026-11-22 18:40:12,123 - trainer - INFO - retry after ConnectionError
2026-11-22 18:40:12.123 | INFO     | trainer:main:12 - Error: none
2026-11-22 18:40:12.123 | SUCCESS  | trainer:main:12 - nothing failed
[INFO|trainer.py:2128] 2026-11-22 10:00:00,123 >> The following columns cannot be used
[2026-11-22 10:00:00,123] [INFO] [real_accelerator.py:158:get_accelerator] Setting ds_accelerator to cuda
[2026-11-22 10:00:00,123][__main__][INFO] - fatal was the storm
(EngineCore pid=91) INFO 11-22 10:00:00 llm_engine.py:72] Initializing an LLM engine, errors go elsewhere
2026-11-22T10:00:00.123Z  INFO kelp::server: connection refused is retried
time="2026-11-22T10:00:00Z" level=info msg="failed over to the other"
{"level": "info", "msg": "error budget left"}
wandb: Currently logged in as: ana (lagoon). Use `wandb login --relogin` to force relogin
wandb: View run at https://wandb.ai/lagoon/kelp/runs/k3lp
Using NCCL_DEBUG: WARN
usage: train.py [-h] [--ignore-errors] [--log-level=ERROR]
export LOG_LEVEL=ERROR
 45%|████▌     | 45/100 [00:10<00:12,  4.50it/s, error=0.3]
Loading checkpoint shards
Downloading https://example.org/fatal.bin
note: This error originates from a subprocess, and is likely not a problem with pip.
"""

WARNINGS = """
2026-11-22 18:40:12,123 - trainer - WARNING - the disk failed once
WARNING:tensorflow:From /app/x.py:3: The name is deprecated, errors may follow.
W1122 18:40:12.123456 140 main.cc:12] cannot open
[rank1]:[W1122 10:00:00.123 ProcessGroupNCCL.cpp:4115] process group has NOT been destroyed before we destruct
[W CUDAFunctions.cpp:100] Warning: failed to initialise
/opt/conda/lib/python3.10/site-packages/torch/optim/lr_scheduler.py:130: UserWarning: Detected call of step(), the exception is fine
FutureWarning: the error will be another one
[WARN] slow disk
warning: the cache is off
npm WARN deprecated har-validator@5.1.5
WARNING: Running pip as the 'root' user can result in broken permissions
wandb: WARNING Fatal values are not logged
[2026-11-22 10:00:00,123] [WARNING] [stage3.py:1949:step] 1 pytorch allocator cache flushes
24/11/22 10:00:00 WARN NativeCodeLoader: Unable to load native-hadoop library for your platform
gpu-dev:1:2 [0] misc/socket.cc:50 NCCL WARN socketProgress: Connection closed by remote peer
2026-11-22 10:00:00.1: E external/local_xla/xla/stream_executor/cuda/cuda_dnn.cc:9261] Unable to register cuDNN factory: Attempting to register one
E0000 00:00:1732269600.1   12 cuda_blas.cc:1418] Unable to register cuBLAS factory: Attempting to register one
level=warning msg="gave up"
main.cc:12:3: warning: unused variable 'error'
W: Some index files failed to download. They have been ignored, or old ones used instead.
DEPRECATION: Building 'x' using the legacy setup.py bdist_wheel mechanism, which will be removed
"""

ERRORS = """
Traceback (most recent call last):
  File "/app/train.py", line 3, in <module>
ValueError: too many values
torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 1.50 GiB.
google.api_core.exceptions.NotFound: 404 GET https://storage.googleapis.com/storage/v1/b/kelp
trainer.loop.BadLuck: no
[rank0]: RuntimeError: NCCL communicator was aborted on rank 1.
KeyboardInterrupt
bash: line 1: gsutil: command not found
/bin/sh: 1: trainer: not found
/opt/conda/bin/python3: No module named trainer
Segmentation fault (core dumped)
Killed
RuntimeError: DataLoader worker (pid 4123) is killed by signal: Killed.
terminate called after throwing an instance of 'c10::Error'
ERROR: No matching distribution found for kelpx
E: Unable to locate package kelpx
fatal: not a git repository (or any of the parent directories): .git
train.py: error: unrecognized arguments: --lr 3
ERROR:root:it broke
2026-11-22 18:40:12,123 - trainer - ERROR - all is lost
2026-11-22 18:40:12.123 | ERROR    | trainer:main:12 - hm
2023-10-27 23:59:36,277\tERROR tune_controller.py:1502 -- Trial task failed for trial T
E1122 10:00:00.123000 140 site-packages/torch/distributed/elastic/multiprocessing/api.py:826] failed (exitcode: 1)
[rank1]:[E1120 09:07:00.1 ProcessGroupNCCL.cpp:616] [Rank 1] Watchdog caught collective operation timeout
{"levelname": "ERROR", "message": "it broke"}
wandb: ERROR api_key not configured (no-tty)
CUDA error: device-side assert triggered
Failed to load the checkpoint
Resolving example.org... failed: Name or service not known.
curl: (6) Could not resolve host: example.org
OSError: [Errno 28] No space left on device
subprocess.CalledProcessError: Command 'x' returned non-zero exit status 1.
Task completed. Exit code (1). Exit reason (SUBPROCESS_EXCEPTION)
Error: no rows
panic: runtime error: index out of range [5] with length 3
thread 'main' panicked at src/main.rs:2:5:
  Building wheel for flash-attn (setup.py): finished with status 'error'
error: subprocess-exited-with-error
AccessDeniedException: 403 ana@x.iam.gserviceaccount.com does not have storage.objects.create access
"""


def seeds(text: str) -> list[str]:
    return [each.replace("\\t", "\t") for each in text.strip("\n").split("\n")]


@pytest.mark.parametrize("text", seeds(CHATTER))
def test_chatter_is_no_error(text: str) -> None:
    reading = line(text)
    assert reading.level == Severity.INFO
    assert reading.marks & Mark.REINFERRED


@pytest.mark.parametrize("text", seeds(WARNINGS))
def test_warnings_are_warnings(text: str) -> None:
    assert line(text).level == Severity.WARNING


@pytest.mark.parametrize("text", seeds(ERRORS))
def test_failures_stay_errors(text: str) -> None:
    reading = line(text)
    assert reading.level == Severity.ERROR
    assert not reading.marks & Mark.REINFERRED


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("F1122 18:40:12.123456 1 main.cc:12] Check failed: a == b", Severity.CRITICAL),
        ("CRITICAL:root:the reactor", Severity.CRITICAL),
        ("DEBUG:urllib3.connectionpool:Starting new HTTPS connection (1): failed.example", Severity.DEBUG),
        ("[notice] A new release of pip is available: 23.2.1 -> 26.1", Severity.NOTICE),
        ("", 0),
        ("step 3 of 4", 0),
    ],
)
def test_other_levels(text: str, level: int) -> None:
    assert guess(text) == level


def test_only_plain_errors_of_replicas_are_in_doubt() -> None:
    assert line("fine", severity=Severity.CRITICAL).level == Severity.CRITICAL
    assert line("The job ended.", replica="service").level == Severity.ERROR
    assert line("ERROR: bad", severity=Severity.INFO).level == Severity.INFO
    assert not line("fine", severity=Severity.INFO).marks & Mark.REINFERRED


@pytest.mark.parametrize(
    ("payload", "level"),
    [
        (PLAIN, Severity.INFO),
        (None, Severity.INFO),
        ({**PLAIN, "levelname": "WARNING"}, Severity.WARNING),
        ({"message": "fine", "levelname": "ERROR", "name": "trainer"}, Severity.ERROR),
        ({"message": "fine", "severity": "critical"}, Severity.CRITICAL),
        ({"message": "fine", "level": "info", "step": 3}, Severity.INFO),
        ({"message": "fine", "levelno": 40.0}, Severity.ERROR),
        ({"message": "fine", "level": {"odd": 1}, "severity": 3, "levelno": "x"}, Severity.INFO),
    ],
)
def test_a_record_knows_how_bad_it_is(payload: dict[str, object] | None, level: int) -> None:
    assert line("fine", payload=payload).level == level


def test_what_says_nothing_belongs_to_the_line_before_it_in_the_entry() -> None:
    found = lines("starting\nERROR:root:it broke\n  here\nand there\nINFO:root:on\nwe go")
    assert [each.level // 100 for each in found] == [2, 5, 5, 5, 2, 2]
    found = lines(
        "10%|█  | 1/9 [00:01<00:02, 1.0it/s]\rErrors follow\rCUDA error: x\r20%|██ | 2/9 [00:01<00:02, 1.0it/s]\rok"
    )
    assert [each.level // 100 for each in found][2:] == [5, 2, 2]
