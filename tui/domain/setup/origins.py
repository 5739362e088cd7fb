"""Whether a setting can be changed from here, given where its present value comes from."""

from __future__ import annotations

import re
import shlex

from tui.domain.setup.model import SetSetting

_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]+\Z")
_PROFILE = re.compile(r"\(profile ([^)]+)\)\Z")


def replacement(key: str, value: str, origin: str) -> SetSetting | None:
    """The change that gives the setting another value; None where a stronger place would win over it.

    Args:
        key: the setting's name, e.g. `project`.
        value: the value it should have.
        origin: where the present value comes from, in words; empty for the built-in default.
    """
    if origin.startswith(("flag ", "the open spec")) or _VARIABLE.match(origin) or _PROFILE.search(origin):
        return None
    return SetSetting(key, value)


def how_to_set(key: str, value: str, origin: str) -> str:
    """What to type so that the setting has another value, wherever its present one comes from."""
    quoted = shlex.quote(value)
    if origin.startswith("flag "):
        return f"start with --{key.replace('_', '-')} {quoted}"
    if _VARIABLE.match(origin):
        return f"export {origin}={quoted}"
    if profile := _PROFILE.search(origin):
        return f"vertex-tui config set {key} {quoted} --profile {shlex.quote(profile[1])}"
    return f"vertex-tui config set {key} {quoted}"
