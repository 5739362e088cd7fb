"""The part of the app that knows more than the records say: what logs tell of jobs."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from textual import on, work
from textual.reactive import reactive

from tui.connected import ConnectedApp
from tui.panes import messages
from tui.services import config_write
from tui.services.config_file import ConfigError
from tui.services.settings import BY_KEY

if TYPE_CHECKING:
    from tui.domain.insight import JobInsight


class InformedApp(ConnectedApp):
    """A connected app that reads in logs what the job list shows of them."""

    insights: reactive[Mapping[str, JobInsight]] = reactive["Mapping[str, JobInsight]"](
        dict, init=False, repaint=False
    )
    """What the logs say of jobs, by their resource names."""

    @on(messages.SaveSetting)
    @work(group="save-setting", exit_on_error=False)
    async def _save_setting(self, message: messages.SaveSetting) -> None:
        """Go on with a setting at once, and write it for the next start."""
        changed = {BY_KEY[message.key].attribute: message.value}
        self.options = replace(self.options, settings=replace(self.options.settings, **changed))  # type: ignore[arg-type]
        self.settings_changed()
        path = self.options.paths.config_file
        try:
            await asyncio.to_thread(
                config_write.save, path, message.key, str(message.value), self.options.profile
            )
        except ConfigError as error:
            self.notify(f"It holds for this session only: {error}", severity="warning", markup=False)

    def settings_changed(self) -> None:
        """Hand the options in force to all panes."""
