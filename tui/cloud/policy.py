"""IAM policies: read at version 3, changed only as a whole with their etag, one member at a time."""

# mypy: disable-error-code=no-untyped-call
from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, MutableSequence, Sequence
from typing import Generic, Protocol, TypeVar

from tui.domain.access import Binding, Policy
from tui.domain.errors import CloudError, ErrorKind

VERSION = 3
"""The policy version that keeps conditions; with any other they are lost (FACTS 8.4)."""

TRIES = 40
"""Whole read-modify-write cycles before a change gives up: of many editors one wins every round."""

TRIES_IN_TROUBLE = 8
"""Cycles that end in another way than with somebody else's change: errors and lost answers."""

FIRST_PAUSE = 0.3
"""Seconds, at most, before the second cycle; doubled for each further one up to `LONGEST_PAUSE`."""

LONGEST_PAUSE = 5.0

_TROUBLE = frozenset({ErrorKind.INTERNAL, ErrorKind.UNREACHABLE, ErrorKind.TIMEOUT, ErrorKind.RATE})
"""Failures after which the cycle is worth repeating; CONFLICT is another."""

_ANY_CASE = ("user:", "serviceAccount:", "group:", "domain:")
"""Kinds of members whose names IAM writes in lower case, whatever was sent."""


class Document(Protocol):
    """A policy in the form its service sends it, changed in place so that all else stays as it is."""

    @property
    def etag(self) -> bytes:
        """What the service compares before it takes a new policy."""
        ...

    def bindings(self) -> tuple[Binding, ...]:
        """All bindings in their order."""
        ...

    def plain(self, role: str) -> Sequence[MutableSequence[str]]:
        """The members of each binding of `role` that has no condition."""
        ...

    def add(self, role: str, member: str) -> None:
        """Append a binding without a condition."""
        ...

    def drop_empty(self, role: str) -> None:
        """Drop bindings of `role` that have neither members nor a condition."""
        ...

    def mark_version(self) -> None:
        """Say that the policy is of version 3."""
        ...


Doc = TypeVar("Doc", bound=Document)


class Place(Protocol[Doc]):
    """Where a policy is kept."""

    async def fetch(self) -> Doc:
        """The policy at version 3.

        Raises:
            CloudError: it cannot be read.
        """
        ...

    async def store(self, document: Doc) -> None:
        """Replace the policy, if its etag is still the document's.

        Raises:
            CloudError: CONFLICT if it is not; other failures, `ambiguous` if it may have been replaced.
        """
        ...


Edit = Callable[[Document], tuple[str, ...]]
"""Changes a policy in place; the roles that it changed."""


class PolicyEditor(Generic[Doc]):
    """Reads one policy, and puts members into it or takes them out."""

    def __init__(self, place: Place[Doc]) -> None:
        self._place = place

    async def read(self) -> Policy:
        """The policy at version 3."""
        document = await self._place.fetch()
        return Policy(document.bindings(), document.etag)

    async def grant(self, member: str, roles: Sequence[str]) -> tuple[str, ...]:
        """Add `member` to `roles` without a condition; the roles that this gave it.

        Raises:
            CloudError: the last failure.
        """
        return await self._change(lambda document: add_member(document, member, roles), roles)

    async def revoke(self, member: str, roles: Sequence[str]) -> tuple[str, ...]:
        """Take `member` out of the unconditional bindings of `roles`; the roles that this took from it.

        Raises:
            CloudError: the last failure.
        """
        return await self._change(lambda document: remove_member(document, member, roles), roles)

    async def _change(self, edit: Edit, roles: Sequence[str]) -> tuple[str, ...]:
        """Read, modify and write until a write is acknowledged, or nothing is left to change.

        The whole cycle is repeated when somebody else changes the policy in between, and when an answer gets
        lost: then what this had set out to change and finds changed counts as its own doing.
        """
        doubtful: set[str] = set()
        trouble, pause = 0, FIRST_PAUSE
        for attempt in range(1, TRIES + 1):
            wanted: tuple[str, ...] = ()
            try:
                document = await self._place.fetch()
                wanted = edit(document)
                if wanted:
                    _require_etag(document)
                    await self._place.store(document)
                return tuple(role for role in dict.fromkeys(roles) if role in doubtful.union(wanted))
            except CloudError as error:
                doubtful.update(wanted if error.ambiguous else ())
                error.ambiguous = bool(doubtful)
                trouble += error.kind is not ErrorKind.CONFLICT
                read_only = not wanted and not doubtful
                if read_only or trouble >= TRIES_IN_TROUBLE or attempt == TRIES or not _repeats(error):
                    raise
                least = error.retry_after or 0.0
            await asyncio.sleep(least + random.uniform(0.3, 1.0) * pause)  # noqa: S311 (jitter)
            pause = min(2 * pause, LONGEST_PAUSE)
        raise AssertionError("the last attempt returns or raises")


def add_member(policy: Document, member: str, roles: Sequence[str]) -> tuple[str, ...]:
    """Add `member` to unconditional bindings of `policy`; the roles among `roles` that were lacking."""
    lacking: list[str] = []
    for role in dict.fromkeys(roles):
        plain = policy.plain(role)
        if any(_position(members, member) is not None for members in plain):
            continue
        if plain:
            plain[0].append(member)
        else:
            policy.add(role, member)
        lacking.append(role)
    policy.mark_version()
    return tuple(lacking)


def remove_member(policy: Document, member: str, roles: Sequence[str]) -> tuple[str, ...]:
    """Take `member` out of unconditional bindings of `policy`; the roles among `roles` that it was in.

    A binding that is left without members is dropped, since the services keep none.
    """
    taken: list[str] = []
    for role in dict.fromkeys(roles):
        before = len(taken)
        for members in policy.plain(role):
            while (position := _position(members, member)) is not None:
                del members[position]
                taken.append(role)
        if len(taken) > before:
            policy.drop_empty(role)
    policy.mark_version()
    return tuple(dict.fromkeys(taken))


def _position(members: Sequence[str], member: str) -> int | None:
    wanted = _key(member)
    return next((place for place, one in enumerate(members) if _key(one) == wanted), None)


def _key(member: str) -> str:
    """What two spellings of a member have in common."""
    return member.lower() if member.startswith(_ANY_CASE) else member


def _repeats(error: CloudError) -> bool:
    return error.kind is ErrorKind.CONFLICT or error.kind in _TROUBLE


def _require_etag(document: Document) -> None:
    """Refuse to write what came without an etag: that would replace whatever is there by then."""
    if not document.etag:
        raise CloudError(
            "The policy cannot be changed safely",
            "It came without an etag, so that changes by others could get lost.",
            hint="Try again; if it stays so, use gcloud",
            kind=ErrorKind.PRECONDITION,
        )
