"""The rows about the account that a job of the open spec really runs as."""

from __future__ import annotations

import shlex
from dataclasses import replace

from tui.domain.access import Policy, Project, ServiceAccount
from tui.domain.errors import CloudError
from tui.domain.setup.account_rights import (
    NEEDED_ROLES,
    logs_row,
    missing_roles,
    storage_row,
    tutorial_row,
)
from tui.domain.setup.account_row import (
    Plan,
    compute_off,
    is_absent,
    is_compute,
    is_foreign,
    named_account,
    number_of,
    project_option,
    row,
    waiting,
)
from tui.domain.setup.agents import (
    agents_in,
    compute_account,
    custom_code_agent,
    home_of,
    is_agent,
    primary_agent,
    reader_commands,
    repositories,
)
from tui.domain.setup.changes import commands
from tui.domain.setup.facts import ACCOUNT_PERMISSIONS, SetupFacts, changeable, disabled_service
from tui.domain.setup.model import Check, CheckState, GrantOnAccount, MakeAgents, SetServiceAccount, Standing
from tui.domain.setup.permissions import ASK, caller
from tui.domain.setup.reading import unread

__all__ = ["NEEDED_ROLES", "account_checks", "compute_account", "custom_code_agent", "missing_roles"]

USER_ROLE = "roles/iam.serviceAccountUser"
TOKEN_ROLE = "roles/iam.serviceAccountTokenCreator"  # noqa: S105  # a role's name
VERTEX = "aiplatform.googleapis.com"

_AS_AGENT = (
    "A spec without serviceAccount runs as Google's Custom Code Service Agent, {agent}, not as the Compute"
    " Engine default service account that tutorials grant roles to. The agent can read and write every"
    " bucket of this project and write log lines; a bucket of another project must be opened to it there."
    " What it cannot get is a token for all of Google Cloud (scope cloud-platform): code that needs one"
    " takes a service account of your own. A placeholder in serviceAccount counts as none; the Spec pane"
    " names it."
)
_AS_NAMED = (
    "The spec's serviceAccount names it, so the job's code has exactly what this account has been granted,"
    " and nothing of Google's Custom Code Service Agent. Images are pulled by Google's agents all the same."
)
_USE = (
    "Whoever starts a job as a service account must have the right to use it, or the submission is refused."
    " No role of Vertex AI includes that; it is best given on this one account."
)
_FOREIGN = (
    "Vertex AI uses an account of another project only if its own agent, {agent}, may make tokens for it, and"
    " if that project's organization policy iam.disableCrossProjectServiceAccountUsage is off. Neither can"
    " be seen from here; an account of this project needs nothing of the kind."
)
_IMAGES = (
    "Images are pulled by Google's agents, whatever account the job runs as. They may read this project's"
    " repositories, but {names} must be opened to both of them, or the submission is refused. Whether"
    " that has been done cannot be seen from here."
)
_AGENTS = (
    "Vertex AI works as two service agents: {primary} for itself, {custom} for the code of jobs that name no"
    " account. They come into being with the first job, which can fail once while they are made; a grant to"
    " an agent that does not exist is refused. They appear in the project's policy once they have their"
    " roles; making them early costs nothing."
)


def account_checks(facts: SetupFacts) -> tuple[Check, ...]:
    """Who a job of the open spec runs as, and whether that account may do what the job does."""
    if facts.needs is None:
        return (_no_spec(facts), _agents(facts))
    account = named_account(facts)
    own = account and not is_agent(account)
    if _is_left_over(facts, account):
        return (_left_over(facts, account), _agents(facts))
    rows = (
        _named(facts, account) if account else _unnamed(facts),
        _use(facts, account) if own else None,
        storage_row(facts, account) if own else None,
        logs_row(facts, account) if own else None,
        _foreign(facts, account) if own and is_foreign(facts, account) else None,
        _images(facts),
        _agents(facts),
        tutorial_row(facts),
    )
    return tuple(item for item in rows if item is not None)


def _no_spec(facts: SetupFacts) -> Check:
    standing = Standing(CheckState.SKIPPED, "no readable spec is open: press 2")
    if facts.trouble is not None or not facts.connected:
        standing = Standing(CheckState.SKIPPED, "waits for the connection")
    why = _AS_AGENT.format(agent=custom_code_agent(number_of(facts)))
    return row(facts, "runs-as", "runs as", Plan(standing), why, optional=True)


def _unnamed(facts: SetupFacts) -> Check:
    standing = unread(facts, facts.project) or Standing(CheckState.OK, "Google's Custom Code Service Agent")
    why = _AS_AGENT.format(agent=custom_code_agent(number_of(facts)))
    return row(facts, "runs-as", "runs as", Plan(standing), why)


def _named(facts: SetupFacts, account: str) -> Check:
    standing, command = _existence(facts, account)
    return row(facts, "runs-as", "runs as", Plan(standing), f"{_AS_NAMED} It is {account}.", extra=command)


def _is_left_over(facts: SetupFacts, account: str) -> bool:
    """Whether it is the default account of a project that is not this one, as copied from an example."""
    number = account.removesuffix("-compute@developer.gserviceaccount.com")
    known = isinstance(facts.project, Project) and not isinstance(facts.account, ServiceAccount)
    return number.isdigit() and number != number_of(facts) and known


def _left_over(facts: SetupFacts, account: str) -> Check:
    own = compute_account(number_of(facts))
    standing = Standing(
        CheckState.FAILED,
        "the default account of another project",
        next_step=f"Name an account of yours in the spec, for instance {own}.",
    )
    why = f"The spec says {account}; an example's project number often stays in there. {_AS_NAMED}"
    plan = Plan(standing, (SetServiceAccount(own),), by_hand=True)
    return row(facts, "runs-as", "runs as", plan, why)


def _existence(facts: SetupFacts, account: str) -> tuple[Standing, tuple[str, ...]]:
    """Whether the account is there and in use, with the command that helps or shows it."""
    found, email, option = facts.account, shlex.quote(account), project_option(facts, account)
    show = (f"gcloud iam service-accounts describe {email} {option}",)
    if is_agent(account):
        step = "Leave serviceAccount out: jobs run as Google's agent then by themselves."
        return Standing(CheckState.WARNING, "a service agent of Google's, none of yours", "", step), ()
    missing, absent = unread(facts, found), is_absent(found)
    if compute_off(facts, account) and not isinstance(found, ServiceAccount):
        return Standing(CheckState.SKIPPED, "waits for the Compute Engine API"), show
    if missing is not None and not (absent and missing.state is CheckState.UNKNOWN):
        return missing, show
    if absent:
        return _absent(facts, account)
    if isinstance(found, ServiceAccount) and found.disabled:
        step = "A job cannot run as it until somebody who may manage it turns it on again."
        command = f"gcloud iam service-accounts enable {email} {option}"
        return Standing(CheckState.FAILED, f"{account} is disabled", next_step=step), (command,)
    return Standing(CheckState.OK, account), show


def _absent(facts: SetupFacts, account: str) -> tuple[Standing, tuple[str, ...]]:
    standing = Standing(CheckState.FAILED, f"{account} does not exist", next_step="Name another in the spec.")
    name = account.partition("@")[0]
    if is_compute(facts, account):
        words = "It was deleted, which can be undone for 30 days; or name another account in the spec."
        return Standing(standing.state, standing.finding, next_step=words), ()
    if account.endswith(".iam.gserviceaccount.com") and home_of(account):
        words = "Correct its name in the spec, or have it made: y copies the command."
        create = f"gcloud iam service-accounts create {shlex.quote(name)} {project_option(facts, account)}"
        return Standing(standing.state, standing.finding, next_step=words), (create,)
    return standing, ()


def _use(facts: SetupFacts, account: str) -> Check:
    member, standing = caller(facts), _usable(facts, account)
    grant = GrantOnAccount(account, member or "user:YOUR_ACCOUNT", USER_ROLE)
    wanted = (grant,) if standing.state is CheckState.FAILED else ()
    if wanted and not member:
        words = commands(grant, facts.project_id)
        return row(facts, "use", "you may use it", Plan(replace(standing, next_step=ASK)), _USE, extra=words)
    return row(facts, "use", "you may use it", Plan(standing, wanted, by_hand=True), _USE)


def _usable(facts: SetupFacts, account: str) -> Standing:
    held = facts.account_permissions
    if isinstance(held, frozenset) and held.issuperset(ACCOUNT_PERMISSIONS):
        return Standing(CheckState.OK, "you may use it")
    if (awaited := waiting(facts, account)) is not None:
        return awaited
    return unread(facts, held) or Standing(CheckState.FAILED, f"no: {USER_ROLE} gives it")


def _foreign(facts: SetupFacts, account: str) -> Check:
    agent = primary_agent(number_of(facts))
    grant = GrantOnAccount(account, f"serviceAccount:{agent}", TOKEN_ROLE)
    done = grant in facts.granted
    finding = f"it is one of {home_of(account)}, which takes two steps more"
    standing = Standing(
        CheckState.OK if done else CheckState.WARNING,
        "opened to Vertex AI in this session" if done else finding,
        next_step="" if done else "If both have been done, this row can be accepted as it is.",
    )
    plan = Plan(waiting(facts, account) or standing, () if done else (grant,), by_hand=True)
    return row(facts, "project", "its project", plan, _FOREIGN.format(agent=agent), optional=True)


def _images(facts: SetupFacts) -> Check | None:
    """Only text: the repository's administrators are those of another project."""
    number = number_of(facts)
    images = facts.needs.images if facts.needs else ()
    others = [place for place in repositories(images) if place.project not in (facts.project_id, number)]
    if not others:
        return None
    names = ", ".join(f"{place.project}/{place.name}" for place in others)
    standing = unread(facts, facts.project) or Standing(
        CheckState.WARNING,
        f"in {', '.join(dict.fromkeys(place.project for place in others))}, another project",
        next_step="Whoever administers it runs the commands, once; then this row can be accepted as it is.",
    )
    members = (f"serviceAccount:{agent(number)}" for agent in (primary_agent, custom_code_agent))
    why = _IMAGES.format(names=names)
    lines = reader_commands(others, members)
    return row(facts, "images", "images", Plan(standing), why, optional=True, extra=lines)


def _agents(facts: SetupFacts) -> Check:
    number = number_of(facts)
    why = _AGENTS.format(primary=primary_agent(number), custom=custom_code_agent(number))
    return row(facts, "agents", "service agents", _agents_plan(facts, number), why, optional=True)


def _agents_plan(facts: SetupFacts, number: str) -> Plan:
    wanted = (MakeAgents(),)
    if (missing := unread(facts, facts.project) or unread(facts, facts.policy)) is not None:
        off = isinstance(facts.policy, CloudError) and bool(disabled_service(facts.policy))
        return Plan(missing, wanted if off and changeable(facts) else ())
    policy = facts.policy if isinstance(facts.policy, Policy) else Policy(())
    present = agents_in(policy, number)
    if all(present):
        return Plan(Standing(CheckState.OK, "Google's agents are there"))
    if facts.api_enabled(VERTEX) is False:
        return Plan(Standing(CheckState.SKIPPED, "waits for the Vertex AI API"), wanted)
    which = "the agent for your code is" if present[0] else "they are"
    finding = f"{which} not made yet; the first job may fail once"
    return Plan(Standing(CheckState.WARNING, finding), wanted)
