"""Messages that are well-formed and make little sense, made from their descriptors."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from tests.local.fuzz_words import FILTER_PARTS, PLACES, TEXTS
from tui.local.wire import gtypes

REQUESTS: Mapping[str, Any] = {
    "/google.cloud.aiplatform.v1.JobService/CreateCustomJob": gtypes.CreateCustomJobRequest,
    "/google.cloud.aiplatform.v1.JobService/ListCustomJobs": gtypes.ListCustomJobsRequest,
    "/google.cloud.aiplatform.v1.JobService/GetCustomJob": gtypes.GetCustomJobRequest,
    "/google.logging.v2.LoggingServiceV2/WriteLogEntries": gtypes.WriteLogEntriesRequest,
    "/google.logging.v2.LoggingServiceV2/ListLogEntries": gtypes.ListLogEntriesRequest,
    "/google.logging.v2.LoggingServiceV2/ListLogs": gtypes.ListLogsRequest,
    "/google.longrunning.Operations/GetOperation": gtypes.GetOperationRequest,
    "/google.longrunning.Operations/ListOperations": gtypes.ListOperationsRequest,
    "/google.api.serviceusage.v1.ServiceUsage/ListServices": gtypes.ListServicesRequest,
    "/google.api.serviceusage.v1.ServiceUsage/GetService": gtypes.GetServiceRequest,
    "/google.cloud.resourcemanager.v3.Projects/GetProject": gtypes.GetProjectRequest,
    "/google.cloud.resourcemanager.v3.Projects/GetIamPolicy": gtypes.GetIamPolicyRequest,
    "/google.cloud.resourcemanager.v3.Projects/TestIamPermissions": gtypes.TestIamPermissionsRequest,
    "/google.iam.admin.v1.IAM/ListServiceAccounts": gtypes.ListServiceAccountsRequest,
}
"""gRPC methods with their requests' types; SetIamPolicy is left out, as it may lock the fuzzer out."""

BODIES: Mapping[str, Any] = {
    "/customJobs": gtypes.CustomJob,
    "/v2/entries:write": gtypes.WriteLogEntriesRequest,
    "/v2/entries:list": gtypes.ListLogEntriesRequest,
    ":testIamPermissions": gtypes.TestIamPermissionsRequest,
    ":getIamPolicy": gtypes.GetIamPolicyRequest,
}
"""Endings of REST paths with their bodies' types."""

_F = FieldDescriptor
_NUMBERS = (0, 1, 2, -1, 100, 2**31 - 1, -(2**31))
_REAL = (0.0, -1.5, 1e30, float("nan"), float("inf"))
_UNSIGNED = (0, 1, 2**32 - 1)
_BIG = (0, 1, -1, 2**63 - 1, -(2**63), 253_402_300_800, -62_135_596_801)
_SCALARS: Mapping[int, tuple[Any, ...]] = {
    _F.TYPE_BOOL: (False, True),
    _F.TYPE_DOUBLE: _REAL,
    _F.TYPE_FLOAT: _REAL,
    _F.TYPE_INT64: _BIG,
    _F.TYPE_SINT64: _BIG,
    _F.TYPE_SFIXED64: _BIG,
    _F.TYPE_UINT32: _UNSIGNED,
    _F.TYPE_UINT64: _UNSIGNED,
    _F.TYPE_FIXED32: _UNSIGNED,
    _F.TYPE_FIXED64: _UNSIGNED,
}
_SPANS = frozenset({"google.protobuf.Timestamp", "google.protobuf.Duration"})
DEPTH = 7


def fill(dice: random.Random, message: Any, depth: int = 0) -> Any:
    """The message, with some of its fields filled in."""
    descriptor: Descriptor = message.DESCRIPTOR
    if descriptor.full_name in _SPANS and dice.random() < 0.9:
        message.FromSeconds(dice.choice((0, 1, 60, 2_000_000_000)))
        return message
    for each in descriptor.fields:
        if dice.random() < (0.6 if depth < 3 else 0.3):
            _fill_field(dice, message, each, depth)
    return message


def _fill_field(dice: random.Random, message: Any, each: FieldDescriptor, depth: int) -> None:
    kind = each.message_type
    count = dice.choice((1, 1, 1, 2)) if each.is_repeated else 1
    if kind is not None and kind.GetOptions().map_entry:
        _fill_map(dice, getattr(message, each.name), kind)
    elif kind is not None and depth < DEPTH:
        place = getattr(message, each.name)
        for _ in range(count):
            fill(dice, place.add() if each.is_repeated else place, depth + 1)
    elif kind is None and each.is_repeated:
        getattr(message, each.name).extend(_value(dice, each) for _ in range(count))
    elif kind is None:
        setattr(message, each.name, _value(dice, each))


def _fill_map(dice: random.Random, place: Any, entry: Descriptor) -> None:
    value = entry.fields_by_name["value"]
    key = _text(dice, "key")
    if value.message_type is None:
        place[key] = _value(dice, value)
    else:
        place[key].SetInParent()


def _value(dice: random.Random, each: FieldDescriptor) -> Any:
    if each.type == _F.TYPE_STRING:
        return _text(dice, each.name)
    if each.type == _F.TYPE_BYTES:
        return dice.randbytes(dice.randrange(5))
    if each.enum_type is not None:
        return dice.choice(each.enum_type.values).number if dice.random() < 0.9 else 12_345
    return dice.choice(_SCALARS.get(each.type, _NUMBERS))


def _text(dice: random.Random, name: str) -> str:
    if name == "filter":
        parts = [dice.choice(FILTER_PARTS) for _ in range(dice.randrange(12))]
        return dice.choice(("", " ", " ")).join(parts)
    if name in PLACES and dice.random() < 0.85:
        return dice.choice(PLACES[name])
    return dice.choice(TEXTS)
