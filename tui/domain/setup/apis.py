"""The rows about the services that have to be on."""

from __future__ import annotations

from collections.abc import Mapping

from tui.domain.errors import ErrorKind
from tui.domain.setup.changes import commands
from tui.domain.setup.facts import APIS, OPTIONAL_APIS, SetupFacts, disabled_service
from tui.domain.setup.model import Check, CheckState, EnableApis, Group, Standing
from tui.domain.setup.reading import unread

SERVICE_USAGE = "serviceusage.googleapis.com"


def api_checks(facts: SetupFacts) -> tuple[Check, ...]:
    """One row for each service of `APIS`."""
    return tuple(_api(facts, service) for service in APIS)


def _api(facts: SetupFacts, service: str) -> Check:
    title, use = APIS[service]
    standing = _standing(facts, service)
    optional = service in OPTIONAL_APIS
    if optional and standing.state is CheckState.FAILED:
        standing = Standing(CheckState.WARNING, "off; only some jobs need it")
    fix = EnableApis((service,))
    # Service Usage cannot be asked to turn itself on.
    offered = standing.state in (CheckState.FAILED, CheckState.WARNING) and service != SERVICE_USAGE
    console = f"https://console.cloud.google.com/apis/library/{service}?project={facts.project_id}"
    return Check(
        f"apis.{service}",
        Group.APIS,
        title,
        standing.state,
        standing.finding,
        why=f"{use} A service that is off answers every call with an error. Turning it on costs nothing.",
        said=standing.said,
        next_step=standing.next_step,
        command=commands(fix, facts.project_id)[0],
        link="" if facts.local else console,
        fixes=(fix,) if offered else (),
        optional=optional,
    )


def _standing(facts: SetupFacts, service: str) -> Standing:
    off = {disabled_service(error) for error in facts.errors} if facts.trouble is None else set()
    enabled = facts.api_enabled(service)
    if facts.trouble is None and (service in facts.settling or (enabled and service in off)):
        return Standing(CheckState.RUNNING, "on, takes effect within minutes")
    if service in off:
        return Standing(CheckState.FAILED, "off", next_step=_by_hand(facts, service))
    missing = unread(facts, facts.apis)
    if missing is None and enabled is not None:
        return Standing(CheckState.OK, "on") if enabled else Standing(CheckState.FAILED, "off")
    if missing is None or (missing.state is CheckState.UNKNOWN and service != SERVICE_USAGE):
        missing = Standing(CheckState.UNKNOWN, "its state cannot be read")
    if missing.state is not CheckState.RUNNING and service in proved_on(facts):
        return Standing(CheckState.OK, "on: it answers")
    return missing


def _by_hand(facts: SetupFacts, service: str) -> str:
    if service != SERVICE_USAGE:
        return ""
    return f"Turn it on in the console or with gcloud services enable {service} --project={facts.project_id}."


def proved_on(facts: SetupFacts) -> frozenset[str]:
    """Services that have answered a call, whatever Service Usage says."""
    if facts.trouble is not None:
        return frozenset()
    found = set()
    if isinstance(facts.apis, Mapping):
        found.add(SERVICE_USAGE)
    read = (facts.project, facts.permissions, facts.policy)
    if any(value is not None and not isinstance(value, Exception) for value in read):
        found.add("cloudresourcemanager.googleapis.com")
    absent = isinstance(facts.bucket, Exception) and facts.bucket.kind is ErrorKind.NOT_FOUND
    if absent or (facts.bucket is not None and not isinstance(facts.bucket, Exception)):
        found.add("storage.googleapis.com")
    return frozenset(found)
