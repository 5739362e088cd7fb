"""Find, start and stop the local server of a data directory; standard library only, blocking.

One server runs for each data directory. It outlives whoever starts it, and its jobs outlive it.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from urllib.parse import urlsplit

import tui
from tui.local.jobs.replica import kill_leftovers, read_process
from tui.local.jobs.runner import claim, process_mark, write_json

PROTOCOL = 1
"""Raised whenever an older app could not use a newer server, or the other way round."""
STATUS_PATH = "/_local/status"
START_SECONDS = 20.0
"""How long a server may take to come up on a busy machine."""
STOP_SECONDS = 10.0
"""How long the server, and then its jobs, may take to end before they are killed."""
_MAX_SOCKET_PATH = 95
"""Bytes; Unix socket addresses end at 104 (macOS) or 108 (Linux)."""
_LOG_KEPT = 1024 * 1024
"""Bytes of the server's log above which it begins anew."""
_RECORD = "server.json"
_OWNER_FILE = "owner.token"


class LauncherError(RuntimeError):
    """The server could not be started or stopped; the text is for the user."""


@dataclass(frozen=True, slots=True)
class Record:
    """A running server, as it wrote itself down in its data directory."""

    pid: int
    process_start: str
    """Tells the process from a later one of the same number (`runner.process_mark`)."""
    version: str
    protocol: int
    grpc_address: str
    """`unix:/…`"""
    http_url: str
    """`http://127.0.0.1:PORT`, without a trailing slash."""
    project: str
    project_number: str
    data_dir: str


def status(data_dir: Path) -> Record | None:
    """The server that runs for a data directory, or None; process number and start are both checked."""
    record = _read_record(data_dir)
    if record and process_mark(record.pid) == record.process_start:
        return record
    return None


def ensure(data_dir: Path, *, timeout: float = START_SECONDS) -> Record:
    """The running server, started if need be; a server of another version is replaced.

    Args:
        data_dir: made with mode 0700 if it does not exist.
        timeout: seconds to wait for it to come up.

    Raises:
        LauncherError: it does not come up, the folder cannot be used, or another version has live jobs.
    """
    try:
        make_private(data_dir)
    except OSError as error:
        raise LauncherError(
            f"The local server cannot keep its data in {data_dir}: {error.strerror}."
        ) from error
    with _starting(data_dir, timeout):
        record = status(data_dir)
        if record and _is_ours(record):
            return record
        if record:
            _replace(data_dir, record)
        return _start(data_dir, timeout)


def stop(data_dir: Path) -> bool:
    """End the server and every process of its jobs; whether anything was running.

    Raises:
        LauncherError: the data directory is being used by another start or stop.
    """
    if not data_dir.is_dir():
        return False
    with _starting(data_dir, STOP_SECONDS):
        ended_server = _stop_server(data_dir)
        return _stop_jobs(data_dir) or ended_server


def reset(data_dir: Path) -> None:
    """Stop, then remove everything in the data directory: jobs, logs, buckets, rights.

    Raises:
        LauncherError: the folder holds something that no local server made.
    """
    if not data_dir.is_dir():
        return
    if any(data_dir.iterdir()) and not (data_dir / "server.lock").exists():
        raise LauncherError(f"{data_dir} does not look like the data of a local server; nothing was removed.")
    stop(data_dir)
    socket = socket_path(data_dir)
    shutil.rmtree(data_dir)
    if socket.parent != data_dir:
        shutil.rmtree(socket.parent, ignore_errors=True)


def environment(record: Record) -> dict[str, str]:
    """Variables that point gcloud, gsutil and Google's Python clients at the server.

    Writes what they refer to (a folder for gcloud, a token, a boto file) into the data directory.
    """
    folder = Path(record.data_dir) / "clients"
    make_private(folder)
    make_private(folder / "gcloud")
    _write_private(folder / "boto", "[GSUtil]\nuse_gcloud_storage = True\n[Credentials]\n")
    overrides = {
        f"CLOUDSDK_API_ENDPOINT_OVERRIDES_{name}": f"{record.http_url}/"
        for name in ("AIPLATFORM", "LOGGING", "SERVICEUSAGE", "CLOUDRESOURCEMANAGER", "IAM")
    }
    loopback = _no_proxy()
    return {
        "CLOUDSDK_CONFIG": str(folder / "gcloud"),
        "CLOUDSDK_CORE_PROJECT": record.project,
        "CLOUDSDK_CORE_DISABLE_PROMPTS": "1",
        "CLOUDSDK_CORE_DISABLE_USAGE_REPORTING": "true",
        "CLOUDSDK_CORE_CHECK_GCE_METADATA": "false",
        "CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK": "true",
        "CLOUDSDK_AUTH_ACCESS_TOKEN_FILE": str(Path(record.data_dir) / _OWNER_FILE),
        **overrides,
        "CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE": f"{record.http_url}/storage/v1/",
        "BOTO_CONFIG": str(folder / "boto"),
        "GOOGLE_CLOUD_PROJECT": record.project,
        "STORAGE_EMULATOR_HOST": record.http_url,
        "NO_PROXY": loopback,
        "no_proxy": loopback,
    }


# --- for the server itself


def make_private(folder: Path) -> None:
    """Make a folder that only its owner may enter."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.chmod(0o700)


def write_record(data_dir: Path, record: Record) -> None:
    """Write down the running server."""
    _write_private(data_dir / _RECORD, json.dumps(asdict(record), indent=2) + "\n")


def write_owner_token(data_dir: Path, token: str) -> None:
    """Leave the owner's bearer token for gcloud, which insists on having one."""
    _write_private(data_dir / _OWNER_FILE, token)


def remove_record(data_dir: Path, record: Record) -> None:
    """Mark the server as ended; its port is remembered for the next one."""
    if _read_record(data_dir) == record:
        _write_private(data_dir / "last-port", str(urlsplit(record.http_url).port))
        (data_dir / _RECORD).unlink()


def last_port(data_dir: Path) -> int:
    """The HTTP port of the last server; 0 if there was none."""
    record = _read_record(data_dir)
    if record:
        return urlsplit(record.http_url).port or 0
    with contextlib.suppress(FileNotFoundError, ValueError):
        return int((data_dir / "last-port").read_text(encoding="ascii"))
    return 0


def socket_path(data_dir: Path) -> Path:
    """Where the gRPC socket is: in the data directory, or in a private folder if that name is too long."""
    path = data_dir / "grpc.sock"
    if (
        len(os.fsencode(path)) <= _MAX_SOCKET_PATH
        and str(path).isascii()
        and not set(str(path)) & set("% ?#")
    ):
        return path
    mark = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:16]
    folder = (
        Path(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir()) / f"vertex-tui-{os.getuid()}-{mark}"
    )
    make_private(folder)
    if folder.stat().st_uid != os.getuid():
        raise LauncherError(f"{folder} belongs to another user.")
    return folder / "grpc.sock"


# --- inside


def _read_record(data_dir: Path) -> Record | None:
    try:
        content = json.loads((data_dir / _RECORD).read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
    if not isinstance(content, dict) or not {"pid", "process_start", "http_url"} <= content.keys():
        return None
    blank = {field.name: 0 if field.type == "int" else "" for field in fields(Record)}
    return Record(**{name: content.get(name, value) for name, value in blank.items()})


def _write_private(path: Path, text: str) -> None:
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    temporary.replace(path)


@contextlib.contextmanager
def _starting(data_dir: Path, timeout: float) -> Iterator[None]:
    """Hold the lock that lets only one start or stop happen at a time."""
    until = time.monotonic() + timeout
    with os.fdopen(os.open(data_dir / "starter.lock", os.O_WRONLY | os.O_CREAT, 0o600), "w") as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > until:
                    raise LauncherError(
                        f"Another process is starting or stopping the server of {data_dir}."
                    ) from None
                time.sleep(0.02)
        yield


def _is_ours(record: Record) -> bool:
    return record.version == tui.__version__ and record.protocol == PROTOCOL


def _replace(data_dir: Path, record: Record) -> None:
    live = _live_jobs(record)
    if live:
        raise LauncherError(
            f"The running local server is version {record.version}, this is {tui.__version__}, and {live} of "
            "its jobs have not ended. Wait for them or cancel them, or stop the server with "
            "`vertex-tui local down`."
        )
    _stop_server(data_dir)


def _live_jobs(record: Record) -> int:
    address = urlsplit(record.http_url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port or 80, timeout=5)
    try:
        connection.request("GET", STATUS_PATH)
        return int(json.loads(connection.getresponse().read())["live_jobs"])
    except (OSError, ValueError, KeyError, http.client.HTTPException) as error:
        raise LauncherError(
            f"The running local server (process {record.pid}) does not answer: {error}"
        ) from error
    finally:
        connection.close()


def _start(data_dir: Path, timeout: float) -> Record:
    log_path = data_dir / "server.log"
    if log_path.exists() and log_path.stat().st_size > _LOG_KEPT:
        log_path.unlink()
    begin = log_path.stat().st_size if log_path.exists() else 0
    descriptor = os.open(log_path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        process = subprocess.Popen(  # noqa: S603 (our own program)
            [sys.executable, "-P", "-m", "tui.local", "serve", "--data-dir", str(data_dir)],
            cwd=data_dir,
            env=_server_environment(),
            stdin=subprocess.DEVNULL,
            stdout=descriptor,
            stderr=descriptor,
            start_new_session=True,
        )
    finally:
        os.close(descriptor)
    return _await_start(data_dir, process, timeout, begin)


def _server_environment() -> dict[str, str]:
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    root = Path(tui.__file__).parent.parent
    if root.name not in {"site-packages", "dist-packages"}:
        env["PYTHONPATH"] = os.pathsep.join(filter(None, [str(root), env.get("PYTHONPATH")]))
    return env


def _await_start(data_dir: Path, process: subprocess.Popen[bytes], timeout: float, log_begin: int) -> Record:
    until = time.monotonic() + timeout
    while time.monotonic() < until:
        record = status(data_dir)
        if record and record.pid == process.pid:
            process.returncode = 0  # it goes on without us; nobody will wait for it
            return record
        if process.poll() is not None:
            raise LauncherError(f"The local server ended while starting:\n{_log_tail(data_dir, log_begin)}")
        time.sleep(0.02)
    process.kill()
    process.wait()
    raise LauncherError(f"The local server was not up after {timeout:g} s:\n{_log_tail(data_dir, log_begin)}")


def _log_tail(data_dir: Path, begin: int) -> str:
    with (data_dir / "server.log").open("rb") as file:
        file.seek(max(begin, file.seek(0, os.SEEK_END) - 4096))
        return file.read().decode("utf-8", "replace").strip() or "(its log is empty)"


def _stop_server(data_dir: Path) -> bool:
    record = status(data_dir)
    if record is None:
        return False
    _end_process(record.pid, record.process_start, STOP_SECONDS)
    remove_record(data_dir, record)
    return True


def _stop_jobs(data_dir: Path) -> bool:
    running = []
    for folder in sorted(data_dir.glob("jobs/*/*")):
        if (folder / "exit.json").exists() or not (folder / "spec.json").exists():
            continue
        if claim(folder):
            _note_stopped(folder)
        found = read_process(folder / "runner.json")
        if found and process_mark(found[0]) == found[1] and found[0] != os.getpid():
            running.append((folder, *found))
            _signal(found[0], signal.SIGTERM)
    for folder, pid, mark in running:
        _end_process(pid, mark, STOP_SECONDS)
        kill_leftovers(folder)
    return bool(running)


def _note_stopped(folder: Path) -> None:
    """A replica that no runner had taken yet: none will."""
    write_json(
        folder / "exit.json", {"code": 0, "reason": "Stopped", "message": "", "time_ns": time.time_ns()}
    )


def _end_process(pid: int, mark: str, patience: float) -> None:
    """SIGTERM, then, when patience is over, SIGKILL; returns when the process is gone."""
    _signal(pid, signal.SIGTERM)
    until = time.monotonic() + patience
    while process_mark(pid) == mark:
        if time.monotonic() > until:
            _signal(pid, signal.SIGKILL)
        _reap(pid)
        time.sleep(0.02)


def _reap(pid: int) -> None:
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)


def _signal(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def _no_proxy() -> str:
    given = os.environ.get("NO_PROXY") or os.environ.get("no_proxy") or ""
    hosts = [host for host in given.split(",") if host]
    return ",".join(dict.fromkeys([*hosts, "127.0.0.1", "localhost", "::1"]))
