"""Variables that a script expands although nothing gives them a value."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from itertools import pairwise

from tui.domain.spec.shell.findings import Change, Finding, Setting
from tui.domain.spec.shell.tree import NAME_TEXT, Simple

_VERTEX = re.compile(
    r"AIP_\w+|CLUSTER_SPEC|TF_CONFIG|CLOUD_ML_\w+|MASTER_(?:ADDR|PORT)|(?:LOCAL_)?(?:RANK|WORLD_SIZE)"
)
"""What Vertex AI sets, some of it only for some jobs (its documentation of custom training)."""

_SHELL = frozenset(
    [
        "HOME",
        "PATH",
        "PWD",
        "OLDPWD",
        "USER",
        "LOGNAME",
        "SHELL",
        "HOSTNAME",
        "LANG",
        "LANGUAGE",
        "TERM",
        "TMPDIR",
        "RANDOM",
        "SECONDS",
        "LINENO",
        "UID",
        "EUID",
        "PPID",
        "IFS",
        "OPTARG",
        "OPTIND",
        "REPLY",
        "PIPESTATUS",
        "FUNCNAME",
        "GROUPS",
        "HOSTTYPE",
        "OSTYPE",
        "MACHTYPE",
        "SHLVL",
        "SHELLOPTS",
        "EPOCHSECONDS",
        "EPOCHREALTIME",
        "SRANDOM",
        "DIRSTACK",
        "COLUMNS",
        "LINES",
        "MAPFILE",
        "COPROC",
        "PS1",
        "PS4",
        "TZ",
        "EDITOR",
        "PAGER",
        "DISPLAY",
        "ENV",
        "VIRTUAL_ENV",
        "DEBIAN_FRONTEND",
        "DOCKER_IMAGE_NAME",
        "CONTAINER_NAME",
        "GCSFUSE_METADATA_IMAGE_TYPE",
        "LD_PRELOAD",
        "GOPATH",
        "GOROOT",
        "CXX",
        "CC",
        "CFLAGS",
        "LDFLAGS",
        "PKG_CONFIG_PATH",
        "KAGGLE_CONFIG_DIR",
        "_",
    ]
)
_SHELL_OR_IMAGE = re.compile(
    r"(?:BASH|LC|XDG|CUDA|CUDNN|NVIDIA|NV|NCCL|CONDA|MAMBA|PYTHON|PIP|UV|OMP|MKL|XLA|TPU|JAX|TF|TORCH|PYTORCH|DL"
    r"|KUBERNETES|GRPC|GOOGLE|CLOUDSDK|COMP|SPARK|HADOOP|JAVA|RAY|OMPI|MPI|SLURM|TRANSFORMERS|LD|ROCM|HIP"
    r"|HF_HOME|HF_HUB|HF_DATASETS|OPAL|NODE|CARGO|RUST|R)(?:_\w+|[A-Z]*HOME|PATH|VERSION|OPTIND|PID)?"
)
"""Families of names that images set (CUDA, NCCL, conda, Python, …); one that is not set is not told."""

_READERS = {"read": 0, "mapfile": 0, "readarray": 0, "export": 0, "declare": 0, "typeset": 0, "local": 0}
_READERS |= {"readonly": 0, "getopts": 1, "unset": 0, "printf": 0, "let": 0, "env": 0}
_HARMLESS_FILES = re.compile(
    r"(?:.*/)?(?:activate|\.?bashrc|\.profile|\.bash_profile|profile|conda\.sh|nvm\.sh|venv|.*/bin/env|env)"
    r"|.*/\.?cargo/env|.*/\.local/bin/env|.*/google-cloud-sdk/[\w.]+"
)
_NAMED = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\[[^\]]*\])?\+?=")
_MOST = 20
"""Names that are told at once, and names among which a nearest one is looked for, times 25."""
_OF_FILES = frozenset({"-d", "-e", "-f", "-h", "-L", "-r", "-s", "-w", "-x"})
_CLOSE = 0.85
_LEAST = 4
"""Characters of a name below which another is not taken for it."""


def lint_variables(setting: Setting) -> Iterator[Finding]:
    """Expansions of variables that are set neither by the script, nor by `env`, nor by Vertex AI."""
    if _reads_unknown_files(setting):
        return
    known = set(setting.script.assigned) | setting.env
    for simple in setting.script.commands:
        known.update(_given_by(simple))
        known.update(_asked_about(simple))
    known.update(use.name for use in setting.script.uses if use.guarded)
    told: set[str] = set()
    for use in setting.script.uses:
        if use.name in known or use.name in told or _is_usual(use.name):
            continue
        if len(told) >= _MOST:
            return
        told.add(use.name)
        yield _unset(setting, use.name, known)


def _is_usual(name: str) -> bool:
    return name in _SHELL or bool(_VERTEX.fullmatch(name) or _SHELL_OR_IMAGE.fullmatch(name))


def _unset(setting: Setting, name: str, known: set[str]) -> Finding:
    places = [use for use in setting.script.uses if use.name == name]
    text = setting.script.text
    start = text.index(name, places[0].start)
    message = f"{name} is set neither by the script, nor in env, nor by Vertex AI: it is empty here"
    candidates = [other for other in sorted(known)[: _MOST * 25] if len(other) >= _LEAST]
    near = difflib.get_close_matches(name, candidates, n=1, cutoff=_CLOSE) if len(name) >= _LEAST else []
    if not near:
        return Finding(start, "shell-unset-variable", message + ".")
    changes = []
    for use in places:
        at = text.index(name, use.start)
        changes.append(Change(at, at + len(name), near[0]))
    return Finding(
        start,
        "shell-unset-variable",
        f"{message}; did you mean {near[0]}?",
        f"Write {near[0]}",
        tuple(changes),
    )


def _reads_unknown_files(setting: Setting) -> bool:
    """Whether the script takes in other text, which may set anything."""
    for simple in setting.script.commands:
        if simple.name == "eval":
            return True
        if simple.name in ("source", ".") and simple.words[1:]:
            target = simple.words[1]
            if not _HARMLESS_FILES.fullmatch(target.text):
                return True
        if simple.name in ("export", "declare", "local", "read") and any(
            not word.plain and not word.text.startswith("-") and not _NAMED.match(word.text)
            for word in simple.words[1:]
        ):
            return True
    return False


def _given_by(simple: Simple) -> Iterator[str]:
    """The names that a builtin such as `read` gives a value to."""
    if len(simple.words) > 1 and simple.words[1].text == "=":
        yield simple.words[0].text  # blanks around “=”, which is told as such
    if simple.name not in _READERS:
        return
    for word in simple.words[1 + _READERS[simple.name] :]:
        if found := NAME_TEXT.match(word.text):
            yield found.group()


def _asked_about(simple: Simple) -> Iterator[str]:
    """The names whose absence the script provides for: `[ -z "$X" ]`, `[[ -v X ]]`, `[ "$X" = 1 ]`."""
    if simple.name not in ("[", "[[", "test"):
        return
    words = simple.words
    for operator, word in pairwise(words):
        if operator.text == "-v":
            yield word.text
        elif operator.text not in _OF_FILES:
            yield from word.names
