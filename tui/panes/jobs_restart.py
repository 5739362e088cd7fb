"""Runs a past job again: its record, changed, becomes a spec that goes the one way to a start."""

from __future__ import annotations

import asyncio
import getpass
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from textual.app import App
from textual.content import Content

from tui.domain.access import QuotaLimits
from tui.domain.catalog.skus import PriceBook
from tui.domain.errors import CloudError
from tui.domain.gateway import Gateway
from tui.domain.joblist.again import Again, again_of, changed
from tui.domain.jobs import Job
from tui.domain.outputs import outputs_of
from tui.domain.places import Place
from tui.domain.spec.check import Spec
from tui.domain.spec.from_job import NewSpec, new_spec
from tui.domain.spec.naming import name_from
from tui.domain.spec.problems import Fix, apply_fix
from tui.domain.spec.references import Layers
from tui.domain.spec.references import Source as ValueSource
from tui.domain.storage import GcsUri
from tui.domain.text import printable
from tui.panes.jobs_rerun import RerunScreen, Surroundings, Wanted
from tui.panes.spec_start import JobStart, Source, environment
from tui.services.options import AppOptions
from tui.services.secrets import SecretStore, value_layers
from tui.services.submission import SubmissionStore

_FOLDERS = ("checkpoint", "ckpt", "model", "output", "run", "weights")
"""Beginnings of the names of folders in which checkpoints lie."""
_MOST_FOLDERS = 4
_SIGNS = {"error": "✗ ", "warning": "⚠ "}


class Restart:
    """One press of a key that runs a job again."""

    def __init__(
        self,
        app: App[Any],
        gateway: Gateway,
        options: AppOptions,
        job: Job,
        project: str,
        *,
        still: Callable[[], bool],
        say: Callable[[Content | str], None],
        in_use: Callable[[Place], Mapping[str, int]] = lambda _place: {},
        prices: PriceBook | None = None,
    ) -> None:
        """`job` has its spec, `project` is its project's id; `still` is whether the connection stands."""
        self._app = app
        self._gateway = gateway
        self._options = options
        self._job = job
        self._project = project
        self._still = still
        self._say = say
        self._in_use = in_use
        self._prices = prices

    def _at(self, region: str) -> Gateway:
        return self._gateway.elsewhere(Place(self._project, region))

    # The dialog

    async def ask(self, paths: Sequence[str], change: str) -> Wanted | None:
        """What is to be otherwise; None when the user left."""

        async def limits(region: str, metrics: Sequence[str]) -> Mapping[str, QuotaLimits]:
            return await self._at(region).setup.quota_limits(metrics)

        screen = RerunScreen(
            again_of(self._job),
            Surroundings(
                title=self._job.display_name or self._job.job_id,
                suggested=self._suggested(),
                paths=tuple(paths),
                in_use=lambda region: self._in_use(Place(self._project, region)),
                limits=limits,
                project=self._project,
                book=self._prices,
                change=change,
            ),
        )
        search = asyncio.create_task(self._find_checkpoints(screen))
        try:
            return await self._app.push_screen_wait(screen)
        finally:
            search.cancel()

    async def _find_checkpoints(self, screen: RerunScreen) -> None:
        """Look where the job writes, and in folders there that may hold checkpoints."""
        storage, home = self._at(self._job.region).storage, Place(self._project, self._job.region)
        place = outputs_of(self._job, home, self._gateway.target, self._options.settings.bucket)
        if place is None:
            return
        with suppress(CloudError):
            top = await storage.list_objects(place)
            folders = [name for name in top.prefixes if _last(name).startswith(_FOLDERS)][:_MOST_FOLDERS]
            screen.offer(_paths(place.bucket, top.prefixes, [item.name for item in top.objects]))
            for name in folders:
                inner = await storage.list_objects(GcsUri(place.bucket, name))
                screen.offer(_paths(place.bucket, inner.prefixes, [item.name for item in inner.objects]))

    def _suggested(self) -> str:
        """The name that the template gives now; the question before the start makes it anew."""
        try:
            user = getpass.getuser()
        except (KeyError, OSError):
            user = ""
        template = self._options.settings.jobs_name_template
        now = datetime.now(UTC).astimezone()
        return name_from(template, user=user, file=self._stem, now=now, number=1)

    @property
    def _stem(self) -> str:
        return self._job.display_name or self._job.job_id

    # The start

    def draft(self, wanted: Wanted | None) -> Job:
        """The record of the job as it is wanted."""
        return changed(self._job, wanted.again) if wanted is not None else self._job

    async def start(self, wanted: Wanted | None) -> Job | None:
        """The job that was started, checked and sent as any other; None, with words, when none was."""
        again: Again = wanted.again if wanted is not None else again_of(self._job)
        gateway = self._at(again.region)
        made = await asyncio.to_thread(new_spec, self.draft(wanted), again.display_name)
        options, target = self._options, gateway.target
        secrets = SecretStore(options.paths.secrets_file)
        start = JobStart(
            self._app,
            gateway,
            options,
            secrets,
            SubmissionStore(options.paths.journals_dir),
            layers=lambda: _with_own(
                made,
                value_layers(secrets, environment(), options.settings, target.project, target.region),
            ),
            still=self._still,
            tell=self._tell,
            write=_write,
            secret_set=lambda: None,
            in_use=self._in_use,
            prices=self._prices,
        )
        source = Source(made.text, f"{self._stem}, once more", self._stem, "", unsaved=False)
        return await start.run(source, on_refused=self._refused)

    def _tell(self, title: str, message: str = "", *, tone: str = "") -> None:
        words = f"{_SIGNS.get(tone, '')}{title}" + (f". {message}" if message else "")
        shown = {"error": "$text-error", "warning": "$text-warning", "success": "$text-success"}.get(tone, "")
        self._say(Content.styled(printable(words), shown))

    def _refused(self, failure: CloudError, _spec: Spec) -> None:
        words = failure.hint or failure.message
        self._tell(f"Not started: {failure.title}", f"{words} e opens its spec in the editor.", tone="error")


def _with_own(made: NewSpec, layers: Layers) -> Layers:
    """What the past job had goes again: in arguments always, in the environment unless one is stored."""
    in_args = {name: value for name, value in made.secrets.items() if name in made.in_args}
    own = (ValueSource.PAST_JOB, made.secrets)
    return ((ValueSource.PAST_JOB, in_args), *layers[:1], own, *layers[1:])


def _write(text: str, fix: Fix) -> str | None:
    """A change for this start: there is no file that it could be written into."""
    return apply_fix(text, fix)


def _paths(bucket: str, prefixes: Sequence[str], names: Sequence[str]) -> tuple[str, ...]:
    return tuple(f"gs://{bucket}/{name}" for name in (*prefixes, *names))


def _last(prefix: str) -> str:
    return prefix.rstrip("/").rpartition("/")[2].lower()
