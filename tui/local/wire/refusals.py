"""Refusals of the HTTP server's own, in the shape that all of Google's JSON APIs share."""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web

from tui.local.faults.effects import CODE_OF_STATUS
from tui.local.wire.errors import Code
from tui.local.wire.reply_form import JSON_TYPE


def refusal_body(status: int, message: str, *, reason: str = "") -> bytes:
    """The error JSON with the code that goes with an HTTP status; Storage's clients look for a `reason`."""
    other = "INVALID_ARGUMENT" if status < Code.INTERNAL.http else "INTERNAL"
    error: dict[str, Any] = {"code": status, "message": message, "status": CODE_OF_STATUS.get(status, other)}
    if reason:
        error["errors"] = [{"message": message, "domain": "global", "reason": reason}]
    return f"{json.dumps({'error': error}, ensure_ascii=False, indent=2)}\n".encode("utf-8", "replace")


def refusal(status: int, message: str, *, reason: str = "") -> web.Response:
    """A refusal, see `refusal_body`."""
    body = refusal_body(status, message, reason=reason)
    return web.Response(body=body, status=status, headers={"Content-Type": JSON_TYPE})
