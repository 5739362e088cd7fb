"""The filter of the job list: words, fields and comparisons, all of which a job must meet.

Several values of one field, with commas between, are met by any of them.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from tui.domain.insight import JobInsight
from tui.domain.jobs import Job, JobState

_COMPARED = re.compile(r"(?P<field>age|ran|cost|created|progress)(?P<sign><=|>=|<|>|=)(?P<value>.+)")
_SPAN = re.compile(r"(?P<number>\d+(?:\.\d+)?)(?P<unit>[smhdw]?)")
_UNITS = {"": 60, "s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_UNKNOWN = re.compile(r"(?P<field>[a-z][a-z_-]*)(?P<sign>:|<=|>=|<|>)")
"""How a word begins that looks like a field of ours; `team=a` is a label, found as a word."""
COMPARED = ("age", "ran", "cost", "created", "progress")
"""Fields that are compared."""
FIELDS = ("state", "label", "name", "id", "region", "project", "machine", "by", "cause")
"""Fields that `field:value` looks into."""
_ONE_VALUE = frozenset({"name"})
"""Fields whose values may hold a comma; of all others, `a,b` means either."""
_ME = "me"
NOBODY = "by:me matches nothing: no name of yours is known. The setting jobs.user gives one."
"""Said when `by:me` stands for nobody."""
EXAMPLES = "words · state:failed,expired (or) · label:team=a · age<2d · cost>5 · -word"
"""What the filter understands, for its placeholder and the help."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A job as the filter sees it; made once for each state of the job."""

    job: Job
    words: str
    """Everything that bare words are looked for in, in lower case."""
    insight: JobInsight | None = None
    cost: float | None = None
    """USD so far; None when not known."""
    project: str = ""
    """The project's id; the record only knows its number."""


Test = Callable[[Subject, datetime], bool]


def subject(
    job: Job, insight: JobInsight | None = None, cost: float | None = None, project: str = ""
) -> Subject:
    """The job with its searchable text; its project is found by `project:` alone, for it is that of many."""
    labels = " ".join(f"{key}={value}" for key, value in job.labels.items())
    cause = insight.diagnosis.cause.value if insight and insight.diagnosis else ""
    parts = (job.display_name, job.job_id, job.state.word, labels, job.machine, job.region, cause)
    return Subject(job, "\n".join(parts).lower(), insight, cost, project)


@dataclass(frozen=True, slots=True)
class Query:
    """A filter, read."""

    text: str = ""
    tests: tuple[Test, ...] = ()
    problem: str = ""
    """What of it could not be read first, as a sentence; the rest counts all the same."""

    def matches(self, found: Subject, now: datetime) -> bool:
        """Whether the job meets every part."""
        return all(test(found, now) for test in self.tests)


def read_query(text: str, *, me: str = "") -> Query:
    """The filter that `text` means; `me` is what `by:me` stands for, empty where no name is known."""
    tests: list[Test] = []
    problems: list[str] = []
    for word in _words(text.lower()):
        bare = word.removeprefix("-") if len(word) > 1 else word
        if not me and bare.startswith("by:") and _ME in bare[3:].split(","):
            problems.append(NOBODY)
        try:
            test = _test(bare, me.lower())
        except ValueError as error:
            problems.append(str(error))
            continue
        tests.append(_not(test) if bare != word else test)
    return Query(text, tuple(tests), next(iter(problems), ""))


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text, posix=True)
    except ValueError:  # a quote that is not closed yet
        return text.replace('"', " ").replace("'", " ").split()


def _not(test: Test) -> Test:
    return lambda found, now: not test(found, now)


def _test(word: str, me: str) -> Test:
    if compared := _COMPARED.fullmatch(word):
        return _comparison(compared["field"], compared["sign"], compared["value"])
    field, colon, value = word.partition(":")
    if colon and field in FIELDS:
        values = [value] if field in _ONE_VALUE else [part for part in value.split(",") if part] or [""]
        return _either([_field(field, each, me) for each in values])
    if looks := _UNKNOWN.match(word):
        raise ValueError(_no_field(looks["field"], compared=looks["sign"] != ":"))
    return lambda found, _now: word in found.words


def _no_field(field: str, *, compared: bool) -> str:
    """What to say of a field that there is not, or that is asked otherwise."""
    from difflib import get_close_matches  # noqa: PLC0415 (only for a slip)

    if field in COMPARED:
        return f"{field} is compared, such as {field}{'>2026-11-01' if field == 'created' else '<5'}."
    if field in FIELDS:
        return f"{field} is looked into, such as {field}:words; only {', '.join(COMPARED)} are compared."
    every = (*COMPARED, *FIELDS) if compared else (*FIELDS, *COMPARED)
    near = next(iter(get_close_matches(field, every, 1, 0.5)), "")
    if near:
        return f"No field is called {field!r}: {near}{'<' if near in COMPARED else ':'} perhaps?"
    return f"No field is called {field!r}: {', '.join((*FIELDS, *COMPARED))}."


def _either(tests: list[Test]) -> Test:
    """Whether one of the tests holds."""
    if len(tests) == 1:
        return tests[0]
    return lambda found, now: any(test(found, now) for test in tests)


def _field(field: str, value: str, me: str) -> Test:
    if field == "by" and value == _ME:
        return lambda found, _now: bool(me) and found.job.submitter.lower() == me
    if field == "state":
        return _state(value)
    if field == "label":
        return lambda found, _now: any(
            value in f"{key}={text}".lower() for key, text in found.job.labels.items()
        )
    if field == "cause":
        return lambda found, _now: bool(
            found.insight and found.insight.diagnosis and value in found.insight.diagnosis.cause.value
        )
    read: Callable[[Subject], str] = {
        "name": lambda found: found.job.display_name,
        "id": lambda found: found.job.job_id,
        "region": lambda found: found.job.region,
        "project": lambda found: f"{found.project}\n{_number(found.job)}",
        "machine": lambda found: found.job.machine,
        "by": lambda found: found.job.submitter,
    }[field]
    return lambda found, _now: value in read(found).lower()


def _number(job: Job) -> str:
    """The project's number, as resource names have it."""
    return job.name.split("/")[1] if "/" in job.name else ""


def _state(value: str) -> Test:
    if value in {"live", "active"}:
        return lambda found, _now: found.job.state.live
    if value in {"ended", "done"}:
        return lambda found, _now: found.job.state.terminal
    known = [state for state in JobState if state.word.startswith(value)]
    if not known:
        words = ", ".join(state.word for state in JobState if state is not JobState.UNKNOWN)
        raise ValueError(f"No state begins with {value!r}: live, ended, {words}.")
    return lambda found, _now: found.job.state in known


def _comparison(field: str, sign: str, value: str) -> Test:
    limit = _instant(value) if field == "created" else _amount(field, value)
    compare: Callable[[float, float], bool] = {
        "<": lambda left, right: left < right,
        "<=": lambda left, right: left <= right,
        ">": lambda left, right: left > right,
        ">=": lambda left, right: left >= right,
        "=": lambda left, right: left == right,
    }[sign]

    def test(found: Subject, now: datetime) -> bool:
        measured = _measure(field, found, now)
        return measured is not None and compare(measured, limit)

    return test


def _measure(field: str, found: Subject, now: datetime) -> float | None:
    job = found.job
    if field == "age":
        return (now - job.create_time).total_seconds() if job.create_time else None
    if field == "created":
        return job.create_time.timestamp() if job.create_time else None
    if field == "ran":
        ran = job.duration(now)
        return ran.total_seconds() if ran is not None else None
    if field == "cost":
        return found.cost
    progress = found.insight.progress if found.insight else None
    return progress.fraction * 100 if progress and progress.fraction is not None else None


def _amount(field: str, value: str) -> float:
    if field in {"cost", "progress"}:
        try:
            return float(value.strip("$%"))
        except ValueError:
            raise ValueError(f"{field} is compared with a number, such as {field}>5.") from None
    match = _SPAN.fullmatch(value)
    if not match:
        raise ValueError(f"{field} is compared with a time, such as {field}<2d or {field}>30m.")
    return float(match["number"]) * _UNITS[match["unit"]]


def _instant(value: str) -> float:
    try:
        found = datetime.fromisoformat(value.upper())
    except ValueError:
        raise ValueError("created is compared with a date, such as created>2026-11-01.") from None
    return (found if found.tzinfo else found.astimezone()).astimezone(UTC).timestamp()
