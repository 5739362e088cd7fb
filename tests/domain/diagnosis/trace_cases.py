"""Tracebacks in every form: chains, groups, threads, cut short, in the job's error."""

# ruff: noqa: E501  # log lines as they are printed

from __future__ import annotations

from tests.domain.diagnosis.python_cases import ONE, ends
from tests.domain.diagnosis.told import LIKELY, UNSURE, replica_error, told
from tui.domain.diagnosis.model import Cause

TRACE_CASES = (
    told(
        "a syntax error",
        Cause.TRACEBACK,
        '0> Traceback (most recent call last):\n0>   File "/opt/conda/lib/python3.10/runpy.py", line 196, in _run_module_as_main\n'
        '0>     return _run_code(code, main_globals, None,\n0>   File "/app/train.py", line 12\n0>     def main(:\n0>              ^\n'
        "0> SyntaxError: invalid syntax",
        ONE,
        frame=("/app/train.py", 12),
        exception="SyntaxError: invalid syntax",
    ),
    told(
        "a failure while handling another",
        Cause.TRACEBACK,
        "0> Traceback (most recent call last):\n|  File \"/app/conf.py\", line 3, in get\n|    return self[key]\n|KeyError: 'lr'\n|\n"
        "|During handling of the above exception, another exception occurred:\n|\n|Traceback (most recent call last):\n"
        '|  File "/app/conf.py", line 6, in get\n|    raise ValueError(f"no such option: {key}")\n|ValueError: no such option: lr',
        ONE,
        frame=("/app/conf.py", 6),
        exception="ValueError: no such option: lr",
    ),
    told(
        "memory lost, and the handler failed too",
        Cause.GPU_MEMORY,
        '0> Traceback (most recent call last):\n|  File "/app/loop.py", line 30, in step\n|    loss.backward()\n'
        "|torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 1.50 GiB.\n|\n"
        "|During handling of the above exception, another exception occurred:\n|\n|Traceback (most recent call last):\n"
        "|  File \"/app/loop.py\", line 33, in step\n|    self.trace.dump()\n|AttributeError: 'Loop' object has no attribute 'trace'",
        ONE,
        confidence=LIKELY,
        frame=("/app/loop.py", 30),
    ),
    told(
        "the direct cause",
        Cause.TRACEBACK,
        '0> Traceback (most recent call last):\n|  File "/app/rows.py", line 21, in parse\n|    return int(cell)\n'
        "|ValueError: invalid literal for int() with base 10: 'kelp'\n|\n"
        "|The above exception was the direct cause of the following exception:\n|\n|Traceback (most recent call last):\n"
        '|  File "/app/train.py", line 9, in main\n|    raise RuntimeError("cannot read the rows") from error\n|RuntimeError: cannot read the rows',
        ONE,
        frame=("/app/rows.py", 21),
        summary=("invalid literal", "cannot read the rows"),
    ),
    told(
        "a group of exceptions",
        Cause.MISSING_FILE,
        "0>   + Exception Group Traceback (most recent call last):\n"
        '|  |   File "/app/load.py", line 60, in main\n|  |     async with asyncio.TaskGroup() as group:\n'
        "|  | ExceptionGroup: unhandled errors in a TaskGroup (2 sub-exceptions)\n"
        "|  +-+---------------- 1 ----------------\n"
        "|    | Traceback (most recent call last):\n"
        '|    |   File "/app/load.py", line 31, in fetch\n|    |     raise ValueError(name)\n|    | ValueError: shard 7\n'
        "|    +---------------- 2 ----------------\n"
        "|    | Traceback (most recent call last):\n"
        '|    |   File "/app/load.py", line 28, in fetch\n|    |     with open(name) as file:\n'
        "|    | FileNotFoundError: [Errno 2] No such file or directory: 'shards/8'\n|    +------------------------------------",
        ONE,
        frame=("/app/load.py", 28),
        summary=("shards/8",),
    ),
    told(
        "one that fell in a thread only",
        Cause.UNKNOWN,
        "0> Exception in thread Thread-4 (upload):\n"
        + ends(last="KeyError: 'x'")
        + "".join(f"\n0> step {n} loss 1.0" for n in range(300)),
        ONE,
        confidence=UNSURE,
    ),
    told(
        "ignored at exit",
        Cause.UNKNOWN,
        "0> Exception ignored in: <function Pool.__del__ at 0x7f>\n0> Traceback (most recent call last):\n"
        '0>   File "/app/x.py", line 3, in __del__\n0>     self.close()\n0> AttributeError: close',
        ONE,
        confidence=UNSURE,
    ),
    told(
        "cut short",
        Cause.TRACEBACK,
        '0> Traceback (most recent call last):\n0>   File "/app/train.py", line 5, in main\n0>     go()',
        ONE,
        confidence=LIKELY,
        frame=("/app/train.py", 5),
    ),
    told(
        "in the job's error only",
        Cause.TRACEBACK,
        "",
        replica_error(
            1,
            detail="Traceback (most recent call last):\n  [...]\n  File"
            " \"/app/train.py\", line 44, in fit\n    self.net(batch)\nTypeError: fit() got an unexpected keyword argument 'lr'",
        ),
        replica="workerpool0-0",
        code=1,
        frame=("/app/train.py", 44),
    ),
    told(
        "in an error whose line ends were lost",
        Cause.TRACEBACK,
        "",
        (
            3,
            (
                "The replica worker 2 exited with a non-zero status of 1."
                ' Termination reason: Error. Traceback (most recent call last): File "/opt/job/lib/python3.7/site-packages/trainer/task.py", line'
                ' 184, in main fit(x) File "/opt/conda/lib/python3.7/site-packages/tf/app.py", line 12, in run main(argv) ValueError: bad input'
            ),
        ),
        replica="worker 2",
        code=1,
        frame=("/opt/job/lib/python3.7/site-packages/trainer/task.py", 184),
    ),
)
