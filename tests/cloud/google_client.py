"""Run by test_google_path in a process of its own: the gateway exactly as the app uses it."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from typing import Any

from tui.cloud.session import open_gateway
from tui.domain.errors import CloudError
from tui.domain.storage import GcsUri
from tui.domain.target import Target


async def main(new_login: str) -> dict[str, Any]:
    """Read, submit and read again; what came.

    Where there is a new login, it takes the place of the old one when that is refused.
    """
    gateway = await open_gateway(Target(project="kelp-train", region="europe-west4"))
    try:
        if new_login:
            try:
                await gateway.jobs.list_jobs()
            except CloudError:
                await asyncio.to_thread(os.replace, new_login, os.environ["GOOGLE_APPLICATION_CREDENTIALS"])
        before = await gateway.jobs.list_jobs()
        pool = {"machineSpec": {"machineType": "n1-standard-4"}, "replicaCount": "1"}
        spec = {"displayName": "ana-tiny", "jobSpec": {"workerPoolSpecs": [pool]}}
        job = await gateway.jobs.create_job(spec)
        after = await gateway.jobs.list_jobs()
        logs = await gateway.logs.list_entries('resource.type="ml_job"')
        return {
            "before": len(before.jobs),
            "job": [job.name, job.display_name, job.state.word, job.machine],
            "after": [one.display_name for one in after.jobs],
            "logs": [entry.text for entry in logs.entries],
            "can_tail": gateway.logs.can_tail,
            "prefixes": (await gateway.storage.list_objects(GcsUri("kelp-runs"))).prefixes,
            "account": (await gateway.setup.identity()).account,
        }
    except CloudError as error:
        return {"error": error.kind.name, "title": error.title, "message": error.message}
    finally:
        await gateway.close()


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main(*sys.argv[1:] or [""]))))  # noqa: T201
