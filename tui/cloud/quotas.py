"""Limits of Vertex AI's quota metrics: by Service Usage v1beta1, or by Cloud Quotas where that is refused."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from google.cloud.cloudquotas_v1.services.cloud_quotas import CloudQuotasAsyncClient, CloudQuotasClient
from google.cloud.cloudquotas_v1.services.cloud_quotas.transports import CloudQuotasGrpcAsyncIOTransport
from google.cloud.cloudquotas_v1.types import ListQuotaInfosRequest

from tui.cloud.connection import Connection, project_of
from tui.cloud.generated import rest_client
from tui.cloud.plain_rest import PlainRest
from tui.cloud.service import Call, Service, method
from tui.domain.access import QuotaLimits
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.regions import TRAINING_REGIONS
from tui.domain.target import Target

VERTEX = "aiplatform.googleapis.com"

PAGE = 1000
"""Rows of Cloud Quotas asked for at once; Vertex AI has thousands (FACTS 5.7)."""

MOST_PAGES = 50
"""Pages after which a metric counts as unknown."""

UNLIMITED = -1

_REGION = "region"
_ABSENT = frozenset({ErrorKind.NOT_FOUND, ErrorKind.INVALID})
_REFUSED = frozenset({ErrorKind.DENIED, ErrorKind.API_DISABLED})

Told = tuple[Mapping[str, str], int | None]
"""Dimensions of one bucket, and its limit if that was told."""


class Quotas:
    """Reads limits."""

    def __init__(self, connection: Connection, usage: PlainRest) -> None:
        """Describe the services; `usage` goes to `serviceusage.googleapis.com`."""
        self._target = connection.target
        self._usage = usage
        self._infos = _cloud_quotas(connection)

    def close(self) -> None:
        """Close idle REST connections."""
        self._infos.close()

    async def limits(self, metrics: Sequence[str]) -> dict[str, QuotaLimits]:
        """The limits of each of `metrics` that the service knows.

        Raises:
            CloudError: both ways failed (that of Service Usage), or the first other failure.
        """
        wanted = tuple(dict.fromkeys(metrics))
        answers = await asyncio.gather(*(self._metric(metric) for metric in wanted))
        found = {one.metric: one for one in answers if isinstance(one, QuotaLimits)}
        failures = [one for one in answers if isinstance(one, CloudError) and one.kind not in _ABSENT]
        for error in failures:
            if error.kind not in _REFUSED:
                raise error
        if not failures:
            return found
        try:
            return await self._by_cloud_quotas(wanted)
        except CloudError:
            raise failures[0] from None

    async def _metric(self, metric: str) -> QuotaLimits | CloudError:
        """One metric; a failure is told rather than raised, so that the others go on."""
        project = project_of(self._target)
        name = f"projects/{project}/services/{VERTEX}/consumerQuotaMetrics/{quote(metric, safe='')}"
        try:
            return from_usage(metric, await self._usage.get(f"v1beta1/{name}"))
        except CloudError as error:
            return error

    async def _by_cloud_quotas(self, metrics: Sequence[str]) -> dict[str, QuotaLimits]:
        told: dict[str, list[Told]] = {}
        token = ""
        for _ in range(MOST_PAGES):
            # The pager hands on the fields of its first page; iterating it would fetch the others.
            page = await self._infos.read(_listing(self._target, token))
            for info in page.quota_infos:
                if info.metric in metrics and set(info.dimensions) <= {_REGION}:
                    told.setdefault(info.metric, []).extend(_of_info(info))
            token = page.next_page_token
            if not token or told.keys() >= set(metrics):
                break
        return {metric: combined(metric, told[metric]) for metric in metrics if metric in told}


def from_usage(metric: str, content: Mapping[str, Any]) -> QuotaLimits:
    """The limits in a `ConsumerQuotaMetric` of Service Usage v1beta1 in JSON."""
    limits = _objects(content, "consumerQuotaLimits")
    regional = [one for one in limits if "{region}" in str(one.get("unit", ""))]
    buckets = [bucket for limit in regional or limits for bucket in _objects(limit, "quotaBuckets")]
    return combined(metric, [_of_bucket(bucket) for bucket in buckets])


def combined(metric: str, told: Iterable[Told]) -> QuotaLimits:
    """Limits by region; of several for the same place the smallest counts.

    A region whose own bucket tells no limit must not be taken for one of those that are not named: the
    others are named in its stead.
    """
    by_region: dict[str, int] = {}
    elsewhere: int | None = None
    untold: set[str] = set()
    for dimensions, limit in told:
        if not dimensions.keys() <= {_REGION}:
            continue
        region = dimensions.get(_REGION, "")
        if limit is None:
            untold.add(region)
        elif region:
            by_region[region] = _smaller(by_region.get(region), limit)
        else:
            elsewhere = _smaller(elsewhere, limit)
    untold -= by_region.keys() | {""}
    if untold and elsewhere is not None:
        named = {region: elsewhere for region in TRAINING_REGIONS if region not in untold}
        return QuotaLimits(metric, named | by_region)
    return QuotaLimits(metric, by_region, elsewhere)


def _smaller(one: int | None, other: int) -> int:
    if one is None or one == UNLIMITED:
        return other
    return one if other == UNLIMITED else min(one, other)


def _of_bucket(bucket: Mapping[str, Any]) -> Told:
    dimensions = bucket.get("dimensions")
    known = (
        {str(key): str(value) for key, value in dimensions.items()} if isinstance(dimensions, dict) else {}
    )
    return known, _number(bucket.get("effectiveLimit"))


def _number(value: object) -> int | None:
    """An int64 in JSON, a text; below -1 nothing is meant but no limit."""
    try:
        return max(int(str(value)), UNLIMITED)
    except ValueError:
        return None


def _of_info(info: Any) -> list[Told]:  # noqa: ANN401 (a protobuf class made at run time)
    """What one `QuotaInfo` tells.

    A row names the places that it holds for; one without dimensions holds for all that no other names.
    """
    return [(dict(one.dimensions), max(int(one.details.value), UNLIMITED)) for one in info.dimensions_infos]


def _objects(content: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    found = content.get(name)
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []


def _listing(target: Target, token: str = "", *, size: int = PAGE) -> Call:
    parent = f"projects/{project_of(target)}/locations/global/services/{VERTEX}"
    request = ListQuotaInfosRequest(parent=parent, page_size=size, page_token=token)
    return method("list_quota_infos", request)


def _cloud_quotas(connection: Connection) -> Service[CloudQuotasAsyncClient, CloudQuotasClient]:
    return Service(
        connection,
        "cloudquotas.googleapis.com",
        aio=lambda channel: CloudQuotasAsyncClient(
            transport=CloudQuotasGrpcAsyncIOTransport(channel=channel)
        ),
        rest=lambda url, found: rest_client(CloudQuotasClient, url, found),
        probe=lambda: _listing(connection.target, size=1),
    )
