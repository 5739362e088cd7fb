"""A start that is the same wherever and whenever it is looked at."""

from __future__ import annotations

from dataclasses import replace

from tui.domain.access import ApiState, Identity, OrganizationPolicy, Policy, Project, QuotaLimits
from tui.domain.setup.facts import APIS, SetupFacts
from tui.domain.setup.needs import needs_of
from tui.domain.setup.permissions import BUCKET_PERMISSIONS, PROJECT_PERMISSIONS
from tui.domain.spec.check import check
from tui.domain.spec.references import Source, Value
from tui.domain.spec.request import build_request
from tui.domain.storage import Bucket
from tui.domain.target import Target
from tui.panes.spec_words import Start
from tui.services.preflight import report_of
from tui.services.submission import Record

SPEC = """\
scheduling:
  timeout: 7200s
workerPoolSpecs:
  - machineSpec:
      machineType: g2-standard-4
      acceleratorType: NVIDIA_L4
      acceleratorCount: 1
    replicaCount: 1
    containerSpec:
      imageUri: europe-docker.pkg.dev/kelp-train/images/train:1
      command: [python, train.py]
      args: [--out, gs://kelp-train-outputs/gemma]
      env:
        - name: HF_TOKEN
          value: ${HF_TOKEN}
"""


def a_start(*, hard: bool) -> Start:
    """A billed start; a hard one goes to another project, over the limit, against the checks."""
    spec = check(
        SPEC if not hard else SPEC.partition("workerPoolSpecs")[1] + SPEC.partition("workerPoolSpecs")[2]
    )
    needs = needs_of(spec, "gemma.yaml")
    assert needs is not None
    facts = SetupFacts(
        "kelp-train",
        "europe-west4",
        "kelp-train-outputs",
        connected=True,
        identity=Identity("ana@lagoon.example", "application default credentials"),
        project=Project("kelp-train", "123456789012", "ACTIVE"),
        apis=dict.fromkeys(APIS, ApiState.ENABLED),
        permissions=frozenset(PROJECT_PERMISSIONS),
        policy=Policy(()),
        billing=True,
        bucket=Bucket("kelp-train-outputs", "EUROPE-WEST4", "region"),
        bucket_permissions=frozenset(BUCKET_PERMISSIONS),
        bucket_policy=Policy(()),
        locations_policy=OrganizationPolicy("x"),
        keys_policy=OrganizationPolicy("x"),
        quotas={name: QuotaLimits(name, {}, 0 if hard and "l4" in name else 200) for name in needs.quota},
        needs=needs,
        secret_names=frozenset(["HF_TOKEN"]),
    )
    values = {"HF_TOKEN": Value("hf_secret", Source.SECRETS)}
    start = Start(
        spec,
        build_request(spec, "ana-gemma-0911-1840", {}, values),
        values,
        Target("kelp-train", "europe-west4"),
        "gemma.yaml",
        unsaved=False,
        report=report_of(facts),
        limit=100.0,
    )
    if not hard:
        return start
    last = Record("j1", "whelk-prod", "europe-west4", False, "x", "gemma.yaml", "2026-09-11T16:40:00+00:00")  # noqa: FBT003
    return replace(start, last=last)
