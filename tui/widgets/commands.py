"""The command palette finds every action that a key has, by name."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from textual.binding import Binding
from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.dom import DOMNode


class KeyCommands(Provider):
    """Offers each active binding under its description."""

    async def discover(self) -> Hits:
        """List everything before a word is typed."""
        for binding, title in self._entries():
            yield DiscoveryHit(title, partial(self._run, binding.action), help=binding.tooltip or None)

    async def search(self, query: str) -> Hits:
        """List what matches."""
        matcher = self.matcher(query)
        for binding, title in self._entries():
            if (score := matcher.match(title)) > 0:
                yield Hit(
                    score,
                    matcher.highlight(title),
                    partial(self._run, binding.action),
                    help=binding.tooltip or None,
                )

    def _entries(self) -> Iterator[tuple[Binding, str]]:
        seen = set()
        for active in self.screen.active_bindings.values():
            binding = active.binding
            # Bindings without an id are movements within a widget: nobody looks for those by name.
            if binding.id and binding.description and binding.action not in seen:
                seen.add(binding.action)
                yield binding, f"{binding.description} ({self.app.get_key_display(binding)})"

    async def _run(self, action: str) -> None:
        focused = self.screen.focused
        await self.app.run_action(action, default_namespace=self._namespace(action) or focused or self.screen)

    def _namespace(self, action: str) -> DOMNode | None:
        return next(
            (
                active.node
                for active in self.screen.active_bindings.values()
                if active.binding.action == action
            ),
            None,
        )
