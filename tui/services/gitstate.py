"""What git makes of a file, by the user's own `git`; only `.gitignore` is ever changed, when asked to."""

from __future__ import annotations

import asyncio
import os
import shutil
import stat
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tui.domain.spec.git_secret import NOT_IN_GIT, GitStanding, ignore_pattern, with_pattern
from tui.services.files import write_atomic

TIMEOUT = 5.0
"""Seconds that one call of git may take: a work tree on a sleeping disk must not be waited for."""
MOST_BYTES = 1_000_000
"""Of a `.gitignore` that is changed."""
_NEW_MODE = 0o644
_OPTIONS = ("--no-optional-locks", "-c", "core.fsmonitor=false")
"""Nothing is written, and no program started that a repository names."""
_UNTRUSTED = "git does not trust the folder, which belongs to another user (safe.directory)"


@dataclass(frozen=True, slots=True)
class _Answer:
    code: int
    out: bytes = b""
    err: str = ""


class GitIgnoreError(Exception):
    """`.gitignore` was not changed, or the change had no effect; in words."""


async def git_standing(path: Path, *, patience: float = TIMEOUT) -> GitStanding:
    """Whether a file is in a work tree, tracked there, ignored there.

    Nothing is known without `git`, and the file counts as in none then. Links are followed.
    """
    file = await asyncio.to_thread(os.path.realpath, path)
    folder, name = os.path.split(file)
    git = shutil.which("git")
    if git is None or not await asyncio.to_thread(os.path.isdir, folder):
        return NOT_IN_GIT
    try:
        top = await _ask(git, folder, patience, "rev-parse", "--show-toplevel")
        root = os.fsdecode(top.out.removesuffix(b"\n"))
        if top.code != 0 or not root:
            untrusted = "dubious ownership" in top.err or "safe.directory" in top.err
            return GitStanding(folder, name, trouble=_UNTRUSTED) if untrusted else NOT_IN_GIT
        relative = await asyncio.to_thread(_below, root, file)
        listed = ("--literal-pathspecs", "ls-files", "--error-unmatch", "--", f"./{name}")
        tracked = await _ask(git, folder, patience, *listed)
        ignored = await _ask(git, folder, patience, "check-ignore", "-q", "--", f"./{name}")
    except (OSError, TimeoutError):
        return GitStanding(folder, name, trouble="git did not answer")
    if tracked.code not in (0, 1) or ignored.code not in (0, 1):
        return GitStanding(root, relative, trouble="git could not be asked about it")
    return GitStanding(root, relative, tracked.code == 0, ignored.code == 0)


def _below(root: str, file: str) -> str:
    return os.path.relpath(file, os.path.realpath(root)).replace(os.sep, "/")


async def ignore(standing: GitStanding) -> GitStanding:
    """Add a file to the `.gitignore` of its work tree's top folder; how it stands then.

    Raises:
        GitIgnoreError: it cannot be written, or another rule takes the file in all the same.
    """
    await asyncio.to_thread(_add, standing)
    after = await git_standing(Path(standing.root) / standing.relative)
    if not after.tracked and after.ignored is False:
        raise GitIgnoreError("The line was added, but another .gitignore takes the file in all the same.")
    return after


def _add(standing: GitStanding) -> None:
    pattern = ignore_pattern(standing.relative)
    file = Path(standing.root) / ".gitignore"
    if pattern is None:
        raise GitIgnoreError("A file with a line break in its name cannot be ignored by name.")
    if file.is_symlink():
        raise GitIgnoreError(".gitignore is a link, which git does not follow.")
    try:
        before, mode = b"", _NEW_MODE
        with suppress(FileNotFoundError):
            status = file.stat()
            if status.st_size > MOST_BYTES or not stat.S_ISREG(status.st_mode):
                raise GitIgnoreError(".gitignore is no ordinary file, or is too large.")
            before, mode = file.read_bytes(), stat.S_IMODE(status.st_mode)
        if os.fsencode(pattern) not in before.splitlines():
            write_atomic(file, with_pattern(before, pattern), mode=mode)
    except OSError as failure:
        raise GitIgnoreError(f".gitignore cannot be written: {failure.strerror or failure}.") from failure


async def _ask(git: str, folder: str, patience: float, *words: str) -> _Answer:
    """Run git in a folder without a shell, without a terminal, for so long at most.

    Raises:
        OSError: it cannot be started.
        TimeoutError: it did not end in time, and was ended.
    """
    process = await asyncio.create_subprocess_exec(
        git,
        *_OPTIONS,
        *words,
        cwd=folder,
        env=_environment(os.environ),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    try:
        out, err = await asyncio.wait_for(process.communicate(), patience)
    except BaseException:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        raise
    return _Answer(process.returncode or 0, out, err.decode("utf-8", "replace"))


def _environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The user's, without what would make git look at another repository or ask for a password."""
    kept = {
        name: value
        for name, value in environ.items()
        if not name.startswith("GIT_")
        or name in {"GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM"}
    }
    return {**kept, "LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_ASKPASS": "true", "SSH_ASKPASS": "true"}
