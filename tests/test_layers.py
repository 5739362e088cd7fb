"""The layers of the design hold: in the text of every module, and in what a process really loads."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "tui"

GOOGLE = ("google", "grpc", "grpc_status", "proto")
SCREEN = ("textual", "rich", "textual_plot")
APP = ("tui.app", "tui.cli", "tui.entry", "tui.terminal", "tui.connected", "tui.trial")
FRAME = (*APP, "tui.connection", "tui.commands")
ALSO = {
    "tui.domain.spec": ("yaml", "ruamel"),
    "tui.domain.logfind": ("re2",),
    "tui.domain.cleanup": ("re2",),
}
"""What parts of the domain need beyond the standard library."""

FORBIDDEN: dict[str, tuple[str, ...]] = {
    "tui.domain": (
        *GOOGLE,
        *SCREEN,
        *FRAME,
        "tui.cloud",
        "tui.local",
        "tui.panes",
        "tui.services",
        "tui.widgets",
    ),
    "tui.services": (*GOOGLE, *SCREEN, *FRAME, "tui.cloud", "tui.local", "tui.panes", "tui.widgets"),
    "tui.cloud": (*SCREEN, *FRAME, "tui.local", "tui.panes", "tui.services", "tui.widgets"),
    "tui.local": (*SCREEN, *FRAME, "tui.cloud", "tui.panes", "tui.services", "tui.widgets"),
    "tui.widgets": (*GOOGLE, *FRAME, "tui.cloud", "tui.local", "tui.panes"),
    "tui.panes": (*GOOGLE, *FRAME, "tui.cloud", "tui.local"),
    "tui.commands": (*GOOGLE, *SCREEN, *APP, "tui.cloud", "tui.local", "tui.panes", "tui.widgets"),
    "tui": GOOGLE,
}
"""What each layer must not import; the last row is for the modules above all layers."""

SUBPACKAGES = {name for name in FORBIDDEN if name != "tui"}

MODULES = sorted(PACKAGE.rglob("*.py"))


def module_name(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def layer_of(module: str) -> str:
    return next((name for name in SUBPACKAGES if within(module, name)), "tui")


def within(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


@cache
def imports_of(path: Path) -> list[tuple[int, str]]:
    """Every import of a module with its line, also those inside functions."""
    return list(_imports(path))


def _imports(path: Path) -> Iterator[tuple[int, str]]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: relative import"
            module = node.module or ""
            yield node.lineno, module
            yield from ((node.lineno, f"{module}.{alias.name}") for alias in node.names)


def test_no_module_imports_a_layer_above_it() -> None:
    wrong = [
        f"{path.relative_to(PACKAGE)}:{line}: {layer} must not import {name}"
        for path in MODULES
        for layer in [layer_of(module_name(path))]
        for line, name in imports_of(path)
        if any(within(name, package) for package in FORBIDDEN[layer])
    ]
    assert not wrong


def test_the_domain_needs_only_the_standard_library_and_what_is_named() -> None:
    wrong = [
        f"{path.relative_to(PACKAGE)}:{line}: {name}"
        for path in MODULES
        if layer_of(module_name(path)) == "tui.domain"
        for line, name in imports_of(path)
        if not within(name, "tui.domain")
        and name.partition(".")[0] not in sys.stdlib_module_names
        and not any(
            name.partition(".")[0] in names and within(module_name(path), part)
            for part, names in ALSO.items()
        )
    ]
    assert not wrong


LOADED = """
import importlib, sys
present = set(sys.modules)  # an installed package may load empty namespace packages at every start
for name in sys.argv[1].split(","):
    importlib.import_module(name)
print("\\n".join(sys.modules.keys() - present))
"""


@pytest.mark.parametrize("layer", sorted(SUBPACKAGES))
def test_a_process_with_one_layer_loads_none_above_it(layer: str) -> None:
    modules = [
        module_name(path)
        for path in MODULES
        if layer_of(module_name(path)) == layer and path.stem != "__main__" and "shims" not in path.parts
    ]
    done = subprocess.run(
        [sys.executable, "-c", LOADED, ",".join(modules)],
        env={**os.environ, "PYTHONPATH": str(PACKAGE.parent)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    loaded = done.stdout.split()
    above = [name for name in loaded if any(within(name, package) for package in FORBIDDEN[layer])]
    assert not above
