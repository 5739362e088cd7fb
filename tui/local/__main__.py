"""`python -m tui.local serve --data-dir DIR`: the server in the foreground."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import sys
from pathlib import Path

from tui.local.private import make_private
from tui.local.wire import lean


def main(arguments: list[str] | None = None) -> int:
    """Serve one data directory until SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m tui.local")
    commands = parser.add_subparsers(required=True)
    serve_command = commands.add_parser("serve", help="serve one data directory until SIGTERM")
    serve_command.add_argument("--data-dir", type=Path, required=True)
    given = parser.parse_args(arguments)
    os.umask(0o077)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    lean.install()
    return _serve(given.data_dir.resolve())


def _serve(data_dir: Path) -> int:
    from tui.local.server import AlreadyRunningError, serve  # noqa: PLC0415
    from tui.local.settings import Settings  # noqa: PLC0415

    make_private(data_dir)
    try:
        asyncio.run(serve(data_dir, Settings.from_environment()))
    except AlreadyRunningError as error:
        logging.getLogger(__name__).error("%s", error)  # noqa: TRY400 (says it all)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
