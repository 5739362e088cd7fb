"""A bucket to be made: what may be chosen, what that means, and the command that does the same."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from tui.domain.deleteplan import DAY_SECONDS
from tui.domain.regions import TRAINING_REGIONS
from tui.domain.setup.bucket_names import name_fault
from tui.domain.storagelist.classes import CLASSES, class_about, region_match
from tui.domain.storagelist.locations import MULTI_REGIONS, is_location, location_fault

SOFT_DELETES = (7, 0, 14, 30, 90)
"""Days that can be chosen, the service's own first."""
STORAGE_CLASSES = tuple(each.name for each in CLASSES)


@dataclass(frozen=True, slots=True)
class NewBucket:
    """What was chosen."""

    name: str
    location: str
    storage_class: str = "STANDARD"
    versioning: bool = False
    soft_delete_days: int = SOFT_DELETES[0]

    @property
    def fault(self) -> str:
        """Why it cannot be made; empty if it can."""
        if fault := name_fault(self.name):
            return f"this name cannot be used: {fault}"
        return location_fault(self.location)

    def about_location(self, region: str) -> str:
        """What the location means for jobs of a region."""
        if location_fault(self.location):
            return f"a region such as {region}"
        place = self.location.lower()
        if place in MULTI_REGIONS:
            return region_match(place, "multi-region", region).about
        about = region_match(place, "", region).about
        if place == region or place in TRAINING_REGIONS:
            return about
        if not is_location(place):
            return f"⚠ not a location that is known here, perhaps a new one; {about}"
        return f"not a region of training; {about}"

    @property
    def about_class(self) -> str:
        """What the storage class means."""
        return class_about(self.storage_class)

    @property
    def about_versioning(self) -> str:
        """What versioning means."""
        if self.versioning:
            return "what is replaced or deleted stays as an earlier version, billed until deleted"
        return "only the newest of each object is kept"

    @property
    def about_soft_delete(self) -> str:
        """What soft delete means."""
        if not self.soft_delete_days:
            return "what is deleted or replaced is gone at once"
        return f"a delete can be undone for {self.soft_delete_days} days, billed until then"

    def command(self, project: str, kms_key: str = "") -> str:
        """The `gcloud` command that makes the same bucket."""
        parts = [
            f"gcloud storage buckets create gs://{self.name}",
            f"--location={self.location}",
            "--uniform-bucket-level-access",
        ]
        if self.storage_class != STORAGE_CLASSES[0]:
            parts.append(f"--default-storage-class={self.storage_class}")
        if self.soft_delete_days != SOFT_DELETES[0]:
            parts.append(f"--soft-delete-duration={self.soft_delete_days}d")
        parts += [f"--default-encryption-key={shlex.quote(kms_key)}"] if kms_key else []
        parts += [f"--project={shlex.quote(project)}"] if project else []
        made = " ".join(parts)
        return made + (
            f" && gcloud storage buckets update gs://{self.name} --versioning" if self.versioning else ""
        )

    @property
    def soft_delete_seconds(self) -> int | None:
        """What the service is told; None for its own default."""
        return None if self.soft_delete_days == SOFT_DELETES[0] else self.soft_delete_days * DAY_SECONDS
