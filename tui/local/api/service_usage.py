"""`google.api.serviceusage.v1.ServiceUsage`."""

from __future__ import annotations

import re
from collections.abc import Callable

from tui.local import names
from tui.local.api import tokens
from tui.local.project_rules import check_enabling
from tui.local.state.operations import Operations
from tui.local.state.project import SERVICES, ProjectState
from tui.local.wire import gtypes
from tui.local.wire.errors import ApiError, Code, invalid
from tui.local.wire.gtypes import Message
from tui.local.wire.methods import Call, Handler, Method, Need, Route

SERVICE = "google.api.serviceusage.v1.ServiceUsage"
_API = "serviceusage.googleapis.com"
_NAME = "/v1/{name=*/*/services/*}"
_PARENT = "/v1/{parent=*/*}/services"
MAX_PAGE = 200
MAX_BATCH_GET = 30
MAX_BATCH_ENABLE = 20
_PAGE = 50
_CHECK = 2
"""Number of `CheckIfServiceHasUsage.CHECK`, which gcloud sends without `--force`."""
_STATE_FILTER = re.compile(r"\s*state\s*[:=]\s*\"?(ENABLED|DISABLED)\"?\s*")


class ServiceUsage:
    """Which APIs are on."""

    def __init__(
        self, project: ProjectState, operations: Operations, used: Callable[[str], bool] = lambda _name: False
    ) -> None:
        """Serve the state of the APIs.

        Args:
            project: where it is kept.
            operations: for what takes its time.
            used: whether an API was used in the last 30 days.
        """
        self._project = project
        self._operations = operations
        self._used = used

    def methods(self) -> list[Method]:
        """The rows of the method table."""
        g = gtypes
        batch_get = (g.BatchGetServicesRequest, g.BatchGetServicesResponse)
        return [
            _row("BatchGetServices", batch_get, self._batch_get, Route("GET", f"{_PARENT}:batchGet")),
            _row("GetService", (g.GetServiceRequest, g.Service), self._get, Route("GET", _NAME)),
            _row(
                "ListServices",
                (g.ListServicesRequest, g.ListServicesResponse),
                self._list,
                Route("GET", _PARENT),
            ),
            _row(
                "EnableService",
                (g.EnableServiceRequest, g.Operation),
                self._enable,
                Route("POST", f"{_NAME}:enable", "*"),
            ),
            _row(
                "DisableService",
                (g.DisableServiceRequest, g.Operation),
                self._disable,
                Route("POST", f"{_NAME}:disable", "*"),
            ),
            _row(
                "BatchEnableServices",
                (g.BatchEnableServicesRequest, g.Operation),
                self._batch_enable,
                Route("POST", f"{_PARENT}:batchEnable", "*"),
            ),
        ]

    async def _get(self, request: Message, _call: Call) -> Message:
        return self._service(_known(request.name))

    async def _batch_get(self, request: Message, _call: Call) -> Message:
        if len(request.names) > MAX_BATCH_GET:
            raise invalid(f"No more than {MAX_BATCH_GET} services can be requested at a time.")
        return gtypes.BatchGetServicesResponse(
            services=[self._service(_known(name)) for name in request.names]
        )

    async def _list(self, request: Message, _call: Call) -> Message:
        wanted = _state(request.filter)
        if not 0 <= request.page_size <= MAX_PAGE:
            raise invalid(f"Page size must be between 0 and {MAX_PAGE}.")
        position = tokens.read(request.page_token, request.filter, shape=(str,))
        after = str(position[0]) if position else ""
        matching = [
            name
            for name in SERVICES
            if name > after and wanted in {None, self._project.service_enabled(name)}
        ]
        page = matching[: request.page_size or _PAGE]
        response = gtypes.ListServicesResponse(services=[self._service(name) for name in page])
        if len(page) < len(matching):
            response.next_page_token = tokens.make([page[-1]], request.filter)
        return response

    async def _enable(self, request: Message, _call: Call) -> Message:
        name = _known(request.name)
        at_once = self._switch([name], enabled=True)
        response = gtypes.EnableServiceResponse(service=self._service(name))
        return self._operation([name], response, at_once=at_once)

    async def _disable(self, request: Message, _call: Call) -> Message:
        name = _known(request.name)
        if request.check_if_service_has_usage == _CHECK and self._used(name):
            raise _in_use(name)
        at_once = self._switch([name], enabled=False)
        response = gtypes.DisableServiceResponse(service=self._service(name))
        return self._operation([name], response, at_once=at_once)

    async def _batch_enable(self, request: Message, _call: Call) -> Message:
        if not request.service_ids:
            raise invalid("At least one service must be specified.")
        if len(request.service_ids) > MAX_BATCH_ENABLE:
            raise invalid(f"No more than {MAX_BATCH_ENABLE} services can be enabled at a time.")
        wanted = [_known(name) for name in request.service_ids]
        at_once = self._switch(wanted, enabled=True)
        response = gtypes.BatchEnableServicesResponse(services=[self._service(name) for name in wanted])
        return self._operation(wanted, response, at_once=at_once)

    def _switch(self, services: list[str], *, enabled: bool) -> bool:
        """Change the state; whether nothing had to change."""
        if all(self._project.service_enabled(name) is enabled for name in services):
            return True
        if enabled:
            fresh = [name for name in services if not self._project.service_enabled(name)]
            check_enabling(self._project.standing, fresh)
        self._project.set_services(services, enabled=enabled)
        return False

    def _operation(self, services: list[str], response: Message, *, at_once: bool) -> Message:
        resource_names = [f"projects/{names.PROJECT_NUMBER}/services/{name}" for name in services]
        metadata = gtypes.ServiceUsageMetadata(resource_names=resource_names)
        return self._operations.add(
            f"operations/acat.p2-{names.PROJECT_NUMBER}-", response, metadata, at_once=at_once
        )

    def _service(self, name: str) -> Message:
        parent = f"projects/{names.PROJECT_NUMBER}"
        service = gtypes.Service(name=f"{parent}/services/{name}", parent=parent)
        service.config.name = name
        service.config.title = SERVICES[name]
        enabled = self._project.service_enabled(name)
        service.state = gtypes.ServiceState.ENABLED if enabled else gtypes.ServiceState.DISABLED
        return service


def _row(name: str, types: tuple[Message, Message], handler: Handler, route: Route) -> Method:
    verb = name.removeprefix("Batch").removesuffix("s").removesuffix("Service").lower()
    return Method(
        SERVICE, name, *types, handler, (route,), Need(_API, f"serviceusage.services.{verb}", _resource)
    )


def _resource(request: Message) -> str:
    return str(getattr(request, "name", "") or getattr(request, "parent", ""))


def _known(name: str) -> str:
    service = name.rpartition("/")[2]
    if service not in SERVICES:
        raise ApiError(
            Code.PERMISSION_DENIED,
            f"Not found or permission denied for service(s): {service}.",
            [gtypes.ErrorInfo(reason="SERVICE_CONFIG_NOT_FOUND_OR_PERMISSION_DENIED", domain=_API)],
        )
    return service


def _in_use(service: str) -> ApiError:
    text = f"The service {service} has been used in the last 30 days; skip the check to disable it anyway."
    violation = gtypes.PreconditionFailure.Violation(
        type="googleapis.com", subject="?error_code=SU_SERVICE_HAS_USAGE", description=text
    )
    info = gtypes.ErrorInfo(reason="SU_SERVICE_HAS_USAGE", domain=_API, metadata={"service": service})
    details = [gtypes.PreconditionFailure(violations=[violation]), info]
    return ApiError(Code.FAILED_PRECONDITION, text, details)


def _state(text: str) -> bool | None:
    if not text.strip():
        return None
    found = _STATE_FILTER.fullmatch(text)
    if not found:
        raise invalid(f"Invalid filter: {text!r}; use state:ENABLED or state:DISABLED.")
    return found[1] == "ENABLED"
