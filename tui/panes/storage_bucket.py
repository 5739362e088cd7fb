"""The part of the Storage pane that makes buckets."""

from __future__ import annotations

from textual import work

from tui.domain.errors import CloudError
from tui.domain.gateway import Gateway
from tui.domain.setup.bucket_names import default_bucket
from tui.domain.storage import GcsUri
from tui.panes import messages
from tui.panes.storage_transfer import StorageTransfer


class StorageBuckets(StorageTransfer):
    """Creates buckets, where the jobs run unless another place is wished for."""

    @work(group="storage-work", exit_on_error=False)
    async def create(self, gateway: Gateway) -> None:
        """Ask for a bucket and create it."""
        from tui.panes.storage_bucket_form import BucketScreen  # noqa: PLC0415 (seldom used)

        self.begin()
        try:
            key = self.options.settings.kms_key
            name = self.options.settings.bucket or default_bucket(gateway.target.project)
            wish = await self.app.push_screen_wait(BucketScreen(name, gateway.target, key))
            if wish is None:
                return
            self.say(f"creating gs://{wish.name} …")
            await gateway.storage.create_bucket(
                wish.name,
                wish.location,
                kms_key=key,
                storage_class=wish.storage_class,
                versioning=wish.versioning,
                soft_delete_seconds=wish.soft_delete_seconds,
            )
            self.say(f"✓ created gs://{wish.name}", "success")
            self.refresh_level(on=GcsUri(wish.name))
            self.post_message(messages.SetupChanged())
        except CloudError as error:
            self.tell_trouble(error, "No bucket was created.")
        finally:
            self.end()
