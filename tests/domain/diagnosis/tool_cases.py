"""What shells, the kernel and tools print when a program ends, and exit codes alone."""

# ruff: noqa: E501  # log lines as they are printed

from __future__ import annotations

from tests.domain.diagnosis.told import LIKELY, LINK, UNSURE, job, replica_error, told
from tui.domain.diagnosis.model import Cause

TOOL_CASES = (
    told(
        "never started",
        Cause.COMMAND_NOT_FOUND,
        "",
        replica_error(
            128,
            reason="StartError",
            detail=" Termination log message: failed to create"
            " containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process:"
            ' exec: "trainer.task": executable file not found in $PATH: unknown',
        ),
        replica="workerpool0-0",
        code=128,
        summary=("trainer.task",),
    ),
    told(
        "the wrong processor",
        Cause.COMMAND_NOT_FOUND,
        "",
        replica_error(
            128,
            reason="StartError",
            detail=" Termination log message: failed to"
            ' create containerd task: exec: "/app/run": exec format error: unknown',
        ),
        code=128,
        summary=("not made for",),
    ),
    told(
        "command not found",
        Cause.COMMAND_NOT_FOUND,
        "0> bash: line 1: trainer: command not found",
        replica_error(127),
        code=127,
        summary=("trainer",),
        quotes="command not found",
    ),
    told(
        "command not found, dash",
        Cause.COMMAND_NOT_FOUND,
        "0> /bin/sh: 1: trainer: not found",
        replica_error(127),
        code=127,
    ),
    told("127 alone", Cause.COMMAND_NOT_FOUND, "", replica_error(127), code=127, confidence=LIKELY),
    told(
        "not executable",
        Cause.COMMAND_NOT_FOUND,
        "0> bash: line 1: /app/run.sh: Permission denied",
        replica_error(126),
        code=126,
        summary=("/app/run.sh",),
    ),
    told(
        "Windows line ends",
        Cause.COMMAND_NOT_FOUND,
        "0> bash: ./run.sh: /bin/bash^M: bad interpreter: No such file or directory",
        replica_error(126),
        code=126,
    ),
    told(
        "arguments",
        Cause.BAD_ARGUMENTS,
        "0> usage: train.py [-h] --data DATA\n0> train.py: error: unrecognized arguments: --lr 3",
        replica_error(2),
        code=2,
        summary=("unrecognized arguments",),
    ),
    told(
        "arguments, click",
        Cause.BAD_ARGUMENTS,
        "0> Usage: train.py [OPTIONS]\n0> Try 'train.py --help' for help.\n0> \n"
        "0> Error: No such option: --lr",
        replica_error(2),
        code=2,
        summary=("No such option: --lr",),
    ),
    told("2 alone", Cause.BAD_ARGUMENTS, "0> hm", replica_error(2), code=2, confidence=UNSURE),
    told(
        "script",
        Cause.BAD_ARGUMENTS,
        "0> bash: -c: line 3: syntax error near unexpected token `fi'",
        replica_error(2),
        code=2,
    ),
    told(
        "killed, the kernel says so",
        Cause.HOST_MEMORY,
        "0> Memory cgroup out of memory: Killed process 412 (python) total-vm:61000000kB\n0> Killed",
        replica_error(137),
        code=137,
        quotes="cgroup",
    ),
    told(
        "killed",
        Cause.HOST_MEMORY,
        "0> step 4 loss 1.2\n0> bash: line 4:    12 Killed                  python train.py",
        replica_error(137),
        code=137,
        confidence=LIKELY,
    ),
    told(
        "137 alone",
        Cause.HOST_MEMORY,
        "0> step 4",
        replica_error(137),
        code=137,
        confidence=LIKELY,
        summary=("nothing in the log proves it",),
    ),
    told(
        "out of memory, in words",
        Cause.HOST_MEMORY,
        "",
        (3, f"The replica workerpool0-0 ran out of memory and exited with a non-zero status of 137.{LINK}"),
        code=137,
        replica="workerpool0-0",
    ),
    told(
        "out of memory, older words",
        Cause.HOST_MEMORY,
        "",
        (
            3,
            (
                "The replica workerpool0-0 ran out-of-memory and exited with a non-zero status"
                f" of 9(SIGKILL).{LINK}"
            ),
        ),
        code=9,
    ),
    told(
        "torchrun tells of a kill",
        Cause.HOST_MEMORY,
        """0> [2026-11-20 09:05:00,1] torch.distributed.elastic.multiprocessing.api: [ERROR] failed (exitcode: -9) local_rank: 0 (pid: 12) of binary: /opt/conda/bin/python
0> Traceback (most recent call last):
|  File "/opt/conda/bin/torchrun", line 8, in <module>
|    sys.exit(main())
|torch.distributed.elastic.multiprocessing.errors.ChildFailedError:
|============================================================
|train.py FAILED
|------------------------------------------------------------
|Root Cause (first observed failure):
|[0]:
|  rank      : 0 (local_rank: 0)
|  exitcode  : -9 (pid: 12)
|  traceback : Signal 9 (SIGKILL) received by PID 12
|============================================================""",
        replica_error(1),
        code=1,
        confidence=LIKELY,
    ),
    told(
        "segmentation fault", Cause.CRASH, "0> Segmentation fault (core dumped)", replica_error(139), code=139
    ),
    told(
        "abort",
        Cause.CRASH,
        "0> terminate called after throwing an instance of 'c10::Error'\n0>   what():  bad stride",
        replica_error(134),
        code=134,
    ),
    told(
        "an abort for want of GPU memory",
        Cause.GPU_MEMORY,
        "0> terminate called after throwing an instance of 'c10::Error'\n0> CUDA error: out of memory",
        replica_error(134),
        code=134,
    ),
    told("11 of a prebuilt image", Cause.CRASH, "", replica_error(11), code=11, confidence=LIKELY),
    told(
        "SIGTERM on Spot",
        Cause.PREEMPTION,
        of=job(replica_error(143), scheduling={"strategy": 4}),
        code=143,
        confidence=LIKELY,
    ),
    told("SIGTERM", Cause.CRASH, "", replica_error(143), code=143, confidence=UNSURE),
    told(
        "git, a private repository",
        Cause.PERMISSION,
        "0> Cloning into 'kelp'...\n0> fatal: could not read Username for"
        " 'https://github.com': No such device or address",
        replica_error(128),
        code=128,
    ),
    told(
        "curl without a network",
        Cause.NETWORK,
        "0> curl: (6) Could not resolve host: astral.sh",
        replica_error(6),
        code=6,
        confidence=LIKELY,
    ),
    told(
        "gsutil is refused",
        Cause.PERMISSION,
        "0> Copying file://outputs/a [Content-Type=text/plain]...\n0> AccessDeniedException: 403"
        " ana@x.iam.gserviceaccount.com does not have storage.objects.create access to the Google Cloud Storage object.",
        replica_error(1),
        code=1,
        check_id="bucket.job",
        summary=("ana@x.iam.gserviceaccount.com lacks storage.objects.create.",),
    ),
    told(
        "a package that pip does not find",
        Cause.MISSING_MODULE,
        "0> ERROR: Could not find a version that satisfies the requirement kelpx"
        " (from versions: none)\n0> ERROR: No matching distribution found for kelpx",
        replica_error(1),
        summary=("kelpx",),
    ),
)
