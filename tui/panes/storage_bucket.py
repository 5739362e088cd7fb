"""The part of the Storage pane that makes buckets."""

from __future__ import annotations

import re

from textual import work

from tui.domain.errors import CloudError
from tui.domain.gateway import Gateway
from tui.domain.storage import GcsUri
from tui.panes import messages, storage_words
from tui.panes.storage_prompt import Prompt
from tui.panes.storage_transfer import StorageTransfer

_BUCKET_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]")


class StorageBuckets(StorageTransfer):
    """Creates buckets where the jobs run."""

    @work(group="storage-work", exit_on_error=False)
    async def create(self, gateway: Gateway) -> None:
        """Create a bucket in the region of the jobs."""
        self.begin()
        try:
            name = await self.query_one(Prompt).ask(
                "Name of the new bucket", f"{gateway.target.project}-training"
            )
            self._focus()
            if not name:
                return
            if not _BUCKET_NAME.fullmatch(name):
                self.say("a bucket's name has 3 to 63 lower-case letters, digits, dashes or dots", "error")
                return
            if await self.confirmed(storage_words.bucket_question(name, gateway.target)):
                self.say(f"creating gs://{name} …")
                key = self.options.settings.kms_key
                await gateway.storage.create_bucket(name, gateway.target.region, kms_key=key)
                self.say(f"✓ created gs://{name}", "success")
                self.refresh_level(on=GcsUri(name))
                self.post_message(messages.SetupChanged())
        except CloudError as error:
            self.tell_trouble(error, "No bucket was created.")
        finally:
            self.end()
