"""Messages that cross panes; the app routes them (`tui/app.py`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from textual.message import Message

from tui.domain.access import Identity
from tui.domain.errors import CloudError
from tui.domain.jobs import Job
from tui.domain.logs import EntryKey, LogEntry
from tui.domain.places import Place
from tui.domain.setup.needs import JobNeeds
from tui.domain.storage import GcsUri
from tui.services.settings import Value


class PaneId(StrEnum):
    """The five panes, in the order of their keys."""

    SETUP = "setup"
    SPEC = "spec"
    JOBS = "jobs"
    LOGS = "logs"
    STORAGE = "storage"


class OpenSetup(Message):
    """Show the setup checks, if given with the cursor on one of them."""

    def __init__(self, check_id: str = "") -> None:
        super().__init__()
        self.check_id = check_id


class EditSpec(Message):
    """Open a spec file in the editor."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path


class OpenJobs(Message):
    """Show the job list, if given with the cursor on one job."""

    def __init__(self, job_name: str = "") -> None:
        super().__init__()
        self.job_name = job_name


class LookInto(Message):
    """Find out what the logs of these jobs say, first of all that of one of them."""

    def __init__(self, jobs: tuple[Job, ...], first: Job | None) -> None:
        super().__init__()
        self.jobs = jobs
        self.first = first

    def can_replace(self, message: Message) -> bool:
        """Only the last wish counts."""
        return isinstance(message, LookInto)


class SaveSetting(Message):
    """Write one setting to the configuration file and go on with it."""

    def __init__(self, key: str, value: Value) -> None:
        super().__init__()
        self.key = key
        self.value = value


class OpenLogs(Message):
    """Show one job's log, if given at one entry of it."""

    def __init__(self, job: Job, at: EntryKey | None = None, place: Place | None = None) -> None:
        super().__init__()
        self.job = job
        self.at = at
        self.place = place
        """Where the job lives, if the sender knows; the job list may not look there."""


class EntriesSeen(Message):
    """Entries of a job's log were read: whoever wants to know what they say need not read them again."""

    def __init__(self, job: Job, entries: Sequence[LogEntry]) -> None:
        super().__init__()
        self.job = job
        self.entries = entries


class BrowseOutputs(Message):
    """Show a place in Cloud Storage."""

    def __init__(self, uri: GcsUri, job: Job | None = None) -> None:
        """`job` is the one whose outputs are looked for: it may name several places."""
        super().__init__()
        self.uri = uri
        self.job = job


class JobsChanged(Message):
    """Something was submitted, cancelled or deleted: read the job list now."""


class JobStarted(Message):
    """A job was started here, once: its end is told."""

    def __init__(self, job: Job, place: Place) -> None:
        super().__init__()
        self.job = job
        self.place = place


class WatchJob(Message):
    """Tell the end of a job, or do not."""

    def __init__(self, job: Job, *, on: bool) -> None:
        super().__init__()
        self.job = job
        self.on = on


class EndSeen(Message):
    """The ends of jobs were looked at."""

    def __init__(self, *job_names: str) -> None:
        super().__init__()
        self.job_names = job_names


class NewsRead(Message):
    """What ended while nobody looked was told: it is not told again."""


class CloneJob(Message):
    """Begin a new spec with what a job was sent with, if given at a place in it."""

    def __init__(self, job: Job, at: tuple[str | int, ...] = ()) -> None:
        super().__init__()
        self.job = job
        self.at = at
        """A path in the CustomJob."""


class NeedsChanged(Message):
    """The open spec asks for something else now; None while no spec is open."""

    def __init__(self, needs: JobNeeds | None) -> None:
        super().__init__()
        self.needs = needs


class SetServiceAccount(Message):
    """Write `serviceAccount` into the open spec; the user saves the file."""

    def __init__(self, account: str) -> None:
        super().__init__()
        self.account = account


class TryHere(Message):
    """Run a job on the local server of this box, whatever the connection is; the app says how it ended."""

    def __init__(self, request: Mapping[str, Any]) -> None:
        super().__init__()
        self.request = request
        """A CustomJob in JSON form with its references filled; never to be shown or logged."""


class SettingsChanged(Message):
    """Settings were changed in the app: use them from now on, with a new connection."""

    def __init__(self, values: Mapping[str, Value]) -> None:
        super().__init__()
        self.values = values
        """By dotted key."""


class AccountFound(Message):
    """The checks have read whose credentials are used; a login elsewhere may have changed that."""

    def __init__(self, identity: Identity) -> None:
        super().__init__()
        self.identity = identity


class SetupChanged(Message):
    """An API, a role or a bucket was changed: what failed for want of it may work now."""


class BadgeChanged(Message):
    """A pane has new text for its tab, e.g. `2 running`; `tone` is success, warning, error or empty."""

    def __init__(self, pane: PaneId, text: str, tone: str = "") -> None:
        super().__init__()
        self.pane = pane
        self.text = text
        self.tone = tone


class DataFresh(Message):
    """A pane's data was read successfully at `when`; the header says so."""

    def __init__(self, source: str, when: datetime) -> None:
        super().__init__()
        self.source = source
        self.when = when


class DataTrouble(Message):
    """A pane's data could not be read; the header shows it in one line."""

    def __init__(self, source: str, error: CloudError) -> None:
        super().__init__()
        self.source = source
        self.error = error


class TransfersBegun(Message):
    """There are transfers to be told of from now on."""

    def __init__(self, hub: object) -> None:
        """`hub` is a `tui.services.transfers.hub.Hub`, which no first frame needs."""
        super().__init__()
        self.hub = hub
