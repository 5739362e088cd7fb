"""What tests of every kind share: bounded waits on conditions, and nothing that sleeps and hopes."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar, overload

from textual.pilot import Pilot

Value = TypeVar("Value")

PATIENCE = 20.0
"""Seconds after which a condition counts as never met: far above any honest wait, so never a measurement."""

STEP = 0.01
"""Seconds between two looks at a condition."""

FOREIGN = (
    "GOOGLE_",
    "CLOUDSDK_",
    "GCLOUD_",
    "GCE_",
    "CLOUD_ML_",
    "STORAGE_EMULATOR_",
    "HF_",
    "WANDB_",
    "TMUX",
    "STY",
    "TERM_PROGRAM",
    "VERTEX_TUI_",
    "TEXTUAL",
    "NO_COLOR",
    "FORCE_COLOR",
    "COLUMNS",
    "LINES",
)
"""Beginnings of environment variables through which the user's machine would leak into a test."""

OURS = "TEXTUAL_SNAPSHOT_"
"""Beginning of the variables through which the snapshot plugin talks to its tests."""

PROXIES = ("http_proxy", "https_proxy", "all_proxy", "ftp_proxy", "grpc_proxy", "no_grpc_proxy")
"""Proxy variables, which must not come between a test and its own loopback."""


def clean_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """`environ` without Google's, Textual's, the proxies' and our own variables."""
    return {
        name: value
        for name, value in environ.items()
        if (name.startswith(OURS) or not name.startswith(FOREIGN)) and name.lower() not in PROXIES
    }


@overload
async def wait_for(
    condition: Callable[[], Awaitable[Value]],
    timeout: float = ...,  # noqa: ASYNC109
    *,
    what: str = ...,
) -> Value: ...
@overload
async def wait_for(
    condition: Callable[[], Value],
    timeout: float = ...,  # noqa: ASYNC109
    *,
    what: str = ...,
) -> Value: ...
async def wait_for(
    condition: Callable[[], object],
    timeout: float = PATIENCE,  # noqa: ASYNC109  # a bound with words, where asyncio.timeout has none
    *,
    what: str = "the condition",
) -> object:
    """The first true value of `condition` (plain or asynchronous); fails after `timeout` seconds."""
    end = time.monotonic() + timeout
    while True:
        value = condition()
        if isinstance(value, Awaitable):
            value = await value
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"{what} was not met within {timeout:g} s; last seen: {value!r}")
        await asyncio.sleep(STEP)


def wait_until(
    condition: Callable[[], Value], timeout: float = PATIENCE, *, what: str = "the condition"
) -> Value:
    """`wait_for` for code without an event loop."""
    end = time.monotonic() + timeout
    while not (value := condition()):
        if time.monotonic() > end:
            raise AssertionError(f"{what} was not met within {timeout:g} s; last seen: {value!r}")
        time.sleep(STEP)
    return value


async def settle(
    pilot: Pilot[object],
    condition: Callable[[], Value] | None = None,
    timeout: float = PATIENCE,  # noqa: ASYNC109
    *,
    what: str = "the screen",
) -> Value | None:
    """Let the app handle its messages until `condition` is true; without one, until it is idle once."""
    await pilot.pause()
    if condition is None:
        return None
    end = time.monotonic() + timeout
    while not (value := condition()):
        if time.monotonic() > end:
            raise AssertionError(f"{what} was not as expected within {timeout:g} s; last seen: {value!r}")
        await pilot.pause(STEP)
    return value


def subprocess_environment(home: os.PathLike[str]) -> dict[str, str]:
    """A clean environment for a child process whose every file lies below `home`."""
    return {
        **clean_environment(os.environ),
        "HOME": str(home),
        "VERTEX_TUI_HOME": str(home),
        "CLOUDSDK_CONFIG": os.path.join(home, "gcloud"),  # noqa: PTH118
        "NO_PROXY": "localhost,127.0.0.1,::1",
        "no_proxy": "localhost,127.0.0.1,::1",
        "TERM": "xterm-256color",
    }
