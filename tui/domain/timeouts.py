"""How long a job may run: what its spec says, and the service's own limit."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

MAX_SECONDS = 7 * 24 * 3600
"""The longest timeout, and the one of a job that sets none (`Scheduling.timeout`)."""


def timeout_of(job: Mapping[str, Any]) -> float:
    """The timeout of a CustomJob in JSON form, in seconds; 0 if it sets none, or none that can be read."""
    spec: Any = job.get("jobSpec")
    scheduling: Any = spec.get("scheduling") if isinstance(spec, Mapping) else None
    value = scheduling.get("timeout") if isinstance(scheduling, Mapping) else None
    try:
        seconds = float(str(value).removesuffix("s")) if value else 0.0
    except ValueError:
        return 0.0
    return seconds if math.isfinite(seconds) else 0.0
