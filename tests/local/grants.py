"""Trials of grants that meet: users who fix at once, others who edit by hand, a service that fails them all.

Nobody's binding may be lost, no condition and no audit config, and every grant is there at last.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

import requests

from tests.local.clients import REGION, Server
from tests.support import PATIENCE
from tui.cloud import policy as rules
from tui.cloud.session import open_gateway
from tui.domain.errors import CloudError
from tui.domain.gateway import Gateway
from tui.domain.target import LocalEndpoint, Target, Transport
from tui.local.admin.client import AdminClient
from tui.local.launcher import owner_token

PLACES = ("project", "bucket", "account")
ROLES = ("roles/storage.objectUser", "roles/logging.logWriter", "roles/iam.serviceAccountUser")
CONDITION = {"title": "till spring", "expression": "request.time < timestamp('2030-03-01T00:00:00Z')"}
AUDIT = [{"service": "allServices", "auditLogConfigs": [{"logType": "DATA_READ"}]}]
BUCKET, ACCOUNT = "grants-trial", "grants-trial"

_CALLS = {
    "project": ("*Projects.SetIamPolicy", "*Projects.GetIamPolicy"),
    "account": ("*IAM.SetIamPolicy", "*IAM.GetIamPolicy"),
    "bucket": ("storage.buckets.setIamPolicy", "storage.buckets.getIamPolicy"),
}
"""The call that writes, and the one that reads."""

_FAULTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("error", {"code": "ABORTED"}),
    ("error", {"code": "ABORTED"}),
    ("error", {"code": "UNAVAILABLE"}),
    ("error", {"code": "RESOURCE_EXHAUSTED"}),
    ("drop", {}),
    ("drop", {}),
    ("truncate", {}),
    ("delay", {"seconds": 0.2}),
)
"""What befalls writes; `drop` and `truncate` lose the answer to one that took effect."""


@dataclass(frozen=True)
class User:
    """One who fixes: gives a member roles, and may take them back."""

    member: str
    roles: tuple[str, ...]
    transport: Transport
    undoes: bool


@dataclass
class Case:
    """What came of one case."""

    seed: int
    place: str
    users: int
    fault: str
    hits: int = 0
    """Times a fault struck."""
    refused: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


@contextlib.contextmanager
def hurried() -> Iterator[None]:
    """Let the pauses between cycles be a tenth of what they are."""
    with patch.multiple(rules, FIRST_PAUSE=rules.FIRST_PAUSE / 10, LONGEST_PAUSE=rules.LONGEST_PAUSE / 10):
        yield


class GrantTrials:
    """One server, used for many cases."""

    def __init__(self, server: Server) -> None:
        server.enable("aiplatform", "iam")
        self.server = server
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers["Authorization"] = f"Bearer {owner_token(server.record)}"
        self._send("POST", "storage/v1/b?project=local-project", {"name": BUCKET})
        self._send("POST", "v1/projects/local-project/serviceAccounts", {"accountId": ACCOUNT})
        self._first = {place: self._read(place) for place in PLACES}

    async def case(self, seed: int) -> Case:
        """Users fix at once while others edit by hand and the service fails; then a look at the policy."""
        dice = random.Random(seed)  # noqa: S311 (repeatable, not secret)
        place = dice.choice(PLACES)
        users = [_user(dice, number, place) for number in range(dice.choice((2, 2, 3, 6)))]
        effect, options = dice.choice(_FAULTS)
        case = Case(seed, place, len(users), f"{effect} {options.get('code', '')}".strip())
        before = await asyncio.to_thread(self._prepare, place, dice)
        await asyncio.to_thread(self._make_faults, dice, place, effect, options)
        edits = dice.randrange(4)
        with hurried():
            try:
                outcomes = await asyncio.gather(
                    *(self._fix(user, place, case) for user in users),
                    asyncio.to_thread(self._edit_by_hand, place, edits),
                )
            finally:
                faults = await asyncio.to_thread(AdminClient(self.server.record).call, "GET", "faults")
                case.hits = sum(rule["hits"] for rule in faults["faults"])
                await asyncio.to_thread(AdminClient(self.server.record).call, "DELETE", "faults")
        after = await asyncio.to_thread(self._read, place)
        case.problems += _lost(before, after)
        case.problems += _judged(users, [outcome or () for outcome in outcomes[:-1]], before, after, edits)
        if case.refused:
            case.problems += [f"refused: {words}" for words in case.refused]
        return case

    async def _fix(self, user: User, place: str, case: Case) -> tuple[str, ...]:
        """What one user was told to have added, and then took back if they undo."""
        record = self.server.record
        endpoint = LocalEndpoint(record.grpc_address, record.http_url)
        gateway = await open_gateway(Target(record.project, REGION, user.transport, endpoint))
        try:
            added = await _grant(gateway, place, user.member, user.roles)
            if user.undoes:
                await _revoke(gateway, place, user.member, added)
        except CloudError as error:
            case.refused.append(f"{user.member} by {error.kind}: {error}")
            return ()
        finally:
            await gateway.close()
        return added

    def _prepare(self, place: str, dice: random.Random) -> dict[str, Any]:
        """A policy with what must not be lost: conditions, audit configs, members of the same roles."""
        policy = json.loads(json.dumps(self._first[place]))
        policy["etag"] = self._read(place)["etag"]
        bindings = policy.setdefault("bindings", [])
        for role in dice.sample(ROLES, dice.randrange(1, 4)):
            members = [f"user:old{number}@lagoon.example" for number in range(dice.randrange(1, 4))]
            bindings.append({"role": role, "members": members})
            if dice.random() < 0.7:
                member = dice.choice((members[0], "user:fix0@lagoon.example"))
                bindings.append({"role": role, "members": [member], "condition": CONDITION})
        dice.shuffle(bindings)
        self._write(place, policy | ({} if place == "bucket" else {"auditConfigs": AUDIT}))
        return self._read(place)

    def _make_faults(self, dice: random.Random, place: str, effect: str, options: dict[str, Any]) -> None:
        writes, reads = _CALLS[place]
        seed = dice.randrange(1 << 30)
        rule = {"kind": "call", "pattern": writes, "effect": effect, "options": options, "seed": seed}
        strikes = {"times": dice.randrange(1, 7), "probability": dice.choice((0.4, 0.7, 1.0))}
        admin = AdminClient(self.server.record)
        admin.call("POST", "faults", rule | strikes)
        if dice.random() < 0.5:
            again = {"effect": "error", "options": {"code": "ABORTED"}, "times": 5, "probability": 0.5}
            admin.call("POST", "faults", rule | again)
        if dice.random() < 0.3:
            reading = {"pattern": reads, "effect": "error", "options": {"code": "UNAVAILABLE"}, "times": 2}
            admin.call("POST", "faults", rule | reading)

    def _edit_by_hand(self, place: str, edits: int) -> None:
        """What others do meanwhile: bindings with conditions of their own, by the service's plain rules."""
        for number in range(edits):
            binding = {
                "role": ROLES[number % len(ROLES)],
                "members": [f"user:other{number}@lagoon.example"],
                "condition": CONDITION,
            }
            while True:
                try:
                    policy = self._read(place)
                    if any(binding["members"] == one.get("members") for one in policy["bindings"]):
                        break
                    policy["bindings"].append(binding)
                    self._write(place, policy | {"version": 3})
                    break
                except OSError:  # a conflict, or one of the faults: the whole cycle again
                    continue

    # --- the service, by hand

    def _read(self, place: str) -> dict[str, Any]:
        if place == "bucket":
            return self._send("GET", f"storage/v1/b/{BUCKET}/iam?optionsRequestedPolicyVersion=3")
        options = {"options": {"requestedPolicyVersion": 3}}
        if place == "project":
            return self._send("POST", "v1/projects/local-project:getIamPolicy", options)
        return self._send("POST", f"{_ACCOUNT_PATH}:getIamPolicy?options.requestedPolicyVersion=3")

    def _write(self, place: str, policy: dict[str, Any]) -> None:
        if place == "bucket":
            self._send("PUT", f"storage/v1/b/{BUCKET}/iam", policy | {"version": 3})
            return
        path = "v1/projects/local-project" if place == "project" else _ACCOUNT_PATH
        content = {"policy": policy | {"version": 3}, "updateMask": "bindings,etag,auditConfigs"}
        self._send("POST", f"{path}:setIamPolicy", content)

    def close(self) -> None:
        """Close idle connections."""
        self._session.close()

    def _send(self, verb: str, path: str, content: dict[str, Any] | None = None) -> dict[str, Any]:
        """The answer; OSError for a refusal and for one that was cut short."""
        url = f"{self.server.record.http_url}/{path}"
        answer = self._session.request(verb, url, json=content, timeout=PATIENCE)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found


_ACCOUNT_PATH = f"v1/projects/local-project/serviceAccounts/{ACCOUNT}@local-project.iam.gserviceaccount.com"


def _user(dice: random.Random, number: int, place: str) -> User:
    roles = tuple(dice.sample(ROLES, dice.randrange(1, 4) if place == "project" else 1))
    name = number if dice.random() < 0.8 else 0
    transport = dice.choice((Transport.GRPC, Transport.REST))
    return User(f"user:fix{name}@lagoon.example", roles, transport, undoes=dice.random() < 0.25)


async def _grant(gateway: Gateway, place: str, member: str, roles: tuple[str, ...]) -> tuple[str, ...]:
    if place == "project":
        return await gateway.setup.grant_roles(member, roles)
    if place == "bucket":
        return roles if await gateway.setup.grant_on_bucket(BUCKET, member, roles[0]) else ()
    email = f"{ACCOUNT}@local-project.iam.gserviceaccount.com"
    return roles if await gateway.setup.grant_on_account(email, member, roles[0]) else ()


async def _revoke(gateway: Gateway, place: str, member: str, roles: tuple[str, ...]) -> None:
    if not roles:
        return
    if place == "project":
        await gateway.setup.revoke_roles(member, roles)
    elif place == "bucket":
        await gateway.setup.revoke_on_bucket(BUCKET, member, roles[0])
    else:
        email = f"{ACCOUNT}@local-project.iam.gserviceaccount.com"
        await gateway.setup.revoke_on_account(email, member, roles[0])


def _granted(policy: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Role, condition and member of everything that is granted, in order."""
    return [
        (one["role"], json.dumps(one.get("condition"), sort_keys=True), member)
        for one in policy.get("bindings", ())
        for member in one["members"]
    ]


def _lost(before: dict[str, Any], after: dict[str, Any]) -> Iterator[str]:
    """What was there before and is not any more, or not in its order."""
    kept = iter(_granted(after))
    for grant in _granted(before):
        if grant not in kept:
            yield f"lost or moved: {grant}"
            return
    if before.get("auditConfigs") != after.get("auditConfigs"):
        yield f"audit configs are {after.get('auditConfigs')}"


def _judged(
    users: list[User],
    added: list[tuple[str, ...]],
    before: dict[str, Any],
    after: dict[str, Any],
    edits: int,
) -> Iterator[str]:
    """Whether the new bindings are exactly those that were asked for."""
    old, new = set(_granted(before)), _granted(after)
    if len(new) != len(set(new)):
        yield "something is granted twice"
    hand = {
        (
            ROLES[number % len(ROLES)],
            json.dumps(CONDITION, sort_keys=True),
            f"user:other{number}@lagoon.example",
        )
        for number in range(edits)
    }
    yield from (f"an edit by hand is lost: {one}" for one in hand - set(new))
    asked = {(role, "null", user.member) for user in users for role in user.roles} - old
    yield from (f"nobody asked for {one}" for one in set(new) - old - hand - asked)
    for role, _, member in asked:
        askers = [
            (user, role in roles)
            for user, roles in zip(users, added, strict=True)
            if user.member == member and role in user.roles
        ]
        if not any(user.undoes for user, _ in askers) and (role, "null", member) not in new:
            yield f"{member} lacks {role}"
        if all(user.undoes for user, _ in askers) and (role, "null", member) in new:
            yield f"{member} still has {role} although it was taken back"
        if not any(claimed for _, claimed in askers):
            yield f"nobody was told of having given {role} to {member}"
