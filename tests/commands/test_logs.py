"""`vertex-tui logs`, `metrics` and `explain` against a real local server."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest
from google.cloud.aiplatform_v1 import CustomJob

from tests.commands.conftest import Run
from tests.local.clients import PARENT, REGION, Server, job_id, script_job
from tui.commands.loglines import BAR_NS, Choice, FoldedLog, RawLog
from tui.commands.times import since_ns
from tui.domain.logs import LogEntry, Severity

HERE = ("--local", "--region", REGION)
TRAINING = r"""
for i in 1 2 3; do echo "{'loss': 0.$((9-i)), 'epoch': $i.0}"; done
for p in 10 50 100; do printf '\rload:  %d%%|#####| %d/100 [00:01<00:00, 9.9it/s]' $p $p >&2; done; echo >&2
printf '\033[31mred\033[0m \033]0;title\007\n'
echo "hf_abcdefghijklmnopqrstuvwxyzABCDEFGH"
echo "WARNING: careful" >&2
"""


def named(name: str, script: str) -> CustomJob:
    """A job under a name that no other test uses."""
    job = script_job(script)
    job.display_name = name
    return job


@pytest.fixture
def trained(local: Server) -> str:
    """The id of a job with a log of every kind."""
    return job_id(local.run(named("trained", TRAINING)))


def objects(text: str) -> list[dict[str, str]]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_log_is_printed_whole_in_order_and_harmless(trained: str, run: Run) -> None:
    printed = run("logs", trained, *HERE)
    assert printed.status == 0, printed.err
    assert "\x1b" not in printed.out
    texts = [line.split(maxsplit=3)[3] for line in printed.out.splitlines() if "workerpool0-0" in line]
    on_stdout = [text for text in texts if not text.startswith(("load:", "WARNING"))]
    losses = [f"{{'loss': 0.{9 - number}, 'epoch': {number}.0}}" for number in (1, 2, 3)]
    assert on_stdout == [*losses, "red", "••••••"]
    assert sum("load:" in text for text in texts) == 1
    assert any("100%" in text for text in texts)
    lines = objects(run("logs", trained, *HERE, "--jsonl").out)
    assert all(
        list(line) == ["time", "severity", "inferred", "replica", "insert_id", "text"] for line in lines
    )
    assert [line["time"] for line in lines] == sorted(line["time"] for line in lines)
    assert lines[-1]["text"] == "Job completed successfully."
    bar = next(line for line in lines if "load:" in line["text"])
    assert (bar["severity"], bar["inferred"]) == ("ERROR", "INFO")


def test_lines_are_chosen_by_level_replica_and_time(trained: str, run: Run) -> None:
    warned = objects(run("logs", trained, *HERE, "--severity", "warning", "--jsonl").out)
    assert [line["text"] for line in warned] == ["WARNING: careful"]
    service = objects(run("logs", trained, *HERE, "--replica", "service", "--jsonl").out)
    assert {line["replica"] for line in service} == {"service"}
    later = objects(run("logs", trained, *HERE, "--since", service[3]["time"], "--jsonl").out)
    assert later[0]["time"] >= service[3]["time"]
    none = run("logs", trained, *HERE, "--since", "2999-01-01")
    assert (none.status, none.out, none.err) == (0, "", "No line of its log is wanted.\n")
    wrong = run("logs", trained, *HERE, "--since", "yesterday")
    assert wrong.status == 2
    assert "10m" in wrong.err
    assert run("logs", trained, *HERE, "--since", "").status == 2
    unknown = run("logs", trained, *HERE, "--replica", "workerpool7-0")
    assert unknown.status == 2
    assert "no replica workerpool7-0; there are workerpool0-0 and service" in unknown.err
    assert run("export", trained, "", *HERE).status == 2
    assert run("jobs", *HERE, "--state", "").status == 2


def test_a_time_of_day_is_the_last_such_one() -> None:
    now = datetime(2026, 11, 23, 12, 30, tzinfo=UTC).astimezone()
    for minutes in (30, 0, 1439):
        found = since_ns(f"{now - timedelta(minutes=minutes):%H:%M}", now)
        assert now.timestamp() - found / 1e9 == 60 * minutes


def test_raw_folds_nothing_and_keeps_texts(trained: str, run: Run) -> None:
    raw = run("logs", trained, *HERE, "--raw")
    assert "\x1b[31mred\x1b[0m" in raw.out
    assert "hf_abc" not in raw.out
    assert all(f"{percent}%|" in raw.out for percent in (10, 100))


def test_a_followed_log_is_the_same_and_ends_by_itself(local: Server, run: Run) -> None:
    job = local.jobs.create_custom_job(
        parent=PARENT, custom_job=named("followed", "for i in $(seq 30); do echo line $i; sleep 0.05; done")
    )
    followed = run("logs", "followed", *HERE, "--follow", "--jsonl")
    assert followed.status == 0, followed.err
    assert followed.err == ""
    again = run("logs", job_id(job), *HERE, "--jsonl")
    assert followed.out == again.out
    assert [line["text"] for line in objects(again.out) if line["replica"] != "service"] == [
        f"line {number}" for number in range(1, 31)
    ]


def test_metrics_are_printed_as_table_json_and_csv(trained: str, run: Run) -> None:
    table = run("metrics", trained, *HERE)
    assert table.lines[0] == "METRIC REPLICA POINTS LAST STEP LAST LOWEST HIGHEST"
    assert "loss workerpool0-0 3 – 0.6 0.6 0.8" in table.lines
    series = run("metrics", trained, *HERE, "--json").json
    loss = next(each for each in series if each["name"] == "loss")
    assert list(loss) == ["name", "replica", "points"]
    assert loss["points"][0] == {
        "step": None,
        "epoch": 1.0,
        "time": loss["points"][0]["time"],
        "value": 0.8,
    }
    rows = list(csv.DictReader(io.StringIO(run("metrics", trained, *HERE, "--csv").out)))
    assert [row["value"] for row in rows if row["name"] == "loss"] == ["0.8", "0.7", "0.6"]
    both = run("metrics", trained, *HERE, "--csv", "--json")
    assert both.status == 2


def test_a_failure_is_explained(local: Server, trained: str, run: Run) -> None:
    fails = "echo 'Traceback (most recent call last):' >&2; echo \"KeyError: 'labels'\" >&2; exit 1"
    failed = job_id(local.run(named("fails", fails)))
    card = run("explain", failed, *HERE, "--json")
    assert card.status == 0, card.err
    assert list(card.json) == ["class", "summary", "evidence", "next", "confidence"]
    assert card.json["class"] == "traceback"
    assert {"text", "time", "replica"} == set(card.json["evidence"][0])
    assert "KeyError: 'labels'" in run("explain", failed, *HERE).out
    healthy = run("explain", trained, *HERE, "--json").json
    assert (healthy["class"], healthy["evidence"]) == ("none", [])
    assert run("metrics", failed, *HERE).err == "Its log tells no metrics.\n"
    assert run("explain", "no-such-job", *HERE).status == 1


# The order of a stream


def entry(number: int, text: str, *, at: float, severity: int = 200) -> LogEntry:
    return LogEntry(int(at * 1e9), f"i{number}", "log", severity, text, "workerpool0-0")


def texts(found: Iterable[object]) -> list[str]:
    return [getattr(each, "text") for each in found]  # noqa: B009 (of any kind)


@pytest.mark.parametrize("log", [FoldedLog(Choice(), live=True), RawLog(Choice())])
def test_each_line_is_given_once_in_order_and_late_ones_are_counted(log: FoldedLog | RawLog) -> None:
    one, two, three, four = (entry(number, f"t{number}", at=number) for number in range(1, 5))
    log.add([two, one, two])
    assert texts(log.ready(until_ns=1_500_000_000)) == ["t1"]
    log.add([four, one])
    assert texts(log.ready(until_ns=2_500_000_000)) == ["t2"]
    assert texts(log.ready()) == ["t4"]
    log.add([three, four, one])
    assert texts(log.ready()) == ["t3"]
    assert log.late == 1
    assert texts(log.ready()) == []


def test_of_a_bar_that_moves_on_few_states_are_given() -> None:
    log = FoldedLog(Choice(), live=True)
    seen: list[str] = []
    step = BAR_NS / 1e9 / 10
    for number in range(40):
        log.add(
            [entry(number, f"load:  {number}%|##| {number}/100 [00:01<00:00, 9.9it/s]", at=number * step)]
        )
        seen += texts(log.ready())
    assert len(seen) == 4
    log.add([entry(50, "load:  50%|##| 50/100 [00:01<00:00, 9.9it/s]", at=40 * step + 1)])
    seen += texts(log.ready())
    log.add(
        [
            entry(51, "load:  51%|##| 51/100 [00:01<00:00, 9.9it/s]", at=40 * step + 2),
            entry(52, "CUDA error: out of memory", at=40 * step + 3, severity=Severity.CRITICAL),
        ]
    )
    assert texts(log.ready())[0].startswith("load:  51%")
