"""The row about the project."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import replace

from tui.domain.access import Project
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.setup.billing import billing_check
from tui.domain.setup.facts import SetupFacts, connection_error, lacks_project, project_error
from tui.domain.setup.model import Check, CheckState, Fix, Group, Standing
from tui.domain.setup.origins import how_to_set, replacement
from tui.domain.setup.reading import unread, with_origin

_WHY = (
    "Jobs, buckets and bills belong to a project. It has three names: the id (kelp-train), which is meant"
    " everywhere; a number, which Google writes into service accounts; and a display name, which the console"
    " shows and which can be any text."
)
_MOST_NAMED = 3


def project_checks(facts: SetupFacts) -> tuple[Check, ...]:
    """Whether the project is there and can be used, and whether it can be billed."""
    return (_project(facts), billing_check(facts))


def _project(facts: SetupFacts) -> Check:
    standing = _standing(facts)
    named = _named_better(facts)
    fix = replacement("project", named, facts.project_origin) if named else None
    fixes: tuple[Fix, ...] = (fix,) if fix else ()
    describe = f"gcloud projects describe {shlex.quote(facts.project_id or 'ID')}"
    if _is_deleted(facts.project):
        describe = f"gcloud projects undelete {shlex.quote(facts.project_id)}"
    return Check(
        "project",
        Group.CONNECTION,
        "project",
        standing.state,
        with_origin(standing.finding, facts.project_origin),
        why=_WHY,
        said=standing.said,
        next_step=standing.next_step,
        command="" if facts.local else describe,
        link="" if facts.local else "https://console.cloud.google.com/cloud-resource-manager",
        fixes=fixes,
        by_hand=True,
        optional=standing.state in (CheckState.WARNING, CheckState.UNKNOWN),
    )


def _standing(facts: SetupFacts) -> Standing:
    if lacks_project(facts):
        step = "Start with --project ID, or run: vertex-tui config set project ID"
        return Standing(CheckState.FAILED, "no project is set", next_step=step)
    found = facts.project
    if isinstance(found, CloudError) and found is project_error(facts) and connection_error(facts) is None:
        return _absent(facts, found)
    if (missing := unread(facts, found)) is not None:
        return _untold(facts, missing)
    if _is_deleted(found):
        step = "Its owner can take that back within 30 days of the deletion; y copies the command."
        if facts.local:
            step = "Here it is put right by: vertex-tui local project set state=active"
        return Standing(CheckState.FAILED, f"{facts.project_id} is marked for deletion", next_step=step)
    return _present(facts, found) if isinstance(found, Project) else Standing(CheckState.UNKNOWN, "not told")


def _present(facts: SetupFacts, found: Project) -> Standing:
    if named := _named_better(facts):
        step = f"It works, but commands and names made from it read better with the id: {_how(facts, named)}"
        return Standing(CheckState.WARNING, f"{facts.project_id} is the number of {named}", next_step=step)
    return Standing(CheckState.OK, f"{facts.project_id} · number {found.number}")


def _untold(facts: SetupFacts, missing: Standing) -> Standing:
    """The standing while the project's description is not known."""
    if missing.state is CheckState.UNKNOWN:
        denied = isinstance(facts.project, CloudError) and facts.project.kind is ErrorKind.DENIED
        words = "answers, but its number is not told" if denied else missing.finding
        step = "Ask for the role Browser (roles/browser) to see it." if denied else missing.next_step
        return replace(missing, finding=f"{facts.project_id}: {words}", next_step=step)
    return replace(missing, finding=f"{facts.project_id} {missing.finding}".strip())


def _absent(facts: SetupFacts, error: CloudError) -> Standing:
    named = _named_better(facts)
    if named:
        finding = f"{facts.project_id} is no project of yours; {named} is"
        if _matches(facts)[0].display_name.casefold() == facts.project_id.casefold():
            finding = f"{facts.project_id} is the display name of {named}"
        return Standing(CheckState.FAILED, finding, error.message, f"Name the id: {_how(facts, named)}")
    likely = [item.project_id for item in _matches(facts)[:_MOST_NAMED]]
    step = f"Perhaps you mean {' or '.join(likely)}: {_how(facts, 'ID')}" if likely else ""
    step = step or (
        "gcloud projects list shows the ids of those you may see. If this is the right one, ask its owner"
        " for a role in it, such as Vertex AI User (roles/aiplatform.user)."
    )
    finding = f"{facts.project_id} does not exist, or you may not see it"
    return Standing(CheckState.FAILED, finding, error.message, step)


def _is_deleted(found: object) -> bool:
    return isinstance(found, Project) and found.state != "ACTIVE"


def _named_better(facts: SetupFacts) -> str:
    """The id that is surely or very likely meant by what the setting holds; empty if there is none."""
    found = facts.project
    if isinstance(found, Project):
        is_number = facts.project_id == found.number and found.project_id not in ("", found.number)
        return found.project_id if is_number and not _is_deleted(found) else ""
    if not isinstance(found, CloudError) or found is not project_error(facts):
        return ""
    matches = _matches(facts)
    return matches[0].project_id if len(matches) == 1 else ""


def _matches(facts: SetupFacts) -> Sequence[Project]:
    """Projects that the setting may mean: those of exactly that name if there are any, else similar ones."""
    text = facts.project_id.casefold()
    living = [item for item in facts.similar_projects if item.state == "ACTIVE" and item.project_id != text]
    exact = [item for item in living if text in (item.number, item.display_name.casefold())]
    return exact or living


def _how(facts: SetupFacts, project: str) -> str:
    return how_to_set("project", project, facts.project_origin)
