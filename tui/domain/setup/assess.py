"""All rows of the Setup pane, from the facts read so far."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

from tui.domain.setup.account import account_checks
from tui.domain.setup.apis import api_checks
from tui.domain.setup.bucket import bucket_checks
from tui.domain.setup.credentials import credentials_checks
from tui.domain.setup.facts import SetupFacts, connection_error
from tui.domain.setup.model import Check, CheckState, is_ready, part_of, safe_fixes
from tui.domain.setup.permissions import permission_checks
from tui.domain.setup.policies import policy_checks
from tui.domain.setup.project import project_checks
from tui.domain.setup.quota import quota_checks
from tui.domain.setup.region import region_check
from tui.domain.setup.secrets import secret_checks
from tui.domain.setup.terminal import terminal_checks


def assess(facts: SetupFacts) -> tuple[Check, ...]:
    """The rows in the order of the screen, each in its present state."""
    rows = (
        *credentials_checks(facts),
        *project_checks(facts),
        region_check(facts),
        *api_checks(facts),
        *permission_checks(facts),
        *account_checks(facts),
        *bucket_checks(facts),
        *policy_checks(facts),
        *quota_checks(facts),
        *secret_checks(facts),
        *terminal_checks(facts),
    )
    return tuple(_with_acceptance(facts, _with_changes(facts, row)) for row in rows)


def _with_changes(facts: SetupFacts, row: Check) -> Check:
    """Show in a row the change that is being made for it, or why that change failed."""
    if not row.fixes or row.state is CheckState.OK:
        return row
    if any(part_of(part, whole) for part in row.fixes for whole in facts.applying):
        return replace(row, state=CheckState.RUNNING, finding="being fixed …")
    if any(part_of(part, whole) for part in row.fixes for whole in facts.made):
        return replace(row, state=CheckState.RUNNING, finding="done, to be looked at …")
    for whole, error in facts.refused:
        if any(part_of(part, whole) for part in row.fixes):
            return replace(
                row,
                finding=f"not fixed: {error.title}",
                said=error.message,
                next_step=error.hint or row.next_step,
            )
    return row


def _with_acceptance(facts: SetupFacts, row: Check) -> Check:
    """A row that the user took as it is no longer asks for anything, until its finding changes."""
    troubled = row.state in (CheckState.FAILED, CheckState.WARNING, CheckState.UNKNOWN)
    if not troubled or facts.accepted.get(row.id) != row.finding:
        return row
    return replace(row, state=CheckState.ACCEPTED, accepted=row.finding)


@dataclass(frozen=True, slots=True)
class Summary:
    """How the whole stands, in one line and on the tab."""

    line: str
    badge: str
    tone: str
    """`success`, `warning`, `error` or empty."""


def summarize(facts: SetupFacts, checks: tuple[Check, ...]) -> Summary:
    """The line above the rows, and the tab's badge."""
    count = Counter(check.state for check in checks if not check.optional)
    to_fix = sum(check.to_fix for check in checks)
    if facts.applying or facts.settling:
        return Summary(_progress(facts), "…", "")
    if error := connection_error(facts):
        again = "" if not facts.project_id and not facts.local else "; tried again by itself"
        return Summary(f"✗ {error.title}{again}", f"{max(to_fix, 1)} to fix", "error")
    if is_ready(checks):
        return _ready(facts, checks)
    if to_fix:
        serious = any(check.state is CheckState.FAILED for check in checks if check.to_fix)
        glyph = "✗" if serious else "⚠"
        fixable = safe_fixes(checks) and not facts.read_only
        key = ": a fixes all that is safe to fix" if fixable else ": n goes to the next"
        key = f", and {facts.spec_trouble}" if facts.spec_trouble else key
        return Summary(f"{glyph} {to_fix} to fix{key}", f"{to_fix} to fix", "error" if serious else "warning")
    if count[CheckState.RUNNING] or not facts.connected:
        return Summary("… Looking at the project", "…", "")
    return Summary(f"? {_unknown(count)}", "?", "warning")


def _ready(facts: SetupFacts, checks: tuple[Check, ...]) -> Summary:
    """Nothing is left to do, but for what the user has taken as it is, which may still be refused."""
    if facts.spec_trouble:
        return Summary(f"⚠ Not ready: {facts.spec_trouble}", "⚠", "warning")
    taken = sum(check.state is CheckState.ACCEPTED and not check.optional for check in checks)
    if taken:
        rows = f"{taken} row{'s' if taken > 1 else ''}"
        return Summary(f"○ {rows} taken as they are: a job may be refused or fail", "○", "")
    step = "press 2 to write or open a spec"
    if facts.needs is not None:
        step = "in the spec (2), ctrl+r starts the job"
    return Summary(f"✓ Ready: {step}", "✓", "success")


def _unknown(count: Counter[CheckState]) -> str:
    unknown = count[CheckState.UNKNOWN] + count[CheckState.SKIPPED]
    accepted = count[CheckState.ACCEPTED]
    rest = f", {accepted} taken as they are" if accepted else "; jobs may run all the same"
    return f"{unknown} could not be checked{rest}"


def _progress(facts: SetupFacts) -> str:
    if facts.applying:
        return f"… Making {len(facts.applying)} changes" if len(facts.applying) > 1 else "… Making the change"
    return "… Waiting for the APIs to take effect, which may take minutes"
