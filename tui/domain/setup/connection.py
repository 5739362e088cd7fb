"""The rows about who asks, in which project and in which region."""

from __future__ import annotations

import shlex
from dataclasses import replace

from tui.domain.access import Identity, Project
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.regions import is_training_region, similar_regions
from tui.domain.setup.facts import SetupFacts, cause, connection_error, lacks_quota_project, project_error
from tui.domain.setup.model import Check, CheckState, Group, Standing


def unread(facts: SetupFacts, value: object) -> Standing | None:
    """Why `value` tells nothing yet; None when it does."""
    if facts.trouble is not None or (value is None and not facts.connected):
        return Standing(CheckState.SKIPPED, "waits for the connection")
    if value is None:
        return Standing(CheckState.RUNNING, "checking …")
    if isinstance(value, CloudError):
        if awaited := cause(facts, value):
            return Standing(CheckState.SKIPPED, f"waits for {awaited}")
        return Standing(CheckState.UNKNOWN, value.title, value.message, value.hint)
    return None


def connection_checks(facts: SetupFacts) -> tuple[Check, ...]:
    """Credentials, project and region."""
    return (_credentials(facts), _project(facts), _region(facts))


def _credentials(facts: SetupFacts) -> Check:
    standing = _credentials_standing(facts)
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


def _credentials_standing(facts: SetupFacts) -> Standing:
    error = connection_error(facts)
    if error is not None and _lacks_project(facts):
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


def _lacks_project(facts: SetupFacts) -> bool:
    return not facts.local and not facts.project_id


def _project(facts: SetupFacts) -> Check:
    standing = _project_standing(facts)
    return Check(
        "project",
        Group.CONNECTION,
        "project",
        standing.state,
        _with_origin(standing.finding, facts.project_origin),
        why="Jobs, buckets and bills belong to a project. It is named by its id, not by its display name.",
        said=standing.said,
        next_step=standing.next_step,
        command="" if facts.local else f"gcloud projects describe {shlex.quote(facts.project_id or 'ID')}",
        link="" if facts.local else "https://console.cloud.google.com/cloud-resource-manager",
    )


def _project_standing(facts: SetupFacts) -> Standing:
    if _lacks_project(facts):
        step = "Start with --project ID, or run: vertex-tui config set project ID"
        return Standing(CheckState.FAILED, "no project is set", next_step=step)
    error = project_error(facts)
    if error is not None and connection_error(facts) is None:
        return Standing(CheckState.FAILED, _project_finding(facts, error), error.message, error.hint)
    if (missing := unread(facts, facts.project)) is not None:
        return replace(missing, finding=f"{facts.project_id} {missing.finding}".strip())
    project = facts.project
    if isinstance(project, Project) and project.state != "ACTIVE":
        step = "A project marked for deletion takes no jobs; it can be restored for 30 days."
        return Standing(CheckState.FAILED, f"{facts.project_id} is {project.state}", next_step=step)
    number = project.number if isinstance(project, Project) else ""
    return Standing(CheckState.OK, f"{facts.project_id} · number {number}")


def _project_finding(facts: SetupFacts, error: CloudError) -> str:
    if error.kind is ErrorKind.BILLING:
        return f"{facts.project_id} has no billing account"
    return f"{facts.project_id} does not exist, or you may not see it"


def _region(facts: SetupFacts) -> Check:
    right = is_training_region(facts.region)
    state, finding, step = CheckState.OK, facts.region, ""
    if not right:
        state, finding = CheckState.FAILED, f"{facts.region} is not a region for training"
        likely = similar_regions(facts.region)
        step = "Start with --region, or run: vertex-tui config set region REGION."
        step += f" Perhaps you mean {' or '.join(likely)}." if likely else ""
    return Check(
        "region",
        Group.CONNECTION,
        "region",
        state,
        _with_origin(finding, facts.region_origin),
        why="Jobs run in one region; machines, quotas and prices differ between regions,"
        " and the bucket should be in the same one.",
        next_step=step,
        command=""
        if right
        else f"gcloud config set ai/region {(similar_regions(facts.region) or ('REGION',))[0]}",
        link="" if right else "https://cloud.google.com/vertex-ai/docs/general/locations",
    )


def _with_origin(finding: str, origin: str) -> str:
    return f"{finding} · from {origin}" if origin else finding
