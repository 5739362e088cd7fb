"""The project's own state: IAM policy, enabled APIs, service accounts, tokens, operations."""

from __future__ import annotations

import hashlib
import secrets

from tui.local import names
from tui.local.clock import now_ns
from tui.local.state.database import Database
from tui.local.wire import gtypes
from tui.local.wire.gtypes import Message

SERVICES = {
    "aiplatform.googleapis.com": "Vertex AI API",
    "artifactregistry.googleapis.com": "Artifact Registry API",
    "cloudbilling.googleapis.com": "Cloud Billing API",
    "cloudquotas.googleapis.com": "Cloud Quotas API",
    "cloudresourcemanager.googleapis.com": "Cloud Resource Manager API",
    "compute.googleapis.com": "Compute Engine API",
    "iam.googleapis.com": "Identity and Access Management (IAM) API",
    "iamcredentials.googleapis.com": "IAM Service Account Credentials API",
    "logging.googleapis.com": "Cloud Logging API",
    "monitoring.googleapis.com": "Cloud Monitoring API",
    "serviceusage.googleapis.com": "Service Usage API",
    "storage.googleapis.com": "Cloud Storage API",
}
"""Services the project may enable, with the titles that Google's messages use."""

_ENABLED_AT_FIRST = frozenset(
    {"cloudresourcemanager.googleapis.com", "serviceusage.googleapis.com", "storage.googleapis.com"}
)


class ProjectState:
    """Read and write the project's state; policy and services are kept in memory as well."""

    def __init__(self, database: Database) -> None:
        self._database = database
        if self._meta("created") is None:
            self._found()
        self._policy = gtypes.Policy.FromString(self._meta("policy"))
        rows = database.connection.execute("SELECT name FROM services WHERE enabled")
        self._enabled = {row[0] for row in rows}
        self._principals: dict[str, str] = dict(
            database.connection.execute("SELECT token, principal FROM tokens").fetchall()
        )

    def _found(self) -> None:
        owner = names.owner()
        policy = gtypes.Policy(version=1)
        policy.bindings.add(role="roles/owner", members=[owner])
        policy.etag = _etag(policy)
        with self._database.transaction() as connection:
            connection.execute("INSERT INTO meta VALUES ('policy', ?)", (policy.SerializeToString(),))
            connection.execute("INSERT INTO meta VALUES ('owner', ?)", (owner.encode(),))
            connection.execute("INSERT INTO meta VALUES ('created', ?)", (str(now_ns()).encode(),))
            connection.executemany(
                "INSERT INTO services VALUES (?, ?)",
                [(name, name in _ENABLED_AT_FIRST) for name in SERVICES],
            )
            connection.execute(
                "INSERT INTO accounts VALUES (?, ?, ?)",
                (names.COMPUTE_ACCOUNT, "Compute Engine default service account", _unique_id()),
            )

    def _meta(self, key: str) -> bytes | None:
        row = self._database.connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return row[0] if row else None

    @property
    def owner(self) -> str:
        """The IAM member who made this project and calls without a token."""
        return (self._meta("owner") or b"").decode()

    @property
    def created_ns(self) -> int:
        """When this project was made."""
        return int(self._meta("created") or b"0")

    def policy(self) -> Message:
        """The policy as it is now; not to be changed in place."""
        return self._policy

    def set_policy(self, policy: Message) -> Message:
        """Store a policy under a new etag, and return it."""
        stored = gtypes.Policy()
        stored.CopyFrom(policy)
        stored.etag = _etag(stored)
        self._database.connection.execute(
            "UPDATE meta SET value = ? WHERE key = 'policy'", (stored.SerializeToString(),)
        )
        self._policy = stored
        return stored

    def grant(self, member: str, role: str) -> None:
        """Add an unconditional binding unless it is there."""
        policy = gtypes.Policy()
        policy.CopyFrom(self._policy)
        for binding in policy.bindings:
            if binding.role == role and not binding.HasField("condition"):
                if member not in binding.members:
                    binding.members.append(member)
                    self.set_policy(policy)
                return
        policy.bindings.add(role=role, members=[member])
        self.set_policy(policy)

    def service_enabled(self, name: str) -> bool:
        """Whether an API is enabled, e.g. `storage.googleapis.com`."""
        return name in self._enabled

    def set_services(self, services: list[str], *, enabled: bool) -> None:
        """Enable or disable; enabling Vertex AI brings its service agents with their roles into being."""
        with self._database.transaction() as connection:
            connection.executemany(
                "INSERT OR REPLACE INTO services VALUES (?, ?)", [(name, enabled) for name in services]
            )
        self._enabled = self._enabled | set(services) if enabled else self._enabled - set(services)
        if enabled and "aiplatform.googleapis.com" in services:
            self.grant(f"serviceAccount:{names.PRIMARY_AGENT}", "roles/aiplatform.serviceAgent")
            self.grant(f"serviceAccount:{names.CUSTOM_CODE_AGENT}", "roles/aiplatform.customCodeServiceAgent")

    def accounts(self) -> list[Message]:
        """The service accounts as `google.iam.admin.v1.ServiceAccount`; service agents are not listed."""
        rows = self._database.connection.execute("SELECT * FROM accounts ORDER BY email")
        return [_account(*row) for row in rows]

    def account_exists(self, email: str) -> bool:
        """Whether a service account or a service agent of this e-mail exists."""
        if email in names.AGENTS:
            return True
        query = "SELECT 1 FROM accounts WHERE email = ?"
        return self._database.connection.execute(query, (email,)).fetchone() is not None

    def mint_token(self, principal: str, job_id: str) -> str:
        """A new bearer token that stands for `principal`."""
        token = f"ya29.local-{secrets.token_urlsafe(32)}"
        self._database.connection.execute("INSERT INTO tokens VALUES (?, ?, ?)", (token, principal, job_id))
        self._principals[token] = principal
        return token

    def owner_token(self, owner: str) -> str:
        """The bearer token of the owner, made when it is first asked for."""
        query = "SELECT token FROM tokens WHERE principal = ? AND job_id = ''"
        row = self._database.connection.execute(query, (owner,)).fetchone()
        return str(row[0]) if row else self.mint_token(owner, "")

    def drop_tokens(self, job_id: str) -> None:
        """Take back the tokens of a job that has ended."""
        rows = self._database.connection.execute(
            "DELETE FROM tokens WHERE job_id = ? RETURNING token", (job_id,)
        ).fetchall()
        for (token,) in rows:
            self._principals.pop(token, None)

    def principal_of_token(self, token: str) -> str | None:
        """Whom a bearer token stands for."""
        return self._principals.get(token)


def _etag(policy: Message) -> bytes:
    return hashlib.sha256(policy.SerializeToString() + secrets.token_bytes(8)).digest()[:9]


def _unique_id() -> str:
    return "1" + "".join(secrets.choice("0123456789") for _ in range(20))


def _account(email: str, display_name: str, unique_id: str) -> Message:
    return gtypes.ServiceAccount(
        name=f"projects/{names.PROJECT_ID}/serviceAccounts/{email}",
        project_id=names.PROJECT_ID,
        unique_id=unique_id,
        email=email,
        display_name=display_name,
        etag=hashlib.sha256(f"{email}{display_name}".encode()).digest()[:9],
        oauth2_client_id=unique_id,
    )
