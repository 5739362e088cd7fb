"""Job specs as people write them, and worse: the same seed gives the same texts."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from typing import TypeVar

_T = TypeVar("_T")

TRICKY = (
    *("a", "hello world", "y", "n", "yes", "No", "on", "OFF", "true", "False", "~", "null", "Null", ""),
    *(
        "0",
        "1",
        "010",
        "0o10",
        "0x1F",
        "0b11",
        "1_000",
        "1:30",
        "1:30:00",
        "0:30",
        "12:30.5",
        "08",
        "-1",
        "+1",
    ),
    *(
        "1.0",
        "1.",
        ".5",
        "1e3",
        "1.5e3",
        "1e+3",
        ".inf",
        "-.INF",
        ".nan",
        "0b_",
        "1__0",
        "0.1.2",
        "00",
        "007",
    ),
    *("2024-01-01", "2024-1-1", "2024-01-01T10:00:00Z", "2024-01-01 10:00:00", "=", "<<", "3600s", "1.5s"),
    *(
        "a:b",
        "http://x/y",
        "a #b",
        "a#b",
        "--flag",
        "--x=1",
        "$HOME",
        "$(X)",
        "a, b",
        "{a}",
        "[a",
        "*x",
        "&x",
    ),
    *(
        "%a",
        "@a",
        "`a",
        "!a",
        "|",
        ">",
        "-",
        "- a",
        "?",
        "? a",
        ":",
        "a:",
        "a: b",
        "'a",
        '"a',
        "é",
        "日本",
        "😀",
    ),
    *(
        "a\\nb",
        "C:\\x",
        "tab\there",
        "  lead",
        "trail  ",
        "null ",
        "TRUE",
        "Y",
        "N",
        "None",
        "nan",
        "inf",
        "1,000",
    ),
)
INTEGERS = (
    *(
        "1",
        "2",
        "010",
        "0x1F",
        "0b11",
        "1_0",
        "1:30",
        "'1'",
        '"8"',
        "1.0",
        "1e1",
        "+1",
        "-1",
        "0",
        "00",
        "08",
    ),
    *(
        "0o10",
        "' 1 '",
        "true",
        "1s",
        "'1_0'",
        "'010'",
        "'0x1'",
        "'+1'",
        "99999999999",
        "!!int 1",
        "!!int '2'",
    ),
)
TRUTHS = (
    "true",
    "false",
    "yes",
    "no",
    "on",
    "off",
    "y",
    "N",
    "True",
    "OFF",
    "1",
    "0",
    "'true'",
    "~",
    "!!bool yes",
)
TIMES = (
    "3600s",
    "1.5s",
    "'60s'",
    "60",
    "1h",
    "1:30",
    "0s",
    "1:30s",
    "0.5",
    "1e3s",
    "-5s",
    "1_0s",
    "010s",
    "3600 s",
)
STRATEGIES = (
    "SPOT",
    "STANDARD",
    "FLEX_START",
    "4",
    "'SPOT'",
    "spot",
    "STRATEGY_UNSPECIFIED",
    "6",
    "on",
    "99",
    "'4'",
)
GPUS = (
    "NVIDIA_L4",
    "NVIDIA_TESLA_T4",
    "'NVIDIA_L4'",
    "nvidia_l4",
    "8",
    "NVIDIA_GB200",
    "ACCELERATOR_TYPE_UNSPECIFIED",
)
_RISK = 0.25
"""How often a value is one of those that readers quarrel about."""


@dataclass
class Writer:
    """Writes one text; every choice comes from the random source."""

    random: random.Random

    def text(self) -> str:
        """A whole file."""
        rows = ["workerPoolSpecs:"]
        anchored = self._maybe(0.2)
        if anchored:
            rows = [self._pick(("x: &d {replicaCount: 1}", "workerPoolSpecs:"))] if self._maybe(0.1) else rows
        rows += self._pools(anchored=anchored)
        rows += self._surroundings()
        head = self._pick(("", "", "", "", "---\n", "# first\n", "%YAML 1.1\n---\n", "%YAML 1.2\n---\n"))
        tail = self._pick(("\n", "\n", "", "\n...\n", "\n# last\n", "\n\n"))
        return head + "\n".join(rows) + tail

    def _pools(self, *, anchored: bool) -> list[str]:
        if self._maybe(0.15):
            return [f"  {row}" for row in self._pool()]
        rows: list[str] = []
        indent = self._pick(("", "  ", "    "))
        for number in range(self._pick((1, 1, 1, 2, 3))):
            mark = "- "
            if anchored and number == 0:
                mark = "- &pool\n" + indent + "  "
            elif anchored:
                rows += [f"{indent}- <<: *pool", f"{indent}  replicaCount: {self._pick(INTEGERS)}"]
                continue
            pool = self._pool()
            rows.append(indent + mark + pool[0])
            rows += [f"{indent}  {row}" for row in pool[1:]]
        return rows

    def _pool(self) -> list[str]:
        rows = ["machineSpec:", f"  machineType: {self._value('n1-standard-4')}"]
        if self._maybe(0.3):
            rows += [f"  acceleratorType: {self._pick(GPUS)}", f"  acceleratorCount: {self._number('1')}"]
        if self._maybe(0.1):
            rows = [
                self._pick(("machineSpec: {machineType: g2-standard-4}", "machineSpec: {}", "machineSpec:"))
            ]
        if self._maybe(0.8):
            rows.append(f"replicaCount: {self._number('1')}")
        if self._maybe(0.2):
            rows += ["diskSpec:", f"  bootDiskSizeGb: {self._number('100')}"]
        rows += self._python() if self._maybe(0.15) else self._container()
        if self._maybe(0.05):
            rows.append(
                self._pick(("nfsMounts: []", "nfsMounts:", "nfsMounts: {server: a, path: /b, mountPoint: c}"))
            )
        return rows

    def _container(self) -> list[str]:
        rows = [self._key("containerSpec") + ":", f"  {self._key('imageUri')}: {self._value('python:3.11')}"]
        rows += [f"  {row}" for row in self._list("command", ("bash", "-c"))]
        rows += [f"  {row}" for row in self._args()]
        rows += [f"  {row}" for row in self._env()]
        return rows

    def _python(self) -> list[str]:
        return [
            "pythonPackageSpec:",
            "  executorImageUri: us-docker.pkg.dev/vertex-ai/training/tf-cpu.2-17.py310:latest",
            f"  packageUris: {self._pick(('[gs://b/p.tar.gz]', 'gs://b/p.tar.gz', '[]'))}",
            f"  pythonModule: {self._value('trainer.task')}",
            *(f"  {row}" for row in self._list("args", ("a", "b"))),
        ]

    def _args(self) -> list[str]:
        if self._maybe(0.4):
            style = self._pick(("|", "|-", "|+", ">", ">-", "|2", ">+"))
            script = ["echo a &&", "  echo b", "", "python -m x --n=1 # no", "echo $HOME"]
            return ["args:", f"  - {style}", *(f"    {row}" if row else "" for row in script)]
        return self._list("args", ("--epochs", "3") if self._maybe(0.2) else ("--epochs", "'3'"))

    def _list(self, name: str, usual: tuple[str, ...]) -> list[str]:
        items = [self._value(item) for item in usual]
        shape = self._pick(("block", "block", "flow", "one", "none", "flat", "alias"))
        if shape == "flow":
            return [f"{name}: [{', '.join(items)}]"]
        if shape == "one":
            return [f"{name}: {items[0]}"]
        if shape == "none":
            return [self._pick((f"{name}:", f"{name}: []", f"{name}: ~"))]
        if shape == "flat":
            return [f"{name}:", *(f"- {item}" for item in items)]
        if shape == "alias":
            return [f"{name}:", f"  - &i{name} {items[0]}", f"  - *i{name}"]
        return [f"{name}:", *(f"  - {item}" for item in items)]

    def _env(self) -> list[str]:
        if self._maybe(0.4):
            return []
        if self._maybe(0.2):
            return ["env:", "  name: A", f"  value: {self._value('b')}"]
        rows = ["env:"]
        for name in self.random.sample(("A", "B_1", "HF_HOME", "y", "on", "N"), 2):
            if self._maybe(0.2):
                rows.append(f"  - {{name: {name}, value: {self._value('v')}}}")
            else:
                rows += [f"  - name: {name}", f"    value: {self._value('v')}"]
        return rows

    def _surroundings(self) -> list[str]:
        rows: list[str] = []
        if self._maybe(0.6):
            rows += ["scheduling:", f"  timeout: {self._pick(TIMES) if self._maybe(0.4) else '3600s'}"]
            if self._maybe(0.4):
                rows.append(f"  strategy: {self._pick(STRATEGIES)}")
            if self._maybe(0.3):
                rows.append(f"  restartJobOnWorkerRestart: {self._pick(TRUTHS)}")
        if self._maybe(0.3):
            rows.append(f"enableWebAccess: {self._pick(TRUTHS)}")
        if self._maybe(0.2):
            rows.append(f"serviceAccount: {self._value('a@b.iam.gserviceaccount.com')}")
        if self._maybe(0.1):
            rows += self._list("reservedIpRanges", ("a", "b"))
        if self._maybe(0.05):
            rows.append(
                self._pick(("network:", "network: ~", "unknown: 1", "displayName: x", "labels: {a: b}"))
            )
        if self._maybe(0.1):
            rows.append(
                self._pick(("baseOutputDirectory: {outputUriPrefix: gs://b/x}", "baseOutputDirectory: {}"))
            )
        return rows

    def _value(self, usual: str) -> str:
        if not self._maybe(_RISK):
            return usual
        text = self._pick(TRICKY)
        return self._pick(
            (text, text, text, json.dumps(text), "'" + text.replace("'", "''") + "'", f"!!str {text}")
        )

    def _number(self, usual: str) -> str:
        return self._pick(INTEGERS) if self._maybe(_RISK) else usual

    def _key(self, name: str) -> str:
        return self._pick((name, name, name, name, f'"{name}"', f"'{name}'"))

    def _maybe(self, chance: float) -> bool:
        return self.random.random() < chance

    def _pick(self, options: tuple[_T, ...]) -> _T:
        return self.random.choice(options)


def texts(count: int, seed: int = 5) -> list[str]:
    """That many files."""
    source = random.Random(seed)  # noqa: S311  # only a choice of texts
    return [Writer(source).text() for _ in range(count)]
