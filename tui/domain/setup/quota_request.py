"""The request for more quota: as text to copy, and as the gcloud command that sends it."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from tui.domain.access import Identity, LoginKind, Project
from tui.domain.catalog.accelerators import GPU_TITLES
from tui.domain.catalog.machines import MACHINES
from tui.domain.catalog.quotas import SERVICE, Pool, quota_id, short_name
from tui.domain.setup.facts import SetupFacts

_GPUS = 8
"""In the largest machines: from there on, more come in eights."""
_STEPS = ((100, 10), (1_000, 50), (10_000, 500), (0, 5_000))
"""What vCPUs and GB are rounded up to, by the size they stay below."""


@dataclass(frozen=True, slots=True)
class Request:
    """One limit that is too low."""

    metric: str
    title: str
    """Such as `L4 GPUs`."""
    limit: int
    wanted: int

    @property
    def sentence(self) -> str:
        """`the limit of L4 GPUs from 0 to 1`."""
        return f"the limit of {self.title} from {self.limit:,} to {self.wanted:,}"


def rounded(metric: str, amount: int) -> int:
    """A limit to ask for that holds `amount`: 1, 2, 4 or eights of accelerators, else a round number."""
    name = short_name(metric)
    if "gpus" in name or "tpu" in name:
        if amount > _GPUS:
            return -(-amount // _GPUS) * _GPUS
        return next(count for count in (1, 2, 4, _GPUS) if count >= amount)
    step = next(step for below, step in _STEPS if amount < below or not below)
    return -(-amount // step) * step


def request_command(facts: SetupFacts, request: Request) -> str:
    """The gcloud command that asks for it (flags as of gcloud 528); Google answers such requests by mail."""
    flags = [
        f"--service={SERVICE}",
        f"--project={facts.project_id or 'PROJECT'}",
        f"--quota-id={quota_id(request.metric)}",
        f"--preferred-value={request.wanted}",
        f"--dimensions=region={facts.region}",
        f"--justification={_machines(facts).replace('×', 'x')}",
        *([f"--email={email}"] if (email := _email(facts)) else []),
    ]
    return " ".join(["gcloud beta quotas preferences create", *map(shlex.quote, flags)])


def reading_command(facts: SetupFacts, metric: str) -> str:
    """The gcloud command that shows the limits of one metric by region."""
    where = f"--service={SERVICE} --project={shlex.quote(facts.project_id or 'PROJECT')}"
    return f"gcloud beta quotas info describe {quota_id(metric)} {where}"


def request_text(facts: SetupFacts, request: Request) -> str:
    """The whole request, to be sent to whoever may raise limits in the project."""
    number = facts.project.number if isinstance(facts.project, Project) else ""
    rows = {
        "Project": f"{facts.project_id} (number {number})" if number else facts.project_id,
        "Region": facts.region,
        "Service": SERVICE,
        "Quota": f"Custom model training: {request.title}",
        "Metric": request.metric,
        "Quota id": quota_id(request.metric),
        "Limit now": f"{request.limit:,}",
        "Wanted": f"{request.wanted:,}",
    }
    lines = ["Please raise a quota of Vertex AI custom training.", ""]
    lines += [f"{name + ':':<11}{value}" for name, value in rows.items()]
    lines += ["", f"Reason: {_machines(facts)}. [What the training is for, in a sentence.]", ""]
    return "\n".join([*lines, *_ways(facts, request)])


def _ways(facts: SetupFacts, request: Request) -> list[str]:
    """How to send it; a role with `cloudquotas.quotas.update` is needed for each."""
    project = shlex.quote(facts.project_id or "PROJECT")
    command = request_command(facts, request)
    enable = f"gcloud services enable cloudquotas.googleapis.com --project={project}"
    if facts.local:
        own = local_command(facts, request)
        return ["On this box:", f"  {own}", "Or with gcloud:", f"  {enable}", f"  {command}"]
    return [
        "To send it with gcloud (needs roles/cloudquotas.admin; the first line once a project):",
        f"  {enable}",
        f"  {command}",
        "If it says that a preference exists already, change that one: gcloud beta quotas preferences",
        "list, then update ID with the same flags.",
        "Or in the Google Cloud console: IAM & Admin, Quotas & System Limits; filter by the metric and the",
        "region, then Edit. There the quota's own name is shown, should gcloud not know the id above.",
    ]


def local_command(facts: SetupFacts, request: Request) -> str:
    """What raises the limit of the local server, where nobody has to be asked."""
    name = short_name(request.metric)
    return f"vertex-tui local quota set {name} {request.wanted} --region {shlex.quote(facts.region)}"


def _email(facts: SetupFacts) -> str:
    """Whom Google may ask back; a request without an address is denied when it has questions."""
    who = facts.identity
    person = isinstance(who, Identity) and who.kind in (LoginKind.USER, LoginKind.GCLOUD)
    return who.account if isinstance(who, Identity) and person and "@" in who.account else ""


def _machines(facts: SetupFacts) -> str:
    """`Custom training on 2 × g2-standard-24 with 2 × L4 each`."""
    pools = facts.needs.pools if facts.needs else ()
    asked = [_pool(pool) for pool in pools if pool.replicas > 0]
    return f"Custom training on {' and '.join(asked)}" if asked else "Custom training"


def _pool(pool: Pool) -> str:
    machine = MACHINES.get(pool.machine_type)
    kind = pool.accelerator_type or (machine.accelerator if machine else "")
    count = pool.accelerator_count or (machine.accelerator_count if machine else 0)
    text = f"{pool.replicas} × {pool.machine_type}"
    if kind and count:
        text += f" with {count} × {GPU_TITLES.get(kind, kind)}{' each' if pool.replicas > 1 else ''}"
    return f"{text} {pool.tpu_topology}".strip()
