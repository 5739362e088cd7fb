"""Lives in a job's virtual environment, where every Python loads it first: `pip` at need, and never `--user`.

An environment without pip is made in milliseconds; one with it takes seconds. So a stub stands in pip's place
until somebody asks for pip, and then Python's own copy is unpacked. pip refuses `--user` in an environment
like this one, and the environment is the job's own anyway: the option is dropped from its command line.
"""

import os
import sys

FOLDER = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120  # pathlib costs start-up time
_PIP = f"{FOLDER}/pip"
_STUB = f"{_PIP}/stub"
"""Tells the stub from pip itself."""


def is_pip(given: list[str]) -> bool:
    """Whether a command line of Python, without Python itself, runs pip."""
    words = iter(given)
    for word in words:
        if word in {"-W", "-X", "--check-hash-based-pycs"}:
            next(words, "")
        elif word.startswith("-m"):
            return (word[2:] or next(words, "")) == "pip"
        elif not word.startswith("-"):
            name = word.rpartition("/")[2]
            return name[:3] == "pip" and not name[3:].strip(".0123456789")
        elif word == "-" or word.startswith("-c"):
            return False
    return False


def bring() -> None:
    """Put pip in the stub's place, once, however many ask at a time."""
    import fcntl  # noqa: PLC0415  # as all below: every Python of the job loads this module
    import shutil  # noqa: PLC0415

    with open(f"{FOLDER}/_local_job_pip.lock", "w", encoding="ascii") as lock:  # noqa: PTH123
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.exists(_STUB):  # noqa: PTH110
            return
        fresh = f"{FOLDER}/_local_job_pip.new"
        if not _unpack(fresh):
            shutil.rmtree(_PIP)
            _ensure()
            return
        os.rename(_PIP, f"{fresh}/stub")  # noqa: PTH104
        for name in os.listdir(fresh):  # noqa: PTH208
            if name != "stub":
                os.rename(f"{fresh}/{name}", f"{FOLDER}/{name}")  # noqa: PTH104
        shutil.rmtree(fresh)


def _unpack(folder: str) -> bool:
    """Unpack the wheels that come with Python; whether pip was among them."""
    import sysconfig  # noqa: PLC0415
    import zipfile  # noqa: PLC0415
    from pathlib import Path  # noqa: PLC0415

    place = sysconfig.get_config_var("WHEEL_PKG_DIR") or f"{os.path.dirname(os.__file__)}/ensurepip/_bundled"  # noqa: PTH120
    wheels = [wheel for name in ("pip", "setuptools") for wheel in Path(place).glob(f"{name}-*.whl")]
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(folder)
    return os.path.exists(f"{folder}/pip/__main__.py")  # noqa: PTH110


def _ensure() -> None:
    """Let Python install pip, if its wheels are not where they usually are."""
    import subprocess  # noqa: PLC0415

    subprocess.run([sys.executable, "-I", "-m", "ensurepip"], check=True, stdout=subprocess.DEVNULL)


def main() -> None:
    """Bring pip, then run it with this process's arguments; never returns."""
    bring()
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606


if is_pip(sys.orig_argv[1:]):
    sys.argv[:] = [word for word in sys.argv if word != "--user"]
