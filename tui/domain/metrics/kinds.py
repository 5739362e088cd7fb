"""What a metric's name means: which chart it belongs to and whether less is better."""

from __future__ import annotations

import re
from enum import StrEnum
from functools import lru_cache


class MetricKind(StrEnum):
    """A group of metrics that share a chart; in the order in which charts appear."""

    LOSS = "loss"
    EVAL_LOSS = "eval-loss"
    ACCURACY = "accuracy"
    """Every score of which more is better."""
    LEARNING_RATE = "learning-rate"
    GRAD_NORM = "grad-norm"
    THROUGHPUT = "throughput"
    MEMORY = "memory"
    OTHER = "other"

    @property
    def heading(self) -> str:
        """The chart's heading."""
        return _TITLES[self]


_TITLES = {
    MetricKind.LOSS: "Loss",
    MetricKind.EVAL_LOSS: "Evaluation loss",
    MetricKind.ACCURACY: "Accuracy and scores",
    MetricKind.LEARNING_RATE: "Learning rate",
    MetricKind.GRAD_NORM: "Gradient norm",
    MetricKind.THROUGHPUT: "Throughput",
    MetricKind.MEMORY: "Memory",
    MetricKind.OTHER: "Other",
}

ORDER = tuple(MetricKind)
"""The order in which charts appear."""

_SPLIT = re.compile(r"[^a-z0-9]+")
_EVAL = frozenset({"eval", "evaluation", "val", "valid", "validation", "test", "testing", "dev", "holdout"})
_LOSS = frozenset(
    {"loss", "losses", "nll", "mse", "mae", "rmse", "rmsle", "mape", "logloss", "mlogloss", "error", "merror"}
    | {"err", "wer", "cer", "ce", "bce", "crossentropy", "xent", "xentropy", "elbo", "l1", "l2", "smape"}
)
_PERPLEXITY = frozenset({"ppl", "perplexity"})
_SCORE = frozenset(
    {"acc", "accuracy", "acc1", "acc5", "top1", "top5", "auc", "auroc", "auprc", "aucpr", "f1", "f1score"}
    | {"precision", "recall", "map", "map50", "bleu", "sacrebleu", "rouge", "rouge1", "rouge2", "rougel"}
    | {
        "rougelsum",
        "meteor",
        "iou",
        "miou",
        "dice",
        "r2",
        "psnr",
        "ssim",
        "em",
        "mcc",
        "ndcg",
        "mrr",
        "score",
    }
    | {"pearson", "spearman", "spearmanr", "matthews", "correlation", "chrf", "cider", "accuracies", "gain"}
    | {"reward", "rewards", "return", "returns"}
)
_MEMORY = frozenset({"mem", "memory", "vram", "rss", "allocated", "reserved"})
_RATE = frozenset({"throughput", "tps", "wps", "ups", "qps", "fps", "tflops", "tflop", "ips"})
_PER = re.compile(r"(?:_per_|/|/ )s(?:ec(?:ond)?s?)?\b|_per_sec")
NEVER = frozenset(
    {"scale", "scaler", "scaling", "weight", "weights", "coef", "coeff", "coefficient", "lambda", "fn"}
    | {"function", "threshold", "patience", "clip", "clipping", "smoothing", "type", "packet", "packets"}
)
"""Words that make a setting or something else of a name that would be a metric."""
_SETTING = frozenset({"max", "min", "base", "initial", "init", "warmup", "end", "target", "peak", "decay"})
_SUMS = frozenset({"best", "final", "new", "current", "avg", "average", "mean", "total", "running"})
_VAGUE = frozenset(
    {"error", "err", "ce", "l1", "l2", "cer", "map", "score", "precision", "recall", "return", "returns"}
    | {
        "em",
        "gain",
        "correlation",
        "test",
        "dice",
        "iou",
        "reward",
        "rewards",
        "mcc",
        "f1",
        "r2",
        "top1",
        "top5",
    }
)
"""Metrics by name, but also ordinary words: they count only beside a step or a plainer metric."""


def words(name: str) -> tuple[str, ...]:
    """The words of a metric's name in lower case: `train/grad_norm` has three."""
    return tuple(word for word in _SPLIT.split(name[:200].lower()) if word)


@lru_cache(maxsize=4096)
def kind(name: str) -> MetricKind:
    """The chart that the metric belongs to, by its name as printed."""
    parts = words(name)
    found = set(parts)
    made = MetricKind.OTHER
    if not found or found & NEVER:
        pass
    elif _learning_rate(parts) or _grad_norm(parts):
        if not found & _SETTING:
            made = MetricKind.LEARNING_RATE if _learning_rate(parts) else MetricKind.GRAD_NORM
    elif found & _RATE or _PER.search(name[:200].lower().replace(" ", "_")):
        made = MetricKind.THROUGHPUT
    elif found & _LOSS or any(part.endswith("loss") for part in parts):
        made = MetricKind.EVAL_LOSS if found & _EVAL else MetricKind.LOSS
    elif found & _SCORE:
        made = MetricKind.ACCURACY
    elif found & _MEMORY:
        made = MetricKind.MEMORY
    return made


@lru_cache(maxsize=4096)
def lower_is_better(name: str) -> bool | None:
    """Whether less of the metric is better; None where neither is."""
    match kind(name):
        case MetricKind.LOSS | MetricKind.EVAL_LOSS:
            return True
        case MetricKind.ACCURACY | MetricKind.THROUGHPUT:
            return False
        case _:
            return True if set(words(name)) & _PERPLEXITY else None


@lru_cache(maxsize=4096)
def telling(name: str) -> bool:
    """Whether a line with such a value can only be a training program's."""
    found = set(words(name))
    if found & _PERPLEXITY:
        return not found & NEVER
    if kind(name) not in {MetricKind.LOSS, MetricKind.EVAL_LOSS, MetricKind.ACCURACY}:
        return False
    # `train_error` and `map50` are no ordinary words any more.
    return bool(found - _VAGUE - _EVAL - _SUMS) and not found <= _VAGUE | {
        "rate",
        "message",
        "code",
        "no",
        "std",
    }


def _learning_rate(parts: tuple[str, ...]) -> bool:
    return "lr" in parts or "learningrate" in parts or ("learning" in parts and "rate" in parts)


def _grad_norm(parts: tuple[str, ...]) -> bool:
    return (
        "gnorm" in parts
        or "gradnorm" in parts
        or ("norm" in parts and bool({"grad", "gradient"} & set(parts)))
    )
