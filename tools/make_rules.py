"""Makes docs/rules.md from the registry of codes: `python -m tools.make_rules`."""

from __future__ import annotations

from pathlib import Path

from tui.domain.spec.codes import GROUPS

TARGET = Path(__file__).parents[1] / "docs" / "rules.md"

_HEAD = """\
# What the editor checks

Every problem in the list has a code. Errors stop a submission; warnings are listed before it; infos only
tell. A comment in the file silences warnings and infos, not errors:

```yaml
args:
  - |
    python train.py | tee train.log   # vertex-tui: ignore shell-pipe
    # vertex-tui: ignore shell-ignored-failure, shell-unset-variable
    gsutil cp train.log gs://$BUCKET/ || true
# vertex-tui: ignore-file no-timeout
```

`ignore` is about the line at whose end it stands, or about the next line if it has a line to itself; a
script may hold it too, where `#` begins a comment as well. `ignore-file`, on any line, is about the whole
file.

The scripts of `bash -c` and `sh -c` are read, never run. Nothing is said about a script that is not
understood.
"""


def make_rules() -> str:
    """The whole page."""
    parts = [_HEAD]
    for title, rules in GROUPS.items():
        parts.append(f"\n## {title}\n\n| Code | | Meaning | Example |\n|---|---|---|---|\n")
        for rule in rules:
            grave = ", ".join(severity.value for severity in rule.severities)
            cells = (f"`{rule.code}`", grave, rule.meaning, f"`{rule.example}`")
            parts.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n")
    return "".join(parts)


if __name__ == "__main__":
    TARGET.write_text(make_rules(), encoding="utf-8")
