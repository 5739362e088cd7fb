"""What is wrong when credentials do not work, one finding and one next step for each cause."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass

from tui.domain.access import Identity
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.login import SKEW_SECONDS, LoginTrouble
from tui.domain.setup.facts import SetupFacts, lacks_quota_project
from tui.domain.setup.model import CheckState, Fix, SetSetting, SignIn, Standing

_VARIABLE = "GOOGLE_APPLICATION_CREDENTIALS"
_WITHOUT_GCLOUD = (
    "gcloud is not installed here, and pip cannot give it: see cloud.google.com/sdk/docs/install."
    f" Without it, name a service account key or a workload identity configuration in {_VARIABLE}."
)
_KEY_GONE = re.compile(r"invalid jwt|jwt signature|account not found", re.IGNORECASE)
"""How Google's token endpoint words a service account key that is deleted, or whose account is."""
_CREATOR = "roles/iam.serviceAccountTokenCreator"


@dataclass(frozen=True, slots=True)
class Verdict:
    """How the row stands, and what helps."""

    standing: Standing
    fixes: tuple[Fix, ...] = ()
    by_hand: bool = False
    command: str = ""
    """In place of the usual login command."""


def sign_in(facts: SetupFacts) -> tuple[Fix, ...]:
    """The login command that would help, in a form that works in this terminal; none if none would."""
    box = facts.box
    if not box.gcloud or facts.local:
        return ()
    if facts.login == "gcloud":
        words: tuple[str, ...] = ("auth", "login")
    elif box.credentials_variable and box.credentials_variable != box.default_file:
        return ()  # the login would go to a file that is not looked at
    else:
        words = ("auth", "application-default", "login")
    away = ("--no-launch-browser",) if box.over_ssh else ()
    return (SignIn((box.gcloud, *words, *away)),)


def skew_words(skew: float) -> str:
    """`5 min ahead of`, for a clock against Google's."""
    seconds = abs(skew)
    if seconds < 120:  # noqa: PLR2004 (up to here seconds say more)
        size = f"{seconds:.0f} s"
    elif seconds < 7200:  # noqa: PLR2004 (two hours)
        size = f"{seconds / 60:.0f} min"
    else:
        size = f"{seconds / 3600:.0f} h"
    return f"{size} {'ahead of' if skew > 0 else 'behind'}"


def trouble(facts: SetupFacts, error: CloudError) -> Verdict:  # noqa: PLR0911 (a table)
    """The row for a failure that lies in the credentials or on the way to Google."""
    if lacks_quota_project(error):
        return _quota_project(facts, error)
    if error.reason == "USER_PROJECT_DENIED":
        return _not_charged(facts, error)
    if error.reason == "ACCESS_TOKEN_SCOPE_INSUFFICIENT":
        step = "Sign in again and tick every box that Google asks about"
        return _failed("the login lacks the scope cloud-platform", error, step, sign_in(facts))
    if error.reason == LoginTrouble.IMPERSONATION:
        return _impersonation(facts, error)
    if error.kind is ErrorKind.EXPIRED_CREDENTIALS:
        return _expired(facts, error)
    if error.kind is ErrorKind.NO_CREDENTIALS:
        return _absent(facts, error)
    return _cut_off(facts, error)


def _failed(
    finding: str, error: CloudError, step: str, fixes: tuple[Fix, ...] = (), command: str = ""
) -> Verdict:
    """A failure whose fixes ask the user for something."""
    standing = Standing(CheckState.FAILED, finding, error.message, step)
    return Verdict(standing, fixes, by_hand=True, command=command)


def _quota_project(facts: SetupFacts, error: CloudError) -> Verdict:
    command = f"gcloud auth application-default set-quota-project {shlex.quote(facts.project_id)}"
    step = f"Let calls be counted against {facts.project_id}; for all programs on this box: {command}"
    standing = Standing(CheckState.FAILED, "credentials without a quota project", error.message, step)
    return Verdict(standing, (SetSetting("quota_project", facts.project_id),), command=command)


def _not_charged(facts: SetupFacts, error: CloudError) -> Verdict:
    named = facts.identity.quota_project if isinstance(facts.identity, Identity) else ""
    charged = named or error.metadata.get("consumer", "").removeprefix("projects/") or facts.project_id
    step = f"Ask for the role Service Usage Consumer (roles/serviceusage.serviceUsageConsumer) on {charged}"
    fixes: tuple[Fix, ...] = ()
    if charged != facts.project_id:
        step += f", or let calls be counted against {facts.project_id}"
        fixes = (SetSetting("quota_project", facts.project_id),)
    command = (
        f"gcloud projects add-iam-policy-binding {shlex.quote(charged)} --member=user:YOUR_ACCOUNT"
        " --role=roles/serviceusage.serviceUsageConsumer --condition=None"
    )
    return _failed(f"you may not use the quota of {charged}", error, step, fixes, command)


def _impersonation(facts: SetupFacts, error: CloudError) -> Verdict:
    account = facts.box.gcloud_impersonates if facts.login == "gcloud" else ""
    member = _member(facts.box.gcloud_account)
    step = f"Ask for the role Service Account Token Creator ({_CREATOR}) on {account or 'that account'}"
    if facts.login == "gcloud":
        step += ", or stop impersonating: gcloud config unset auth/impersonate_service_account"
    command = (
        f"gcloud iam service-accounts add-iam-policy-binding {shlex.quote(account or 'ACCOUNT')}"
        f" --member={member} --role={_CREATOR}"
    )
    return _failed(
        f"you may not impersonate {account or 'the service account'}", error, step, command=command
    )


def _member(account: str) -> str:
    """Who asks, as a member of a binding in a shell command."""
    if account.startswith("principal://"):
        return shlex.quote(account)
    kind = "serviceAccount" if account.endswith(".gserviceaccount.com") else "user"
    return shlex.quote(f"{kind}:{account or 'YOUR_ACCOUNT'}")


def _expired(facts: SetupFacts, error: CloudError) -> Verdict:
    if facts.skew is not None and abs(facts.skew) > SKEW_SECONDS:
        finding = f"this box's clock is {skew_words(facts.skew)} Google's"
        step = "That is why the login is refused. Set the clock, for instance: sudo timedatectl set-ntp true"
        return _failed(finding, error, step, command="sudo timedatectl set-ntp true")
    if _KEY_GONE.search(error.message):
        finding = "the service account key is no longer valid"
        return _failed(finding, error, f"Get a new key, or unset {_VARIABLE} and sign in as yourself")
    findings: dict[str, str] = {  # a StrEnum's members are equal to their texts
        LoginTrouble.REAUTHENTICATION: "your organization wants you to sign in again",
        LoginTrouble.GCLOUD_EXPIRED: "gcloud's login has expired or was revoked",
    }
    finding = findings.get(error.reason, error.title)
    return _failed(finding, error, _signing(facts, error), sign_in(facts))


def _signing(facts: SetupFacts, error: CloudError) -> str:
    """How to get a working login when there is none any more."""
    if not facts.box.default_file:  # the box has not been looked at yet
        return error.hint
    if sign_in(facts):
        away = "Sign in; gcloud shows an address to open in any browser, and asks for the code from there."
        return away if facts.box.over_ssh else "Sign in; no restart is needed."
    if not facts.box.gcloud and not facts.box.credentials_variable:
        return _WITHOUT_GCLOUD
    return f"Renew {facts.box.credentials_variable}, which {_VARIABLE} names, or unset that and sign in."


def _absent(facts: SetupFacts, error: CloudError) -> Verdict:
    reason, box = _reason(error), facts.box
    findings: dict[str, str] = {
        LoginTrouble.VARIABLE: f"{_VARIABLE} names a file that is not there",
        LoginTrouble.BROKEN_FILE: "the credentials file is no good",
        LoginTrouble.NO_GCLOUD: "the login of gcloud is set, but gcloud is not here",
        LoginTrouble.GCLOUD_SIGNED_OUT: "gcloud is not signed in",
        LoginTrouble.GCLOUD_FAILED: "gcloud gave no token",
        LoginTrouble.NO_MACHINE_ACCOUNT: "this machine has no service account",
    }
    finding = findings.get(error.reason, error.title)
    if reason is LoginTrouble.NO_GCLOUD:
        step = f"Use application default credentials instead. {_WITHOUT_GCLOUD}"
        return _failed(finding, error, step, (SetSetting("credentials", "adc"),))
    if reason is not None and reason.of_gcloud:
        step = error.hint if reason is LoginTrouble.GCLOUD_FAILED else "Sign in; no restart is needed."
        return _failed(finding, error, step, sign_in(facts))
    if box.gcloud and box.gcloud_account:
        who = box.gcloud_account
        finding = f"{finding}; gcloud is {who}" if reason is LoginTrouble.NOTHING_FOUND else finding
        step = f"Use gcloud's own login ({who}), without a second one: credentials = gcloud"
        standing = Standing(CheckState.FAILED, finding, error.message, step)
        return Verdict(standing, (SetSetting("credentials", "gcloud"),))
    if reason is LoginTrouble.VARIABLE:
        return _failed(finding, error, f"Correct {_VARIABLE}, or unset it, and start again")
    return _failed(finding, error, _signing(facts, error), sign_in(facts))


def _cut_off(facts: SetupFacts, error: CloudError) -> Verdict:
    """No way to Google, or something else altogether."""
    step = error.hint
    if error.reason == LoginTrouble.CLOCK:
        return _failed("this box's clock is wrong", error, step, command="sudo timedatectl set-ntp true")
    if error.reason == LoginTrouble.METADATA_ABSENT:
        step = "Sign in yourself, or see why it is cut off (a firewall, GCE_METADATA_HOST)."
        return _failed("this machine's metadata server does not answer", error, step, sign_in(facts))
    if error.kind is ErrorKind.LOCAL and not facts.local:
        step = f"Let your user read it, or sign in. {step}".strip()
        return _failed("the credentials cannot be read", error, step, sign_in(facts))
    proxy = facts.box.proxy
    if error.kind is ErrorKind.UNREACHABLE and proxy and not facts.local:
        step = f"{step} The proxy is {proxy}.".strip()
    return _failed(error.title, error, step)


def _reason(error: CloudError) -> LoginTrouble | None:
    try:
        return LoginTrouble(error.reason)
    except ValueError:  # told by a service
        return None
