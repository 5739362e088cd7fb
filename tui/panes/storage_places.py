"""The part of the Storage pane that goes to places by name: typed, recent, above, or a job's."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Awaitable, Sequence

from textual import work

from tui.domain.jobs import Job
from tui.domain.storage import GcsUri
from tui.domain.storagelist.places import places_of_job, steps, web_address
from tui.domain.storagewords import place_name
from tui.domain.text import printable
from tui.panes.storage_details import StorageDetails
from tui.panes.storage_prompt import Prompt
from tui.services.options import AppOptions

KEPT_PLACES = 30
"""Places remembered in a session."""

Choice = tuple[GcsUri, str]
"""A place, and why it is offered."""


class StoragePlaces(StorageDetails):
    """Goes to a place that was named."""

    def __init__(self, options: AppOptions) -> None:
        super().__init__(options)
        self._recent: dict[GcsUri, None] = {}
        self._of_job: list[Choice] = []

    @abstractmethod
    def browse(self, uri: GcsUri, *, from_caller: bool = True) -> None:
        """Show a place, or an object's place with the cursor on it; `esc` then leads back to the caller."""

    def remember(self, place: GcsUri | None) -> None:
        """A place that has been shown is offered again."""
        if place is not None:
            self._recent.pop(place, None)
            self._recent[place] = None
            while len(self._recent) > KEPT_PLACES:
                del self._recent[next(iter(self._recent))]

    def browse_job(self, job: Job, uri: GcsUri) -> None:
        """Show where a job's outputs are; of several places that it names, let the user choose."""
        insight = self.insights.get(job.name)
        found = places_of_job(job, insight.paths if insight is not None else ())
        self._of_job = found
        self.browse(uri)
        if len(found) > 1:
            self._choose(f"Where {printable(job.display_name)} may have written", found, from_caller=True)

    def action_places(self) -> None:
        """Choose from the places above this one, those of the job, and the recent ones."""
        above = steps(self.place)[:-1] if self.place is not None else []
        found = [(uri, "above") for uri in reversed(above)]
        found += [(uri, f"of the job: {source}") for uri, source in self._of_job]
        found += [(uri, "recent") for uri in reversed(self._recent)]
        seen: dict[GcsUri, str] = {}
        for uri, source in found:
            if uri != self.place:
                seen.setdefault(uri, source)
        self._choose("Go to", list(seen.items()))

    @work(exclusive=True, group="storage-prompt", exit_on_error=False)
    async def _choose(self, title: str, choices: Sequence[Choice], *, from_caller: bool = False) -> None:
        from tui.panes.spec_pick import Pick, PickScreen  # noqa: PLC0415 (seldom used)

        picks = [Pick(uri, place_name(uri), source) for uri, source in choices]
        chosen = await self.app.push_screen_wait(
            PickScreen(title, picks, empty="No other place has been shown yet: o goes to a typed one.")
        )
        if chosen is not None:
            self.browse(chosen, from_caller=from_caller)

    def action_go_to(self) -> None:
        """Show a typed path."""
        start = str(self.place) if self.place is not None else "gs://"
        self._go_to(self.query_one(Prompt).ask("Go to", start))

    @work(exclusive=True, group="storage-prompt", exit_on_error=False)
    async def _go_to(self, typed: Awaitable[str | None]) -> None:
        answer = await typed
        self.give_focus()
        if answer is None:
            return
        try:
            uri = GcsUri.parse(answer.lstrip() if "://" in answer else f"gs://{answer.lstrip()}")
        except ValueError:
            self.say(f"not a path: {printable(answer)} · it begins with gs:// and a bucket", "error")
        else:
            self.say("")
            self.browse(uri, from_caller=False)

    def action_copy(self) -> None:
        """Copy the paths of the marked rows, else of the one under the cursor, else of the place."""
        self._copy([str(uri) for uri in self._chosen_uris()])

    def action_copy_web(self) -> None:
        """Copy the addresses at which a browser shows them."""
        self._copy([web_address(uri) for uri in self._chosen_uris()])

    def _chosen_uris(self) -> list[GcsUri]:
        rows = self.targets()
        if rows:
            return [row.uri for row in rows]
        return [self.place] if self.place is not None else []

    def _copy(self, texts: Sequence[str]) -> None:
        if texts:
            title = printable(texts[0]) if len(texts) == 1 else f"{len(texts):,} paths"
            self.copy("\n".join(texts), title, self.say)
