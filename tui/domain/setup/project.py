"""The rows about the project and its billing."""

from __future__ import annotations

import shlex
from dataclasses import replace

from tui.domain.access import Project
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.setup.facts import SetupFacts, connection_error, lacks_project, project_error
from tui.domain.setup.model import Check, CheckState, Group, Standing
from tui.domain.setup.reading import unread, with_origin


def project_checks(facts: SetupFacts) -> tuple[Check, ...]:
    """Whether the project is there and can be used, and whether it can be billed."""
    return (_project(facts),)


def _project(facts: SetupFacts) -> Check:
    standing = _standing(facts)
    return Check(
        "project",
        Group.CONNECTION,
        "project",
        standing.state,
        with_origin(standing.finding, facts.project_origin),
        why="Jobs, buckets and bills belong to a project. It is named by its id, not by its display name.",
        said=standing.said,
        next_step=standing.next_step,
        command="" if facts.local else f"gcloud projects describe {shlex.quote(facts.project_id or 'ID')}",
        link="" if facts.local else "https://console.cloud.google.com/cloud-resource-manager",
    )


def _standing(facts: SetupFacts) -> Standing:
    if lacks_project(facts):
        step = "Start with --project ID, or run: vertex-tui config set project ID"
        return Standing(CheckState.FAILED, "no project is set", next_step=step)
    error = project_error(facts)
    if error is not None and connection_error(facts) is None:
        return Standing(CheckState.FAILED, _finding(facts, error), error.message, error.hint)
    if (missing := unread(facts, facts.project)) is not None:
        return replace(missing, finding=f"{facts.project_id} {missing.finding}".strip())
    project = facts.project
    if isinstance(project, Project) and project.state != "ACTIVE":
        step = "A project marked for deletion takes no jobs; it can be restored for 30 days."
        return Standing(CheckState.FAILED, f"{facts.project_id} is {project.state}", next_step=step)
    number = project.number if isinstance(project, Project) else ""
    return Standing(CheckState.OK, f"{facts.project_id} · number {number}")


def _finding(facts: SetupFacts, error: CloudError) -> str:
    if error.kind is ErrorKind.BILLING:
        return f"{facts.project_id} has no billing account"
    return f"{facts.project_id} does not exist, or you may not see it"
