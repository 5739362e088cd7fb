"""Addresses, places and the setting up, as a job's log tells them."""

from __future__ import annotations

import time

import pytest

from tui.domain.course.traces import MOST, Traces, look_for
from tui.domain.logs import LogEntry


def entry(number: int, text: str, replica: str = "workerpool0-0") -> LogEntry:
    return LogEntry(number, f"i{number}", "log", 200, text, replica)


def test_what_is_found_adds_up_in_order() -> None:
    first = look_for(
        [
            entry(1, "Waiting for job to be provisioned.", "service"),
            entry(2, "Vertex AI is setting up this job.", "service"),
            entry(3, "wandb: 🚀 View run at https://wandb.ai/lagoon/kelp/runs/k3lp"),
            entry(4, "Copying file://a [Content-Type=text] to gs://kelp/run-1/a.txt..."),
            entry(5, "saved to 'gs://kelp/run-1/model', done; gs://kelp"),
        ]
    )
    assert first == Traces(
        ("https://wandb.ai/lagoon/kelp/runs/k3lp",),
        ("gs://kelp/run-1/a.txt", "gs://kelp/run-1/model", "gs://kelp"),
        2,
    )
    later = first.and_also(
        look_for([entry(9, "gs://kelp/run-1/a.txt"), entry(8, "Job is preparing.", "service")])
    )
    assert later.paths == ("gs://kelp/run-1/model", "gs://kelp", "gs://kelp/run-1/a.txt")
    assert later.pending_ns == 2


def test_there_is_an_end_to_what_is_kept() -> None:
    found = look_for(entry(number, f"gs://kelp/part-{number}") for number in range(500))
    assert len(found.paths) == MOST
    assert found.paths[-1] == "gs://kelp/part-499"


@pytest.mark.parametrize(
    "unit", ["gs://", "gs://a", "gs://a/", "https://wandb.ai/a/", "wandb.", "\x1b[31mgs://kk/\n"]
)
def test_hostile_lines_cost_no_more_than_their_length(unit: str) -> None:
    text = "wandb " + unit * (262_144 // len(unit))
    begun = time.process_time()
    look_for([entry(1, text)] * 20)
    assert time.process_time() - begun < 5
