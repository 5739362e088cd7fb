"""Google's own message types as raw protobuf classes, under the names of their protos."""

from __future__ import annotations

from contextlib import suppress
from importlib import import_module
from typing import Any, TypeAlias

from google.api import monitored_resource_pb2
from google.cloud.aiplatform_v1.types import custom_job as _custom_job
from google.cloud.aiplatform_v1.types import job_service as _job_service
from google.cloud.aiplatform_v1.types import job_state as _job_state
from google.cloud.aiplatform_v1.types import operation as _operation
from google.cloud.billing_v1.types import cloud_billing as _billing
from google.cloud.billing_v1.types import cloud_catalog as _catalog
from google.cloud.cloudquotas_v1.types import cloudquotas as _cloudquotas
from google.cloud.cloudquotas_v1.types import resources as _quota_resources
from google.cloud.iam_admin_v1.types import iam as _iam
from google.cloud.logging_v2.types import log_entry as _log_entry
from google.cloud.logging_v2.types import logging as _logging
from google.cloud.resourcemanager_v3.types import projects as _projects
from google.cloud.service_usage_v1.types import resources as _resources
from google.cloud.service_usage_v1.types import serviceusage as _serviceusage
from google.iam.v1 import iam_policy_pb2, policy_pb2
from google.longrunning import operations_pb2
from google.rpc import error_details_pb2, status_pb2

Message: TypeAlias = Any
"""A protobuf message: its class is made at run time and has no static type."""
Json: TypeAlias = Any
"""Any JSON value."""

CustomJob: Any = _custom_job.CustomJob.pb()
JobState: Any = _job_state.JobState
CreateCustomJobRequest: Any = _job_service.CreateCustomJobRequest.pb()
GetCustomJobRequest: Any = _job_service.GetCustomJobRequest.pb()
ListCustomJobsRequest: Any = _job_service.ListCustomJobsRequest.pb()
ListCustomJobsResponse: Any = _job_service.ListCustomJobsResponse.pb()
CancelCustomJobRequest: Any = _job_service.CancelCustomJobRequest.pb()
DeleteCustomJobRequest: Any = _job_service.DeleteCustomJobRequest.pb()
DeleteOperationMetadata: Any = _operation.DeleteOperationMetadata.pb()

LogEntry: Any = _log_entry.LogEntry.pb()
WriteLogEntriesRequest: Any = _logging.WriteLogEntriesRequest.pb()
WriteLogEntriesResponse: Any = _logging.WriteLogEntriesResponse.pb()
ListLogEntriesRequest: Any = _logging.ListLogEntriesRequest.pb()
ListLogEntriesResponse: Any = _logging.ListLogEntriesResponse.pb()
TailLogEntriesRequest: Any = _logging.TailLogEntriesRequest.pb()
TailLogEntriesResponse: Any = _logging.TailLogEntriesResponse.pb()
ListLogsRequest: Any = _logging.ListLogsRequest.pb()
ListLogsResponse: Any = _logging.ListLogsResponse.pb()
DeleteLogRequest: Any = _logging.DeleteLogRequest.pb()
WriteLogEntriesPartialErrors: Any = _logging.WriteLogEntriesPartialErrors.pb()
ListResourceDescriptorsRequest: Any = _logging.ListMonitoredResourceDescriptorsRequest.pb()
ListResourceDescriptorsResponse: Any = _logging.ListMonitoredResourceDescriptorsResponse.pb()
MonitoredResourceDescriptor: Any = monitored_resource_pb2.MonitoredResourceDescriptor
MonitoredResource: Any = monitored_resource_pb2.MonitoredResource

Service: Any = _resources.Service.pb()
ServiceState: Any = _resources.State
ServiceUsageMetadata: Any = _resources.OperationMetadata.pb()
GetServiceRequest: Any = _serviceusage.GetServiceRequest.pb()
ListServicesRequest: Any = _serviceusage.ListServicesRequest.pb()
ListServicesResponse: Any = _serviceusage.ListServicesResponse.pb()
BatchGetServicesRequest: Any = _serviceusage.BatchGetServicesRequest.pb()
BatchGetServicesResponse: Any = _serviceusage.BatchGetServicesResponse.pb()
EnableServiceRequest: Any = _serviceusage.EnableServiceRequest.pb()
EnableServiceResponse: Any = _serviceusage.EnableServiceResponse.pb()
BatchEnableServicesRequest: Any = _serviceusage.BatchEnableServicesRequest.pb()
BatchEnableServicesResponse: Any = _serviceusage.BatchEnableServicesResponse.pb()
DisableServiceRequest: Any = _serviceusage.DisableServiceRequest.pb()
DisableServiceResponse: Any = _serviceusage.DisableServiceResponse.pb()

Project: Any = _projects.Project.pb()
GetProjectRequest: Any = _projects.GetProjectRequest.pb()
SearchProjectsRequest: Any = _projects.SearchProjectsRequest.pb()
SearchProjectsResponse: Any = _projects.SearchProjectsResponse.pb()
GetProjectBillingInfoRequest: Any = _billing.GetProjectBillingInfoRequest.pb()
ProjectBillingInfo: Any = _billing.ProjectBillingInfo.pb()
ListSkusRequest: Any = _catalog.ListSkusRequest.pb()
ListSkusResponse: Any = _catalog.ListSkusResponse.pb()
Sku: Any = _catalog.Sku.pb()
GetIamPolicyRequest: Any = iam_policy_pb2.GetIamPolicyRequest
SetIamPolicyRequest: Any = iam_policy_pb2.SetIamPolicyRequest
TestIamPermissionsRequest: Any = iam_policy_pb2.TestIamPermissionsRequest
TestIamPermissionsResponse: Any = iam_policy_pb2.TestIamPermissionsResponse
Policy: Any = policy_pb2.Policy

ServiceAccount: Any = _iam.ServiceAccount.pb()
ListServiceAccountsRequest: Any = _iam.ListServiceAccountsRequest.pb()
ListServiceAccountsResponse: Any = _iam.ListServiceAccountsResponse.pb()
GetServiceAccountRequest: Any = _iam.GetServiceAccountRequest.pb()
CreateServiceAccountRequest: Any = _iam.CreateServiceAccountRequest.pb()
DeleteServiceAccountRequest: Any = _iam.DeleteServiceAccountRequest.pb()

QuotaInfo: Any = _quota_resources.QuotaInfo.pb()
QuotaPreference: Any = _quota_resources.QuotaPreference.pb()
QuotaSafetyCheck: Any = _quota_resources.QuotaSafetyCheck
ListQuotaInfosRequest: Any = _cloudquotas.ListQuotaInfosRequest.pb()
ListQuotaInfosResponse: Any = _cloudquotas.ListQuotaInfosResponse.pb()
GetQuotaInfoRequest: Any = _cloudquotas.GetQuotaInfoRequest.pb()
ListQuotaPreferencesRequest: Any = _cloudquotas.ListQuotaPreferencesRequest.pb()
ListQuotaPreferencesResponse: Any = _cloudquotas.ListQuotaPreferencesResponse.pb()
GetQuotaPreferenceRequest: Any = _cloudquotas.GetQuotaPreferenceRequest.pb()
CreateQuotaPreferenceRequest: Any = _cloudquotas.CreateQuotaPreferenceRequest.pb()
UpdateQuotaPreferenceRequest: Any = _cloudquotas.UpdateQuotaPreferenceRequest.pb()

Operation: Any = operations_pb2.Operation
GetOperationRequest: Any = operations_pb2.GetOperationRequest
WaitOperationRequest: Any = operations_pb2.WaitOperationRequest
CancelOperationRequest: Any = operations_pb2.CancelOperationRequest
DeleteOperationRequest: Any = operations_pb2.DeleteOperationRequest
ListOperationsRequest: Any = operations_pb2.ListOperationsRequest
ListOperationsResponse: Any = operations_pb2.ListOperationsResponse

Empty: Any = import_module("google.protobuf.empty_pb2").Empty
FieldMask: Any = import_module("google.protobuf.field_mask_pb2").FieldMask
Struct: Any = import_module("google.protobuf.struct_pb2").Struct
Status: Any = status_pb2.Status
ErrorInfo: Any = error_details_pb2.ErrorInfo
BadRequest: Any = error_details_pb2.BadRequest
QuotaFailure: Any = error_details_pb2.QuotaFailure
PreconditionFailure: Any = error_details_pb2.PreconditionFailure
DebugInfo: Any = error_details_pb2.DebugInfo
Help: Any = error_details_pb2.Help
LocalizedMessage: Any = error_details_pb2.LocalizedMessage

_json_format: Any = import_module("google.protobuf.json_format")
_message_factory: Any = import_module("google.protobuf.message_factory")
ParseError: type[Exception] = _json_format.ParseError
DecodeError: type[Exception] = import_module("google.protobuf.message").DecodeError
_NO_JSON = (_json_format.Error, DecodeError, ValueError, TypeError, RecursionError)


def to_json(message: Message, *, enums_as_numbers: bool = False) -> dict[str, Any]:
    """The API's JSON form of a message, without fields whose values have none.

    Over gRPC a client may send such values: times out of range, numbers that are none in a `Struct`, an
    `Any` of an unknown type.
    """
    try:
        content: dict[str, Any] = _json_format.MessageToDict(message, use_integers_for_enums=enums_as_numbers)
    except _NO_JSON:
        return _lenient_json(message, enums_as_numbers=enums_as_numbers)
    return content


def _lenient_json(message: Message, *, enums_as_numbers: bool) -> dict[str, Any]:
    content: dict[str, Any] = {}
    for field, value in message.ListFields():
        kind = field.message_type
        if kind is None or kind.GetOptions().map_entry or kind.full_name.startswith("google.protobuf."):
            alone = type(message)()
            alone.MergeFrom(message)
            for other, _ in message.ListFields():
                if other.name != field.name:
                    alone.ClearField(other.name)
            with suppress(*_NO_JSON):
                content |= _json_format.MessageToDict(alone, use_integers_for_enums=enums_as_numbers)
        elif field.is_repeated:
            content[field.json_name] = [to_json(each, enums_as_numbers=enums_as_numbers) for each in value]
        else:
            content[field.json_name] = to_json(value, enums_as_numbers=enums_as_numbers)
    return content


def from_json(content: dict[str, Any], message: Message) -> None:
    """Fill a message from its JSON form.

    Raises:
        ParseError: unknown fields or wrong types.
    """
    _json_format.ParseDict(content, message)


def message_class(descriptor: Any) -> Any:  # noqa: ANN401  # made at run time, both
    """The message class of a descriptor."""
    return _message_factory.GetMessageClass(descriptor)
