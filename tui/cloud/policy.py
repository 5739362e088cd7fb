"""The project's IAM policy: read at version 3, changed only as a whole with its etag."""

# mypy: disable-error-code=no-untyped-call
from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from typing import Any

from google.iam.v1.iam_policy_pb2 import GetIamPolicyRequest, SetIamPolicyRequest
from google.iam.v1.options_pb2 import GetPolicyOptions
from google.iam.v1.policy_pb2 import Policy as PolicyMessage

from tui.cloud.connection import project_of
from tui.cloud.service import Service, method
from tui.domain.access import Binding, Policy
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.target import Target

VERSION = 3
"""The policy version that keeps conditions; with any other they are lost."""

TRIES = 8
"""Whole read-modify-write cycles before a grant gives up."""

FIRST_PAUSE = 0.3
"""Seconds, at most, before the second cycle; doubled for each further one up to `LONGEST_PAUSE`."""

LONGEST_PAUSE = 5.0

_REPEAT = frozenset({ErrorKind.CONFLICT, ErrorKind.INTERNAL, ErrorKind.UNREACHABLE, ErrorKind.TIMEOUT})


class PolicyEditor:
    """Reads and adds to the IAM policy of one project."""

    def __init__(self, service: Service[Any, Any], target: Target) -> None:
        self._service = service
        self._target = target

    async def read(self) -> Policy:
        """The policy at version 3."""
        message = await self._fetch()
        return Policy(tuple(_binding(binding) for binding in message.bindings), message.etag)

    async def grant(self, member: str, roles: Sequence[str]) -> tuple[str, ...]:
        """Add `member` to `roles` without a condition; the roles it did not hold before.

        The whole cycle is repeated when somebody else changes the policy in between, and when an answer
        gets lost: adding once more what is there already changes nothing.

        Raises:
            CloudError: the last failure.
        """
        added: tuple[str, ...] | None = None
        pause = FIRST_PAUSE
        for attempt in range(1, TRIES + 1):
            message = await self._fetch()
            lacking = add_member(message, member, roles)
            added = lacking if added is None else added
            if not lacking:
                break
            try:
                await self._store(message)
                break
            except CloudError as error:
                if attempt == TRIES or error.kind not in _REPEAT:
                    raise
            await asyncio.sleep(random.uniform(0.3, 1.0) * pause)  # noqa: S311 (jitter)
            pause = min(2 * pause, LONGEST_PAUSE)
        return added or ()

    async def _fetch(self) -> PolicyMessage:
        request = GetIamPolicyRequest(
            resource=self._resource, options=GetPolicyOptions(requested_policy_version=VERSION)
        )
        message: PolicyMessage = await self._service.read(method("get_iam_policy", request))
        return message

    async def _store(self, message: PolicyMessage) -> None:
        request = SetIamPolicyRequest(resource=self._resource, policy=message)
        await self._service.write(method("set_iam_policy", request))

    @property
    def _resource(self) -> str:
        return f"projects/{project_of(self._target)}"


def add_member(policy: PolicyMessage, member: str, roles: Sequence[str]) -> tuple[str, ...]:
    """Add `member` to unconditional bindings of `policy`; the roles among `roles` that were lacking."""
    lacking = []
    for role in dict.fromkeys(roles):
        plain = [one for one in policy.bindings if one.role == role and not one.HasField("condition")]
        if any(member in one.members for one in plain):
            continue
        binding = plain[0] if plain else policy.bindings.add(role=role)
        binding.members.append(member)
        lacking.append(role)
    policy.version = VERSION
    return tuple(lacking)


def _binding(message: Any) -> Binding:  # noqa: ANN401 (a protobuf class made at run time)
    condition = ""
    if message.HasField("condition"):
        # A condition without an expression is one all the same.
        condition = message.condition.expression or message.condition.title or "true"
    return Binding(message.role, tuple(message.members), condition)
