"""`gs://$BUCKET` where the variable's own value begins with `gs://` already."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from tui.domain.spec.nodes import Scalar
from tui.domain.spec.problems import Fix, Problem, warning
from tui.domain.spec.script_places import Lines, places_of

_USE = re.compile(r"(?P<scheme>gs://|/gcs/)[\"']?\$[{(]?(?P<name>[A-Za-z_][A-Za-z0-9_]*)")
_SET = re.compile(r"^[ \t]*(?:export[ \t]+)?(?P<name>[A-Za-z_]\w*)=[\"']?gs://", re.MULTILINE)


def double_schemes(node: Scalar, env: Mapping[str, str], lines: Callable[[], Lines]) -> Iterator[Problem]:
    """One warning for each variable, at its first use, with the fix for all of its uses in the script."""
    if "gs://" not in node.text and "/gcs/" not in node.text:
        return
    whole = {name for name, value in env.items() if value.strip().startswith("gs://")}
    whole |= {found["name"] for found in _SET.finditer(node.text)}
    found = [item for item in _USE.finditer(node.text) if item["name"] in whole] if whole else []
    if not found:
        return
    places = places_of(lines(), node)
    for name in dict.fromkeys(item["name"] for item in found):
        uses = [item for item in found if item["name"] == name]
        edits = [places.edit(*use.span("scheme"), "") for use in uses if use["scheme"] == "gs://"]
        sure = tuple(edit for edit in edits if edit is not None)
        fix = Fix("Take gs:// away here", sure) if len(sure) == len(uses) else None
        text = f"The value of {name} begins with gs:// itself: here that comes to {uses[0]['scheme']}gs://…"
        yield warning(places.place(uses[0].start()), "shell-double-scheme", text, fix)
