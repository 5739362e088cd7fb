"""JSON calls about what a local server has none of, and the project's own account."""

from __future__ import annotations

from collections.abc import Callable

from tui.local.storage.calls import Call, Reply, Route
from tui.local.storage.errors import StorageError, invalid

_NOTIFICATION = "/b/{bucket}/notificationConfigs"
_CACHE = "/b/{bucket}/anywhereCaches"
_HMAC = "/projects/{project}/hmacKeys"


def _empty(kind: str, permission: str) -> Callable[[Call], Reply]:
    """A list with nothing in it."""

    def answer(call: Call) -> Reply:
        if "bucket" in call.path:
            call.bucket(permission)
        else:
            call.access.require(permission)
        return Reply(200, {"kind": kind})

    return answer


def _none(what: str) -> Callable[[Call], Reply]:
    """404 for one of which there is none."""

    def answer(call: Call) -> Reply:
        if "bucket" in call.path:
            call.bucket("storage.buckets.get")
        raise StorageError(404, "notFound", f"The specified {what} does not exist.")

    return answer


def _refused(permission: str, message: str) -> Callable[[Call], Reply]:
    """400 for what cannot be made here."""

    def answer(call: Call) -> Reply:
        if "bucket" in call.path:
            call.bucket(permission)
        else:
            call.access.require(permission)
        raise invalid(message)

    return answer


def _service_account(call: Call) -> Reply:
    email = f"service-{call.links.project_number}@gs-project-accounts.iam.gserviceaccount.com"
    return Reply(200, {"kind": "storage#serviceAccount", "email_address": email})


_GET, _UPDATE, _CREATE = "storage.buckets.get", "storage.buckets.update", "storage.buckets.create"
_NO_TOPICS = "The local server has no Pub/Sub topics to notify."
_NO_KEYS = "The local server has no HMAC keys: its requests are not signed."
_NO_CACHES = "The local server has no Anywhere Caches."

ROUTES = (
    Route("storage.notifications.list", "GET", _NOTIFICATION, _empty("storage#notifications", _GET)),
    Route("storage.notifications.insert", "POST", _NOTIFICATION, _refused(_UPDATE, _NO_TOPICS)),
    Route("storage.notifications.get", "GET", f"{_NOTIFICATION}/{{id}}", _none("notification")),
    Route("storage.notifications.delete", "DELETE", f"{_NOTIFICATION}/{{id}}", _none("notification")),
    Route("storage.anywhereCaches.list", "GET", _CACHE, _empty("storage#anywhereCaches", _GET)),
    Route("storage.anywhereCaches.insert", "POST", _CACHE, _refused(_UPDATE, _NO_CACHES)),
    Route("storage.anywhereCaches.get", "GET", f"{_CACHE}/{{id}}", _none("Anywhere Cache")),
    Route("storage.anywhereCaches.update", "PATCH", f"{_CACHE}/{{id}}", _none("Anywhere Cache")),
    *(
        Route(f"storage.anywhereCaches.{verb}", "POST", f"{_CACHE}/{{id}}/{verb}", _none("Anywhere Cache"))
        for verb in ("disable", "pause", "resume")
    ),
    Route("storage.projects.hmacKeys.list", "GET", _HMAC, _empty("storage#hmacKeysMetadata", _CREATE)),
    Route("storage.projects.hmacKeys.create", "POST", _HMAC, _refused(_CREATE, _NO_KEYS)),
    Route("storage.projects.hmacKeys.get", "GET", f"{_HMAC}/{{id}}", _none("HMAC key")),
    Route("storage.projects.hmacKeys.update", "PUT", f"{_HMAC}/{{id}}", _none("HMAC key")),
    Route("storage.projects.hmacKeys.delete", "DELETE", f"{_HMAC}/{{id}}", _none("HMAC key")),
    Route(
        "storage.projects.serviceAccount.get", "GET", "/projects/{project}/serviceAccount", _service_account
    ),
    Route(
        "storage.buckets.relocate",
        "POST",
        "/b/{bucket}/relocate",
        _refused(_UPDATE, "Buckets of the local server cannot be relocated."),
    ),
    Route(
        "storage.objects.watchAll",
        "POST",
        "/b/{bucket}/o/watch",
        _refused(_UPDATE, "The local server does not send object change notifications."),
    ),
    Route("storage.channels.stop", "POST", "/channels/stop", _none("channel")),
)
