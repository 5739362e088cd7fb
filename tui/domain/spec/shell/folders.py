"""Folders: `cd` into one that nothing made, and results that stay in a container that is deleted."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from tui.domain.spec.shell.findings import Change, Finding, Setting
from tui.domain.spec.shell.tree import Simple, Word

_WITH_VALUE = frozenset(
    {
        "-b",
        "--branch",
        "--depth",
        "-o",
        "--origin",
        "-c",
        "--config",
        "--reference",
        "--filter",
        "-j",
        "--jobs",
    }
)
_VERSIONS = re.compile(r"(?:[-_](?:main|master|dev|develop|v?[0-9][0-9.]*))?(?:\.git)?")
_OUTPUT = re.compile(
    r"(?:--?|\+{0,2}(?:[a-z_]+\.){0,4})?(?:output|out|save|checkpoint|ckpt|results?|export|weights)"
    r"[-_]?(?:dir|directory|path|folder|root)"
)
_OUTSIDE = (
    *("gsutil", "/gcs/", "gcsfuse", "gs://", "s3://", "hdfs://", "abfs", "az://", "wasb", "hf://", "dbfs:"),
    *("aip_", "aws ", "rclone", "azcopy", "push_to_hub", "huggingface-cli", "hub_model", "hub-model"),
    *("scp ", "rsync", "sftp", "/mnt/", "upload", "artifact", "mlflow", "dvc push", "git push", "nfs"),
    *("bucket", "storage"),
)
"""Anything that may carry results out of the container."""
_LOCAL = re.compile(r"[A-Za-z0-9_.~/-]+")


def lint_folders(setting: Setting) -> Iterator[Finding]:
    """`cd` into a folder under a name that is not quite the one a `git clone` above made."""
    clones: dict[str, str] = {}
    mentioned: set[str] = set()
    for simple in setting.script.commands:
        if simple.name == "cd" and len(simple.words) == 2:  # noqa: PLR2004  # `cd` and its folder
            yield from _cd(simple.words[1], clones, mentioned)
        if simple.name == "git":
            clones.update(_cloned(simple.words))
            continue
        for word in (*simple.words, *(redirect.target for redirect in simple.redirects)):
            mentioned.update(re.split(r"[/=:,]", word.text))


def _cd(target: Word, clones: dict[str, str], mentioned: set[str]) -> Iterator[Finding]:
    name = target.text.removeprefix("./").rstrip("/")
    if name.startswith(("gs://", "s3://", "https://", "http://")):
        message = f"“{name[:60]}” is no folder: cd cannot go into it."
        yield Finding(target.start, "shell-cd", message)
        return
    if not target.plain or not name or "/" in name or name in mentioned or name in clones.values():
        return
    for repository, folder in clones.items():
        if _plain(repository) == _plain(name) and not folder.startswith(("/", "~", "$", ".")):
            message = f"Nothing made a folder “{name}”: git clone above makes “{folder}”."
            change = Change(target.start, target.end, folder)
            yield Finding(target.start, "shell-cd", message, f"Write {folder}", (change,))
            return


def _plain(name: str) -> str:
    """A name without what differs between writings of the same repository's name."""
    found = re.match(r"(.+?)" + _VERSIONS.pattern + r"$", name[:200])
    return re.sub(r"[-_.]", "", (found[1] if found else name).lower())


def _cloned(words: Sequence[Word]) -> dict[str, str]:
    """The repository's name and the folder that `git clone` makes."""
    texts = [word.text for word in words]
    if "clone" not in texts[1:4]:
        return {}
    positional: list[Word] = []
    skip = False
    for word in words[texts.index("clone") + 1 :]:
        if skip:
            skip = False
        elif word.text in _WITH_VALUE:
            skip = True
        elif not word.text.startswith("-"):
            positional.append(word)
    if not positional or "$" in positional[0].text.rpartition("/")[2] or not positional[0].text:
        return {}
    repository = re.split(r"[/:]", positional[0].text.rstrip("/"))[-1].removesuffix(".git")
    if len(positional) == 1:
        return {repository: repository}
    folder = positional[1]
    return {repository: folder.text.removeprefix("./").rstrip("/")} if folder.plain else {}


def output_folder(words: Sequence[str]) -> tuple[int, str] | None:
    """The word that names a folder for results inside the container, and the folder: `--output_dir out`."""
    for number, word in enumerate(words):
        option, equals, value = word.partition("=")
        if not _OUTPUT.fullmatch(option):
            continue
        if equals:
            folder, at = value, number
        elif option.startswith("-") and number + 1 < len(words):
            folder, at = words[number + 1], number + 1
        else:
            continue
        if _LOCAL.fullmatch(folder) and not folder.startswith("-") and folder not in ("/dev/null", "."):
            return at, folder
    return None


def leaves_container(texts: Sequence[str]) -> bool:
    """Whether anything in the texts may carry results out of the container."""
    return any(sign in text for text in map(str.lower, texts) for sign in _OUTSIDE)


def lost_message(folder: str) -> str:
    """What is said about results that stay behind."""
    return f"“{folder[:60]}” is deleted with the container, and nothing here copies it to a bucket."


def lint_outputs(setting: Setting) -> Iterator[Finding]:
    """A folder for results that is never copied; the rest of the container has been looked at before."""
    for simple in setting.script.commands:
        found = output_folder([word.text for word in simple.words])
        if found is not None and simple.name not in ("mkdir", "ls", "export"):
            yield Finding(simple.words[found[0]].start, "shell-outputs-lost", lost_message(found[1]))
            return


def lint_quoted_places(setting: Setting) -> Iterator[Finding]:
    """`'gs://$BUCKET/x'`: single quotes keep the variable as it is written."""
    for simple in setting.script.commands:
        for word in simple.words[1:]:
            if word.plain and word.quoted and re.match(r"gs://[^\s]*\$\{?[A-Za-z_]", word.text):
                yield _quoted(setting, simple, word)


def _quoted(setting: Setting, simple: Simple, word: Word) -> Finding:
    message = f"Single quotes keep the variable in “{word.text[:60]}” from being filled in for {simple.name}."
    written = setting.script.text[word.start : word.end]
    if not re.fullmatch(r"'[^'\"\\`]*'", written):
        return Finding(word.start, "shell-unexpanded", message)
    change = Change(word.start, word.end, f'"{word.text}"')
    return Finding(word.start, "shell-unexpanded", message, "Put it in double quotes", (change,))
