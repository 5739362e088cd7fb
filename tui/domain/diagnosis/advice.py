"""What to do about each cause, and with which key."""

from __future__ import annotations

from collections.abc import Mapping

from tui.domain.diagnosis.advice_program import LOGS, LOGS_END, PROGRAM, RERUN, Maker, Steps, edit, image_path
from tui.domain.diagnosis.facts import Facts
from tui.domain.diagnosis.findings import Finding, told
from tui.domain.diagnosis.model import Action, Cause, NextStep

_TRAINING = "custom_model_training_"
_MOST_METRICS = 4


def steps(finding: Finding, facts: Facts) -> Steps:
    """The next steps for a finding, the best first; where no line of the log is quoted, its end is read."""
    make = _MAKERS.get(finding.cause)
    found = make(finding, facts) if make else ()
    if any(each.key is not None for each in finding.evidence):
        return found
    return tuple(LOGS_END if step is LOGS else step for step in found)


def _quota(finding: Finding, facts: Facts) -> Steps:
    if finding.hint == "replicas":
        path = facts.path(finding.replica, "replicaCount")
        return (edit("Ask for fewer replicas.", path),)
    if finding.hint == "program":
        return (LOGS, edit("Make fewer calls at once, or pause between them.", facts.command_path("")))
    metrics = finding.subject.split()[:_MOST_METRICS]
    checks = [f"quota.{metric.removeprefix(_TRAINING)}" for metric in metrics] or ["quota"]
    asked = tuple(
        NextStep(
            f"Ask for more quota of {told(check.partition('.')[2]) or 'training'}.",
            Action.REQUEST_QUOTA,
            check,
        )
        for check in checks
    )
    other = "standard" if facts.spot else "spot"
    words = "with standard machines" if facts.spot else "on Spot"
    return (
        *asked,
        NextStep("Run it on a smaller machine that the quota allows.", Action.RERUN_AS, change="machine"),
        NextStep("Run it in another region.", Action.RERUN_AS, change="region"),
        NextStep(f"Run it {words}, which counts against other limits.", Action.RERUN_AS, change=other),
    )


def _stockout(_finding: Finding, facts: Facts) -> Steps:
    spot = (
        (NextStep("Run it with standard machines.", Action.RERUN_AS, change="standard"),)
        if facts.spot
        else ()
    )
    return (
        NextStep("Run it in another region.", Action.RERUN_AS, change="region"),
        NextStep("Run it on another kind of machine or GPU.", Action.RERUN_AS, change="machine"),
        *spot,
        NextStep("Run it again later as it is.", Action.RERUN),
    )


def _preemption(_finding: Finding, _facts: Facts) -> Steps:
    return (
        NextStep("Run it again from its last checkpoint.", Action.RERUN_AS, change="args"),
        NextStep(
            "Run it with standard machines, which are not taken away.", Action.RERUN_AS, change="standard"
        ),
        NextStep("Run it in another region.", Action.RERUN_AS, change="region"),
    )


def _image(finding: Finding, facts: Facts) -> Steps:
    return (
        edit("Check the name and tag of the image.", image_path(finding, facts)),
        NextStep(
            "See whether the agents that pull images may read the repository.",
            Action.OPEN_SETUP,
            "account.images",
        ),
        NextStep(
            "See whether Artifact Registry is on.", Action.OPEN_SETUP, "apis.artifactregistry.googleapis.com"
        ),
        NextStep("If this was the project's first job, run it again after a minute.", Action.RERUN),
    )


def _account(finding: Finding, _facts: Facts) -> Steps:
    check = "account.use" if finding.hint == "use" else "account.runs-as"
    return (
        NextStep("See to the job's service account.", Action.OPEN_SETUP, check),
        edit("Check the service account in the spec.", ("jobSpec", "serviceAccount")),
    )


def _permission(finding: Finding, facts: Facts) -> Steps:
    if finding.hint == "billing":
        return (NextStep("See to the project's billing account.", Action.OPEN_SETUP, "billing"),)
    if finding.hint == "git":
        return (
            edit(
                "Check the repository's address; a private one takes a token.",
                facts.script_path(finding.replica),
            ),
            NextStep("Give the job a token for git.", Action.SET_SECRET, secret="GIT_TOKEN"),  # noqa: S106 (a name)
        )
    if finding.hint == "credentials":
        return (
            NextStep("See which service account the job runs as.", Action.OPEN_SETUP, "account.runs-as"),
            LOGS,
        )
    return (
        NextStep(
            "See whether the job's service account may use the bucket.", Action.OPEN_SETUP, "bucket.job"
        ),
        NextStep("See what the job's service account may do.", Action.OPEN_SETUP, "account.storage"),
        LOGS,
    )


def _api(finding: Finding, _facts: Facts) -> Steps:
    check = f"apis.{finding.subject}" if finding.subject else "apis"
    return (
        NextStep("Turn the API on.", Action.OPEN_SETUP, check),
        NextStep("Then run it again; it takes effect within minutes.", Action.RERUN),
    )


def _timeout(_finding: Finding, _facts: Facts) -> Steps:
    return (
        NextStep("Run it again with more time, from its last checkpoint.", Action.RERUN_AS, change="timeout"),
        edit("Set the time limit in the spec.", ("jobSpec", "scheduling", "timeout")),
        NextStep("See whether a checkpoint was saved.", Action.OPEN_OUTPUTS),
    )


_MAKERS: Mapping[Cause, Maker] = {
    **PROGRAM,
    Cause.QUOTA: _quota,
    Cause.STOCKOUT: _stockout,
    Cause.PREEMPTION: _preemption,
    Cause.IMAGE_PULL: _image,
    Cause.SERVICE_ACCOUNT: _account,
    Cause.PERMISSION: _permission,
    Cause.API_DISABLED: _api,
    Cause.TIMEOUT: _timeout,
    Cause.CANCELLED: lambda _finding, _facts: (RERUN,),
    Cause.INTERNAL: lambda _finding, _facts: (
        RERUN,
        NextStep("Run it in another region.", Action.RERUN_AS, change="region"),
    ),
    Cause.UNKNOWN: lambda _finding, _facts: (LOGS, RERUN),
}
