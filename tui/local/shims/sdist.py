"""A source distribution made a wheel without building: for packages of plain Python, without a network."""

from __future__ import annotations

import base64
import email.parser
import hashlib
import io
import re
import tarfile
import zipfile
from pathlib import Path, PurePosixPath

COMPILED = {".c", ".cc", ".cpp", ".cxx", ".f", ".f90", ".pyx", ".rs"}
"""Endings of sources that would have to be built."""


def plain_wheel(source: Path, folder: Path) -> Path | None:
    """Make a wheel in `folder` of the files and the metadata that setuptools put into `source`.

    None if it is no such archive, or not plain Python: then only a build can tell what is to be installed.
    """
    files = _read(source)
    found = [name for name in files if name.endswith(".egg-info/top_level.txt")]
    if len(found) != 1 or any(PurePosixPath(name).suffix in COMPILED for name in files):
        return None
    information = found[0].removesuffix("top_level.txt")
    root = information.rstrip("/").rpartition("/")[0]
    root = f"{root}/" if root else ""
    tops = tuple(files[found[0]].decode("utf-8", "replace").split())
    contents = {
        name.removeprefix(root): data
        for name, data in files.items()
        if name.startswith((*(f"{root}{top}/" for top in tops), *(f"{root}{top}.py" for top in tops)))
    }
    metadata = files.get(f"{information}PKG-INFO", b"")
    headers = email.parser.BytesParser().parsebytes(metadata, headersonly=True)
    name, version = headers.get("Name", ""), headers.get("Version", "")
    if not name or not version or not contents:
        return None
    if "Requires-Dist" not in headers:
        metadata = (
            _required(files.get(f"{information}requires.txt", b"").decode("utf-8", "replace")) + metadata
        )
    stem = f"{re.sub(r'[-_.]+', '_', name).lower()}-{version}"
    contents[f"{stem}.dist-info/METADATA"] = metadata
    if f"{information}entry_points.txt" in files:
        contents[f"{stem}.dist-info/entry_points.txt"] = files[f"{information}entry_points.txt"]
    return _write(folder / f"{stem}-py3-none-any.whl", f"{stem}.dist-info", contents)


def _read(source: Path) -> dict[str, bytes]:
    """The archive's files, by their names below its one folder."""
    found: dict[str, bytes] = {}
    if source.name.endswith(".zip"):
        with zipfile.ZipFile(source) as archive:
            found = {item.filename: archive.read(item) for item in archive.infolist() if not item.is_dir()}
    elif ".tar" in source.name or source.name.endswith(".tgz"):
        with tarfile.open(source) as archive_:
            for item in archive_:
                file = archive_.extractfile(item) if item.isreg() else None
                if file:
                    found[item.name] = file.read()
    names = {name: name.removeprefix("./").partition("/")[2] for name in found}
    return {inside: found[name] for name, inside in names.items() if inside and ".." not in inside.split("/")}


def _required(listed: str) -> bytes:
    """`Requires-Dist` headers from a `requires.txt`, whose sections are `[extra:condition]`."""
    headers, extra, condition = [], "", ""
    for line in filter(None, map(str.strip, listed.splitlines())):
        if line.startswith("["):
            extra, _, condition = line.strip("[]").partition(":")
            headers += [f"Provides-Extra: {extra}"] if extra else []
            continue
        parts = [f"({condition})"] if condition else []
        parts += [f'extra == "{extra}"'] if extra else []
        headers.append(f"Requires-Dist: {line}" + (f"; {' and '.join(parts)}" if parts else ""))
    return "".join(f"{header}\n" for header in headers).encode()


def _write(path: Path, information: str, contents: dict[str, bytes]) -> Path:
    contents[f"{information}/WHEEL"] = (
        b"Wheel-Version: 1.0\nGenerator: vertex-tui\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    )
    record = io.StringIO()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as wheel:
        for name, data in contents.items():
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            record.write(f'"{name}",sha256={digest},{len(data)}\n')
            wheel.writestr(name, data)
        record.write(f'"{information}/RECORD",,\n')
        wheel.writestr(f"{information}/RECORD", record.getvalue())
    return path
