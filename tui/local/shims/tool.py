"""Entry point of the tools: `main("gsutil")`, `main("gcloud")`, `main("pip")`."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from tui.local.shims import commands, reports
from tui.local.shims.cloud import Cloud
from tui.local.shims.commands import REFUSALS, Command, Session
from tui.local.shims.options import Spec, read, spec
from tui.local.shims.pip import run_pip
from tui.local.shims.voice import ToolError, Voice

_RECURSIVE = "-r=recursive -R=recursive"

GSUTIL: dict[str, tuple[Command, Spec]] = {
    "cat": (commands.cat, spec()),
    "cp": (
        commands.cp,
        spec(flags=f"{_RECURSIVE} -n=no-clobber -c=continue -e -P -p -v -D -U", values="-L -s -a"),
    ),
    "du": (reports.du, spec(flags="-s=summary -h=human -c=total")),
    "ls": (reports.ls, spec(flags=f"{_RECURSIVE} -l=long -h=human -p -b -d")),
    "mb": (commands.mb, spec(values="-l=location -c=class -s=class -p -b")),
    "mv": (commands.mv, spec(flags="-n=no-clobber -c=continue -e -P -p", values="-L -s -a")),
    "rb": (commands.rb, spec(flags="-f")),
    "rm": (commands.rm, spec(flags=f"{_RECURSIVE} -f=force -a")),
    "rsync": (
        commands.rsync,
        spec(flags=f"{_RECURSIVE} -d=delete -n=dry-run -c -C -e -P -p -U", values="-a"),
    ),
    "stat": (reports.stat, spec()),
}
"""gsutil's subcommands with their options; those without a meaning of their own have no effect here."""

GSUTIL_FLAGS = spec(flags="-m=parallel -q=quiet -D -DD --help=help --version=version", values="-o -h -i -u")

_EVERY = "--quiet=quiet -q=quiet --no-user-output-enabled=quiet --user-output-enabled"
_EVERY_VALUES = "--project --verbosity --account --format --billing-project --impersonate-service-account"
_STORAGE = spec(flags=_EVERY, values=_EVERY_VALUES)
_DEEP = spec(flags=f"{_EVERY} -r=recursive -R=recursive --recursive=recursive", values=_EVERY_VALUES)

STORAGE: dict[str, tuple[Command, Spec]] = {
    "cat": (commands.cat, _STORAGE),
    "cp": (
        commands.cp,
        _DEEP
        | spec(
            flags="-n=no-clobber --no-clobber=no-clobber -c=continue --continue-on-error=continue -P -p -e",
            values="--storage-class -s",
        ),
    ),
    "du": (
        reports.du,
        _STORAGE
        | spec(flags="-s=summary --summarize=summary -r=human --readable-sizes=human -c=total --total=total"),
    ),
    "ls": (
        reports.ls,
        _DEEP | spec(flags="-l=long --long=long -b --buckets --readable-sizes=human"),
    ),
    "mv": (commands.mv, _STORAGE | spec(flags="-n=no-clobber --no-clobber=no-clobber -P")),
    "rm": (
        commands.rm,
        _DEEP | spec(flags="-a --all-versions -c=force --continue-on-error=force"),
    ),
    "rsync": (
        commands.rsync,
        _DEEP
        | spec(
            flags="-d=delete --delete-unmatched-destination-objects=delete --dry-run=dry-run -c "
            "--checksums-only -P -p -C --continue-on-error"
        ),
    ),
    "buckets create": (
        commands.mb,
        _STORAGE
        | spec(
            flags="-b --uniform-bucket-level-access",
            values="-l=location --location=location -c=class --default-storage-class=class",
        ),
    ),
    "buckets delete": (commands.rb, _STORAGE),
    "buckets list": (reports.ls, _STORAGE),
}


def main(name: str) -> None:
    """Run the tool `name` with this process's arguments; never returns."""
    words = sys.argv[1:]
    tool = {"gsutil": _gsutil, "gcloud": _gcloud}.get(name, _pip)
    try:
        status = tool(words)
    except BrokenPipeError:
        status = 1
    except KeyboardInterrupt:
        status = 130
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        status = status or 1
    os._exit(status)


def _run(command: Command, session: Session, words: Sequence[str], known: Spec) -> int:
    """Run a subcommand; its exit status, with failures said in the tool's words."""
    try:
        return command(session, read(words, known))
    except BrokenPipeError:
        raise
    except REFUSALS as error:
        session.voice.complain(session.voice.wording(error))
        return error.code if isinstance(error, ToolError) else 1


def _fail(text: str, status: int = 2) -> int:
    sys.stderr.write(f"{text}\n")
    return status


def _pip(words: list[str]) -> int:
    try:
        return run_pip(words, os.environ)
    except ToolError as error:
        return _fail(f"pip: {error.message}", error.code)


def _gsutil(words: list[str]) -> int:
    try:
        options = read(words, GSUTIL_FLAGS, leading=True)
        if "version" in options or options.words[:1] == ["version"]:
            print("gsutil version: 5.34 (the local job's own)")  # noqa: T201
            return 0
        known = ", ".join(sorted(GSUTIL))
        if not options.words or "help" in options:
            return _fail(f"In a local job, gsutil knows: {known}.", 0 if "help" in options else 2)
        name, *rest = options.words
        if name not in GSUTIL:
            return _fail(f'gsutil: "{name}" is not supported in a local job, which knows: {known}.')
        voice = Voice("gsutil", quiet="quiet" in options)
        session = Session(Cloud(os.environ), voice, parallel="parallel" in options)
    except ToolError as error:
        return _fail(f"gsutil: {error.message}", error.code)
    command, flags = GSUTIL[name]
    return _run(command, session, rest, flags)


def _gcloud(words: list[str]) -> int:
    every = spec(flags=f"{_EVERY} --help=help --version=version", values=_EVERY_VALUES)
    try:
        options = read(words, every, leading=True)
        if "version" in options or options.words[:1] == ["version"]:
            print("Google Cloud SDK 528.0.0 (the local job's own)")  # noqa: T201
            return 0
        group = options.words[:1]
        if group == ["storage"]:
            return _storage(options.words[1:], quiet="quiet" in options)
        return _small(options.words)
    except ToolError as error:
        return _fail(f"gcloud: {error.message}", error.code)


def _storage(words: list[str], *, quiet: bool) -> int:
    known = ", ".join(sorted(STORAGE))
    for count in (2, 1):
        name = " ".join(words[:count])
        if name in STORAGE:
            command, flags = STORAGE[name]
            rest = words[count:]
            said = quiet or any(word in {"-q", "--quiet", "--no-user-output-enabled"} for word in rest)
            voice = Voice(f"gcloud.storage.{name.replace(' ', '.')}", quiet=said)
            session = Session(Cloud(os.environ), voice, parallel=True)
            return _run(command, session, rest, flags)
    return _fail(
        f'gcloud: "storage {" ".join(words[:1])}" is not supported in a local job, which knows: {known}.'
    )


def _small(words: list[str]) -> int:
    """The questions that scripts ask of gcloud."""
    found = read(words, spec(flags=_EVERY, values=_EVERY_VALUES)).words
    values = {
        "project": os.environ.get("GOOGLE_CLOUD_PROJECT", ""),
        "core/project": os.environ.get("GOOGLE_CLOUD_PROJECT", ""),
    }
    if found[:2] in (["config", "get-value"], ["config", "get"]) and len(found) == 3:  # noqa: PLR2004
        if not values.get(found[2]):
            return _fail("(unset)", 0)
        print(values[found[2]])  # noqa: T201
        return 0
    if found[:2] == ["auth", "print-access-token"]:
        with open(os.environ.get("CLOUDSDK_AUTH_ACCESS_TOKEN_FILE", ""), encoding="utf-8") as file:  # noqa: PTH123
            print(file.read().strip())  # noqa: T201
        return 0
    if found[:2] == ["auth", "activate-service-account"] or found[:2] == ["auth", "configure-docker"]:
        return _fail("A local job is signed in as its service account already.", 0)
    return _fail(
        f'gcloud: "{" ".join(found[:2])}" is not supported in a local job, which knows: storage, '
        "config get-value project, auth print-access-token."
    )
