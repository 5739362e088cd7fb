"""Made-up histories: the same for the same seed, varied, true to themselves, and removable."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, replace

import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud.aiplatform_v1 import CustomJob, JobState
from google.cloud.storage import Client
from hypothesis import given
from hypothesis import strategies as st

from tests.local.clients import Server, text
from tui.local import launcher
from tui.local.admin.client import AdminClient
from tui.local.clock import SECOND, unstamp
from tui.local.launcher import LauncherError
from tui.local.seed.histories import Plan, histories
from tui.local.seed.lines import counts, rows
from tui.local.seed.loading import load
from tui.local.wire import gtypes

NOW = 1_800_000_000 * SECOND
PLAN = Plan(1, 400, 20_000, 1_500, "made-up", ("europe-west4", "us-central1"), 30.0, NOW)
SEEDED = 'labels.seeded="true"'


def test_the_same_seed_makes_the_same_histories() -> None:
    def make(plan: Plan) -> list[object]:
        given = counts(histories(plan), plan.entries)
        return [
            (each.job.SerializeToString(deterministic=True), sorted(rows(each, count)))
            for each, count in zip(histories(plan), given, strict=True)
        ]

    small = replace(PLAN, jobs=30, entries=500)
    assert make(small) == make(small)
    assert make(small) != make(replace(small, seed=2))


def test_histories_are_varied_and_true_to_themselves() -> None:
    made = list(histories(replace(PLAN, jobs=2_000)))
    assert len({each.job_id for each in made}) == 2_000
    assert {each.job.state for each in made} == set(range(1, 12))
    assert {each.job.error.code for each in made} == {0, 1, 3, 8, 13}
    assert {each.region for each in made} == {"europe-west4", "us-central1"}
    assert len({each.job.error.message.partition("\n")[0] for each in made}) > 10
    for each in made:
        job = each.job
        assert job.labels["seeded"] == "true"
        assert len(job.display_name) <= 128
        assert job.HasField("start_time") == bool(each.start_ns)
        assert each.create_ns <= each.pending_ns <= (each.start_ns or each.end_ns) <= each.end_ns <= NOW
        assert unstamp(job.update_time) <= NOW
        assert bool(job.error.code) == (job.state in {5, 7})
        assert job.HasField("end_time") == (job.state in {4, 5, 7, 8, 9, 11})
    assert min(each.create_ns for each in made) > NOW - 31 * 86_400 * SECOND


def test_a_log_is_within_its_job() -> None:
    made = list(histories(replace(PLAN, jobs=60)))
    severities: Counter[int] = Counter()
    for each in made:
        found = list(rows(each, 200))
        assert len(found) == (200 if each.start_ns else min(len(found), 200))
        assert len({row[:3] for row in found}) == len(found)
        for ns, insert_id, log_name, job_id, severity, data in found:
            entry = gtypes.LogEntry.FromString(data)
            assert each.create_ns <= ns <= each.end_ns + 10 * SECOND
            assert (unstamp(entry.timestamp), entry.insert_id, entry.log_name) == (ns, insert_id, log_name)
            assert entry.resource.labels["job_id"] == job_id == each.job_id
            assert entry.severity == severity
            assert entry.text_payload or entry.json_payload["message"]
            severities[severity] += 1
    assert severities.keys() == {200, 400, 500}


@given(st.integers(0, 60), st.integers(0, 3_000))
def test_the_entries_are_as_many_as_asked_for(jobs: int, entries: int) -> None:
    given = counts(histories(replace(PLAN, jobs=jobs)), entries)
    assert all(count >= 0 for count in given)
    assert sum(given) <= entries
    if jobs > 20:
        assert sum(given) == entries


def test_a_seeded_server_shows_it_all_and_forgets_it_again(local_server: Server) -> None:
    admin = AdminClient(local_server.record)
    plan = replace(PLAN, now_ns=admin.call("GET", "time")["now_ns"])
    told: Counter[str] = Counter()
    load(admin, local_server.data_dir, plan, lambda what, count: told.update({what: count}))
    assert told == {"jobs": 400, "entries": 20_000, "objects": 1_500}
    assert admin.call("GET", "seed") == {"jobs": 400}
    assert list((local_server.data_dir / "staging").iterdir()) == []
    jobs = listed(local_server)
    assert len(jobs) == 400
    launcher.stop(local_server.data_dir)
    local_server.start()  # nothing of it is taken for work to be done
    assert listed(local_server) == jobs
    live = [job for job in jobs if job.state == JobState.JOB_STATE_RUNNING]
    local_server.jobs.cancel_custom_job(name=live[0].name)
    assert local_server.jobs.get_custom_job(name=live[0].name).state == JobState.JOB_STATE_CANCELLED
    failed = next(job for job in jobs if job.error.code == 3)
    job_id = failed.name.rpartition("/")[2]
    wanted = f'resource.labels.job_id="{job_id}" AND severity>=ERROR'
    assert failed.error.message in [text(each) for each in local_server.entries(wanted)]
    check_objects(local_server, plan)
    admin = AdminClient(local_server.record)
    with pytest.raises(LauncherError, match="is there already; take another --seed"):
        load(admin, local_server.data_dir, plan, lambda _what, _count: None)
    gone = admin.call("DELETE", "seed")
    assert (gone["jobs"], gone["objects"]) == (400, 1_500)
    assert gone["entries"] >= 20_000
    assert listed(local_server) == []
    assert local_server.entries() == []
    logs = list(local_server.logs.list_logs(parent="projects/local-project"))
    assert all("/logs/workerpool" in name for name in logs)
    assert admin.call("DELETE", "seed") == {"jobs": 0, "entries": 0, "objects": 0}


def listed(server: Server) -> list[CustomJob]:
    """All seeded jobs, by region."""
    return [
        job
        for region in PLAN.regions
        for job in server.jobs.list_custom_jobs(
            request={"parent": f"projects/local-project/locations/{region}", "filter": SEEDED}
        )
    ]


def check_objects(server: Server, plan: Plan) -> None:
    """The objects are in the bucket, with versions, and can be read."""
    client = storage(server)
    bucket = client.get_bucket(plan.bucket)
    assert bucket.labels == {"seeded": "true"}
    assert bucket.versioning_enabled
    every = list(client.list_blobs(bucket, versions=True))
    live = list(client.list_blobs(bucket))
    assert len(every) == 1_500
    assert 0 < len(every) - len(live) < 100
    assert all(blob.metadata == {"seeded": "true"} for blob in every)
    metrics = next(blob for blob in live if blob.name.endswith("/metrics.json"))
    assert len(metrics.download_as_bytes()) == metrics.size


def storage(server: Server) -> Client:
    """Google's storage client at the server."""
    return Client(
        project="local-project",
        credentials=AnonymousCredentials(),
        client_options={"api_endpoint": server.record.http_url},
    )


def test_only_what_was_made_up_is_removed(local_server: Server) -> None:
    client = storage(local_server)
    mine = client.bucket("mine")
    client.create_bucket(mine, location="europe-west4")
    mine.blob("notes.txt").upload_from_string("keep me")
    admin = AdminClient(local_server.record)
    plan = replace(PLAN, jobs=12, entries=100, objects=40, bucket="mine")
    load(admin, local_server.data_dir, plan, lambda _what, _count: None)
    assert len(list(client.list_blobs("mine"))) > 30
    assert admin.call("DELETE", "seed")["objects"] == 40
    assert [blob.name for blob in client.list_blobs("mine")] == ["notes.txt"]
    assert mine.blob("notes.txt").download_as_bytes() == b"keep me"


def test_bad_seeds_are_refused(local_server: Server) -> None:
    admin = AdminClient(local_server.record)
    with pytest.raises(LauncherError, match="bucket A!: "):
        admin.call("POST", "seed/objects", {**asdict(PLAN), "bucket": "A!"})
    for wrong in ({}, {"regions": 3}, {"regions": [], "more": 1}):
        with pytest.raises(LauncherError, match="not a plan"):
            admin.call("POST", "seed/objects", wrong)
    with pytest.raises(LauncherError, match="staged file"):
        admin.call("POST", "seed/history", {"staged": "no"})
