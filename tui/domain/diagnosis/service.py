"""What the service itself says went wrong: quota, capacity, image, account, permission, time."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime

from tui.domain.diagnosis.facts import Facts
from tui.domain.diagnosis.findings import Finding, told
from tui.domain.diagnosis.model import Cause, Confidence, Evidence
from tui.domain.diagnosis.subjects import subject_of
from tui.domain.jobs import Job, JobState
from tui.domain.text import duration

_CANCELLED, _UNKNOWN, _DEADLINE, _DENIED, _EXHAUSTED, _ABORTED, _INTERNAL, _UNAVAILABLE = (
    1,
    2,
    4,
    7,
    8,
    10,
    13,
    14,
)
"""`google.rpc.Code`."""
_SEARCHED = 20_000
_METRIC = re.compile(r"aiplatform\.googleapis\.com/([\w-]{1,120})")
_WHO = re.compile(r"by (?:the )?(?:user )?['\"]?([\w.+-]{1,64}@[\w.-]{1,253}\w)")
_ACCOUNT = re.compile(r"([\w.+-]{1,80}@[\w.-]{1,120}\.gserviceaccount\.com)")
_TIME_WORDS = (
    "ran longer",
    "timed out",
    "timeout",
    "time limit",
    "deadline exceeded",
    "exceeded the maximum",
)
_STOCKOUT = (
    "resources are insufficient",
    "stockout",
    "stock-out",
    "stocked out",
    "insufficient capacity",
    "insufficient resources",
    "resource_pool_exhausted",
    "does not have enough resources",
    "not enough resources available",
    "capacity is not available",
)
_PULL = (
    "could not be pulled",
    "failed to pull",
    "errimagepull",
    "imagepullbackoff",
    "pull access denied",
    "error pulling image",
    "image pull",
    "pulling the image",
    "access artifact registry repository",
    "downloadartifacts",
    "manifest unknown",
    "manifest for",
    "no matching manifest",
    "invalidimagename",
    "docker login",
)
_IMAGE = ("image", "-docker.pkg.dev", "gcr.io/", "artifact registry")
_IMAGE_GONE = (
    "does not exist",
    "not found",
    "may not read",
    "unauthorized",
    "denied",
    "does not have permission",
)
_ACCOUNT_WORDS = (
    "act as service account",
    "iam.serviceaccounts.actas",
    "iam.serviceaccounts.getaccesstoken",
    "serviceaccounttokencreator",
    "service account does not exist",
    "disablecrossprojectserviceaccountusage",
)
_OFF = ("has not been used in project", "service_disabled", "it is disabled. enable it", "api is disabled")
_REFUSED = (
    "permission_denied",
    "permission denied",
    "does not have",
    "' denied on",
    "accessdenied",
    "forbidden",
)
_SETTLE = 600.0
"""Seconds within which a job ends after its time is up."""


@dataclass(frozen=True, slots=True)
class Said:
    """One message of the service about the job's end."""

    text: str
    code: int = 0
    """`google.rpc.Code`; 0 for a log entry."""
    evidence: tuple[Evidence, ...] = ()
    low: str = field(init=False, default="")

    def __post_init__(self) -> None:
        """Lower the text once."""
        object.__setattr__(self, "low", self.text[:_SEARCHED].lower())

    def has(self, *words: str) -> bool:
        """Whether one of `words`, in small letters, is in it."""
        return any(word in self.low for word in words)


def platform(said: Said, job: Job, facts: Facts) -> Finding | None:
    """What a message means that is not about a replica's exit; None if it is none of these."""
    for look in (_local, _quota, _capacity, _image, _api, _account, _refused, _internal):
        found = look(said, job, facts)
        if found is not None:
            return found
    return None


def _local(said: Said, _job: Job, _facts: Facts) -> Finding | None:
    """Endings that only the local server knows."""
    if said.has("the local server runs at most"):
        words = f"The local server does not run so many replicas: {told(said.text)}"
        return _found(said, Cause.QUOTA, words, hint="replicas")
    if said.has("local server was stopped"):
        return _found(
            said, Cause.INTERNAL, "The local server was stopped while the job ran, and the job with it."
        )
    if said.has("without leaving its exit status"):
        words = "The program is gone and left no exit code: it was killed, or the machine was restarted."
        return _found(said, Cause.CRASH, words, Confidence.LIKELY)
    return None


def _quota(said: Said, _job: Job, _facts: Facts) -> Finding | None:
    quota = said.has(
        "quota metrics exceed", "quota_exceeded", "resource_quota_exceeded", "exceed quota", "quota exceeded"
    )
    if not quota and not (said.code == _EXHAUSTED and said.has("quota")):
        return None
    metrics = list(dict.fromkeys(_METRIC.findall(said.text[:_SEARCHED])))
    named = ", ".join(metric.removeprefix("custom_model_training_") for metric in metrics[:4])
    words = "The job needs more than the project's quota for training" + (f": {named}." if named else ".")
    return _found(said, Cause.QUOTA, words, subject=" ".join(metrics))


def _capacity(said: Said, job: Job, facts: Facts) -> Finding | None:
    preempted = said.has("preempt")
    if not preempted and not said.has(*_STOCKOUT):
        return None
    region = job.region or "the region"
    if preempted or (facts.spot and job.start_time is not None):
        words = "The machines were taken away while the job ran, as Spot machines can be"
        words += "." if preempted else f", and {region} had no others."
        sure = Confidence.SURE if preempted else Confidence.LIKELY
        return _found(said, Cause.PREEMPTION, words, sure)
    late = " when the job had to be started again" if job.start_time is not None else ""
    return _found(said, Cause.STOCKOUT, f"Google had no free machines of this kind in {region}{late}.")


def _image(said: Said, job: Job, _facts: Facts) -> Finding | None:
    """The service's wording is not known for certain: several signs make it sure."""
    pull, image, gone = said.has(*_PULL), said.has(*_IMAGE), said.has(*_IMAGE_GONE)
    if not (image and (pull or (gone and said.has("container image", "docker image", "image uri")))):
        return None
    subject = subject_of(Cause.IMAGE_PULL, said.text[:_SEARCHED])
    subject = subject or next((pool.image_uri for pool in job.pools if pool.image_uri), "")
    words = (
        f"The image {told(subject)} could not be pulled" if subject else "The job's image could not be pulled"
    )
    words += ": it does not exist, or the job may not read it."
    sure = Confidence.SURE if pull and gone else Confidence.LIKELY
    hint = "access" if said.has("permission", "denied", "unauthorized") else ""
    return _found(said, Cause.IMAGE_PULL, words, sure, subject=told(subject), hint=hint)


def _api(said: Said, _job: Job, _facts: Facts) -> Finding | None:
    if not said.has(*_OFF):
        return None
    service = subject_of(Cause.API_DISABLED, said.text[:_SEARCHED])
    words = f"The API {told(service) or 'that the job needs'} is turned off in the project."
    return _found(said, Cause.API_DISABLED, words, subject=told(service))


def _account(said: Said, _job: Job, facts: Facts) -> Finding | None:
    named = said.has("service account", "gserviceaccount.com")
    absent = named and said.has("does not exist", "not found", "is disabled", "deleted")
    if not (said.has(*_ACCOUNT_WORDS) or absent):
        return None
    match = _ACCOUNT.search(said.text[:_SEARCHED])
    account = match[1] if match else facts.service_account
    words = f"The service account {told(account) or 'of the job'} does not exist, or may not be used."
    hint = "use" if said.has("act as", "actas") else ""
    return _found(said, Cause.SERVICE_ACCOUNT, words, subject=told(account), hint=hint)


def _refused(said: Said, _job: Job, _facts: Facts) -> Finding | None:
    if said.has("billing"):
        words = "The project cannot be billed, and so runs no jobs."
        return _found(said, Cause.PERMISSION, words, Confidence.LIKELY, hint="billing")
    if said.code != _DENIED and not said.has(*_REFUSED):
        return None
    bucket = subject_of(Cause.PERMISSION, said.text[:_SEARCHED])
    words = f"The job was refused access to {told(bucket) or 'something it needs'}."
    return _found(said, Cause.PERMISSION, words, subject=told(bucket))


def _internal(said: Said, _job: Job, _facts: Facts) -> Finding | None:
    if said.code in (_INTERNAL, _UNAVAILABLE) or said.has("internal error"):
        words = "The service had an error of its own; the program need not be to blame."
        return _found(said, Cause.INTERNAL, words)
    return None


def timeout(said: Said | None, job: Job, facts: Facts) -> Finding | None:
    """Whether the job's time was up; by words, or by the clock."""
    limit = duration(facts.timeout)
    where = "its time limit" if facts.has_timeout else "the default time limit"
    words = f"The job was stopped after {where} of {limit}."
    evidence = said.evidence if said else ()
    if said and said.code in (0, _CANCELLED, _DEADLINE, _ABORTED, _UNKNOWN) and said.has(*_TIME_WORDS):
        return Finding(Cause.TIMEOUT, words, evidence=evidence)
    if said and said.code == _DEADLINE:
        return Finding(Cause.TIMEOUT, words, Confidence.LIKELY, evidence=evidence)
    ran = _ran(job)
    if ran is not None and facts.timeout - 60 <= ran <= facts.timeout + _SETTLE:
        return Finding(
            Cause.TIMEOUT, f"{words} It ran for {duration(ran)}.", Confidence.LIKELY, evidence=evidence
        )
    return None


def _ran(job: Job) -> float | None:
    return _between(job.start_time, job.end_time)


def _between(begin: datetime | None, end: datetime | None) -> float | None:
    """Seconds; None if a time is missing or has no zone while the other has."""
    if begin is None or end is None or (begin.tzinfo is None) != (end.tzinfo is None):
        return None
    return (end - begin).total_seconds()


def cancelled(said: Said | None, job: Job, asked: Evidence | None) -> Finding | None:
    """Whether someone cancelled the job; `asked` is the entry that says so first."""
    if job.state is not JobState.CANCELLED and not (said and said.code == _CANCELLED):
        return None
    who = _WHO.search(said.text[:_SEARCHED]) if said else None
    words = f"The job was cancelled by {told(who[1])}" if who else "The job was cancelled"
    ran = _until(job, asked)
    if job.start_time is None:
        words += " before it ran"
    elif ran is not None:
        words += f" after it had run for {duration(ran)}"
    evidence = ((asked,) if asked else ()) + (said.evidence if said else ())
    return Finding(Cause.CANCELLED, f"{words}.", evidence=evidence)


def _until(job: Job, asked: Evidence | None) -> float | None:
    if asked is None or asked.time_ns is None or job.start_time is None:
        return _ran(job)
    try:
        return max(asked.time_ns / 1e9 - job.start_time.timestamp(), 0.0)
    except (OverflowError, ValueError, OSError):  # a time at the edge of the calendar
        return None


def unknown(said: Said | None) -> Finding:
    """Nothing is recognised: the service's words as they are."""
    if said is None or not said.text.strip():
        words = "The job failed, and neither its error nor its log says why."
        return Finding(Cause.UNKNOWN, words, Confidence.UNSURE)
    words = f"The job failed for a reason that is not known here: “{told(said.text)}”"
    return Finding(Cause.UNKNOWN, words, Confidence.UNSURE, evidence=said.evidence)


def _found(
    said: Said,
    cause: Cause,
    words: str,
    confidence: Confidence = Confidence.SURE,
    *,
    subject: str = "",
    hint: str = "",
) -> Finding:
    return Finding(cause, words, confidence, subject, hint, evidence=said.evidence)
