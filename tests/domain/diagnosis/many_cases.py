"""Jobs of several replicas or processes, and jobs that succeeded and yet did not."""

# ruff: noqa: E501  # log lines as they are printed

from __future__ import annotations

from tests.domain.diagnosis.told import LIKELY, job, replica_error, told
from tui.domain.diagnosis.model import Cause

_NCCL = """{0}> [rank{1}]:[E1120 09:07:00.1 ProcessGroupNCCL.cpp:616] [Rank {1}] Watchdog caught collective operation timeout: WorkNCCL(SeqNum=880, OpType=ALLREDUCE, NumelIn=1, NumelOut=1, Timeout(ms)=1800000) ran for 1800695 milliseconds before timing out.
{0}> terminate called after throwing an instance of 'c10::DistBackendError'
{0}>   what():  [Rank {1}] Watchdog caught collective operation timeout
"""
_RESET = """{0}> Traceback (most recent call last):
{0}>   File "/app/ddp.py", line 70, in step
{0}>     dist.all_reduce(x)
{0}> RuntimeError: [../third_party/gloo/gloo/transport/tcp/pair.cc:534] Connection closed by peer [10.0.0.2]:21000
"""
_KEY = """{0}> Traceback (most recent call last):
{0}>   File "/app/data.py", line 12, in rows
{0}>     return self.rows[i]
{0}> KeyError: {1}
"""
_OK = job(None, "SUCCEEDED")
_STEPS = "".join(f"0> {{'loss': {2 - n / 100}, 'epoch': {n / 50}}}\n" for n in range(50))

MANY_CASES = (
    told(
        "the first that failed is not the one named",
        Cause.TRACEBACK,
        "0> step 1\n1> step 1\n"
        + _KEY.format("1-1", 7)
        + "+30m\n"
        + _NCCL.format("0", 0)
        + _NCCL.format("1", 1),
        replica_error(134),
        replica="workerpool1-1",
        frame=("/app/data.py", 12),
        exception="KeyError: 7",
    ),
    told(
        "the first of two alike",
        Cause.TRACEBACK,
        _KEY.format("1", 3) + "+1s\n" + _KEY.format("0", 4),
        replica_error(1),
        replica="workerpool1-0",
        exception="KeyError: 3",
    ),
    told(
        "one killed, the others lost it",
        Cause.HOST_MEMORY,
        "1> Killed\n+2s\n" + _RESET.format("0") + _RESET.format("1-1"),
        replica_error(1),
        replica="workerpool1-0",
        confidence=LIKELY,
    ),
    told(
        "the service tells of the first",
        Cause.HOST_MEMORY,
        "s> The replica workerpool1-0 ran out of memory and exited with a non-zero status of 137.\n+2s\n"
        + _RESET.format("0"),
        replica_error(1),
        replica="workerpool1-0",
        code=137,
    ),
    told(
        "only lost connections",
        Cause.NCCL,
        _RESET.format("1") + "+5s\n" + _RESET.format("0"),
        replica_error(1),
        replica="workerpool1-0",
        confidence=LIKELY,
        frame=("/app/ddp.py", 70),
    ),
    told(
        "a watchdog alone", Cause.NCCL, _NCCL.format("0", 0), replica_error(134), confidence=LIKELY, code=134
    ),
    told(
        "a replica restarted before the others noticed",
        Cause.GPU_MEMORY,
        '1> Traceback (most recent call last):\n1>   File "/app/m.py", line 3, in f\n1>     y = x @ x\n'
        "1> torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 3.00 GiB.\n"
        + "".join(f"1> loading {n}\n" for n in range(300))
        + "+10m\n"
        + _RESET.format("0")
        + _RESET.format("1"),
        replica_error(1),
        replica="workerpool1-0",
        confidence=LIKELY,
    ),
    told(
        "ranks speak at once",
        Cause.TRACEBACK,
        "0> [rank0]: Traceback (most recent call last):\n0> [rank1]: Traceback (most recent call last):\n"
        '0> [rank1]:   File "/app/b.py", line 2, in g\n0> [rank0]:   File "/app/a.py", line 1, in f\n0> [rank1]:     h()\n'
        "0> [rank0]:     g()\n0> [rank1]: RuntimeError: NCCL communicator was aborted on rank 1.\n0> [rank0]: IndexError: list index out of range\n"
        "0> torch.distributed.elastic.multiprocessing.api: [ERROR] failed (exitcode: 1) local_rank: 0 (pid: 12) of binary: python\n"
        '0> Traceback (most recent call last):\n|  File "/opt/conda/bin/torchrun", line 8, in <module>\n|    sys.exit(main())\n'
        "|torch.distributed.elastic.multiprocessing.errors.ChildFailedError: \n|train.py FAILED",
        replica_error(1),
        frame=("/app/a.py", 1),
        exception="IndexError: list index out of range",
    ),
    told(
        "replicas speak at once",
        Cause.TRACEBACK,
        '0> Traceback (most recent call last):\n1> Traceback (most recent call last):\n1>   File "/app/b.py", line 2, in g\n'
        '0>   File "/app/a.py", line 1, in f\n1>     h()\n0>     g()\n0> IndexError: pop\n1> KeyError: 2',
        replica_error(1),
        replica="workerpool0-0",
        frame=("/app/a.py", 1),
    ),
    told(
        "bars in between",
        Cause.TRACEBACK,
        '0> Traceback (most recent call last):\n0>   File "/app/a.py", line 1, in f\n'
        "0>  45%|████▌     | 45/100 [00:10<00:12,  4.50it/s]\n0>     g()\n0> step 45 loss 2.0\n0> IndexError: pop",
        replica_error(1),
        frame=("/app/a.py", 1),
    ),
    told(
        "accelerate reports what failed",
        Cause.TRACEBACK,
        _KEY.format("0", 5) + "0> Traceback (most recent call last):\n"
        '|  File "/opt/conda/bin/accelerate", line 8, in <module>\n|    sys.exit(main())\n'
        "|subprocess.CalledProcessError: Command '['/opt/conda/bin/python', 'train.py']' returned non-zero exit status 1.",
        replica_error(1),
        exception="KeyError: 5",
    ),
    told(
        "a process of spawn",
        Cause.TRACEBACK,
        '0> Traceback (most recent call last):\n|  File "/app/run.py", line 90, in <module>\n'
        "|    mp.spawn(work, nprocs=2)\n|torch.multiprocessing.spawn.ProcessRaisedException: \n|\n"
        "|-- Process 1 terminated with the following error:\n|Traceback (most recent call last):\n"
        '|  File "/opt/conda/lib/python3.10/site-packages/torch/multiprocessing/spawn.py", line 90, in _wrap\n|    fn(i, *args)\n'
        '|  File "/app/run.py", line 41, in work\n|    fit(rank)\n|ZeroDivisionError: division by zero',
        replica_error(1),
        frame=("/app/run.py", 41),
        exception="ZeroDivisionError: division by zero",
    ),
    told(
        "a failure of an earlier attempt",
        Cause.MISSING_FILE,
        "s> Waiting for job to be provisioned.\n"
        + _KEY.format("0", 1)
        + "+5m\ns> Waiting for job to be provisioned.\n0> python: can't open file '/app/x.py': [Errno 2] No such file or directory",
        replica_error(2),
        code=2,
    ),
    told(
        "handled long before",
        Cause.DISK_FULL,
        _KEY.format("0", 1)
        + "".join(f"0> step {n} of 900\n" for n in range(900))
        + "0> OSError: [Errno 28] No space left on device",
        replica_error(1),
    ),
    told(
        "a NaN before the end",
        Cause.GPU_MEMORY,
        "0> {'loss': 2.0}\n0> {'loss': nan}\n0> Traceback (most recent call last):\n"
        '0>   File "/app/a.py", line 1, in f\n0>     g()\n0> torch.OutOfMemoryError: CUDA out of memory.',
        replica_error(1),
        also=(Cause.NAN_LOSS,),
    ),
    told("healthy", Cause.NONE, _STEPS + "s> Job completed successfully.", of=_OK, outputs_empty=False),
    told("healthy, after a handled exception", Cause.NONE, _KEY.format("0", 1) + _STEPS * 3, of=_OK),
    told(
        "masked",
        Cause.MASKED_EXIT,
        _STEPS + _KEY.format("0", 1) + "".join(f"0> Copying file://outputs/{n}...\n" for n in range(90)),
        of=_OK,
        confidence=LIKELY,
        exception="KeyError: 1",
        frame=("/app/data.py", 12),
        also=(Cause.TRACEBACK,),
    ),
    told(
        "masked by the runner",
        Cause.MASKED_EXIT,
        _STEPS + "0> Task completed. Exit code (1). Exit reason (SUBPROCESS_EXCEPTION)",
        of=_OK,
    ),
    told(
        "masked, and the runner says so",
        Cause.MASKED_EXIT,
        _KEY.format("0", 1) + "0> Task completed. Exit code (1). Exit reason (SUBPROCESS_EXCEPTION)",
        of=_OK,
        also=(Cause.TRACEBACK,),
    ),
    told(
        "nothing was copied",
        Cause.MASKED_EXIT,
        _STEPS + "0> bash: line 9: gsutil: command not found",
        of=_OK,
        confidence=None,
        also=(Cause.COMMAND_NOT_FOUND, Cause.NO_OUTPUTS),
        outputs_empty=True,
    ),
    told(
        "a last loss that is no number",
        Cause.NAN_LOSS,
        _STEPS + "0> {'loss': nan, 'epoch': 1.1}\n0> {'loss': nan, 'epoch': 1.2}",
        of=_OK,
    ),
    told(
        "an endless loss",
        Cause.NAN_LOSS,
        _STEPS + "0> Epoch 3: train_loss=inf",
        of=_OK,
        summary=("infinite",),
    ),
    told("a loss that came back", Cause.NONE, "0> {'loss': nan}\n" + _STEPS, of=_OK),
    told("no outputs", Cause.NO_OUTPUTS, _STEPS, of=_OK, outputs_empty=True),
    told("lost connections at a good end", Cause.NONE, _STEPS + _RESET.format("1"), of=_OK),
)
