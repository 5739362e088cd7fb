"""How far transfers are, in words: one line for all, one for each, one for each file."""

from __future__ import annotations

from collections.abc import Sequence

from tui.domain.text import duration, printable, size
from tui.services.transfers.hub import Hub
from tui.services.transfers.model import Direction, FileWork, State, Transfer

ARROWS = {Direction.DOWN: "↓", Direction.UP: "↑"}

GLYPHS = {
    State.QUEUED: "·",
    State.RUNNING: "▸",
    State.PAUSED: "‖",
    State.DONE: "✓",
    State.KEPT: "=",
    State.FAILED: "✗",
    State.CANCELLED: "-",
}
"""Each state has a sign of its own, so that colour is never all that tells."""

BAR = 10
"""Cells of a bar."""


def of_sizes(done: int, whole: int) -> str:
    """`1.2 of 4.0 GiB`, `812 B of 4.0 GiB`."""
    small, large = size(done), size(whole)
    number, _, unit = small.partition(" ")
    return f"{number} of {large}" if large.endswith(f" {unit}") else f"{small} of {large}"


def shown_state(transfer: Transfer, file: FileWork) -> State:
    """A file that waits in a transfer that stands still is paused."""
    return State.PAUSED if file.state is State.QUEUED and transfer.held else file.state


def bar(done: int, whole: int, width: int = BAR) -> str:
    """A bar that is full only when all is done."""
    full = width if done >= whole else min(width * done // max(whole, 1), width - 1)
    return "━" * full + "─" * (width - full)


def strip_words(hub: Hub) -> tuple[str, str]:
    """The line above the footer and its tone; empty when there is nothing to say."""
    active = hub.active
    if active:
        waiting = [one for one in active if one.held]
        if len(waiting) == len(active):
            seconds = max((waiting[0].resumes_at or 0) - hub.clock(), 0)
            words = f"‖ {waiting[0].reason} · goes on by itself in {duration(seconds)}"
            return printable(words), "warning"
        return _running_words(hub, active), ""
    held = [one for one in hub.transfers if not one.settled]
    if held:
        first = held[0]
        reason = first.reason or "paused"
        more = f" and {len(held) - 1:,} more" if len(held) > 1 else ""
        words = f"‖ {reason}: {first.direction.value} {first.title}{more} · f6 shows it"
        return printable(words), "warning"
    return _ended_words(hub.transfers) if hub.unseen else ("", "")


def _running_words(hub: Hub, active: Sequence[Transfer]) -> str:
    arrows = "".join(ARROWS[way] for way in Direction if any(one.direction is way for one in active))
    now = hub.clock()
    done = sum(one.finished for one in active)
    whole = sum(len(one.files) for one in active)
    parts = [
        f"{arrows} {done:,} of {whole:,} file{'' if whole == 1 else 's'}",
        of_sizes(sum(one.bytes_done for one in active), sum(one.bytes for one in active)),
    ]
    rate = sum(one.rate.per_second(now) for one in active)
    if rate:
        parts.append(f"{size(int(rate))}/s")
    left = [one.seconds_left(now) for one in active]
    if left and None not in left:
        parts.append(duration(max(value for value in left if value is not None)))
    failed = sum(one.failed for one in active)
    parts += [f"{failed:,} failed"] if failed else []
    return " · ".join([*parts, *(["not noted for the next start"] if any(_unnoted(active)) else [])])


def _ended_words(transfers: Sequence[Transfer]) -> tuple[str, str]:
    ended = [one for one in transfers if one.settled]
    if not ended:
        return "", ""
    failed = sum(one.failed for one in ended)
    files = sum(len(one.files) for one in ended)
    if failed:
        return f"✗ {failed:,} of {files:,} files failed · f6 shows why and tries again", "error"
    if len(ended) == 1:
        return f"{summary(ended[0])} · f6 shows transfers", "success"
    whole = sum(one.bytes_done for one in ended)
    return (
        f"✓ {len(ended):,} transfers ended: {files:,} files, {size(whole)} · f6 shows transfers",
        "success",
    )


def summary(transfer: Transfer) -> str:
    """What became of a transfer, or how far it is, in one line."""
    counts = transfer.counts
    verb = "downloaded" if transfer.direction is Direction.DOWN else "uploaded"
    done = counts[State.DONE]
    parts = [f"{verb} {done:,} file{'' if done == 1 else 's'}, {size(transfer.bytes_done)}"]
    if counts[State.KEPT]:
        parts.append(f"{counts[State.KEPT]:,} kept as they were")
    if counts[State.FAILED]:
        parts.append(f"{counts[State.FAILED]:,} failed")
    if counts[State.CANCELLED]:
        parts.append(f"{counts[State.CANCELLED]:,} cancelled")
    if transfer.files_left:
        parts.append(f"{transfer.files_left:,} left")
    return f"{GLYPHS[transfer.state]} {' · '.join(parts)}"


def _unnoted(transfers: Sequence[Transfer]) -> list[str]:
    """Why transfers that are not over are written down nowhere."""
    return list(dict.fromkeys(one.unnoted for one in transfers if one.unnoted and not one.settled))


def progress(transfer: Transfer, now: float) -> str:
    """Of one transfer: files, bytes, rate and time left, or why it stands still."""
    if transfer.settled:
        return summary(transfer)
    return " · ".join(
        [_progress(transfer, now), *(f"not noted for the next start: {why}" for why in _unnoted([transfer]))]
    )


def _progress(transfer: Transfer, now: float) -> str:
    parts = [
        f"{transfer.finished:,} of {len(transfer.files):,}",
        of_sizes(transfer.bytes_done, transfer.bytes),
    ]
    if transfer.held:
        words = transfer.reason or "paused"
        if transfer.resumes_at is not None:
            words += f", goes on in {duration(max(transfer.resumes_at - now, 0))}"
        return printable(" · ".join([*parts, words]))
    if rate := transfer.rate.per_second(now):
        parts.append(f"{size(int(rate))}/s")
    left = transfer.seconds_left(now)
    if left is not None:
        parts.append(f"{duration(left)} left")
    if transfer.failed:
        parts.append(f"{transfer.failed:,} failed")
    return " · ".join(parts)


def under_way(transfer: Transfer) -> str:
    """What is asked about when the app is left."""
    whole = of_sizes(transfer.bytes_done, transfer.bytes)
    files = f"{transfer.finished:,} of {len(transfer.files):,} files"
    return f"{transfer.direction.value} {transfer.title}: {files}, {whole}"


def left_behind(transfers: Sequence[Transfer]) -> list[str]:
    """What stays when the app is left meanwhile."""
    down = [one for one in transfers if one.direction is Direction.DOWN]
    up = [one for one in transfers if one.direction is Direction.UP]
    lines = ["Transfers stop when vertex-tui ends; the next start offers to go on with them."]
    lines += [f"⚠ Not with all: {why}." for why in _unnoted(transfers)]
    if down:
        folder = printable(str(down[0].folder))
        more = " and elsewhere" if any(one.folder != down[0].folder for one in down) else ""
        lines.append(
            f"Unfinished files stay as hidden .part files in {folder}{more}, never under a final name."
        )
    if up:
        lines.append("Of an upload only whole objects are in the bucket.")
    return lines
