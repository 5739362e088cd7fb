"""Gets the app its gateway: starts the local server if asked to, loads Google's libraries off the loop."""

from __future__ import annotations

import asyncio

from tui.domain.errors import CloudError, ErrorKind
from tui.domain.gateway import Gateway, HeadlessGateway
from tui.domain.target import PROJECT, LocalEndpoint, Target, Transport
from tui.services.options import AppOptions

START_TIMEOUT_SECONDS = 30.0
"""A first start compiles Google's libraries, which takes up to ten seconds on a slow box."""


async def connect(options: AppOptions) -> Gateway:
    """Build the gateway for Google Cloud or for the local server.

    Raises:
        CloudError: the local server does not start, or no project is known; missing credentials show
            at the first call.
    """
    from tui.cloud import session  # noqa: PLC0415 (kept off the way to the first frame)

    warming = asyncio.create_task(asyncio.to_thread(session.warm))
    try:
        target = await _local_target(options) if options.local else _google_target(options)
    finally:
        await warming
    return await session.open_gateway(target)


async def connect_lightly(options: AppOptions) -> HeadlessGateway:
    """Like `connect`, for a command that ends soon: only what is used of Google's libraries is loaded.

    Raises:
        CloudError: as `connect`.
    """
    from tui.cloud import session  # noqa: PLC0415 (as above)

    target = await _local_target(options) if options.local else _google_target(options)
    return await session.open_lightly(target)


def _google_target(options: AppOptions) -> Target:
    settings = options.settings
    if not settings.project:
        raise CloudError(
            "No project is set",
            "No flag, environment variable, setting or gcloud configuration names a Google Cloud project.",
            hint="Start with --project ID, or run: vertex-tui config set project ID. "
            "To try it without an account: vertex-tui --local",
            kind=ErrorKind.NOT_FOUND,
        )
    return Target(
        project=settings.project,
        region=settings.region,
        transport=Transport(settings.transport),
        quota_project=settings.quota_project,
        diverted=options.diverted,
        read_only=settings.read_only,
        login=settings.credentials,
        log_resources=_names(settings.logging_resource_names),
    )


async def _local_target(options: AppOptions) -> Target:
    from tui.local import launcher  # noqa: PLC0415 (only when asked for)

    try:
        record = await asyncio.to_thread(
            launcher.ensure, options.paths.local_dir, timeout=START_TIMEOUT_SECONDS
        )
    except launcher.LauncherError as error:
        raise CloudError(
            "The local server did not start",
            str(error),
            hint="Press r to try again, or run: vertex-tui local status",
            kind=ErrorKind.LOCAL,
            retryable=True,
        ) from error
    chosen = Transport(options.settings.transport)
    return Target(
        project=record.project,
        region=options.settings.region,
        # Nothing lies between that could let no gRPC through: a server that is just starting is no reason.
        transport=Transport.GRPC if chosen is Transport.AUTO else chosen,
        local=LocalEndpoint(
            grpc_address=record.grpc_address,
            http_url=launcher.http_address(record),
            log_reads=record.log_reads_per_minute,
        ),
        read_only=options.settings.read_only,
        log_resources=_there(_names(options.settings.logging_resource_names), record.project),
    )


def _names(setting: str) -> tuple[str, ...]:
    """The names in a setting that has commas between them."""
    return tuple(name for each in setting.split(",") if (name := each.strip()))


def _there(names: tuple[str, ...], project: str) -> tuple[str, ...]:
    """Those that the local server can know: others are meant for Google Cloud."""
    filled = ((each, each.replace(PROJECT, project).split("/")) for each in names)
    return tuple(each for each, parts in filled if parts[:2] == ["projects", project])
