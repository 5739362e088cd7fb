"""What single lines of training programs say."""

from __future__ import annotations

import math
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.domain.metrics import mappings, tables
from tui.domain.metrics.reading import reading

CASES: list[tuple[str, dict[str, float], dict[str, Any]]] = [
    (
        "{'loss': 1.92, 'grad_norm': 0.8, 'learning_rate': 2e-05, 'epoch': 0.5}",
        {"loss": 1.92, "grad_norm": 0.8, "learning_rate": 2e-05},
        {"epoch": 0.5},
    ),
    (
        "{'loss': '1.92', 'learning_rate': '2e-05', 'epoch': '0.5'}",
        {"loss": 1.92, "learning_rate": 2e-05},
        {"epoch": 0.5},
    ),
    ("{'loss': tensor(1.25, device='cuda:0'), 'epoch': 1}", {"loss": 1.25}, {"epoch": 1.0}),
    ("INFO:__main__:{'loss': np.float64(0.5), 'epoch': 2.0}", {"loss": 0.5}, {"epoch": 2.0}),
    ("{'eval_loss': 2.03, 'eval_runtime': 12.1, 'epoch': 1.0}", {"eval_loss": 2.03}, {"epoch": 1.0}),
    (
        " 45%|████      | 45/100 [00:10<00:12,  4.5it/s, loss=1.2]",
        {"loss": 1.2},
        {"step": 45, "total_steps": 100, "fraction": 0.45, "remaining_seconds": 12.0},
    ),
    (
        " 45%|████      | 4.5k/10.0k [00:10<1:00:12,  4.5it/s]",
        {},
        {"step": 4500, "total_steps": 10_000, "remaining_seconds": 3612.0},
    ),
    ("loss 1.25:  30%|███ | 3/10 [00:01<00:02, 3it/s]", {"loss": 1.25}, {"step": 3, "bar": "loss #"}),
    ("Epochs:  30%|███ | 3/10 [00:01<00:02, 3it/s]", {}, {"epoch": 3.0, "total_epochs": 10.0, "step": None}),
    ("1234it [00:10, 123.4it/s, loss=0.5]", {"loss": 0.5}, {"step": 1234}),
    ("Epoch 3/10", {}, {"epoch": 3.0, "total_epochs": 10.0}),
    ("Epoch 1", {}, {"epoch": 1.0}),
    (
        "45/100 ━━━━━━━━━━━━━━━━━━━━ 3s 10ms/step - accuracy: 0.8000 - loss: 0.5000 - val_loss: 0.6",
        {"accuracy": 0.8, "loss": 0.5, "val_loss": 0.6},
        {"step": 45, "total_steps": 100, "per_epoch": True, "fraction": None},
    ),
    (" 45/100 [=====>........] - ETA: 3s - loss: 0.5", {"loss": 0.5}, {"step": 45, "per_epoch": True}),
    ("100/100 - 3s - 30ms/step - loss: 0.5 - val_loss: 0.7", {"loss": 0.5, "val_loss": 0.7}, {"step": 100}),
    (
        "Epoch 3:  45%|████▌     | 45/100 [00:10<00:12,  4.47it/s, v_num=0, train_loss=0.5]",
        {"train_loss": 0.5},
        {"step": 45, "epoch": 3.0, "total_steps": 100, "per_epoch": True, "remaining_seconds": None},
    ),
    (
        "Epoch 3/9  ━━━━━━━━━━ 45/100 0:00:10 • 0:00:12 4.5it/s v_num: 0 train_loss: 0.5",
        {"train_loss": 0.5},
        {"step": 45, "epoch": 3.0, "total_epochs": 10.0},
    ),
    (
        "iter: 1200  total_loss: 0.5  lr: 0.001  eta: 0:10:00  max_mem: 5000M",
        {"total_loss": 0.5, "lr": 0.001},
        {"step": 1200, "remaining_seconds": 600.0},
    ),
    (
        (
            "[11/22 10:00:00 d2.utils]: eta: 1 day, 0:10:00  iter: 1199  total_loss: 0.5  time: 0.3  "
            "data_time: 0.01   lr: 0.001  max_mem: 5000M"
        ),
        {"total_loss": 0.5, "lr": 0.001},
        {"step": 1199, "remaining_seconds": 87000.0},
    ),
    (
        (
            "Epoch: [3]  [ 100/5005]  eta: 0:10:00  lr: 0.1  img/s: 400.1  loss: 6.9 (7.0)  acc1: 0.1 (0.2)  "
            "time: 0.6  data: 0.1  max mem: 5000"
        ),
        {"lr": 0.1, "img/s": 400.1, "loss": 6.9, "acc1": 0.1},
        {"epoch": 3.0, "step": 100, "total_steps": 5005, "per_epoch": True, "remaining_seconds": None},
    ),
    (
        "Epoch: [0][  10/5005]\tTime  0.3 ( 0.9)\tLoss 6.9e+00 (7.0e+00)\tAcc@1   0.78 (  0.35)",
        {"Loss": 6.9, "Acc@1": 0.78},
        {"epoch": 0.0, "step": 10, "total_steps": 5005},
    ),
    ("Train Epoch: 1 [640/60000 (1%)]\tLoss: 2.300000", {"Loss": 2.3}, {"epoch": 1.0, "step": 640}),
    (
        "Test set: Average loss: 0.0270, Accuracy: 9913/10000 (99%)",
        {"test Average loss": 0.027, "test Accuracy": 0.9913},
        {},
    ),
    ("loss: 2.303000  [   64/60000]", {"loss": 2.303}, {"step": 64, "total_steps": 60000, "per_epoch": True}),
    ("iter 100: loss 1.92, time 23ms, mfu 3%", {"loss": 1.92}, {"step": 100}),
    ("step 100: train loss 1.9, val loss 2.0", {"train loss": 1.9, "val loss": 2.0}, {"step": 100}),
    (
        (
            " iteration  100/ 1000 | consumed samples: 1600 | elapsed time per iteration (ms): 5.0 | "
            "learning rate: 1.500E-04 | global batch size:    16 | lm loss: 6.1E+00 | loss scale: 1.0 | "
            "grad norm: 1.200 | number of skipped iterations:   0 | number of nan iterations:   0 |"
        ),
        {"learning rate": 1.5e-4, "lm loss": 6.1, "grad norm": 1.2},
        {"step": 100, "total_steps": 1000},
    ),
    (
        (
            "11/22 10:00:00 - mmengine - INFO - Epoch(train) [1][50/500]  lr: 1.0000e-02  eta: 0:12:34  "
            "data_time: 0.1  memory: 5000  loss: 0.5"
        ),
        {"lr": 0.01, "loss": 0.5},
        {"epoch": 1.0, "step": 50, "total_steps": 500, "per_epoch": True, "remaining_seconds": 754.0},
    ),
    (
        "11/22 10:00:00 - mmengine - INFO - Epoch(val) [1][50/50]    accuracy/top1: 85.2  data_time: 0.01",
        {"val accuracy/top1": 85.2},
        {"epoch": 1.0, "step": None, "total_steps": None},
    ),
    ("I1122 10:00:00.100000 139 train.py:45] step = 100, loss = 0.5", {"loss": 0.5}, {"step": 100}),
    ("INFO:tensorflow:loss = 0.5, step = 100 (3.2 sec)", {"loss": 0.5}, {"step": 100}),
    (
        "[10]\tvalidation_0-rmse:0.5\tvalidation_1-rmse:0.6",
        {"validation_0-rmse": 0.5, "validation_1-rmse": 0.6},
        {"step": 10},
    ),
    (
        "[10:22:33] [10]\ttrain-logloss:0.5\teval-auc:0.6",
        {"train-logloss": 0.5, "eval-auc": 0.6},
        {"step": 10},
    ),
    (
        "[10]\tvalid_0's l2: 0.24\tvalid_0's auc: 0.9",
        {"valid_0's l2": 0.24, "valid_0's auc": 0.9},
        {"step": 10},
    ),
    (
        "10:\tlearn: 0.6931\ttest: 0.70\tbest: 0.70 (10)\ttotal: 10ms\tremaining: 1s",
        {"learn": 0.6931, "test": 0.7},
        {"step": 10},
    ),
    ("Iteration 1, loss = 0.5", {"loss": 0.5}, {"step": 1}),
    ("step 100 loss 1.92", {"loss": 1.92}, {"step": 100}),
    ("epoch=3 loss=0.5 acc=0.9", {"loss": 0.5, "acc": 0.9}, {"epoch": 3.0}),
    (
        "Step 100/1000 | loss 1.9 | lr 3e-4 | 1,234 tok/s",
        {"loss": 1.9, "lr": 3e-4, "tok/s": 1234.0},
        {"step": 100, "total_steps": 1000, "per_epoch": False},
    ),
    (
        "step 5 | train_loss 0.7 | 12.3k tok/s | mem 5.2GB | 3.2s",
        {"train_loss": 0.7, "tok/s": 12300.0},
        {"step": 5},
    ),
    ("Epoch [3/10], Step [100/500], Loss: 0.45", {"Loss": 0.45}, {"step": 100, "total_epochs": 10.0}),
    ('{"step": 100, "loss": 1.9}', {"loss": 1.9}, {"step": 100}),
    ('{"step": 100, "train": {"loss": 1.9}}', {"train/loss": 1.9}, {"step": 100}),
    ('{"message": "step 100 loss 0.5", "severity": "INFO"}', {"loss": 0.5}, {"step": 100}),
    (
        '{"current_steps": 10, "total_steps": 100, "loss": 1.2, "percentage": 1, "remaining_time": "1:30"}',
        {"loss": 1.2},
        {"step": 10, "total_steps": 100, "remaining_seconds": 90.0},
    ),
    ("2024-11-22 10:00:00,123 - trainer - INFO - step 1,200: loss 1.2e-05", {"loss": 1.2e-5}, {"step": 1200}),
    (
        "2024-11-22T10:00:00Z INFO train:45 epoch 3 step 100 loss=.5",
        {"loss": 0.5},
        {"step": 100, "epoch": 3.0},
    ),
    ("\x1b[32mstep 100\x1b[0m loss: \x1b[31m0.5\x1b[0m", {"loss": 0.5}, {"step": 100}),
    (
        "Train: loss=0.5 acc=0.9 | Val: loss=0.6 acc=0.8",
        {"loss": 0.5, "acc": 0.9, "val loss": 0.6, "val acc": 0.8},
        {},
    ),
    (
        "Epoch 3 Train Loss: 0.5 Acc: 0.8 Val Loss: 0.6 Acc: 0.7",
        {"Train Loss": 0.5, "Acc": 0.8, "Val Loss": 0.6, "val Acc": 0.7},
        {"epoch": 3.0},
    ),
    (
        "[Epoch 0 | Iteration 100] train_loss: 0.01, val_acc: 0.74",
        {"train_loss": 0.01, "val_acc": 0.74},
        {"step": 100},
    ),
    (
        "epoch 001:     45 / 100 loss=8.9, ppl=362.1, wps=1234.5, bsz=32, num_updates=100, lr=1e-05, wall=10",
        {"loss": 8.9, "ppl": 362.1, "wps": 1234.5, "lr": 1e-5},
        {"step": 100, "epoch": 1.0},
    ),
    (
        "[2024-11-22 10:00:00,123] [INFO] [Rank 0] step=100, skipped=0, lr=[1e-05], mom=[(0.9, 0.95)]",
        {"lr": 1e-5},
        {},
    ),
    ("  Num Epochs = 3", {}, {"total_epochs": 3.0}),
    ("  Total optimization steps = 1,375", {}, {"total_steps": 1375}),
    ("Step 100/1000", {}, {"step": 100, "total_steps": 1000}),
    ("old\r 45%|████      | 45/100 [00:10<00:12,  4.5it/s]\r", {}, {"step": 45}),
]


@pytest.mark.parametrize(("line", "values", "place"), CASES, ids=[line[:50] for line, _, _ in CASES])
def test_a_training_line_is_read(line: str, values: dict[str, float], place: dict[str, Any]) -> None:
    found = reading(line)
    assert found is not None
    assert dict(found.values) == values
    assert {name: getattr(found, name) for name in place} == place


@pytest.mark.parametrize("line", [case[0] for case in CASES if "\r" not in case[0]])
def test_what_follows_far_behind_changes_nothing(line: str) -> None:
    found = reading(line)
    assert reading(line + " " * 10) == found


def test_what_is_no_number_is_a_finding() -> None:
    found = reading("{'loss': nan, 'grad_norm': inf, 'epoch': 0.5}")
    assert found
    assert math.isnan(found.values["loss"])
    assert found.values["grad_norm"] == math.inf
    stopped = reading("Loss is nan, stopping training")
    assert stopped
    assert math.isnan(stopped.values["Loss"])
    plain = reading('{"step": 3, "loss": NaN}')
    assert plain
    assert math.isnan(plain.values["loss"])


def test_totals_of_an_ended_run_are_a_summary() -> None:
    found = reading("{'train_runtime': 100.1, 'train_loss': 1.2, 'epoch': 3.0}")
    assert found
    assert found.summary


def test_tables_are_read_by_their_header() -> None:
    columns = tables.header("epoch     train_loss  valid_loss  accuracy  time    ")
    assert columns
    cells = tables.row("0         0.512345    0.600000    0.812300  00:12     ")
    assert cells
    found = tables.read(columns, cells)
    assert found
    assert dict(found.values) == {"train_loss": 0.512345, "valid_loss": 0.6, "accuracy": 0.8123}
    assert found.epoch == 0
    columns = tables.header("      Epoch    GPU_mem   box_loss   cls_loss  Instances       Size")
    assert columns
    cells = tables.row(
        "     70/1000      6.73G      1.081     0.4706         10        640: 100%|███| 16/16 [00:05<00:00]"
    )
    assert cells
    found = tables.read(columns, cells)
    assert found
    assert dict(found.values) == {"box_loss": 1.081, "cls_loss": 0.4706}
    assert (found.epoch, found.total_epochs) == (70, 1000)


def test_a_structured_entry_is_read() -> None:
    found = mappings.from_mapping({"message": "logged", "step": 7, "loss": 0.5, "ok": True, "tags": ["a"]})
    assert found
    assert (dict(found.values), found.step) == ({"loss": 0.5}, 7)


_PIECES = st.sampled_from(
    ["loss", "step", " ", ":", "=", "1.5", "nan", "{'", "'", '{"', '"', "}", "%|", "|", "/", "[", "]",
     "Epoch",
     "45", "it [", "━", "\x1b[1m", "e", "-", ",", "\r", "(", "eta: 1:2", "1 day, 2:3", "٣", "½", "²",
     "99999999999999999999"]
)  # fmt: skip


@given(st.one_of(st.text(), st.lists(_PIECES, max_size=40).map("".join)))
def test_any_text_is_harmless(text: str) -> None:
    reading(text)
    tables.header(text)
    cells = tables.row(text)
    if cells:
        tables.read(cells, cells)


@pytest.mark.parametrize(
    "piece",
    [
        "loss 1",
        "{'loss':",
        "1%|",
        "\t ",
        "9",
        "loss=",
        "━",
        "Epoch 1/",
        "[",
        "{",
        '{"a":',
        "1,",
        "1it [",
        "-",
    ],
)
def test_a_hostile_line_takes_no_longer_than_its_head(piece: str) -> None:
    def took(length: int) -> float:
        text = (piece * length)[:length]
        began = time.process_time()
        for _ in range(5):
            reading(text)
        return time.process_time() - began

    # Generous: only a line's first 2,000 characters are looked at.
    assert took(256_000) < 1
