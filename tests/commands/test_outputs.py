"""`vertex-tui outputs`: what a job wrote is listed, fetched, deleted by the panes' plans, and taken back."""

from __future__ import annotations

import signal
from functools import partial
from pathlib import Path

import pytest
from google.cloud import storage

from tests.commands.conftest import Run
from tests.commands.test_endings import COMMAND, INTERRUPTED, begin, happened
from tests.local.clients import PARENT, REGION, Server, job_id, script_job, storage_client
from tests.support import PATIENCE, subprocess_environment, wait_until
from tests.terminal import Terminal
from tui.cloud.storage import CloudStorage
from tui.commands import waiting
from tui.services.transfers.hub import Hub

HERE = ("--local", "--region", REGION)


def bucket_with(server: Server, name: str, **objects: str) -> storage.Bucket:
    """A new bucket; `a__b` stands for the name `a/b`."""
    bucket: storage.Bucket = storage_client(server).create_bucket(name, location=REGION)
    for each, text in objects.items():
        bucket.blob(each.replace("__", "/")).upload_from_string(text)
    return bucket


def names(bucket: storage.Bucket) -> list[str]:
    return [blob.name for blob in bucket.list_blobs()]


def wrote(server: Server, name: str, script: str) -> str:
    """The id of a job that has ended, whose script names places."""
    job = script_job(script)
    job.display_name = name
    return job_id(server.run(job))


def test_a_place_is_listed_by_levels_and_as_a_whole(local: Server, run: Run) -> None:
    bucket_with(local, "list-these", runs__one__a="abc", runs__one__deep__b="x" * 2048, runs__c="")
    level = run("outputs", "gs://list-these/runs", *HERE)
    assert level.status == 0, level.err
    assert level.lines[0] == "SIZE UPDATED PATH"
    assert level.lines[1] == "gs://list-these/runs/one/"
    assert level.lines[2].endswith("gs://list-these/runs/c")
    assert level.lines[3] == "0 B 1 object, 1 folder"
    whole = run("outputs", "ls", "gs://list-these/runs/one/", "-r", "--json", *HERE).json
    assert [(each["uri"], each["size"]) for each in whole] == [
        ("gs://list-these/runs/one/a", 3),
        ("gs://list-these/runs/one/deep/b", 2048),
    ]
    assert whole[0]["updated"].endswith("Z")
    assert list(whole[0]) == ["uri", "size", "updated", "generation", "content_type"]
    one = run("outputs", *HERE, "--json", "gs://list-these/runs/one/a", "ls").json
    assert one == whole[:1]
    folders = run("outputs", "gs://list-these", "--json", *HERE).json
    assert [(each["uri"], each["generation"]) for each in folders] == [("gs://list-these/runs/", None)]


def test_pages_are_printed_as_they_come_and_a_list_is_whole_json(
    local: Server, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket_with(local, "in-pages", **{f"p__{number}": "x" for number in range(5)})
    defaults = {**(CloudStorage.list_objects.__kwdefaults__ or {}), "page_size": 2}
    monkeypatch.setattr(CloudStorage.list_objects, "__kwdefaults__", defaults)
    listed = run("outputs", "gs://in-pages/p/", "--json", *HERE).json
    assert [each["uri"][-1] for each in listed] == list("01234")
    lines = run("outputs", "gs://in-pages/p/", *HERE).lines
    assert lines.count("SIZE UPDATED PATH") == 1
    assert lines[-1] == "5 B 5 objects"


def test_what_is_not_there_is_told_with_the_next_step(local: Server, run: Run) -> None:
    bucket_with(local, "nearly-empty")
    assert run("outputs", "gs://nearly-empty", "--json", *HERE).json == []
    for words in (("ls",), ("get", "x"), ("rm", "--yes")):
        gone = run("outputs", "gs://nearly-empty/runs", *words, *HERE)
        assert (gone.status, gone.out) == (1, "")
        assert "nothing lies at gs://nearly-empty/runs/; see vertex-tui outputs gs://nearly-empty" in gone.err
        missing = run("outputs", "gs://never-made-bucket/a", *words, *HERE)
        assert (missing.status, missing.out) == (1, "")
        assert "never-made-bucket" in missing.err
    assert run("outputs", "gs://", *HERE).status == 2
    assert run("outputs", "no-such-job", *HERE).status == 1
    assert run("outputs", "1", "rm", "--yes", "--local", "--region", "us-east4").status == 1
    assert run("outputs", "gs://nearly-empty/x", "rm", *HERE).status == 2
    assert run("outputs", "gs://nearly-empty/x", "rm", "--older-than", "old", "--yes", *HERE).status == 2
    assert "get" in run("outputs", "--help").out
    assert "--existing" in run("outputs", "get", "--help").out


def test_a_job_is_known_by_what_its_script_names(local: Server, run: Run) -> None:
    bucket_with(local, "of-a-job", runs__mine__model="weights")
    one = wrote(local, "wrote-one", "echo gsutil cp -r out gs://of-a-job/runs/mine")
    assert [each["uri"] for each in run("outputs", one, "--json", *HERE).json] == [
        "gs://of-a-job/runs/mine/model"
    ]
    two = wrote(local, "wrote-two", "echo gs://of-a-job/in gs://of-a-job/runs/mine gs://of-a-job/runs/mine/a")
    several = run("outputs", two, *HERE)
    assert several.status == 1
    assert several.err.splitlines()[:2] == ["  gs://of-a-job/runs/mine", "  gs://of-a-job/in"]
    assert "names 2 places" in several.err
    none = run("outputs", wrote(local, "wrote-none", "true"), "rm", "--yes", *HERE)
    assert none.status == 1
    assert "names no place for outputs" in none.err
    root = wrote(local, "wrote-root", "echo gsutil cp -r out gs://of-a-job")
    refused = run("outputs", root, "rm", "--yes", *HERE)
    assert (refused.status, "with all else that is there" in refused.err) == (1, True)
    assert names(storage_client(local).bucket("of-a-job")) == ["runs/mine/model"]


def test_what_is_fetched_is_kept_replaced_or_put_beside(local: Server, run: Run, tmp_path: Path) -> None:
    bucket = bucket_with(local, "to-fetch", run__a="one", run__b__c="two", run__slash__="")
    folder = tmp_path / "results"
    got = run("outputs", "gs://to-fetch/run", "get", folder, *HERE)
    assert got.status == 0, got.err
    assert got.out.splitlines() == [str(folder / "run")]
    assert f":{folder}/run" in got.err
    assert "scp -r" in got.err
    assert {str(each.relative_to(folder)) for each in folder.rglob("*") if each.is_file()} == {
        "run/a",
        "run/b/c",
    }
    bucket.blob("run/a").upload_from_string("new")
    for rule, text in (("keep", "one"), ("both", "one"), ("different", "new")):
        assert run("outputs", "gs://to-fetch/run", "get", folder, "--existing", rule, *HERE).status == 0
        assert (folder / "run" / "a").read_text() == text
    assert (folder / "run" / "a~2").read_text() == "new"
    again = run("outputs", "gs://to-fetch/run", "get", folder, "--existing", "both", "--json", *HERE)
    assert (again.json["downloaded"], again.json["kept"], again.json["failed"]) == (0, 2, [])
    assert not (folder / "run" / "a~3").exists()


def test_a_file_that_fails_is_listed_and_the_others_come(
    local: Server, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket_with(local, "in-part", run__a="one", run__b="two")
    (tmp_path / "run" / "a").mkdir(parents=True)
    got = run("outputs", "gs://in-part/run/", "get", tmp_path, "--json", *HERE)
    assert got.status == 1
    assert got.json["failed"][0]["uri"] == "gs://in-part/run/a"
    assert "a folder of that name is there already" in got.err
    assert (tmp_path / "run" / "b").read_text() == "two"
    defaults = {**(Hub.__init__.__kwdefaults__ or {}), "free": lambda _: 0}
    monkeypatch.setattr(Hub.__init__, "__kwdefaults__", defaults)
    full = run("outputs", "gs://in-part/run/b", "get", tmp_path / "full disk", *HERE)
    assert (full.status, full.out) == (1, "")
    step = (
        f"to go on: vertex-tui outputs gs://in-part/run/b get '{tmp_path}/full disk' --existing keep --local"
    )
    assert f"it ended early: No space left on device; {step}" in full.err
    (tmp_path / "file").write_text("")
    used = run("outputs", "gs://in-part/run/", "get", tmp_path / "file" / "below", *HERE)
    assert (used.status, used.out) == (1, "")
    assert "name another folder" in used.err


def test_a_lasting_fault_is_told_and_ends_it(
    local: Server, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "TOLD_AFTER", 0.0)
    bucket_with(local, "out-of-order", run__a="one", run__b="two")
    get = ("outputs", "gs://out-of-order/run/", "get", tmp_path, *HERE)
    assert run("local", "fault", "add", "call", "storage.objects.get", "error", "--code", 503).status == 0
    try:
        ended = run(*get, "--timeout", "1s")
        for wanted in ("gs://out-of-order/run", "gs://out-of-order/run/a"):
            looked = run("outputs", wanted, "get", tmp_path, *HERE, "--timeout", "1s", "--json")
            assert (looked.status, looked.out) == (1, "")
            assert f"waiting for {wanted} (The service is not available" in looked.err
            step = f"vertex-tui outputs {wanted} get {tmp_path} --existing keep --timeout 1s --json --local"
            assert step in looked.err
        assert run("local", "fault", "clear").status == 0
        lists = ("local", "fault", "add", "call", "storage.objects.list", "error", "--code", 503)
        assert run(*lists).status == 0
        listed = run(*get, "--timeout", "1s")
        assert (listed.status, "nothing has come for 1s (The service" in listed.err) == (1, True)
    finally:
        assert run("local", "fault", "clear").status == 0
    assert (ended.status, ended.out) == (1, "")  # nothing came, and a folder that is there is no file
    assert "waiting for gs://out-of-order/run/a and 1 more" in ended.err
    assert "it ended early: nothing has come for 1s; to go on: vertex-tui outputs gs://out-" in ended.err
    assert run(*get).status == 0
    assert run(*get, "--timeout", "soon").status == 2


def test_a_delete_is_listed_done_written_down_and_taken_back(local: Server, run: Run) -> None:
    bucket = bucket_with(local, "to-delete", run__a="one", run__b="two!", other="stays")
    dry = run("outputs", "gs://to-delete/run", "rm", "--dry-run", *HERE)
    assert dry.status == 0
    assert dry.lines[:3] == ["Would be deleted:", "gs://to-delete/run/", "2 objects, 7 B"]
    assert any("Can be undone for 7 days" in line for line in dry.lines)
    plan = run("outputs", "gs://to-delete/run", "rm", "--dry-run", "--json", *HERE).json
    assert (plan["places"], plan["count"], plan["bytes"]) == (["gs://to-delete/run/"], 2, 7)
    assert len(names(bucket)) == 3
    gone = run("outputs", "gs://to-delete/run", "rm", "--yes", "--json", *HERE)
    assert gone.status == 0, gone.err
    assert (gone.json["deleted"], gone.json["failed"], names(bucket)) == (2, [], ["other"])
    assert f"vertex-tui outputs undo {gone.json['undo_number']} --local" in gone.err
    listed = run("outputs", "undo", "--local")
    assert listed.lines[0] == "NUMBER WHEN COUNT STATE UNDO PLACE"
    assert listed.lines[1].endswith("gs://to-delete/run/")
    assert run("outputs", "undo", gone.json["undo_number"], *HERE).status == 2
    back = run("outputs", "undo", gone.json["undo_number"][:6], "--yes", *HERE)
    assert (back.status, back.out) == (0, "brought back 2 objects, 7 B\n")
    assert names(bucket) == ["other", "run/a", "run/b"]
    assert run("outputs", "undo", "--json", "--local").json[0]["undone"] == 2
    assert run("outputs", "undo", gone.json["undo_number"], "--yes", *HERE).status == 1
    nope = run("outputs", "undo", "nope", *HERE)
    assert (nope.status, "no delete has the number nope here" in nope.err) == (1, True)
    assert run("outputs", "gs://to-delete/run", "rm", "--yes", "--read-only", *HERE).status == 2


def test_what_an_empty_variable_makes_of_a_command_deletes_nothing(local: Server, run: Run) -> None:
    bucket = bucket_with(local, "empty-words", run__a="one", b="two")
    for option in ("--pattern", "--older-than", "--largest", "--keep-checkpoints"):
        for nothing in ("", " "):
            refused = run("outputs", "gs://empty-words/run", "rm", option, nothing, "--yes", *HERE)
            assert (refused.status, f"{option} is empty" in refused.err) == (2, True)
    for path in ("gs://empty-words/", "gs://empty-words//", "gs://empty-words/ "):
        for rule in ((), ("--pattern", "**")):
            refused = run("outputs", path, "rm", *rule, "--yes", *HERE)
            assert (refused.status, "without the slash, gs://empty-words, the" in refused.err) == (2, True)
    assert run("outputs", "", "rm", "--yes", *HERE).status == 2
    assert run("outputs", "undo", "", "--yes", *HERE).status == 2
    assert names(bucket) == ["b", "run/a"]


def test_rules_choose_and_live_jobs_that_write_there_are_named(local: Server, run: Run) -> None:
    steps = {f"run__checkpoint-{number}__weights": "w" for number in (10, 20, 100)}
    bucket = bucket_with(local, "by-rule", run__log="l", run__scratch="t", **steps)
    job = script_job("echo gs://by-rule/run; sleep 300")
    job.display_name = "writes-by-rule"
    live = local.jobs.create_custom_job(parent=PARENT, custom_job=job).name
    by_rule = ("outputs", "gs://by-rule/run", "rm", "--keep-checkpoints", 1, *HERE)
    assert "The job writes-by-rule is " in run(*by_rule, "--dry-run").out
    assert run(*by_rule, "--dry-run", "--json").json["writers"] == [live]
    none = run(*by_rule, "--older-than", "1d", "--yes", "--json")
    assert (none.status, none.json["count"], none.json["deleted"], none.json["stays"]) == (0, 0, 0, 5)
    assert run(*by_rule, "--yes").out == "deleted 2 objects, 2 B\n"
    assert run("outputs", "gs://by-rule/run", "rm", "--pattern", "scr*", "--yes", *HERE).status == 0
    assert names(bucket) == ["run/checkpoint-100/weights", "run/log"]
    assert run("outputs", "gs://by-rule/run/log", "rm", "--pattern", "l*", "--yes", *HERE).status == 2
    assert run("outputs", "gs://by-rule/run/log", "rm", "--yes", *HERE).out == "deleted 1 object, 1 B\n"
    assert run("cancel", "writes-by-rule", "--yes", *HERE).status == 0
    whole = run("outputs", "gs://by-rule", "rm", "--yes", *HERE)
    assert (whole.status, whole.out) == (0, "deleted 1 object, 1 B and the bucket by-rule\n")
    assert not storage_client(local).bucket("by-rule").exists()


def test_what_may_not_be_read_is_one_sentence_and_changes_nothing(
    local: Server, run: Run, tmp_path: Path
) -> None:
    bucket = bucket_with(local, "forbidden-here", run__a="one")
    for words in (("ls",), ("get", tmp_path / "new"), ("rm", "--yes")):
        fault = ("local", "fault", "add", "call", "storage.objects.list", "error", "--code", "403", "--once")
        assert run(*fault).status == 0
        denied = run("outputs", "gs://forbidden-here/run/", *words, *HERE)
        assert (denied.status, denied.out) == (1, "")
        assert len(denied.err.splitlines()) == 1
        assert denied.err.startswith("vertex-tui: gs://forbidden-here/run/: ")
    assert not (tmp_path / "new").exists()
    assert names(bucket) == ["run/a"]


def test_what_is_held_or_may_mean_two_things_is_not_taken_for_done(local: Server, run: Run) -> None:
    bucket = bucket_with(local, "in-doubt", run__a="one", run__both="two", run__both__c="three")
    for words, alone in (
        (("ls",), "vertex-tui outputs gs://in-doubt/run/ --local"),
        (("get", "here"), "gcloud storage cp gs://in-doubt/run/both here"),
        (("rm", "--yes"), "vertex-tui outputs gs://in-doubt/run/ rm --pattern both"),
    ):
        both = run("outputs", "gs://in-doubt/run/both", *words, *HERE)
        assert (both.status, both.out) == (1, "")
        assert f"at its end, gs://in-doubt/run/both/, for the object: {alone}" in both.err
    for name in ("both", "both/c"):
        bucket.blob(f"odd\x07{name}").upload_from_string("four")
    odd = run("outputs", "gs://in-doubt/odd\x07both", "rm", "--yes", *HERE)
    assert (odd.status, "--pattern" in odd.err, "choose in the Storage pane" in odd.err) == (1, False, True)
    (folder,) = run("outputs", "gs://in-doubt/run/both/", "--json", *HERE).json
    assert folder["uri"] == "gs://in-doubt/run/both/c"
    held = bucket.blob("run/a")
    held.temporary_hold = True
    held.patch()
    rest = run("outputs", "gs://in-doubt", "rm", "--yes", "--json", *HERE)
    assert (rest.status, rest.json["deleted"], rest.json["buckets"]) == (1, 4, [])
    assert rest.json["held"] == [{"reason": "a temporary hold", "count": 1, "until": None}]
    only = run("outputs", "gs://in-doubt", "rm", "--yes", *HERE)
    assert (only.status, "take the holds off first" in only.err) == (1, True)


def test_ctrl_c_and_a_reader_that_goes_leave_nothing_half_done(
    local: Server, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    bucket = bucket_with(local, "stopped-there", run__a="one", run__b="two")
    place = "gs://stopped-there/run/"
    for method, seconds, words in (
        ("storage.objects.list", 60, ("ls",)),
        ("storage.objects.get", 60, ("get", tmp_path / "new")),
        ("storage.objects.delete", 1, ("rm", "--yes")),
    ):
        said = run("local", "fault", "add", "call", method, "delay", "--seconds", seconds)
        fault = int(said.out.removeprefix("Fault ").partition(":")[0])
        try:
            process = begin(["outputs", place, *words, "--local"])
            wait_until(partial(happened, run, fault), what="the call")
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=PATIENCE)
        finally:
            assert run("local", "fault", "clear").status == 0
        assert process.returncode == INTERRUPTED, err
        assert "Traceback" not in err
        assert bool(out) is (words[0] == "rm")
        if words[0] == "get":
            assert (
                f"To go on: vertex-tui outputs {place} get {tmp_path / 'new'} --existing keep --local" in err
            )
    assert [each for each in (tmp_path / "new").rglob("*") if each.is_file() and each.suffix != ".part"] == []
    assert (out, names(bucket)) == ("deleted 2 objects, 6 B\n", [])
    assert run("outputs", "undo", "--json", "--local").json[0]["state"] == "complete"
    bucket_with(local, "read-by-nobody", a="one")
    listing = begin(["outputs", "gs://read-by-nobody", "--local"])
    assert listing.stdout is not None
    listing.stdout.close()
    assert listing.wait(PATIENCE) == 141
    assert listing.stderr is not None
    assert listing.stderr.read() == ""
    listing.stderr.close()


def test_a_bucket_goes_only_after_its_name_was_typed(local: Server, home: Path) -> None:
    bucket = bucket_with(local, "typed-name", run__a="one")
    env = {**subprocess_environment(home), "PYTHONPATH": str(Path(__file__).parents[2])}
    words = [*COMMAND, "outputs", "gs://typed-name", "rm", "--local"]
    for typed, status in (("y\r", 1), ("typed-name\r", 0)):
        with Terminal(words, env) as shown:
            shown.wait("The bucket gs://typed-name itself is deleted too.", "Type typed-name to go on:")
            shown.type(typed)
            shown.wait_exit()
            assert shown.status == status
            assert bucket.exists() is bool(status)
