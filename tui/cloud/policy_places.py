"""Where IAM policies are kept: on the project, on a service account, on a bucket."""

# mypy: disable-error-code=no-untyped-call
from __future__ import annotations

from typing import Any
from urllib.parse import quote

from google.iam.v1.iam_policy_pb2 import GetIamPolicyRequest, SetIamPolicyRequest
from google.iam.v1.options_pb2 import GetPolicyOptions

from tui.cloud.connection import project_of
from tui.cloud.error_details import Details
from tui.cloud.plain_rest import PlainRest
from tui.cloud.policy import VERSION
from tui.cloud.policy_documents import JsonPolicy, MessagePolicy
from tui.cloud.service import Service, method
from tui.cloud.wording import internal
from tui.domain.target import Target


class ProjectPolicy:
    """The policy of the target's project (Resource Manager)."""

    def __init__(self, service: Service[Any, Any], target: Target) -> None:
        self._service = service
        self._target = target

    async def fetch(self) -> MessagePolicy:
        """The policy at version 3."""
        options = GetPolicyOptions(requested_policy_version=VERSION)
        request = GetIamPolicyRequest(resource=self._resource, options=options)
        return MessagePolicy(await self._service.read(method("get_iam_policy", request)))

    async def store(self, document: MessagePolicy) -> None:
        """Replace bindings; without a mask the service leaves audit configs alone (google/iam/v1)."""
        request = SetIamPolicyRequest(resource=self._resource, policy=document.message)
        await self._service.write(method("set_iam_policy", request))

    @property
    def _resource(self) -> str:
        return f"projects/{project_of(self._target)}"


class AccountPolicy:
    """The policy of one service account: who may use it (IAM)."""

    def __init__(self, rest: PlainRest, name: str) -> None:
        """Describe the place.

        Args:
            rest: to `iam.googleapis.com`.
            name: `projects/P/serviceAccounts/E-MAIL`, quoted for a path.
        """
        self._rest = rest
        self._path = f"v1/{name}"

    async def fetch(self) -> JsonPolicy:
        """The policy at version 3, which this service takes as a parameter."""
        path = f"{self._path}:getIamPolicy?options.requestedPolicyVersion={VERSION}"
        return _json_policy(await self._rest.post(path, None, sent=False))

    async def store(self, document: JsonPolicy) -> None:
        """Replace it."""
        await self._rest.post(f"{self._path}:setIamPolicy", {"policy": document.content})


class BucketPolicy:
    """The policy of one bucket.

    Not by `google-cloud-storage`, which sorts bindings and members and loses conditions that are empty
    (`google.api_core.iam.Policy.to_api_repr`).
    """

    def __init__(self, rest: PlainRest, bucket: str) -> None:
        """Describe the place.

        Args:
            rest: to `storage.googleapis.com`.
            bucket: its name.
        """
        self._rest = rest
        self._path = f"storage/v1/b/{quote(bucket, safe='')}/iam"

    async def fetch(self) -> JsonPolicy:
        """The policy at version 3."""
        version = {"optionsRequestedPolicyVersion": str(VERSION)}
        return _json_policy(await self._rest.get(self._path, version))

    async def store(self, document: JsonPolicy) -> None:
        """Replace it."""
        await self._rest.put(self._path, document.content)


def _json_policy(content: dict[str, Any]) -> JsonPolicy:
    try:
        return JsonPolicy(content)
    except TypeError as error:
        raise internal(Details("INTERNAL", str(error))) from error
