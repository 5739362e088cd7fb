"""The price book on disk: kept for a day, read anew after it, never in the way."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from tests.services.setup_world import World, disabled, ready_world
from tui.domain.catalog.skus import Sku
from tui.services.pricebook import FILE, PriceBooks

ROW = Sku(
    "Nvidia L4 GPU running in Americas", ("us-central1",), "OnDemand", "Compute", "GPU", "h", Decimal("0.56")
)
NEVER = "Commitment v1: N1 Cpu in Americas for 1 Year"


@pytest.fixture
def world() -> World:
    made = ready_world()
    made.skus = (ROW,)
    return made


async def test_read_once_a_day(world: World, tmp_path: Path) -> None:
    books = PriceBooks(tmp_path / "state")
    assert books.read() is None
    found = await books.refreshed(world.setup)
    assert found is not None
    assert found.price("NVIDIA_L4", "us-central1", spot=False) == Decimal("0.56")
    assert await books.refreshed(world.setup) == found == PriceBooks(tmp_path / "state").read()
    assert world.calls == ["price_skus"]
    assert (tmp_path / "state" / FILE).stat().st_mode & 0o777 == 0o600
    now = datetime.now(UTC)
    assert books.read(now + timedelta(hours=23)) == found
    assert books.read(now + timedelta(hours=25)) is None
    assert books.read(now - timedelta(hours=1)) is None


async def test_without_the_api_there_is_no_book(world: World, tmp_path: Path) -> None:
    books = PriceBooks(tmp_path)
    world.faults["price_skus"] = disabled("cloudbilling.googleapis.com")
    assert await books.refreshed(world.setup) is None
    world.faults.clear()
    world.skus = (Sku(NEVER, ("us-central1",), "Commit1Yr", "Compute", "CPU", "h", Decimal(1)),)
    assert await books.refreshed(world.setup) is None
    assert not (tmp_path / FILE).exists()


async def test_a_folder_that_cannot_be_written_is_no_failure(world: World, tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file")
    assert await PriceBooks(tmp_path / "state").refreshed(world.setup) is not None


NOW = "NOW"
"""Stands for the time of the test."""


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "[" * 100_000,
        "\udcff",
        json.dumps({"read_at": "x", "units": []}),
        json.dumps({"read_at": NOW}),
        json.dumps({"read_at": NOW, "units": []}),
        json.dumps({"read_at": NOW, "units": [["NVIDIA_L4", "us-central1", False]]}),
        json.dumps({"read_at": NOW, "units": [["NVIDIA_L4", "us-central1", False, "x"]]}),
        json.dumps({"read_at": NOW, "units": [["NVIDIA_L4", "us-central1", False, "NaN"]]}),
        json.dumps({"read_at": NOW, "units": [["NVIDIA_L4", "us-central1", False, "-1"]]}),
        json.dumps({"read_at": NOW, "units": 3}),
    ],
    ids=range(12),
)
async def test_a_damaged_file_is_read_anew(world: World, tmp_path: Path, text: str) -> None:
    text = text.replace(NOW, datetime.now(UTC).isoformat())
    (tmp_path / FILE).write_bytes(text.encode("utf-8", "surrogateescape"))
    books = PriceBooks(tmp_path)
    assert books.read() is None
    assert await books.refreshed(world.setup) is not None
    assert books.read() is not None
