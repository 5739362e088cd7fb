"""The filter language of Cloud Logging: what it means, and that nothing breaks it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.local.clock import parse_ns, stamp
from tui.local.filters.grammar import And, Compare, FilterError, Not, Or, Search, parse, unescape
from tui.local.filters.logs import SEVERITIES, LogFilter
from tui.local.wire.gtypes import LogEntry

NOW = parse_ns("2026-11-22T18:40:12.123456789Z")


def entry(**changes: Any) -> Any:
    """An entry of a job, as the server stores it."""
    made = LogEntry(
        log_name="projects/local-project/logs/workerpool0-0",
        insert_id="l2",
        severity=SEVERITIES["ERROR"],
        labels={"ml.googleapis.com/job_id": "123", "plain": "Value"},
    )
    made.resource.type = "ml_job"
    made.resource.labels["job_id"] = "123"
    made.resource.labels["task_name"] = "workerpool0-0"
    made.json_payload.update(
        {"message": 'CUDA out of memory: "oops"', "loss": 1.5, "step": 30, "attrs": {"tag": "a"}, "on": True}
    )
    stamp(made.timestamp, NOW)
    for name, value in changes.items():
        setattr(made, name, value)
    return made


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  \n ",
        "-- a comment\nresource.type=ml_job",
        'resource.type="ml_job" AND resource.labels.job_id="123"',
        'resource.type="ml_job" resource.labels.job_id=123',
        'resource.type="ml_job"\nresource.labels.job_id="123"',
        'resource.labels.task_name=("service" OR "workerpool0-0")',
        "severity>=WARNING",
        "severity=ERROR",
        "severity = error",
        "severity!=INFO",
        "severity<critical",
        "severity>=500",
        'timestamp>="2026-11-22T18:40:12.123456789Z"',
        "timestamp>=2026-11-22T18:40:12.123456789Z",
        'timestamp<"2026-11-22T18:40:12.123456790Z"',
        'timestamp="2026-11-22T19:40:12.123456789+01:00"',
        'timestamp>"2026-11-22T18:40:12.000000+0000"',
        'timestamp>"2026-11-22"',
        'labels."ml.googleapis.com/job_id"="123"',
        'labels.plain="value"',
        "labels.plain:*",
        "NOT labels.other:*",
        "-labels.other:*",
        'labels.other!="x"',
        'jsonPayload.message:"out of MEMORY"',
        'jsonPayload.message=~"CUDA .* mem"',
        'jsonPayload.message!~"cuda"',
        'jsonPayload.message:"\\"oops\\""',
        "jsonPayload.loss<2",
        "jsonPayload.loss=1.50",
        "jsonPayload.step>=30",
        "jsonPayload.on=true",
        'jsonPayload.attrs.tag="a"',
        'jsonPayload:"oops"',
        'logName="projects/local-project/logs/workerpool0-0"',
        "logName:workerpool0",
        'insertId>"l1"',
        "memory",
        '"out of memory"',
        'SEARCH("memory")',
        "NOT textPayload:*",
        '("a" OR (NOT "b")) AND ((NOT "c") OR "d")',
        'severity=INFO OR severity=ERROR AND resource.type="ml_job"',
    ],
)
def test_these_match(text: str) -> None:
    assert LogFilter(text).matches(entry())


@pytest.mark.parametrize(
    "text",
    [
        'resource.type="gce_instance"',
        "severity<ERROR",
        "severity>ERROR",
        'timestamp>"2026-11-22T18:40:12.123456789Z"',
        'timestamp<"2026-11-22T18:40:12.123456789Z"',
        'labels.plain="other"',
        "labels.other:*",
        "NOT memory",
        'jsonPayload.message=~"cuda"',
        "jsonPayload.loss>2",
        "textPayload:*",
        'jsonPayload.missing=""',
        'severity=ERROR AND (resource.type="x" OR memory) AND NOT labels.plain:*',
        # OR binds tighter than AND: this is (ERROR or INFO) and x
        "severity=ERROR OR severity=INFO AND resource.type=x",
    ],
)
def test_these_do_not(text: str) -> None:
    assert not LogFilter(text).matches(entry())


@pytest.mark.parametrize(
    "text",
    [
        "AND",
        "a AND",
        "a OR",
        "NOT",
        "(a",
        "a)",
        "a =",
        "= a",
        'a = "unclosed',
        "a = (b",
        "a = ()",
        "timestamp>yesterday",
        "severity>=LOUD",
        'a=~"("',
        "!",
        "(" * 5000 + "a" + ")" * 5000,
        "NOT " * 5000 + "a",
    ],
)
def test_these_are_refused(text: str) -> None:
    with pytest.raises(FilterError):
        LogFilter(text)


def test_what_sqlite_can_look_up() -> None:
    wanted = LogFilter('resource.labels.job_id="7" AND timestamp>"2026-11-22T00:00:00Z" AND severity>=ERROR')
    assert wanted.matches_bytes() is None
    assert wanted.bounds.job_id == "7"
    assert wanted.bounds.since_ns == parse_ns("2026-11-22T00:00:00Z") + 1
    assert wanted.bounds.severity == 500
    for text in ('resource.labels.job_id="7" OR memory', 'resource.labels.job_id="7" memory', 'NOT "x"'):
        assert LogFilter(text).matches_bytes() is not None
    two = LogFilter('resource.labels.job_id="7" AND resource.labels.job_id="8"')
    assert two.matches_bytes() is not None


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        LogFilter(text).matches(entry())
    except FilterError:
        return


TERMS = st.sampled_from(
    ["severity", "labels", "a.b", "(", ")", "AND", "OR", "NOT", "-", "=", ":", ">=", "=~", '"x"', "1"]
)


@given(st.lists(TERMS, max_size=12).map(" ".join))
def test_any_words_are_read_or_refused(text: str) -> None:
    try:
        LogFilter(text).matches(entry())
    except FilterError:
        return


@given(st.text(max_size=40))
def test_any_value_can_be_quoted(value: str) -> None:
    quoted = value.replace("\\", "\\\\").replace('"', '\\"')
    assert parse(f'a."b/c" = "{quoted}"') == Compare(("a", "b/c"), "=", value, quoted=True)
    assert unescape(quoted) == value


NODES: st.SearchStrategy[Any] = st.recursive(
    st.builds(
        Compare,
        st.lists(st.from_regex(r"[a-zM-Z_][a-z0-9_]{0,5}", fullmatch=True), min_size=1, max_size=3).map(
            tuple
        ),
        st.sampled_from(["=", "!=", ":", "<", "<=", ">", ">=", "=~", "!~"]),
        st.text(max_size=8),
        st.just(value=True),
    )
    | st.builds(Search, st.text(max_size=8)),
    lambda inner: (
        st.builds(Not, inner)
        | st.lists(inner, min_size=2, max_size=3).map(lambda parts: And(tuple(parts)))
        | st.lists(inner, min_size=2, max_size=3).map(lambda parts: Or(tuple(parts)))
    ),
    max_leaves=8,
)


def write(node: Any) -> str:
    """A tree as text, with every part in parentheses."""
    if isinstance(node, Compare):
        path = ".".join(f'"{part}"' if part in {"AND", "OR", "NOT"} else part for part in node.path)
        return f"{path}{node.operator}{quote(node.value)}"
    if isinstance(node, Search):
        return quote(node.text)
    if isinstance(node, Not):
        return f"NOT ({write(node.part)})"
    word = " AND " if isinstance(node, And) else " OR "
    return word.join(f"({write(part)})" for part in node.parts)


def quote(value: str) -> str:
    """A value in quotes."""
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


@given(NODES)
def test_a_tree_written_down_reads_back(node: Any) -> None:
    assert parse(write(node)) == node
