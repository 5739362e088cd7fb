"""Quota limits over the admin API: what was changed, what is in use, and changing it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from aiohttp import web

from tui.domain.catalog.limits import UNLIMITED, default_limit
from tui.domain.catalog.quotas import metric_named, short_name
from tui.domain.regions import TRAINING_REGIONS
from tui.local.admin.front import AdminError, AdminHandler, read_object
from tui.local.state.quotas import EVERYWHERE, Quotas

MOST = 10**12


class QuotaAdmin:
    """`GET quotas` and `PUT quotas`."""

    def __init__(self, quotas: Quotas) -> None:
        self._quotas = quotas

    def routes(self) -> Iterable[tuple[str, str, AdminHandler]]:
        """Method, path and handler."""
        return [("GET", "quotas", self._list), ("PUT", "quotas", self._set)]

    async def _list(self, _request: web.Request) -> web.StreamResponse:
        return web.json_response({"quotas": self._rows()})

    def _rows(self) -> list[dict[str, Any]]:
        changed = self._quotas.changed()
        rows = [self._row(metric, region, 0) for metric, region in changed if region == EVERYWHERE]
        for region in TRAINING_REGIONS:
            used = self._quotas.usage(region)
            metrics = sorted({*used, *(metric for metric, place in changed if place == region)})
            rows += [self._row(metric, region, used[metric]) for metric in metrics]
        return rows

    def _row(self, metric: str, region: str, used: int) -> dict[str, Any]:
        return {
            "metric": metric,
            "name": short_name(metric),
            "region": region,
            "limit": self._quotas.limit(metric, region),
            "default": default_limit(metric, region),
            "used": used,
        }

    async def _set(self, request: web.Request) -> web.StreamResponse:
        given = await read_object(request)
        metric = metric_named(str(given.get("metric", "")))
        if metric is None:
            raise AdminError(f"there is no quota called {str(given.get('metric', ''))[:80]!r}")
        region = given.get("region") or EVERYWHERE
        if region and region not in TRAINING_REGIONS:
            raise AdminError(f"there is no training region called {str(region)[:80]!r}")
        value = given.get("value")
        if value is not None and not (type(value) is int and UNLIMITED <= value <= MOST):
            raise AdminError("the limit must be a whole number, 0 or more; -1 means unlimited")
        if region == EVERYWHERE:
            self._quotas.forget(metric)
        self._quotas.set_limit(metric, region, value)
        return web.json_response(self._row(metric, region, self._quotas.usage(region)[metric]))
