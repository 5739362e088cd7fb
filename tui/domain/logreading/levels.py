"""How bad a line of standard error is: Vertex AI calls all of them errors, chatter and progress too.

What a logger says of its own line counts. Where none speaks, a line is an error only if it says that
something failed; a count of errors, a metric of that name, a path or a package with such a word is none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from tui.domain.logreading.lanes import lane
from tui.domain.logs import Severity

_DEBUG, _INFO, _NOTICE = int(Severity.DEBUG), int(Severity.INFO), int(Severity.NOTICE)
_WARNING, _ERROR, _CRITICAL = int(Severity.WARNING), int(Severity.ERROR), int(Severity.CRITICAL)

_HEAD = 160
"""Characters at the start of a line in which a logger puts its level."""

_WORDS = {
    **dict.fromkeys(("TRACE", "DEBUG", "VERBOSE", "FINE", "FINER", "FINEST"), _DEBUG),
    **dict.fromkeys(("INFO", "SUCCESS", "INFORMATION", "STATUS", "NOTE"), _INFO),
    "NOTICE": _NOTICE,
    **dict.fromkeys(("WARN", "WARNING", "DEPRECATION"), _WARNING),
    **dict.fromkeys(("ERROR", "ERR", "SEVERE", "EXCEPTION"), _ERROR),
    **dict.fromkeys(("FATAL", "CRITICAL", "CRIT", "PANIC"), _CRITICAL),
    "ALERT": int(Severity.ALERT),
    **dict.fromkeys(("EMERGENCY", "EMERG"), int(Severity.EMERGENCY)),
}
_LETTERS = {"D": _DEBUG, "I": _INFO, "N": _NOTICE, "W": _WARNING, "E": _ERROR, "F": _CRITICAL, "C": _CRITICAL}

_FIELDS = ("severity", "levelname", "level", "log_level", "loglevel", "lvl", "level_name")
_NUMBERS = ((50, _CRITICAL), (40, _ERROR), (30, _WARNING), (20, _INFO), (1, _DEBUG))
"""The levels of Python's `logging`."""
_OF_AGENT = frozenset({"message", "levelname", "attrs"})
"""What Vertex AI's own agent writes of a plain line: its `levelname` only says which stream it came on."""

_LETTER = re.compile(
    r"([IWEF])(?:\d{4}|\d{8}) \d\d:\d\d:\d"  # absl, glog, torchrun
    r"|\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d[.,]\d{1,9}: ([IWEF]) "  # TensorFlow
    r"|\[([IWEF])\d{4} \d\d:\d\d:\d"  # PyTorch's C++
    r"|\[([IWEF]) [\w.-]{1,80}:\d{1,6}\]"  # the same before 2.4
    r"|\[([DIWEC]) \d{2,4}-?\d\d-?\d\d[ T]\d\d:\d\d"  # Optuna, tornado
    r"|([NWE]): [A-Z(]"  # apt
)
_HAS_LETTER = frozenset("IWEF[2N")
_WORD = re.compile(
    r"(?<![\w/=-])(TRACE|DEBUG|VERBOSE|INFO|SUCCESS|NOTICE|WARN(?:ING)?|DEPRECATION|ERROR|SEVERE|FATAL|CRITICAL)"
    r"(?=[\s:|\])>,/]|$| ?-)"
)
_FIRST_WORD = re.compile(
    r"[\[<(]?(trace|debug|info|note|notice|warn|warning|deprecation|error|fatal error|fatal|critical|panic)"
    r"(?:[\])>]|\s?: |\s?:$|\s\|)",
    re.IGNORECASE,
)
_TOOL_WORD = re.compile(r"^[\w./()+\- :]{1,120}?: (fatal error|error|warning|note): ")
_FIELD = re.compile(
    r"(?:^|[\s,{])[\"']?(?:level|lvl|levelname|severity|log_level)[\"']?\s{0,2}[=:]\s{0,2}[\"']?([A-Za-z]{3,11})\b"
)
_TIME = re.compile(r"\d\d:\d\d")
_BEFORE_WORD = frozenset("-|[(]:)<,>*>")
_TOOLS = ("NCCL", "npm", "yarn", "host")

_CHATTER = (
    *("Collecting ", "Requirement already satisfied", "Using cached ", "Installing collected packages"),
    *("Successfully ", "Preparing metadata", "Getting requirements", "Installing build dependencies"),
    *("Looking in ", "Found existing installation", "Attempting uninstall", "Uninstalling ", "Saving to: "),
    *("Cloning into ", "Reusing existing connection", "Length: ", "Created wheel", "Stored in directory"),
    *("Selecting previously unselected", "Preparing to unpack", "Unpacking ", "Setting up "),
)
"""How lines of pip, git, wget and apt begin that only tell names of packages and files."""
_NOISE = re.compile(
    r"Unable to register cu(?:DNN|FFT|BLAS) factory|computation_placer already registered"
    r"|TF-TRT Warning|Could not find (?:cuda drivers|TensorRT)|could not open file to read NUMA node"
    r"|Error in sys\.excepthook|absl::InitializeLog|failed call to cuInit: (?:UNKNOWN|CUDA_ERROR_NO_DEVICE)"
)
"""What TensorFlow and XLA print on every start, some of it as errors; nothing is wrong."""

_STEMS = (
    *("error", "exception", "interrupt", "traceback", "fail", "fatal", "killed", "abort", "denied", "panic"),
    *(
        "fault",
        "out of memory",
        "cannot",
        "can't",
        "no such",
        "not found",
        "unable to",
        "could not",
        "core dumped",
    ),
    *("refused", "timed out", "exit code", "exit status", "undefined symbol", "unrecognized arg", "invalid"),
    *(
        "no module",
        "no space left",
        "oom",
        "unreachable",
        "unauthorized",
        "forbidden",
        "terminated",
        "terminate called",
    ),
)
"""A cheap test for the other lines: one of these is in every line that `_BAD` finds something in."""
_NO = (
    r"(?<!no )(?<!0 )(?<!any )(?<!zero )(?<!without )(?<!ignore )(?<!ignoring )(?<!on )(?<!if )"
    r"(?<!squared )(?<!absolute )"
)
_COUNTED = (
    r"(?![\w/-])(?!\.\w)(?!\s?[=:]\s?[\d\[{'\"-])"
    r"(?!s?\s(?:rates?|bars?|analysis|handl|correct|count|toleran|\d))"
)
_NAMED = (
    r"[A-Za-z]\w{0,80}(?:Error|Exception|Interrupt)(?:\(|\b(?!\s?=))"
    rf"|{_NO}(?:[Ee]rrors?|ERRORS?|[Ee]xceptions?|[Ff]ailures?){_COUNTED}"
)
_TOLD = (
    *(
        r"traceback \(most",
        "fatal",
        _NO + r"(?<!not )failed(?![\w/-])(?!\s?[=:]\s?\d)",
        r"(?<!not )fails? to\b",
    ),
    *(
        r"failing\b",
        r"killed\b",
        r"abort(?:ed|ing)\b",
        r"denied\b",
        r"panic(?:ked)?:?\b",
        r"refused\b",
        "timed out",
    ),
    *("segmentation fault", "segfault", "bus error", "core dumped", "terminate called", "terminated by"),
    *(
        "out of memory",
        r"oom[- ]?kill",
        "oom when",
        "no module named",
        "command not found",
        r"(?<=: )not found$",
    ),
    *("cannot (?!be (?:shown|displayed))", "can't (?:open|find|load|read|write|create|import|connect)"),
    *("no such (?:file|device|process|host|command|module|option)", "unable to ", "could not ", "couldn't "),
    *(r"(?:exit code|exit status|status)[: =(]{1,2}-?[1-9]", "undefined symbol", "unrecognized arguments?"),
    "invalid (?:choice|value|argument|literal|option|syntax|device|json|configuration)",
    *("no space left", "host unreachable", "unauthorized", "forbidden"),
)
_BAD = re.compile(rf"(?<![\w./=-])(?:{_NAMED}|(?i:{'|'.join(_TOLD)}))")
_RAISED = re.compile(r"(?:[A-Za-z_]\w{0,80}\.){1,12}[A-Z]\w{0,120}[a-z](?:\([\w.]{1,120}\))?(?=: |:?$)")
"""An exception's own line, by its class with its modules."""
_SEARCHED = 1_000
"""Characters of a line that are looked at for words of failure."""


def named_by(payload: Mapping[str, Any]) -> int:
    """The level that a structured record names itself; 0 if none, or only that of the stream it came on."""
    for field in _FIELDS:
        value = payload.get(field)
        if value is None:
            continue
        if isinstance(value, str):
            level = _WORDS.get(value.strip().upper(), 0)
            # A plain line of standard error is called ERROR too.
            if level == _ERROR and field == "levelname" and payload.keys() <= _OF_AGENT:
                return 0
            if level:
                return level
    number = payload.get("levelno")
    if isinstance(number, (int, float)):
        return next((level for least, level in _NUMBERS if number >= least), 0)
    return 0


def guess(text: str) -> int:
    """The level that a line of standard error names or sounds like; 0 if it says nothing of it."""
    start = lane(text)
    if start:
        text = text[start:]
    head = text[:_HEAD]
    if level := _logged(head):
        return _WARNING if level >= _ERROR and _NOISE.search(text) else level
    if text.startswith(_CHATTER):
        return _INFO
    if "Warning: " in text[:500] or "Warning, " in head or text.endswith("Warning:"):
        return _WARNING
    return _ERROR if _RAISED.match(text) else _sounds(text[:_SEARCHED])


def _logged(head: str) -> int:
    """The level that a logger put at the start of a line; 0 if none did."""
    if head[:1] in _HAS_LETTER and (match := _LETTER.match(head)):
        return _LETTERS[match[match.lastindex or 0]]
    if match := _FIRST_WORD.match(head):
        # git and compilers say `fatal` of what others call an error.
        level = _WORDS.get(match[1].upper(), _ERROR)
        return level if match[1].isupper() else min(level, _ERROR)
    if (
        "INFO" in head
        or "WARN" in head
        or "ERROR" in head
        or "DEBUG" in head
        or "CRITICAL" in head
        or "FATAL" in head
        or "NOTICE" in head
        or "SUCCESS" in head
        or "TRACE" in head
    ) and (level := _upper(head)):
        return level
    if ("level" in head or "lvl" in head or "severity" in head) and (match := _FIELD.search(head)):
        return _WORDS.get(match[1].upper(), 0)
    if ("error: " in head or "warning: " in head or "note: " in head) and (match := _TOOL_WORD.match(head)):
        return _WORDS.get(match[1].upper(), _ERROR)
    return 0


def _upper(head: str) -> int:
    """The level in capitals where a logger puts it: first, after a time, a bracket or another separator."""
    for match in _WORD.finditer(head):
        before = head[: match.start()].rstrip()
        if before.endswith(":") and match.end() == len(head):
            continue  # a setting and its value
        if not before or before[-1] in _BEFORE_WORD or before.endswith(_TOOLS) or _TIME.search(before):
            return _WORDS[match[1]]
    return 0


def _sounds(text: str) -> int:
    """ERROR if the line says that something failed, else 0."""
    low = text.lower()
    for stem in _STEMS:
        if stem in low:
            return _ERROR if _BAD.search(text) and not _NOISE.search(text) else 0
    return 0
