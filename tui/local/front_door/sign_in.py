"""Google's sign-in service, as far as a client asks it: access tokens, and whose they are.

Shapes as RFC 6749 and Google's OpenID Connect reference give them; clients read `error` and
`error_description`.
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, Iterable
from urllib.parse import parse_qsl

from aiohttp import web

from tui.local import names
from tui.local.front_door.credentials import CLIENT, refresh_token

SCOPES = (
    "openid https://www.googleapis.com/auth/userinfo.email https://www.googleapis.com/auth/cloud-platform"
)
LIFE = 3599
"""Seconds that an access token is said to live; the next one is the same."""
TOKEN_PATHS = ("/token", "/oauth2/v4/token")
TOKENINFO_PATHS = ("/tokeninfo", "/oauth2/v1/tokeninfo", "/oauth2/v2/tokeninfo", "/oauth2/v3/tokeninfo")
USERINFO_PATHS = ("/v1/userinfo", "/oauth2/v1/userinfo", "/oauth2/v2/userinfo", "/oauth2/v3/userinfo")
MAX_FORM = 65_536
"""Bytes of a form."""

Handler = Callable[[dict[str, str]], web.Response]
"""Answers what query and form say; `bearer` is the token of the header."""


class SignIn:
    """Routes for requests that came in by one of Google's names; under other names they do not exist."""

    def __init__(
        self,
        tokens: Callable[[], Iterable[str]],
        principal_of_token: Callable[[str], str | None],
        is_through: Callable[[web.Request], bool],
    ) -> None:
        self._tokens = tokens
        self._principal_of_token = principal_of_token
        self._is_through = is_through

    def add_to(self, app: web.Application) -> None:
        """Add the routes; they must come before the catch-all route."""
        for paths, handler in (
            (TOKEN_PATHS, self._token),
            (TOKENINFO_PATHS, self._tokeninfo),
            (USERINFO_PATHS, self._userinfo),
        ):
            for path in paths:
                app.router.add_route("*", path, self._only_here(handler))

    def _only_here(self, handler: Handler) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def answer(request: web.Request) -> web.Response:
            if not self._is_through(request):
                return _refusal("not_found", "Not Found", status=404)
            form = bytearray()
            async for chunk in request.content.iter_any():
                form += chunk
                if len(form) > MAX_FORM:
                    return _refusal("invalid_request", "Request Entity Too Large", status=413)
            fields = parse_qsl(form.decode("utf-8", "replace"))
            token = request.headers.get("Authorization", "").partition(" ")[2]
            return handler({"bearer": token} | dict(request.query) | dict(fields))

        return answer

    def _token(self, given: dict[str, str]) -> web.Response:
        if given.get("grant_type") != "refresh_token":
            return _refusal("unsupported_grant_type", f"Invalid grant_type: {given.get('grant_type', '')}")
        asked = given.get("refresh_token", "").encode()
        known = (
            token for token in self._tokens() if hmac.compare_digest(asked, refresh_token(token).encode())
        )
        token = next(known, None)
        if token is None:
            return _refusal("invalid_grant", "Bad Request")
        answer = {
            "access_token": token,
            "expires_in": LIFE,
            "scope": SCOPES,
            "token_type": "Bearer",
        }
        return web.json_response(answer)

    def _tokeninfo(self, given: dict[str, str]) -> web.Response:
        principal = self._principal_of_token(given.get("access_token", ""))
        if principal is None:
            return _refusal("invalid_token", "Invalid Value")
        return web.json_response(
            {
                "azp": CLIENT,
                "aud": CLIENT,
                "sub": _subject(principal),
                "scope": SCOPES,
                "expires_in": str(LIFE),
                "email": _email(principal),
                "email_verified": "true",
                "access_type": "offline",
            }
        )

    def _userinfo(self, given: dict[str, str]) -> web.Response:
        principal = self._principal_of_token(given.get("access_token") or given["bearer"])
        if principal is None:
            return _refusal("invalid_request", "Invalid Credentials", status=401)
        subject, email = _subject(principal), _email(principal)
        return web.json_response(
            {"sub": subject, "id": subject, "email": email, "email_verified": True, "verified_email": True}
        )


def _email(principal: str) -> str:
    return principal.partition(":")[2]


def _subject(principal: str) -> str:
    """A number that stays the same for a principal."""
    digest = hmac.digest(names.PROJECT_NUMBER.encode(), principal.encode(), "sha256")
    return str(10**20 + int.from_bytes(digest[:8], "big"))


def _refusal(error: str, description: str, *, status: int = 400) -> web.Response:
    return web.json_response({"error": error, "error_description": description}, status=status)
