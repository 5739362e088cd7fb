"""How the log in front is looked at: levels, replicas, folds, colours, times, errors, the entry in full."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from tests.fake_logs import entry, running_job
from tests.panes.logs_world import LogsApp, ask, started, with_payload
from tests.support import wait_for
from tui.domain.jobs import JobState
from tui.domain.logs import LogEntry

TRACE = (
    "Traceback (most recent call last):",
    '  File "train.py", line 7, in <module>',
    "    fit()",
    "ValueError: no batch",
)


def bar(stamp: int, done: int) -> LogEntry:
    return entry(stamp, f"train:  {done}%|█  | {done}/100 [00:01<00:02,  4.50it/s]", severity=500)


def trace(stamp: int, replica: str = "workerpool0-0") -> list[LogEntry]:
    return [
        entry(stamp + number, text, severity=500, replica=replica, insert_id=f"{replica}-{number}")
        for number, text in enumerate(TRACE)
    ]


def shows(app: LogsApp, rows: list[str]) -> bool:
    return app.rows == rows


async def test_levels_replicas_and_severities(tmp_path: Path) -> None:
    async with started(tmp_path) as (app, pilot):
        await app.follow(
            entry(1, "chatter", severity=500),
            entry(2, "a warning", severity=400),
            entry(3, "no level", severity=0),
            entry(4, "CRITICAL: bad", severity=500, replica="workerpool1-0"),
            entry(5, "ends", replica="service"),
        )
        whole = app.rows
        for rows, words in (
            (["chatter", "a warning", "CRITICAL: bad", "ends"], "INFO and worse"),
            (["a warning", "CRITICAL: bad"], "WARNING and worse"),
            (["CRITICAL: bad"], "ERROR and worse"),
            (whole, "Lines of all levels"),
        ):
            await pilot.press("m")
            await wait_for(partial(shows, app, rows))
            assert words in app.note
        for rows, words in (
            (["ends"], "Only service"),
            (["chatter", "a warning", "no level"], "Only workerpool0-0"),
            (["CRITICAL: bad"], "Only workerpool1-0"),
        ):
            await pilot.press("R")
            await wait_for(partial(shows, app, rows))
            assert words in app.note
        assert "workerpool1-0" in str(app.view.border_title)
        await pilot.press("m", "m", "m", "R", "R", "R")
        await wait_for(lambda: not app.rows)
        await wait_for(lambda: "no line is shown" in str(app.view.border_subtitle))
        await pilot.press("m", "R", "R")
        await wait_for(lambda: app.rows == whole)
        assert str(app.view.border_title) == "Log"
        assert [text[10] for text in app.drawn[:2]] == ["·", "W"]
        await pilot.press("i")
        assert app.drawn[0][10] == "E"
        assert "as the entries have them" in app.note
        await pilot.press("m", "m", "m")
        await wait_for(partial(shows, app, ["chatter", "CRITICAL: bad"]))
        assert str(app.view.border_title) == "Log · severities of the entries · ERROR and worse"
        await pilot.press("i")
        await wait_for(partial(shows, app, ["CRITICAL: bad"]))
        await pilot.press("m")
        await wait_for(lambda: app.rows == whole)
        assert app.drawn[0][10] == "·"


async def test_what_hides_all_lines_is_said_where_they_would_be(tmp_path: Path) -> None:
    async with started(tmp_path) as (app, pilot):
        await app.follow(
            entry(1, "one"), entry(2, "two", replica="workerpool1-0"), entry(3, "\n", severity=400)
        )
        assert app.drawn[2].endswith("W 0-0 (no text)")
        await pilot.press("m", "m", "m", "R")
        await ask(app, pilot, "ampersand", "three")
        await wait_for(lambda: "  All 3 lines are hidden:" in app.drawn)
        at = app.drawn.index("  All 3 lines are hidden:")
        assert app.drawn[at + 1 : at + 4] == [
            "  · only ERROR and worse (m goes on to all levels)",
            "  · only workerpool0-0 (R goes on to all replicas)",
            "  · only lines with three (esc drops the filter)",
        ]
        await pilot.press("escape", "m", "R", "R")
        await wait_for(lambda: len(app.rows) == 3)
        assert "hidden" not in "".join(app.drawn)


async def test_a_job_that_printed_nothing_says_so_at_the_end_of_its_log(tmp_path: Path) -> None:
    async with started(tmp_path) as (app, _pilot):
        job = running_job(JobState.SUCCEEDED, ended=datetime(2026, 11, 22, 18, 5, tzinfo=UTC))
        await app.follow(entry(1, "Job is running.", replica="service"), job=job)
        await wait_for(lambda: any("printed nothing of its own" in line for line in app.drawn))
        assert any("Logs Writer" in line for line in app.drawn)


async def test_bars_and_tracebacks_fold_and_open(tmp_path: Path) -> None:
    async with started(tmp_path) as (app, pilot):
        await app.follow(*(bar(n, 10 * n) for n in range(10)), *trace(20), entry(30, "after"))
        folded = [app.rows[0], *TRACE, "after"]
        assert app.rows == folded
        assert "90/100" in folded[0]
        await pilot.press("g", "space")
        await wait_for(lambda: len(app.rows) == 15)
        assert "90/100" in app.cursor, "the cursor stays at the line it was on"
        await pilot.press("space")
        await wait_for(lambda: app.rows == folded)
        await pilot.press("j", "space")
        assert "Nothing is folded" in app.note
        await pilot.press("z")
        await wait_for(lambda: app.rows == [folded[0], TRACE[-1], "after"])
        assert "tracebacks are folded" in app.note
        assert app.drawn[1][11] == "▸"
        await pilot.press("g", "j", "space")
        await wait_for(lambda: app.rows == folded)
        await pilot.press("space", "T")
        await wait_for(lambda: app.rows == folded, what="T shows what it goes to")
        assert app.cursor == TRACE[0]
        await pilot.press("z")
        await wait_for(lambda: len(app.rows) == 15)
        await pilot.press("z")
        await wait_for(lambda: app.rows == folded)
        await pilot.press("g", "T")
        assert "No traceback here or above" in app.note


async def test_what_unfolds_at_the_top_of_the_box_comes_into_sight(tmp_path: Path) -> None:
    async with started(tmp_path) as (app, pilot):
        await app.follow(
            *(entry(n, f"step {n}") for n in range(40)), *trace(50), *(entry(n) for n in range(60, 99))
        )
        await pilot.press("z", "right_square_bracket", "left_square_bracket")
        await wait_for(lambda: app.cursor == TRACE[-1])
        app.view.scroll_to(y=app.view.cursor_row, animate=False, force=True)
        await wait_for(lambda: app.drawn[0].endswith(TRACE[-1]))
        await pilot.press("space")
        assert [text[12:].strip() for text in app.drawn[:4]] == [text.strip() for text in TRACE]


async def test_a_hit_can_be_read_under_the_cursor_and_in_a_selection(tmp_path: Path) -> None:
    async with started(tmp_path) as (app, pilot):
        await app.follow(*(entry(n, f"step {n}") for n in range(9)))
        await ask(app, pilot, "slash", "step 5")
        await wait_for(lambda: app.cursor == "step 5")
        hit = app.view.get_component_rich_style("log--match-current")
        for key in ("j", "k", "v"):
            await pilot.press(key)
            drawn = [each for each in app.view.render_line(5) if each.text == "step 5"]
            assert [each.style for each in drawn] == [hit]
        await pilot.press("j")
        assert "2 lines selected · y copies · s saves · esc" in str(app.view.border_subtitle)


async def test_errors_are_gone_to_by_tracebacks(tmp_path: Path) -> None:
    async with started(tmp_path) as (app, pilot):
        other = trace(20, "workerpool1-0")
        mixed = [line for pair in zip(trace(20), other, strict=True) for line in pair]
        await app.follow(
            *(entry(n, f"step {n}") for n in range(20)),
            *mixed,
            *(entry(n, f"step {n}") for n in range(30, 60)),
            entry(60, "error: last", severity=500),
            *(entry(n, f"step {n}") for n in range(61, 90)),
        )
        await pilot.press("left_square_bracket")
        assert app.cursor == "error: last"
        await pilot.press("left_square_bracket")
        assert app.cursor == TRACE[-1]
        assert app.front.store.line(app.view.cursor_line or 0).replica == "workerpool1-0"
        await pilot.press("T")
        assert app.cursor == TRACE[0]
        await pilot.press("left_square_bracket")
        assert "No error above" in app.note
        await pilot.press("R", "R")
        await wait_for(lambda: app.rows == list(TRACE))
        await pilot.press("right_square_bracket", "right_square_bracket")
        assert app.cursor == TRACE[-1]
        assert "No error below" in app.note


async def test_times_colours_and_wrapping(tmp_path: Path) -> None:
    """The job began at 18:01:00 UTC."""
    async with started(tmp_path, (160, 50)) as (app, pilot):
        await app.follow(
            entry(0, "\x1b[31mred\x1b[0m " + "x" * 300),
            *(entry(60_000 + n, f"line {n}", replica=f"workerpool{n % 2}-0") for n in range(4)),
        )
        await wait_for(lambda: "workerpool0-0 line 0" in app.drawn[1], what="the whole name where it fits")
        for shown, words in (("18:00:00Z", "UTC"), ("-1:00", "since the job's start"), ("", "no times")):
            await pilot.press("t")
            assert words in app.note
            assert app.drawn[0][1:].startswith(shown)
        await pilot.press("t")
        assert "local time" in app.note
        colour = [segment for segment in app.view.render_line(0) if segment.text == "red"]
        assert colour
        assert colour[0].style is not None
        assert colour[0].style.color is not None
        assert colour[0].style.color.number == 1
        await pilot.press("a")
        assert not [segment for segment in app.view.render_line(0) if segment.text == "red"]
        assert app.drawn[0].endswith("›")
        await pilot.press("w")
        assert "broken" in app.note
        assert sum(text.count("x") for text in app.drawn) == 300
        await pilot.press("w", "l")
        assert "red" not in app.drawn[0]


async def test_the_entry_in_full_follows_the_cursor(tmp_path: Path) -> None:
    async with started(tmp_path) as (app, pilot):
        rich = with_payload(
            entry(5, "evaluated gs://kelp/out/1", severity=500), eval={"loss": 1.5}, levelname="x"
        )
        await app.follow(*(entry(n) for n in range(5)), rich, *(entry(n) for n in range(10, 60)))
        await pilot.press("enter")
        await wait_for(lambda: app.entry.startswith("line 59"))
        assert not app.view.follow, "what is read stays"
        await wait_for(lambda: app.drawn[-1].startswith("❯"), what="the cursor in the smaller log")
        app.logs.write(entry(70, "new"))
        await wait_for(lambda: app.rows[-1] == "new")
        assert app.entry.startswith("line 59")
        await pilot.press("g", *["j"] * 5)
        await wait_for(lambda: "loss: 1.5" in app.entry or '"loss": 1.5' in app.entry)
        for words in ("gs://kelp/out/1", "insertId  i000000005", "the entry says ERROR", "workerpool0-0"):
            assert words in app.entry
        await pilot.press("ctrl+d")
        await pilot.press("G")
        await wait_for(lambda: app.entry.startswith("new"))
        app.logs.write(entry(80, "newer"))
        await wait_for(lambda: app.entry.startswith("newer"), what="the entry while the end is followed")
        await pilot.press("escape")
        assert (app.entry, app.posted[-1]) == ("", True)
        await pilot.press("g", "ctrl+d")
        assert app.cursor not in {"line 0", "newer"}, "half a page without the box"


async def test_hostile_entries_are_harmless_in_the_box(tmp_path: Path) -> None:
    async with started(tmp_path) as (app, pilot):
        bad = "\x1b]52;c;aGk=\x07[bold]x[/] \u202e\x9b2J"
        rich = with_payload(entry(1, bad, severity=500, replica="[red]\x1b[2J"), **{bad: [bad, {bad: 1}]})
        await app.follow(rich, entry(2, "k" * 262_144), entry(3, "語" * 87_000), entry(4, ""))
        await pilot.press("g", "enter")
        await wait_for(lambda: "[bold]x[/]" in app.entry)
        for _ in range(4):
            assert not set(app.entry) & set("\x1b\x07\x9b\u202e")
            assert len(app.entry) < 200_000
            await pilot.press("j")
        await pilot.press("R")
        assert "[red]" in str(app.view.border_title) or "[red]" in app.note
