"""The filter of `ListCustomJobs` over `CustomJob` messages."""

from __future__ import annotations

import re
from collections.abc import Callable

from tui.local.clock import parse_ns, unstamp
from tui.local.filters.grammar import Compare, FilterError, Search, parse
from tui.local.filters.matching import ORDER, Predicate, build
from tui.local.wire import gtypes
from tui.local.wire.gtypes import Message

_FIELDS = {
    "display_name": "display_name",
    "displayname": "display_name",
    "state": "state",
    "create_time": "create_time",
    "createtime": "create_time",
    "update_time": "update_time",
    "updatetime": "update_time",
    "start_time": "start_time",
    "starttime": "start_time",
    "end_time": "end_time",
    "endtime": "end_time",
    "labels": "labels",
}


def job_filter(text: str) -> Predicate:
    """A predicate over `CustomJob`s.

    Raises:
        FilterError: the text is not a filter, or names a field that cannot be filtered by.
    """
    node = parse(text)
    return build(node, _leaf) if node else lambda _job: True


def _leaf(term: Compare | Search) -> Predicate:
    if isinstance(term, Search):
        raise FilterError(f"Expected a comparison, found {term.text!r}")
    field = _FIELDS.get(term.path[0].lower())
    if field is None or (field != "labels" and len(term.path) > 1):
        raise FilterError(f"Cannot filter by field {'.'.join(term.path)!r}")
    if field == "labels":
        return _label(term)
    if field == "state":
        return _state(term)
    if field == "display_name":
        return _name(term)
    return _time(term, field)


def _label(term: Compare) -> Predicate:
    if len(term.path) == 1:
        return lambda job: term.value in job.labels
    key = ".".join(term.path[1:])
    if term.value == "*" and not term.quoted:
        return lambda job: key in job.labels
    test = _text_test(term)
    return lambda job: test(job.labels.get(key, "")) if key in job.labels else term.operator == "!="


def _name(term: Compare) -> Predicate:
    test = _text_test(term)
    return lambda job: test(job.display_name)


def _text_test(term: Compare) -> Callable[[str], bool]:
    wanted = term.value
    if term.operator == ":":
        expression = re.compile(".*".join(re.escape(part) for part in wanted.split("*")), re.DOTALL)
        if "*" in wanted:
            return lambda text: expression.fullmatch(text) is not None
        return lambda text: wanted in text
    if term.operator in {"=", "!="}:
        compare = ORDER[term.operator]
        return lambda text: compare(text, wanted)
    raise FilterError(f"The operator {term.operator} cannot be used with {'.'.join(term.path)}")


def _state(term: Compare) -> Predicate:
    names = gtypes.JobState.__members__
    name = term.value if term.value.startswith("JOB_STATE_") else f"JOB_STATE_{term.value}"
    if name not in names or term.operator not in {"=", "!=", ":"}:
        raise FilterError(f"Invalid filter by state: {term.operator} {term.value!r}")
    wanted = int(names[name])
    equal = term.operator != "!="
    return lambda job: (int(job.state) == wanted) is equal


def _time(term: Compare, field: str) -> Predicate:
    compare = ORDER.get(term.operator)
    if compare is None:
        raise FilterError(f"The operator {term.operator} cannot be used with {field}")
    try:
        wanted = parse_ns(term.value)
    except ValueError as error:
        raise FilterError(f"Invalid time: {term.value!r}") from error

    def test(job: Message) -> bool:
        return job.HasField(field) and compare(unstamp(getattr(job, field)), wanted)

    return test
