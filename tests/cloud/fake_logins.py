"""Google's services for federated and impersonated logins, as routes of the listeners in `fake_google`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from aiohttp import web

TOKEN = "throw-away-token"  # noqa: S105 (made up)
PRINCIPAL = "principal://iam.googleapis.com/locations/global/workforcePools/kelp/subject/ana"


class Logins(Protocol):
    """What the listeners are told and what they note."""

    grants: list[dict[str, Any]]
    may_impersonate: bool


def login_routes(google: Logins) -> list[web.RouteDef]:
    """The Security Token Service, and tokens of service accounts."""

    async def exchange(request: web.Request) -> web.Response:
        google.grants.append({"sts": request.path, "audience": (await request.post()).get("audience", "")})
        token = {"access_token": TOKEN, "expires_in": 3600, "token_type": "Bearer"}
        return web.json_response(
            {**token, "issued_token_type": "urn:ietf:params:oauth:token-type:access_token"}
        )

    async def introspect(request: web.Request) -> web.Response:
        if "Authorization" not in request.headers:
            return web.json_response({"error": "invalid_client"}, status=401)
        return web.json_response({"active": True, "username": PRINCIPAL})

    async def impersonate(request: web.Request) -> web.Response:
        if not google.may_impersonate:
            words = "Permission 'iam.serviceAccounts.getAccessToken' denied on resource"
            return web.json_response({"error": {"code": 403, "message": words}}, status=403)
        google.grants.append({"as": request.match_info["account"]})
        end = (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
        return web.json_response({"accessToken": TOKEN, "expireTime": end})

    return [
        web.post("/v1/token", exchange),
        web.post("/v1/oauthtoken", exchange),
        web.post("/v1/introspect", introspect),
        web.post("/v1/projects/-/serviceAccounts/{account}:generateAccessToken", impersonate),
    ]
