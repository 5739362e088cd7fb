"""The rows about the services that have to be on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tui.domain.access import Project
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.setup.changes import commands
from tui.domain.setup.facts import APIS, OPTIONAL_APIS, SetupFacts, billing_error, disabled_service
from tui.domain.setup.model import Check, CheckState, EnableApis, Group, Standing
from tui.domain.setup.reading import unread

SERVICE_USAGE = "serviceusage.googleapis.com"
ENABLE = "serviceusage.services.enable"
"""The permission that turning an API on takes."""
_CONSOLES = ("https://console.developers.google.com/", "https://console.cloud.google.com/")
_OFF = (CheckState.FAILED, CheckState.WARNING)


def api_checks(facts: SetupFacts) -> tuple[Check, ...]:
    """One row for each service of `APIS`."""
    return tuple(_api(facts, service) for service in APIS)


def _api(facts: SetupFacts, service: str) -> Check:
    title, use = APIS[service]
    standing = _standing(facts, service)
    optional = service in OPTIONAL_APIS
    if optional and standing.state is CheckState.FAILED:
        standing = replace(standing, state=CheckState.WARNING, finding="off; only some jobs need it")
        if service == "cloudbilling.googleapis.com":
            standing = replace(standing, finding="off; billing and prices are told by it")
    fix = EnableApis((service,))
    offered = standing.state in _OFF and not standing.next_step
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
        link="" if facts.local else _console(facts, service),
        fixes=(fix,) if offered else (),
        optional=optional,
    )


def _standing(facts: SetupFacts, service: str) -> Standing:
    off, enabled = switched_off(facts), facts.api_enabled(service)
    if service in off and (other := _other_consumer(facts, off[service])):
        return _off_elsewhere(facts, service, other)
    if facts.trouble is None and (service in facts.settling or (enabled and service in off)):
        return Standing(CheckState.RUNNING, "on; takes effect within minutes")
    if service in off:
        return Standing(CheckState.FAILED, "off", off[service].message, _by_hand(facts, service))
    missing = unread(facts, facts.apis)
    if missing is not None or enabled is None:
        return _untold(facts, service, missing)
    if enabled:
        return Standing(CheckState.OK, "on")
    return Standing(CheckState.FAILED, "off", next_step=_by_hand(facts, service))


def _untold(facts: SetupFacts, service: str, missing: Standing | None) -> Standing:
    """The standing of a service whose state Service Usage does not tell; it may show itself otherwise."""
    if missing is None or (missing.state is CheckState.UNKNOWN and service != SERVICE_USAGE):
        missing = Standing(CheckState.UNKNOWN, "its state cannot be read")
    elif missing.state is CheckState.UNKNOWN and _denied(facts.apis):
        step = (
            "To see which APIs are on, ask for Service Usage Viewer (roles/serviceusage.serviceUsageViewer)."
        )
        missing = replace(missing, finding="you may not see which APIs are on", next_step=step)
    if missing.state is not CheckState.RUNNING and service in proved_on(facts):
        return Standing(CheckState.OK, "on: it answers")
    return missing


def _denied(value: object) -> bool:
    return isinstance(value, CloudError) and value.kind is ErrorKind.DENIED


def _off_elsewhere(facts: SetupFacts, service: str, other: str) -> Standing:
    """The standing of a service that is off in the project that calls are counted against."""
    step = (
        f"Run: gcloud services enable {service} --project={other}. Or count calls against this project:"
        f" vertex-tui config set quota_project {facts.project_id}"
    )
    finding = f"off in {other}, your quota project"
    return Standing(CheckState.FAILED, finding, switched_off(facts)[service].message, step)


def switched_off(facts: SetupFacts) -> Mapping[str, CloudError]:
    """Services that refused a call because they are off, each with what it said."""
    if facts.trouble is not None:
        return {}
    return {service: error for error in facts.errors if (service := disabled_service(error))}


def _other_consumer(facts: SetupFacts, error: CloudError) -> str:
    """The project that the refused call was counted against, if that is surely not the one that is set."""
    consumer = error.metadata.get("consumer", "").removeprefix("projects/")
    found = facts.project
    known = {facts.project_id}
    if isinstance(found, Project):
        known |= {found.number, found.project_id}
    # Google names a project by its id or by its number, which may not be known here.
    comparable = len(known) > 1 or consumer.isdigit() == facts.project_id.isdigit()
    plain = consumer.replace(":", "").replace(".", "").replace("-", "").isalnum()
    return consumer if comparable and plain and consumer not in known else ""


def _by_hand(facts: SetupFacts, service: str) -> str:
    """What to do where this app cannot turn the service on; empty where it can."""
    if service == SERVICE_USAGE:  # which cannot be asked to turn itself on
        return (
            f"Turn it on in the console, or run: gcloud services enable {service}"
            f" --project={facts.project_id}. The rest can be looked at then."
        )
    if SERVICE_USAGE in switched_off(facts):
        return "Turn Service Usage on first: other APIs are turned on through it."
    if facts.billing is False or billing_error(facts) is not None:
        return "Link a billing account first: Google turns no paid API on without one."
    if isinstance(facts.permissions, frozenset) and ENABLE not in facts.permissions:
        return (
            "You may not turn APIs on. Ask an administrator of the project to run the command; y copies it."
        )
    return ""


def _console(facts: SetupFacts, service: str) -> str:
    """The page that turns the service on: the one that the service itself named, if it named one."""
    error = switched_off(facts).get(service)
    named = error.metadata.get("activationUrl", "") if error else ""
    if named.startswith(_CONSOLES):
        return named
    return f"https://console.cloud.google.com/apis/library/{service}?project={facts.project_id}"


def proved_on(facts: SetupFacts) -> frozenset[str]:
    """Services that have answered a call, whatever Service Usage says."""
    if facts.trouble is not None:
        return frozenset()
    found = set()
    if isinstance(facts.apis, Mapping):
        found.add(SERVICE_USAGE)
    if isinstance(facts.billing, bool):
        found.add("cloudbilling.googleapis.com")
    read = (facts.project, facts.permissions, facts.policy)
    if any(value is not None and not isinstance(value, Exception) for value in read):
        found.add("cloudresourcemanager.googleapis.com")
    absent = isinstance(facts.bucket, Exception) and facts.bucket.kind is ErrorKind.NOT_FOUND
    if absent or (facts.bucket is not None and not isinstance(facts.bucket, Exception)):
        found.add("storage.googleapis.com")
    return frozenset(found)
