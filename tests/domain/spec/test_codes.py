"""The registry of codes holds every code of the checks and nothing else, and so does the page made of it."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.make_rules import TARGET, make_rules
from tui.domain.spec.check import check
from tui.domain.spec.codes import GROUPS, RULES

PACKAGE = Path(__file__).parents[3] / "tui"
CHECKS = PACKAGE / "domain/spec"
MAKERS = {"error": 1, "warning": 1, "info": 1, "kind": 1, "Finding": 1, "WrongValueError": 0}
"""What makes a problem, and which of its arguments is the code."""
SEVERITY = {"Finding": ("warning",), "WrongValueError": ("error",), "kind": ("error", "warning")}
PASSED_ON = {"wrong.code", "finding.code", "found.code"}
"""Arguments that are the code of a problem made elsewhere."""


def made() -> Iterator[tuple[str, str, str]]:
    """Code, severity and file of every problem that the source makes."""
    for path in sorted(CHECKS.rglob("*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        constants = {
            ast.unparse(item.targets[0]): item.value for item in tree.body if isinstance(item, ast.Assign)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in MAKERS:
                other = node.func.id == "Finding" and path.parent.name != "shell"  # of `tui.domain.secrets`
                if other or len(node.args) <= MAKERS[node.func.id]:
                    continue
                code = node.args[MAKERS[node.func.id]]
                code = constants.get(ast.unparse(code), code)
                if ast.unparse(code) in PASSED_ON:
                    continue
                assert isinstance(code, ast.Constant), f"{path.name}:{node.lineno}: {ast.unparse(code)}"
                for severity in SEVERITY.get(node.func.id, (node.func.id,)):
                    yield str(code.value), severity, path.name


def test_every_code_of_the_source_is_registered_with_its_severity() -> None:
    used: dict[str, set[str]] = defaultdict(set)
    for code, severity, _ in made():
        used[code].add(severity)
    listed = {code: {item.value for item in rule.severities} for code, rule in RULES.items()}
    assert {code: used[code] for code in used if used[code] != listed.get(code)} == {}
    sources = [path.read_text("utf-8") for path in PACKAGE.rglob("*.py") if path.name != "codes.py"]
    assert [code for code in listed if not any(f'"{code}"' in source for source in sources)] == []


def test_no_code_is_listed_twice() -> None:
    assert sum(len(group) for group in GROUPS.values()) == len(RULES)


def test_every_rule_says_what_it_means_in_one_sentence_with_an_example() -> None:
    for rule in RULES.values():
        assert rule.meaning.endswith("."), rule.code
        assert rule.meaning.count(". ") == 0, rule.code
        assert rule.example.strip(), rule.code
        assert "\n" not in rule.example, rule.code
        assert list(rule.severities) == sorted(set(rule.severities), key=lambda item: item.rank), rule.code


def test_the_page_is_made_from_the_registry() -> None:
    written = TARGET.read_text("utf-8")
    assert written == make_rules(), "run python -m tools.make_rules"
    for code in RULES:
        assert f"| `{code}` |" in written


@pytest.mark.parametrize("code", [code for code, rule in RULES.items() if rule.can_be_silenced])
def test_a_code_that_can_be_silenced_may_be_named_in_a_comment(code: str) -> None:
    assert not check(f"workerPoolSpecs: [] # vertex-tui: ignore {code}\n").warnings[1:]
    assert "ignore" not in "".join(
        item.code for item in check(f"a: 1 # vertex-tui: ignore {code}\n").problems
    )
