"""`/_local/faults`: rules that say what goes wrong."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any

from aiohttp import web

from tui.local.admin.front import AdminError, AdminHandler, read_object
from tui.local.faults.book import FaultBook, Rule
from tui.local.faults.calls import error_of
from tui.local.faults.effects import RuleError

PATH = "faults"
_FIELDS: dict[str, tuple[type, ...]] = {
    "kind": (str,),
    "pattern": (str,),
    "effect": (str,),
    "options": (dict,),
    "times": (int, type(None)),
    "probability": (int, float),
    "seed": (int, type(None)),
}
_NEEDED = ("kind", "pattern", "effect")


class FaultsPart:
    """The admin API of faults."""

    def __init__(self, book: FaultBook, call_names: Iterable[str]) -> None:
        self._book = book
        self._call_names = sorted(set(call_names))

    def routes(self) -> Iterable[tuple[str, str, AdminHandler]]:
        """The routes of this part."""
        return [
            ("GET", PATH, self._list),
            ("POST", PATH, self._add),
            ("DELETE", PATH, self._clear),
            ("GET", PATH + "/{id}", self._get),
            ("DELETE", PATH + "/{id}", self._remove),
        ]

    async def _list(self, _request: web.Request) -> web.StreamResponse:
        return web.json_response({"faults": [rule_json(rule) for rule in self._book.rules()]})

    async def _add(self, request: web.Request) -> web.StreamResponse:
        """A rule in the form of `rule_json`, without `id` and `hits`."""
        try:
            rule = read_rule(await read_object(request))
            if rule.kind == "call":
                self._check_pattern(rule)
            return web.json_response(rule_json(self._book.add(rule)))
        except RuleError as error:
            raise AdminError(str(error)) from error

    def _check_pattern(self, rule: Rule) -> None:
        """Refuse a pattern that fits no call of this server's."""
        if any(rule.matches((name,)) for name in self._call_names):
            return
        near = difflib.get_close_matches(rule.pattern.strip("*"), self._call_names, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise RuleError(f"the local server has no method that fits {rule.pattern!r}{hint}")

    async def _clear(self, _request: web.Request) -> web.StreamResponse:
        return web.json_response({"removed": self._book.clear()})

    async def _get(self, request: web.Request) -> web.StreamResponse:
        for rule in self._book.rules():
            if rule.id == request.match_info["id"]:
                return web.json_response(rule_json(rule))
        raise _missing(request)

    async def _remove(self, request: web.Request) -> web.StreamResponse:
        if not self._book.remove(request.match_info["id"]):
            raise _missing(request)
        return web.json_response({"removed": 1})


def _missing(request: web.Request) -> AdminError:
    return AdminError(f"there is no fault {request.match_info['id']}", 404)


def rule_json(rule: Rule) -> dict[str, Any]:
    """A rule as the admin API shows it; `times` is how often it still happens."""
    return {
        "id": rule.id,
        "kind": rule.kind,
        "pattern": rule.pattern,
        "effect": rule.effect,
        "options": rule.options,
        "times": rule.times,
        "probability": rule.probability,
        "seed": rule.seed,
        "hits": rule.hits,
    }


def read_rule(content: dict[str, Any]) -> Rule:
    """A rule from its JSON, checked to the last detail.

    Raises:
        RuleError: it makes no sense.
    """
    for name, value in content.items():
        if name not in _FIELDS:
            raise RuleError(f"a fault has no {name!r}; it has {', '.join(_FIELDS)}")
        if not isinstance(value, _FIELDS[name]) or isinstance(value, bool):
            raise RuleError(f"{name} cannot be {value!r}")
    for name in _NEEDED:
        if name not in content:
            raise RuleError(f"{name} is missing")
    rule = Rule(**content)
    rule.check()
    if (rule.kind, rule.effect) == ("call", "error"):
        error_of(rule.options)
    return rule
