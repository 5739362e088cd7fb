"""One text that asks an administrator for all that is missing."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tui.domain.access import Identity, Project
from tui.domain.errors import ErrorKind
from tui.domain.setup.changes import commands
from tui.domain.setup.facts import SetupFacts, connection_error, project_error
from tui.domain.setup.model import (
    Check,
    CheckState,
    CreateBucket,
    EnableApis,
    GrantOnBucket,
    GrantRoles,
    Group,
    part_of,
)
from tui.domain.setup.permissions import ACTIONS, caller, lacking_permissions, may_not
from tui.domain.setup.roles import MINIMUM_ROLES, smallest_roles
from tui.domain.text import printable

_TROUBLE = (CheckState.FAILED, CheckState.WARNING)
_HELPERS = frozenset({"permissions.restore", "permissions.buckets", "permissions.look", "permissions.images"})
"""Rows whose rights jobs do not need, but that are worth asking for once something is asked for anyway."""
_WORDS = {"permissions.buckets": "list buckets"}
_TOO_MUCH = frozenset({"storage.buckets.create", "storage.buckets.delete"})
"""Not asked for by the way: the role for them gives everything in every bucket."""
_BESIDES = frozenset({"account.agents", "account.project", "account.images"})
"""Rows that are asked for along with others: what they say cannot be seen, or puts itself right."""


@dataclass(frozen=True, slots=True)
class _Part:
    """A numbered paragraph: what is asked for, why, and the commands that do it."""

    title: str
    commands: tuple[str, ...]
    reasons: tuple[str, ...] = ()
    needed: bool = True
    """Whether this alone makes a request worth sending."""


def admin_request(facts: SetupFacts, checks: Iterable[Check]) -> str:
    """What to send to an administrator; empty when nothing needs one.

    It names who asks, the project and what for, then each thing with its gcloud commands; texts that rows
    have of their own (a request for quota) follow. What the user can do here himself, or has accepted as it
    is, is left out.
    """
    rows = [check for check in checks if check.state in _TROUBLE]
    parts = _parts(facts, rows) if connection_error(facts) is None else []
    drafts = list(dict.fromkeys(check.draft.strip() for check in rows if check.draft.strip()))
    if not any(part.needed for part in parts):
        parts = []
    if not parts and not drafts:
        return ""
    blocks = [*_head(facts)] if parts else []
    blocks += [_paragraph(number, part) for number, part in enumerate(parts, start=1)]
    if parts:
        blocks.append("Nothing else in the project changes. Thank you.")
    return "\n\n".join((*blocks, *drafts)) + "\n"


def _head(facts: SetupFacts) -> Iterator[str]:
    project = facts.project
    number = f" (number {project.number})" if isinstance(project, Project) and project.number else ""
    name = facts.project_id or "(not set)"
    yield f"Request for the Google Cloud project {name}{number}"
    needs = facts.needs
    what = f"training jobs on Vertex AI in {facts.region}"
    if needs is not None:
        account = needs.service_account or "Google's Custom Code Service Agent"
        what += f" from the job spec {printable(needs.file)}, running as {printable(account)}"
    yield f"Who asks:  {_who(facts)}\nWhat for:  {what}"


def _who(facts: SetupFacts) -> str:
    who = facts.identity
    if member := caller(facts):
        return member
    name = who.account or who.principal if isinstance(who, Identity) else ""
    return printable(name) or "(my account; it is not told here)"


def _paragraph(number: int, part: _Part) -> str:
    lines = [f"{number}. {part.title}"]
    lines += [f"   - {printable(reason)}" for reason in part.reasons]
    lines += [f"   {printable(command)}" for command in part.commands]
    return "\n".join(lines)


def _parts(facts: SetupFacts, rows: list[Check]) -> list[_Part]:
    found = (
        _billing(facts, rows),
        _apis(facts, rows),
        _rights(facts, rows),
        *_account(facts, rows),
        *_bucket(facts, rows),
    )
    return [part for part in found if part is not None]


def _billing(facts: SetupFacts, rows: list[Check]) -> _Part | None:
    """Billing is never the app's to change, whoever asks."""
    if not any(check.id == "billing" and check.state is CheckState.FAILED for check in rows):
        return None
    project = shlex.quote(facts.project_id or "PROJECT")
    line = f"gcloud billing projects link {project} --billing-account=ACCOUNT_ID"
    return _Part("Link an open billing account to the project:", (line,))


def _apis(facts: SetupFacts, rows: list[Check]) -> _Part | None:
    """The APIs to turn on, where the user may not: known beforehand, or because it was refused."""
    forbidden = may_not(facts, "serviceusage.services.enable")
    off = [check for check in rows if check.group is Group.APIS and not check.optional]
    names = [check.id.removeprefix("apis.") for check in off if forbidden or _refused(facts, check)]
    if not names:
        return None
    return _Part("Turn on these APIs:", commands(EnableApis(tuple(names)), facts.project_id))


def _rights(facts: SetupFacts, rows: list[Check]) -> _Part | None:
    """The smallest roles for all actions that the user lacks, and cannot give himself."""
    member = caller(facts) or "user:YOUR_ACCOUNT"
    if _locked_out(facts):
        lines = commands(GrantRoles(member, MINIMUM_ROLES), facts.project_id)
        return _Part(f"Let {member} use the project (it cannot be seen so far):", lines)
    lacking = [check for check in rows if check.group is Group.PERMISSIONS and _is_stuck(facts, check)]
    asked = {check.id: check for check in lacking if not check.optional or _worth_asking(facts, check)}
    if not asked:
        return None
    lacked = [
        name
        for action in ACTIONS
        if f"permissions.{action.slug}" in asked
        for name in lacking_permissions(facts, action)
    ]
    roles = smallest_roles(name for name in lacked if name not in _TOO_MUCH)
    lines = commands(GrantRoles(member, roles), facts.project_id)
    reasons = tuple(f"to {_WORDS.get(key, check.title)}" for key, check in asked.items())
    needed = any(not check.optional for check in asked.values())
    return _Part(f"Grant to {member}:", lines, reasons, needed=needed)


def _worth_asking(facts: SetupFacts, check: Check) -> bool:
    """Whether rights that jobs do not need are asked for besides: small ones, that are really missing."""
    action = next((one for one in ACTIONS if check.id == f"permissions.{one.slug}"), None)
    lacked = lacking_permissions(facts, action) if action else ()
    return check.id in _HELPERS and not set(lacked) <= _TOO_MUCH


def _account(facts: SetupFacts, rows: list[Check]) -> Iterator[_Part]:
    """What concerns the account that the job runs as, row by row."""
    for check in rows:
        besides = check.id in _BESIDES
        mine = check.group is Group.ACCOUNT and bool(check.command) and (besides or not check.optional)
        if mine and _is_stuck(facts, check):
            told = check.id in _TELLING and not _refused(facts, check)
            reasons = (check.finding,) if told else ()
            lines = tuple(check.command.splitlines())
            yield _Part(f"{_TITLES.get(check.id, check.title)}:", lines, reasons, needed=not besides)


_TELLING = frozenset({"account.runs-as", "account.project", "account.images", "account.agents"})
"""Rows whose finding says more than the title here."""
_TITLES = {
    "account.runs-as": "See to the job's service account",
    "account.use": "Let me use the job's service account",
    "account.storage": "Let the job write its outputs",
    "account.logs": "Let the job write its log lines",
    "account.project": "Unless it is done, let Vertex AI use an account of another project",
    "account.images": "Unless it is done, let Google's agents pull images from another project",
    "account.agents": "Make Vertex AI's service agents",
}


def _bucket(facts: SetupFacts, rows: list[Check]) -> Iterator[_Part]:
    """The bucket to be made, where the user may not, and grants on it that were refused."""
    for check in rows:
        for fix in check.fixes if check.group is Group.BUCKET else ():
            makes = isinstance(fix, CreateBucket)
            unable = makes and may_not(facts, "storage.buckets.create")
            if isinstance(fix, CreateBucket | GrantOnBucket) and (unable or _refused(facts, check)):
                title = "Create the bucket for outputs:" if makes else "Let the job write to the bucket:"
                yield _Part(title, commands(fix, facts.project_id), needed=not check.optional)


def _is_stuck(facts: SetupFacts, check: Check) -> bool:
    """Whether the user cannot put a row right himself: nothing is offered, or it was refused."""
    return not check.fixes or _refused(facts, check)


def _refused(facts: SetupFacts, check: Check) -> bool:
    """Whether a change that the row asks for was refused for want of a permission."""
    denied = [whole for whole, error in facts.refused if _denied(error.kind)]
    return any(part_of(fix, whole) for fix in check.fixes for whole in denied)


def _denied(kind: ErrorKind) -> bool:
    return kind is ErrorKind.DENIED


def _locked_out(facts: SetupFacts) -> bool:
    """Whether the project is there for others, perhaps, but tells the user nothing at all."""
    error = project_error(facts)
    return error is not None and _denied(error.kind) and not isinstance(facts.permissions, frozenset)
