"""The door to the gateway: light to import; Google's libraries load only when it is opened."""

from __future__ import annotations

import asyncio
import os
import warnings
from typing import TYPE_CHECKING

from tui.domain.gateway import Gateway, HeadlessGateway
from tui.domain.target import Target

if TYPE_CHECKING:
    from tui.cloud.gateway import CloudGateway


def warm() -> None:
    """Import Google's libraries (1.5–3 s of CPU); for a thread, after the first frame. Safe to repeat."""
    _prepare_environment()
    import tui.cloud.gateway  # noqa: F401, PLC0415 (the point of this function)


async def open_gateway(target: Target) -> Gateway:
    """A gateway to `target`, without a call to it.

    Missing credentials, an unreachable endpoint or a wrong project are reported by the calls, each time,
    so that the app stays usable and recovers without a restart.
    """
    await asyncio.to_thread(warm)
    return _gateway_type()(target)


async def open_lightly(target: Target) -> HeadlessGateway:
    """A gateway like that of `open_gateway`, of which only the parts load that are used."""
    await asyncio.to_thread(_warm_lightly)
    from tui.cloud.light import LightGateway  # noqa: PLC0415 (loaded in a thread)

    return LightGateway(target)


def _warm_lightly() -> None:
    _prepare_environment()
    import tui.cloud.light  # noqa: F401, PLC0415 (the point of this function)


def _gateway_type() -> type[CloudGateway]:
    from tui.cloud.gateway import CloudGateway  # noqa: PLC0415 (loaded by `warm` in a thread)

    return CloudGateway


def _prepare_environment() -> None:
    """Settle what Google's libraries read from the environment once, at import."""
    # gRPC's C core writes to descriptor 2, which the screen draws on.
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    # google-cloud-storage 3.17 would fetch each bucket's metadata in a thread of its own, for traces that are
    # off anyway.
    os.environ.setdefault("DISABLE_GCS_PYTHON_CLIENT_OTEL_BUCKET_METADATA", "true")
    bundle = os.environ.get("SSL_CERT_FILE")
    if bundle and not os.environ.get("REQUESTS_CA_BUNDLE") and not os.environ.get("CURL_CA_BUNDLE"):
        # requests reads only these two names; token refreshes make sessions of their own, so a session's
        # `verify` would not reach them.
        os.environ["REQUESTS_CA_BUNDLE"] = bundle
    warnings.filterwarnings("ignore", message="Your application has authenticated using end user credentials")
