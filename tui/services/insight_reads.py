"""Which parts of logs are read to find out about jobs, and in what filters."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tui.domain.gateway import LogsGateway
from tui.domain.logs import LogPage, job_filter, rfc3339

MOST_FILTER = 19_000
"""Characters of a filter; the service takes 20,000 (FACTS 3.6)."""
MOST_EMPTY = 5
"""Empty pages with a token that are followed for one that has entries."""
SERVICE_ONLY = 'resource.labels.task_name="service"'
_WORDS = ("loss", "it/s", "s/it", "eval", "accuracy", "grad_norm", "learning_rate", "epoch", "step")
_FIELDS = ("loss", "train_loss", "eval_loss", "step", "global_step", "epoch", "accuracy")
METRIC_LIKE = "({})".format(
    " OR ".join(
        (
            *(f'{place}:"{word}"' for word in _WORDS for place in ("textPayload", "jsonPayload.message")),
            *(f"jsonPayload.{name}:*" for name in _FIELDS),
        )
    )
)
"""Lines that may say how a training goes."""


@dataclass(frozen=True, slots=True)
class InsightTiming:
    """Seconds, and the bounds that keep the project's 60 reads a minute for others too."""

    rest: float = 0.25
    """The cursor has to stay on a job for so long before its log is read."""
    poll: float = 10.0
    """Between two lists for live jobs while one runs and says something."""
    idle_poll: float = 30.0
    """The same while nothing comes."""
    unfocused: float = 60.0
    """The same while nobody looks."""
    active: float = 60.0
    """After an entry the jobs count as saying something for so long."""
    overlap: float = 45.0
    """How far a list looks back for entries that came late."""
    grace: float = 60.0
    """So long after a job's end its last lines are certain."""
    recheck: float = 30.0
    """Between two reads until then."""
    retry: float = 5.0
    """First rest after a failure; it doubles up to two minutes."""
    publish: float = 0.5
    """What is found is told at most so often."""
    background_reads: float = 12.0
    """Reads a minute, of each project, for jobs that are in sight and not under the cursor."""
    pages: int = 3
    """Pages of one list for live jobs; of one that prints more only the newest is read."""
    history_pages: int = 20
    """Pages of older metrics that are read for the job under the cursor."""


LOCAL_TIMING = InsightTiming(
    poll=3.0, idle_poll=10.0, unfocused=20.0, grace=5.0, recheck=2.0, retry=1.0, background_reads=20.0
)
"""For the local server, which keeps the same quota of reads and delivers promptly."""


def several(ids: Iterable[str], *, since_ns: int | None = None) -> Iterator[str]:
    """Filters for the entries of several jobs, from a time on, each short enough."""
    quoted = [_quoted(each) for each in ids]
    after = f' AND timestamp>="{rfc3339(since_ns)}"' if since_ns is not None else ""
    most = MOST_FILTER - len(after) - 100
    while quoted:
        taken, length = 0, 0
        while taken < len(quoted) and (not taken or length + len(quoted[taken]) + 4 <= most):
            length += len(quoted[taken]) + 4
            taken += 1
        part, quoted = quoted[:taken], quoted[taken:]
        named = part[0] if len(part) == 1 else f"({' OR '.join(part)})"
        yield f'resource.type="ml_job" AND resource.labels.job_id={named}{after}'


def service_of(job_id: str) -> str:
    """What the service said of a job."""
    return f"{job_filter(job_id)} AND {SERVICE_ONLY}"


def around(job_id: str, replica: str, until_ns: int) -> str:
    """A replica's lines up to a time, and what all others wrote on stderr."""
    who = f"(resource.labels.task_name={_quoted(replica)} OR severity>=ERROR)"
    return f'{job_filter(job_id)} AND {who} AND timestamp<="{rfc3339(until_ns)}"'


def metrics_of(job_id: str, before_ns: int | None) -> str:
    """The lines of a job that may hold metrics, up to a time."""
    until = f' AND timestamp<="{rfc3339(before_ns)}"' if before_ns is not None else ""
    return f"{job_filter(job_id)} AND {METRIC_LIKE}{until}"


async def newest(logs: LogsGateway, filter_: str, token: str = "") -> LogPage:
    """The newest page with entries, or the one behind `token`: an empty one may still carry a token."""
    page = await logs.list_entries(filter_, page_token=token, newest_first=True)
    for _ in range(MOST_EMPTY):
        if page.entries or not page.next_page_token:
            break
        page = await logs.list_entries(filter_, page_token=page.next_page_token, newest_first=True)
    return page


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
