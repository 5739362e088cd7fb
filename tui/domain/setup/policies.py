"""The rows about what the organization allows, and about keys of the user's own."""

from __future__ import annotations

from collections.abc import Iterable

from tui.domain.access import OrganizationPolicy, Project
from tui.domain.errors import ErrorKind
from tui.domain.regions import TRAINING_REGIONS
from tui.domain.setup.constraints import BUCKETS, JOBS, needs_key, permits, restricts
from tui.domain.setup.facts import SetupFacts
from tui.domain.setup.keys import FORM, key_commands, key_in_use, key_location, key_users
from tui.domain.setup.model import Check, CheckState, Fix, Group, Standing
from tui.domain.setup.origins import how_to_set, replacement
from tui.domain.setup.reading import unread
from tui.domain.setup.refused import forbidden_checks, key_refused
from tui.domain.storage import Bucket

_MOST_NAMED = 3


def policy_checks(facts: SetupFacts) -> tuple[Check, ...]:
    """What the organization's policies and perimeters say of regions, keys and calls; few rows."""
    told = (_locations(facts), _keys(facts))
    rows = (*forbidden_checks(facts), *told, _key(facts), _others(facts, told))
    return tuple(row for row in rows if row is not None)


def _others(facts: SetupFacts, told: Iterable[Check | None]) -> Check | None:
    """One row for all that says nothing: no policy that matters, or none that could be read."""
    values = (facts.locations_policy, facts.keys_policy)
    waiting = [standing for value in values if (standing := unread(facts, value)) is not None]
    if not waiting and any(row is not None for row in told):
        return None
    standing = Standing(CheckState.OK, "none that matter here")
    if waiting:
        unknown = next((one for one in waiting if one.state is CheckState.UNKNOWN), None)
        standing = waiting[0] if unknown is None else _untold(unknown)
    describe = f"gcloud resource-manager org-policies list --project={facts.project_id} --show-unset"
    return Check(
        "policies.organization",
        Group.POLICIES,
        "organization policies",
        standing.state,
        standing.finding,
        why="An organization can forbid regions, or demand keys of its own for what is stored. What it"
        " forbids is refused when a job or bucket is made.",
        said=standing.said,
        next_step=standing.next_step,
        command="" if facts.local else describe,
        optional=True,
    )


def _untold(standing: Standing) -> Standing:
    step = (
        "Nothing is lost by going on. To see them: Organization Policy Viewer (roles/orgpolicy.policyViewer)."
    )
    finding = "not told; they may still refuse something"
    return Standing(CheckState.UNKNOWN, finding, standing.said, step)


def _locations(facts: SetupFacts) -> Check | None:
    policy = facts.locations_policy
    if facts.trouble is not None or not isinstance(policy, OrganizationPolicy) or not restricts(policy):
        return None
    allowed = [region for region in TRAINING_REGIONS if permits(policy, region)]
    standing = _location_standing(facts, policy, allowed)
    fix = replacement("region", allowed[0], facts.region_origin) if len(allowed) == 1 else None
    wrong = standing.state is CheckState.FAILED
    fixes: tuple[Fix, ...] = (fix,) if fix and wrong else ()
    describe = "gcloud resource-manager org-policies describe gcp.resourceLocations --effective"
    return Check(
        "policies.locations",
        Group.POLICIES,
        "allowed regions",
        standing.state,
        standing.finding,
        why="The organization policy gcp.resourceLocations names the places in which jobs and buckets may be"
        f" made; what is there already stays. {_values(policy)}",
        next_step=standing.next_step,
        command="" if facts.local else f"{describe} --project={facts.project_id}",
        fixes=fixes,
        by_hand=True,
    )


def _location_standing(facts: SetupFacts, policy: OrganizationPolicy, allowed: list[str]) -> Standing:
    verdict = permits(policy, facts.region)
    if verdict:
        return Standing(CheckState.OK, f"{facts.region} is one of them")
    if verdict is None:
        step = f"If jobs are refused, ask which regions are meant by: {', '.join(_groups(policy))}."
        return Standing(CheckState.WARNING, f"{facts.region} is perhaps not allowed", next_step=step)
    named = ", ".join(allowed[:_MOST_NAMED])
    more = f" and {len(allowed) - _MOST_NAMED} more" if len(allowed) > _MOST_NAMED else ""
    region = allowed[0] if allowed else ""
    step = f"Allowed: {named}{more}. Change with: {how_to_set('region', region, facts.region_origin)}"
    if not allowed:
        step = "No training region is surely allowed; ask whoever administers policies for an exception."
    return Standing(CheckState.FAILED, f"nothing may be made in {facts.region}", next_step=step)


def _groups(policy: OrganizationPolicy) -> tuple[str, ...]:
    return tuple(value for value in (*policy.allowed, *policy.denied) if value.startswith("in:"))


def _values(policy: OrganizationPolicy) -> str:
    if policy.allows_none:
        return "It denies every place."
    parts = (
        f"Allowed: {', '.join(policy.allowed)}." if policy.allowed else "",
        f"Denied: {', '.join(policy.denied)}." if policy.denied else "",
    )
    return " ".join(part for part in parts if part)


def _keys(facts: SetupFacts) -> Check | None:
    policy = facts.keys_policy
    if facts.trouble is not None or not isinstance(policy, OrganizationPolicy) or not restricts(policy):
        return None
    demanded = [service for service in (JOBS, BUCKETS) if needs_key(policy, service)]
    if not demanded:
        return None
    lacking = [service for service in demanded if not _has_key(facts, service)]
    words = " and ".join({JOBS: "jobs", BUCKETS: "new buckets"}[service] for service in lacking or demanded)
    setting = f"vertex-tui config set kms_key {FORM.format(region=facts.region)}"
    return Check(
        "policies.keys",
        Group.POLICIES,
        "keys demanded",
        CheckState.FAILED if lacking else CheckState.OK,
        f"{words} need a key of your own" if lacking else f"{words}: your key is used",
        why="The organization policy gcp.restrictNonCmekServices refuses jobs and buckets that are encrypted"
        " with Google's keys. The setting kms_key is used for new buckets and for jobs whose spec has none.",
        next_step=f"Ask for a key in {facts.region}, then: {setting}" if lacking else "",
    )


def _has_key(facts: SetupFacts, service: str) -> bool:
    if service == JOBS:
        return bool(key_in_use(facts))
    return bool(facts.kms_key) or isinstance(facts.bucket, Bucket)


def _key(facts: SetupFacts) -> Check | None:
    """The key that is set: where it lies, and who must be able to use it, which is not visible from here."""
    key = key_in_use(facts)
    if not key:
        return None
    number = facts.project.number if isinstance(facts.project, Project) else ""
    standing = _key_standing(facts, key)
    agents = " and ".join(key_users(number or "PROJECT_NUMBER"))
    return Check(
        "policies.key",
        Group.POLICIES,
        "your key",
        standing.state,
        standing.finding,
        why="Jobs and buckets with a key of your own work only while Google's agents may use it, and only in"
        f" the key's own place. They need Cloud KMS CryptoKey Encrypter/Decrypter: {agents}. Whether they"
        f" have it is not visible from here. The key: {key}.",
        said=standing.said,
        next_step=standing.next_step,
        command="\n".join(key_commands(key, number)),
    )


def _key_standing(facts: SetupFacts, key: str) -> Standing:
    place, error = key_location(key), key_refused(facts)
    ask = "Send the commands (y) to whoever owns the key."
    setting = f"vertex-tui config set kms_key {FORM.format(region=facts.region)}"
    if not place:
        step = f"Write it in full: {setting}"
        return Standing(CheckState.FAILED, "its name has not the form of a key", next_step=step)
    if place != facts.region:
        step = (
            f"Take a key in {facts.region}: vertex-tui config set kms_key {FORM.format(region=facts.region)}"
        )
        return Standing(CheckState.FAILED, f"it lies in {place}, jobs run in {facts.region}", next_step=step)
    if error is not None:
        found = error.kind is ErrorKind.NOT_FOUND
        finding = "there is no such key" if found else "Google's agents may not use it"
        return Standing(CheckState.FAILED, finding, error.message, ask)
    bucket = facts.bucket
    if facts.kms_key and isinstance(bucket, Bucket) and bucket.kms_key != facts.kms_key:
        step = "New objects there keep the bucket's own encryption; it can be changed in the console."
        return Standing(CheckState.OK, f"in {place}; the bucket has another", next_step=step)
    return Standing(CheckState.OK, f"in {place}; its agents need a role: see below", next_step=ask)
