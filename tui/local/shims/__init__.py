"""The Google Cloud tools that a local job finds on its PATH: `gsutil`, `gcloud`, `pip`.

Only the standard library: they start without site packages, in a few hundredths of a second. `setup` puts
them into a folder; `tool` runs them; `options` reads their command lines; `cloud` talks to the server;
`sources` and `copying` hold gsutil's naming rules; `commands` and `reports` are the subcommands; `voice` is
how each tool words what happens.
"""

from __future__ import annotations

import importlib

TYPE_CHECKING = False
"""As in `typing`, whose import the tools do without."""

if TYPE_CHECKING:
    from tui.local.shims.setup import ShimSetup, add_pip, prepare

__all__ = ["ShimSetup", "add_pip", "prepare"]


def __getattr__(name: str) -> object:
    """Load `setup` when it is asked for: the tools live in this package too, and must start fast."""
    if name not in __all__:
        raise AttributeError(name)
    found: object = getattr(importlib.import_module("tui.local.shims.setup"), name)
    return found
