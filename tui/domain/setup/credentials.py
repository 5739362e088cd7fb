"""The rows about the credentials: whose they are, where they were found, and the clock they depend on."""

from __future__ import annotations

import shlex
from dataclasses import replace

from tui.domain.access import Identity, LoginKind
from tui.domain.errors import ErrorKind
from tui.domain.login import CLOUD_PLATFORM, SKEW_SECONDS
from tui.domain.setup.credentials_trouble import Verdict, sign_in, skew_words, trouble
from tui.domain.setup.facts import SetupFacts, connection_error, lacks_project
from tui.domain.setup.model import Check, CheckState, Group, Standing

_DOCS = "https://cloud.google.com/docs/authentication/external/set-up-adc"
_ADC = "gcloud auth application-default login"


def credentials_checks(facts: SetupFacts) -> tuple[Check, ...]:
    """Whose credentials calls are made with, and whether they are any good; a row about a wrong clock."""
    verdict = _verdict(facts)
    standing = verdict.standing
    row = Check(
        "connection",
        Group.CONNECTION,
        "credentials",
        standing.state,
        standing.finding,
        why=_why(facts),
        said=standing.said,
        next_step=standing.next_step,
        command="" if facts.local or _is_cut_off(facts) else verdict.command or _login_command(facts),
        link="" if facts.local else _DOCS,
        fixes=verdict.fixes,
        by_hand=verdict.by_hand,
    )
    return (row, *_clock(facts))


def _is_cut_off(facts: SetupFacts) -> bool:
    """Whether Google cannot be reached, so that no login would help."""
    error = connection_error(facts)
    return error is not None and error.kind in (ErrorKind.UNREACHABLE, ErrorKind.TIMEOUT)


def _login_command(facts: SetupFacts) -> str:
    return "gcloud auth login" if facts.login == "gcloud" else _ADC


def _why(facts: SetupFacts) -> str:
    if facts.local:
        return "Everything runs on this box: no account, no bill."
    words = "Nothing is asked of Google without credentials."
    if facts.login == "gcloud":
        words += " The app uses the login of gcloud itself (setting credentials = gcloud)."
    else:
        words += (
            " The app uses application default credentials, which are a login of their own beside gcloud's."
        )
    return f"{words} {_details(facts.identity)}".strip() if isinstance(facts.identity, Identity) else words


def _details(identity: Identity) -> str:
    """Where they were found, and what is charged."""
    found = f"Found in {identity.path}." if identity.path else f"Found by {identity.source}."
    if identity.quota_project:
        return f"{found} Calls are counted against the quota of {identity.quota_project}."
    return found


def _verdict(facts: SetupFacts) -> Verdict:
    error = connection_error(facts)
    if error is not None and lacks_project(facts):
        return Verdict(Standing(CheckState.SKIPPED, "waits for a project"))
    identity = facts.identity
    if isinstance(identity, Identity) and _lacks_scope(identity):
        return _scopes(facts, identity)
    if error is not None:
        return trouble(facts, error)
    if isinstance(identity, Identity):
        return _known(facts, identity)
    words = "starting the local server …" if facts.local else "connecting …"
    return Verdict(Standing(CheckState.RUNNING, words))


def _lacks_scope(identity: Identity) -> bool:
    return (
        identity.kind is LoginKind.MACHINE and bool(identity.scopes) and CLOUD_PLATFORM not in identity.scopes
    )


def _scopes(facts: SetupFacts, identity: Identity) -> Verdict:
    """A machine whose access scopes stand in the way of every role."""
    command = (
        f"gcloud compute instances set-service-account VM --zone=ZONE"
        f" --service-account={shlex.quote(identity.account)} --scopes=cloud-platform"
    )
    step = (
        "No role helps: the scopes of this VM limit what its account may do. Stop the VM, run the command"
        " that y copies, and start it again; or sign in yourself."
    )
    names = ", ".join(scope.rpartition("/")[2] for scope in identity.scopes)
    standing = Standing(
        CheckState.FAILED,
        "this VM's access scopes lack cloud-platform",
        f"{identity.account} may use these scopes: {names}",
        step,
    )
    return Verdict(standing, sign_in(facts), by_hand=True, command=command)


def _known(facts: SetupFacts, identity: Identity) -> Verdict:
    standing = Standing(CheckState.OK, _finding(identity), next_step=_advice(identity))
    other = facts.box.gcloud_account
    person = identity.kind is LoginKind.USER and identity.account
    if person and other and other.casefold() != identity.account.casefold():
        step = (
            f"What you type with gcloud is done as {other}, what the app does as {identity.account}."
            f" To be one person: {_ADC} as {other}, or vertex-tui config set credentials gcloud"
        )
        finding = f"{identity.account}, but gcloud is {other}"
        standing = replace(standing, state=CheckState.WARNING, finding=finding, next_step=step)
    return Verdict(standing, command=_key_free(identity))


def _finding(identity: Identity) -> str:
    kind = identity.kind
    name = identity.shown.strip() or str(kind)
    if kind in (LoginKind.USER, LoginKind.LOCAL, LoginKind.OTHER):
        return " · ".join(part for part in (name, identity.source) if part)
    if kind is LoginKind.MACHINE:
        return f"{name} · this machine's account"
    if kind is LoginKind.TOKEN:
        ends = f", ends {identity.expires:%H:%M} UTC" if identity.expires else ""
        return f"{name} · an access token given to gcloud{ends}" if identity.shown else f"{name}{ends}"
    if kind is LoginKind.IMPERSONATED:
        return f"{name} · {identity.source}"
    return f"{name} · {kind}" if identity.shown else f"{name} · {identity.source}"


def _advice(identity: Identity) -> str:
    """What is worth knowing about credentials of this kind although they work."""
    match identity.kind:
        case LoginKind.KEY:
            return (
                f"Whoever copies the key file can act as {identity.account} until the key is deleted."
                " Impersonation needs no file; y copies the command."
            )
        case LoginKind.MACHINE:
            return f"Everybody on this machine acts as this account. To act as yourself: {_ADC}"
        case LoginKind.WORKFORCE | LoginKind.WORKLOAD:
            return "This identity has no e-mail: grants name it as principal://…, never as user:…"
        case LoginKind.TOKEN:
            return "It is not renewed when it ends: put a new one in its place, or sign in: gcloud auth login"
        case _:
            return ""


def _key_free(identity: Identity) -> str:
    if identity.kind is not LoginKind.KEY or not identity.account:
        return ""
    return f"{_ADC} --impersonate-service-account={shlex.quote(identity.account)}"


def _clock(facts: SetupFacts) -> tuple[Check, ...]:
    """A clock that is wrong although the login works; else there is no such row."""
    identity = facts.identity
    skew = identity.skew_seconds if isinstance(identity, Identity) else None
    if skew is None or abs(skew) <= SKEW_SECONDS:
        return ()
    return (
        Check(
            "connection.clock",
            Group.CONNECTION,
            "clock",
            CheckState.WARNING,
            f"this box's clock is {skew_words(skew)} Google's",
            why="Service account keys and signed links fail with a wrong clock; times on screen are wrong.",
            next_step="Set the clock, for instance: sudo timedatectl set-ntp true",
            optional=True,
        ),
    )
