"""The project's own state: IAM policy, enabled APIs, service accounts, tokens, operations."""

from __future__ import annotations

import hashlib
import secrets
import sqlite3
from collections.abc import Iterable

from tui.local import names
from tui.local.clock import SECOND, now_ns
from tui.local.state.database import Database
from tui.local.state.standing import Standing, standing_from_json
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
    {
        "cloudresourcemanager.googleapis.com",
        "compute.googleapis.com",
        "iam.googleapis.com",
        "logging.googleapis.com",
        "monitoring.googleapis.com",
        "serviceusage.googleapis.com",
        "storage.googleapis.com",
    }
)
"""Those of every new project, and what first steps with virtual machines turn on, which also make the Compute
Engine default service account; Vertex AI is for the user to enable."""


class ProjectState:
    """Read and write the project's state; policy and services are kept in memory as well."""

    def __init__(self, database: Database, propagation_seconds: float = 0.0) -> None:
        self._database = database
        self._propagation_ns = int(propagation_seconds * SECOND)
        self._usable_ns: dict[str, int] = {}
        if self._meta("created") is None:
            self._found()
        self._policy = gtypes.Policy.FromString(self._meta("policy"))
        self._standing = standing_from_json(self._meta("standing"))
        rows = database.connection.execute("SELECT name FROM services WHERE enabled")
        self._enabled = {row[0] for row in rows}
        self._principals: dict[str, str] = dict(
            database.connection.execute("SELECT token, principal FROM tokens").fetchall()
        )

    def _found(self) -> None:
        owner = names.owner()
        policy = gtypes.Policy(version=1)
        policy.bindings.add(role="roles/owner", members=[owner])
        policy.etag = policy_etag(policy)
        with self._database.transaction() as connection:
            connection.execute("INSERT INTO meta VALUES ('policy', ?)", (policy.SerializeToString(),))
            connection.execute("INSERT INTO meta VALUES ('owner', ?)", (owner.encode(),))
            connection.execute("INSERT INTO meta VALUES ('created', ?)", (str(now_ns()).encode(),))
            connection.executemany(
                "INSERT INTO services VALUES (?, ?)",
                [(name, name in _ENABLED_AT_FIRST) for name in SERVICES],
            )
            connection.execute(
                "INSERT INTO accounts (email, display_name, unique_id) VALUES (?, ?, ?)",
                (names.COMPUTE_ACCOUNT, "Compute Engine default service account", unique_id()),
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

    @property
    def standing(self) -> Standing:
        """What the owner has made of the project, to practise."""
        return self._standing

    def practise(self, standing: Standing, roles: Iterable[str] | None = None) -> None:
        """Put the project into a state; with `roles` these are all that its owner holds from now on.

        Raises:
            sqlite3.Error: it could not be stored; nothing has changed.
        """
        before = self._policy
        try:
            with self._database.transaction() as connection:
                connection.execute(
                    "INSERT OR REPLACE INTO meta VALUES ('standing', ?)", (standing.to_json(),)
                )
                if roles is not None:
                    self._replace_roles(self.owner, roles)
        except sqlite3.Error:
            self._policy = before
            raise
        self._standing = standing

    def roles_of(self, member: str) -> list[str]:
        """The roles a member holds without a condition, in the policy's order."""
        return [
            binding.role
            for binding in self._policy.bindings
            if member in binding.members and not binding.HasField("condition")
        ]

    def _replace_roles(self, member: str, roles: Iterable[str]) -> None:
        """Let a member hold these roles and no others, but for what it holds under a condition."""
        policy = gtypes.Policy()
        policy.CopyFrom(self._policy)
        for binding in policy.bindings:
            if member in binding.members and not binding.HasField("condition"):
                binding.members.remove(member)
        left = [binding for binding in policy.bindings if binding.members]
        del policy.bindings[:]
        policy.bindings.extend(left)
        self.set_policy(policy)
        for role in roles:
            self.grant(member, role)

    def policy(self) -> Message:
        """The policy as it is now; not to be changed in place."""
        return self._policy

    def set_policy(self, policy: Message) -> Message:
        """Store a policy under a new etag, and return it."""
        stored = gtypes.Policy()
        stored.CopyFrom(policy)
        stored.etag = policy_etag(stored)
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

    def service_usable(self, name: str) -> bool:
        """Whether an API answers: it is enabled, and that has got about."""
        return name in self._enabled and now_ns() >= self._usable_ns.get(name, 0)

    def set_services(self, services: list[str], *, enabled: bool) -> None:
        """Enable or disable; an API that is enabled can be used after the time of propagation."""
        with self._database.transaction() as connection:
            connection.executemany(
                "INSERT OR REPLACE INTO services VALUES (?, ?)", [(name, enabled) for name in services]
            )
        fresh = set(services) - self._enabled if enabled and self._propagation_ns else set()
        self._usable_ns |= dict.fromkeys(fresh, now_ns() + self._propagation_ns)
        self._enabled = self._enabled | set(services) if enabled else self._enabled - set(services)

    def make_agents(self) -> None:
        """Bring Vertex AI's service agents with their roles into being, unless they are: at the first job."""
        if self._meta("agents") is not None:
            return
        before = self._policy
        try:
            with self._database.transaction() as connection:
                connection.execute("INSERT INTO meta VALUES ('agents', ?)", (str(now_ns()).encode(),))
                self.grant(f"serviceAccount:{names.PRIMARY_AGENT}", "roles/aiplatform.serviceAgent")
                self.grant(
                    f"serviceAccount:{names.CUSTOM_CODE_AGENT}", "roles/aiplatform.customCodeServiceAgent"
                )
        except sqlite3.Error:
            self._policy = before
            raise

    def accounts(self) -> list[Message]:
        """The service accounts as `google.iam.admin.v1.ServiceAccount`; service agents are not listed."""
        rows = self._database.connection.execute(
            "SELECT email, display_name, unique_id, description FROM accounts ORDER BY email"
        )
        return [_account(*row) for row in rows]

    def account_exists(self, email: str) -> bool:
        """Whether a service account or a service agent of this e-mail exists."""
        if email in names.AGENTS:
            return self._meta("agents") is not None
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

    def tokens(self) -> tuple[str, ...]:
        """All bearer tokens that are good now."""
        return tuple(self._principals)

    def principal_of_token(self, token: str) -> str | None:
        """Whom a bearer token stands for."""
        return self._principals.get(token)


def policy_etag(policy: Message) -> bytes:
    """A new etag; valid base64 in JSON, which gcloud insists on."""
    return hashlib.sha256(policy.SerializeToString() + secrets.token_bytes(8)).digest()[:9]


def unique_id() -> str:
    """A new numeric id of a service account."""
    return "1" + "".join(secrets.choice("0123456789") for _ in range(20))


def _account(email: str, display_name: str, unique: str, description: str) -> Message:
    return gtypes.ServiceAccount(
        name=f"projects/{names.PROJECT_ID}/serviceAccounts/{email}",
        project_id=names.PROJECT_ID,
        unique_id=unique,
        email=email,
        display_name=display_name,
        description=description,
        etag=hashlib.sha256(f"{email}{display_name}".encode()).digest()[:9],
        oauth2_client_id=unique,
    )
