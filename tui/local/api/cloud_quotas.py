"""`google.api.cloudquotas.v1.CloudQuotas`, quota infos: the limits as they are."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from tui.domain.catalog.quotas import METRICS, quota_id, short_name
from tui.domain.catalog.quotas import SERVICE as VERTEX
from tui.domain.regions import TRAINING_REGIONS
from tui.local import names
from tui.local.api import tokens
from tui.local.state.quotas import Quotas
from tui.local.wire import gtypes
from tui.local.wire.errors import ApiError, Code, invalid
from tui.local.wire.gtypes import Json, Message
from tui.local.wire.methods import Call, Handler, Method, Need, Route

SERVICE = "google.api.cloudquotas.v1.CloudQuotas"
API = "cloudquotas.googleapis.com"
MAX_PAGE = 100
"""Rows of a page when the request names no size, and at most."""
METRIC_OF = {quota_id(metric): metric for metric in METRICS}
"""Metrics by their quota id."""


class QuotaInfos:
    """Lists and gets quota infos; only Vertex AI has any here."""

    def __init__(self, quotas: Quotas) -> None:
        self._quotas = quotas

    def methods(self) -> list[Method]:
        """The rows of the method table."""
        g = gtypes
        listing = (g.ListQuotaInfosRequest, g.ListQuotaInfosResponse)
        parent = Route("GET", "{parent=projects/*/locations/*/services/*}/quotaInfos")
        name = Route("GET", "{name=projects/*/locations/*/services/*/quotaInfos/*}")
        return [
            row("ListQuotaInfos", listing, self._list, parent, "get"),
            row("GetQuotaInfo", (g.GetQuotaInfoRequest, g.QuotaInfo), self._get, name, "get"),
        ]

    async def _list(self, request: Message, _call: Call) -> Message:
        metrics = METRICS if request.parent.rpartition("/")[2] == VERTEX else ()
        start, size = page(request)
        response = gtypes.ListQuotaInfosResponse(
            quota_infos=[self._info(metric) for metric in metrics[start : start + size]]
        )
        if start + size < len(metrics):
            response.next_page_token = tokens.make([start + size], request.parent)
        return response

    async def _get(self, request: Message, _call: Call) -> Message:
        service, _, wanted = request.name.partition("/services/")[2].partition("/quotaInfos/")
        if service != VERTEX or wanted not in METRIC_OF:
            raise ApiError(Code.NOT_FOUND, f"Quota info {request.name} is not found.")
        return self._info(METRIC_OF[wanted])

    def _info(self, metric: str) -> Message:
        name = quota_id(metric)
        parent = f"projects/{names.PROJECT_NUMBER}/locations/global/services/{VERTEX}"
        title = f"Custom model training {short_name(metric).replace('_', ' ')}"
        return gtypes.QuotaInfo(
            name=f"{parent}/quotaInfos/{name}",
            quota_id=name,
            metric=metric,
            service=VERTEX,
            container_type=gtypes.QuotaInfo.ContainerType.PROJECT,
            dimensions=["region"],
            metric_display_name=title,
            quota_display_name=f"{title} per region",
            metric_unit="1",
            quota_increase_eligibility={"is_eligible": True},
            dimensions_infos=self._dimensions(metric),
        )

    def _dimensions(self, metric: str) -> list[Json]:
        """Regions with a value of their own, then what holds in the others."""
        values = {region: self._quotas.limit(metric, region) for region in TRAINING_REGIONS}
        ((common, _),) = Counter(values.values()).most_common(1)
        own = [
            {"dimensions": {"region": region}, "details": {"value": value}, "applicable_locations": [region]}
            for region, value in values.items()
            if value != common
        ]
        others = [region for region, value in values.items() if value == common]
        return [*own, {"details": {"value": common}, "applicable_locations": others}]


def row(name: str, types: tuple[Message, Message], handler: Handler, route: Route, verb: str) -> Method:
    """One row of the table, for both versions that gcloud uses."""
    routes = tuple(replace(route, template=f"/{version}/{route.template}") for version in ("v1", "v1beta"))
    need = Need(API, f"cloudquotas.quotas.{verb}", _resource)
    return Method(SERVICE, name, *types, handler, routes, need)


def page(request: Message) -> tuple[int, int]:
    """Start and size of the page that a list request asks for.

    Raises:
        ApiError: INVALID_ARGUMENT: a negative size, or a token of another request.
    """
    if request.page_size < 0:
        raise invalid("page_size must not be negative.")
    position = tokens.read(request.page_token, request.parent, shape=(int,))
    return (int(position[0]) if position else 0), min(request.page_size or MAX_PAGE, MAX_PAGE)


def _resource(request: Message) -> str:
    preference = getattr(request, "quota_preference", None)
    own = getattr(request, "parent", "") or getattr(request, "name", "")
    return str(own or (preference.name if preference is not None else ""))
