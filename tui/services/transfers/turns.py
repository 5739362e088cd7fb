"""Whose turn it is: the next file to carry, of the transfer with the fewest in flight first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tui.domain.transfers.overwrite import Overwrite
from tui.services.transfers.claims import Claims
from tui.services.transfers.model import Direction, FileWork, State, Transfer

WAITS_FOR = "waits for another transfer that writes the same file"


def choose(
    transfers: Sequence[Transfer], flying: Mapping[FileWork, Transfer], claims: Claims
) -> tuple[Transfer, FileWork] | None:
    """The next file, taken from its transfer's queue, given those in flight; None if none may begin."""
    counts = {id(one): 0 for one in transfers}
    for owner in flying.values():
        counts[id(owner)] = counts.get(id(owner), 0) + 1
    ready = [one for one in transfers if not one.held and one.queue]
    for transfer in sorted(ready, key=lambda one: counts[id(one)]):
        if (found := _next(transfer, flying, claims)) is not None:
            return transfer, found
    return None


def _next(transfer: Transfer, flying: Mapping[FileWork, Transfer], claims: Claims) -> FileWork | None:
    """Its next file; one whose last try is still ending, or that another one writes, waits for its turn."""
    writes = transfer.direction is Direction.DOWN and transfer.rule is not Overwrite.BOTH
    busy = claims.busy(flying) if writes else frozenset()
    for _ in range(len(transfer.queue)):
        file = transfer.queue.popleft()
        if file in flying:
            transfer.queue.append(file)
        elif file.state is State.QUEUED and file.path in busy:
            file.reason = WAITS_FOR
            transfer.queue.append(file)
        elif file.state is State.QUEUED:
            return file
    return None
