"""How YAML reads a single value: by YAML 1.1 as gcloud does, or by 1.2 below a directive that says so."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

import yaml

STRING = "tag:yaml.org,2002:str"
MERGE = "tag:yaml.org,2002:merge"
_CORE = "tag:yaml.org,2002:"

_CONSTRUCTOR = yaml.constructor.SafeConstructor()
_BOOLS = {
    "y": True,
    "yes": True,
    "on": True,
    "true": True,
    "n": False,
    "no": False,
    "off": False,
    "false": False,
}
_DIGITS = 4_000
"""Of the longest number that is read: Python takes its time over more."""


def _to_bool(node: Any) -> bool:  # noqa: ANN401
    return _BOOLS[node.value.lower()]


def _to_int(node: Any) -> int:  # noqa: ANN401
    text = node.value.replace("_", "")
    if len(text) > _DIGITS:
        raise ValueError
    digits = text.lstrip("+-").lower()
    if digits.startswith("0o"):
        return int(text[: len(text) - len(digits)] + digits[2:], 8)
    if len(digits) > 1 and digits[0] == "0" and digits[1] not in "bx":
        return int(text, 8)
    number: int = _CONSTRUCTOR.construct_yaml_int(yaml.ScalarNode("", text))
    return number


def _to_modern_int(node: Any) -> int:  # noqa: ANN401
    text = node.value.replace("_", "").lower()
    return int(text, 0 if text.lstrip("+-")[:2] in {"0b", "0o", "0x"} else 10)


_CONSTRUCT: dict[str, Callable[[Any], object]] = {
    f"{_CORE}null": _CONSTRUCTOR.construct_yaml_null,
    f"{_CORE}bool": _to_bool,
    f"{_CORE}int": _to_int,
    f"{_CORE}float": _CONSTRUCTOR.construct_yaml_float,
    f"{_CORE}timestamp": _CONSTRUCTOR.construct_yaml_timestamp,
}
_Rules = dict[str, list[tuple[str, re.Pattern[str]]]]
_SIGN_OR_DIGIT = "-+0123456789"
_OLD_FLOAT = (
    r"[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+]?[0-9]+)?|[-+]?[0-9][0-9_]*[eE][-+]?[0-9]+|\.[0-9_]+(?:[eE][-+][0-9]+)?"
    r"|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
)
_MODERN_FLOAT = (
    r"[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+]?[0-9]+)?|[-+]?[0-9][0-9_]*[eE][-+]?[0-9]+"
    r"|[-+]?\.[0-9_]+(?:[eE][-+][0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
)
_DATE = (
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]*)?"
    r"(?:[ \t]*(?:Z|[-+][0-9]{1,2}(?::[0-9]{2})?))?"
)
_BOTH = (
    ("null", r"~|null|Null|NULL|", ("~", "n", "N", "")),
    ("merge", "<<", "<"),
    ("timestamp", _DATE, "0123456789"),
)
_OLD_BOOL = "y|Y|yes|Yes|YES|n|N|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF"
_OLD_INT = (
    r"[-+]?0b[01_]+|[-+]?0?[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+"
    r"|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+"
)


def _rules(*rows: tuple[str, str, Iterable[str]]) -> _Rules:
    table: _Rules = {}
    for name, pattern, first in rows:
        for character in first:
            table.setdefault(character, []).append((_CORE + name, re.compile(pattern)))
    return table


_YAML_1_1 = _rules(
    ("bool", _OLD_BOOL, "yYnNtTfFoO"),
    ("float", _OLD_FLOAT, _SIGN_OR_DIGIT + "."),
    ("int", _OLD_INT, _SIGN_OR_DIGIT),
    *_BOTH,
)
"""How gcloud reads plain scalars, by their first character: YAML 1.1 as ruamel.yaml 0.15 has it.

It differs from PyYAML: `y` and `n` are truth values, `1e3` is a number.
"""
_YAML_1_2 = _rules(
    ("bool", "true|True|TRUE|false|False|FALSE", "tTfF"),
    ("float", _MODERN_FLOAT, _SIGN_OR_DIGIT + "."),
    ("int", r"[-+]?0b[01_]+|[-+]?0o?[0-7_]+|[-+]?[0-9_]+|[-+]?0x[0-9a-fA-F_]+", _SIGN_OR_DIGIT),
    *_BOTH,
)
"""The same below the directive `%YAML 1.2`."""


def known_tag(tag: str | None) -> bool:
    """Whether a tag written in the file belongs to YAML's core types, so that no code is meant."""
    return tag is None or tag in _CONSTRUCT or tag in {"!", STRING, f"{_CORE}map", f"{_CORE}seq", MERGE}


def read_scalar(
    text: str, tag: str | None, implicit: tuple[bool, bool], *, modern: bool = False
) -> tuple[object, str]:
    """The value of a scalar and its tag; text that only looks like a number or a date stays text.

    With `modern` it stands below the directive `%YAML 1.2`.
    """
    resolved = tag if tag and tag != "!" else _resolve(text, _YAML_1_2 if modern else _YAML_1_1, implicit)
    construct = _CONSTRUCT.get(resolved)
    if construct is None:
        return text, resolved
    if modern and resolved == f"{_CORE}int":
        construct = _to_modern_int
    try:
        return construct(yaml.ScalarNode(resolved, text)), resolved
    except (ValueError, KeyError, AttributeError, IndexError, OverflowError):
        return text, STRING


def _resolve(text: str, rules: _Rules, implicit: tuple[bool, bool]) -> str:
    if implicit[0]:
        for tag, pattern in rules.get(text[:1], ()):
            if pattern.fullmatch(text):
                return tag
    return STRING
