"""Lines of ordinary logs that say nothing of a training run: precision."""

from __future__ import annotations

import pytest

from tui.domain.metrics.reading import reading

ORDINARY = """\
Collecting torch==2.5.1 (from -r requirements.txt (line 3))
Collecting torch-loss==0.1
Collecting keras-accuracy>=1.2 (from x==1.0)
  Downloading torch-2.5.1-cp311-cp311-manylinux1_x86_64.whl (906.4 MB)
     ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━ 906.4/906.4 MB 3.0 MB/s eta 0:00:00
Requirement already satisfied: numpy>=1.17 in /usr/lib/python3 (from torch) (1.26.4)
Successfully installed accelerate-1.1.1 evaluate-0.4.3 rouge-score-0.1.2 torch-2.5.1
ERROR: pip's dependency resolver does not currently take into account all the packages. requires x==2.0
WARNING: Running pip as the 'root' user can result in broken permissions
[notice] A new release of pip is available: 23.0.1 -> 24.3.1
2024-11-22 10:00:00.123456: I tensorflow/core/platform/cpu_feature_guard.cc:182] This binary
2024-11-22 10:00:00.5: E external/local_xla/xla/stream_executor/cuda/cuda_fft.cc:485] Unable to register
2024-11-22 10:00:00.5: W tensorflow/compiler/tf2tensorrt/utils/py_utils.cc:38] TF-TRT Warning: x
/usr/lib/python3.11/site-packages/torch/cuda/__init__.py:128: UserWarning: CUDA initialization: error 804
torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB (GPU 0; 22.17 GiB total capacity)
NCCL version 2.21.5+cuda12.4
workerpool0-0:17:17 [0] NCCL INFO Bootstrap : Using eth0:10.128.0.2<0>
NCCL INFO Channel 00/02 :    0   1   2   3
huggingface/tokenizers: The current process just got forked, after parallelism has already been used.
Downloading shards: 100%|██████████| 2/2 [00:10<00:00,  5.10s/it]
Downloading model.safetensors:  45%|████▌     | 2.25G/4.99G [00:10<00:12, 225MB/s]
model-00001-of-00002.safetensors:  45%|████▌     | 2.25G/4.99G [00:10<00:12, 225MB/s]
tokenizer.json: 100%|██████████| 17.5M/17.5M [00:00<00:00, 45.1MB/s]
Fetching 12 files:  50%|█████     | 6/12 [00:01<00:01,  4.50it/s]
Loading checkpoint shards:  50%|█████     | 1/2 [00:01<00:01,  1.05s/it]
Map:  45%|████▌     | 4500/10000 [00:01<00:01, 4500.00 examples/s]
Map (num_proc=4): 100%|██████████| 10000/10000 [00:01<00:00, 9500.00 examples/s]
Generating train split: 100%|██████████| 25000/25000 [00:00<00:00, 250000.00 examples/s]
Tokenizing train dataset:  10%|█         | 100/1000 [00:00<00:01, 900.00it/s]
Running tokenizer on dataset:  10%|█         | 1/10 [00:00<00:01, 9.00ba/s]
Evaluating:  45%|████▌     | 45/100 [00:10<00:12,  4.50it/s, loss=0.5]
Validation DataLoader 0:  45%|████▌     | 45/100 [00:10<00:12,  4.50it/s]
Sanity Checking DataLoader 0: 100%|██████████| 2/2 [00:00<00:00, 10.2it/s]
Epoch 3 [val]:  45%|████▌     | 45/100 [00:10<00:12,  4.50it/s]
313/313 ━━━━━━━━━━━━━━━━━━━━ 1s 2ms/step
127.0.0.1 - - [22/Nov/2024 10:00:00] "GET /healthz HTTP/1.1" 200 -
INFO:     10.0.0.1:52814 - "POST /v1/score HTTP/1.1" 200 OK
INFO:httpx:HTTP Request: GET https://huggingface.co/api/models/x "HTTP/1.1 200 OK"
{"status": 200, "latency": 0.5, "path": "/v1/evaluate"}
{"severity": "INFO", "message": "step into the room", "timestamp": "2024-11-22T10:00:00Z"}
{"learning_rate": 5e-05, "epochs": 3, "batch_size": 32}
{'lr': 0.001, 'momentum': 0.9, 'epochs': 10}
Namespace(lr=0.001, epochs=10, batch_size=32, loss='mse', momentum=0.9)
learning_rate=5e-05,
max_grad_norm=1.0,
num_train_epochs=3,
loss_scale=1024.0
engine/trainer: amp=True, batch=16, cls=0.5, dropout=0.0, epochs=100, iou=0.7, lr0=0.01, momentum=0.937
***** Running training *****
  Num examples = 1,000
  Instantaneous batch size per device = 8
  Gradient Accumulation steps = 4
  Number of trainable parameters = 1,234,567
trainable params: 4,194,304 || all params: 1,240,000,000 || trainable%: 0.3382
3 packets transmitted, 3 received, 0% packet loss, time 2003ms
packet loss: 5%
accuracy 45% (good)
Step 3/10 : RUN pip install -r requirements.txt
Step #1 - "build": Pulling image: gcr.io/cloud-builders/docker
error: 404
Retrying (Retry(total=4, connect=None)) after connection broken: error 111
Using 8-bit optimizers, step 2 of the guide explains accuracy
Epoch 00003: val_loss improved from 0.5 to 0.4, saving model to model.h5
Metric val_loss improved. New best score: 0.450
EarlyStopping counter: 3 out of 5
Saving model checkpoint to ./outputs/checkpoint-500
wandb: Tracking run with wandb version 0.18.7
Copying file://outputs/model.safetensors [Content-Type=application/octet-stream]...
/ [1/5 files][  1.0 MiB/ 10.0 MiB]  10% Done
Receiving objects:  45% (45/100), 1.00 MiB | 2.00 MiB/s
Loading dataset with 60000 samples, 10 classes
GPU 0: NVIDIA L4 (UUID: GPU-1234), 23034MiB, Driver 535.104.05
| 0   N/A  45C    P0    30W /  72W |   5000MiB / 23034MiB |     98%      Default |
  File "train.py", line 45, in training_step
    loss = criterion(output, target) / 4
AssertionError: expected 3 losses, found 2
Task completed. Exit code (0). Exit reason (SUCCEEDED)
total 45
drwxr-xr-x 2 root root 4096 Nov 22 10:00 step_100
Iterating over 3 folds
valid until 2025-01-01
model accuracy target = high""".splitlines()


@pytest.mark.parametrize("line", ORDINARY)
def test_an_ordinary_line_says_nothing(line: str) -> None:
    assert reading(line) is None


def test_there_are_enough_of_them() -> None:
    assert len(ORDINARY) >= 60


@pytest.mark.parametrize(
    "prefix", ["2024-11-22 10:00:00,123 - trainer - INFO - ", "\x1b[32m", "[rank0]: ", "  "]
)
def test_a_logging_prefix_makes_no_difference(prefix: str) -> None:
    odd = [line for line in ORDINARY if reading(prefix + line) is not None]
    assert odd == []
