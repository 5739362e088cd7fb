"""Train a tiny language model: it learns to guess the next letter of a short text.

Only Python's standard library (3.9 or newer) is needed. The training is real: a network with one hidden
layer, gradients by back-propagation, the Adam optimiser. It writes what the Hugging Face Trainer would
write: progress bars to stderr, metrics to stdout, checkpoints and `metrics.json` to `outputs/`.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import sys
import time
from pathlib import Path

Rows = list[list[float]]
Example = tuple[list[int], int]  # the letters before, and the letter to guess

TEXT = """
the tide comes in and the tide goes out. a small boat waits at the end of the pier, and the wind is still.
in the morning the sailor looks at the sea and at the sky, and he reads the light as others read a book.
if the clouds are low and the water is dark, he mends his nets and tells the children of the northern islands.
if the sky is clear and the wind is kind, he sets the sail and steers for where the sea meets the sky.
the boat is old, but the boards are sound. the sail is patched, but the sail is strong.
all day he follows the birds, for the birds follow the fish, and all day the sun follows him.
when the sun is low he turns the boat, and the lights of the harbour call him home.
the children wait at the end of the pier. they count the boats, and they count the stars.
the tide comes in and the tide goes out, and in the morning the small boat waits again.
"""

CONTEXT = 3  # letters the model sees
WIDTH = 8  # numbers that stand for one letter
HIDDEN = 32  # units of the hidden layer
EPOCHS = 3
STEPS_PER_EPOCH = 80
LOG_EVERY = 10  # steps
SMALLEST_BATCH = 8  # examples
LEARNING_RATE = 0.01
WARMUP = 10  # steps


def make_examples(text: str) -> tuple[list[Example], int]:
    """Pairs of context and next letter, and how many different letters there are."""
    words = " ".join(text.split())
    letters = sorted(set(words))
    codes = [letters.index(letter) for letter in words]
    pairs = [(codes[at - CONTEXT : at], codes[at]) for at in range(CONTEXT, len(codes))]
    return pairs, len(letters)


class Model:
    """Letters to vectors, a hidden layer, and a score for each letter that may come next."""

    def __init__(self, letters: int, rng: random.Random) -> None:
        """Begin with random numbers for so many different letters."""

        def matrix(rows: int, columns: int, scale: float) -> Rows:
            return [[rng.gauss(0.0, scale) for _ in range(columns)] for _ in range(rows)]

        self.parts = {
            "embedding": matrix(letters, WIDTH, 1.0),
            "hidden": matrix(HIDDEN, CONTEXT * WIDTH + 1, 1.0 / math.sqrt(CONTEXT * WIDTH)),
            "output": matrix(letters, HIDDEN + 1, 0.5 / math.sqrt(HIDDEN)),
        }

    def forward(self, context: list[int]) -> tuple[list[float], list[float], list[float]]:
        """Inputs, hidden values and probabilities for one context; the 1.0 at the end carries the bias."""
        inputs = [value for code in context for value in self.parts["embedding"][code]] + [1.0]
        hidden = [math.tanh(sum(map(float.__mul__, row, inputs))) for row in self.parts["hidden"]] + [1.0]
        scores = [sum(map(float.__mul__, row, hidden)) for row in self.parts["output"]]
        top = max(scores)
        powers = [math.exp(score - top) for score in scores]
        total = sum(powers)
        return inputs, hidden, [power / total for power in powers]

    def loss(self, pairs: list[Example]) -> float:
        """Mean cross-entropy over `pairs`, in nats per letter."""
        return -sum(math.log(self.forward(context)[2][target]) for context, target in pairs) / len(pairs)

    def backward(self, context: list[int], target: int, gradients: dict[str, Rows]) -> float:
        """Add one example's gradients to `gradients`; its loss."""
        inputs, hidden, chances = self.forward(context)
        errors = chances[:]
        errors[target] -= 1.0
        back = [0.0] * HIDDEN
        for letter, error in enumerate(errors):
            row, sums = self.parts["output"][letter], gradients["output"][letter]
            for at, value in enumerate(hidden):
                sums[at] += error * value
            for at in range(HIDDEN):
                back[at] += error * row[at]
        below = [0.0] * (CONTEXT * WIDTH)
        for at, row in enumerate(self.parts["hidden"]):
            error = back[at] * (1.0 - hidden[at] * hidden[at])
            sums = gradients["hidden"][at]
            for column, value in enumerate(inputs):
                sums[column] += error * value
            for column in range(CONTEXT * WIDTH):
                below[column] += error * row[column]
        for place, code in enumerate(context):
            sums = gradients["embedding"][code]
            for at in range(WIDTH):
                sums[at] += below[place * WIDTH + at]
        return -math.log(chances[target])

    def zeros(self) -> dict[str, Rows]:
        """A zero for each number of the model."""
        return {name: [[0.0] * len(row) for row in rows] for name, rows in self.parts.items()}


class Adam:
    """The optimiser."""

    def __init__(self, model: Model) -> None:
        """Begin without a memory of earlier gradients."""
        self.model, self.mean, self.square, self.steps = model, model.zeros(), model.zeros(), 0

    def step(self, gradients: dict[str, Rows], scale: float, rate: float) -> None:
        """Move the model against `gradients`, each multiplied by `scale`."""
        self.steps += 1
        mean_fix, square_fix = 1.0 - 0.9**self.steps, 1.0 - 0.999**self.steps
        for name, rows in self.model.parts.items():
            for number, row in enumerate(rows):
                means, squares = self.mean[name][number], self.square[name][number]
                for at, gradient in enumerate(gradients[name][number]):
                    slope = gradient * scale
                    means[at] = 0.9 * means[at] + 0.1 * slope
                    squares[at] = 0.999 * squares[at] + 0.001 * slope * slope
                    row[at] -= rate * (means[at] / mean_fix) / (math.sqrt(squares[at] / square_fix) + 1e-8)


def learning_rate(step: int, steps: int) -> float:
    """A short rise, then a straight line down to zero."""
    if step < WARMUP:
        return LEARNING_RATE * (step + 1) / WARMUP
    return LEARNING_RATE * (steps - step) / (steps - WARMUP)


def clock(seconds: float) -> str:
    """Seconds as `mm:ss`."""
    return f"{int(seconds) // 60:02d}:{int(seconds) % 60:02d}"


def show_progress(step: int, steps: int, began: float) -> None:
    """Redraw the progress bar on stderr."""
    spent = time.monotonic() - began
    speed = step / spent if spent else 0.0
    left = clock((steps - step) / speed) if speed else "?"
    filled = 10 * step // steps
    bar = "█" * filled + " " * (10 - filled)
    text = f"\r{100 * step // steps:3d}%|{bar}| {step}/{steps} [{clock(spent)}<{left}, {speed:5.2f}it/s]"
    sys.stderr.write(text)
    sys.stderr.flush()


def log(values: dict[str, float], history: list[dict[str, float]], step: int) -> None:
    """Print metrics as the Trainer does, and keep them."""
    history.append({**values, "step": step})
    print(values, flush=True)


def write_json(path: Path, value: object) -> None:
    """Write `value` so that the file is never half there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".part")
    partial.write_text(json.dumps(value, indent=2), encoding="utf-8")
    partial.replace(path)


def train_step(
    adam: Adam, pairs: list[Example], rng: random.Random, rate: float, deadline: float
) -> tuple[float, float, int]:
    """One update from as many random examples as fit in before `deadline`; loss, gradient norm, examples."""
    model = adam.model
    gradients, total, count = model.zeros(), 0.0, 0
    while count < SMALLEST_BATCH or time.monotonic() < deadline:
        context, target = rng.choice(pairs)
        total += model.backward(context, target, gradients)
        count += 1
    norm = math.sqrt(sum(x * x for rows in gradients.values() for row in rows for x in row)) / count
    adam.step(gradients, 1.0 / count / max(1.0, norm), rate)
    return total / count, norm, count


def save(folder: Path, model: Model, state: dict[str, object]) -> None:
    """Write a checkpoint: the model, and how far the training has come."""
    checkpoint = folder / f"checkpoint-{state['global_step']}"
    write_json(checkpoint / "model.json", model.parts)
    write_json(checkpoint / "trainer_state.json", state)
    write_json(folder / "trainer_state.json", state)


def train(seconds: float, folder: Path, seed: int) -> None:
    """Train for about `seconds`; everything worth keeping goes to `folder`."""
    rng = random.Random(seed)
    pairs, letters = make_examples(TEXT)
    rng.shuffle(pairs)
    held_out, pairs = pairs[: len(pairs) // 10], pairs[len(pairs) // 10 :]
    model = Model(letters, rng)
    adam = Adam(model)
    history: list[dict[str, float]] = []
    losses: list[float] = []
    steps, examples = EPOCHS * STEPS_PER_EPOCH, 0
    print(f"{len(pairs)} examples, {letters} letters, {steps} steps", flush=True)
    began = time.monotonic()
    for step in range(1, steps + 1):
        rate = learning_rate(step - 1, steps)
        loss, norm, count = train_step(adam, pairs, rng, rate, began + seconds * step / steps)
        losses.append(loss)
        examples += count
        show_progress(step, steps, began)
        epoch = round(step / STEPS_PER_EPOCH, 2)
        if step % LOG_EVERY == 0:
            mean = round(sum(losses[-LOG_EVERY:]) / LOG_EVERY, 4)
            values = {"loss": mean, "grad_norm": round(norm, 4), "learning_rate": round(rate, 6)}
            log({**values, "epoch": epoch}, history, step)
        if step % STEPS_PER_EPOCH == 0:
            log({"eval_loss": round(model.loss(held_out), 4), "epoch": epoch}, history, step)
            save(
                folder,
                model,
                {"global_step": step, "max_steps": steps, "epoch": epoch, "log_history": history},
            )
    sys.stderr.write("\n")
    spent = time.monotonic() - began
    summary = {
        "train_runtime": round(spent, 2),
        "train_samples_per_second": round(examples / spent, 1),
        "train_steps_per_second": round(steps / spent, 2),
        "train_loss": round(sum(losses) / steps, 4),
        "epoch": float(EPOCHS),
    }
    log(summary, history, steps)
    write_json(folder / "metrics.json", {**summary, "eval_loss": history[-2]["eval_loss"]})


def main() -> None:
    """Read the command line and train."""
    parser = argparse.ArgumentParser(description="Train a tiny language model.")
    seconds = float(os.environ.get("TRAIN_SECONDS", "20"))
    parser.add_argument("--seconds", type=float, default=seconds, help="how long to train, about")
    parser.add_argument("--output-dir", type=Path, default=Path("outputs"), help="where results go")
    parser.add_argument("--seed", type=int, default=0, help="the same seed begins with the same model")
    options = parser.parse_args()
    train(options.seconds, options.output_dir, options.seed)


if __name__ == "__main__":
    main()
