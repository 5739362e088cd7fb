"""What has been read so far, and what a failed read means for the rows that needed it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import TYPE_CHECKING

from tui.domain.access import (
    ApiState,
    Identity,
    OrganizationPolicy,
    Policy,
    Project,
    QuotaLimits,
    ServiceAccount,
)
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.setup.model import Fix, Grant
from tui.domain.setup.needs import JobNeeds
from tui.domain.storage import Bucket

if TYPE_CHECKING:  # no price is looked at before the first frame
    from tui.domain.catalog.skus import PriceBook

GCLOUD_CONSUMER = "projects/764086051850"
"""gcloud's own client project: named as the consumer when the credentials have no quota project."""

REQUIRED_APIS: Mapping[str, tuple[str, str]] = {
    "serviceusage.googleapis.com": ("Service Usage", "Reads and changes which APIs are on."),
    "cloudresourcemanager.googleapis.com": (
        "Resource Manager",
        "Tells the project's number and who may do what in it.",
    ),
    "aiplatform.googleapis.com": ("Vertex AI", "Runs the jobs."),
    "compute.googleapis.com": (
        "Compute Engine",
        "Provides the machines, and makes the project's Compute Engine default service account.",
    ),
    "storage.googleapis.com": ("Cloud Storage", "Holds what your jobs write."),
    "logging.googleapis.com": ("Cloud Logging", "Holds what your jobs print."),
    "iam.googleapis.com": ("IAM", "Manages the service accounts that jobs run as."),
}
"""Service to name and use; in this order on screen."""

OPTIONAL_APIS: Mapping[str, tuple[str, str]] = {
    "artifactregistry.googleapis.com": (
        "Artifact Registry",
        "Holds container images of your own; jobs on Google's images run without it.",
    ),
    "cloudbilling.googleapis.com": (
        "Cloud Billing",
        "Tells whether the project has a billing account; jobs run without it.",
    ),
}
"""The same for what only some jobs need."""

APIS: Mapping[str, tuple[str, str]] = {**REQUIRED_APIS, **OPTIONAL_APIS}
"""All services that are looked at."""


@dataclass(frozen=True, slots=True)
class Box:
    """What this box says about logins and its terminal; read without the network."""

    gcloud: str = ""
    """Path of the gcloud program; empty if there is none."""
    gcloud_account: str = ""
    """Who gcloud is signed in as; not the same login as application default credentials."""
    gcloud_impersonates: str = ""
    """gcloud's own setting `auth/impersonate_service_account`."""
    over_ssh: bool = False
    credentials_variable: str = ""
    """The value of `GOOGLE_APPLICATION_CREDENTIALS`; empty when it is not set."""
    default_file: str = ""
    """Where application default credentials are kept, `~` for the home folder."""
    proxy: str = ""
    """The proxy for https, without a password; empty for none."""


@dataclass(frozen=True, slots=True)
class Terminal:
    """What the terminal of the app can do; None where that cannot be told."""

    columns: int
    rows: int
    colours: int
    """8, 16, 256 or 16,777,216; 2 for none."""
    utf8: bool
    multiplexer: str = ""
    """`tmux`, `screen` or empty."""
    clipboard: bool | None = None
    """Whether text can reach the user's clipboard (OSC 52)."""
    clipboard_note: str = ""
    """Why not, or what it takes, in one sentence."""
    name: str = ""
    """`TERM`."""
    escape_ms: int | None = None
    """How long tmux holds the escape key back; None outside tmux, or not known."""
    copies: str = ""
    """The file that also keeps what was copied last, `~` for the home folder."""


@dataclass(frozen=True, slots=True)
class TokenVerdict:
    """What a service other than Google's said of a secret, when the user asked."""

    good: bool
    words: str
    """One line, e.g. `belongs to ana, may read google/gemma-3-1b-it`."""
    told: bool = True
    """False when the service could not be asked, or does not say."""
    next_step: str = ""
    link: str = ""
    """The page on which the next step is done."""


@dataclass(frozen=True, slots=True)
class SetupFacts:
    """Everything the rows are made from; None stands for what has not been read yet."""

    project_id: str = ""
    region: str = ""
    bucket_name: str = ""
    local: bool = False
    project_origin: str = ""
    """Where the project id came from, in words."""
    region_origin: str = ""
    bucket_origin: str = ""
    """Empty when the name is the default made from the project."""
    login: str = "adc"
    """The setting `credentials`: `adc`, or `gcloud` for gcloud's own login."""
    connected: bool = False
    checked_at: datetime | None = None
    """When everything was last read."""
    trouble: CloudError | None = None
    """Why there is no connection at all."""
    identity: Identity | CloudError | None = None
    project: Project | CloudError | None = None
    apis: Mapping[str, ApiState] | CloudError | None = None
    permissions: frozenset[str] | CloudError | None = None
    policy: Policy | CloudError | None = None
    bucket: Bucket | CloudError | None = None
    bucket_permissions: frozenset[str] | CloudError | None = None
    billing: bool | CloudError | None = None
    skew: float | None = None
    """Seconds this box's clock is ahead of Google's, looked at when the login fails."""
    similar_projects: tuple[Project, ...] = ()
    """Projects that the caller may have meant, looked for when the project is not found."""
    bucket_policy: Policy | CloudError | None = None
    locations_policy: OrganizationPolicy | CloudError | None = None
    """`constraints/gcp.resourceLocations`."""
    keys_policy: OrganizationPolicy | CloudError | None = None
    """`constraints/gcp.restrictNonCmekServices`."""
    account: ServiceAccount | CloudError | None = None
    """The spec's own service account; stays None while the spec names none."""
    account_permissions: frozenset[str] | CloudError | None = None
    """Of `ACCOUNT_PERMISSIONS`, on that account."""
    quotas: Mapping[str, QuotaLimits] | CloudError | None = None
    """By metric; stays None while the spec needs none."""
    quota_in_use: Mapping[str, int] = field(default_factory=dict)
    """What living jobs of the region hold, by metric."""
    prices: PriceBook | None = None
    """Of the Cloud Billing catalogue, where it could be read."""
    needs: JobNeeds | None = None
    """What the open spec asks for; None when no spec is open, or none that could ever be read."""
    spec_trouble: str = ""
    """Why no job of the open spec can be started as it is, with the next step."""
    kms_key: str = ""
    """The setting `kms_key`, used for buckets and for jobs whose spec names none."""
    secret_names: frozenset[str] | None = None
    """Names that have a value among the secrets or in the environment; None while not known."""
    secret_trouble: str = ""
    """Why the secrets file cannot be used, with the next step."""
    tokens: Mapping[str, TokenVerdict] = field(default_factory=dict)
    """Verdicts of other services by the name of the secret."""
    box: Box = field(default_factory=Box)
    terminal: Terminal | None = None
    read_only: bool = False
    accepted: Mapping[str, str] = field(default_factory=dict)
    """Findings that the user accepted as they are, by the row's id."""
    granted: tuple[Grant, ...] = ()
    """Grants really added in this session, the oldest first; each can be taken back."""
    applying: tuple[Fix, ...] = ()
    """Changes under way."""
    made: tuple[Fix, ...] = ()
    """Changes that have just been made, and whose rows are still to be read again."""
    settling: frozenset[str] = field(default_factory=frozenset)
    """Services just enabled whose calls are not known to pass yet."""
    refused: tuple[tuple[Fix, CloudError], ...] = ()
    """Changes that failed when last tried."""

    @property
    def errors(self) -> tuple[CloudError, ...]:
        """All failed reads."""
        values = (getattr(self, item.name) for item in fields(self) if item.name in PROBES)
        return tuple(value for value in values if isinstance(value, CloudError))

    @property
    def answers(self) -> int:
        """How many reads over the network succeeded; the identity may be known without one."""
        values = (getattr(self, name) for name in PROBES if name != "identity")
        return sum(value is not None and not isinstance(value, CloudError) for value in values)

    def api_enabled(self, service: str) -> bool | None:
        """Whether the service is on; None when that is not known."""
        if not isinstance(self.apis, Mapping):
            return None
        state = self.apis.get(service, ApiState.UNKNOWN)
        return None if state is ApiState.UNKNOWN else state is ApiState.ENABLED


PROBES = (
    "identity",
    "project",
    "apis",
    "permissions",
    "policy",
    "billing",
    "bucket",
    "bucket_permissions",
    "bucket_policy",
    "locations_policy",
    "keys_policy",
    "account",
    "account_permissions",
    "quotas",
)
"""The facts that are read over the network, by name."""
ACCOUNT_PERMISSIONS = ("iam.serviceAccounts.actAs",)
"""All that is asked about the spec's service account."""
LOCATIONS_CONSTRAINT = "constraints/gcp.resourceLocations"
KEYS_CONSTRAINT = "constraints/gcp.restrictNonCmekServices"

_LOGIN = (ErrorKind.NO_CREDENTIALS, ErrorKind.EXPIRED_CREDENTIALS)
_LOGIN_REASONS = ("USER_PROJECT_DENIED", "ACCESS_TOKEN_SCOPE_INSUFFICIENT")
_ABSENT = (ErrorKind.NOT_FOUND, ErrorKind.DENIED)
_SILENT = (ErrorKind.UNREACHABLE, ErrorKind.TIMEOUT)
PERIMETER_REASON = "SECURITY_POLICY_VIOLATED"
"""`google.api.ErrorReason` of a refusal by VPC Service Controls."""


def connection_error(facts: SetupFacts) -> CloudError | None:
    """The failure that lies in the credentials or the network and so hides all the rest."""
    if facts.trouble is not None:
        return facts.trouble
    if isinstance(facts.identity, CloudError) and (facts.identity.kind in _LOGIN or not facts.answers):
        return facts.identity
    for error in facts.errors:
        if error.kind in _LOGIN or error.reason in _LOGIN_REASONS or lacks_quota_project(error):
            return error
    silent = [error for error in facts.errors if error.kind in _SILENT]
    if not silent or facts.answers or len(silent) < len(facts.errors):
        return None
    unreachable = next((error for error in silent if error.kind is ErrorKind.UNREACHABLE), None)
    asked = all(isinstance(value, CloudError) for value in (facts.project, facts.apis, facts.permissions))
    return unreachable or (silent[0] if asked else None)


def project_error(facts: SetupFacts) -> CloudError | None:
    """The failure that lies in the project itself: not to be seen, marked for deletion, or unbilled."""
    found = facts.project
    if isinstance(found, Project) and found.state != "ACTIVE":
        return CloudError("The project is marked for deletion", kind=ErrorKind.PRECONDITION)
    if isinstance(found, CloudError) and found.kind in _ABSENT and not refusal(found) and not _seen(facts):
        return found
    return billing_error(facts)


def billing_error(facts: SetupFacts) -> CloudError | None:
    """The answer to a read that says that the project has no open billing account."""
    return next((error for error in facts.errors if error.kind is ErrorKind.BILLING), None)


def refusal(error: CloudError) -> str:
    """Which rule of the organization refused a call, in words to wait for; empty if none did."""
    if error.reason == PERIMETER_REASON:
        return "the service perimeter"
    return "the organization's policy" if error.metadata.get("constraint") else ""


def _seen(facts: SetupFacts) -> bool:
    """Whether the project has shown itself in another way than by its description."""
    held = isinstance(facts.permissions, frozenset) and bool(facts.permissions)
    return held or isinstance(facts.policy, Policy)


def lacks_project(facts: SetupFacts) -> bool:
    """Whether nothing names a project."""
    return not facts.local and not facts.project_id


def lacks_quota_project(error: CloudError) -> bool:
    """Whether "API disabled" is about gcloud's own project, for want of a quota project of the user's."""
    if error.kind not in (ErrorKind.API_DISABLED, ErrorKind.DENIED):
        return False
    consumer = error.metadata.get("consumer", "")
    return consumer == GCLOUD_CONSUMER or "requires a quota project" in error.message


def disabled_service(error: CloudError) -> str:
    """The service whose being off made a call fail, or an empty string."""
    return error.metadata.get("service", "") if error.kind is ErrorKind.API_DISABLED else ""


def cause(facts: SetupFacts, error: CloudError) -> str:
    """What a row waits for whose own read failed with `error`; empty if the failure is its own."""
    at_connection, at_project = connection_error(facts), project_error(facts)
    if at_connection is not None:
        return "the connection"
    if waited := refusal(error):
        return waited
    if error.kind is ErrorKind.BILLING:
        return "a billing account"
    if service := disabled_service(error):
        name = APIS.get(service, (service, ""))[0]
        return f"the {name} API to take effect" if service in facts.settling else f"the {name} API"
    if at_project is None or at_project.kind is ErrorKind.BILLING:
        return ""
    deleted = at_project.kind is ErrorKind.PRECONDITION
    return "the project" if deleted or error.kind in _ABSENT else ""


def changeable(facts: SetupFacts) -> bool:
    """Whether a change could reach the project at all."""
    usable = connection_error(facts) is None and project_error(facts) is None
    return facts.connected and usable and facts.billing is not False
