"""The built wheel is complete: installed without the checkout, it starts and shows its first frame."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from tests.support import subprocess_environment
from tests.terminal import Terminal
from tui import __version__

ROOT = Path(__file__).parents[1]


def pip(*arguments: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pip", *arguments, "--no-deps", "--no-index", "--disable-pip-version-check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel of this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    pip("wheel", "--no-build-isolation", "--wheel-dir", str(folder), str(ROOT))
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def command(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command of that wheel in an environment of its own, which shares only the dependencies.

    A folder named in a `.pth` file is searched, but its own `.pth` files, an editable install among them,
    are not read.
    """
    folder = tmp_path_factory.mktemp("installed")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    python = folder / "bin" / "python"
    pip("--python", str(python), "install", "--no-compile", str(wheel))
    (packages,) = (folder / "lib").glob("python*/site-packages")
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder / "bin" / "vertex-tui"


def test_the_wheel_holds_the_styles_and_the_examples(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for folder in ("styles", "examples"):
        files = [path for path in (ROOT / folder).rglob("*") if path.is_file() and path.suffix != ".pyc"]
        assert files
        assert {f"tui/{path.relative_to(ROOT)}" for path in files} <= names
    assert not [name for name in names if name.startswith(("tests/", "benchmarks/", "tools/", "styles/"))]
    assert "tui/py.typed" in names


def test_the_installed_command_is_that_of_the_wheel(command: Path, tmp_path: Path) -> None:
    printed = subprocess.run([command, "--version"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert printed.stdout.splitlines()[0] == f"vertex-tui {__version__}"
    where = "import tui, tui.assets as a; print(tui.__file__); print(a.STYLES); print(a.EXAMPLES)"
    python = command.with_name("python")
    shown = subprocess.run([python, "-c", where], cwd=tmp_path, capture_output=True, text=True, check=True)
    for line in shown.stdout.splitlines():
        assert Path(line).is_relative_to(command.parents[1])


@pytest.mark.parametrize("way", ["installed", "checkout"])
def test_the_app_shows_its_first_frame_on_a_terminal(way: str, command: Path, home: Path) -> None:
    environ = subprocess_environment(home)
    start = [str(command)]
    if way == "checkout":
        start = [sys.executable, "-m", "tui"]
        environ["PYTHONPATH"] = str(ROOT)
    with Terminal(start, environ) as terminal:
        terminal.wait("1 Setup", "5 Storage", "Help")
        terminal.settle()
        terminal.press("ctrl+q")
        assert terminal.wait_exit() == 0
