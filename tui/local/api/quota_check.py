"""Whether a new job is within the quota of its region, or is to be refused on request."""

from __future__ import annotations

from collections.abc import Sequence

from tui.local import names
from tui.local.faults.book import FaultBook
from tui.local.state.quotas import Quotas, Shortage, needs_of
from tui.local.wire import gtypes
from tui.local.wire.errors import ApiError, Code
from tui.local.wire.gtypes import Message

_EXCEPTION = "com.google.cloud.ai.platform.common.errors.AiPlatformException"


class QuotaCheck:
    """What `CreateCustomJob` asks before it takes a job."""

    def __init__(self, quotas: Quotas, faults: FaultBook) -> None:
        self._quotas = quotas
        self._faults = faults

    def require(self, job: Message, region: str) -> None:
        """Refuse a job beyond its region's quota, or one for which a fault says so.

        Raises:
            ApiError: RESOURCE_EXHAUSTED with the metrics, as Vertex AI words it.
        """
        shortages = self._quotas.shortages(job.job_spec, region) or self._on_request(job, region)
        if shortages:
            raise quota_exceeded(shortages)

    def _on_request(self, job: Message, region: str) -> list[Shortage]:
        fault = self._faults.take(
            "job",
            job.display_name,
            effects=frozenset({"quota"}),
            fits=lambda rule: not rule.options.get("queued"),
        )
        if fault is None:
            return []
        wanted = needs_of(job.job_spec)
        accelerators = [metric for metric in wanted if metric.endswith("_gpus") or "tpu" in metric]
        used = self._quotas.usage(region)
        return [
            Shortage(metric, region, self._quotas.limit(metric, region), used[metric], wanted[metric])
            for metric in accelerators or list(wanted)[:1]
        ]


def quota_exceeded(shortages: Sequence[Shortage]) -> ApiError:
    """RESOURCE_EXHAUSTED as Vertex AI tells it; which limit and where is in the violations."""
    metrics = ",".join(shortage.metric for shortage in shortages)
    text = f"The following quota metrics exceed quota limits: {metrics}"
    violations = [
        gtypes.QuotaFailure.Violation(
            subject=f"project:{names.PROJECT_NUMBER}",
            description=(
                f"Quota exceeded for {shortage.metric} in region {shortage.region}: limit {shortage.limit}, "
                f"in use {shortage.used}, requested {shortage.wanted}."
            ),
        )
        for shortage in shortages
    ]
    debug = gtypes.DebugInfo(
        detail=(
            f"[ORIGINAL ERROR] generic::resource_exhausted: {_EXCEPTION}: "
            f"code=RESOURCE_EXHAUSTED, message={text}, cause=null"
        )
    )
    return ApiError(Code.RESOURCE_EXHAUSTED, text, [gtypes.QuotaFailure(violations=violations), debug])
