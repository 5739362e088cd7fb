"""The part of the Storage pane that makes buckets."""

from __future__ import annotations

from textual import work

from tui.domain.errors import CloudError, ErrorKind
from tui.domain.gateway import Gateway
from tui.domain.setup.bucket_names import default_bucket
from tui.domain.storage import GcsUri
from tui.domain.storagelist.newbucket import NewBucket
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
            wish = NewBucket(name, gateway.target.region)
            trouble = ""
            while asked := await self.app.push_screen_wait(BucketScreen(wish, gateway.target, key, trouble)):
                wish = asked
                trouble = await self._create(gateway, wish, key)
                if not trouble:
                    break
                self.say("")
        except CloudError as error:
            self.tell_trouble(error, f"gs://{wish.name} was not created.")
        finally:
            self.end()

    async def _create(self, gateway: Gateway, wish: NewBucket, key: str) -> str:
        """Create it, or go to it if it is there; why another name is needed, or an empty string.

        Raises:
            CloudError: it cannot be created.
        """
        self.say(f"creating gs://{wish.name} …")
        try:
            await gateway.storage.create_bucket(
                wish.name,
                wish.location,
                kms_key=key,
                storage_class=wish.storage_class,
                versioning=wish.versioning,
                soft_delete_seconds=wish.soft_delete_seconds,
            )
        except CloudError as error:
            if error.kind is not ErrorKind.CONFLICT:
                raise
            if not await self._is_ours(gateway, wish.name):
                return "this name is taken: bucket names are unique in all of Google Cloud"
            self.say(f"gs://{wish.name} exists already, with the settings that it had", "warning")
        else:
            self.say(f"✓ created gs://{wish.name}", "success")
            self.post_message(messages.SetupChanged())
        self.refresh_level(on=GcsUri(wish.name))
        return ""

    async def _is_ours(self, gateway: Gateway, name: str) -> bool:
        """Whether a bucket is listed in this project; not if none may be listed."""
        try:
            return any(bucket.name == name for bucket in await gateway.storage.list_buckets())
        except CloudError:
            return False
