"""The list of machines by keys: filtered, sorted, limits read on demand, one written into the text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.panes.spec_world import GOOD, FakeGateway, SpecApp
from tests.support import wait_for
from tui.domain.access import QuotaLimits
from tui.domain.catalog.quotas import PREFIX
from tui.domain.errors import CloudError, ErrorKind
from tui.panes.spec_machine import MOST_METRICS, MachineScreen

TWO = (
    GOOD
    + "  - machineSpec: {machineType: n2-standard-8}\n    replicaCount: 2\n    containerSpec: {imageUri: a}\n"
)


class Limits:
    """Knows the limits of L4."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, ...]] = []
        self.failure: CloudError | None = None

    async def quota_limits(self, metrics: Sequence[str]) -> dict[str, QuotaLimits]:
        self.asked.append(tuple(metrics))
        if self.failure is not None:
            raise self.failure
        name = f"{PREFIX}nvidia_l4_gpus"
        return {name: QuotaLimits(name, {"europe-west4": 7}, 0)} if name in metrics else {}


World = Callable[..., tuple[SpecApp, Limits]]


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    return lambda text=GOOD: _world(tmp_path, monkeypatch, text)


def _world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> tuple[SpecApp, Limits]:
    path = tmp_path / "job.yaml"
    path.write_text(text)
    gateway, limits = FakeGateway(), Limits()
    monkeypatch.setattr(gateway.world, "quota_limits", limits.quota_limits)
    return SpecApp(tmp_path, path, gateway), limits


@pytest.mark.parametrize("size", [(80, 24), (160, 50)])
async def test_one_is_found_and_written_into_the_text(world: World, size: tuple[int, int]) -> None:
    app, limits = world()
    async with app.run_test(size=size) as pilot:
        await wait_for(lambda: app.editor.has_focus)
        await pilot.press("alt+m")
        await wait_for(lambda: isinstance(app.screen, MachineScreen))
        await wait_for(lambda: "Machine of worker pool · europe-west4 · by price" in app.shown)
        await pilot.press(*"l4 <1$")
        await wait_for(lambda: "g2-standard-4 " in app.shown)
        await wait_for(lambda: "✓ 1 of 7" in app.shown)
        assert "estimate, July 2026" in app.shown
        assert all(len(line) <= size[0] for line in app.shown.split("\n"))
        await pilot.press("enter")
        await wait_for(lambda: "g2-standard-4" in app.editor.text)
        assert app.editor.text == GOOD.replace(
            "machineType: n1-standard-4",
            "machineType: g2-standard-4\n      acceleratorType: NVIDIA_L4\n      acceleratorCount: 1",
        )
        await wait_for(lambda: "Set the machine to g2-standard-4" in app.notice)
        await pilot.press("ctrl+z")
        await wait_for(lambda: app.editor.text == GOOD)
    assert limits.asked
    assert all(len(metrics) <= MOST_METRICS for metrics in limits.asked)


async def test_the_pool_under_the_cursor_and_another(world: World) -> None:
    app, _ = world(TWO)
    async with app.run_test(size=(100, 30)) as pilot:
        await wait_for(lambda: app.editor.has_focus)
        await pilot.press("ctrl+end", "up", "alt+m")
        await wait_for(lambda: "worker pool 2 of 2" in app.shown)
        assert "now 2 × n2-standard-8" in app.shown
        await pilot.press("alt+right")
        await wait_for(lambda: "worker pool 1 of 2" in app.shown)
        await pilot.press("alt+left", *"c2-standard-60", "enter")
        await wait_for(lambda: "{machineType: c2-standard-60}" in app.editor.text)
        assert "machineType: n1-standard-4" in app.editor.text


async def test_sorting_greyed_rows_and_nothing_that_fits(world: World) -> None:
    app, _ = world()
    async with app.run_test(size=(160, 50)) as pilot:
        await wait_for(lambda: app.editor.has_focus)
        await pilot.press("alt+m")
        await wait_for(lambda: "by price" in app.shown)
        await pilot.press("ctrl+o", "ctrl+o", "ctrl+o")
        await wait_for(lambda: "by accelerators" in app.shown)
        assert "a4-highgpu-8g" in app.shown
        await pilot.press(*"gb200")
        await wait_for(lambda: "not here; 2 others" in app.shown)
        assert "not in europe-west4, but in us-" in app.shown
        await pilot.press(*"xyz")
        await wait_for(lambda: "No machine fits" in app.shown)
        await pilot.press("enter", "escape")
        await wait_for(lambda: app.editor.has_focus)
        assert app.editor.text == GOOD


async def test_limits_that_cannot_be_read_are_said(world: World) -> None:
    app, limits = world()
    limits.failure = CloudError("Permission denied", "", kind=ErrorKind.DENIED)
    async with app.run_test(size=(100, 30)) as pilot:
        await wait_for(lambda: app.editor.has_focus)
        await pilot.press("alt+m")
        await wait_for(lambda: "yours: Permission" in app.shown)
        await pilot.press(*"l4")
        await wait_for(lambda: "✗ 1 of 0*" in app.shown)
    assert len(limits.asked) == 1


async def test_a_text_without_a_pool_is_told(world: World) -> None:
    app, _ = world("a: 'b")
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_for(lambda: app.editor.has_focus)
        await pilot.press("alt+m")
        await wait_for(lambda: "No worker pool can be read here" in app.notice)
