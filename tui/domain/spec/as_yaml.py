"""Plain values as YAML to read: in the order given, scripts as blocks, nothing by reference."""

from __future__ import annotations

from typing import Any

import yaml

from tui.domain.spec.plain import read_scalar

_WIDTH = 100


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 (PyYAML's)
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    # gcloud takes more words for values of another kind than PyYAML does: y, n, 1e3.
    plain = read_scalar(text, None, (True, False))[0] == text
    style = "|" if "\n" in text else None if plain else "'"
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def as_yaml(value: Any) -> str:  # noqa: ANN401 (JSON)
    """A mapping of plain values as YAML text."""
    return str(yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_WIDTH))
