"""Prices of the Cloud Billing catalogue on the screens of the Spec pane."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from tests.panes.spec_world import GOOD, FakeGateway, SpecApp
from tests.panes.test_spec_start import store_token
from tests.support import wait_for
from tests.test_frame import make_app
from tui.domain.catalog.skus import PriceBook, Sku
from tui.panes.messages import PaneId
from tui.panes.spec_machine import MachineScreen
from tui.services.settings import Settings

BOOK = PriceBook(
    datetime(2026, 11, 23, 4, tzinfo=UTC),
    {
        ("n1 core", "europe-west4", False): Decimal("0.04"),
        ("n1 ram", "europe-west4", False): Decimal("0.005"),
        ("n1 core", "europe-west4", True): Decimal("0.01"),
        ("n1 ram", "europe-west4", True): Decimal("0.001"),
    },
)


@pytest.mark.parametrize("size", [(80, 24), (160, 50)])
async def test_the_list_of_machines_says_where_its_prices_come_from(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    path = tmp_path / "job.yaml"
    path.write_text(GOOD)
    app = SpecApp(tmp_path, path, FakeGateway())
    async with app.run_test(size=size) as pilot:
        app.pane.prices = BOOK
        await wait_for(lambda: app.editor.has_focus)
        await pilot.press("alt+m")
        await wait_for(lambda: isinstance(app.screen, MachineScreen))
        await pilot.press(*"n1-standard-4")
        await wait_for(lambda: "Cloud Billing catalogue of 2026-11-23" in app.shown)
        assert all(len(line) <= size[0] for line in app.shown.split("\n"))


async def test_the_question_before_a_start_says_it_too(tmp_path: Path) -> None:
    path = tmp_path / "job.yaml"
    path.write_text(GOOD)
    app = SpecApp(tmp_path, path, FakeGateway(local=False))
    store_token(app)
    async with app.run_test(size=(120, 40)) as pilot:
        app.pane.prices = BOOK
        await wait_for(lambda: app.editor.has_focus)
        await pilot.press("ctrl+r")
        await wait_for(lambda: "Runs as" in app.shown)
        assert "on demand, ≈ $0.08/h Spot (estimate, Cloud" in app.shown
        assert "Billing catalogue of 2026-11-23)" in app.shown


async def test_the_limit_is_held_against_prices_as_soon_as_they_are_here(tmp_path: Path) -> None:
    path = tmp_path / "job.yaml"
    path.write_text(GOOD)
    app = SpecApp(tmp_path, path, FakeGateway(local=False), Settings(jobs_price_limit=0.01))

    def told() -> str:
        return " ".join(item.message for item in app.pane._problems if item.code == "over-limit")

    async with app.run_test(size=(120, 40)):
        await wait_for(lambda: "(estimate, July 2026)" in told())
        app.pane.prices = BOOK
        await wait_for(lambda: "Cloud Billing catalogue of 2026-11-23" in told())


@pytest.mark.parametrize("local", [True, False])
async def test_the_app_reads_prices_of_google_only(tmp_path: Path, local: bool) -> None:  # noqa: FBT001
    gateway = FakeGateway(local=local)
    row = Sku("Nvidia L4 GPU running in X", ("x",), "OnDemand", "Compute", "GPU", "h", Decimal("0.56"))
    gateway.world.skus = (row,)
    app = make_app(tmp_path, local=local)
    async with app.run_test():
        await app._find_prices(gateway.as_gateway()).wait()
        pane = await app.show_pane(PaneId.SPEC)
        assert pane.prices == app.prices
        assert (app.prices is None) == local
    assert ("price_skus" in gateway.world.calls) is not local
