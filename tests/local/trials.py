"""Trials of durability: clients write, processes are killed, and what was acknowledged is looked for.

The tests run a few rounds of them, `benchmarks.campaign` hundreds.
"""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from glob import glob
from pathlib import Path

from google.api_core.exceptions import FailedPrecondition
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage
from google.cloud.aiplatform_v1 import CustomJob, JobState
from google.iam.v1.iam_policy_pb2 import GetIamPolicyRequest

from tests.local.clients import ENDED, PARENT, Server, job_id, text, until
from tests.local.ledger import ABSENT, Ledger
from tests.local.writers import BATCH, LINES, PROJECT, QUOTA_REGION, QUOTAS, ROLE, SERVICES, Crew, label_of
from tui.local import launcher
from tui.local.admin.client import AdminClient
from tui.local.jobs.replica import read_process

SERVER, RUNNER, REPLICA = "server", "runner", "replica"
STRIKES = (
    (SERVER,),
    (SERVER,),
    (SERVER, SERVER),
    (RUNNER,),
    (REPLICA,),
    (SERVER, RUNNER),
    (SERVER, REPLICA),
    (SERVER, RUNNER, REPLICA),
)
"""What is killed in a round; a server twice means once more while it starts again."""
LATEST = 1.5
"""Seconds after which the kill has surely come."""


@dataclass
class Round:
    """What came of one round."""

    seed: int
    strike: tuple[str, ...]
    problems: list[str] = field(default_factory=list)
    restart_seconds: float = 0.0


def processes_of(folder: Path) -> dict[int, str]:
    """Processes that belong to a data directory by their command line, environment or working directory."""
    mark, found = os.fsencode(folder), {}
    for entry in Path("/proc").glob("[0-9]*"):
        if int(entry.name) == os.getpid():
            continue
        with suppress(OSError):
            command = (entry / "cmdline").read_bytes()
            place = os.fsencode((entry / "cwd").readlink())
            if mark in command or mark in place or mark in (entry / "environ").read_bytes():
                found[int(entry.name)] = command.replace(b"\0", b" ").decode("utf-8", "replace").strip()
    return found


class KillTrial:
    """One data directory and what is known of it, through as many rounds as one likes."""

    def __init__(self, folder: Path) -> None:
        self.server = Server(folder / "data")
        try:
            self.server.enable("aiplatform", "logging", "iam")
        except BaseException:
            self.close()
            raise
        self.ledger = Ledger()
        self.runs = folder / "runs"
        self.runs.mkdir()

    def round(self, seed: int, strike: tuple[str, ...] | None = None) -> Round:
        """Write, kill at a moment that the seed decides, start again, compare."""
        dice = random.Random(seed)  # noqa: S311 (repeatable, not secret)
        result = Round(seed, strike or dice.choice(STRIKES))
        self.ledger.settle()
        crew = Crew(self.server, self.ledger, self.runs, seed)
        crew.start()
        time.sleep(dice.uniform(0.05, LATEST))
        begin = time.monotonic()
        struck = self._strike(result.strike, dice)
        crew.stop()
        if SERVER in result.strike:
            result.restart_seconds = self._restart(dice, again=result.strike.count(SERVER) > 1)
        result.problems += crew.problems
        result.problems += [f"the server was lost {begin - at:.2f} s before it was killed"
                            for at in crew.cut_at if at < begin]  # fmt: skip
        result.problems += Inspection(self, crew, struck).problems()
        return result

    def _strike(self, strike: tuple[str, ...], dice: random.Random) -> set[str]:
        """Kill, all at once; the ids of the jobs that lost a process."""
        victims: list[tuple[int, str]] = []
        for kind, file in ((RUNNER, "runner.json"), (REPLICA, "child.json")):
            if kind in strike:
                # `Path.glob` fails when a folder goes away while it looks.
                found = sorted(map(Path, glob(f"{self.server.data_dir}/jobs/*/*/{file}")))  # noqa: PTH207
                if found:
                    path = dice.choice(found)
                    process = read_process(path)
                    victims += [(process[0], path.parts[-3])] if process else []
        if SERVER in strike:
            victims.append((self.server.record.pid, ""))
        for pid, _ in victims:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return {job for _, job in victims if job}

    def _restart(self, dice: random.Random, *, again: bool) -> float:
        """Seconds that the (last) start took."""
        until(lambda: launcher.status(self.server.data_dir) is None, "the end of the server")
        if again:
            self._kill_while_starting(dice.uniform(0, 0.8))
        begin = time.perf_counter()
        self.server.channel.close()
        self.server.start()
        return time.perf_counter() - begin

    def _kill_while_starting(self, delay: float) -> None:
        starter = threading.Thread(target=self._try_start)
        starter.start()
        time.sleep(delay)
        for pid, command in processes_of(self.server.data_dir).items():
            if "tui.local serve" in command:
                os.kill(pid, signal.SIGKILL)
        starter.join()
        until(lambda: launcher.status(self.server.data_dir) is None, "the end of the server")

    def _try_start(self) -> None:
        with suppress(launcher.LauncherError):
            self.server.start()

    def last_look(self) -> list[str]:
        """Compare everything that was ever written, once more."""
        return Inspection(self, None, set()).facts(fresh=False)

    def close(self) -> None:
        """End the server."""
        self.server.channel.close()
        launcher.stop(self.server.data_dir)


class Inspection:
    """Looks at the server after a round."""

    def __init__(self, trial: KillTrial, crew: Crew | None, struck: set[str]) -> None:
        self._trial = trial
        self._server = trial.server
        self._ledger = trial.ledger
        self._kinds = crew.kinds if crew else {}
        self._struck = struck

    def problems(self) -> list[str]:
        """Everything that is not as it must be; afterwards no job runs any more."""
        settled, found = self._settled_jobs()
        found += [*self._job_problems(settled), *self.facts(fresh=True)]
        self._end_jobs()
        return [*found, *self._remains()]

    # --- jobs

    def _list(self) -> list[CustomJob]:
        return list(self._server.jobs.list_custom_jobs(parent=PARENT))

    def _settled_jobs(self) -> tuple[list[CustomJob], list[str]]:
        """All jobs, once each has ended or is a long one that runs; and those that do neither."""
        with suppress(AssertionError):
            until(lambda: all(map(self._is_settled, self._list())))
        jobs = self._list()
        return jobs, [
            f"job {job.labels['trial']} ({self._kinds.get(job.labels['trial'])}, struck: "
            f"{job_id(job) in self._struck}) stays in {job.state.name}"
            for job in jobs
            if not self._is_settled(job)
        ]

    def _is_settled(self, job: CustomJob) -> bool:
        if job.state in ENDED:
            return job.state == JobState.JOB_STATE_SUCCEEDED or bool(job.error.code)
        long = self._kinds.get(job.labels["trial"]) == "long" and job_id(job) not in self._struck
        return bool(long and job.state == JobState.JOB_STATE_RUNNING)

    def _job_problems(self, jobs: list[CustomJob]) -> Iterator[str]:
        by_name = Counter(job.labels["trial"] for job in jobs)
        yield from (f"job {name} is there {count} times" for name, count in by_name.items() if count > 1)
        found = {job.labels["trial"]: self._value(job) for job in jobs}
        yield from self._ledger.judge("job", found, fresh=True)
        for path in self._trial.runs.iterdir():
            count = path.read_text().count("ran")
            if count > 1:
                yield f"{path.name} ran {count} times"
        for job in jobs:
            if job.labels["trial"] in self._kinds and job_id(job) not in self._struck:
                yield from self._output_problems(job)

    def _value(self, job: CustomJob) -> str:
        name = job.labels["trial"]
        kind, state = self._kinds.get(name), job.state
        if job_id(job) in self._struck:
            possible = self._ledger.possible[("job", name)] - {ABSENT}
            return min(possible) if state in ENDED else f"{kind} in {state.name} although it was struck"
        ended = {"short": JobState.JOB_STATE_SUCCEEDED, "failing": JobState.JOB_STATE_FAILED}
        if kind == "long":
            cancelled = state == JobState.JOB_STATE_CANCELLED
            good = cancelled or state == JobState.JOB_STATE_RUNNING
            return ("cancelled" if cancelled else "long") if good else f"long in {state.name}"
        good = state == ended.get(kind or "") and ("status of 3" in job.error.message) == (kind == "failing")
        return str(kind) if good else f"{kind} in {state.name}: {job.error.message}"

    def _output_problems(self, job: CustomJob) -> Iterator[str]:
        name = job.labels["trial"]
        service = self._server.lines(job, "service")
        if len(service) != len(set(service)):
            yield f"job {name} has service messages twice: {service}"
        if self._kinds[name] == "long":
            return
        runs = self._trial.runs / f"{name}.0"
        if not runs.exists():
            yield f"job {name} ended as if it had run, but did not"
        lines = self._server.lines(job)
        if lines != [f"line {number}" for number in range(1, LINES + 1)]:
            yield f"job {name} printed {lines}"

    def _end_jobs(self) -> None:
        for job in self._list():
            if job.state not in ENDED:
                with suppress(FailedPrecondition):
                    self._server.jobs.cancel_custom_job(name=job.name)
        with suppress(AssertionError):
            until(lambda: all(job.state in ENDED for job in self._list()))

    # --- everything else that was written

    def facts(self, *, fresh: bool) -> list[str]:
        """Contradictions between the ledger and what is stored, jobs apart."""
        ways = {
            "entries": self._entries,
            "member": self._members,
            "service": self._services,
            "account": self._accounts,
            "quota": self._quotas,
            "bucket": self._buckets,
        }
        found = [
            problem for kind, way in ways.items() for problem in self._ledger.judge(kind, way(), fresh=fresh)
        ]
        objects = self._objects(self._ledger.names("object", fresh=fresh))
        return [*found, *self._ledger.judge("object", objects, fresh=fresh)]

    def _entries(self) -> dict[str, str]:
        lines = self._server.entries(f'logName="{PROJECT}/logs/trial"', page_size=1000)
        counts = Counter((entry.labels["batch"], text(entry)) for entry in lines)
        whole = Counter(batch for batch, _ in counts)
        return {
            batch: "whole" if count == BATCH and counts[batch, f"{batch} 0"] == 1 else f"{count} of {BATCH}"
            for batch, count in whole.items()
        }

    def _members(self) -> dict[str, str]:
        policy = self._server.projects.get_iam_policy(request=GetIamPolicyRequest(resource=PROJECT))
        bound = Counter(
            member.removeprefix("user:").removesuffix("@trial.example")
            for binding in policy.bindings
            if binding.role == ROLE
            for member in binding.members
        )
        return {name: "bound" if count == 1 else f"bound {count} times" for name, count in bound.items()}

    def _services(self) -> dict[str, str]:
        found = {}
        for name in SERVICES:
            path = f"{PROJECT}/services/{name}.googleapis.com"
            found[name] = self._server.services.get_service(request={"name": path}).state.name.lower()
        # A service that was never written is not in the ledger; one whose first write is in doubt is off.
        for name, state in found.items():
            possible = self._ledger.possible.get(("service", name))
            if possible and ABSENT in possible and state == "disabled":
                possible.add("disabled")
        return found

    def _accounts(self) -> dict[str, str]:
        accounts = self._server.iam.list_service_accounts(request={"name": PROJECT, "page_size": 100})
        counts = Counter(account.email.partition("@")[0] for account in accounts)
        return {name: "there" if count == 1 else f"there {count} times" for name, count in counts.items()}

    def _quotas(self) -> dict[str, str]:
        rows = AdminClient(self._server.record).call("GET", "quotas")["quotas"]
        limits = {(row["metric"], row["region"]): str(row["limit"]) for row in rows}
        return {metric: limits.get((metric, QUOTA_REGION), ABSENT) for metric in QUOTAS}

    def _client(self) -> storage.Client:
        return storage.Client(
            project="local-project",
            credentials=AnonymousCredentials(),
            client_options={"api_endpoint": self._server.record.http_url},
        )

    def _buckets(self) -> dict[str, str]:
        client = self._client()
        try:
            return {bucket.name: "there" for bucket in client.list_buckets()}
        finally:
            client.close()

    def _objects(self, names: list[str]) -> dict[str, str]:
        client, found = self._client(), {}
        for name in names:
            bucket, _, path = name.partition("/")
            blob = client.bucket(bucket).get_blob(path)
            if blob is not None:
                found[name] = label_of(blob.download_as_bytes(checksum="crc32c"))
        client.close()
        return found

    # --- what must not be left

    def _remains(self) -> Iterator[str]:
        """Processes, folders and files that nobody needs any more."""
        data_dir, pid = self._server.data_dir, self._server.record.pid
        try:
            until(lambda: set(processes_of(data_dir)) == {pid})
        except AssertionError:
            left = {number: command for number, command in processes_of(data_dir).items() if number != pid}
            yield f"processes are left: {left}"
            for number in left:
                os.kill(number, signal.SIGKILL)
        try:
            until(lambda: not [*(data_dir / "jobs").glob("*")])
        except AssertionError:
            yield f"job folders are left: {[*(data_dir / 'jobs').rglob('*')][:20]}"
        yield from (f"file left: {path.name}" for path in data_dir.glob("*.tmp"))
        try:
            until(lambda: not stray_files(data_dir / "objects"))
        except AssertionError:
            yield f"storage files are left: {stray_files(data_dir / 'objects')}"


def stray_files(folder: Path) -> list[str]:
    """Files of the object store that no object and no open upload names."""
    with sqlite3.connect(f"file:{folder / 'storage.sqlite3'}?mode=ro", uri=True) as connection:
        blobs = {row[0] for row in connection.execute("SELECT blob FROM objects")}
        uploads = {row[0] for row in connection.execute("SELECT id FROM uploads WHERE done = 0")}
    connection.close()
    kept = [path for path in folder.glob("blobs/*/*") if path.name not in blobs]
    staged = [path for path in folder.glob("staging/*") if path.name.partition(".")[0] not in uploads]
    return [f"{path.parent.name}/{path.name}" for path in (*kept, *staged)]


def short_folder() -> tempfile.TemporaryDirectory[str]:
    """A folder whose name is short enough for a socket."""
    return tempfile.TemporaryDirectory(prefix="vt-", ignore_cleanup_errors=True)
