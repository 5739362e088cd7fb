"""Nothing of Google's and no rule of the spec is loaded before the first frame: it would cost seconds."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

FIRST_FRAME = """
import asyncio, json, os, sys

present = set(sys.modules)  # an installed package may load empty namespace packages at every start
def foreign():
    new = sys.modules.keys() - present
    heavy = {"google", "grpc", "proto", "aiohttp", "re2", "ruamel", "yaml"}
    own = ("tui.domain.spec.check", "tui.domain.spec.shell", "tui.domain.secrets", "tui.domain.catalog.skus")
    return sorted(name for name in new if name.partition(".")[0] in heavy or name.startswith(own))

from tui.widgets.keybar import KeyBar
from tui.app import VertexApp
from tui.cli_common import Options
from tui.widgets.header import HeaderBar, TabBar

seen = {"imported": foreign()}

class Watched(VertexApp):
    def post_display_hook(self):
        frame = (HeaderBar, TabBar, KeyBar, ".pane")
        widgets = [widget for part in frame for widget in self.screen.query(part)]
        if "frame" not in seen and len(widgets) == 4 and all(widget.size for widget in widgets):
            seen["frame"] = foreign()
            self.finish()

    def start_connection(self):
        seen.setdefault("connected_after_frame", "frame" in seen)
        self.finish()

    def finish(self):
        if {"frame", "connected_after_frame"} <= seen.keys():
            self.exit()

options = Options(local="local" in sys.argv).app_options(None)
Watched(options).run(headless=True, size=(80, 24))
print(json.dumps(seen))
"""


@pytest.mark.parametrize("mode", ["local", "cloud"])
def test_no_heavy_module_is_loaded_before_the_first_frame(mode: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FIRST_FRAME, mode],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout.splitlines()[-1])
    assert seen["imported"] == []
    assert seen["frame"] == []
    assert seen["connected_after_frame"]
