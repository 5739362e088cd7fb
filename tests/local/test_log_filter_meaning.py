"""What filters of Cloud Logging mean: against the plainest evaluation, and by the laws of logic."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.local.test_log_filter import AT, NOW, entry, write
from tui.local.filters.grammar import And, Compare, Not, Or, Search
from tui.local.filters.logs import LogFilter
from tui.local.wire.gtypes import to_json

# Filters over the entry's own fields, so that parts of them match, and the plain meaning of each.
WORDS = st.sampled_from(["ERROR", "info", "30", "1.5", "a", "memory", "value", "123", "true", "x", AT])
TESTS = st.builds(
    Compare,
    st.sampled_from(
        [
            ("resource", "labels", "job_id"),
            ("labels", "plain"),
            ("labels", "missing"),
            ("jsonPayload", "message"),
            ("jsonPayload", "step"),
            ("jsonPayload", "sizes"),
            ("jsonPayload", "attrs", "tag"),
            ("jsonPayload", "on"),
            ("insertId",),
            ("trace",),
        ]
    ),
    st.sampled_from(["=", "!=", ":", "<", "<=", ">", ">="]),
    WORDS,
    st.just(value=True),
)
FILTERS: st.SearchStrategy[Any] = st.recursive(
    TESTS | st.builds(Search, WORDS),
    lambda inner: (
        st.builds(Not, inner)
        | st.lists(inner, min_size=2, max_size=3).map(lambda parts: And(tuple(parts)))
        | st.lists(inner, min_size=2, max_size=3).map(lambda parts: Or(tuple(parts)))
    ),
    max_leaves=6,
)


def meaning(node: Any, content: dict[str, Any]) -> bool:
    """Whether an entry's JSON form passes, worked out in the plainest way."""
    if isinstance(node, And):
        return all(meaning(part, content) for part in node.parts)
    if isinstance(node, Or):
        return any(meaning(part, content) for part in node.parts)
    if isinstance(node, Not):
        return not meaning(node.part, content)
    if isinstance(node, Search):
        return any(node.text.lower() in text for text in leaves(content))
    found: Any = content
    for part in node.path:
        found = found.get(part) if isinstance(found, dict) else None
    found = "" if found is None and node.path == ("trace",) else found
    values = found if isinstance(found, list) else [found]
    return any(compare(value, node.operator, node.value) for value in values if value is not None)


def leaves(content: Any) -> list[str]:
    """Every text in an entry's JSON form, in lower case."""
    if isinstance(content, dict):
        return [text for value in content.values() for text in leaves(value)]
    if isinstance(content, list):
        return [text for value in content for text in leaves(value)]
    if isinstance(content, bool):
        return [str(content).lower()]
    if isinstance(content, float) and content.is_integer():
        return [str(int(content))]
    return [] if content is None else [str(content).lower()]


def compare(value: Any, operator: str, wanted: str) -> bool:
    """One value against the text on the right, which takes the value's type."""
    right: Any = wanted.lower()
    if isinstance(value, bool):
        if right not in {"true", "false"}:
            return False
        right = right == "true"
    elif isinstance(value, float):
        try:
            right = float(wanted)
        except ValueError:
            return False
    else:
        value = value.lower()
        if operator == ":":
            return right in value
    return bool(
        {
            "=": value == right,
            ":": value == right,
            "!=": value != right,
            "<": value < right,
            "<=": value <= right,
            ">": value > right,
            ">=": value >= right,
        }[operator]
    )


@given(FILTERS)
def test_a_filter_means_what_it_plainly_means(node: Any) -> None:
    made = entry()
    assert LogFilter(write(node)).matches(made) is meaning(node, to_json(made))


@given(FILTERS, FILTERS)
def test_the_laws_of_not(left: Any, right: Any) -> None:
    made = entry()

    def holds(node: Any) -> bool:
        return LogFilter(write(node)).matches(made)

    assert holds(Not(Not(left))) is holds(left)
    assert holds(Not(And((left, right)))) is holds(Or((Not(left), Not(right))))
    assert holds(Not(Or((left, right)))) is holds(And((Not(left), Not(right))))


@given(FILTERS)
def test_bounds_never_lose_a_match(node: Any) -> None:
    wanted = LogFilter(write(node))
    if wanted.matches(entry()):
        assert wanted.bounds.job_id in {None, "123"}
        assert (wanted.bounds.since_ns or 0) <= NOW


@given(FILTERS, FILTERS)
def test_what_sqlite_does_not_check_is_checked_on_the_bytes(left: Any, right: Any) -> None:
    wanted = LogFilter(
        f'resource.labels.job_id="123" AND severity>=ERROR AND ({write(left)}) ({write(right)})'
    )
    matches = wanted.matches_bytes()
    within = wanted.bounds.job_id in {None, "123"}
    rest = matches is None or matches(entry().SerializeToString())
    assert (within and rest) is wanted.matches(entry())
