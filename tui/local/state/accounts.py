"""Service accounts that the project makes, and the policies of single ones."""

from __future__ import annotations

from tui.local import names
from tui.local.state.database import Database
from tui.local.state.project import policy_etag, unique_id
from tui.local.wire import gtypes
from tui.local.wire.gtypes import Message

DOMAIN = f"{names.PROJECT_ID}.iam.gserviceaccount.com"


class Accounts:
    """Changes the table of service accounts; `ProjectState` reads it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        rows = database.connection.execute("SELECT email, policy FROM account_policies")
        self._policies = {email: gtypes.Policy.FromString(data) for email, data in rows}

    def add(self, account_id: str, display_name: str, description: str) -> str:
        """A new service account; its e-mail."""
        email = f"{account_id}@{DOMAIN}"
        self._database.connection.execute(
            "INSERT INTO accounts (email, display_name, unique_id, description) VALUES (?, ?, ?, ?)",
            (email, display_name, unique_id(), description),
        )
        return email

    def delete(self, email: str) -> None:
        """Delete a service account with its policy."""
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM accounts WHERE email = ?", (email,))
            connection.execute("DELETE FROM account_policies WHERE email = ?", (email,))
        self._policies.pop(email, None)

    def policy(self, email: str) -> Message | None:
        """The policy of one service account, not to be changed in place; None if it has none."""
        return self._policies.get(email)

    def set_policy(self, email: str, policy: Message) -> Message:
        """Store a policy under a new etag, and return it."""
        stored = gtypes.Policy()
        stored.CopyFrom(policy)
        stored.etag = policy_etag(stored)
        self._database.connection.execute(
            "INSERT OR REPLACE INTO account_policies VALUES (?, ?)", (email, stored.SerializeToString())
        )
        self._policies[email] = stored
        return stored
