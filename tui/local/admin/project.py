"""The project's state over the admin API: what of it is practised on, as words of the command line."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from difflib import get_close_matches

from aiohttp import web

from tui.domain.locations import is_location_value
from tui.local.access import ROLES
from tui.local.admin.front import AdminError, AdminHandler, read_object
from tui.local.state.project import ProjectState
from tui.local.state.standing import Standing

_NONE = "none"
_ANY = "any"
_ROLE = "roles/"
_STATES = {"active": False, "delete-requested": True}
_SWITCH = {"on": True, "off": False}


class ProjectAdmin:
    """`GET project`, `PUT project` and `DELETE project`."""

    def __init__(self, project: ProjectState) -> None:
        self._project = project

    def routes(self) -> Iterable[tuple[str, str, AdminHandler]]:
        """Method, path and handler."""
        return [
            ("GET", "project", self._show),
            ("PUT", "project", self._set),
            ("DELETE", "project", self._reset),
        ]

    async def _show(self, _request: web.Request) -> web.StreamResponse:
        return web.json_response(self._words())

    async def _set(self, request: web.Request) -> web.StreamResponse:
        given = await read_object(request)
        standing, roles = self._project.standing, None
        for key, value in given.items():
            if key == "me":
                roles = _roles(_text(key, value))
            elif key in _SETTERS:
                standing = _SETTERS[key](standing, _text(key, value))
            else:
                raise AdminError(f"there is nothing called {key[:80]!r} to set; known are {', '.join(KEYS)}")
        self._project.practise(standing, roles)
        return web.json_response(self._words())

    async def _reset(self, _request: web.Request) -> web.StreamResponse:
        self._project.practise(Standing(), ("roles/owner",))
        return web.json_response(self._words())

    def _words(self) -> dict[str, str]:
        """The state in the words that `_set` takes."""
        now = self._project.standing
        roles = [role.removeprefix(_ROLE) for role in self._project.roles_of(self._project.owner)]
        return {
            "billing": _word(_SWITCH, now.billing),
            "state": _word(_STATES, now.deleted),
            "me": ",".join(roles) or _NONE,
            "locations": ",".join(now.locations) or _ANY,
            "require_key": _word(_SWITCH, now.require_key),
        }


def _text(key: str, value: object) -> str:
    if not isinstance(value, str):
        raise AdminError(f"the value of {key} must be a text")
    return value.strip()


def _word(words: dict[str, bool], value: bool) -> str:  # noqa: FBT001  # the value to name
    return next(word for word, meaning in words.items() if meaning is value)


def _choice(words: dict[str, bool], key: str, value: str) -> bool:
    if value not in words:
        raise AdminError(f"{key} is {' or '.join(words)}, not {value[:80]!r}")
    return words[value]


def _locations(value: str) -> tuple[str, ...]:
    if value == _ANY:
        return ()
    values = tuple(dict.fromkeys(part.strip() for part in value.split(",")))
    for each in values:
        if not is_location_value(each):
            raise AdminError(
                f"{each[:80]!r} is not a region, a multi-region or a group such as in:eu-locations; "
                f"{_ANY} allows everything"
            )
    return values


def _roles(value: str) -> tuple[str, ...]:
    if value == _NONE:
        return ()
    wanted = tuple(f"{_ROLE}{part.strip().removeprefix(_ROLE)}" for part in value.split(","))
    for role in wanted:
        if role not in ROLES:
            close = get_close_matches(role, ROLES, n=3, cutoff=0.6)
            meant = (
                f"; did you mean {' or '.join(name.removeprefix(_ROLE) for name in close)}?" if close else ""
            )
            raise AdminError(f"there is no role called {role.removeprefix(_ROLE)[:80]!r} here{meant}")
    return wanted


_SETTERS: dict[str, Callable[[Standing, str], Standing]] = {
    "billing": lambda now, value: replace(now, billing=_choice(_SWITCH, "billing", value)),
    "state": lambda now, value: replace(now, deleted=_choice(_STATES, "state", value)),
    "locations": lambda now, value: replace(now, locations=_locations(value)),
    "require_key": lambda now, value: replace(now, require_key=_choice(_SWITCH, "require_key", value)),
}
KEYS: tuple[str, ...] = ("billing", "state", "me", "locations", "require_key")
"""What can be set, in the order in which it is shown."""
