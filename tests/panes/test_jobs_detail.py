"""The detail of a job: its cards, its views, what its keys do, and that no job is too odd for it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.content import Content

from tests.examples import examples
from tests.panes.jobs_world import NOW, NOW_NS, SECOND, DetailApp, falling, raw
from tests.support import wait_for
from tui.domain.course.attempts import Attempt
from tui.domain.course.cost import SoFar, cost_so_far
from tui.domain.course.waiting import waiting
from tui.domain.diagnosis.diagnose import diagnose
from tui.domain.diagnosis.model import (
    Action,
    Case,
    Cause,
    Confidence,
    Diagnosis,
    Evidence,
    Frame,
    NextStep,
)
from tui.domain.diagnosis.tracebacks import HEADER
from tui.domain.errors import CloudError
from tui.domain.insight import JobInsight
from tui.domain.jobs import Job, job_from_json
from tui.domain.logs import EntryKey, LogEntry
from tui.domain.metrics.model import JobProgress
from tui.domain.secrets import HIDDEN
from tui.panes import jobs_spec_view
from tui.panes.jobs_cards import SURENESS, TITLES, DetailState
from tui.panes.jobs_detail import View
from tui.panes.jobs_summary import links_of, summary
from tui.panes.jobs_unseen import _why

KEY = EntryKey(NOW_NS - 60 * SECOND, "e7", "log")
CARD = Diagnosis(
    Cause.GPU_MEMORY,
    "The GPU ran out of memory: 2.00 GiB more could not be had.",
    Confidence.LIKELY,
    evidence=(
        Evidence(
            "torch.cuda.OutOfMemoryError: [red]CUDA\x1b[31m out of memory",
            KEY.timestamp_ns,
            "workerpool0-1",
            KEY,
        ),
        Evidence("second", KEY.timestamp_ns, "workerpool0-1"),
        Evidence("third"),
        Evidence("fourth"),
    ),
    steps=(
        NextStep("Run it with a smaller batch.", Action.RERUN_AS, change="args"),
        NextStep("Ask for more quota.", Action.REQUEST_QUOTA, "quota.nvidia_l4_gpus"),
        NextStep("Give it a token.", Action.SET_SECRET, secret="HF_TOKEN"),  # noqa: S106 (a name)
        NextStep("Read the log.", Action.OPEN_LOGS),
    ),
    replica="workerpool0-1",
    exit_code=1,
    frame=Frame("/app/train.py", 123, "main", "loss.backward()"),
    exception="torch.cuda.OutOfMemoryError: CUDA out of memory",
    also=(Diagnosis(Cause.NAN_LOSS, "The loss was NaN from step 300 on.", Confidence.SURE),),
)
FAILED = raw(1, "FAILED", error={"code": 3, "message": "The replica workerpool0-1 exited with 1."})


def state(job: Job | dict[str, Any], insight: JobInsight | None = None, **more: Any) -> DetailState:
    read = job if isinstance(job, Job) else job_from_json(job)
    return replace(DetailState(read, NOW, insight), **more)


def text(shown: DetailState, width: int = 100) -> str:
    return summary(shown, width).plain


def test_the_failure_card_says_what_where_how_sure_and_what_to_do() -> None:
    insight = JobInsight(
        diagnosis=CARD, lines=70, complete=True, pending_ns=NOW_NS - 15 * 60 * SECOND + 4 * SECOND
    )
    shown = text(state(FAILED, insight))
    first = shown.splitlines()
    assert first[0].startswith("State     ✗ failed · queued ")
    assert "provisioning" in first[0]
    assert "ran 11m" in first[0]
    assert first[1] == "✗ Out of GPU memory · likely · exit code 1 in workerpool0-1"
    assert "The GPU ran out of memory: 2.00 GiB more could not be had." in shown
    assert "/app/train.py:123 in main   loss.backward()" in shown
    assert "f Run it with a smaller batch." in shown
    assert "and 1 more line" in shown
    assert "fourth" not in shown
    assert "Also      The loss became NaN (sure)." in shown
    assert "Vertex AI The replica workerpool0-1 exited with 1." in shown
    assert "\x1b" not in shown
    assert "[red]CUDA␛[31m" in shown, "markup and escapes are text"


def test_every_cause_and_confidence_has_a_name() -> None:
    assert set(TITLES) == set(Cause)
    assert set(SURENESS) == set(Confidence)


def test_a_job_that_succeeded_with_something_odd_says_so() -> None:
    odd = Diagnosis(Cause.NAN_LOSS, "The loss was NaN.", Confidence.UNSURE)
    shown = text(state(raw(1, "SUCCEEDED"), JobInsight(diagnosis=odd, lines=1, complete=True)))
    assert "⚠ succeeded?" in shown
    assert "⚠ succeeded, but: The loss became NaN · not sure" in shown
    healthy = text(state(raw(1, "SUCCEEDED"), JobInsight(diagnosis=Diagnosis(Cause.NONE, ""), lines=1)))
    assert "but:" not in healthy


@pytest.mark.parametrize(
    ("insight", "words"),
    [
        (None, "Its log has not been read yet."),
        (JobInsight(trouble=CloudError("No permission to read logs")), "could not be read: No permission"),
        (JobInsight(lines=5), "Its log is being read."),
    ],
)
def test_without_a_diagnosis_the_service_s_words_stand_and_why(
    insight: JobInsight | None, words: str
) -> None:
    shown = text(state(FAILED, insight))
    assert "The replica workerpool0-1 exited with 1." in shown
    assert words in shown


def test_a_card_from_before_says_so() -> None:
    found = JobInsight(diagnosis=Diagnosis(Cause.DISK_FULL, "The disk is full."), kept=True)
    shown = text(state(FAILED, found))
    assert "The disk is full." in shown
    assert "The replica workerpool0-1 exited with 1." in shown
    assert "That was found before; its log has not been read again yet." in shown
    refused = replace(found, trouble=CloudError("No access to logs"))
    assert "found before. Its log could not be read: No access to logs" in text(state(FAILED, refused))


def test_no_token_of_a_log_or_an_error_is_shown() -> None:
    token = "hf_" + "aB3x" * 9
    place = '  File "/app/a.py", line 3, in f'
    lines = [HEADER, place, f'    login(token="{token}")', f"ValueError: '{token}' is refused"]
    entries = [
        LogEntry(NOW_NS + number, f"i{number}", "log", 500, line, "workerpool0-0")
        for number, line in enumerate(lines)
    ]
    words = f"The replica workerpool0-0 exited with a non-zero status of 1. {token}\n\n{HEADER}\n{token}"
    failed = job_from_json(raw(1, "FAILED", error={"code": 3, "message": words}))
    for insight in (
        None,
        JobInsight(diagnosis=diagnose(Case(failed, entries, complete=True)), lines=4, complete=True),
        JobInsight(diagnosis=diagnose(Case(failed))),
    ):
        shown = text(state(failed, insight))
        assert HIDDEN in shown
        assert token[:12] not in shown
        assert token[:12] not in _why(failed, insight)


def test_the_waiting_card_says_why_who_and_whether_it_costs() -> None:
    queued = job_from_json(raw(1, "QUEUED", minutes=22))
    holder = job_from_json(raw(2, "RUNNING"))
    shown = text(state(queued, waiting=waiting(queued, NOW, [holder])))
    assert "queued 22m" in shown
    assert "quota" in shown
    assert "likely reason" in shown
    assert "Held by   job-2" in shown
    assert "not billed" in shown
    assert "f Cancel it and start it in another region" in shown


def test_progress_metrics_and_attempts() -> None:
    told = JobProgress(1_200, 3_500, 1.2, 3, 0.34, 900.0, NOW_NS - 60 * SECOND)
    tries = (
        Attempt(1, NOW_NS - 800 * SECOND, NOW_NS - 700 * SECOND, NOW_NS - 400 * SECOND, "preempted"),
        Attempt(2, NOW_NS - 400 * SECOND, NOW_NS - 300 * SECOND),
    )
    insight = JobInsight(told, (falling(), falling("eval_loss")), tries, lines=9)
    shown = text(state(raw(1, "RUNNING"), insight))
    assert "34% · step 1,200 of 3,500 · epoch 1.2 of 3 · 14m" in shown
    assert "left" in shown
    assert "loss" in shown
    assert "█" in shown
    assert "Attempts  2: it began anew once" in shown
    assert "ran 5m 0s, preempted" in shown
    ended = text(state(raw(1, "SUCCEEDED"), insight))
    assert "left" not in ended


def test_cost_with_its_limit_and_nothing_on_this_box() -> None:
    cost = SoFar(Decimal("0.142"), Decimal("0.71"), 720.0)
    running = text(state(raw(1, "RUNNING"), cost=cost), 200)
    assert (
        "≈ $0.14 so far (estimate, July 2026) · ≈ $0.71/hour · at most ≈ $1.42, stopped after 2h 0m"
        in running
    )
    ended = text(state(FAILED, cost=cost), 200)
    assert "≈ $0.14 (estimate, July 2026) · ≈ $0.71/hour\n" in ended
    assert "nothing on this box" in text(state(raw(1, "RUNNING"), cost=cost, local=True))
    unlimited = raw(1, "RUNNING")
    del unlimited["jobSpec"]["scheduling"]
    assert "no timeout is set: 7 days" in text(state(unlimited, cost=cost), 200)
    unknown = SoFar(None, None, 720.0)
    assert "not known" in text(state(raw(1, "RUNNING"), cost=unknown))
    never = SoFar(Decimal(0), Decimal("0.27"), 0.0)
    for local in (True, False):
        shown = text(state(FAILED, cost=never, local=local), 200)
        assert "nothing, it never ran" in shown
        assert "0.27" not in shown


def test_what_the_spec_asks_for_without_values() -> None:
    job = raw(1, "RUNNING", webAccessUris={"workerpool0-0": "https://shell.example/x", "odd": "javascript:x"})
    insight = JobInsight(wandb=("https://wandb.ai/ana/gemma/runs/k3",))
    shown = text(state(job, insight, project="kelp-train"))
    for words in (
        "1 × g2-standard-4 + 1 L4",
        "Spot · stopped after 2h 0m",
        "Custom Code Service Agent",
        "projects/1/global/networks/lagoon",
        "HF_TOKEN (values hidden)",
        "W&B run: https://wandb.ai/ana/gemma/runs/k3",
        "Submitter ana",
        "team=a",
        "1 in europe-west4 of kelp-train",
    ):
        assert words in shown
    assert "never-shown" not in shown
    titles = [link.title for link in links_of(state(job, insight))]
    assert titles == ["Console", "Logs Explorer", "W&B run", "Web access workerpool0-0"]
    assert [link.title for link in links_of(state(job, insight, local=True))] == titles[2:]


def test_a_job_known_only_from_an_earlier_session_says_so() -> None:
    kept = raw(1, "RUNNING")
    kept["jobSpec"] = {
        "workerPoolSpecs": [{"machineSpec": {"machineType": "e2-standard-4"}, "replicaCount": "1"}]
    }
    shown = text(state(kept))
    assert "not read yet" in shown
    assert "Runs as" not in shown
    assert "has not been read yet" in jobs_spec_view.body("spec", state(kept), 80).plain


@pytest.mark.parametrize("width", [10, 37, 78, 200])
def test_no_line_is_wider_than_the_detail(width: int) -> None:
    insight = JobInsight(JobProgress(1, 2, fraction=0.5), (falling("漢字" * 30),), diagnosis=CARD, lines=3)
    odd = {**FAILED, "displayName": "漢字" * 60, "labels": {"x" * 60: "y" * 60}}
    for line in summary(state(odd, insight), width).split("\n", allow_blank=True):
        assert line.cell_length <= max(width, 22)
    for view in ("spec", "JSON"):
        for line in jobs_spec_view.body(view, state(odd), width).split("\n")[3:]:
            assert line.cell_length <= max(width, 20)


# Odd jobs

_NAMES = """
name displayName state createTime startTime endTime error labels jobSpec workerPoolSpecs machineSpec
machineType acceleratorCount replicaCount containerSpec env value scheduling timeout strategy
maxWaitDuration webAccessUris imageUri encryptionSpec kmsKeyName persistentResourceId tensorboard
network reservedIpRanges pscInterfaceConfig networkAttachment code message enableWebAccess
"""
_ODD_WORDS = """
7200s infs SPOT FLEX_START JOB_STATE_RUNNING JOB_STATE_QUEUED JOB_STATE_FAILED 2026-01-01T00:00:00
0001-01-01T00:00:00+14:00 9999-12-31T23:59:59-12:00 2026-02-02T00:00:00Z
projects/1/locations/us-central1/customJobs/5 \x1b[31m[red]\u202e \ud800
"""
_KEYS = st.sampled_from(_NAMES.split())
_LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=12),
    st.sampled_from(_ODD_WORDS.split()),
)
_ODD = st.recursive(
    _LEAVES,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(_KEYS, inner, max_size=5)),
    max_leaves=25,
)


@examples(200)
@given(st.dictionaries(_KEYS, _ODD, max_size=9), _ODD, st.integers(1, 120))
def test_no_job_is_too_odd_for_any_view(found: dict[str, Any], spec: object, width: int) -> None:
    job = job_from_json({"state": "JOB_STATE_QUEUED", "jobSpec": spec, **found})
    cost, card = cost_so_far(job, NOW), waiting(job, NOW, [job])
    shown = state(job, JobInsight(diagnosis=CARD), cost=cost, waiting=card)
    bodies = [
        summary(shown, width),
        *(jobs_spec_view.body(view.value, shown, width) for view in list(View)[2:]),
    ]
    for body in bodies:
        assert isinstance(body, Content)
        for bad in "\x1b\u202e\ud800\x9b":
            assert bad not in body.plain
    links_of(shown)


# On the screen


async def test_views_follow_each_other_and_esc_goes_back(tmp_path: Path) -> None:
    app = DetailApp(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        app.show([raw(number, "RUNNING") for number in range(1, 20)], {})
        await wait_for(lambda: "running" in app.detail and app.panel.size.height)
        small = app.panel.size.height
        await pilot.press("x")
        await wait_for(lambda: "workerPoolSpecs:" in app.detail)
        await wait_for(lambda: app.panel.size.height > small, what="room for the spec")
        assert "never-shown" not in app.detail
        assert app.focused is app.table
        await pilot.press("v")
        await wait_for(lambda: '"displayName": "job-1"' in app.detail)
        await pilot.press("v")
        await wait_for(lambda: "gcloud ai custom-jobs describe 1" in app.detail)
        await pilot.press("V")
        await wait_for(lambda: app.panel.view is View.JSON)
        assert app.pane.go_back()
        await wait_for(lambda: app.panel.view is View.SUMMARY)
        assert not app.pane.go_back()


async def test_the_detail_scrolls_while_the_list_has_the_keys(tmp_path: Path) -> None:
    app = DetailApp(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        app.show([raw(1, "RUNNING"), raw(2, "RUNNING")], {})
        await wait_for(lambda: "running" in app.detail)
        await pilot.press("J")
        await wait_for(lambda: app.panel.scroll_y > 0)
        top = app.panel.scroll_y
        app.pane.jobs = replace(app.pane.jobs, jobs=tuple(replace(job) for job in app.pane.jobs.jobs))
        await pilot.pause()
        assert app.panel.scroll_y == top, "a refresh keeps the place"
        await pilot.press("j")
        await wait_for(lambda: app.panel.scroll_y == 0, what="another job from its top")
        await pilot.press("J", "K")
        await wait_for(lambda: app.panel.scroll_y == 0)


async def test_zoom_gives_the_pane_to_the_detail_and_back(tmp_path: Path) -> None:
    app = DetailApp(tmp_path)
    async with app.run_test(size=(100, 30)) as pilot:
        app.show([raw(1, "RUNNING")], {})
        await wait_for(lambda: "running" in app.detail)
        await pilot.press("z")
        await wait_for(lambda: not app.table.display or app.table.region.height == 0)
        await wait_for(lambda: app.focused is app.panel)
        await pilot.press("j", "G", "g")
        await pilot.press("slash")
        await pilot.press("j", "o", "b", "enter")
        await wait_for(lambda: app.focused is app.table, what="the list after a filter")
        await pilot.press("z")
        await wait_for(lambda: app.focused is app.panel)
        assert app.pane.go_back()
        await wait_for(lambda: app.focused is app.table)


async def test_evidence_and_steps_lead_where_they_say(tmp_path: Path) -> None:
    app = DetailApp(tmp_path)
    async with app.run_test(size=(100, 40)) as pilot:
        app.show([FAILED, raw(2, "RUNNING")], {1: JobInsight(diagnosis=CARD, lines=5, complete=True)})
        await wait_for(lambda: "Out of GPU memory" in app.detail)
        await pilot.press("E")
        await wait_for(lambda: app.posted == [("logs", "1", KEY)])
        for moves, posted in (
            (("j",), ("setup", "quota.nvidia_l4_gpus")),
            (("j", "j"), ("setup", "secrets.HF_TOKEN")),
            (("down", "down", "down"), ("logs", "1", KEY)),
        ):
            await pilot.press("f")
            await wait_for(lambda: len(app.screen_stack) > 1)
            await pilot.press(*moves, "enter")
            await wait_for(lambda: app.posted[-1] == posted, what=str(posted))  # noqa: B023 (waited for here)
            await wait_for(lambda: len(app.screen_stack) == 1)
        await pilot.press("f", "escape")
        await wait_for(lambda: len(app.screen_stack) == 1)
        assert len(app.posted) == 4
        await pilot.press("j")
        assert not app.pane.check_action("next_step", ())
        assert not app.pane.check_action("jump_to_evidence", ())
        await pilot.press("f", "E")
        assert len(app.posted) == 4
