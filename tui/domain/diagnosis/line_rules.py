"""Single lines that tell of trouble: what shells, tools, the kernel and runtimes really print."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from tui.domain.diagnosis.findings import Strength
from tui.domain.diagnosis.model import Cause, Confidence

_WEAK, _FIRM, _STRONG = Strength.WEAK, Strength.FIRM, Strength.STRONG
_LIKELY, _UNSURE = Confidence.LIKELY, Confidence.UNSURE


@dataclass(frozen=True, slots=True)
class LineRule:
    """A kind of line."""

    needles: tuple[str, ...]
    """One of these is in the line."""
    cause: Cause
    words: str
    """A sentence; `{0}` stands for what the pattern's first group holds."""
    pattern: re.Pattern[str] | None = None
    """What else the line must fit (`search`)."""
    strength: Strength = Strength.FIRM
    confidence: Confidence = Confidence.SURE
    hint: str = ""
    collateral: bool = False
    wrapper: bool = False
    kill: bool = False


_SHELL = r"(?:^|[ /])(?:ba|da|z|k|a)?sh: (?:line )?(?:\d{1,6}: )?"
_OF_SHELL = r"^(?:\S{0,200}: )?(?:line )?(?:\d{1,6}: )?"

_SHELL_RULES = (
    LineRule(
        ("command not found",),
        Cause.COMMAND_NOT_FOUND,
        "The job's container has no command {0}.",
        re.compile(r"(?:^|[\s:])([^\s:]{1,200}): command not found"),
        _WEAK,
    ),
    LineRule(
        (": not found",),
        Cause.COMMAND_NOT_FOUND,
        "The job's container has no command {0}.",
        re.compile(rf"{_SHELL}([^\s:]{{1,200}}): not found$"),
        _WEAK,
    ),
    LineRule(
        ("executable file not found in $PATH",),
        Cause.COMMAND_NOT_FOUND,
        "The job's container has no command {0}.",
        re.compile(r'exec: "([^"]{1,200})"'),
        _STRONG,
    ),
    LineRule(
        ("bad interpreter", "exec format error", "Exec format error", "cannot execute"),
        Cause.COMMAND_NOT_FOUND,
        "A command of the job's could not be run: its file is not made for this machine, or for this shell.",
        None,
        hint="format",
    ),
    LineRule(
        ("Permission denied",),
        Cause.COMMAND_NOT_FOUND,
        "The file {0} may not be run: it is not marked as executable.",
        re.compile(rf"{_SHELL}([^\s:]{{1,300}}): Permission denied$"),
        hint="mode",
    ),
    LineRule(
        ("No such file or directory",),
        Cause.COMMAND_NOT_FOUND,
        "The job's container has no command {0}.",
        re.compile(rf"{_SHELL}((?:\./|/)[^\s:]{{1,300}}): No such file or directory$"),
        _WEAK,
    ),
    LineRule(
        ("No such file or directory",),
        Cause.MISSING_FILE,
        "The Python program {0} is not where the job looks for it.",
        re.compile(r"can't open file '([^']{1,500})'"),
    ),
    LineRule(
        ("No such file or directory",),
        Cause.MISSING_FILE,
        "The job did not find {0}.",
        re.compile(
            rf"{_OF_SHELL}(?:cd|source|\.|cat|cp|mv|ls|tar|head|python3?): "
            r"(?:cannot \w{1,12} )?'?([^\s':]{1,300})"
        ),
        _WEAK,
        _LIKELY,
    ),
    LineRule(
        ("syntax error", "unexpected EOF while", "unexpected end of file", "Unterminated quoted string"),
        Cause.BAD_ARGUMENTS,
        "The shell could not read the job's script.",
        re.compile(r"(?:sh|line \d{1,6}|-c): "),
        hint="script",
    ),
    LineRule(
        ("unbound variable", "parameter not set"),
        Cause.BAD_ARGUMENTS,
        "The job's script uses a variable that is not set: {0}.",
        re.compile(r"(?:^|[\s:])(\w{1,100}): (?:unbound variable|parameter not set)"),
        hint="variable",
    ),
)

_KILL_RULES = (
    LineRule(
        (
            "oom-kill",
            "Out of memory: Kill",
            "out of memory: Kill",
            "OOMKilled",
            "invoked oom-killer",
            "oom_reaper",
        ),
        Cause.HOST_MEMORY,
        "The machine ran out of memory, and the system killed the program.",
        None,
        _STRONG,
        hint="proof",
        kill=True,
    ),
    LineRule(
        ("Killed",),
        Cause.HOST_MEMORY,
        "The program was killed, as happens when the machine runs out of memory.",
        re.compile(r"^(?:\S{1,200}: )?(?:line \d{1,6}: {1,8}\d{1,9} )?Killed(?: {2,}.*)?\s*$"),
        _STRONG,
        _LIKELY,
        kill=True,
    ),
    LineRule(
        ("exitcode: -9", "exitcode  : -9", "Signals.SIGKILL", "Signal 9 (SIGKILL)", "return code = -9"),
        Cause.HOST_MEMORY,
        "One of the program's processes was killed, as happens when the machine runs out of memory.",
        None,
        _FIRM,
        _LIKELY,
        kill=True,
    ),
    LineRule(
        ("Segmentation fault", "SIGSEGV", "Fatal Python error: Segmentation"),
        Cause.CRASH,
        "The program crashed: it touched memory that is not its own (segmentation fault).",
        None,
        kill=True,
    ),
    LineRule(
        ("DistBackendError", "NCCL"),
        Cause.NCCL,
        "The processes of the job lost touch with each other.",
        re.compile(r"^(?:\S{1,40} )?terminate called"),
        _STRONG,
        _LIKELY,
        collateral=True,
    ),
    LineRule(
        ("Aborted", "terminate called", "Fatal Python error: Aborted", "SIGABRT"),
        Cause.CRASH,
        "The program gave itself up (abort), as native libraries do on an error of their own.",
        re.compile(r"Aborted(?: \(core dumped\)| {2,}|$)|terminate called|Fatal Python|SIGABRT"),
        kill=True,
    ),
    LineRule(
        ("Bus error",),
        Cause.HOST_MEMORY,
        "The program crashed with a bus error, as happens when its shared memory or disk is full.",
        re.compile(r"Bus error(?: \(core dumped\)|$| {2,}|\.)"),
        confidence=_LIKELY,
        hint="shm",
        kill=True,
    ),
    LineRule(
        ("Illegal instruction", "Floating point exception", "Fatal Python error"),
        Cause.CRASH,
        "The program crashed.",
        None,
        kill=True,
    ),
)

_MEMORY_RULES = (
    LineRule(
        (
            "CUDA out of memory",
            "HIP out of memory",
            "CUDA_ERROR_OUT_OF_MEMORY",
            "RESOURCE_EXHAUSTED: Out of memory",
            "CUDA error: out of memory",
            "OOM when allocating tensor",
        ),
        Cause.GPU_MEMORY,
        "The GPU ran out of memory.",
        None,
    ),
    LineRule(
        ("std::bad_alloc", "DefaultCPUAllocator: can't allocate", "Cannot allocate memory"),
        Cause.HOST_MEMORY,
        "The machine ran out of memory.",
        None,
        hint="proof",
    ),
    LineRule(("No space left on device", "Disk quota exceeded"), Cause.DISK_FULL, "The disk is full.", None),
)

_PROGRAM_RULES = (
    LineRule(
        (": error: ",),
        Cause.BAD_ARGUMENTS,
        "The program did not understand its arguments: {0}.",
        re.compile(
            r"^[\w./-]{1,200}(?: \w{1,40})?: error: ((?:unrecognized arguments|"
            r"the following arguments are required|argument |"
            r"ambiguous option|one of the arguments|invalid choice|no such option|too few arguments).{0,300})"
        ),
        _STRONG,
    ),
    LineRule(
        (
            "No such option",
            "Missing option",
            "Missing argument",
            "Missing parameter",
            "Invalid value for",
            "unexpected extra argument",
            "No such command",
        ),
        Cause.BAD_ARGUMENTS,
        "The program did not understand its arguments: {0}.",
        re.compile(
            r"^(?:Error: |│ ?)((?:No such|Missing|Invalid value|Got unexpected).{1,300}?)[ │]{0,200}$"
        ),
    ),
    LineRule(
        ("Unknown command line flag", "Could not override '", "is not in struct"),
        Cause.BAD_ARGUMENTS,
        "The program did not understand its arguments.",
        None,
    ),
    LineRule(
        ("No module named", "Error while finding module specification"),
        Cause.MISSING_MODULE,
        "The Python module {0} is not installed in the job, or not in the folder that it runs in.",
        re.compile(
            r"python[\d.]{0,5}: "
            r"(?:No module named|Error while finding module specification for) '?([\w.]{1,200})"
        ),
    ),
    LineRule(
        ("No matching distribution found for", "Could not find a version that satisfies"),
        Cause.MISSING_MODULE,
        "The Python package {0} was not found by pip.",
        re.compile(r"(?:No matching distribution found for|satisfies the requirement) (\S{1,200})"),
        hint="pip",
    ),
    LineRule(
        ("No solution found when resolving",),
        Cause.MISSING_MODULE,
        "The Python packages have no versions that fit together, says uv.",
        None,
        hint="pip",
    ),
    LineRule(
        (
            "api_key not configured",
            "API key must be",
            "user is not logged in",
            "No API key configured",
            "API key you provided",
        ),
        Cause.WANDB_LOGIN,
        "Weights & Biases was given no API key, or one that it does not take.",
        re.compile(r"wandb"),
    ),
    LineRule(
        ("Cannot access gated repo", "Invalid user token", "is restricted. You must"),
        Cause.MODEL_ACCESS,
        "Hugging Face refused the download: it needs an accepted licence, or a valid token.",
        None,
        hint="gated",
    ),
)

_TOOL_RULES = (
    LineRule(
        ("has not been used in project", "SERVICE_DISABLED"),
        Cause.API_DISABLED,
        "A service that the program called is turned off in the project.",
        None,
    ),
    LineRule(
        (
            "AccessDeniedException: 403",
            "does not have storage.",
            "ServiceException: 401",
            "HTTPError 403",
            "does not have permission to access b instance",
            "does not have permission to access storage",
        ),
        Cause.PERMISSION,
        "The job was refused access to Cloud Storage.",
        None,
    ),
    LineRule(
        ("BucketNotFoundException", "The specified bucket does not exist", "bucket does not exist"),
        Cause.MISSING_FILE,
        "A bucket that the job names does not exist.",
        None,
        hint="bucket",
    ),
    LineRule(
        ("No URLs matched", "matched no objects or files", "One or more URLs matched no objects"),
        Cause.MISSING_FILE,
        "There was nothing to copy where the job looked for files.",
        None,
        _WEAK,
        hint="copy",
    ),
    LineRule(
        (
            "fatal: could not read Username",
            "fatal: Authentication failed",
            "Permission denied (publickey)",
            "remote: Repository not found",
            "remote: Invalid username",
        ),
        Cause.PERMISSION,
        "The job may not read a git repository: it is private, or its address is wrong.",
        None,
        hint="git",
    ),
    LineRule(
        (
            "Could not resolve host",
            "Temporary failure in name resolution",
            "Failed to connect to",
            "Connection timed out",
            "Network is unreachable",
            "curl: (",
        ),
        Cause.NETWORK,
        "The job could not reach a server on the internet.",
        re.compile(
            r"curl: \((?:5|6|7|28|35|56|60)\)|fatal: unable to access|"
            r"[Cc]ould not resolve host|name resolution|"
            r"(?:ssh|wget|apt\S{0,10}|E): "
        ),
        _FIRM,
        _LIKELY,
    ),
    LineRule(
        (
            "Watchdog caught collective operation timeout",
            "NCCL operations have failed or timed out",
            "NCCL error",
            "ncclSystemError",
            "ncclRemoteError",
            "ncclInternalError",
            "Connection closed by peer [",
        ),
        Cause.NCCL,
        "The processes of the job lost touch with each other.",
        None,
        _STRONG,
        _LIKELY,
        collateral=True,
    ),
    LineRule(
        ("Exit code (",),
        Cause.UNKNOWN,
        "The Python package ended with exit code {0}.",
        re.compile(r"Task completed\. Exit code \((-?[1-9]\d{0,4})\)"),
        hint="runner",
        wrapper=True,
    ),
)

LINE_RULES = (*_KILL_RULES, *_MEMORY_RULES, *_SHELL_RULES, *_PROGRAM_RULES, *_TOOL_RULES)
"""Of the rules that a line fits, the first counts."""


_found: defaultdict[str, list[LineRule]] = defaultdict(list)
for _rule in LINE_RULES:
    for _needle in _rule.needles:
        _found[_needle].append(_rule)
BY_NEEDLE: Mapping[str, tuple[LineRule, ...]] = {needle: tuple(rules) for needle, rules in _found.items()}
"""The rules of each needle, in order."""
