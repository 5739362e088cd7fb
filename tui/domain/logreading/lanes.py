"""What launchers of many processes put before each line: whose line it is."""

from __future__ import annotations

import re

_LANE = re.compile(
    r"\[(?:rank|default|trainer|worker|node)?\d{1,5}\]: ?"  # torchrun and PyTorch itself
    r"|\((?:[\w.:\[\]-]{1,80} )?(?:pid|rank)=\d{1,9}[^)]{0,60}\) ?"  # Ray, vLLM
    r"|\[\d{1,5},\d{1,5}\]<std(?:err|out)>: ?"  # mpirun, Horovod
    r"|\d{1,4}: (?=Traceback|\s{2}|[A-Za-z.]{1,80}(?:Error|Exception))"  # srun --label
)
_FIRST = frozenset("[(0123456789")


def lane(text: str) -> int:
    """How many characters at the start of a line only say which process it is from."""
    if text[:1] in _FIRST and (match := _LANE.match(text)):
        return match.end()
    return 0
