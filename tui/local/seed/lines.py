"""The log of a made-up job: what the service said, and what its program printed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from random import Random
from typing import Any, NamedTuple

from tui.local import names
from tui.local.clock import SECOND
from tui.local.filters.logs import SEVERITIES
from tui.local.jobs import messages
from tui.local.seed.failures import CHIEF
from tui.local.seed.histories import History
from tui.local.state.entries import Row, rows_like
from tui.local.state.jobs import State
from tui.local.wire import gtypes
from tui.local.wire.gtypes import Message

SERVICE = "service"
INFO, WARNING, ERROR = "INFO", "WARNING", "ERROR"


class Line(NamedTuple):
    """One entry to be."""

    task: str
    severity: str
    text: str
    fields: tuple[tuple[str, float], ...] = ()
    """Numbers of a JSON payload that the program printed itself."""


def counts(histories: Iterable[History], entries: int) -> list[int]:
    """How many entries each job gets, `entries` in all: few get very many, those that never ran a handful."""
    listed = list(histories)
    weights = [
        each.rng.lognormvariate(0, 1.2) * (1 + 0.2 * len(each.replicas)) if each.start_ns else 0.0
        for each in listed
    ]
    small = [min(len(_service_lines(each)), entries) for each in listed]
    rest = max(entries - sum(small), 0)
    whole = sum(weights) or 1.0
    given = [few + int(rest * weight / whole) for few, weight in zip(small, weights, strict=True)]
    if any(weights):
        given[weights.index(max(weights))] += max(entries - sum(given), 0)
    while (over := sum(given) - entries) > 0:  # fewer entries than the service alone has to say
        index = max(range(len(given)), key=given.__getitem__)
        given[index] -= min(over, max(given[index] // 2, 1))
    return given


def rows(history: History, count: int) -> Iterator[Row]:
    """The rows of a job's log, `count` of them, in any order."""
    service = _service_lines(history)[:count]
    printed = _printed(history, count - len(service)) if history.start_ns else []
    by_template: defaultdict[tuple[str, str], list[tuple[int, str, Message | None]]] = defaultdict(list)
    for number, (ns, line) in enumerate((*service, *printed)):
        insert_id = f"s{history.number:07d}{number:08d}"
        by_template[line.task, line.severity].append((ns, insert_id, _payload(line)))
    for (task, severity), lines in by_template.items():
        yield from rows_like(_template(history.job_id, task, severity), lines)


def _template(job_id: str, task: str, severity: str) -> Message:
    log = f"ml.googleapis.com%2F{job_id}" if task == SERVICE else task
    labels = {"job_id": job_id, "project_id": names.PROJECT_ID, "task_name": task}
    template = gtypes.LogEntry(
        log_name=f"projects/{names.PROJECT_ID}/logs/{log}",
        resource={"type": "ml_job", "labels": labels},
        labels={"ml.googleapis.com/job_id": job_id},
        severity=SEVERITIES[severity],
    )
    if task != SERVICE:
        template.json_payload.update({"levelname": severity, "attrs": {"tag": task}})
    return template


def _payload(line: Line) -> Message:
    entry = gtypes.LogEntry()
    if line.task == SERVICE:
        entry.text_payload = line.text
        return entry
    fields = entry.json_payload.fields
    fields["message"].string_value = line.text
    for name, value in line.fields:
        fields[name].number_value = value
    return entry


def _service_lines(history: History) -> list[tuple[int, Line]]:
    """What the service says of a job in this state (FACTS 3.2)."""
    said: list[tuple[int, str, str]] = [(history.create_ns, INFO, messages.WAITING)]
    state = history.job.state
    if state not in {State.JOB_STATE_QUEUED, State.JOB_STATE_EXPIRED}:
        after = range(0, 3 * SECOND, SECOND)
        texts = (messages.PROVISIONING, messages.SETTING_UP, messages.WAITING_FOR_PROGRAM)
        said += [(history.pending_ns + ns, INFO, text) for ns, text in zip(after, texts, strict=True)]
    if history.start_ns:
        said.append((history.start_ns - SECOND // 2, INFO, messages.PREPARING))
        said.append((history.start_ns, INFO, messages.RUNNING))
    if state in {State.JOB_STATE_CANCELLING, State.JOB_STATE_CANCELLED}:
        said.append((history.end_ns - 2 * SECOND, INFO, messages.CANCELLING))
    if history.job.HasField("end_time"):
        said += [(history.end_ns, *each) for each in _goodbye(history)]
    return [(ns + index, Line(SERVICE, level, text)) for index, (ns, level, text) in enumerate(said)]


def _goodbye(history: History) -> Iterator[tuple[str, str]]:
    if history.start_ns:
        yield from ((INFO, messages.TEARING_DOWN), (INFO, messages.TORN_DOWN))
    if history.failure:
        yield from ((ERROR, history.failure.message), (ERROR, messages.FAILED))
    elif history.job.state == State.JOB_STATE_CANCELLED:
        yield INFO, messages.CANCELLED
    elif history.job.state == State.JOB_STATE_SUCCEEDED:
        yield INFO, messages.SUCCEEDED


def _printed(history: History, count: int) -> list[tuple[int, Line]]:
    """What the replicas print: a beginning, many steps, and the end of one that failed."""
    last = history.failure.lines if history.failure else ()
    first = _beginning(history)[: max(count - len(last), 0)]
    steps = max(count - len(first) - len(last), 0)
    span = max(history.end_ns - history.start_ns, count + 1)
    lines = [Line(CHIEF, *each) for each in first]
    lines += _steps(history, steps)
    lines += [Line(CHIEF, ERROR, text) for text in last[: count - len(lines)]]
    each = span // (len(lines) + 1)
    early = max(each // 2, 1)
    begin, draw = history.start_ns, history.rng.random
    return [(begin + (index + 1) * each - int(draw() * early), line) for index, line in enumerate(lines)]


def _beginning(history: History) -> list[tuple[str, str]]:
    args = " ".join(history.job.job_spec.worker_pool_specs[0].container_spec.args)
    run = f"{history.rng.getrandbits(40):08x}"
    return [
        (ERROR, "WARNING: Running pip as the 'root' user can result in broken permissions."),
        (INFO, f"trainer.train: starting with {args}"),
        (INFO, f"replicas: {', '.join(history.replicas)}"),
        (
            ERROR,
            "I0000 00:00:1760000000.000000 1 port.cc:153] oneDNN custom operations are on. Results may vary.",
        ),
        (INFO, "loading dataset shards: 1,024 files"),
        (ERROR, "Downloading shards: 100%|██████████| 4/4 [00:21<00:00,  5.31s/it]"),
        (ERROR, f"wandb: 🚀 View run at https://wandb.ai/lagoon/{history.what}/runs/{run}"),
        (WARNING, "The attention mask is not set and cannot be inferred from input; results may differ."),
        (INFO, "trainable params: 20,971,520 || all params: 4,320,000,000 || trainable%: 0.4855"),
    ]


def _steps(history: History, count: int) -> Iterator[Line]:
    """Training steps: metrics, progress bars, evaluations, checkpoints, and a stray warning."""
    rng = history.rng
    total = int(count * rng.uniform(1.0, 1.05)) + 1
    seconds = max((history.end_ns - history.start_ns) / SECOND / total, 1e-3)
    replicas = history.replicas
    structured = rng.random() < 1 / 4
    save_every = max(total // 8, 50)
    for step in range(1, count + 1):
        task = CHIEF if step % 5 or len(replicas) == 1 else replicas[step // 5 % len(replicas)]
        if step % save_every == 0:
            yield Line(CHIEF, INFO, f"Saving model checkpoint to /tmp/outputs/checkpoint-{step}")
        elif step % save_every == 1 and step > 1:
            yield Line(CHIEF, INFO, _metrics(rng, step, total, "eval_"))
        elif step % 3 == 0:
            yield Line(task, ERROR, _bar(step, total, seconds))
        elif step % 997 == 0:
            yield Line(task, WARNING, f"gradient norm is large at step {step}: {rng.uniform(10, 90):.1f}")
        elif structured:
            loss = _loss(rng, step, total)
            yield Line(task, INFO, f"step {step}", (("step", step), ("loss", loss), ("total", total)))
        else:
            yield Line(task, INFO, _metrics(rng, step, total, ""))


def _loss(rng: Random, step: int, total: int) -> float:
    return round(2.4 / (1 + 3 * step / total) + rng.random() / 10, 4)


def _metrics(rng: Random, step: int, total: int, prefix: str) -> str:
    found: dict[str, Any] = {
        f"{prefix}loss": _loss(rng, step, total),
        "grad_norm": round(rng.random() * 3, 3),
        "learning_rate": round(3e-4 * (1 - step / (total + 1)), 8),
        "epoch": round(3 * step / total, 2),
    }
    return str(found)


def _bar(step: int, total: int, seconds: float) -> str:
    part = step / total
    full = int(part * 10)
    bar = "█" * full + "▌" * (full < 10) + " " * max(9 - full, 0)  # noqa: PLR2004 (ten characters wide)
    left = int((total - step) * seconds)
    gone = int(step * seconds)
    return (
        f"{100 * part:3.0f}%|{bar}| {step}/{total} "
        f"[{gone // 60:02d}:{gone % 60:02d}<{left // 60:02d}:{left % 60:02d}, {seconds:5.2f}s/it]"
    )
