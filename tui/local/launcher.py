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
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import MISSING, asdict, dataclass, fields
from pathlib import Path
from urllib.parse import urlsplit

import tui
from tui.local.ending import end_process, send_signal
from tui.local.environ import original
from tui.local.jobs.replica import kill_leftovers, read_process
from tui.local.jobs.runner import claim, process_mark, write_json
from tui.local.peer import tells_users
from tui.local.private import make_private, write_private

PROTOCOL = 2
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
_SCARCE = 1024 * 1024
"""Bytes of free space below which a failed start is most likely due to that."""
_RECORD = "server.json"
_PORTS = "last-port"
OWNER_FILE = "owner.token"

_BEFORE_THE_SERVER = {"server.log", "starter.lock"}
"""What a start leaves whose server did not come up."""


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
    proxy_url: str
    """`http://127.0.0.1:PORT` of the proxy that answers for Google's names."""
    project: str
    project_number: str
    data_dir: str
    log_reads_per_minute: int = 60
    """`entries.list` calls that it answers; 0 for no limit."""


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
        with _starting(data_dir, timeout):
            record = status(data_dir)
            if record and _is_ours(record):
                return record
            if record:
                _replace(data_dir, record)
            return _start(data_dir, timeout)
    except OSError as error:
        raise LauncherError(
            f"The local server cannot keep its data in {data_dir}: {error.strerror or error}."
        ) from error


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
    found = {path.name for path in data_dir.iterdir()}
    if "server.lock" not in found and not found <= _BEFORE_THE_SERVER:
        raise LauncherError(f"{data_dir} does not look like the data of a local server; nothing was removed.")
    stop(data_dir)
    socket = socket_path(data_dir)
    shutil.rmtree(data_dir)
    if socket.parent != data_dir:
        shutil.rmtree(socket.parent, ignore_errors=True)


def owner_token(record: Record) -> str:
    """The owner's bearer token.

    Raises:
        LauncherError: it is not there.
    """
    try:
        return (Path(record.data_dir) / OWNER_FILE).read_text(encoding="ascii")
    except OSError as error:
        raise LauncherError(f"The local server's token cannot be read: {error.strerror}.") from error


def http_address(record: Record) -> str:
    """The HTTP base for clients without a token of their own: it holds one where the server needs it.

    That is where the system does not tell the server which user is at the other end.
    """
    return record.http_url if tells_users() else f"{record.http_url}/_as/{owner_token(record)}"


# --- for the server itself


def write_record(data_dir: Path, record: Record) -> None:
    """Write down the running server."""
    write_private(data_dir / _RECORD, json.dumps(asdict(record), indent=2) + "\n")


def remove_half_written(data_dir: Path) -> None:
    """Remove what servers that were killed while they wrote left; only the one that holds the lock may."""
    for name in (_RECORD, OWNER_FILE, _PORTS):
        for path in data_dir.glob(f"{name}.*.tmp"):
            path.unlink(missing_ok=True)


def write_owner_token(data_dir: Path, token: str) -> None:
    """Leave the owner's bearer token for gcloud, which insists on having one."""
    write_private(data_dir / OWNER_FILE, token)


def remove_record(data_dir: Path, record: Record) -> None:
    """Mark the server as ended; its port is remembered for the next one."""
    if _read_record(data_dir) == record:
        ports = (str(urlsplit(url).port) for url in (record.http_url, record.proxy_url))
        write_private(data_dir / _PORTS, " ".join(ports))
        (data_dir / _RECORD).unlink()


def last_ports(data_dir: Path) -> tuple[int, int]:
    """The last server's ports for HTTP and for the proxy; 0 for one that is not known."""
    record = _read_record(data_dir)
    with contextlib.suppress(FileNotFoundError, ValueError):
        if record:
            return urlsplit(record.http_url).port or 0, urlsplit(record.proxy_url).port or 0
        first, second = (data_dir / _PORTS).read_text(encoding="ascii").split()
        return int(first), int(second)
    return 0, 0


def socket_path(data_dir: Path) -> Path:
    """Where the gRPC socket is: in the data directory, or in a private folder if that name is too long.

    Raises:
        LauncherError: that folder cannot be used.
    """
    path = data_dir / "grpc.sock"
    if (
        len(os.fsencode(path)) <= _MAX_SOCKET_PATH
        and str(path).isascii()
        and not set(str(path)) & set("% ?#")
    ):
        return path
    mark = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:16]
    own = Path(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir())
    folder = (own if own.is_dir() else Path(tempfile.gettempdir())) / f"vertex-tui-{os.getuid()}-{mark}"
    _claim_folder(folder)
    return folder / "grpc.sock"


# --- inside


def _claim_folder(folder: Path) -> None:
    """Make a private folder where others may write too, so that what is there already may be theirs.

    Raises:
        LauncherError: it is no folder, or another user's.
    """
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise LauncherError(
            f"{folder} is not a folder of your own. Remove it, or choose a shorter path for the local "
            "server's data."
        )
    folder.chmod(0o700)


def _read_record(data_dir: Path) -> Record | None:
    try:
        content = json.loads((data_dir / _RECORD).read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
    if not isinstance(content, dict) or not {"pid", "process_start", "http_url"} <= content.keys():
        return None
    blank = {
        field.name: field.default if field.default is not MISSING else 0 if field.type == "int" else ""
        for field in fields(Record)
    }
    return Record(**{name: content.get(name, value) for name, value in blank.items()})


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
        connection.request("GET", STATUS_PATH, headers={"Authorization": f"Bearer {owner_token(record)}"})
        return int(json.loads(connection.getresponse().read())["live_jobs"])
    except (OSError, ValueError, KeyError, http.client.HTTPException) as error:
        raise LauncherError(
            f"The running local server (process {record.pid}) does not answer: {error}"
        ) from error
    finally:
        connection.close()


def _start(data_dir: Path, timeout: float) -> Record:
    socket_path(data_dir)  # what is wrong with it is said better from here
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
    """The user's own, also if it is asked from a shell that uses a local server."""
    env = {name: text for name, text in original(os.environ).items() if name != "PYTHONDONTWRITEBYTECODE"}
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
        text = file.read().decode("utf-8", "replace").strip() or "(its log is empty)"
    free = shutil.disk_usage(data_dir).free
    return text if free > _SCARCE else f"Only {free // 1024} KiB are left on the disk of {data_dir}.\n{text}"


def _stop_server(data_dir: Path) -> bool:
    record = status(data_dir)
    if record is None:
        return False
    end_process(record.pid, record.process_start, STOP_SECONDS)
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
            send_signal(found[0], signal.SIGTERM)
        else:
            kill_leftovers(folder)
    for folder, pid, mark in running:
        end_process(pid, mark, STOP_SECONDS)
        kill_leftovers(folder)
    return bool(running)


def _note_stopped(folder: Path) -> None:
    """A replica that no runner had taken yet: none will."""
    write_json(
        folder / "exit.json", {"code": 0, "reason": "Stopped", "message": "", "time_ns": time.time_ns()}
    )
