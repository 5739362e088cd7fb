"""How many requests about jobs a region takes in a minute ("Quotas and limits" of Vertex AI)."""

from __future__ import annotations

from dataclasses import dataclass

from tui.local import names
from tui.local.api.log_quota import Meter
from tui.local.settings import Settings
from tui.local.wire import gtypes
from tui.local.wire.errors import ApiError, Code

_API = "aiplatform.googleapis.com"
_HELP = "https://cloud.google.com/docs/quotas/help/request_increase"


@dataclass(frozen=True, slots=True)
class _Kind:
    """One of the quotas: its title as messages have it, and its names as metadata has them."""

    title: str
    metric: str
    limit: str


_SUBMISSIONS = _Kind(
    "Job or LRO submission requests",
    f"{_API}/job_or_lro_submission_requests",
    "JobOrLroSubmissionRequestsPerMinutePerProjectPerRegion",
)
_REQUESTS = _Kind(
    "Resource management (CRUD) requests",
    f"{_API}/resource_management_requests",
    "ResourceManagementRequestsPerMinutePerProjectPerRegion",
)


class JobRates:
    """Counts the requests of the project, region by region."""

    def __init__(self, settings: Settings) -> None:
        self._limits = {
            _SUBMISSIONS: settings.job_submissions_per_minute,
            _REQUESTS: settings.job_requests_per_minute,
        }
        self._meters: dict[tuple[_Kind, str], Meter] = {}

    def submission(self, region: str) -> None:
        """Count the creation or deletion of a job.

        Raises:
            ApiError: RESOURCE_EXHAUSTED: there were too many in this minute.
        """
        self._require(_SUBMISSIONS, region)

    def request(self, region: str) -> None:
        """Count any other request about jobs.

        Raises:
            ApiError: RESOURCE_EXHAUSTED: there were too many in this minute.
        """
        self._require(_REQUESTS, region)

    def _require(self, kind: _Kind, region: str) -> None:
        meter = self._meters.get((kind, region))
        if meter is None:
            meter = self._meters[kind, region] = Meter(self._limits[kind])
        if not meter.take():
            raise _exceeded(kind, region, meter.limit)


def _exceeded(kind: _Kind, region: str, limit: int) -> ApiError:
    """As the front of Google's APIs words it; the titles are known from real messages or the quota page."""
    text = (
        f"Quota exceeded for quota metric '{kind.title}' and limit '{kind.title} per minute per region' of "
        f"service '{_API}' for consumer 'project_number:{names.PROJECT_NUMBER}'."
    )
    info = gtypes.ErrorInfo(
        reason="RATE_LIMIT_EXCEEDED",
        domain="googleapis.com",
        metadata={
            "service": _API,
            "consumer": f"projects/{names.PROJECT_NUMBER}",
            "quota_metric": kind.metric,
            "quota_limit": kind.limit,
            "quota_limit_value": str(limit),
            "quota_location": region,
            "quota_unit": "1/min/{project}/{region}",
        },
    )
    link = gtypes.Help.Link(description="Request a higher quota limit.", url=_HELP)
    return ApiError(Code.RESOURCE_EXHAUSTED, text, [info, gtypes.Help(links=[link])])
