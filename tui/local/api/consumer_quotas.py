"""Service Usage v1beta1 over REST: consumer quota metrics, overrides, service identities.

Google's Python client has no types for it; messages are the API's JSON.
"""

from __future__ import annotations

from typing import Any

from tui.domain.catalog.limits import UNLIMITED, default_limit
from tui.domain.catalog.quotas import METRICS, SERVICE, short_name
from tui.domain.regions import TRAINING_REGIONS
from tui.local import names
from tui.local.api import tokens
from tui.local.state.operations import Operations
from tui.local.state.project import SERVICES, ProjectState
from tui.local.state.quotas import EVERYWHERE, Quotas
from tui.local.wire import gtypes
from tui.local.wire.errors import ApiError, Code, invalid
from tui.local.wire.gtypes import Message
from tui.local.wire.methods import Call, Handler, Method, Need, Route

_API = "serviceusage.googleapis.com"
_SERVICE = "/v1beta1/{parent=projects/*/services/*}"
_METRIC = "/v1beta1/{name=projects/*/services/*/consumerQuotaMetrics/*}"
_LIMIT = "/v1beta1/{name=projects/*/services/*/consumerQuotaMetrics/*/limits/*}"
_UNIT = "1/{project}/{region}"
_LIMIT_ID = "%2Fproject%2Fregion"
MAX_PAGE = 100
_PRIMARY_ID = "100000000000000000001"
"""Unique id of the primary service agent."""


class ConsumerQuotas:
    """Limits by metric and region, and lowering them; no service but Vertex AI has any here."""

    def __init__(self, quotas: Quotas, project: ProjectState, operations: Operations) -> None:
        self._quotas = quotas
        self._project = project
        self._operations = operations

    def methods(self) -> list[Method]:
        """The rows of the method table."""
        override = Route("POST", f"{_SERVICE}/consumerQuotaMetrics:importConsumerOverrides", "*")
        identity = Route("POST", f"{_SERVICE}:generateServiceIdentity", "*")
        operation, struct = gtypes.Operation, gtypes.Struct
        get, enable = "serviceusage.quotas.get", "serviceusage.services.enable"
        return [
            _row("ListMetrics", self._list, Route("GET", f"{_SERVICE}/consumerQuotaMetrics"), get, struct),
            _row("GetMetric", self._get, Route("GET", _METRIC), get, struct),
            _row("GetLimit", self._get_limit, Route("GET", _LIMIT), get, struct),
            _row("ImportOverrides", self._override, override, "serviceusage.quotas.update", operation),
            _row("GenerateServiceIdentity", self._identity, identity, enable, struct),
        ]

    async def _list(self, request: Message, _call: Call) -> Message:
        service = request["parent"].rpartition("/")[2]
        metrics = METRICS if service == SERVICE else ()
        position = tokens.read(_text(request, "pageToken"), service, shape=(int,))
        start = int(position[0]) if position else 0
        wanted = _text(request, "pageSize") or "0"
        if not wanted.isascii() or not wanted.isdigit():
            raise invalid("Page size must be a number that is not negative.")
        size = min(int(wanted[:9]) or MAX_PAGE, MAX_PAGE)
        content: dict[str, Any] = {"metrics": [self._metric(name) for name in metrics[start : start + size]]}
        if start + size < len(metrics):
            content["nextPageToken"] = tokens.make([start + size], service)
        return _struct(content)

    async def _get(self, request: Message, _call: Call) -> Message:
        return _struct(self._metric(_found(request["name"])))

    async def _get_limit(self, request: Message, _call: Call) -> Message:
        name, _, limit = request["name"].partition("/limits/")
        content = self._metric(_found(name))
        if limit != "/project/region":
            raise ApiError(Code.NOT_FOUND, f"Quota limit {request['name']} is not found.")
        return _struct(content["consumerQuotaLimits"][0])

    def _metric(self, metric: str) -> dict[str, Any]:
        quoted = metric.replace("/", "%2F")
        name = f"projects/{names.PROJECT_NUMBER}/services/{SERVICE}/consumerQuotaMetrics/{quoted}"
        limit = {
            "name": f"{name}/limits/{_LIMIT_ID}",
            "metric": metric,
            "unit": _UNIT,
            "isPrecise": True,
            "allowsAdminOverrides": False,
            "supportedLocations": list(TRAINING_REGIONS),
            "quotaBuckets": [self._bucket(metric, region) for region in (EVERYWHERE, *TRAINING_REGIONS)],
        }
        return {
            "name": name,
            "metric": metric,
            "displayName": f"Custom model training {short_name(metric).replace('_', ' ')}",
            "unit": "1",
            "consumerQuotaLimits": [limit],
        }

    def _bucket(self, metric: str, region: str) -> dict[str, Any]:
        bucket: dict[str, Any] = {
            "effectiveLimit": str(self._quotas.limit(metric, region)),
            "defaultLimit": str(default_limit(metric, region)),
        }
        if region:
            bucket["dimensions"] = {"region": region}
        return bucket

    async def _override(self, request: Message, _call: Call) -> Message:
        if request["parent"].rpartition("/")[2] != SERVICE:
            raise invalid("The service has no quota that can be overridden.")
        given = gtypes.to_json(request).get("inlineSource")
        overrides = given.get("overrides") if isinstance(given, dict) else None
        if not isinstance(overrides, list) or not overrides:
            raise invalid("At least one override must be specified.")
        checked = [_read_override(override) for override in overrides]
        for metric, region, value in checked:
            most = default_limit(metric, region)
            if most != UNLIMITED and (value > most or value == UNLIMITED):
                raise _too_high(metric, most)
        for metric, region, value in checked:
            self._quotas.set_limit(metric, region, value)
        return self._operation(_struct({"overrides": overrides}))

    async def _identity(self, request: Message, _call: Call) -> Message:
        service = request["parent"].rpartition("/")[2]
        if service not in SERVICES:
            raise ApiError(
                Code.PERMISSION_DENIED, f"Not found or permission denied for service(s): {service}."
            )
        identity = {"@type": "type.googleapis.com/google.api.serviceusage.v1beta1.ServiceIdentity"}
        if service == SERVICE:
            self._project.make_agents()
            identity |= {"email": names.PRIMARY_AGENT, "uniqueId": _PRIMARY_ID}
        operation = self._operation(_struct({}))
        return _struct({"name": operation.name, "done": True, "response": identity})

    def _operation(self, response: Message) -> Message:
        return self._operations.add(
            f"operations/quf.p2-{names.PROJECT_NUMBER}-", response, gtypes.Struct(), at_once=True
        )


def _row(name: str, handler: Handler, route: Route, permission: str, response: Message) -> Method:
    need = Need(_API, permission, lambda request: str(_text(request, "name") or _text(request, "parent")))
    return Method("", f"v1beta1.{name}", gtypes.Struct, response, handler, (route,), need)


def _text(request: Message, name: str) -> str:
    return str(request[name]) if name in request else ""


def _struct(content: dict[str, Any]) -> Message:
    struct = gtypes.Struct()
    struct.update(content)
    return struct


def _found(name: str) -> str:
    service, _, metric = name.partition("/services/")[2].partition("/consumerQuotaMetrics/")
    if service != SERVICE or metric not in METRICS:
        raise ApiError(Code.NOT_FOUND, f"Quota metric {metric} is not found for service {service}.")
    return metric


def _read_override(override: object) -> tuple[str, str, int]:
    """Metric, region and value of a QuotaOverride in JSON."""
    content = override if isinstance(override, dict) else {}
    metric, unit = content.get("metric"), content.get("unit")
    dimensions = content.get("dimensions") or {}
    value = str(content.get("overrideValue", "0")).removesuffix(".0")
    if metric not in METRICS or unit != _UNIT:
        raise invalid(f"Quota metric {metric} with unit {unit} is not found.")
    if not isinstance(dimensions, dict) or not set(dimensions) <= {"region"}:
        raise invalid("The only dimension of this quota is region.")
    region = str(dimensions.get("region", EVERYWHERE))
    if region and region not in TRAINING_REGIONS:
        raise invalid(f"The region {region} is not known.")
    if not value.removeprefix("-").isdigit() or int(value) < UNLIMITED:
        raise invalid(f"The override value {value} is not valid.")
    return str(metric), region, int(value)


def _too_high(metric: str, most: int) -> ApiError:
    text = f"Cannot override the limit of {metric} to more than its default {most}; ask for more instead."
    info = gtypes.ErrorInfo(reason="COMMON_QUOTA_CONSUMER_OVERRIDE_TOO_HIGH", domain=_API)
    return ApiError(Code.FAILED_PRECONDITION, text, [info])
