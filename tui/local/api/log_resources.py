"""The monitored resource types that entries here can have."""

from __future__ import annotations

from tui.local.wire import gtypes
from tui.local.wire.gtypes import Message

_PROJECT = ("project_id", "The identifier of the GCP project associated with this resource.")
_TYPES: tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...] = (
    ("global", "Global", (_PROJECT,)),
    (
        "ml_job",
        "Cloud ML Job",
        (_PROJECT, ("job_id", "The id of the job."), ("task_name", "The replica or the service.")),
    ),
    (
        "generic_task",
        "Generic Task",
        (
            _PROJECT,
            ("location", "The region."),
            ("namespace", "A namespace identifier."),
            ("job", "An identifier for a grouping of related tasks."),
            ("task_id", "A unique identifier for the task."),
        ),
    ),
    (
        "gce_instance",
        "VM Instance",
        (_PROJECT, ("instance_id", "The numeric VM instance identifier."), ("zone", "The zone.")),
    ),
)


def descriptors() -> list[Message]:
    """Every type, as `google.api.MonitoredResourceDescriptor`."""
    return [
        gtypes.MonitoredResourceDescriptor(
            type=kind,
            display_name=title,
            labels=[{"key": key, "description": text} for key, text in labels],
        )
        for kind, title, labels in _TYPES
    ]
