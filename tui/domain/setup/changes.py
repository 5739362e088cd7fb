"""What a fix changes, in words and as gcloud commands."""

from __future__ import annotations

import shlex

from tui.domain.setup.model import (
    CreateBucket,
    EnableApis,
    Fix,
    Grant,
    GrantOnAccount,
    GrantOnBucket,
    GrantRoles,
    MakeAgents,
    Revoke,
    SetSecret,
    SetServiceAccount,
    SetSetting,
    SignIn,
)


def changes(fix: Fix) -> tuple[str, ...]:  # noqa: PLR0911  # one line for each kind
    """What exactly a fix changes; further lines begin with two blanks."""
    match fix:
        case EnableApis(services):
            return (f"enable {', '.join(services)}",)
        case MakeAgents():
            return ("let Vertex AI make its service agents, with their usual roles",)
        case CreateBucket(name, location, key):
            sealed = (f"  encrypted with {key}",) if key else ()
            return (f"create the bucket gs://{name} in {location}, with uniform access", *sealed)
        case Revoke(grant):
            return tuple(line.replace("grant to", "take back from", 1) for line in _grant_words(grant))
        case SignIn(command):
            return (f"run {shlex.join(command)}",)
        case SetSetting(key, value):
            return (f"set {key} to {value} in this app's config.toml",)
        case SetSecret(name):
            return (f"keep a value for {name} in your private secrets file",)
        case SetServiceAccount(account):
            return ("set serviceAccount in the open spec to", f"  {account}")
        case _:
            return _grant_words(fix)


def _grant_words(grant: Grant) -> tuple[str, ...]:
    match grant:
        case GrantRoles(member, roles):
            return (f"grant to {member}", *(f"  {role}" for role in roles))
        case GrantOnBucket(bucket, member, role):
            return (f"grant to {member}", f"  {role} on gs://{bucket} alone")
        case GrantOnAccount(account, member, role):
            return (f"grant to {member}", f"  {role} on {account} alone")


def commands(fix: Fix, project: str) -> tuple[str, ...]:  # noqa: PLR0911  # one line for each kind
    """The commands that make the same change; none for what only this app knows."""
    suffix = f"--project={shlex.quote(project)}"
    match fix:
        case EnableApis(services):
            return (f"gcloud services enable {' '.join(map(shlex.quote, services))} {suffix}",)
        case MakeAgents():
            return (f"gcloud beta services identity create --service=aiplatform.googleapis.com {suffix}",)
        case CreateBucket(name, location, key):
            place = f"--location={shlex.quote(location)} --uniform-bucket-level-access"
            sealed = f" --default-encryption-key={shlex.quote(key)}" if key else ""
            return (f"gcloud storage buckets create {shlex.quote(f'gs://{name}')} {place}{sealed} {suffix}",)
        case Revoke(grant):
            return _grant_commands(grant, project, "remove")
        case SignIn(command):
            return (shlex.join(command),)
        case SetSetting(key, value):
            return (f"vertex-tui config set {shlex.quote(key)} {shlex.quote(value)}",)
        case SetSecret() | SetServiceAccount():
            return ()
        case _:
            return _grant_commands(fix, project, "add")


def _grant_commands(grant: Grant, project: str, verb: str) -> tuple[str, ...]:
    match grant:
        case GrantRoles(member, roles):
            return tuple(
                f"gcloud projects {verb}-iam-policy-binding {shlex.quote(project)}"
                f" {_binding(member, role)} --condition=None"
                for role in roles
            )
        case GrantOnBucket(bucket, member, role):
            where = f"storage buckets {verb}-iam-policy-binding {shlex.quote(f'gs://{bucket}')}"
            return (f"gcloud {where} {_binding(member, role)}",)
        case GrantOnAccount(account, member, role):
            where = f"iam service-accounts {verb}-iam-policy-binding {shlex.quote(account)}"
            suffix = f"--condition=None --project={shlex.quote(project)}"
            return (f"gcloud {where} {_binding(member, role)} {suffix}",)


def _binding(member: str, role: str) -> str:
    return f"--member={shlex.quote(member)} --role={shlex.quote(role)}"
