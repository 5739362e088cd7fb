"""The row about who pays for the project."""

from __future__ import annotations

import shlex

from tui.domain.errors import CloudError, ErrorKind
from tui.domain.setup.facts import SetupFacts, billing_error, disabled_service
from tui.domain.setup.model import Check, CheckState, Group, Standing
from tui.domain.setup.reading import unread

_WHY = (
    "Without an open billing account Google turns no paid API on and starts no machine. Linking one takes"
    " two rights: Billing Account User on the account, and Project Billing Manager (or Owner) here."
)
_ACCOUNTS = "gcloud billing accounts list shows the accounts you may use."
_TO_LOOK = (
    "Jobs run all the same if there is an account; to see it, ask for the role Browser (roles/browser)."
)
_ASK = "Whoever administers billing links one and y copies the command; " + _ACCOUNTS


def billing_check(facts: SetupFacts) -> Check:
    """Whether the project has an open billing account; jobs may run even where that cannot be read."""
    standing = _standing(facts)
    project = shlex.quote(facts.project_id or "ID")
    link = f"gcloud billing projects link {project} --billing-account=ACCOUNT_ID"
    console = f"https://console.cloud.google.com/billing/linkedaccount?project={facts.project_id}"
    return Check(
        "billing",
        Group.CONNECTION,
        "billing",
        standing.state,
        standing.finding,
        why=_WHY,
        said=standing.said,
        next_step=standing.next_step,
        command="" if facts.local else link,
        link="" if facts.local else console,
        optional=_may_be_right(facts, standing),
    )


def _may_be_right(facts: SetupFacts, standing: Standing) -> bool:
    """Whether the project may be billed for all that is known now; what a change met may be over."""
    if standing.state is CheckState.FAILED:
        return facts.billing is not False and billing_error(facts) is None
    return standing.state in (CheckState.UNKNOWN, CheckState.SKIPPED)


def _standing(facts: SetupFacts) -> Standing:
    if (error := _refused(facts)) is not None:
        closed = "NOT_OPEN" in error.reason
        finding = "the billing account is closed" if closed else "no open billing account"
        reopen = "Whoever administers it can reopen it, or link another. " + _ACCOUNTS
        step = reopen if closed else _step(facts)
        return Standing(CheckState.FAILED, finding, error.message, step)
    found = facts.billing
    missing = unread(facts, found)
    if missing is not None:
        return _untold(facts, missing)
    if found is False:
        return Standing(CheckState.FAILED, "no open billing account", next_step=_step(facts))
    return Standing(CheckState.OK, "active")


def _step(facts: SetupFacts) -> str:
    return "Here it is put right by: vertex-tui local project set billing=on" if facts.local else _ASK


def _refused(facts: SetupFacts) -> CloudError | None:
    """The answer to a read or a change that complains of billing, unless it is known to be on by now."""
    refused = (error for _, error in facts.refused if error.kind is ErrorKind.BILLING)
    return billing_error(facts) or (None if facts.billing is True else next(refused, None))


def _untold(facts: SetupFacts, missing: Standing) -> Standing:
    found = facts.billing
    if not isinstance(found, CloudError):
        return missing
    service = disabled_service(found)
    if missing.state is CheckState.SKIPPED and service and service not in facts.settling:
        return Standing(CheckState.UNKNOWN, "not told while the Cloud Billing API is off", found.message)
    if found.kind is ErrorKind.DENIED and missing.state is CheckState.UNKNOWN:
        return Standing(CheckState.UNKNOWN, "not told: you may not look at it", found.message, _TO_LOOK)
    return missing
