"""The rows of the list of machines, in columns that fit the width."""

from __future__ import annotations

from typing import NamedTuple

from textual.content import Content

from tui.domain.catalog.choices import Quota, Row, Setting
from tui.domain.catalog.machines import MACHINES
from tui.domain.catalog.places import nearest
from tui.domain.catalog.prices import Estimate, money
from tui.domain.setup.quota_rows import quota_title
from tui.domain.text import cell_width, middle_cut

WIDE = 112
"""Columns from which there is room for everything."""
_REGIONS = 5
"""Other regions that are named."""


class _Column(NamedTuple):
    title: str
    width: int
    right: bool = False


_NARROW = (
    _Column("MACHINE", 17),
    _Column("vCPU", 4, right=True),
    _Column("GiB", 5, right=True),
    _Column("GPU, TPU", 14),
    _Column("REGION", 8),
    _Column("QUOTA", 12),
    _Column("$/HOUR", 8, right=True),
)
_WIDE = (
    _Column("MACHINE", 23),
    _Column("vCPU", 4, right=True),
    _Column("GiB", 5, right=True),
    _Column("GPU, TPU", 20),
    _Column("REGION", 19),
    _Column("QUOTA", 18),
    _Column("$/HOUR", 9, right=True),
    _Column("$/HOUR SPOT", 11, right=True),
)


def heading(setting: Setting, width: int) -> Content:
    """The titles of the columns."""
    columns = _columns(width)
    titles = [column.title for column in columns]
    if columns is _NARROW and setting.preemptible and not setting.flex:
        titles[-1] = "$/H SPOT"
    return Content.styled(_line(columns, titles), "$text-muted bold")


def row_content(row: Row, setting: Setting, width: int) -> Content:
    """One machine; greyed where the region does not have it."""
    columns = _columns(width)
    wide = columns is _WIDE
    spot = setting.preemptible and not setting.flex
    cells = [
        row.name,
        "" if row.vcpus is None else str(row.vcpus),
        "" if row.memory_gib is None else f"{row.memory_gib:,.0f}",
        row.accelerators if wide else row.accelerators.replace(" × ", "×").replace(" GB", "GB"),
        _region(row, setting, wide=wide),
        _quota(row.quota, wide=wide) if row.here else "",
        _price(row.spot if spot and not wide else row.on_demand),
    ]
    if wide:
        cells.append(_price(row.spot))
    line = _line(columns, cells)
    return Content(line) if row.here else Content.styled(line, "$text-muted")


def row_words(row: Row, setting: Setting) -> str:
    """The same in words, with what had no room."""
    parts = [row.name]
    if row.vcpus is not None:
        parts.append(f"{row.vcpus} vCPUs, {row.memory_gib:,.4g} GiB")
    if row.accelerators:
        parts.append(row.accelerators + (f" with {row.gpu_gb} GB each" if row.gpu_gb else ""))
    if MACHINES[row.pool.machine_type].accelerator and row.pool.replicas > 1:
        parts.append(f"× {row.pool.replicas}")
    parts.append(_where(row, setting))
    if row.here and row.quota is not None:
        parts.append(_quota_words(row.quota))
    if row.here:
        replicas = f" for {row.pool.replicas} replicas" if row.pool.replicas > 1 else ""
        parts.append(f"{row.on_demand.shown}{replicas}, with Spot {_price(row.spot)}")
    return " · ".join(parts)


def _columns(width: int) -> tuple[_Column, ...]:
    return _WIDE if width >= WIDE else _NARROW


def _line(columns: tuple[_Column, ...], cells: list[str]) -> str:
    return " ".join(_fit(cell, column) for cell, column in zip(cells, columns, strict=True))


def _fit(cell: str, column: _Column) -> str:
    shown = middle_cut(cell, column.width)
    gap = " " * (column.width - cell_width(shown))
    return gap + shown if column.right else shown + gap


def _region(row: Row, setting: Setting, *, wide: bool) -> str:
    count = len(row.elsewhere)
    if not setting.region:
        return f"{count} of 38" if not wide else f"in {count} regions"
    if not wide:
        return "here" if row.here else "not here"
    return f"here and {count} more" if row.here else f"not here; {count} others"


def _quota(quota: Quota | None, *, wide: bool) -> str:
    if quota is None:
        return "not known"
    mark = "✓" if quota.suffices else "✗"
    if quota.limit < 0:
        return f"{mark} no limit"
    default = (" default" if wide else "*") if quota.default else ""
    grouped = "," if wide else ""
    return f"{mark} {quota.needs:{grouped}} of {quota.limit:{grouped}}{default}"


def _price(found: Estimate) -> str:
    return "unknown" if found.per_hour is None else money(found.per_hour).replace("≈ ", "≈")


def _where(row: Row, setting: Setting) -> str:
    others = nearest(setting.region, row.elsewhere) if setting.region else tuple(sorted(row.elsewhere))
    named = ", ".join(others[:_REGIONS]) + (
        f" and {len(others) - _REGIONS} more" if others[_REGIONS:] else ""
    )
    if row.here:
        return f"also in {named}" if named else "only here"
    return f"not in {setting.region or 'a region that is set'}, but in {named}"


def _quota_words(quota: Quota) -> str:
    title = quota_title(quota.metric)
    if quota.limit < 0:
        return f"quota {title}: needs {quota.needs:,}, no limit"
    used = f", {quota.used:,} in use" if quota.used else ""
    told = " as a new project has it; not read" if quota.default else ""
    return f"quota {title}: needs {quota.needs:,} of {quota.limit:,}{told}{used}"
