"""The built wheel is complete: installed without the checkout, it starts and shows its first frame."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.support import subprocess_environment
from tests.terminal import Terminal
from tests.test_layers import MODULES, imports_of
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


def declared() -> set[str]:
    """The normalised names of the dependencies in `pyproject.toml`."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return {canonicalize_name(Requirement(text).name) for text in project["dependencies"]}


def owners() -> dict[str, str]:
    """Which installed distribution brings each module."""
    found: dict[str, str] = {}
    for distribution in metadata.distributions():
        name = canonicalize_name(distribution.metadata["Name"])
        # `distribution.files` makes a path object of each of some 40,000 lines.
        for line in (distribution.read_text("RECORD") or "").splitlines():
            file = line.partition(",")[0]
            if file.endswith((".py", ".so")):
                folder, _, last = file.rpartition("/")
                module = f"{folder}/{last.partition('.')[0]}".strip("/").replace("/", ".")
                found.setdefault(module.removesuffix(".__init__"), name)
    return found


def test_whatever_the_package_imports_is_declared() -> None:
    dependencies, modules, wrong = declared(), owners(), set()
    for path in MODULES:
        for line, name in imports_of(path):
            if name.partition(".")[0] in {*sys.stdlib_module_names, "tui"}:
                continue
            parts = name.split(".")
            known = [".".join(parts[:length]) for length in range(len(parts), 0, -1)]
            owner = next((modules[module] for module in known if module in modules), "")
            if owner and owner not in dependencies:
                wrong.add(f"{path.relative_to(ROOT)}:{line}: {name} is of {owner}")
            if not owner and parts[0] != "google":
                wrong.add(f"{path.relative_to(ROOT)}:{line}: {name} is not installed")
    assert not wrong, "\n".join(sorted(wrong))


def test_every_dependency_is_pinned_once() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").split()
    names = [canonicalize_name(line.partition("==")[0]) for line in lines]
    assert all("==" in line for line in lines)
    assert len(names) == len(set(names))
    assert declared() <= set(names)
