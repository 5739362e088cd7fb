"""What a command is for: work whose failure must be seen, copying results out, preparation, or other."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from enum import IntEnum

from tui.domain.spec.shell import tree
from tui.domain.spec.shell.tree import Pipeline, Script, Shape, Simple, Statement

CLOUD_URI = re.compile(r"(?:gs|s3)://|/gcs/")
"""How places outside the container begin."""


class Kind(IntEnum):
    """What a command is for, the most important last; unknown programs are `OTHER`."""

    OTHER = 0
    SETUP = 1
    SAVE = 2
    WORK = 3


_PYTHON = re.compile(r"(?:python|pypy)[0-9.]*")
_SHELLS = frozenset({"bash", "sh", "dash", "zsh", "ash", "ksh"})
_WORK = frozenset(
    [
        "torchrun",
        "accelerate",
        "deepspeed",
        "horovodrun",
        "mpirun",
        "mpiexec",
        "srun",
        "papermill",
        "Rscript",
        "julia",
        "java",
        "make",
        "axolotl",
        "llamafactory-cli",
        "composer",
        "colossalai",
        "spark-submit",
        "snakemake",
        "nextflow",
        "lightning",
        "litgpt",
        "autotrain",
        "trl",
        "oumi",
        "xgboost",
        "lightgbm",
        "tune",
    ]
)
_SETUP = {
    "pip": {"install", "download"},
    "pip3": {"install", "download"},
    "uv": {"sync", "add", "pip", "venv", "tool"},
    "poetry": {"install", "update"},
    "pipenv": {"install", "sync"},
    "pdm": {"install", "sync"},
    "conda": {"install", "env", "create"},
    "mamba": {"install", "env", "create"},
    "micromamba": {"install", "env", "create"},
    "apt": {"install"},
    "apt-get": {"install"},
    "apk": {"add"},
    "yum": {"install"},
    "dnf": {"install"},
    "npm": {"install", "ci"},
    "git": {"clone", "checkout", "pull", "submodule"},
    "hf": {"download"},
    "huggingface-cli": {"download"},
    "kaggle": {"datasets", "competitions"},
    "dvc": {"pull"},
}
_FETCH = frozenset({"wget", "gdown", "unzip", "tar"})
_RUNNERS = frozenset(
    {"uv", "poetry", "pipenv", "pdm", "conda", "mamba", "micromamba", "pixi", "hatch", "rye"}
)
_WRAPPERS = frozenset(
    [
        "env",
        "nohup",
        "time",
        "timeout",
        "stdbuf",
        "nice",
        "ionice",
        "sudo",
        "exec",
        "command",
        "builtin",
        "numactl",
        "taskset",
        "xvfb-run",
        "chrt",
        "unbuffer",
        "nsys",
        "ncu",
        "ddtrace-run",
        "setsid",
        "chronic",
        "tini",
        "dumb-init",
        "gosu",
        "su-exec",
        "catchsegv",
    ]
)
_LOOK_BEHIND = _WRAPPERS | _RUNNERS
_CALLS = 3
"""How far calls of functions in functions are followed."""
_WITHIN = 10
"""Words behind a wrapper among which the program is looked for."""
_COPIES = frozenset({"cp", "rsync", "mv"})
_NO_WORK_MODULES = frozenset(
    [
        "venv",
        "ensurepip",
        "virtualenv",
        "compileall",
        "http.server",
        "json.tool",
        "site",
        "platform",
        "nltk.downloader",
        "spacy",
        "zipfile",
        "tensorboard.main",
        "tensorboard",
        "torch.utils.collect_env",
        "bitsandbytes",
    ]
)
_CODE = re.compile(r"-[A-Za-z]*c")
_PARTS = re.compile(r"[;\n]")
_SAYS = re.compile(r"(?:(?:import|from)\s[^()]*|print\(.*\)|\w+\s*=\s*[\w.\[\]'\"]+|#.*|nltk\.download\(.*)?")
"""Python that only looks something up: `import torch; print(torch.__version__)`."""
_FETCHES = re.compile(r"download|from_pretrained|load_dataset|^[^;\n]*import[^;\n]*;\s*assert\s[^;\n]*$")
_ABOUT = frozenset({"--version", "-V", "-version", "--help", "-h", "-VV"})


class Kinds:
    """What the commands of one script are for; a function for what its most important command is for."""

    def __init__(self, script: Script) -> None:
        self._functions: dict[str, Kind] = {}
        called: dict[str, set[str]] = {}
        for name, function in script.functions.items():
            inside = [simple for simple in simple_commands(function) if simple.words]
            kinds = (kind_of_words([word.text for word in simple.words]) for simple in inside)
            self._functions[name] = max(kinds, default=Kind.OTHER)
            called[name] = {simple.words[0].text for simple in inside} & script.functions.keys()
        for _ in range(_CALLS):
            for name, others in called.items():
                best = max((self._functions[other] for other in others), default=Kind.OTHER)
                self._functions[name] = max(self._functions[name], best)

    def of(self, command: tree.Command) -> Kind:
        """What a command is for; the definition of a function is for nothing."""
        if isinstance(command, Simple):
            words = [word.text for word in command.words]
            known = self._functions.get(words[0]) if words else Kind.OTHER
            return kind_of_words(words) if known is None else known
        if command.shape is Shape.FUNCTION:
            return Kind.OTHER
        return max((self.of(simple) for simple in simple_commands(command)), default=Kind.OTHER)

    def of_pipeline(self, pipeline: Pipeline) -> Kind:
        """What its most important command is for."""
        return max(self.of(command) for command in pipeline.commands)

    def of_statement(self, statement: Statement) -> Kind:
        """What its most important command is for."""
        return max(self.of_pipeline(pipeline) for pipeline in statement.pipelines)


def kind_of_words(words: Sequence[str]) -> Kind:
    """What a command line is for."""
    kind = _direct(words)
    program = _base(words[0])
    if kind is not Kind.OTHER or program not in _LOOK_BEHIND:
        return kind
    if program in _RUNNERS:
        if "run" not in words[1:4]:
            return Kind.OTHER
        words = words[words.index("run") :]
    for number in range(1, min(len(words), _WITHIN)):
        if _PYTHON.fullmatch(_base(words[number])):
            return _direct(words[number:])
        if (kind := _direct(words[number:])) is not Kind.OTHER:
            return kind
    return Kind.WORK if program in _RUNNERS and len(words) > 1 else Kind.OTHER


def _direct(words: Sequence[str]) -> Kind:
    program, rest = _base(words[0]), words[1:]
    if _ABOUT & set(rest[:1]):
        return Kind.OTHER
    if _PYTHON.fullmatch(program):
        return _python(rest)
    if _works(program, words[0], rest):
        return Kind.WORK
    copied = _copy(program, rest)
    if copied is None:
        return Kind.SETUP if _prepares(program, rest) else Kind.OTHER
    return copied


def _works(program: str, written: str, rest: Sequence[str]) -> bool:
    if program in _SHELLS:
        return bool(rest) and not rest[0].startswith("-")
    if program == "jupyter":
        return list(rest[:1]) in (["nbconvert"], ["execute"])
    return program in _WORK or written.endswith((".py", ".sh"))


def _prepares(program: str, rest: Sequence[str]) -> bool:
    if (verbs := _SETUP.get(program)) is not None:
        return next((word for word in rest if not word.startswith("-")), "") in verbs
    if program == "curl":
        return any(_saves(word) for word in rest)
    return program in _FETCH


def _saves(option: str) -> bool:
    return option.startswith(("--output", "--remote-name")) or bool(re.fullmatch(r"-[A-Za-z]*[oO]", option))


def _python(rest: Sequence[str]) -> Kind:
    words = iter(rest)
    for word in words:
        if word in ("-X", "-W"):
            next(words, None)
        elif word == "-m":
            module = next(words, "")
            if module == "pip":
                return Kind.SETUP if "install" in rest else Kind.OTHER
            return Kind.OTHER if module in _NO_WORK_MODULES else Kind.WORK
        elif _CODE.fullmatch(word):
            return _python_code(next(words, ""))
        elif word in _ABOUT:
            return Kind.OTHER
        elif word == "-" or not word.startswith("-"):
            return Kind.SETUP if word.endswith("setup.py") else Kind.WORK
    return Kind.OTHER


def _python_code(code: str) -> Kind:
    """What the text behind `python -c` is for: looking something up, fetching something, or more."""
    parts = [part.strip() for part in _PARTS.split(code)]
    if all(_SAYS.fullmatch(part) for part in parts):
        return Kind.OTHER
    return Kind.SETUP if _FETCHES.search(code) else Kind.WORK


def _copy(program: str, rest: Sequence[str]) -> Kind | None:
    """Copying out of the container or into it; None for what copies nothing, or only within it."""
    tools: dict[str, Callable[[], bool]] = {
        "gsutil": lambda: bool(_COPIES & set(rest[:6])),
        "gcloud": lambda: "storage" in rest[:4] and bool(_COPIES & set(rest[:8])),
        "aws": lambda: "s3" in rest[:3],
        "rclone": lambda: bool({"copy", "sync", "copyto"} & set(rest[:3])),
        "hf": lambda: "upload" in rest[:1],
        "huggingface-cli": lambda: "upload" in rest[:1],
    }
    if program in _COPIES:
        return Kind.SAVE if rest and rest[-1].startswith("/gcs/") else None
    if program not in tools or not tools[program]():
        return None
    if program in ("hf", "huggingface-cli"):
        return Kind.SAVE
    places = [word for word in rest if not word.startswith("-")]
    source, target = places[-2:] if len(places) > 1 else ("", "")
    inward = CLOUD_URI.match(source) and not CLOUD_URI.match(target) and "$" not in target
    outward = CLOUD_URI.match(target) or ("$" in target and not CLOUD_URI.match(source)) or ":" in target
    return Kind.SAVE if outward and not inward else Kind.SETUP


def _base(word: str) -> str:
    return word.rpartition("/")[2]


def simple_commands(command: tree.Command) -> Iterator[Simple]:
    """Every simple command in `command`, those of functions defined inside included."""
    waiting: list[tree.Command] = [command]
    while waiting:
        item = waiting.pop()
        if isinstance(item, Simple):
            yield item
            continue
        for statement in (part for body in (*item.conditions, *item.bodies) for part in body):
            for pipeline in statement.pipelines:
                waiting.extend(pipeline.commands)
