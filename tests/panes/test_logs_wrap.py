"""Lines broken while others become rows: nothing is drawn by places that no longer hold."""

from __future__ import annotations

from pathlib import Path
from random import Random

from tests.fake_logs import entry
from tests.panes.logs_world import LogsApp, ask, started
from tests.panes.test_logs_choices import bar, trace
from tests.support import wait_for

KEYS = "w w z i m R space t plus minus k G g pageup T ] v escape n".replace(
    "]", "right_square_bracket"
).split()
SIZES = ((80, 24), (43, 12), (120, 30))


def draw(app: LogsApp) -> None:
    assert len(app.drawn) == app.view.size.height


async def test_no_sequence_of_keys_and_sizes_draws_a_row_that_is_gone(tmp_path: Path) -> None:
    async with started(tmp_path) as (app, pilot):
        lines = [
            each
            for n in range(0, 1500, 30)
            for each in (
                entry(n, f"step {n} " + "long words " * (n % 13)),
                bar(n + 1, n % 100),
                *trace(n + 2, f"workerpool{n % 2}-0"),
            )
        ]
        await app.follow(*lines)
        await pilot.press("w")
        await wait_for(lambda: app.view.virtual_size.height > len(app.rows), what="the broken lines")
        folded = len(app.rows)
        await pilot.press("z")
        draw(app)
        assert len(app.rows) < folded
        await ask(app, pilot, "ampersand", "step .*7")
        random = Random(8)  # noqa: S311 (keys)
        for number in range(45):
            await pilot.press(random.choice(KEYS))
            draw(app)
            if number % 9 == 0:
                await pilot.resize_terminal(*SIZES[number // 9 % 3])
                draw(app)
                app.logs.write(entry(4000 + number, "step 7 " * number))
        assert app.is_running
