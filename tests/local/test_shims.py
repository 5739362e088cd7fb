"""The tools of a local job, run as a job runs them, against the storage routes."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.local.storage_server import JOB, PROJECT, StorageServer, serving
from tui.local.shims import ShimSetup, add_pip, prepare
from tui.local.shims.sources import Place, parse, wild_pattern
from tui.local.shims.voice import size_text

TOKEN = "job-token"  # noqa: S105  # known to the test server only

ADMIN = {
    f"storage.{verb}"
    for verb in (
        *("objects.create", "objects.delete", "objects.get", "objects.list"),
        *("buckets.create", "buckets.delete", "buckets.list"),
    )
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StorageServer]:
    with serving(tmp_path_factory.mktemp("storage")) as server:
        yield server


class Job:
    """A job's folder and tools."""

    def __init__(self, server: StorageServer, folder: Path) -> None:
        self.server = server
        self.work = folder / "work"
        self.work.mkdir()
        self.setup: ShimSetup = prepare(
            folder / "tools", http_url=server.url, token=TOKEN, project=PROJECT, python=sys.executable
        )
        server.grants[JOB] = set(ADMIN)
        self.bucket = server.bucket()

    def run(self, *words: str, given: str = "", **env: str) -> subprocess.CompletedProcess[str]:
        path = f"{self.setup.bin_dir}:/usr/bin:/bin"
        return subprocess.run(
            words,
            env={**self.setup.env, "PATH": path, **env},
            cwd=self.work,
            input=given,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def ok(self, *words: str, given: str = "") -> str:
        done = self.run(*words, given=given)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def write(self, *names: str) -> None:
        for name in names:
            path = self.work / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(name)

    def names(self) -> list[str]:
        return [blob.name for blob in self.bucket.list_blobs()]

    @property
    def uri(self) -> str:
        return f"gs://{self.bucket.name}"


@pytest.fixture
def job(server: StorageServer, tmp_path: Path) -> Iterator[Job]:
    yield Job(server, tmp_path)
    server.grants.clear()


OUTPUTS = ("outputs/metrics.json", "outputs/checkpoint-1/model.json")
INSIDE = ["checkpoint-1/model.json", "metrics.json"]

COPIES = [("gsutil", "-m", "cp", "-r"), ("gcloud", "storage", "cp", "--recursive")]


@pytest.mark.parametrize("copy", COPIES)
def test_a_folder_takes_the_name_of_what_is_not_there_yet(job: Job, copy: tuple[str, ...]) -> None:
    job.write(*OUTPUTS)
    job.ok(*copy, "outputs/", f"{job.uri}/runs/one")
    assert job.names() == [f"runs/one/{name}" for name in INSIDE]
    job.ok(*copy, "outputs/", f"{job.uri}/runs/one")
    inner = [f"runs/one/outputs/{name}" for name in INSIDE]
    assert job.names() == sorted([f"runs/one/{name}" for name in INSIDE] + inner)


@pytest.mark.parametrize("copy", COPIES)
@pytest.mark.parametrize("target", ["", "/"])
def test_a_folder_goes_into_a_bucket_under_its_name(job: Job, copy: tuple[str, ...], target: str) -> None:
    job.write(*OUTPUTS)
    job.ok(*copy, "outputs", f"{job.uri}{target}")
    assert job.names() == [f"outputs/{name}" for name in INSIDE]


@pytest.mark.parametrize("copy", COPIES)
def test_a_trailing_slash_names_a_folder_that_is_there(job: Job, copy: tuple[str, ...]) -> None:
    job.write(*OUTPUTS)
    job.ok(*copy, "outputs", f"{job.uri}/new/")
    assert job.names() == [f"new/outputs/{name}" for name in INSIDE]


def test_the_contents_of_a_dot(job: Job) -> None:
    job.write("a", "b/c")
    for _ in range(2):
        job.ok("gsutil", "cp", "-r", ".", f"{job.uri}/dot")
    assert job.names() == ["dot/a", "dot/b/c"]


def test_several_sources_go_side_by_side(job: Job) -> None:
    job.write(*OUTPUTS, "note.txt")
    job.ok("gsutil", "cp", "-r", "outputs", "note.txt", f"{job.uri}/both")
    assert job.names() == ["both/note.txt", *(f"both/outputs/{name}" for name in INSIDE)]


def test_single_files(job: Job) -> None:
    job.write("note.txt")
    job.ok("gsutil", "cp", "note.txt", f"{job.uri}/renamed.txt")
    job.ok("gsutil", "cp", "note.txt", f"{job.uri}/dir/")
    job.ok("gsutil", "cp", "note.txt", f"{job.uri}/dir")
    assert job.names() == ["dir/note.txt", "renamed.txt"]
    assert job.bucket.get_blob("dir/note.txt").content_type == "text/plain"


def test_a_large_file_there_and_back(job: Job) -> None:
    data = os.urandom(5_000_000)
    (job.work / "big.bin").write_bytes(data)
    job.ok("gsutil", "cp", "big.bin", job.uri)
    job.ok("gsutil", "cp", f"{job.uri}/big.bin", "back.bin")
    assert (job.work / "back.bin").read_bytes() == data
    assert sorted(path.name for path in job.work.iterdir()) == ["back.bin", "big.bin"]


def test_streams(job: Job) -> None:
    job.ok("gsutil", "cp", "-", f"{job.uri}/in.txt", given="from a pipe\n")
    assert job.ok("gsutil", "cat", f"{job.uri}/in.txt") == "from a pipe\n"
    assert job.ok("gcloud", "storage", "cp", f"{job.uri}/in.txt", "-") == "from a pipe\n"


def test_downloads_of_folders_and_wildcards(job: Job) -> None:
    for name in ("p/a.txt", "p/b.json", "p/q/c.txt"):
        job.bucket.blob(name).upload_from_string(name)
    (job.work / "got").mkdir()
    job.ok("gsutil", "cp", "-r", f"{job.uri}/p", "got")
    assert (job.work / "got/p/q/c.txt").read_text() == "p/q/c.txt"
    job.ok("gsutil", "cp", f"{job.uri}/p/*.txt", "got")
    job.ok("gsutil", "cp", f"{job.uri}/p/**.txt", "got")
    assert sorted(path.name for path in (job.work / "got").iterdir()) == ["a.txt", "c.txt", "p"]


def test_a_hostile_object_name_stays_inside(job: Job) -> None:
    job.bucket.blob("p/../../../escape.txt").upload_from_string("x")
    (job.work / "got").mkdir()
    done = job.run("gsutil", "-m", "cp", "-r", f"{job.uri}/p", "got")
    assert done.returncode == 1
    assert "refused to write outside" in done.stderr
    assert not list(job.work.parent.rglob("escape.txt"))


def test_names_are_printed_without_control_characters(job: Job) -> None:
    job.bucket.blob("bad\x1b[31mname").upload_from_string("x")
    assert "\x1b" not in job.ok("gsutil", "ls", job.uri)


@pytest.mark.parametrize("tool", [("gsutil",), ("gcloud", "storage")])
def test_rsync_copies_what_differs_and_deletes_what_is_extra(job: Job, tool: tuple[str, ...]) -> None:
    job.write("src/a", "src/d/b")
    job.ok(*tool, "rsync", "-r", "src", f"{job.uri}/to")
    first = {blob.name: blob.generation for blob in job.bucket.list_blobs()}
    (job.work / "src/a").write_text("SRC/A")
    (job.work / "src/d/b").rename(job.work / "src/c")
    job.ok(*tool, "rsync", "-r", "-d", "src", f"{job.uri}/to")
    second = {blob.name: blob.generation for blob in job.bucket.list_blobs()}
    assert (list(first), list(second)) == (["to/a", "to/d/b"], ["to/a", "to/c"])
    job.ok(*tool, "rsync", "-r", "-d", "src", f"{job.uri}/to")
    assert {blob.name: blob.generation for blob in job.bucket.list_blobs()} == second
    (job.work / "back").mkdir()
    job.ok(*tool, "rsync", "-r", f"{job.uri}/to", "back")
    assert (job.work / "back/a").read_text() == "SRC/A"


def test_looking(job: Job) -> None:
    for name in ("a.txt", "p/b.txt", "p/q/c.txt"):
        job.bucket.blob(name).upload_from_string("text")
    assert job.ok("gsutil", "ls", job.uri).split() == [f"{job.uri}/a.txt", f"{job.uri}/p/"]
    assert job.ok("gsutil", "ls", f"{job.uri}/p").split() == [f"{job.uri}/p/b.txt", f"{job.uri}/p/q/"]
    assert f"{job.uri}/p/q/:\n{job.uri}/p/q/c.txt" in job.ok("gsutil", "ls", "-r", f"{job.uri}/p")
    assert job.ok("gsutil", "ls", f"{job.uri}/**").count("\n") == 3
    assert "TOTAL: 1 objects, 4 bytes (4 B)" in job.ok("gcloud", "storage", "ls", "-l", job.uri)
    assert job.ok("gsutil", "du", "-s", f"{job.uri}/p").split() == ["8", f"{job.uri}/p"]
    assert job.ok("gsutil", "du", f"{job.uri}/p").split()[-2:] == ["8", f"{job.uri}/p/"]
    assert "Content-Length:         4" in job.ok("gsutil", "stat", f"{job.uri}/a.txt")
    assert f"{job.uri}/" in job.ok("gsutil", "ls")


def test_moving_and_removing(job: Job) -> None:
    for name in ("a", "p/b", "p/c"):
        job.bucket.blob(name).upload_from_string(name)
    job.ok("gsutil", "mv", f"{job.uri}/a", f"{job.uri}/z")
    assert job.names() == ["p/b", "p/c", "z"]
    job.ok("gsutil", "-m", "rm", "-r", f"{job.uri}/p")
    job.ok("gcloud", "storage", "rm", f"{job.uri}/z")
    assert job.names() == []
    job.bucket.blob("last").upload_from_string("x")
    job.ok("gcloud", "storage", "rm", "--recursive", job.uri)
    assert not job.bucket.exists()


def test_buckets(job: Job) -> None:
    job.ok("gsutil", "mb", "-l", "europe-west4", "gs://made-by-gsutil")
    job.ok("gcloud", "storage", "buckets", "create", "gs://made-by-gcloud", "--location=europe-west4")
    found = [bucket.name for bucket in job.bucket.client.list_buckets(prefix="made-by")]
    assert found == ["made-by-gcloud", "made-by-gsutil"]


ACCOUNT = JOB.partition(":")[2]


def refusal(permission: str, kind: str) -> str:
    return (
        f"{ACCOUNT} does not have {permission} access to the Google Cloud Storage {kind}. "
        f"Permission '{permission}' denied on resource (or it may not exist)."
    )


def test_without_the_role_a_copy_fails_with_googles_403(job: Job) -> None:
    job.write(*OUTPUTS)
    job.server.grants.clear()
    done = job.run("gsutil", "-m", "cp", "-r", "outputs/", f"{job.uri}/runs/one")
    assert done.returncode == 1
    assert done.stderr == f"AccessDeniedException: 403 {refusal('storage.objects.list', 'bucket')}\n"
    done = job.run("gcloud", "storage", "cp", "-r", "outputs/", f"{job.uri}/runs/one")
    assert done.returncode == 1
    assert (
        done.stderr
        == f"ERROR: (gcloud.storage.cp) HTTPError 403: {refusal('storage.objects.get', 'object')}\n"
    )
    done = job.run("gsutil", "-m", "cp", "-r", "outputs/", job.uri)
    assert done.returncode == 1
    assert done.stderr.count(f"AccessDeniedException: 403 {refusal('storage.objects.create', 'object')}") == 2
    assert done.stderr.endswith("CommandException: 2 files/objects could not be transferred.\n")


@pytest.mark.parametrize(
    ("words", "status", "text"),
    [
        ("gsutil cp nothing gs://BUCKET/", 1, "CommandException: No URLs matched: nothing"),
        ("gsutil cp gs://BUCKET/nothing .", 1, "CommandException: No URLs matched: gs://BUCKET/nothing"),
        ("gsutil cp . gs://BUCKET/", 1, "(Did you mean to do cp -r?)"),
        ("gsutil ls gs://no-such-bucket", 1, "BucketNotFoundException: 404 gs://no-such-bucket"),
        ("gsutil rm gs://BUCKET/nothing", 1, "CommandException: No URLs matched: gs://BUCKET/nothing"),
        ("gsutil acl get gs://BUCKET", 2, '"acl" is not supported in a local job'),
        ("gsutil cp -z txt a gs://BUCKET", 2, "the option -z is not supported"),
        ("gsutil", 2, "gsutil knows"),
        ("gcloud storage hash x", 2, '"storage hash" is not supported in a local job'),
        ("gcloud compute instances list", 2, '"compute instances" is not supported in a local job'),
        (
            "gcloud storage ls gs://BUCKET/nothing",
            1,
            "ERROR: (gcloud.storage.ls) One or more URLs matched no",
        ),
        ("gcloud storage ls gs://no-such-bucket", 1, "gs://no-such-bucket not found: 404."),
        ("pip install x", 2, "no virtual environment of a local job"),
    ],
)
def test_failures_are_said(job: Job, words: str, status: int, text: str) -> None:
    done = job.run(*words.replace("BUCKET", job.bucket.name).split())
    assert (done.returncode, text.replace("BUCKET", job.bucket.name) in done.stderr) == (status, True), (
        done.stderr
    )


def test_outside_of_a_job_or_without_a_server(job: Job) -> None:
    assert job.run("gsutil", "ls", VERTEX_TUI_STORAGE="").returncode == 2
    done = job.run("gsutil", "ls", VERTEX_TUI_STORAGE="http://127.0.0.1:1")
    assert (done.returncode, "no answer from the local server" in done.stderr) == (1, True)


def test_questions_that_scripts_ask(job: Job) -> None:
    assert job.ok("gcloud", "config", "get-value", "project") == f"{PROJECT}\n"
    assert job.ok("gcloud", "auth", "print-access-token") == "job-token\n"
    assert job.ok("gsutil", "-q", "version").startswith("gsutil version")


def test_the_token_is_private(job: Job) -> None:
    (token,) = job.setup.bin_dir.parent.rglob("token")
    assert token.stat().st_mode & 0o077 == 0


def test_google_cloud_storage_works_in_the_job(job: Job) -> None:
    code = (
        "from google.cloud import storage; c = storage.Client();"
        f"c.bucket('{job.bucket.name}').blob('by-client').upload_from_string('x')"
    )
    done = job.run(sys.executable, "-c", code)
    assert done.returncode == 0, done.stderr
    assert job.names() == ["by-client"]
    job.server.grants.clear()
    done = job.run(sys.executable, "-c", code)
    assert refusal("storage.objects.create", "object") in done.stderr


def test_pip_installs_into_the_jobs_environment_only(job: Job, tmp_path: Path) -> None:
    home = tmp_path / "venv"
    venv.EnvBuilder(symlinks=True, with_pip=False).create(home)
    package = job.work / "package"
    package.mkdir()
    (package / "setup.py").write_text("from setuptools import setup; setup(name='p', version='1')")
    env = {"VIRTUAL_ENV": str(home), "HOME": str(tmp_path), "PIP_NO_INDEX": "1"}
    done = job.run("pip3", "--version", **env)
    assert done.returncode == 0, done.stderr
    assert str(home) in done.stdout
    assert not list(home.glob("bin/pip*"))
    refused = job.run("pip", "install", "--user", "no-such-package-anywhere", **env)
    assert "Can not perform a '--user' install" not in refused.stderr
    assert "no-such-package-anywhere" in refused.stderr


@pytest.mark.parametrize(
    ("pattern", "name", "fits"),
    [
        ("a/*.txt", "a/b.txt", True),
        ("a/*.txt", "a/b/c.txt", False),
        ("a/**.txt", "a/b/c.txt", True),
        ("a?[bc]", "axc", True),
        ("a.b", "axb", False),
    ],
)
def test_wildcards(pattern: str, name: str, *, fits: bool) -> None:
    assert bool(wild_pattern(pattern).fullmatch(name)) is fits


def test_places_and_sizes() -> None:
    assert parse("gs://b/x/y") == Place("b", "x/y")
    assert parse("file://x") == parse("x") == Place("", "x")
    assert [size_text(count) for count in (0, 8, 999, 1000, 10_000_000)] == [
        "0.0 B",
        "8.0 B",
        "999.0 B",
        "1.0 KiB",
        "9.5 MiB",
    ]


def test_python_m_pip_makes_itself_ready(job: Job, tmp_path: Path) -> None:
    home = tmp_path / "venv"
    venv.EnvBuilder(symlinks=True, with_pip=False).create(home)
    add_pip(home)
    add_pip(home)
    env = {"VIRTUAL_ENV": str(home), "HOME": str(tmp_path), "PIP_NO_INDEX": "1"}
    for words in (("install", "--user", "pip"), ("--version",)):
        done = job.run(f"{home}/bin/python", "-m", "pip", *words, **env)
        assert done.returncode == 0, done.stderr
    assert str(home) in done.stdout
