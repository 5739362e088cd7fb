"""The gateway's interface: everything the app asks of Google Cloud or of the stand-in.

Panes and services are given an object of these types and never build clients themselves. Every method
raises `tui.domain.errors.CloudError` and nothing else (besides `asyncio.CancelledError`).
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from tui.domain.access import (
    ApiState,
    Identity,
    OrganizationPolicy,
    Policy,
    Project,
    QuotaLimits,
    ServiceAccount,
)
from tui.domain.jobs import Job, JobPage
from tui.domain.logs import LogPage, TailBatch
from tui.domain.places import Place
from tui.domain.storage_gateway import StorageGateway
from tui.domain.target import Target

if TYPE_CHECKING:
    from tui.domain.catalog.skus import Sku


class JobsGateway(Protocol):
    """`google.cloud.aiplatform.v1.JobService`, custom jobs only, in the target's project and region."""

    async def list_jobs(
        self, *, page_size: int = 100, page_token: str = "", filter_: str = "", brief: bool = False
    ) -> JobPage:
        """One page of `ListCustomJobs`; `brief` leaves out the jobs' specs (`read_mask`)."""
        ...

    async def get_job(self, name: str) -> Job:
        """`GetCustomJob`."""
        ...

    async def create_job(self, custom_job: Mapping[str, Any]) -> Job:
        """`CreateCustomJob` with a CustomJob in the API's JSON form; sent once, never retried.

        A failure after which the job may exist all the same has `CloudError.ambiguous` set.
        """
        ...

    async def cancel_job(self, name: str) -> None:
        """`CancelCustomJob`: asks only, the job ends later."""
        ...

    async def delete_job(self, name: str) -> None:
        """`DeleteCustomJob`, until its long-running operation has ended."""
        ...


class LogsGateway(Protocol):
    """`google.logging.v2.LoggingServiceV2`."""

    @property
    def can_tail(self) -> bool:
        """Whether `tail` exists on this transport (it has no REST form)."""
        ...

    async def list_entries(
        self, filter_: str, *, page_size: int = 1000, page_token: str = "", newest_first: bool = False
    ) -> LogPage:
        """One page of `ListLogEntries` of the target's project; at most 1,000 entries."""
        ...

    def tail(self, filter_: str) -> AsyncGenerator[TailBatch, None]:
        """`TailLogEntries` from now on, until the service ends the session or the iterator is closed."""
        ...


class SetupGateway(Protocol):
    """Credentials, Resource Manager, Service Usage and IAM."""

    async def identity(self) -> Identity:
        """Who the calls are made as."""
        ...

    async def clock_skew(self) -> float | None:
        """Seconds that this box's clock is ahead of Google's, by the `Date` of an answer that needs no login.

        None when no answer came.
        """
        ...

    async def find_projects(self, text: str) -> tuple[Project, ...]:
        """Up to five projects the caller can see whose id, number or display name is like `text`."""
        ...

    async def billing_enabled(self) -> bool:
        """Whether the project has an open billing account (Cloud Billing `getBillingInfo`)."""
        ...

    async def price_skus(self) -> tuple[Sku, ...]:
        """The rows of the Cloud Billing catalogue that price what Compute Engine machines are made of.

        Many megabytes and up to a minute: for the background only.
        """
        ...

    async def effective_policy(self, constraint: str) -> OrganizationPolicy:
        """What an organization policy allows here (Resource Manager v1 `getEffectiveOrgPolicy`)."""
        ...

    async def quota_limits(self, metrics: Sequence[str]) -> dict[str, QuotaLimits]:
        """Limits of quota metrics (`aiplatform.googleapis.com/…`); unknown ones are left out.

        By Service Usage v1beta1; where that is refused, by Cloud Quotas.
        """
        ...

    async def get_account(self, email: str) -> ServiceAccount:
        """One service account, of whatever project."""
        ...

    async def test_account_permissions(self, email: str, permissions: Sequence[str]) -> frozenset[str]:
        """Those of `permissions` that the caller holds on a service account."""
        ...

    async def grant_on_account(self, email: str, member: str, role: str) -> bool:
        """Add an unconditional binding to a service account's policy; False if it was there."""
        ...

    async def revoke_on_account(self, email: str, member: str, role: str) -> bool:
        """Take the member out of the role's unconditional binding; False if it was not in it."""
        ...

    async def get_bucket_policy(self, name: str) -> Policy:
        """A bucket's own IAM policy at version 3."""
        ...

    async def grant_on_bucket(self, name: str, member: str, role: str) -> bool:
        """Add an unconditional binding to the bucket's policy, as `grant_roles`; False if held."""
        ...

    async def revoke_on_bucket(self, name: str, member: str, role: str) -> bool:
        """Take the member out of the role's unconditional binding; False if it was not in it."""
        ...

    async def make_agents(self) -> str:
        """Let Vertex AI's service agents come into being; the e-mail of the primary one.

        Service Usage v1beta1 `generateServiceIdentity`, until its operation has ended.
        """
        ...

    async def get_project(self) -> Project:
        """The target's project."""
        ...

    async def api_states(self, services: Sequence[str]) -> dict[str, ApiState]:
        """State of each named service, e.g. `aiplatform.googleapis.com`."""
        ...

    async def enable_apis(self, services: Sequence[str]) -> None:
        """Enable services, until the long-running operation has ended."""
        ...

    async def test_permissions(self, permissions: Sequence[str]) -> frozenset[str]:
        """Those of `permissions` that the caller holds on the project."""
        ...

    async def get_policy(self) -> Policy:
        """The project's IAM policy at version 3."""
        ...

    async def grant_roles(self, member: str, roles: Sequence[str]) -> tuple[str, ...]:
        """Add unconditional bindings by read-modify-write with the etag; the roles that were really added."""
        ...

    async def revoke_roles(self, member: str, roles: Sequence[str]) -> tuple[str, ...]:
        """Take the member out of unconditional bindings in the same way; the roles it really lost."""
        ...


class Gateway(Protocol):
    """All services of one target."""

    @property
    def target(self) -> Target:
        """Where the calls go."""
        ...

    def elsewhere(self, place: Place) -> Gateway:
        """The same login in another project or region; the same object each time, closed with this one."""
        ...

    @property
    def jobs(self) -> JobsGateway:
        """Custom jobs."""
        ...

    @property
    def logs(self) -> LogsGateway:
        """Log entries."""
        ...

    @property
    def storage(self) -> StorageGateway:
        """Buckets and objects."""
        ...

    @property
    def setup(self) -> SetupGateway:
        """Project, APIs and rights."""
        ...

    async def close(self) -> None:
        """Close channels and threads."""
        ...


class RecordsGateway(Protocol):
    """Jobs and log entries in the API's own JSON, untouched."""

    async def job(self, name: str) -> dict[str, Any]:
        """`GetCustomJob`."""
        ...

    async def entries(self, filter_: str, *, page_token: str = "") -> tuple[list[Mapping[str, Any]], str]:
        """One page of `ListLogEntries`, at most 1,000 from the oldest on, and the token of the next."""
        ...


class HeadlessGateway(Gateway, Protocol):
    """What the commands are given: all services of one target, and records as they are."""

    def elsewhere(self, place: Place) -> HeadlessGateway:
        """The same login in another project or region; the same object each time, closed with this one."""
        ...

    @property
    def records(self) -> RecordsGateway:
        """Jobs and log entries in the API's own JSON."""
        ...
