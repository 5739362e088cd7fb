"""Reading records: what is lenient, what is refused and where, and how a job looked at each time."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.local import records
from tests.local.records import ID, LOCAL_NAME, entry, job, log, write
from tui.local.clock import SECOND, parse_ns, unstamp
from tui.local.recordings.files import Summary, find_records, plain_entry, read_job, read_log, stage_record
from tui.local.recordings.json_text import RecordError
from tui.local.recordings.script import TOLD, script
from tui.local.recordings.staging import Staged, Staging
from tui.local.wire import gtypes
from tui.local.wire.gtypes import Message


def read_lines(tmp_path: Path, data: bytes) -> tuple[list[Message], Summary]:
    (tmp_path / "log.jsonl").write_bytes(data)
    summary = Summary(ID, records.REGION, "JOB_STATE_FAILED")
    return list(read_log(tmp_path / "log.jsonl", summary)), summary


def test_a_job_is_read_as_it_is_but_for_its_project(tmp_path: Path) -> None:
    message, summary = read_job(write(tmp_path, job(), None) / "job.json")
    assert gtypes.to_json(message) == job(name=LOCAL_NAME) | {"updateTime": "2026-03-01T10:25:01.500Z"}
    assert (summary.job_id, summary.region, summary.state) == (ID, "us-central1", "JOB_STATE_FAILED")
    assert not summary.unknown


def test_a_job_may_be_newer_older_or_written_by_python(tmp_path: Path) -> None:
    given = json.loads(json.dumps(job(state=5)).replace("displayName", "display_name"))
    given["jobSpec"]["workerPoolSpecs"][0]["machineSpec"] |= {"acceleratorType": "NVIDIA_X9", "cooling": {}}
    given["quantumSpec"] = {"qubits": 3}
    text = "\ufeff" + json.dumps(given).replace(", ", ",\r\n")
    message, summary = read_job(write(tmp_path, text, None) / "job.json")
    assert message.display_name == "ana-gemma-lora-0722"
    assert summary.state == "JOB_STATE_FAILED"
    assert dict(summary.unknown) == {
        "jobSpec.workerPoolSpecs.machineSpec.acceleratorType=NVIDIA_X9": 1,
        "jobSpec.workerPoolSpecs.machineSpec.cooling": 1,
        "quantumSpec": 1,
    }


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "1:1: Expecting value"),
        ('{"name":\n  tru}', "2:3: Expecting value"),
        ("[]", "1:1: an array, where"),
        ('{"labels": {"a": NaN}}', "1:1: NaN is not JSON"),
        ("{" * 100_000, "1:"),
        (job(name=None), "1:1: name: not projects/PROJECT/locations/REGION/customJobs/NUMBER"),
        (job(name="projects/p/locations/us-central1/customJobs/x"), "2:3: name: not projects/PROJECT"),
        (job(name="projects/p/locations/mars-1/customJobs/7"), "2:3: name: mars-1 is not a region"),
        (job(createTime=None), "createTime: missing"),
        (job(state="JOB_STATE_DREAMING"), "state: missing, or unknown"),
        (job(createTime="yesterday"), "createTime: Failed to parse timestamp"),
        (job(jobSpec={"workerPoolSpecs": {}}), "5:5: jobSpec.workerPoolSpecs: not a list"),
        (job(jobSpec=[]), "4:3: jobSpec: not an object"),
        (job(labels={"a": 1}), "labels: "),
        (job(displayName="\ud800"), "displayName: "),
        (
            job(jobSpec={"workerPoolSpecs": [{"replicaCount": "x"}]}),
            "7:9: jobSpec.workerPoolSpecs.replicaCount",
        ),
    ],
)
def test_a_bad_job_is_refused_with_its_place(tmp_path: Path, content: Any, problem: str) -> None:
    with pytest.raises(RecordError) as caught:
        read_job(write(tmp_path, content, None) / "job.json")
    assert str(caught.value).startswith(f"{tmp_path / 'job.json'}:")
    assert problem in str(caught.value)


def test_bytes_that_are_not_text_are_refused_with_their_place(tmp_path: Path) -> None:
    (tmp_path / "job.json").write_bytes(b'{\n "name": "\xff"}')
    with pytest.raises(RecordError, match=r"job\.json:2:11: not UTF-8"):
        read_job(tmp_path / "job.json")


def test_lines_are_read_leniently(tmp_path: Path) -> None:
    plain = json.dumps(entry("one", "2026-03-01T10:06:00.000000001Z"))
    other = entry(
        "two", "2026-03-01T11:06:00+01:00", httpRequest={"requestSize": "12"}, severity=500, novel=1
    )
    other["log_name"] = other.pop("logName")
    audit = entry("", "2026-03-01T10:00:00Z", protoPayload={"@type": "type.googleapis.com/no.such.Message"})
    del audit["jsonPayload"]
    bare = {"logName": "projects/p/logs/x", "receiveTimestamp": "2026-03-01T10:00:00Z", "textPayload": None}
    lines = [plain, "", "  ", json.dumps(other), json.dumps(audit), json.dumps(bare)]
    found, summary = read_lines(tmp_path, b"\xef\xbb\xbf" + "\r\n".join(lines).encode())
    assert [each.insert_id for each in found] == [f"i{n:011d}-{ID}" for n in (1, 4, 5, 6)]
    assert {each.log_name.partition("/logs/")[0] for each in found} == {"projects/local-project"}
    assert found[0].resource.labels["project_id"] == "local-project"
    assert found[0].timestamp.nanos == 1
    assert (found[1].severity, found[1].http_request.request_size) == (500, 12)
    assert (
        found[1].timestamp == found[0].timestamp or found[1].timestamp.seconds == found[0].timestamp.seconds
    )
    assert unstamp(found[3].timestamp) == parse_ns("2026-03-01T10:00:00Z")
    assert dict(summary.unknown).keys() >= {"novel"}
    assert any(name.startswith("protoPayload=") for name in summary.unknown)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ('{"logName": "x"', "2:16: Expecting ',' delimiter"),
        ("3", "2:1: not a JSON object"),
        ('{"timestamp": "2026-03-01T10:00:00Z"}', "2:1: logName: not projects/PROJECT/logs/LOG"),
        ('{"logName": "projects/p/logs/x"}', "2:1: timestamp: missing"),
        (
            '{"logName": "projects/p/logs/x", "timestamp": "2026-13-01T10:00:00Z"}',
            "2:34: timestamp: ",
        ),
        ('{"logName": "projects/p/logs/x", "textPayload": "a", "jsonPayload": {}}', "2:1: "),
        ('{"logName": "projects/p/logs/x", "labels": {"a": 1}}', "2:34: labels: "),
        ('{"logName": "projects/p/logs/x", "jsonPayload": [1]}', "2:"),
        ('{"logName": "projects/p/logs/x", "textPayload": "\\ud800"}', "2:1: Unpaired surrogate"),
    ],
)
def test_a_bad_line_is_refused_with_its_place(tmp_path: Path, line: str, problem: str) -> None:
    with pytest.raises(RecordError) as caught:
        read_lines(tmp_path, f"{json.dumps(log()[0])}\n{line}\n".encode())
    assert f"log.jsonl:{problem}" in str(caught.value)


def test_an_endless_line_and_a_huge_entry_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.local.recordings.files.MAX_LINE", 2_000)
    with pytest.raises(RecordError, match="1:1: a line of more than 2000 bytes"):
        read_lines(tmp_path, b"x" * 5_000)
    monkeypatch.setattr("tui.local.recordings.files.MAX_ENTRY", 1_000)
    with pytest.raises(RecordError, match=r"1:1: an entry of \d+ bytes"):
        read_lines(tmp_path, json.dumps(entry("x" * 1_100, "2026-03-01T10:00:00Z")).encode())


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | TEXT | st.integers(-9, 9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
ODD = st.none() | st.integers(-9, 1000) | TEXT | st.lists(TEXT, max_size=1)
TIMES = st.integers(0, 2**32).map(
    lambda seconds: datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
)
ENTRIES = st.fixed_dictionaries(
    {},
    optional={
        "insertId": TEXT | ODD,
        "logName": TEXT | ODD,
        "textPayload": TEXT | ODD,
        "jsonPayload": st.dictionaries(TEXT, VALUES, max_size=3) | ODD,
        "labels": st.dictionaries(TEXT, TEXT | ODD, max_size=3) | ODD,
        "severity": st.sampled_from(["DEFAULT", "INFO", "ERROR", "LOUD"]) | ODD,
        "timestamp": TIMES | TEXT | ODD,
        "receiveTimestamp": TIMES | ODD,
        "resource": ODD | st.fixed_dictionaries({}, optional={"type": TEXT | ODD, "labels": ODD | VALUES}),
        "trace": TEXT,
    },
)


@given(ENTRIES)
def test_the_fast_way_reads_what_the_general_way_reads(content: dict[str, Any]) -> None:
    fast = plain_entry(content)
    if fast is not None:
        slow = gtypes.LogEntry()
        gtypes.from_json(content, slow)
        assert fast == slow


def test_the_entries_of_jobs_are_read_the_fast_way() -> None:
    assert all(plain_entry(each) is not None for each in log())


def test_a_record_is_staged_with_each_entry_once(tmp_path: Path) -> None:
    foreign = entry("by hand", "2026-03-01T10:06:00Z", "z", resource={"type": "global"})
    folder = write(tmp_path / "record", job(), [*log(), foreign])
    with Staging(tmp_path, "import") as staging:
        summary = stage_record(folder, staging, TOLD)
        name = staging.finish(said=summary.said)
    assert (summary.entries, summary.doubles, summary.nameless) == (8, 1, 1)
    assert summary.said == {"pending": parse_ns("2026-03-01T10:01:00Z")}
    staged = Staged(tmp_path, name)
    assert staged.about == {"said": summary.said}
    assert [each.job_id for each in staged.jobs()] == [ID]
    rows = list(staged.entries())
    assert staged.count() == len(rows) == 8
    assert rows == sorted(rows)
    assert list(staged.entries(6)) == rows[6:]
    staged.remove()
    assert not list((tmp_path / "staging").iterdir())


def test_what_is_not_staged_to_its_end_leaves_nothing(tmp_path: Path) -> None:
    with Staging(tmp_path, "import") as staging:
        staging.add_entries([])
    assert not list((tmp_path / "staging").iterdir())
    (tmp_path / "staging" / f"import-{'0' * 32}.sqlite3").write_bytes(b"")
    for name in ("../x", "", f"import-{'1' * 32}.sqlite3", f"import-{'0' * 32}.sqlite3"):
        with pytest.raises(ValueError, match="staged file"):
            Staged(tmp_path, name)


def test_records_are_found_in_folders_below(tmp_path: Path) -> None:
    for name in ("b", "a/deep", "."):
        write(tmp_path / name, job(), [])
    assert [str(each.relative_to(tmp_path)) for each in find_records(tmp_path)] == [".", "a/deep", "b"]
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "log.jsonl").touch()
    with pytest.raises(RecordError, match=r"log\.jsonl:1:1: there is no job\.json"):
        find_records(tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(RecordError, match=r"no job\.json there"):
        find_records(tmp_path / "empty")


# --- how a job looked at each time


def steps(said: dict[str, int] | None = None, **changes: Any) -> list[tuple[str, float, bool, bool, bool]]:
    """State, seconds since the creation, and whether it has a start, an end, an error."""
    message = gtypes.CustomJob()
    gtypes.from_json(job(**changes), message)
    begin = unstamp(message.create_time)
    found = script(message, said or {})
    assert found[-1].job == message
    return [
        (
            str(gtypes.JobState(each.job.state).name).removeprefix("JOB_STATE_"),
            round((each.ns - begin) / SECOND),
            each.job.HasField("start_time"),
            each.job.HasField("end_time"),
            bool(each.job.error.code),
        )
        for each in found
    ]


def test_a_failed_job_passes_all_states_and_gets_its_error_late() -> None:
    assert steps() == [
        ("QUEUED", 0, False, False, False),
        ("PENDING", 60, False, False, False),
        ("RUNNING", 240, True, False, False),
        ("FAILED", 1440, True, True, False),
        ("FAILED", 1501, True, True, True),
    ]
    told = {"pending": parse_ns("2026-03-01T10:00:10.123456Z")}
    assert steps(told)[1] == ("PENDING", 10, False, False, False)


def test_a_job_that_never_ran_has_no_start() -> None:
    assert steps(startTime=None) == [
        ("QUEUED", 0, False, False, False),
        ("PENDING", 1260, False, False, False),
        ("FAILED", 1440, False, True, False),
        ("FAILED", 1501, False, True, True),
    ]


def test_a_cancelled_job_was_being_cancelled() -> None:
    assert steps(state="JOB_STATE_CANCELLED", error={"code": 1}, updateTime="2026-04-01T00:00:00Z")[3:] == [
        ("CANCELLING", 1430, True, False, False),
        ("CANCELLED", 1440, True, True, False),
        ("CANCELLED", 1500, True, True, True),
    ]


def test_a_job_that_succeeded_ends_at_once() -> None:
    assert steps(state="JOB_STATE_SUCCEEDED", error=None)[3:] == [("SUCCEEDED", 1440, True, True, False)]


@pytest.mark.parametrize(
    ("changes", "states"),
    [
        ({"state": "JOB_STATE_QUEUED", "startTime": None}, ["QUEUED"]),
        ({"state": "JOB_STATE_PENDING", "startTime": None}, ["QUEUED", "PENDING"]),
        ({"state": "JOB_STATE_RUNNING"}, ["QUEUED", "PENDING", "RUNNING"]),
        ({"state": "JOB_STATE_CANCELLING"}, ["QUEUED", "PENDING", "RUNNING", "CANCELLING"]),
        ({"state": "JOB_STATE_UPDATING"}, ["QUEUED", "PENDING", "RUNNING", "UPDATING"]),
    ],
)
def test_a_job_recorded_while_it_lived_stays_as_it_was(changes: dict[str, Any], states: list[str]) -> None:
    found = steps(endTime=None, error=None, updateTime="2026-03-01T10:10:00Z", **changes)
    assert list(dict.fromkeys(state for state, *_ in found)) == states


INSTANTS = st.none() | st.integers(-3_000, 3_000).map(
    lambda seconds: (datetime(2026, 3, 1, tzinfo=UTC) + timedelta(seconds=seconds)).isoformat()
)


@given(INSTANTS, INSTANTS, INSTANTS, st.integers(1, 11), st.integers(0, 3))
def test_steps_never_go_back_and_end_with_the_record(
    start: str | None, end: str | None, update: str | None, state: int, code: int
) -> None:
    found = steps(startTime=start, endTime=end, updateTime=update, state=state, error={"code": code})
    assert found[0][0] == "QUEUED"
    assert [when for _, when, *_ in found] == sorted(when for _, when, *_ in found)
