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
    """`1.2 of 4.0 GiB`, `812 MiB of 4.0 GiB`."""
    large = size(whole)
    number, _, unit = size(done).partition(" ")
    return f"{number} of {large}" if large.endswith(f" {unit}") else f"{float(number):.0f} {unit} of {large}"


def shown_state(transfer: Transfer, file: FileWork) -> State:
    """A file that waits in a transfer that stands still is paused."""
    return State.PAUSED if file.state is State.QUEUED and transfer.held else file.state


def bar(done: int, whole: int, width: int = BAR) -> str:
    """A bar that is full only when all is done."""
    full = width if done >= whole else min(width * done // max(whole, 1), width - 1)
    return "━" * full + "─" * (width - full)


def strip_words(hub: Hub) -> tuple[str, str]:
    """The line above the footer and its tone; empty when there is nothing to say.

    What moves comes first, then what has stopped by a trouble, what has ended since somebody looked, and
    last what stands still because it was told to, or since an earlier session.
    """
    active = hub.active
    if not active:
        return _still_words(hub)
    waiting = [one for one in active if one.held]
    if len(waiting) == len(active):
        seconds = max((waiting[0].resumes_at or 0) - hub.clock(), 0)
        words = f"‖ {waiting[0].reason} · goes on by itself in {duration(seconds)}"
        return printable(words), "warning"
    stopped = sum(_is_stopped(one) for one in hub.transfers)
    more = [f"{stopped:,} stopped: f6 shows why"] if stopped else []
    return " · ".join([_running_words(hub, active), *more]), "warning" if stopped else ""


def _still_words(hub: Hub) -> tuple[str, str]:
    """While nothing moves by itself."""
    held = [one for one in hub.transfers if not one.settled]
    stopped = [one for one in held if _is_stopped(one)]
    parts, tone, hint = [], "warning", "f6 shows it"
    if stopped:
        parts.append(f"‖ {_of_first(stopped)}")
    ended = [one for one in hub.transfers if one.settled and not one.seen] if hub.unseen else []
    if ended:
        failed = any(one.failed for one in ended)
        parts.append(_ended_words(ended))
        tone = "error" if failed else tone if stopped else "success"
        again = " and tries again" if any(one.can_be_retried for one in ended) else ""
        hint = f"f6 shows why{again}" if failed else "f6 shows transfers"
    rest = [one for one in held if one not in stopped]
    if rest and parts:
        parts.append(f"{len(rest):,} paused")
    elif rest:
        parts.append(f"‖ {_of_first(rest)}")
    return (printable(" · ".join([*parts, hint])), tone) if parts else ("", "")


def _is_stopped(transfer: Transfer) -> bool:
    """Whether a trouble of this session stopped it until the user lets it go on."""
    stands = transfer.held and not transfer.settled and transfer.resumes_at is None
    return stands and bool(transfer.reason) and bool(transfer.began)


def _of_first(held: Sequence[Transfer]) -> str:
    first = held[0]
    more = f" and {len(held) - 1:,} more" if len(held) > 1 else ""
    return f"{first.reason or 'paused'}: {first.direction.value} {first.title}{more}"


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


def _ended_words(ended: Sequence[Transfer]) -> str:
    failed = sum(one.failed for one in ended)
    if failed:
        files = sum(len(one.files) for one in ended)
        return f"✗ {failed:,} of {files:,} files failed"
    if len(ended) == 1:
        return summary(ended[0])
    files, kept = sum(one.carried for one in ended), sum(one.counts[State.KEPT] for one in ended)
    whole = sum(one.bytes_carried for one in ended)
    parts = [f"✓ {len(ended):,} transfers ended: {files:,} files, {size(whole)}"]
    parts += [f"{kept:,} kept as they were"] if kept else []
    return " · ".join(parts)


def summary(transfer: Transfer) -> str:
    """What became of a transfer, or how far it is, in one line."""
    counts = transfer.counts
    verb = "downloaded" if transfer.direction is Direction.DOWN else "uploaded"
    done = counts[State.DONE]
    parts = [f"{verb} {done:,} file{'' if done == 1 else 's'}, {size(transfer.bytes_carried)}"]
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
