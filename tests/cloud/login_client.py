"""Run by the tests of logins in a process of its own: who the gateway says that it is."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from tui.cloud.session import open_gateway
from tui.domain.errors import CloudError
from tui.domain.target import Target


async def main() -> dict[str, Any]:
    """The identity, or why there is none."""
    gateway = await open_gateway(Target(project="kelp-train", region="europe-west4"))
    try:
        found = await gateway.setup.identity()
    except CloudError as error:
        return {"error": error.kind.name, "reason": error.reason, "message": error.message}
    finally:
        await gateway.close()
    return {
        "account": found.account,
        "kind": found.kind.name,
        "scopes": list(found.scopes),
        "source": found.source,
    }


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main())))  # noqa: T201
