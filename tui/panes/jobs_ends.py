"""The ends of jobs in the Jobs pane: those that are watched, those nobody has looked at, and the strip."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import ModalScreen
from textual.timer import Timer

from tui.domain.insight import JobInsight
from tui.domain.joblist.unseen import Noticed, in_turn
from tui.domain.text import printable
from tui.panes import messages
from tui.panes.jobs_unseen import FEW_CAUSES, FEW_ROWS, MOST_CAUSES, NewsStrip, news_content
from tui.panes.jobs_views import JobsViews
from tui.services.jobwatch import JobsSnapshot
from tui.services.options import AppOptions
from tui.widgets.rows import RowList

WATCHED, UNSEEN = "◉", "•"
"""Before the name of a job whose end will be told, and of one whose end nobody has looked at."""
SEEN_SECONDS = 1.0
"""A job's end was looked at when the cursor stayed on it for so long."""
_NEWS_READ = 12
"""Jobs that ended unseen whose logs are read at once."""
_OF_UNSEEN = frozenset({"next_unseen", "all_seen"})


class JobsEnds(JobsViews):
    """Watched jobs and unseen ends."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "w", "watch", "Watch", id="jobs.watch", show=False, tooltip="Tell when this job ends, or do not"
        ),
        Binding(
            "u",
            "next_unseen",
            "Unseen",
            id="jobs.unseen",
            show=False,
            tooltip="The next job that ended unseen, failed ones first",
        ),
        Binding(
            "U",
            "all_seen",
            "All seen",
            id="jobs.all-seen",
            show=False,
            tooltip="Count all ends as seen, without looking at each",
        ),
    ]

    def __init__(self, options: AppOptions) -> None:
        super().__init__(options)
        self._strip: NewsStrip | None = None
        self._looking: tuple[str, Timer] | None = None
        """The job under the cursor whose end counts as looked at when the timer has run."""
        self._unseen: frozenset[str] = frozenset()

    def ends_offer(self, action: str) -> bool | None:
        """Whether one of these actions makes sense now; None for an action of others."""
        if action == "watch":
            return self.current is not None and self.current.state.live
        return bool(self.noticed.unseen) if action in _OF_UNSEEN else None

    def cells(self, key: str, widths: Mapping[str, int]) -> tuple[Content, ...]:
        """The cells of a row, the name with its mark."""
        found = super().cells(key, widths)
        mark = WATCHED if key in self.noticed.watched else UNSEEN if key in self._unseen else ""
        if not mark:
            return found
        marked = Content.styled(f"{mark} ", "$accent")
        names = [column.key == "name" for column in self._columns]
        return tuple(
            marked + cell.stylize("bold" if mark == UNSEEN else "") if named else cell
            for cell, named in zip(found, names, strict=True)
        )

    def watch_noticed(self, old: Noticed, new: Noticed) -> None:
        """Marks and the strip follow; a job under the cursor counts as looked at after a moment."""
        unseen = frozenset(new.unseen)
        changed = (old.watched ^ new.watched) | (self._unseen ^ unseen)
        self._unseen = unseen
        self.table.touch(changed)
        self._show_news()
        self._look_at_current()
        self.refresh_bindings()

    def action_watch(self) -> None:
        """Watch the job, or do not any more."""
        job = self.current
        if job is None or not job.state.live:
            return
        wanted = job.name not in self.noticed.watched
        self.post_message(messages.WatchJob(job, on=wanted))
        name = printable(job.display_name or job.job_id)
        self.say(f"The end of {name} will be told." if wanted else f"The end of {name} will not be told.")

    def action_next_unseen(self) -> None:
        """Put the cursor on the next job that ended unseen; the strip has told what there was."""
        unseen = [job for name in self.noticed.unseen if (job := self.job_named(name)) is not None]
        names = [job.name for job in in_turn(unseen, self.insights)]
        if self.noticed.news is not None:
            self.post_message(messages.NewsRead())
        if not names:
            return
        here = self.table.cursor_key
        place = names.index(here) + 1 if here in names else 0
        if not self.table.show_cursor_on(names[place % len(names)]):
            self.show_job(names[place % len(names)])

    def action_all_seen(self) -> None:
        """Count all ends as seen; the strip has told what there was."""
        unseen = self.noticed.unseen
        self.post_message(messages.EndSeen(*unseen))
        if self.noticed.news is not None:
            self.post_message(messages.NewsRead())
        self.say(f"{len(unseen):,} end{'' if len(unseen) == 1 else 's'} count as seen.")

    def wave_news_away(self) -> bool:
        """`esc`: the strip goes; False if there is none."""
        if self.noticed.news is None or self._strip is None or self._strip.has_class("hidden"):
            return False
        self.post_message(messages.NewsRead())
        return True

    def _show_news(self) -> None:
        news = self.noticed.news
        if news is None:
            if self._strip is not None:
                self._strip.show(Content(""))
            return
        jobs = [job for name in news.names if (job := self.job_named(name)) is not None]
        content = news_content(
            news,
            jobs,
            self.insights,
            self.cost_of,
            self.painted,
            width=max(self.size.width - 4, 20),
            most=FEW_CAUSES if self.app.size.height < FEW_ROWS else MOST_CAUSES,
            local=self.options.local,
        )
        if self._strip is None:
            self._strip = NewsStrip()
            self.mount(self._strip, before="#jobs-filter")
            self._look_into()
        self._strip.show(content)

    def _look_into(self) -> None:
        """What the logs say of the jobs in sight, and of those that the strip is about."""
        told = self.noticed.news.names[:_NEWS_READ] if self.noticed.news else ()
        names = dict.fromkeys([*self.table.keys_in_sight, *told])
        jobs = tuple(job for name in names if (job := self.job_named(name)))
        self.post_message(messages.LookInto(jobs, self.current))

    def watch_insights(self, old: Mapping[str, JobInsight], new: Mapping[str, JobInsight]) -> None:
        """Causes may be known now."""
        super().watch_insights(old, new)
        if self.noticed.news is not None:
            self._show_news()

    def watch_jobs(self, old: JobsSnapshot, new: JobsSnapshot) -> None:
        """Errors of jobs come late, and another job may be under a cursor that stays on the first row."""
        super().watch_jobs(old, new)
        self._look_at_current()
        if self.noticed.news is not None:
            self._show_news()

    @on(RowList.Highlighted)
    def _other_job(self) -> None:
        self._look_at_current()

    def on_show(self) -> None:
        """The pane has come to the front: what ran while it was hidden does not count."""
        self._look_away()
        self._look_at_current()

    def _look_at_current(self) -> None:
        """Count while the cursor is on a job whose end nobody has looked at, from when it came there."""
        key = self.table.cursor_key
        if self._looking is not None and self._looking[0] == key and key in self._unseen:
            return
        self._look_away()
        if key is not None and key in self._unseen:
            self._looking = key, self.set_timer(SEEN_SECONDS, partial(self._looked_at, key))

    def _look_away(self) -> None:
        if self._looking is not None:
            self._looking[1].stop()
            self._looking = None

    def _looked_at(self, key: str) -> None:
        """Nobody sees what lies behind another pane or a dialog, or in a terminal without the focus."""
        self._looking = None
        if self.table.cursor_key != key or key not in self._unseen:
            return
        covered = isinstance(self.app.screen, ModalScreen) or not self.app.app_focus
        if self.is_on_screen and not covered:
            self.post_message(messages.EndSeen(key))
        elif self.is_on_screen:
            self._look_at_current()
