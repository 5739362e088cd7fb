"""Google's libraries inside a job reach the local server, as the job's service account and while it runs."""

from __future__ import annotations

import shlex
import sysconfig

import requests

from tests.local.clients import PARENT, Server, script_job, until
from tui.local import names

PROGRAM = """
import google.auth
from google.auth.transport.requests import AuthorizedSession
from google.cloud import logging
credentials, project = google.auth.default(scopes=["https://www.googleapis.com/auth/cloud-platform"])
session = AuthorizedSession(credentials)
print(project)
print(session.get("https://openidconnect.googleapis.com/v1/userinfo", timeout=20).json()["email"])
print(credentials.token, flush=True)
logging.Client().logger("from-a-job").log_text("all is well")
"""


def with_libraries(program: str) -> str:
    """A script that runs a program with what is installed beside the tests."""
    return f"PYTHONPATH={sysconfig.get_path('purelib')} python3 -W error -c {shlex.quote(program)}"


def test_a_job_s_libraries_go_by_google_s_names(shared_server: Server) -> None:
    job = shared_server.run(script_job(with_libraries(PROGRAM)))
    assert not job.error.message
    project, email, token = shared_server.lines(job)
    assert (project, email) == (names.PROJECT_ID, names.CUSTOM_CODE_AGENT)
    filter_ = f'logName="projects/{names.PROJECT_ID}/logs/from-a-job" AND textPayload:"well"'
    (entry,) = until(lambda: shared_server.entries(filter_), "the job's own entry")
    assert entry.text_payload == "all is well"
    answer = requests.get(
        f"{shared_server.record.http_url}/v1/projects/{names.PROJECT_ID}",
        headers={"Authorization": f"Bearer {token}"},
        timeout=20,
    )
    assert answer.status_code == requests.codes.unauthorized


def test_the_storage_s_address_tells_nobody_the_token(shared_server: Server) -> None:
    script = (
        "echo $STORAGE_EMULATOR_HOST; "
        "python3 -c 'import os; raise SystemError(os.environ[\"STORAGE_EMULATOR_HOST\"])'"
    )
    job = shared_server.run(script_job(script))
    told = [*shared_server.lines(job), job.error.message]
    assert told[0] == f"{shared_server.record.http_url}/_as/…"
    assert "SystemError: " in job.error.message
    assert not [text for text in told if "ya29" in text]


def test_jobs_that_start_at_once_all_find_it(local_server: Server) -> None:
    local_server.enable("aiplatform", "logging")
    create = local_server.jobs.create_custom_job
    jobs = [create(parent=PARENT, custom_job=script_job("echo $HTTPS_PROXY")) for _ in range(8)]

    proxies = [local_server.lines(local_server.ended(job.name)) for job in jobs]

    assert proxies == [[local_server.record.proxy_url]] * 8
