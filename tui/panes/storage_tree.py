"""The tree of prefixes beside the table, each read only when it is opened."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual import work
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Tree
from textual.widgets.tree import TreeNode

from tui.domain.errors import CloudError
from tui.domain.gateway import Gateway
from tui.domain.storage import GcsUri
from tui.domain.storagelist.entries import Entries
from tui.domain.storagelist.places import steps
from tui.domain.text import printable
from tui.services.listing import read_page

MOST_PAGES = 2
"""Pages of one place in which prefixes are looked for: the table finds those behind many objects."""

MOST_CHILDREN = 1_000
"""Prefixes shown below one node."""

Node = TreeNode[GcsUri | None]


class StorageTree(Tree[GcsUri | None], inherit_bindings=False):
    """Buckets and prefixes; enter shows one in the table, which the tree follows in turn."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select_cursor", "Show", id="storage.tree-show", tooltip="In the table"),
        Binding("right,l", "open_node", "Unfold", show=False, tooltip="Then to the first below it"),
        Binding("left,h", "close_node", "Fold", show=False, tooltip="Then to what holds it"),
        Binding("space", "toggle_node", "Fold or unfold", show=False),
        Binding("up,k", "cursor_up", "Up", show=False),
        Binding("down,j", "cursor_down", "Down", show=False),
        Binding("pageup", "page_up", "Page up", show=False),
        Binding("pagedown", "page_down", "Page down", show=False),
        Binding("g,home", "scroll_home", "First", show=False),
        Binding("G,end", "scroll_end", "Last", show=False),
    ]

    class Went(Message):
        """The user chose a place."""

        def __init__(self, place: GcsUri | None) -> None:
            super().__init__()
            self.place = place

    def __init__(self, *, id: str) -> None:  # noqa: A002 (Textual's name)
        super().__init__(Text("all buckets"), None, id=id)
        self.show_root = True
        self.guide_depth = 2
        self.auto_expand = False
        self._gateway: Gateway | None = None
        self._read: set[int] = set()
        self._follows: GcsUri | None = None

    @property
    def pointed(self) -> GcsUri | None:
        """The bucket or prefix under the cursor; None on the root, and on a line that only says something."""
        node = self.cursor_node
        if node is None or node.parent is None or node.data == node.parent.data:
            return None
        return node.data

    def follow(self, gateway: Gateway | None, place: GcsUri | None) -> None:
        """Open the way to a place and put the cursor on it."""
        if gateway is not self._gateway:
            self._gateway = gateway
            self.forget()
        self._follows = place
        self._lead()

    def forget(self) -> None:
        """Read everything again."""
        self._read.clear()
        self.root.remove_children()

    @work(exclusive=True, group="storage-tree-lead", exit_on_error=False)
    async def _lead(self) -> None:
        node = self.root
        for step in steps(self._follows) if self._follows is not None else ():
            await self._open(node)
            found = next((child for child in node.children if child.data == step), None)
            node = found or self._add(node, step)
        await self._open(node)
        self.call_after_refresh(self.move_cursor, node)

    @work(group="storage-tree", exit_on_error=False)
    async def _open_apart(self, node: Node) -> None:
        await self._open(node)

    async def _open(self, node: Node) -> None:
        """Read what lies below a node, once, and open it."""
        if node.id not in self._read and self._gateway is not None:
            self._read.add(node.id)
            entries = Entries(node.data)
            trouble = ""
            try:
                for _page in range(MOST_PAGES):
                    await read_page(self._gateway.storage, entries)
            except CloudError as error:
                self._read.discard(node.id)
                trouble = error.title
            self._fill(node, entries, trouble)
        node.expand()

    def _fill(self, node: Node, entries: Entries, trouble: str) -> None:
        known = {child.data for child in node.children}
        place = node.data
        found = [GcsUri(bucket.name) for bucket in entries.buckets]
        if place is not None:
            found = [GcsUri(place.bucket, place.name + name) for name in entries.prefixes]
        for uri in found[:MOST_CHILDREN]:
            if uri not in known:
                self._add(node, uri)
        if trouble:
            node.add_leaf(Text(f"✗ {trouble}", "dim"), place)
        elif len(found) > MOST_CHILDREN or not entries.whole:
            node.add_leaf(Text("… more: the table has them", "dim"), place)
        elif not found:
            node.allow_expand = False

    def _add(self, node: Node, uri: GcsUri) -> Node:
        name = uri.name[uri.name.rfind("/", 0, -1) + 1 :] or uri.bucket
        return node.add(Text(printable(name)), uri)

    def action_open_node(self) -> None:
        """Open what is under the cursor; if it is open, go to the first below it."""
        if (node := self.cursor_node) is None or not node.allow_expand:
            return
        if node.is_expanded and node.children:
            self.move_cursor(node.children[0])
        else:
            self._open_apart(node)

    def action_close_node(self) -> None:
        """Close what is under the cursor; if it is closed, go to what holds it."""
        node = self.cursor_node
        if node is not None and node.is_expanded and node.children:
            node.collapse()
        elif node is not None and node.parent is not None:
            self.move_cursor(node.parent)

    def action_toggle_node(self) -> None:
        """Open or close."""
        if (node := self.cursor_node) is not None and node.is_expanded:
            node.collapse()
        elif node is not None:
            self._open_apart(node)

    def on_tree_node_expanded(self, event: Tree.NodeExpanded[GcsUri | None]) -> None:
        """One opened with the mouse is read too."""
        event.stop()
        if event.node.id not in self._read:
            self._open_apart(event.node)

    def on_tree_node_selected(self, event: Tree.NodeSelected[GcsUri | None]) -> None:
        """Enter, or a click, shows the place."""
        event.stop()
        self.post_message(self.Went(event.node.data))
