"""Projects that the caller can see and that are like a text, for one that is not found."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import SequenceMatcher
from typing import Any

from google.cloud.resourcemanager_v3.services.projects import ProjectsAsyncClient, ProjectsClient
from google.cloud.resourcemanager_v3.types import GetProjectRequest, SearchProjectsRequest

from tui.cloud.service import Service, method
from tui.domain.access import Project
from tui.domain.errors import CloudError, ErrorKind

MOST = 5
"""Projects that are named."""

PAGE = 100
"""Projects looked at in one reply; they are sorted here by how like the text they are."""

LIKE = 0.7
"""Least share of common characters (`difflib`'s ratio) by which a name counts as like the text."""

_BEGINNING = 3
"""Characters that a search by the text's beginning takes."""

_WORD = re.compile(r"[\w-]+")
_UNSEEN = frozenset({ErrorKind.NOT_FOUND, ErrorKind.DENIED, ErrorKind.INVALID})

ProjectsService = Service[ProjectsAsyncClient, ProjectsClient]


async def find_projects(service: ProjectsService, text: str) -> tuple[Project, ...]:
    """Up to five projects whose id, number or display name is like `text`, the likest first.

    The search lags behind changes by a while (FACTS 8.4).

    Raises:
        CloudError: the search failed.
    """
    wanted = " ".join(text.split())
    if not wanted:
        return ()
    found: dict[str, Project] = {}
    if wanted.isascii() and wanted.isdigit():
        found |= await _by_number(service, wanted)
    for query in queries(wanted):
        if len(found) < MOST:
            found |= await _search(service, query)
            found = {key: project for key, project in found.items() if likeness(project, wanted) >= LIKE}
    ranked = sorted(found.values(), key=lambda project: (-likeness(project, wanted), project.project_id))
    return tuple(ranked[:MOST])


def queries(text: str) -> tuple[str, ...]:
    """What to search for in turn: what begins with the text, what begins like it, all that can be seen.

    Words of one query are alternatives, values are compared without regard to case, and `*` stands for any
    end (`SearchProjectsRequest.query`).
    """
    words = _WORD.findall(text)
    if not words:
        return ("",)
    whole = f"id:{text}* displayName:{text}*" if words == [text] else f"displayName:{words[0]}*"
    beginning = words[0][:_BEGINNING]
    return tuple(dict.fromkeys((whole, f"id:{beginning}* displayName:{beginning}*", "")))


def likeness(project: Project, text: str) -> float:
    """How like a text one of a project's names is: 1 if it begins with it, else `difflib`'s ratio."""
    names = (project.project_id, project.number, project.display_name)
    return max(_alike(name.casefold(), text.casefold()) for name in names)


def as_project(message: Any) -> Project:  # noqa: ANN401 (a message of Google's)
    """A `google.cloud.resourcemanager.v3.Project`; a state newer than the library is a mere number."""
    return Project(
        project_id=message.project_id,
        number=message.name.rpartition("/")[2],
        state=str(getattr(message.state, "name", message.state)),
        display_name=message.display_name,
    )


def _alike(name: str, text: str) -> float:
    if name.startswith(text):
        return 1.0
    return SequenceMatcher(None, name, text).ratio() if name else 0.0


async def _by_number(service: ProjectsService, number: str) -> dict[str, Project]:
    """The project of a number, which the search does not take."""
    try:
        project = await service.read(method("get_project", GetProjectRequest(name=f"projects/{number}")))
    except CloudError as error:
        if error.kind not in _UNSEEN:
            raise
        return {}
    return _by_id([project])


async def _search(service: ProjectsService, query: str) -> dict[str, Project]:
    request = SearchProjectsRequest(query=query, page_size=PAGE)
    # The pager hands on the fields of its first page; iterating it would fetch the others.
    page = await service.read(method("search_projects", request))
    return _by_id(page.projects)


def _by_id(projects: Iterable[Any]) -> dict[str, Project]:
    return {project.project_id: as_project(project) for project in projects}
