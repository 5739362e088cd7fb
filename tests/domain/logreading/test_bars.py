"""Progress bars: known in every style, and one bar stays one."""

from __future__ import annotations

import pytest

from tests.domain.logreading.printed import line, lines
from tui.domain.logreading.model import Bar, Mark
from tui.domain.logreading.progress import bar_of
from tui.domain.logs import Severity

# ruff: noqa: E501  # log lines as they are printed

DOTS = ".......... .......... .......... .......... .........."
STATES = {
    "tqdm": (
        "  0%|          | 0/100 [00:00<?, ?it/s]",
        " 45%|████▌     | 45/100 [00:10<00:12,  4.50it/s]",
        "100%|██████████| 100/100 [00:22<00:00,  4.50it/s]",
    ),
    "tqdm, of a name, with readings": (
        "train:   4%|4         | 450/10.0k [00:10<00:12,  4.50it/s, loss=1.2, lr=2e-05]",
        "train:  45%|####5     | 4.50k/10.0k [01:00:10<00:12, 14.50it/s, loss=nan, lr=1e-05]",
    ),
    "tqdm, readings in its name": (
        "loss 1.25 acc 3/9 step 12:  31%|███1      | 31/99 [00:10<00:12]",
        "loss 0.19 acc 4/9 step 13:  42%|████▏     | 42/99 [00:10<00:12]",
        "loss nan acc 9/9 step 1200:  99%|████▏     | 98/99 [00:10<00:12]",
    ),
    "tqdm, after a logger": (
        "2026-11-22 10:00:00,123 INFO  31%|███1      | 31/99 [00:10<00:12]",
        "2026-11-22 10:00:07,456 INFO  42%|????      | 42/99 [00:17<00:12]",
    ),
    "tqdm, of a rank": (
        "[rank3]: Epoch 1:  31%|███1      | 31/99 [00:10<00:12]",
        "[rank3]: Epoch 1:  42%|████▏     | 42/99 [00:17<00:12]",
    ),
    "tqdm without a total": (
        "0it [00:00, ?it/s]",
        "12345it [00:10, 1234.50it/s]",
        "12346it [1:00:10,  2.00s/it, loss=2.0]",
    ),
    "tqdm without a total, of a name and unit": (
        "Generating train split: 4500 examples [00:01, 4500.00 examples/s]",
        "Generating train split: 10000 examples [00:02, 4123.20 examples/s]",
    ),
    "tqdm, bytes": (
        "model-00001-of-00003.safetensors:   3%|▎         | 10.5M/4.98G [00:00<01:38, 50.0MB/s]",
        "model-00001-of-00003.safetensors:  45%|████▌     | 2.24G/4.98G [00:45<00:51, 53.1MB/s]",
    ),
    "Hugging Face, files at once": (
        "Processing Files (0 / 1)                :   0%|          |  198kB /  440MB, 50.0MB/s  ",
        "Processing Files (1 / 1)                :  45%|████▌     |  198MB /  440MB, 50.0MB/s  ",
    ),
    "Hugging Face, uploads": (
        "New Data Upload                         : |          |  0.00B /  0.00B,  0.00B/s  ",
        "New Data Upload                         : |          |  1.00MB /  1.00MB,  0.00B/s  ",
    ),
    "rich": (
        "Working ╺━━━━━━━━━   0% -:--:--",
        "Working ━━━━╸━━━━━  45% 0:00:10",
        "Working ━━━━━━━━━━ 100% 0:00:00",
    ),
    "rich, counts and a spinner": (
        "⠋ Epoch 1/3 ━━━━╸━━━━━  45/100 0:00:10",
        "⠙ Epoch 1/3 ━━━━━━╸━━━  65/100 0:00:12",
    ),
    "rich, downloads": (
        "⠋ weights.bin ╸━━━━━━━━━ 0.1/2.0 GB 99.1 MB/s 0:00:19",
        "⠙ weights.bin ━━━━╸━━━━━ 0.9/2.0 GB ? -:--:--",
    ),
    "rich, without an end": (
        "Loading ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━",
        "Loading ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━",
    ),
    "Lightning": (
        "Epoch 3:  45%|████▌     | 45/100 [00:10<00:12, 4.50it/s, v_num=3, train_loss=0.5]",
        "Epoch 3:  46%|████▌     | 46/100 [00:11<00:12, 4.50it/s, v_num=3, train_loss=0.4]",
    ),
    "Lightning, rich": (
        "Epoch 3/9  ━━━━╸━━━━━  45/100 0:00:10 • 0:00:12 4.50it/s v_num: 3.000 loss: 0.5",
        "Epoch 3/9  ━━━━━╸━━━━  55/100 0:00:12 • 0:00:10 4.50it/s v_num: 3.000 loss: 0.4",
    ),
    "Keras 2": (
        "  1/100 [..............................] - ETA: 3:20 - loss: 2.3",
        " 45/100 [============>.................] - ETA: 3s - loss: 0.5",
        "100/100 [==============================] - 5s 50ms/step - loss: 0.5 - val_loss: 0.4",
    ),
    "Keras 3": (
        "\x1b[1m  1/100\x1b[0m \x1b[37m━━━━━━━━━━━━━━━━━━━━\x1b[0m \x1b[1m3s\x1b[0m 30ms/step - loss: 2.3",
        "\x1b[1m 45/100\x1b[0m \x1b[32m━━━━━━━━━\x1b[0m\x1b[37m━━━━━━━━━━━\x1b[0m \x1b[1m2s\x1b[0m 30ms/step - loss: 0.5",
    ),
    "Keras, no end known": (
        "     45/Unknown - 10s 200ms/step - loss: 1.2",
        "     46/Unknown  11s 200ms/step - loss: 1.1",
    ),
    "pip": (
        "   ━━━━╸━━━━━ 45.0/100.0 MB 3.0 MB/s eta 0:00:01",
        "   ━━━━━━━━━━ 100.0/100.0 MB 3.0 MB/s eta 0:00:00",
    ),
    "wget": (
        "big.bin              14%[=>                  ]   4.11M  20.0MB/s               ",
        "big.bin              57%[==========>         ]  16.36M  20.0MB/s    eta 1s     ",
        "big.bin             100%[===================>]  28.61M  20.0MB/s    in 1.4s    ",
    ),
    "wget, dots": (f"     0K {DOTS}  0%  310M 0s", f" 50000K {DOTS} 57% 1.36M 18s"),
    "wget, dots, no length": (f"     0K {DOTS}  310M", f"    50K {DOTS[:20]}           749M=0.1s"),
    "curl": (
        "  0     0    0     0    0     0      0      0 --:--:-- --:--:-- --:--:--     0",
        " 53 28.6M   53 15.2M    0     0  19.9M      0  0:00:01 --:--:--  0:00:01 19.9M",
        "100 28.6M  100 28.6M    0     0  23.5M      0  0:00:01  0:00:01 --:--:-- 23.5M",
    ),
    "curl -#": ("###########              16.6%", "######################## 100.0%"),
    "git": (
        "remote: Counting objects:   0% (1/3289)        ",
        "remote: Counting objects: 100% (3289/3289), done.",
    ),
    "git, receiving": (
        "Receiving objects:  45% (45/100), 1.00 MiB | 2.00 MiB/s",
        "Receiving objects: 100% (100/100), 9.00 MiB | 2.50 MiB/s, done.",
    ),
    "git, no total": ("remote: Enumerating objects: 3101", "remote: Enumerating objects: 3289, done."),
    "gsutil": (
        "/ [0/5 files][    0.0 B/ 30.7 MiB]   0% Done",
        "- [1/5 files][792.0 KiB/ 30.7 MiB]  10% Done   1.4 MiB/s ETA 00:00:10",
        "\\ [2/7 files][  1.1 MiB/ 40.7 MiB]",
    ),
    "gsutil, objects": ("/ [2/3 objects]  66% Done", "- [3/3 objects] 100% Done   1.50 objects/s"),
    "gcloud storage": (
        "Completed files 0/5 | 900.0kiB/1.0GiB",
        "Completed files 1/5 | 3.0MiB/1.0GiB | 2.0MiB/s",
    ),
    "gcloud storage, no bytes": ("Completed 3/5", "Completed 4/5"),
    "apt": ("(Reading database ... 5%", "(Reading database ... 45%"),
    "apt, fetching": ("0% [Working]", "45% [1 Packages 1,234 kB/5,678 kB 22%]  12.3 MB/s 1s"),
    "apt, progress": ("Progress: [  5%]", "Progress: [ 45%] [#####......]"),
    "conda": (
        "numpy-1.26.4         | 7.5 MB    | ####5      |  45% ",
        "numpy-1.26.4         | 7.5 MB    | ########## | 100% ",
    ),
    "aria2": (
        "[#2089b0 400.0KiB/33.2MiB(1%) CN:1 DL:115.7KiB ETA:4m51s]",
        "[#2089b0 4.0MiB/33.2MiB(12%) CN:1 DL:1.7MiB ETA:51s]",
    ),
    "docker": (
        "0123456789ab: Downloading [==>      ]  12.5MB/34MB",
        "0123456789ab: Downloading [=======> ]  30.5MB/34MB",
    ),
    "plain": ("Downloading weights: 4.5%", "Downloading weights: 45.0%"),
    "wandb": ("wandb: - 0.012 MB of 0.034 MB uploaded", "wandb: \\ 0.034 MB of 0.034 MB uploaded"),
    "fastai": (
        "Epoch 1/3 : |████------| 45.00% [45/100 00:10<00:12 0.51]",
        "Epoch 1/3 : |█████-----| 55.00% [55/100 00:12<00:10 0.49]",
    ),
    "a spinner": ("-", "\\"),
}

ORDINARY = """
accuracy 45% (good)
accuracy: 45% (45/100)
Accuracy: 45% (45 of 100)
Test set: Average loss: 0.0263, Accuracy: 9913/10000 (99%)
Train Epoch: 1 [640/60000 (1%)]\tLoss: 2.3
{'loss': 1.2}
a | b | c
100%
x[=1]
[>_<]
100/100 - 3s - loss: 0.5 - 30ms/step
Epoch 1/5
step 45/100 took 3s
━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━
──────────────── Results ────────────────
[2026-11-22 10:00:00,123] [INFO] 12 files [12:30]
Mem: 45% CPU: 3%
remote: Total 3289 (delta 1935), reused 0 (delta 0), pack-reused 0
Completed in 3 steps
  % Total    % Received % Xferd  Average Speed   Time    Time     Time  Current
Downloaded 45 of 100 files
| 10 | 20 |
GPU 45% [active]
10:00:00 12:30:10 1:2:3
"""


@pytest.mark.parametrize("states", STATES.values(), ids=STATES)
def test_the_states_of_a_bar_are_of_one_bar(states: tuple[str, ...]) -> None:
    found = [line(state) for state in states]
    bars = [reading.bar for reading in found if reading.bar]
    assert len(bars) == len(states)
    assert len({bar.name for bar in bars}) == 1, [bar.name for bar in bars]
    done = [bar.done for bar in bars]
    assert done == sorted(done)
    assert all(reading.marks & Mark.BAR and reading.level == Severity.INFO for reading in found)


@pytest.mark.parametrize("text", ORDINARY.strip("\n").split("\n"))
def test_other_lines_are_no_bars(text: str) -> None:
    assert bar_of(text) is None


def test_bars_of_one_replica_are_told_apart() -> None:
    texts = (
        "Epoch 1:  45%|█ | 45/100 [00:10<00:12]",
        "Epoch 2:  45%|█ | 45/100 [00:10<00:12]",
        "Epoch 2/3:  45%|█ | 45/100 [00:10<00:12]",
        " 45%|█ | 45/100 [00:10<00:12]",
        " 45%|█ | 90/200 [00:10<00:12]",
        "[rank1]:  45%|█ | 45/100 [00:10<00:12]",
        "(train_fn pid=7)  45%|█ | 45/100 [00:10<00:12]",
        "(train_fn pid=8)  45%|█ | 45/100 [00:10<00:12]",
        "model-00001-of-00003.safetensors:  45%|█ | 45/100 [00:10<00:12]",
        "model-00002-of-00003.safetensors:  45%|█ | 45/100 [00:10<00:12]",
    )
    assert len({bar.name for bar in map(bar_of, texts) if bar}) == len(texts)


def test_a_counted_amount_is_a_number() -> None:
    assert bar_of("a:  45%|█ | 4.50k/10.0k [00:10<00:12]") == Bar("tqdm a: 10.0k", 4500)
    assert bar_of("0it [00:00, ?it/s]") == Bar("tqdm  it", 0)


def test_a_bar_redrawn_in_one_entry_is_many_lines() -> None:
    redrawn = "\r  0%|          | 0/2 [00:00<?, ?it/s]\r 50%|█████     | 1/2 [00:01<00:01]\x1b[A\r        \rdone\r\n"
    found = lines(redrawn)
    assert [each.bar.done if each.bar else each.text for each in found] == [0, 1, "done"]
    keras = (
        "\x1b[1m1/2\x1b[0m \x1b[37m━━━━\x1b[0m 3s"
        + "\b" * 20
        + "\r\x1b[1m2/2\x1b[0m \x1b[32m━━━━\x1b[0m 3s"
        + "\b" * 20
    )
    assert [each.bar and each.bar.done for each in lines(keras)] == [1, 2]
    assert lines(keras)[0].text == "1/2 ━━━━ 3s"
