"""Logins and quota projects that Google does not take."""

from __future__ import annotations

import grpc
from google.auth import exceptions as auth
from google.rpc import error_details_pb2 as details

from tests.cloud.test_errors import over_grpc, over_rest
from tests.domain.setup_faults.case import EVERYTHING, Case, info

CASES = (
    Case(
        "no quota project",
        over_grpc(
            grpc.StatusCode.PERMISSION_DENIED,
            "Your application is authenticating by using local Application Default Credentials. The "
            "cloudresourcemanager.googleapis.com API requires a quota project, which is not set by default.",
            details.ErrorInfo(reason="SERVICE_DISABLED", metadata={"consumer": "projects/764086051850"}),
        ),
        EVERYTHING,
        "connection",
        "quota project",
        "set-quota-project",
    ),
    Case(
        "a quota project that may not be charged",
        over_rest(
            403,
            "Caller does not have required permission to use project kelp-quota.",
            info("USER_PROJECT_DENIED", consumer="projects/kelp-quota"),
        ),
        EVERYTHING,
        "connection",
        "quota",
        "quota",
    ),
    Case(
        "a login without the scope",
        over_rest(
            403,
            "Request had insufficient authentication scopes.",
            info("ACCESS_TOKEN_SCOPE_INSUFFICIENT", service="aiplatform.googleapis.com"),
        ),
        EVERYTHING,
        "connection",
        "",
        "gcloud auth application-default login",
    ),
    Case(
        "an expired token",
        over_rest(401, "Request had invalid authentication credentials.", info("ACCESS_TOKEN_EXPIRED")),
        EVERYTHING,
        "connection",
        "expired",
        "login",
    ),
    Case(
        "a revoked login",
        auth.RefreshError(
            "invalid_grant: Token has been expired or revoked.",
            {"error": "invalid_grant", "error_description": "Token has been expired or revoked."},
        ),
        EVERYTHING,
        "connection",
        "",
        "login",
    ),
    Case(
        "no login",
        auth.DefaultCredentialsError("Your default credentials were not found."),
        EVERYTHING,
        "connection",
        "",
        "login",
    ),
    Case(
        "no metadata server",
        auth.RefreshError(
            auth.TransportError(
                "Failed to retrieve http://metadata.google.internal/ from the metadata service"
            )
        ),
        EVERYTHING,
        "connection",
        "",
        "",
    ),
)
