"""Getting texts out of the app: into the clipboard where it can be reached, and always into a file."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from tui.services.files import write_atomic
from tui.services.paths import Paths, private_dir, show_path
from tui.services.terminal_facts import is_apple_terminal_here

HELPER_SECONDS = 2.0
"""A program that takes a text for the clipboard gets no longer."""


def copies_file(paths: Paths) -> Path:
    """Where the text that was copied last is kept."""
    return paths.state_dir / "copied.txt"


def cleaned(text: str, values: Iterable[str] = ()) -> str:
    """`text` as it may leave the app: without secret values or tokens of a known shape, and valid UTF-8."""
    from tui.domain.secrets import hide, mask_tokens  # noqa: PLC0415 (many patterns; no first frame needs them)

    return mask_tokens(hide(text, values)).encode("utf-8", "replace").decode()


def keep(paths: Paths, text: str, values: Iterable[str] = ()) -> Path:
    """Keep `text`, cleaned, in a private file, in place of the one kept before; waits for the disk.

    Raises:
        OSError: the folder or the disk does not allow it.
    """
    path = copies_file(paths)
    private_dir(path.parent)
    write_atomic(path, cleaned(text, values).encode(), mode=0o600)
    return path


def said(title: str, path: Path | None, lines: int) -> str:
    """What to tell of a copied text; `path` is None when no file could be written."""
    counted = f" ({lines} lines)" if lines > 1 else ""
    kept = f"; also in {show_path(path)}" if path else ""
    return f"Copied {title}{counted}{kept}"


async def hand_out(
    text: str,
    title: str,
    *,
    paths: Paths,
    environ: Mapping[str, str],
    send: Callable[[str], None],
    values: Iterable[str] = (),
) -> str:
    """Copy `text` in every way there is and say so, e.g. `Copied the request (14 lines); also in …`.

    `title` is what it is, in words; `send` gives it to the terminal (`App.copy_to_clipboard`); `values` are
    secrets that must not leave the app, beside those of the secrets file.
    """
    from tui.services.secrets import stored_values  # noqa: PLC0415 (no first frame needs it)

    stored = await asyncio.to_thread(stored_values, paths.secrets_file)
    clean = await asyncio.to_thread(cleaned, text, [*values, *stored])
    send(clean)
    await to_helper(clean, environ)
    path: Path | None = None
    with suppress(OSError):
        path = await asyncio.to_thread(keep, paths, clean)
    return said(title, path, len(clean.splitlines()))


async def to_helper(text: str, environ: Mapping[str, str]) -> bool:
    """Give a cleaned text to the program that reaches the clipboard where the terminal alone does not.

    tmux drops a program's own request by default but makes it itself for `load-buffer -w` (from 3.2 on, see
    its manual); Apple's Terminal knows none, and there macOS has `pbcopy`. False when neither applies, or it
    failed.
    """
    if environ.get("TMUX"):
        command: tuple[str, ...] = ("tmux", "load-buffer", "-w", "-")
    elif is_apple_terminal_here(environ):
        command = ("pbcopy",)
    else:
        return False
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            env=dict(environ),
        )
    except OSError:
        return False
    try:
        async with asyncio.timeout(HELPER_SECONDS):
            await process.communicate(text.encode())
    except TimeoutError:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
    return process.returncode == 0
