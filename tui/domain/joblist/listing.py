"""Which jobs of a long list are shown, and in what order: what was made of a job is kept until it changes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tui.domain.catalog.skus import PriceBook
from tui.domain.course.cost import dollars_so_far
from tui.domain.insight import JobInsight
from tui.domain.joblist.columns import Line, in_order
from tui.domain.joblist.homes import parent_of
from tui.domain.joblist.query import Query, Subject, subject
from tui.domain.jobs import Job

_COST = "cost"


@dataclass(frozen=True, slots=True)
class Known:
    """All that the jobs of the list are looked at with."""

    jobs: tuple[Job, ...]
    """Newest first."""
    insights: Mapping[str, JobInsight]
    project_of: Callable[[Job], str]
    """The project's id; asked for once for all jobs of one project and region."""
    book: PriceBook | None
    now: datetime


class Listing:
    """Filters and orders jobs; a key in the filter takes milliseconds for ten thousand of them."""

    def __init__(self) -> None:
        self._subjects: dict[str, Subject] = {}
        self._made: tuple[object, ...] = ()
        self._all: list[Subject] = []

    def forget_all_but(self, names: Collection[str]) -> None:
        """Forget jobs that are gone."""
        for name in [name for name in self._subjects if name not in names]:
            del self._subjects[name]

    def found(self, query: Query, known: Known) -> Sequence[Job]:
        """The jobs that the filter lets through, newest first."""
        if not query.tests:
            return known.jobs
        subjects = self._subjects_of(known, costs=_COST in query.text)
        for test in query.tests:
            subjects = [each for each in subjects if test(each, known.now)]
        return [each.job for each in subjects]

    def _subjects_of(self, known: Known, *, costs: bool) -> list[Subject]:
        """The jobs as the filter sees them, with USD so far only where it asks for that."""
        made = (known.jobs, known.insights, known.book, costs)
        same = [one is other for one, other in zip(made, self._made, strict=False)]
        if len(same) == len(made) and all(same):
            return self._all
        if same == [True, False, True, True] and not costs:
            return self._with_insights(known, self._made[1])
        insights, project, cost = known.insights, _by_parent(known.project_of), _dollars(known)
        kept, self._made, self._all = self._subjects, made, []
        for job in known.jobs:
            insight, mine = insights.get(job.name), project(job)
            one = kept.get(job.name)
            if one is None or one.job is not job or one.insight is not insight or one.project != mine:
                one = kept[job.name] = subject(job, insight, None, mine)
            self._all.append(Subject(job, one.words, insight, cost(job), mine) if costs else one)
        return self._all

    def _with_insights(self, known: Known, before: Any) -> list[Subject]:  # noqa: ANN401 (those that were used)
        """Logs of a few jobs say something else now; a second later others may."""
        insights = known.insights
        names = {name for name, insight in insights.items() if before.get(name) is not insight}
        names |= before.keys() - insights.keys()
        for place, one in enumerate(self._all) if names else ():
            if one.job.name in names:
                fresh = subject(one.job, insights.get(one.job.name), None, one.project)
                self._all[place] = self._subjects[one.job.name] = fresh
        self._made = (known.jobs, insights, known.book, False)
        return self._all


def ordered(jobs: Sequence[Job], key: str, known: Known, *, reverse: bool) -> Sequence[Job]:
    """Jobs, which come newest first, by the column of that key; equal ones newest first."""
    if key == "age" and reverse:
        return jobs
    if key == _COST:
        cost = _dollars(known)
        return sorted(
            jobs, key=lambda job: -1.0 if (dollars := cost(job)) is None else dollars, reverse=reverse
        )
    insights = known.insights
    project = _by_parent(known.project_of) if key == "project" else _none
    lines = [Line(job, known.now, insights.get(job.name), None, project(job)) for job in jobs]
    return [line.job for line in in_order(lines, key, reverse=reverse)]


def _none(_job: Job) -> str:
    return ""


def _dollars(known: Known) -> Callable[[Job], float | None]:
    now, book, insights = known.now, known.book, known.insights

    def dollars(job: Job) -> float | None:
        insight = insights.get(job.name)
        return dollars_so_far(job, now, book=book, attempts=insight.attempts if insight else ())

    return dollars


def _by_parent(project_of: Callable[[Job], str]) -> Callable[[Job], str]:
    projects: dict[str, str] = {}

    def project(job: Job) -> str:
        parent = parent_of(job)
        found = projects.get(parent)
        if found is None:
            found = projects[parent] = project_of(job)
        return found

    return project
