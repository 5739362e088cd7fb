"""Editing an IAM policy keeps everything that was there, in its order, whatever form it comes in."""

from __future__ import annotations

import base64
import copy
import json
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from google.iam.v1.policy_pb2 import AuditConfig, AuditLogConfig
from google.iam.v1.policy_pb2 import Policy as PolicyMessage
from google.protobuf.json_format import MessageToDict
from hypothesis import given
from hypothesis import strategies as st

from tui.cloud import policy as rules
from tui.cloud.policy import VERSION, Document, PolicyEditor, add_member, remove_member
from tui.cloud.policy_documents import JsonPolicy, MessagePolicy
from tui.domain.access import Binding
from tui.domain.errors import CloudError, ErrorKind

MEMBERS = st.sampled_from(["user:ana@x", "user:ben@x", "serviceAccount:s@p", "deleted:user:ana@x?uid=1"])
ROLES = st.sampled_from(["roles/a", "roles/b", "roles/c"])
CONDITIONS = st.sampled_from([None, None, "", "request.time < timestamp('2027-01-01T00:00:00Z')"])
"""None for no condition; an empty one is a condition all the same."""
Parts = tuple[str, str | None, list[str]]
BINDINGS = st.lists(st.tuples(ROLES, CONDITIONS, st.lists(MEMBERS, unique=True, min_size=1)))
WANTED = st.lists(ROLES)


def message_of(bindings: Iterable[Parts]) -> MessagePolicy:
    """A policy of `(role, condition, members)`."""
    audit = AuditConfig(
        service="allServices", audit_log_configs=[AuditLogConfig(log_type=AuditLogConfig.ADMIN_READ)]
    )
    message = PolicyMessage(version=1, etag=b"e", audit_configs=[audit])
    for role, condition, members in bindings:
        binding = message.bindings.add(role=role, members=members)
        if condition is not None:
            binding.condition.expression = condition
            binding.condition.SetInParent()
    return MessagePolicy(message)


def json_of(bindings: Iterable[Parts]) -> JsonPolicy:
    """The same in JSON, with fields that no library knows."""
    content: dict[str, Any] = {"kind": "storage#policy", "version": 1, "etag": "ZQ==", "new": [1]}
    content["bindings"] = [
        {"role": role, "members": list(members), "bindingId": "b"}
        | ({} if condition is None else {"condition": {"expression": condition, "title": "t"}})
        for role, condition, members in bindings
    ]
    return JsonPolicy(content)


FORMS = st.sampled_from([message_of, json_of])
Form = Callable[[Iterable[Parts]], Document]


def untouched(document: Document) -> Any:
    """Everything beside the bindings and the version."""
    if isinstance(document, MessagePolicy):
        content = MessageToDict(document.message)
    else:
        assert isinstance(document, JsonPolicy)
        content = copy.deepcopy(document.content)
    return {name: value for name, value in content.items() if name not in {"bindings", "version"}}


def without(bindings: Iterable[Binding], member: str, roles: Iterable[str]) -> list[Binding]:
    """The bindings as they are but for `member` in unconditional ones of `roles`; empty ones left out."""
    wanted = set(roles)
    kept = [
        binding
        if binding.condition or binding.role not in wanted
        else Binding(binding.role, tuple(one for one in binding.members if one != member))
        for binding in bindings
    ]
    return [binding for binding in kept if binding.members]


def grants(document: Document) -> set[tuple[str, str, str]]:
    """Everything that is granted, as `(role, condition, member)`."""
    return {(one.role, one.condition, member) for one in document.bindings() for member in one.members}


@given(FORMS, BINDINGS, MEMBERS, WANTED)
def test_a_grant_loses_nothing_and_adds_only_what_is_lacking(
    form: Form, bindings: list[Parts], member: str, roles: list[str]
) -> None:
    document = form(bindings)
    before, beside, order = grants(document), untouched(document), document.bindings()
    added = add_member(document, member, roles)
    wanted = {(role, "", member) for role in roles}
    assert grants(document) == before | wanted
    assert {(role, "", member) for role in added} == wanted - before
    assert (untouched(document), document.etag) == (beside, b"e")
    assert add_member(document, member, roles) == ()
    # What was there stays where it was, member by member; whatever is new comes after it.
    for was, now in zip(order, document.bindings(), strict=False):
        assert (was.role, was.condition, was.members) == (
            now.role,
            now.condition,
            now.members[: len(was.members)],
        )
        assert set(now.members[len(was.members) :]) <= {member}


@given(FORMS, BINDINGS, MEMBERS, WANTED)
def test_taking_back_takes_one_member_out_of_unconditional_bindings(
    form: Form, bindings: list[Parts], member: str, roles: list[str]
) -> None:
    document = form(bindings)
    before, beside, order = grants(document), untouched(document), document.bindings()
    taken = remove_member(document, member, roles)
    assert {(role, "", member) for role in taken} == {(role, "", member) for role in roles} & before
    assert list(document.bindings()) == without(order, member, roles)
    assert (untouched(document), document.etag) == (beside, b"e")
    assert remove_member(document, member, roles) == ()


@given(FORMS, BINDINGS, MEMBERS, WANTED)
def test_a_grant_can_be_undone(form: Form, bindings: list[Parts], member: str, roles: list[str]) -> None:
    document = form(bindings)
    before = document.bindings()
    added = add_member(document, member, roles)
    assert set(remove_member(document, member, added)) == set(added)
    assert document.bindings() == before


@given(BINDINGS, MEMBERS, WANTED)
def test_both_forms_are_edited_alike(bindings: list[Parts], member: str, roles: list[str]) -> None:
    one, other = message_of(bindings), json_of(bindings)
    assert add_member(one, member, roles) == add_member(other, member, roles)
    assert [(b.role, b.members, bool(b.condition)) for b in one.bindings()] == [
        (b.role, b.members, bool(b.condition)) for b in other.bindings()
    ]
    assert (one.message.version, other.content["version"]) == (VERSION, VERSION)
    json.dumps(other.content)


@pytest.mark.parametrize(
    ("present", "asked", "same"),
    [
        ("user:ana@lagoon.example", "user:Ana@Lagoon.example", True),
        ("serviceAccount:S@p.iam", "serviceAccount:s@p.iam", True),
        ("principal://iam/x/subject/Ana", "principal://iam/x/subject/ana", False),
        ("deleted:user:ana@x?uid=1", "user:ana@x", False),
        ("user:ana@x", "group:ana@x", False),
    ],
)
def test_which_members_are_the_same(present: str, asked: str, same: bool) -> None:  # noqa: FBT001
    document = json_of([("roles/a", None, [present])])
    assert (add_member(document, asked, ["roles/a"]) == ()) is same
    assert remove_member(document, asked, ["roles/a"]) == ("roles/a",)


@pytest.mark.parametrize("content", [{"bindings": 5}, {"bindings": [5]}, {"bindings": [{"members": "x"}]}])
def test_a_policy_of_another_shape(content: dict[str, Any]) -> None:
    with pytest.raises(TypeError):
        JsonPolicy(content)


def test_etags_of_json() -> None:
    assert JsonPolicy({}).etag == b""
    assert JsonPolicy({"etag": "CAE="}).etag == b"\x08\x01"
    assert JsonPolicy({"etag": "not base64"}).etag == b"not base64"


class Shelf:
    """A place for one policy that answers as a script says; a write counts only with the present etag."""

    def __init__(self, *script: CloudError | str) -> None:
        self.bindings: list[Parts] = [("roles/a", "x", ["user:ana@x"])]
        self.version = 1
        self.script = list(script)
        self.writes = 0
        self.reads = 0

    async def fetch(self) -> JsonPolicy:
        """The policy as it is."""
        self.reads += 1
        document = json_of(self.bindings)
        document.content["etag"] = base64.b64encode(str(self.version).encode()).decode()
        return document

    async def store(self, document: JsonPolicy) -> None:
        """What the script says: an error before the write, `lost` for one after it, `other` for another's."""
        self.writes += 1
        step = self.script.pop(0) if self.script else ""
        if isinstance(step, CloudError):
            raise step
        if step.startswith("other"):
            self._put([*self.bindings, ("roles/a", None, [step.removeprefix("other ")])])
        if document.etag != str(self.version).encode():
            raise CloudError("changed meanwhile", kind=ErrorKind.CONFLICT)
        self._put([(one.role, one.condition or None, list(one.members)) for one in document.bindings()])
        if step == "lost":
            raise CloudError("broken off", kind=ErrorKind.UNREACHABLE, retryable=True, ambiguous=True)

    def _put(self, bindings: list[Parts]) -> None:
        self.bindings = bindings
        self.version += 1


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not wait between cycles."""
    monkeypatch.setattr(rules, "FIRST_PAUSE", 0.0)


def broken(kind: ErrorKind, *, ambiguous: bool = False) -> CloudError:
    """A failure of a write."""
    return CloudError("no", kind=kind, ambiguous=ambiguous)


BEN = "user:ben@x"


async def test_many_other_editors_are_outlasted() -> None:
    shelf = Shelf(*(f"other user:{number}@x" for number in range(rules.TRIES - 1)))
    assert await PolicyEditor(shelf).grant(BEN, ["roles/b"]) == ("roles/b",)
    assert len(shelf.bindings) == rules.TRIES + 1
    assert shelf.bindings[0] == ("roles/a", "x", ["user:ana@x"])


async def test_what_another_gave_meanwhile_was_not_given_by_this() -> None:
    """Else an undo would take away what somebody else has granted."""
    shelf = Shelf(f"other {BEN}")
    assert await PolicyEditor(shelf).grant(BEN, ["roles/a"]) == ()
    assert shelf.writes == 1


async def test_a_lost_answer_is_looked_up_and_counts_as_done() -> None:
    shelf = Shelf("lost")
    editor = PolicyEditor(shelf)
    assert await editor.grant(BEN, ["roles/a", "roles/a", "roles/b"]) == ("roles/a", "roles/b")
    assert (shelf.writes, shelf.reads) == (1, 2)
    shelf.script = ["lost"]
    assert await editor.revoke(BEN, ["roles/b", "roles/c"]) == ("roles/b",)
    assert await editor.read() == await PolicyEditor(shelf).read()


@pytest.mark.parametrize("kind", [ErrorKind.INTERNAL, ErrorKind.TIMEOUT, ErrorKind.RATE])
async def test_trouble_is_repeated_within_bounds(kind: ErrorKind) -> None:
    shelf = Shelf(*(broken(kind) for _ in range(100)))
    with pytest.raises(CloudError) as caught:
        await PolicyEditor(shelf).grant(BEN, ["roles/a"])
    assert (caught.value.kind, shelf.writes) == (kind, rules.TRIES_IN_TROUBLE)
    assert not caught.value.ambiguous


async def test_a_refusal_is_final_and_keeps_an_earlier_doubt() -> None:
    shelf = Shelf(broken(ErrorKind.DENIED))
    with pytest.raises(CloudError) as caught:
        await PolicyEditor(shelf).grant(BEN, ["roles/a"])
    assert (shelf.writes, caught.value.ambiguous) == (1, False)
    shelf = Shelf(broken(ErrorKind.UNREACHABLE, ambiguous=True), broken(ErrorKind.DENIED))
    with pytest.raises(CloudError) as caught:
        await PolicyEditor(shelf).grant(BEN, ["roles/a"])
    assert (caught.value.kind, caught.value.ambiguous) == (ErrorKind.DENIED, True)


async def test_a_policy_without_an_etag_is_never_written() -> None:
    class Careless(Shelf):
        async def fetch(self) -> JsonPolicy:
            """A policy of which nobody can tell whether it has changed since."""
            return JsonPolicy({})

    shelf = Careless()
    with pytest.raises(CloudError) as caught:
        await PolicyEditor(shelf).grant(BEN, ["roles/a"])
    assert (caught.value.kind, shelf.writes) == (ErrorKind.PRECONDITION, 0)
