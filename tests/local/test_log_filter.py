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

AT = "2026-11-22T18:40:12.123456789Z"
NOW = parse_ns(AT)


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
        {
            "message": 'CUDA out of memory: "oops"',
            "loss": 1.5,
            "step": 30,
            "attrs": {"tag": "a"},
            "on": True,
            "none": None,
            "sizes": [8.5, 9, 6],
            "a.b": {"c d": "1"},
            "big": "9223372036854775807",
            "ip": "10.1.2.3",
        }
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
        'timestamp<"2026-11-22T18:40:12.123456790Z"',
        'timestamp="2026-11-22T19:40:12.123456789+01:00"',
        'timestamp>"2026-11-22T18:40:12.000000+0000"',
        'timestamp>"2026-11-22"',
        'labels."ml.googleapis.com/job_id"="123"',
        'labels.plain="value"',
        "labels.plain:*",
        "NOT labels.other:*",
        "-labels.other:*",
        'jsonPayload.message:"out of MEMORY"',
        'jsonPayload.message=~"CUDA .* mem"',
        'jsonPayload.message!~"cuda"',
        'jsonPayload.message:"\\"oops\\""',
        'jsonPayload.message:("out" AND ("nothing" OR "memory") -"other")',
        "jsonPayload.message:(out memory)",
        "jsonPayload.none=NULL_VALUE",
        "jsonPayload.none:*",
        "NOT jsonPayload.step=NULL_VALUE",
        "jsonPayload.step!=NULL_VALUE",
        "jsonPayload.sizes<7",
        "jsonPayload.sizes!=6",
        "json_payload.attrs.tag=A",
        'jsonPayload.attrs:"A"',
        'jsonPayload."a.b"."c d">"0"',
        "jsonPayload.big=9223372036854775807",
        'labels:"plain"',
        'labels:"VALUE"',
        "labels:*",
        "resource:workerpool0-0",
        "resource.labels:task_name",
        "httpRequest.status=0",
        'httpRequest.remoteIp=""',
        "-httpRequest:*",
        "-httpRequest.status:*",
        "httpRequest.latency<1s OR operation.first=FALSE",
        "operation.first=False",
        'trace=""',
        "-trace:*",
        "log_id(workerpool0-0)",
        'LOG_ID("workerpool0-0")',
        'SEARCH("Memory of out")',
        'SEARCH(jsonPayload.message, "`of memory`")',
        'SEARCH(jsonPayload, "cuda oops") AND NOT SEARCH("memor")',
        "sample(insertId, 1)",
        'ip_in_net(jsonPayload.ip, "10.1.0.0/16")',
        '-ip_in_net(jsonPayload.message, "10.1.0.0/16")',
        'resource.labels.task_name=~"^workerpool\\d+-0$"',
        'resource.labels.task_name=~("^x" OR "^work")',
        'severity=~"ERR|WARN"',
        "severity=(ERROR OR CRITICAL)",
        '"WORKERPOOL0"',
        "30",
        "err",
        "NOT (memory AND nothing) -nothing",
        "resource.type=ml_job -- and a comment\n AND -- another\n severity>=info",
        'timestamp>"2026-11-22T13:40:12-05:00"',
        'timestamp<"9999-12-31T23:59:59Z" AND timestamp>"0001-01-01T00:00:00Z"',
        "timestamp:*",
        "NOT receiveTimestamp:*",
        "severity<99999999999999999999999",
        "jsonPayload.loss<2",
        "jsonPayload.loss=1.50",
        "jsonPayload.step>=30",
        r'jsonPayload.message=~"CUDA\s\w+"',
        r'jsonPayload.message=~"CUDA\\s\\w+"',
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
        # A comparison with what is not there fails, whatever the operator.
        'labels.other!="x"',
        "jsonPayload.missing!=1",
        'jsonPayload.missing!~"x"',
        "levelname",
        "loss",
        'jsonPayload:"loss"',
        "jsonPayload.attrs.TAG=a",
        "jsonPayload.step=thirty",
        "jsonPayload.step!=thirty",
        'jsonPayload.step=~"3"',
        "jsonPayload.on!=maybe",
        "jsonPayload.none!=NULL_VALUE",
        "jsonPayload.none=0",
        "jsonPayload.attrs=a",
        "httpRequest.status>0",
        'ip_in_net(jsonPayload.ip, "fd00::/8")',
        "ip_in_net(jsonPayload.missing, 10.0.0.0)",
        "sample(jsonPayload.missing, 1)",
        "log_id(workerpool0)",
        'SEARCH("`memory of`")',
        'SEARCH(labels.plain, "memory")',
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
        "thud=1",
        "textPayload.thud=1",
        "operation.thud:*",
        "labels=x",
        'jsonPayload=~"x"',
        "httpRequest.status=many",
        "operation.first=perhaps",
        "httpRequest.latency>5",
        'timestamp=~"2026"',
        "timestamp>=2026-11-22T18:40:12Z",
        "insertId=abc:def",
        "textPayload=~unquoted",
        'textPayload=~"(?=x)"',
        'textPayload=~"(a)\\\\1"',
        "cast(timestamp, STRING)",
        "source(projects/p)",
        "SEARCH(textPayload)",
        'SEARCH("a", "b", "c")',
        "SEARCH()",
        "sample(insertId, 0)",
        "sample(insertId, 2)",
        'sample("insertId", 1)',
        "ip_in_net(jsonPayload.ip, anywhere)",
        "(" * 5000 + "a" + ")" * 5000,
        "NOT " * 5000 + "a",
    ],
)
def test_these_are_refused(text: str) -> None:
    with pytest.raises(FilterError):
        LogFilter(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("timestamp>=2026-11-22T18:40:12Z", "syntax error at line 1, column 25, token ':'"),
        ("a = b\n AND )", "syntax error at line 2, column 6, token ')'"),
        ("severity>=", "syntax error at line 1, column 11, token '<EOF>'"),
        ('a = "x', "syntax error at line 1, column 5, token '\"'"),
        ("thud.a=1", "Field not found: 'thud.a'."),
        (
            "textPayload=~foo",
            "regular expressions must begin and end with '\"' at line 1, column 14, token 'foo'",
        ),
        ('textPayload=~"(?=x)"', "invalid regular expression '(?=x)': invalid perl operator: (?="),
        ("cast(a, STRING)=1", "function 'cast' is not supported"),
    ],
)
def test_a_refusal_says_where_and_why(text: str, words: str) -> None:
    with pytest.raises(FilterError) as caught:
        LogFilter(text)
    assert words in str(caught.value)


def test_what_sqlite_can_look_up() -> None:
    wanted = LogFilter('resource.labels.job_id="7" AND timestamp>"2026-11-22T00:00:00Z" AND severity>=ERROR')
    assert wanted.matches_bytes() is None
    assert wanted.bounds.job_id == "7"
    assert wanted.bounds.since_ns == parse_ns("2026-11-22T00:00:00Z") + 1
    assert wanted.bounds.severity == 500
    for text in ('resource.labels.job_id="7" OR memory', 'resource.labels.job_id="7" memory', 'NOT "x"'):
        assert LogFilter(text).matches_bytes() is not None
    by_case = LogFilter('resource.labels.job_id="abc"')
    assert by_case.bounds.job_id is None
    named = LogFilter(f'logName="{entry().log_name.upper()}"')
    assert named.bounds.log_name == entry().log_name.upper()
    assert named.matches_bytes() is None
    # What `gcloud ai custom-jobs stream-logs` asks for after an entry.
    since = f'((timestamp="{AT}" AND insertId>"l1") OR timestamp>"{AT}")'
    position = LogFilter(f'{since} AND timestamp<"2026-11-23T00:00:00Z"')
    assert (position.bounds.since_ns, position.bounds.until_ns) == (NOW, parse_ns("2026-11-23T00:00:00Z") - 1)
    assert position.matches_bytes() is not None
    assert position.matches(entry())
    assert not position.matches(entry(insert_id="l0"))
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
