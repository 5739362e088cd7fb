"""Clients that write all the time, each in a thread with names of its own, until they are told to stop."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import requests
from google.api.monitored_resource_pb2 import MonitoredResource
from google.api_core.exceptions import Aborted, FailedPrecondition
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage
from google.cloud.aiplatform_v1 import CustomJob, JobState
from google.cloud.logging_v2.types import LogEntry
from google.iam.v1.iam_policy_pb2 import GetIamPolicyRequest, SetIamPolicyRequest

from tests.local.clients import ENDED, PARENT, Server
from tests.local.ledger import ABSENT, CUT, Ledger
from tui.local.admin.client import AdminClient
from tui.local.launcher import LauncherError

PROJECT = "projects/local-project"
ROLE = "roles/viewer"
SERVICES = ("artifactregistry", "cloudbilling", "cloudquotas", "iamcredentials")
"""APIs that no other writer needs."""
QUOTAS = tuple(
    f"aiplatform.googleapis.com/custom_model_training_nvidia_{gpu}_gpus" for gpu in ("l4", "t4", "a100")
)
QUOTA_REGION = "us-central1"
"""A region in which no trial runs jobs."""
BATCH = 5
"""Log entries of one write."""
LINES = 20
"""Lines that a short job prints."""
PATIENCE = 10.0
"""Seconds that a call may take."""
RESUMABLE_BYTES = 600 * 1024
_MOST_JOBS = 4
_MULTIPART_BYTES = 2000


def content(label: str, size: int) -> bytes:
    """Bytes that tell their label, and whether they are whole."""
    unit = f"{label}\n".encode()
    return (unit * (size // len(unit) + 1))[: size - 1] + b"."


def label_of(data: bytes) -> str:
    """The label of `content`, or what is wrong with it."""
    label = data.partition(b"\n")[0].decode("ascii", "replace")
    return label if data == content(label, len(data)) else f"{len(data)} broken bytes"


def script(runs: Path, name: str, kind: str) -> str:
    """A job's script: notes that it ran, prints its lines, and ends or goes on."""
    ends = {"short": "exit 0", "failing": "exit 3", "long": "sleep 600 & wait"}
    say = f"for n in $(seq {LINES}); do echo line $n; done"
    return f"echo ran >> {runs}/{name}; {say}; {ends[kind]}"


def trial_job(runs: Path, name: str, kind: str, replicas: int) -> CustomJob:
    """A job that the trial can recognise; every replica notes that it ran under its own number."""
    pools = [
        {
            "machine_spec": {"machine_type": "n1-standard-4"},
            "replica_count": 1,
            "container_spec": {
                "image_uri": "python:3.11",
                "command": ["bash", "-c"],
                "args": [script(runs, f"{name}.{number}", kind if number == 0 else "long")],
            },
        }
        for number in range(replicas)
    ]
    return CustomJob(
        {"display_name": name, "labels": {"trial": name}, "job_spec": {"worker_pool_specs": pools}}
    )


@dataclass
class Crew:
    """The writers of one round."""

    server: Server
    ledger: Ledger
    runs: Path
    """Folder in which jobs note that they ran."""
    seed: int
    jobs: dict[str, str] = field(default_factory=dict)
    """Resource names of acknowledged jobs by label."""
    kinds: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    cut_at: list[float] = field(default_factory=list)
    """Monotonic times at which writers lost the server."""
    _threads: list[threading.Thread] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)

    def start(self) -> None:
        """Begin to write."""
        roles: list[Callable[[Writer], Callable[[], None]]] = [
            lambda writer: writer.job,
            lambda writer: writer.job,
            lambda writer: writer.entries,
            lambda writer: writer.member,
            lambda writer: writer.member,
            lambda writer: writer.service,
            lambda writer: writer.account_or_quota,
            lambda writer: writer.object,
            lambda writer: writer.object,
        ]
        for number, role in enumerate(roles):
            writer = Writer(self, f"r{self.seed}w{number}", random.Random(f"{self.seed}/{number}"))  # noqa: S311 (repeatable)
            thread = threading.Thread(target=self._work, args=(role(writer), writer), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _work(self, step: Callable[[], None], writer: Writer) -> None:
        try:
            while not self._stop.is_set():
                step()
                self._stop.wait(writer.dice.uniform(0.002, 0.03))
        except CUT:
            self.cut_at.append(time.monotonic())
        except Exception as error:  # noqa: BLE001 (a trial reports whatever comes)
            self.problems.append(f"{step.__name__}: {error!r}")
        finally:
            writer.close()

    def stop(self) -> None:
        """Let every writer end the call it is in; one that hangs is a problem."""
        self._stop.set()
        for thread in self._threads:
            thread.join(3 * PATIENCE)
            if thread.is_alive():
                self.problems.append("a writer hangs")


class Writer:
    """One client; each method makes one write."""

    def __init__(self, crew: Crew, name: str, dice: random.Random) -> None:
        self._crew = crew
        self._server = crew.server
        self._write = crew.ledger.write
        self._name = name
        self.dice = dice
        self._count = 0
        self._members: list[str] = []
        self._accounts: list[str] = []
        self._own: list[str] = []
        self._bucket = ""
        self._storage = storage.Client(
            project="local-project",
            credentials=AnonymousCredentials(),
            client_options={"api_endpoint": crew.server.record.http_url},
        )

    def close(self) -> None:
        """Close the storage client's connections."""
        self._storage.close()

    def _new(self) -> str:
        self._count += 1
        return f"{self._name}n{self._count}"

    def job(self) -> None:
        """Create a job, cancel a long one, or delete one that has ended."""
        if len(self._own) < _MOST_JOBS:
            self._create_job()
            return
        name = self.dice.choice(self._own)
        resource, kind = self._crew.jobs[name], self._crew.kinds[name]
        found = self._server.jobs.get_custom_job(name=resource, retry=None, timeout=PATIENCE)
        if found.state in ENDED:
            with self._write("job", name, ABSENT):
                self._server.jobs.delete_custom_job(name=resource, retry=None, timeout=PATIENCE)
            self._own.remove(name)
        elif kind == "long" and found.state != JobState.JOB_STATE_CANCELLING:
            with suppress(FailedPrecondition), self._write("job", name, "cancelled"):
                self._server.jobs.cancel_custom_job(name=resource, retry=None, timeout=PATIENCE)

    def _create_job(self) -> None:
        name, kind = self._new(), self.dice.choice(("short", "failing", "long"))
        self._crew.kinds[name] = kind
        job = trial_job(self._crew.runs, name, kind, self.dice.choice((1, 1, 2)))
        with self._write("job", name, kind):
            made = self._server.jobs.create_custom_job(
                parent=PARENT, custom_job=job, retry=None, timeout=PATIENCE
            )
        self._crew.jobs[name] = made.name
        self._own.append(name)

    def entries(self) -> None:
        """Write a batch of log entries: wholly there or not at all."""
        name = self._new()
        batch = [
            LogEntry(insert_id=f"{name}-{number}", labels={"batch": name}, text_payload=f"{name} {number}")
            for number in range(BATCH)
        ]
        with self._write("entries", name, "whole"):
            self._server.logs.write_log_entries(
                log_name=f"{PROJECT}/logs/trial",
                resource=MonitoredResource(type="global"),
                entries=batch,
                retry=None,
                timeout=PATIENCE,
            )

    def member(self) -> None:
        """Add a member to the policy, or remove one of its own; others do so at the same time."""
        if self._members and self.dice.random() < 0.4:
            name = self._members.pop(self.dice.randrange(len(self._members)))
            self._change_policy(name, ABSENT)
        else:
            name = self._new()
            self._change_policy(name, "bound")
            self._members.append(name)

    def _change_policy(self, name: str, value: str) -> None:
        projects, member = self._server.projects, f"user:{name}@trial.example"
        while True:
            policy = projects.get_iam_policy(
                request=GetIamPolicyRequest(resource=PROJECT), retry=None, timeout=PATIENCE
            )
            binding = next((one for one in policy.bindings if one.role == ROLE), None)
            if binding is None:
                binding = policy.bindings.add(role=ROLE)
            if value == "bound":
                binding.members.append(member)
            else:
                binding.members.remove(member)
            request = SetIamPolicyRequest(resource=PROJECT, policy=policy)
            try:
                with self._write("member", name, value):
                    projects.set_iam_policy(request=request, retry=None, timeout=PATIENCE)
            except Aborted:
                continue
            return

    def service(self) -> None:
        """Enable or disable an API."""
        name, services = self.dice.choice(SERVICES), self._server.services
        path = f"{PROJECT}/services/{name}.googleapis.com"
        if self.dice.random() < 0.5:
            with self._write("service", name, "enabled"):
                services.enable_service(request={"name": path}, retry=None, timeout=PATIENCE)
        else:
            with self._write("service", name, "disabled"):
                services.disable_service(request={"name": path}, retry=None, timeout=PATIENCE)

    def account_or_quota(self) -> None:
        """Make or remove a service account, or set a quota over the owner's own API."""
        if self.dice.random() < 0.5:
            self._quota()
        elif self._accounts and self.dice.random() < 0.4:
            name = self._accounts.pop()
            path = f"{PROJECT}/serviceAccounts/{name}@local-project.iam.gserviceaccount.com"
            with self._write("account", name, ABSENT):
                self._server.iam.delete_service_account(name=path, retry=None, timeout=PATIENCE)
        else:
            name = f"trial-{self._new()}"
            with self._write("account", name, "there"):
                self._server.iam.create_service_account(
                    name=PROJECT, account_id=name, retry=None, timeout=PATIENCE
                )
            self._accounts.append(name)

    def _quota(self) -> None:
        metric, value = self.dice.choice(QUOTAS), self.dice.randrange(1, 1000)
        wanted = {"metric": metric, "region": QUOTA_REGION, "value": value}
        with self._write("quota", metric, str(value)):
            try:
                AdminClient(self._server.record).call("PUT", "quotas", wanted)
            except LauncherError as error:
                if "does not answer" in str(error):
                    raise requests.ConnectionError(str(error)) from error
                raise

    def object(self) -> None:
        """Upload in one of three ways, overwrite, delete; now and then make or remove a bucket."""
        if not self._bucket or self.dice.random() < 0.05:
            name = self._new()
            with self._write("bucket", name, "there"):
                self._storage.create_bucket(name, location="europe-west4", retry=None, timeout=PATIENCE)
            self._bucket = name
        elif self.dice.random() < 0.1:
            self._remove_bucket()
        else:
            self._object()

    def _remove_bucket(self) -> None:
        name = self._new()
        with self._write("bucket", name, "there"):
            self._storage.create_bucket(name, location="europe-west4", retry=None, timeout=PATIENCE)
        with self._write("bucket", name, ABSENT):
            self._storage.bucket(name).delete(retry=None, timeout=PATIENCE)

    def _object(self) -> None:
        blob = self._storage.bucket(self._bucket).blob(f"folder/{self.dice.randrange(12)}")
        place, label = f"{self._bucket}/{blob.name}", self._new()
        there = self._crew.ledger.possible.get(("object", place), {ABSENT}) != {ABSENT}
        if there and self.dice.random() < 0.3:
            with self._write("object", place, ABSENT):
                blob.delete(retry=None, timeout=PATIENCE)
            return
        with self._write("object", place, label):
            self.dice.choice((self._simple, self._multipart, self._resumable))(blob, label)

    def _simple(self, blob: storage.Blob, label: str) -> None:
        requests.post(
            f"{self._server.record.http_url}/upload/storage/v1/b/{self._bucket}/o",
            params={"uploadType": "media", "name": blob.name},
            data=content(label, 300),
            timeout=PATIENCE,
        ).raise_for_status()

    def _multipart(self, blob: storage.Blob, label: str) -> None:
        blob.upload_from_string(content(label, _MULTIPART_BYTES), retry=None, timeout=PATIENCE)

    def _resumable(self, blob: storage.Blob, label: str) -> None:
        blob.chunk_size = 256 * 1024
        blob.upload_from_string(content(label, RESUMABLE_BYTES), retry=None, timeout=PATIENCE)
