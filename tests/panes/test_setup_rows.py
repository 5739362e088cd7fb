"""Folding: what is right takes one line, what needs attention is seen, and nothing is lost."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tui.domain.setup.model import Check, CheckState, EnableApis, Group
from tui.panes.setup_rows import EVERYTHING, TROUBLED, Line, cells, fold, holder

OK, FAILED, WARNING = CheckState.OK, CheckState.FAILED, CheckState.WARNING
RUNNING, SKIPPED, ACCEPTED = CheckState.RUNNING, CheckState.SKIPPED, CheckState.ACCEPTED


def row(group: Group, name: str, state: CheckState = OK, finding: str = "on", **more: object) -> Check:
    return Check(f"{group.name.lower()}.{name}", group, name, state, finding, **more)  # type: ignore[arg-type]


def apis(*states: CheckState) -> list[Check]:
    return [row(Group.APIS, f"api-{number}", state) for number, state in enumerate(states)]


def shown(line: Line) -> tuple[str, str, str, str]:
    return line.heading, line.state.glyph, line.title, line.finding


def test_a_group_in_which_all_is_right_is_one_line() -> None:
    (line,) = fold(apis(OK, OK, OK))
    assert shown(line) == ("APIs", "✓", "all 3 are on", "api-0, api-1, api-2")
    may = [row(Group.PERMISSIONS, name, finding="yes") for name in ("submit", "watch")]
    (line,) = fold(may)
    assert shown(line) == ("You may", "✓", "all 2 are right", "submit, watch")


def test_troubles_come_first_and_the_rest_of_their_group_is_one_line() -> None:
    lines = fold(apis(OK, FAILED, OK, WARNING))
    assert [(line.heading, line.title) for line in lines] == [
        ("APIs", "api-1"),
        ("", "api-3"),
        ("", "… and 2 that are right"),
    ]


def test_a_single_row_is_itself_and_an_unfolded_group_is_as_it_came() -> None:
    (line,) = fold(apis(OK))
    assert line.check is not None
    lines = fold(apis(OK, FAILED, OK), {Group.APIS.value})
    assert [line.key for line in lines] == ["apis.api-0", "apis.api-1", "apis.api-2"]
    assert [line.heading for line in lines] == ["APIs", "", ""]


def test_what_waits_for_the_same_is_one_line() -> None:
    waiting = [row(Group.ACCOUNT, str(n), SKIPPED, "waits for the connection") for n in range(3)]
    (line,) = fold(waiting)
    assert shown(line) == ("Runs as", "–", "all 3", "waits for the connection")


def test_a_group_that_is_being_read_keeps_one_line() -> None:
    half = [row(Group.BUCKET, "a", RUNNING, "checking …"), *(row(Group.BUCKET, n) for n in "bc")]
    (line,) = fold(half)
    assert shown(line) == ("Bucket", "…", "1 of 3", "checking a …")


def test_progress_of_a_change_is_seen() -> None:
    changing = [row(Group.APIS, name, RUNNING, "being fixed …") for name in "ab"]
    lines = fold([*changing, row(Group.APIS, "c")])
    assert shown(lines[0]) == ("APIs", "…", "2 of 3", "being fixed …: a, b")


def test_accepted_rows_are_never_shown_as_right() -> None:
    accepted, right = fold(apis(OK, ACCEPTED))
    assert shown(accepted)[1] == "○"
    assert shown(right)[1] == "✓"


def test_where_room_is_short_like_troubles_share_a_line_with_one_fix() -> None:
    off = [
        row(Group.APIS, name, FAILED, "off", fixes=(EnableApis((f"{name}.googleapis.com",)),))
        for name in "abc"
    ]
    line, fine = fold([*off, row(Group.APIS, "d")], room=2)
    assert shown(line) == ("APIs", "✗", "3 of 4", "off: a, b, c")
    assert line.fixes == (EnableApis(("a.googleapis.com", "b.googleapis.com", "c.googleapis.com")),)
    assert fine.check is not None


def test_where_room_is_shorter_all_that_is_fine_is_the_last_line() -> None:
    checks = [
        row(Group.CONNECTION, "x"),
        *apis(OK, OK),
        row(Group.BUCKET, "b", FAILED),
        row(Group.QUOTA, "q"),
    ]
    lines = fold(checks, room=3)
    assert [line.key for line in lines] == ["bucket.b", EVERYTHING]
    assert shown(lines[1]) == ("All else", "✓", "3 groups are fine", "Connection, APIs, Quota")
    assert len(fold(checks, {EVERYTHING}, room=3)) == 4


def test_a_row_that_was_put_right_keeps_its_line_while_it_is_held() -> None:
    lines = fold(apis(OK, OK, OK), held="apis.api-1")
    assert {line.key for line in lines} == {"apis.api-1", "part:APIS:fine"}


def test_the_line_that_took_a_row_in_is_found_again() -> None:
    before = fold(apis(OK, FAILED, OK))
    after = fold(apis(OK, OK, OK))
    assert holder(after, before[0]) == "group:APIS"
    assert holder(before, after[0]) == "part:APIS:fine"
    assert holder((), after[0]) == ""


def test_untrusted_words_stay_words_and_cells_fit() -> None:
    (line,) = fold([row(Group.BUCKET, "n" * 99, FAILED, "[b]x[/b]\x1b[31m" + "y" * 99)])
    _, glyph, title, finding = cells(line, 20, wide=False)
    assert str(glyph) == "✗"
    assert title.cell_length == 22
    assert str(finding).startswith("[b]x[/b]␛")
    assert finding.cell_length <= 20


CHECKS = st.lists(
    st.tuples(
        st.sampled_from(list(Group)), st.sampled_from(list(CheckState)), st.sampled_from("xyz"), st.booleans()
    ),
    max_size=40,
).map(
    lambda items: [
        row(group, str(number), state, finding, optional=optional)
        for number, (group, state, finding, optional) in enumerate(
            sorted(items, key=lambda item: list(Group).index(item[0]))
        )
    ]
)


@given(CHECKS, st.sets(st.sampled_from([*(group.value for group in Group), EVERYTHING])), st.integers(1, 50))
def test_every_check_is_in_one_line_and_every_trouble_is_seen(
    checks: list[Check], unfolded: set[str], room: int
) -> None:
    lines = fold(checks, unfolded, room)
    assert sorted(check.id for line in lines for check in line.checks) == sorted(check.id for check in checks)
    assert len({line.key for line in lines}) == len(lines)
    for line in lines:
        troubled = [check for check in line.checks if check.state in TROUBLED]
        assert not troubled or line.state in TROUBLED
