"""Which lines belong to tracebacks, as far as one line shows it: Python, Java, C++, Go, Rust."""

from __future__ import annotations

import re

from tui.domain.logreading.lanes import lane
from tui.domain.logreading.model import Mark

_HEAD, _BODY, _END = int(Mark.TRACE_HEAD), int(Mark.TRACE_BODY), int(Mark.TRACE_END)
_INDENTED = int(Mark.INDENTED)

_EXCEPTION = (
    r"(?:(?:[A-Za-z_]\w{0,80}\.){1,12}[A-Za-z_]\w{0,120}"
    r"|[A-Z]\w{0,120}(?:Error|Exception|Interrupt|Exit|Iteration|Warning|Group|Timeout|Expired)|SystemExit|StopIteration)"
    r"(?:\([\w.]{1,120}\))?(?=: |:?$)"
)
_CLASS = r"(?:(?:[\w$]{1,80}\.){1,12}[\w$]{1,120}|\w{0,120}(?:Error|Exception))(?=: |$)"
_RICH_HEAD = r"╭─.{0,200}Traceback \("
_START = re.compile(
    rf"(?P<end>{_EXCEPTION})"
    r"|(?P<single>Exception in thread \"|panic: |fatal error: [a-z]"
    r"|thread '[^']{0,80}' (?:\(\d+\) )?panicked at|terminate called |Fatal Python error: "
    r"|\*\*\* SIG\w{2,8} )"
    r"|(?P<head>Traceback \(most|Exception in thread |Exception ignored in: |--- Logging error ---"
    rf"|\*\*\* Check failure stack trace|\*\*\* Begin stack trace|{_RICH_HEAD})"
    r"|(?P<body>During handling of the above|The above exception was|Current thread 0x"
    r"|Thread 0x[0-9a-f]{4,16} |\*\*\* (?:Aborted at|End stack trace)|PC: @|goroutine \d{1,9} \["
    r"|\[signal SIG|> File \".{1,500}\", line \d|stack backtrace:$|frame #\d{1,4}: |Exception raised from )"
    rf"|(?P<caused>(?:Caused by|Suppressed): {_CLASS})"
    r"|(?P<along>[│╰❱└]|created by [\w./]{1,200}"
    r"|[\w./%-]{1,200}\.[\w.()*\[\]·-]{1,120}\((?:0x[0-9a-f, x.{}]{0,400}|\.\.\.|\{0x[^)]{0,400})?\)$)"
)
_INSIDE = re.compile(
    r"\s{1,80}(?:(?P<body>File \".{1,500}\", line \d|at [\w.$/]{1,300}\.[\w<>$]{1,100} ?\(|at \.?/"
    r"|\.\.\. \d{1,6} (?:more|common frames)|@ {1,20}0x|\[Previous line repeated|frame #\d{1,4}: "
    r"|\| {2,40}File \".{1,500}\", line \d)"
    rf"|(?P<end>\| {_EXCEPTION})|(?P<what>what\(\): )"
    rf"|(?P<head>[+|] (?:\+ )?(?:Exception Group )?Traceback \(most|{_RICH_HEAD})"
    rf"|(?P<caused>Caused by: {_CLASS}))"
)
_BITS = {
    "end": _END,
    "single": _HEAD | _END,
    "head": _HEAD,
    "body": _BODY,
    "caused": _BODY | _END,
    "along": _INDENTED,
    "what": _BODY | _END,
}


def trace_marks(text: str) -> int:
    """What a line can be of a traceback, as the bits of `Mark`.

    An empty line counts as indented, and so does one that is drawn within a box or looks like a call: it
    goes along with a traceback around it, but is none by itself.
    """
    start = lane(text)
    first = text[start : start + 1]
    if not first or first == " ":
        match = _INSIDE.match(text, start)
        return _INDENTED | (_BITS[match.lastgroup or ""] if match else 0)
    match = _START.match(text, start)
    if match:
        return _BITS[match.lastgroup or ""]
    # A logger's own words may stand before it.
    return _HEAD if text.endswith("(most recent call last):") else 0
