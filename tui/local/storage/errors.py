"""Refusals of the Storage API, in the shapes that Google's clients parse."""

from __future__ import annotations

from typing import Any


class StorageError(Exception):
    """A refused call.

    Attributes:
        status: HTTP status.
        reason: `errors[0].reason`, e.g. `conditionNotMet`.
        message: Google's wording.
    """

    def __init__(
        self,
        status: int,
        reason: str,
        message: str,
        *,
        location: str = "",
        location_type: str = "",
        domain: str = "global",
        details: tuple[dict[str, Any], ...] = (),
    ) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason
        self.message = message
        self.location = location
        self.location_type = location_type
        self.domain = domain
        self.details = details

    def body(self) -> dict[str, Any]:
        """The error JSON of the Storage API (`error.errors[]`; `details` only where Google has them)."""
        item: dict[str, Any] = {"message": self.message, "domain": self.domain, "reason": self.reason}
        if self.location:
            item |= {"locationType": self.location_type or "parameter", "location": self.location}
        error: dict[str, Any] = {"code": self.status, "message": self.message, "errors": [item]}
        if self.details:
            error |= {"status": "PERMISSION_DENIED", "details": list(self.details)}
        return {"error": error}


def invalid(message: str, *, location: str = "") -> StorageError:
    """400: a value that the service does not accept."""
    return StorageError(400, "invalid", message, location=location)


def required(name: str) -> StorageError:
    """400: a parameter that is missing."""
    return StorageError(400, "required", f"Required parameter: {name}", location=name)


def no_bucket() -> StorageError:
    """404: there is no such bucket."""
    return StorageError(404, "notFound", "The specified bucket does not exist.")


def no_object(bucket: str, name: str) -> StorageError:
    """404: there is no such object, or not in that generation."""
    return StorageError(404, "notFound", f"No such object: {bucket}/{name}")


def condition_not_met() -> StorageError:
    """412: a generation or metageneration precondition did not hold."""
    return StorageError(
        412,
        "conditionNotMet",
        "At least one of the pre-conditions you specified did not hold.",
        location="If-Match",
        location_type="header",
    )


def not_modified() -> StorageError:
    """304: the object is what an `if…NotMatch` names."""
    return StorageError(304, "notModified", "Not Modified")


def denied(email: str, permission: str) -> StorageError:
    """403 in the words of the service, which name who, what and on what (FACTS 8.4)."""
    kind = "bucket"
    if permission.startswith("storage.objects.") and permission != "storage.objects.list":
        kind = "object"
    place = f"the Google Cloud Storage {kind}"
    if permission in {"storage.buckets.list", "storage.buckets.create"}:
        place = "the Google Cloud project"
    return StorageError(
        403,
        "forbidden",
        f"{email} does not have {permission} access to {place}. "
        f"Permission '{permission}' denied on resource (or it may not exist).",
    )


def service_disabled(project: str) -> StorageError:
    """403: the project's Cloud Storage API is off (FACTS 8.3)."""
    service, title = "storage.googleapis.com", "Cloud Storage API"
    url = f"https://console.developers.google.com/apis/api/{service}/overview?project={project}"
    message = (
        f"{title} has not been used in project {project} before or it is disabled. Enable it by visiting "
        f"{url} then retry. If you enabled this API recently, wait a few minutes for the action to propagate "
        "to our systems and retry."
    )
    info = {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": "SERVICE_DISABLED",
        "domain": "googleapis.com",
        "metadata": {
            "service": service,
            "serviceTitle": title,
            "consumer": f"projects/{project}",
            "containerInfo": project,
            "activationUrl": url,
        },
    }
    local = {
        "@type": "type.googleapis.com/google.rpc.LocalizedMessage",
        "locale": "en-US",
        "message": message,
    }
    links = {
        "@type": "type.googleapis.com/google.rpc.Help",
        "links": [{"description": "Google developers console API activation", "url": url}],
    }
    return StorageError(
        403, "accessNotConfigured", message, domain="usageLimits", details=(info, local, links)
    )
