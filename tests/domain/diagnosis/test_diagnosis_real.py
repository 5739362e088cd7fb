"""Programs that really fail, on a real local server: its error and log give the right card."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.local.clients import PARENT, Server, job_id, script_job
from tests.local.conftest import fresh_server
from tests.local.faulty import Faults
from tui.cloud.log_entries import entry_from_pb
from tui.domain.diagnosis.diagnose import diagnose
from tui.domain.diagnosis.model import Case, Cause, Confidence, Diagnosis
from tui.domain.jobs import job_from_json
from tui.local.wire import gtypes

_CHAIN = """
def load(row):
    return int(row["labels"])

def main():
    try:
        load({"label": 1})
    except KeyError as error:
        raise RuntimeError("cannot read the rows") from error

main()
"""
_GROUP = """
def first():
    raise ValueError("shard 7")

errors = []
for work in (first, lambda: open("no-such-file")):
    try:
        work()
    except Exception as error:
        errors.append(error)
raise ExceptionGroup("loading", errors)
"""
_ARGS = """
import argparse
parser = argparse.ArgumentParser(prog="train.py")
parser.add_argument("--data", required=True)
parser.parse_args(["--lr", "3"])
"""
_POOL = """
import multiprocessing

def work(number):
    return 1 // number

if __name__ == "__main__":
    with multiprocessing.get_context("fork").Pool(1) as pool:
        pool.map(work, [0])
"""


def _python(program: str, after: str = "") -> str:
    return f"cat > train.py <<'END'\n{program}\nEND\npython3 train.py {after}"


SCRIPTS: dict[str, tuple[str, Cause, Confidence, str]] = {
    "chain": (_python(_CHAIN), Cause.TRACEBACK, Confidence.SURE, "KeyError: 'labels'"),
    "group": (_python(_GROUP), Cause.MISSING_FILE, Confidence.SURE, "no-such-file"),
    "pool": (_python(_POOL), Cause.TRACEBACK, Confidence.SURE, "ZeroDivisionError"),
    "syntax": (_python("def main(:\n    pass"), Cause.TRACEBACK, Confidence.SURE, "SyntaxError"),
    "module": (
        _python("import no_such_module_at_all"),
        Cause.MISSING_MODULE,
        Confidence.SURE,
        "no_such_module_at_all",
    ),
    "memory": (_python("raise MemoryError"), Cause.HOST_MEMORY, Confidence.SURE, "memory"),
    "arguments": (_python(_ARGS), Cause.BAD_ARGUMENTS, Confidence.SURE, "--data"),
    "no file": ("python3 no-such-program.py", Cause.MISSING_FILE, Confidence.SURE, "no-such-program.py"),
    "no module": ("python3 -m no_such_trainer", Cause.MISSING_MODULE, Confidence.SURE, "no_such_trainer"),
    "command": ("no-such-trainer --epochs 3", Cause.COMMAND_NOT_FOUND, Confidence.SURE, "no-such-trainer"),
    "mode": ("echo 'true' > run.sh; ./run.sh", Cause.COMMAND_NOT_FOUND, Confidence.SURE, "./run.sh"),
    "script": ("if true; then\necho (", Cause.BAD_ARGUMENTS, Confidence.SURE, "script"),
    "variable": (
        "set -u; echo $NO_SUCH_NAME_AT_ALL; true",
        Cause.BAD_ARGUMENTS,
        Confidence.SURE,
        "NO_SUCH_NAME_AT_ALL",
    ),
    "killed": (
        "python3 -c 'import os; os.kill(os.getpid(), 9)'; exit $?",
        Cause.HOST_MEMORY,
        Confidence.LIKELY,
        "killed",
    ),
    "crash": ("kill -SEGV $$", Cause.CRASH, Confidence.SURE, "segmentation"),
    "abort": ("kill -ABRT $$", Cause.CRASH, Confidence.SURE, "abort"),
    "one": ("echo hm; exit 1", Cause.UNKNOWN, Confidence.UNSURE, "exit code 1"),
    "masked": (
        _python("raise KeyError(3)", "\necho copied"),
        Cause.MASKED_EXIT,
        Confidence.LIKELY,
        "KeyError: 3",
    ),
    "nan": ("echo \"{'loss': 2.0}\"; echo \"{'loss': nan}\"", Cause.NAN_LOSS, Confidence.SURE, "loss"),
    "well": ("echo 'loss: 2.0'", Cause.NONE, Confidence.SURE, ""),
}
FAULTS = {
    "stockout": (Cause.STOCKOUT, {"times": 9}),
    "image-pull": (Cause.IMAGE_PULL, {}),
    "internal": (Cause.INTERNAL, {"times": 9, "seconds": 0}),
    "preempt": (Cause.PREEMPTION, {"times": 9, "seconds": 0}),
}


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with fresh_server() as found:
        found.enable("aiplatform", "logging")
        yield found


@pytest.fixture(scope="module")
def cards(server: Server) -> dict[str, Diagnosis]:
    """The card of each script, all run at once."""
    names = {name: _create(server, name, script_job(script)) for name, (script, *_) in SCRIPTS.items()}
    return {name: _card(server, made) for name, made in names.items()}


def _create(server: Server, name: str, made: Any) -> str:
    made.display_name = name
    return str(server.jobs.create_custom_job(parent=PARENT, custom_job=made).name)


def _card(server: Server, name: str) -> Diagnosis:
    ended = server.ended(name)
    entries = server.entries(f'resource.labels.job_id="{job_id(ended)}"', page_size=1000)
    found = job_from_json(gtypes.to_json(type(ended).pb(ended)))
    return diagnose(Case(found, [entry_from_pb(type(each).pb(each)) for each in entries], complete=True))


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_program_that_really_fails_gets_its_card(cards: dict[str, Diagnosis], name: str) -> None:
    _, cause, confidence, words = SCRIPTS[name]
    card = cards[name]
    assert card.cause is cause, card
    if cause is not Cause.NONE:
        assert card.confidence is confidence, card
    assert words in card.summary
    if card.exception:
        assert card.frame is not None
        assert card.frame.file.endswith("train.py")
    if cause not in (Cause.NONE, Cause.NAN_LOSS, Cause.MASKED_EXIT):
        assert card.replica == "workerpool0-0"
        assert card.exit_code
        assert card.evidence[0].key is not None


@pytest.mark.parametrize("effect", FAULTS)
def test_a_fault_of_a_job_gets_its_card(server: Server, effect: str) -> None:
    cause, options = FAULTS[effect]
    faults = Faults(server)
    faults.add(f"{effect}-job", effect, kind="job", **options)
    made = script_job("sleep 60", scheduling={"strategy": "SPOT"} if effect == "preempt" else {})
    card = _card(server, _create(server, f"{effect}-job", made))
    faults.close()
    assert card.cause is cause, card
    assert card.evidence[0].key is not None


def test_cancelled_and_out_of_time(server: Server) -> None:
    name = _create(server, "cancelled", script_job("sleep 60"))
    late = _create(server, "late", script_job("sleep 60", scheduling={"timeout": "1s"}))
    server.jobs.cancel_custom_job(name=name)
    assert _card(server, name).cause is Cause.CANCELLED
    assert _card(server, late).cause is Cause.TIMEOUT
