"""Scripts as people write them for custom training: the folder `clean` holds those that deserve no warning.

All run with `BUCKET`, `RUN_NAME` and `HF_TOKEN` in `env`, and with a base output directory.
"""

from __future__ import annotations

from pathlib import Path

ENV = frozenset({"BUCKET", "RUN_NAME", "HF_TOKEN"})

CLEAN = {
    path.stem: path.read_text("utf-8") for path in sorted(Path(__file__).with_name("clean").glob("*.sh"))
}
