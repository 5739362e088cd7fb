"""`vertex-tui export ID DIR`: a job's record as files, which `vertex-tui local import` can serve again."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from tui.cli_common import CommandLineError, common_options, merged_options
from tui.commands.exits import Exit
from tui.commands.find import Found, find_job
from tui.commands.folder import Folder
from tui.commands.hiding import Hide, hidden_entry, hidden_job, hider
from tui.commands.logread import FOR_GOOD
from tui.commands.output import note, progress, safe, say
from tui.commands.session import going_on, run_lightly
from tui.domain.errors import CloudError
from tui.domain.gateway import HeadlessGateway, RecordsGateway
from tui.domain.logs import job_filter
from tui.domain.polling import PollPace
from tui.services.options import AppOptions

JOB_FILE, LOG_FILE = "job.json", "log.jsonl"
_TRIES = 8
_PAUSE = 2.0
_PACE = 12
"""Pages read at once; after those the quota of the project's readers (60 a minute) is left room."""
_REST = 1.5
"""Seconds before each further page."""


@click.command()
@click.argument("wanted", metavar="ID")
@click.argument("folder", metavar="DIR", type=Folder())
@click.option("--with-secrets", is_flag=True, help="Keep values of the environment and secrets as they are.")
@click.option("--force", is_flag=True, help="Replace a record that is there.")
@common_options
@click.pass_context
def export(
    ctx: click.Context,
    /,
    wanted: str,
    folder: Path,
    *,
    with_secrets: bool,
    force: bool,
    **given: Any,  # noqa: ANN401  # the common options
) -> Exit:
    """Write a job's record to DIR: job.json and log.jsonl, in the API's JSON, secrets hidden.

    \b
    Examples:
      vertex-tui export my-run records/my-run
      vertex-tui local import records/my-run
    """  # noqa: D301
    folder = folder.expanduser()
    _refuse(folder, force=force)

    async def work(gateway: HeadlessGateway, options: AppOptions) -> Exit:
        found = await find_job(gateway, options, wanted)
        hide = None if with_secrets else await hider(options, found.job)
        count = await _export(gateway.elsewhere(found.place), found, folder, hide, force=force)
        if found.job.state.live:
            note(f"The job is {found.job.state.word}: its record is as of now.")
        if with_secrets:
            note("The files hold the secrets of the job; only you can read them.")
        for name in (JOB_FILE, LOG_FILE):
            say(str(folder / name) if str(folder).isprintable() else safe(folder / name))
        note(f"{count:,} log {'entry' if count == 1 else 'entries'}")
        return Exit.OK

    return run_lightly(merged_options(ctx, given), work)


def _refuse(folder: Path, *, force: bool) -> None:
    """Refuse a folder that has such files already.

    Raises:
        CommandLineError: it has, or is no folder.
    """
    there = [name for name in (JOB_FILE, LOG_FILE) if os.path.lexists(folder / name)]
    if there and not force:
        raise CommandLineError(
            f"{safe(folder)} has {' and '.join(there)} already; name another folder, or replace with --force",
            Exit.FAILED,
        )


async def _export(
    there: HeadlessGateway, found: Found, folder: Path, hide: Hide | None, *, force: bool
) -> int:
    """Write the record, whole or not at all; how many log entries it has."""
    writing = _Record(folder)
    try:
        count = await _write(writing, there, found, hide)
        await asyncio.to_thread(writing.finish, force=force)
    except OSError as error:
        words = f"{safe(folder)} cannot be written: {error.strerror or error}; name another folder"
        raise CommandLineError(words, Exit.FAILED) from error
    finally:
        writing.discard()
    return count


async def _write(writing: _Record, there: HeadlessGateway, found: Found, hide: Hide | None) -> int:
    """Write both files; how many entries there are."""
    records = there.records
    job = await records.job(found.job.name)
    shown = job if hide is None else hidden_job(job, hide)
    await asyncio.to_thread(writing.open)
    await asyncio.to_thread(writing.job, json.dumps(shown, indent=2, ensure_ascii=False) + "\n")
    token, count, number = "", 0, 0
    filter_ = job_filter(found.job.job_id)
    while True:
        if number >= _PACE and not there.target.is_local:
            await asyncio.sleep(_REST)
        entries, token = await _page(records, filter_, token)
        await asyncio.to_thread(writing.entries, entries, hide)
        count, number = count + len(entries), number + 1
        if not token:
            return count
        progress(f"reading the log: {count:,} entries so far …", plain="")


async def _page(records: RecordsGateway, filter_: str, token: str) -> tuple[list[Mapping[str, Any]], str]:
    """One page, tried again while that can help.

    Raises:
        CloudError: it cannot be read.
    """
    pace = PollPace(_PAUSE, _PAUSE)
    while True:
        try:
            return await records.entries(filter_, page_token=token)
        except CloudError as error:
            pace.failed(error.retry_after)
            if error.kind in FOR_GOOD or pace.failures >= _TRIES:
                raise
            note(going_on(error))
        await asyncio.sleep(pace.delay(live=True))


class _Record:
    """Files without their names until they are whole: job.json comes last, and makes a folder a record."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.absolute()
        self._made: list[Path] = []
        """Folders that were not there."""
        self._place: Path | None = None

    def open(self) -> None:
        """Make room beside where the files will be."""
        missing = [each for each in (self._folder, *self._folder.parents) if not each.exists()]
        for each in reversed(missing):
            each.mkdir(mode=0o700)
            self._made.append(each)
        self._place = Path(tempfile.mkdtemp(dir=self._folder, prefix=".export-"))

    def job(self, text: str) -> None:
        """Write the job."""
        self._append(JOB_FILE, text)
        self._append(LOG_FILE, "")

    def entries(self, entries: list[Mapping[str, Any]], hide: Hide | None) -> None:
        """Write log entries, one a line."""
        shown = entries if hide is None else [hidden_entry(each, hide) for each in entries]
        lines = (f"{json.dumps(each, ensure_ascii=False, separators=(',', ':'))}\n" for each in shown)
        self._append(LOG_FILE, "".join(lines))

    def finish(self, *, force: bool) -> None:
        """Give the files their names.

        Raises:
            OSError: a file cannot be written, or has come there meanwhile.
        """
        for name in (JOB_FILE, LOG_FILE):
            descriptor = os.open(self._part(name), os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        if force:
            (self._folder / JOB_FILE).unlink(missing_ok=True)  # while the log changes it is no record
        for name in (LOG_FILE, JOB_FILE):
            target = self._folder / name
            if not force and os.path.lexists(target):
                raise FileExistsError(None, f"{name} has come there meanwhile")
            self._part(name).replace(target)
        self._made.clear()

    def discard(self) -> None:
        """Leave nothing but the files with their names."""
        if self._place is not None:
            shutil.rmtree(self._place, ignore_errors=True)
        for folder in reversed(self._made):
            try:
                folder.rmdir()
            except OSError:
                return

    def _part(self, name: str) -> Path:
        """Where a file is written; under a name that makes no record of it."""
        return (self._place or self._folder) / f"{name}.part"

    def _append(self, name: str, text: str) -> None:
        part = self._part(name)
        if not part.exists():
            part.touch(mode=0o600)
        with part.open("ab") as file:
            file.write(text.encode("utf-8", "replace"))
