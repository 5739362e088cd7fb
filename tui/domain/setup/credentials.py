"""The row about the credentials."""

from __future__ import annotations

import shlex

from tui.domain.access import Identity
from tui.domain.setup.facts import SetupFacts, connection_error, lacks_project, lacks_quota_project
from tui.domain.setup.model import Check, CheckState, Group, Standing


def credentials_check(facts: SetupFacts) -> Check:
    """Whose credentials calls are made with, and whether they are any good."""
    standing = _standing(facts)
    why = (
        "Everything runs on this box: no account, no bill."
        if facts.local
        else "Nothing is asked of Google without credentials. The app uses application default credentials,"
        " which are a login of their own beside gcloud's."
    )
    return Check(
        "connection",
        Group.CONNECTION,
        "credentials",
        standing.state,
        standing.finding,
        why=why,
        said=standing.said,
        next_step=standing.next_step,
        command="" if facts.local else "gcloud auth application-default login",
        link="" if facts.local else "https://cloud.google.com/docs/authentication/external/set-up-adc",
    )


def _standing(facts: SetupFacts) -> Standing:
    error = connection_error(facts)
    if error is not None and lacks_project(facts):
        return Standing(CheckState.SKIPPED, "waits for a project")
    if error is not None and lacks_quota_project(error):
        step = f"gcloud auth application-default set-quota-project {shlex.quote(facts.project_id)}"
        return Standing(CheckState.FAILED, "credentials without a quota project", error.message, step)
    if error is not None:
        return Standing(CheckState.FAILED, error.title, error.message, error.hint)
    if isinstance(facts.identity, Identity):
        known = (facts.identity.account, facts.identity.source)
        return Standing(CheckState.OK, " · ".join(part for part in known if part))
    return Standing(CheckState.RUNNING, "starting the local server …" if facts.local else "connecting …")
