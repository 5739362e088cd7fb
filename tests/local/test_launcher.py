"""The server's life: one for each folder, found again, ended with everything it started."""

from __future__ import annotations

import json
import os
import signal
import stat
import tempfile
import threading
from pathlib import Path

import pytest
from google.cloud.aiplatform_v1 import JobState

from tests.local.clients import PARENT, Server, job_id, script_job, until
from tui.local import launcher
from tui.local.environ import BEFORE
from tui.local.jobs.runner import process_mark


def test_two_starters_get_one_server(local_server: Server) -> None:
    launcher.stop(local_server.data_dir)
    found: list[launcher.Record] = []
    starters = [
        threading.Thread(target=lambda: found.append(launcher.ensure(local_server.data_dir)))
        for _ in range(3)
    ]
    for starter in starters:
        starter.start()
    for starter in starters:
        starter.join()
    assert len(found) == 3
    assert len({record.pid for record in found}) == 1
    assert launcher.status(local_server.data_dir) == found[0]


def test_everything_is_private(local_server: Server) -> None:
    local_server.enable("aiplatform")
    script = "echo x > file; sleep 600"
    name = local_server.jobs.create_custom_job(parent=PARENT, custom_job=script_job(script)).name
    job = local_server.reached(name, JobState.JOB_STATE_RUNNING)
    file = local_server.data_dir / "jobs" / job_id(job) / "workerpool0-0/work/file"
    until(file.exists, "the job's file")
    modes = {
        path: stat.S_IMODE(path.lstat().st_mode)
        for path in [local_server.data_dir, *local_server.data_dir.rglob("*")]
        if not path.is_symlink() and "/venv/" not in str(path)
    }
    assert not {path: oct(mode) for path, mode in modes.items() if mode & 0o077}
    assert modes[local_server.data_dir] == 0o700
    assert modes[local_server.data_dir / "server.json"] == 0o600


def test_a_record_of_a_dead_server_is_none(local_server: Server) -> None:
    os.kill(local_server.record.pid, signal.SIGKILL)
    until(lambda: launcher.status(local_server.data_dir) is None, "the end of the server")
    assert (local_server.data_dir / "server.json").exists()
    half_written = local_server.data_dir / "server.json.123.456.tmp"
    half_written.write_text("{")
    fresh = local_server.start()
    assert not half_written.exists()
    assert fresh.process_start
    assert launcher.status(local_server.data_dir) == fresh


def test_a_reused_process_number_is_not_the_server(local_server: Server) -> None:
    path = local_server.data_dir / "server.json"
    content = json.loads(path.read_text())
    launcher.stop(local_server.data_dir)
    content |= {"pid": os.getpid()}
    path.write_text(json.dumps(content))
    assert launcher.status(local_server.data_dir) is None


def test_stop_ends_every_process(local_server: Server) -> None:
    local_server.enable("aiplatform")
    script = "sleep 600 & echo $$ $!; wait"
    name = local_server.jobs.create_custom_job(parent=PARENT, custom_job=script_job(script)).name
    job = local_server.reached(name, JobState.JOB_STATE_RUNNING)
    local_server.enable("logging")
    (line,) = until(lambda: local_server.lines(job), "the process numbers")
    pids = [local_server.record.pid, *(int(word) for word in line.split())]
    assert all(process_mark(pid) for pid in pids)
    assert launcher.stop(local_server.data_dir)
    assert not any(process_mark(pid) for pid in pids)
    assert launcher.status(local_server.data_dir) is None
    assert not launcher.stop(local_server.data_dir)
    local_server.start()
    ended = local_server.ended(name)
    assert ended.state == JobState.JOB_STATE_FAILED
    assert "The local server was stopped" in ended.error.message


def test_a_job_survives_the_server_s_death(local_server: Server) -> None:
    local_server.enable("aiplatform", "logging")
    script = "echo before; until [ -e gate ]; do sleep 0.02; done; echo after; exit 7"
    name = local_server.jobs.create_custom_job(parent=PARENT, custom_job=script_job(script)).name
    job = local_server.reached(name, JobState.JOB_STATE_RUNNING)
    until(lambda: local_server.lines(job), "the first line")
    url = local_server.record.http_url
    os.kill(local_server.record.pid, signal.SIGKILL)
    until(lambda: launcher.status(local_server.data_dir) is None, "the end of the server")
    folder = local_server.data_dir / "jobs" / job_id(job) / "workerpool0-0"
    (folder / "work/gate").touch()
    until((folder / "exit.json").exists, "the end of the replica")
    assert local_server.start().http_url == url
    ended = local_server.ended(name)
    assert ended.state == JobState.JOB_STATE_FAILED
    assert "non-zero status of 7" in ended.error.message
    assert ended.start_time == job.start_time
    assert local_server.lines(job) == ["before", "after"]
    service = local_server.lines(job, "service")
    assert len(service) == len(set(service))


def test_a_job_goes_on_across_a_restart(local_server: Server) -> None:
    local_server.enable("aiplatform", "logging")
    script = "echo before; until [ -e gate ]; do sleep 0.02; done; echo after"
    name = local_server.jobs.create_custom_job(parent=PARENT, custom_job=script_job(script)).name
    job = local_server.reached(name, JobState.JOB_STATE_RUNNING)
    os.kill(local_server.record.pid, signal.SIGKILL)
    until(lambda: launcher.status(local_server.data_dir) is None, "the end of the server")
    local_server.start()
    assert local_server.jobs.get_custom_job(name=name).state == JobState.JOB_STATE_RUNNING
    (local_server.data_dir / "jobs" / job_id(job) / "workerpool0-0/work/gate").touch()
    assert local_server.ended(name).state == JobState.JOB_STATE_SUCCEEDED
    assert local_server.lines(job) == ["before", "after"]


def test_a_job_that_vanished_fails_truthfully(local_server: Server) -> None:
    local_server.enable("aiplatform")
    name = local_server.jobs.create_custom_job(
        parent=PARENT, custom_job=script_job("echo $$; sleep 600")
    ).name
    job = local_server.reached(name, JobState.JOB_STATE_RUNNING)
    folder = local_server.data_dir / "jobs" / job_id(job) / "workerpool0-0"
    runner = json.loads((folder / "runner.json").read_text())["pid"]
    child = json.loads(until((folder / "child.json").exists) and (folder / "child.json").read_text())["pid"]
    os.kill(runner, signal.SIGKILL)
    ended = local_server.ended(name)
    assert ended.state == JobState.JOB_STATE_FAILED
    assert "ended without leaving its exit status" in ended.error.message
    until(lambda: process_mark(child) is None, "the end of what it left behind")


def test_another_version_is_replaced_unless_it_has_live_jobs(local_server: Server) -> None:
    local_server.enable("aiplatform")
    path = local_server.data_dir / "server.json"
    old = json.loads(path.read_text()) | {"version": "0.0.1"}
    name = local_server.jobs.create_custom_job(parent=PARENT, custom_job=script_job("sleep 600")).name
    path.write_text(json.dumps(old))
    with pytest.raises(launcher.LauncherError, match=r"version 0\.0\.1.*1 of its jobs have not ended"):
        launcher.ensure(local_server.data_dir)
    local_server.jobs.cancel_custom_job(name=name)
    local_server.ended(name)
    assert launcher.ensure(local_server.data_dir).pid != local_server.record.pid
    assert process_mark(local_server.record.pid) is None


def test_a_long_data_directory_keeps_its_socket_elsewhere(tmp_path: Path) -> None:
    data_dir = tmp_path / ("x" * 100) / "data % dir"
    try:
        record = launcher.ensure(data_dir)
        path = Path(record.grpc_address.removeprefix("unix:"))
        assert len(os.fsencode(path)) <= 100
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        assert launcher.status(data_dir) == record
    finally:
        launcher.reset(data_dir)
    assert not data_dir.exists()
    assert not path.parent.exists()


def test_reset_spares_foreign_folders(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(launcher.LauncherError, match="nothing was removed"):
        launcher.reset(tmp_path)
    assert (tmp_path / "thesis.tex").exists()


def test_a_data_directory_that_cannot_be_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(launcher.LauncherError, match="cannot keep its data in"):
        launcher.ensure(tmp_path / "file")


def test_a_record_with_other_fields_is_still_found(local_server: Server) -> None:
    path = local_server.data_dir / "server.json"
    content = json.loads(path.read_text())
    del content["protocol"]
    path.write_text(json.dumps(content | {"novelty": 1}))
    found = launcher.status(local_server.data_dir)
    assert found
    assert (found.pid, found.protocol) == (local_server.record.pid, 0)
    assert launcher.ensure(local_server.data_dir).pid != local_server.record.pid


def test_a_server_that_cannot_start_says_why(local_server: Server) -> None:
    launcher.stop(local_server.data_dir)
    (local_server.data_dir / "state.db").write_bytes(b"this is no database" * 100)
    with pytest.raises(launcher.LauncherError, match="file is not a database"):
        launcher.ensure(local_server.data_dir)


def test_both_ports_are_kept_across_restarts(local_server: Server) -> None:
    first = local_server.record
    assert len({first.http_url, first.proxy_url}) == 2
    launcher.stop(local_server.data_dir)
    again = local_server.start()
    assert (again.http_url, again.proxy_url) == (first.http_url, first.proxy_url)


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs /proc")
def test_a_server_started_from_a_shell_that_uses_one_does_not_use_it(
    local_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = local_server.record.proxy_url
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    monkeypatch.setenv("ANOTHER_PROXY", "http://proxy.example")
    monkeypatch.setenv(BEFORE, json.dumps({"HTTPS_PROXY": "http://proxy.example"}))
    launcher.stop(local_server.data_dir)
    pid = local_server.start().pid
    env = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    assert b"HTTPS_PROXY=http://proxy.example" in env
    assert not any(variable.startswith(BEFORE.encode()) for variable in env)


def test_reset_clears_what_a_failed_start_left(tmp_path: Path) -> None:
    for name in ("server.log", "starter.lock"):
        (tmp_path / name).touch()

    launcher.reset(tmp_path)

    assert not tmp_path.exists()


def test_reset_removes_everything(local_server: Server) -> None:
    folder = local_server.data_dir
    assert launcher.socket_path(folder).exists()
    launcher.reset(folder)
    assert not folder.exists()
    assert launcher.status(folder) is None


def test_the_socket_is_private_also_where_its_name_is_long(tmp_path: Path) -> None:
    long = tmp_path / ("x" * 60) / ("y" * 60)
    long.mkdir(parents=True)
    socket = launcher.socket_path(long)
    assert not socket.is_relative_to(long)
    assert len(str(socket)) < 100
    assert stat.S_IMODE(socket.parent.stat().st_mode) == 0o700
    socket.parent.rmdir()


def no_runtime_folder(monkeypatch: pytest.MonkeyPatch, temporary: Path) -> None:
    """As if sockets with long names could only be in a folder where others may write."""
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))


@pytest.mark.parametrize("kind", ["link", "dangling", "file"])
def test_a_trap_in_the_socket_s_place_is_refused(
    short_folder: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    no_runtime_folder(monkeypatch, short_folder)
    long = short_folder / ("x" * 100)
    place = launcher.socket_path(long).parent
    place.rmdir()
    shared = short_folder / "shared"
    shared.mkdir()
    shared.chmod(0o755)
    if kind == "file":
        place.touch()
    else:
        place.symlink_to(shared if kind == "link" else short_folder / "nothing")
    for attempt in (launcher.socket_path, launcher.ensure):
        with pytest.raises(launcher.LauncherError, match="not a folder of your own"):
            attempt(long)
    assert stat.S_IMODE(shared.stat().st_mode) == 0o755
    assert not list(shared.iterdir())


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give folders away")
def test_another_user_s_folder_in_the_socket_s_place_is_refused(
    short_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_runtime_folder(monkeypatch, short_folder)
    long = short_folder / ("x" * 100)
    place = launcher.socket_path(long).parent
    os.chown(place, 65534, -1)
    with pytest.raises(launcher.LauncherError, match="not a folder of your own"):
        launcher.socket_path(long)


def test_a_folder_left_from_last_time_is_used_again(
    short_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_runtime_folder(monkeypatch, short_folder)
    long = short_folder / ("x" * 100)
    place = launcher.socket_path(long).parent
    place.chmod(0o755)
    assert launcher.socket_path(long).parent == place
    assert stat.S_IMODE(place.stat().st_mode) == 0o700
