"""How `gsutil` and `gcloud storage` word what happens; progress and messages go to standard error."""

from __future__ import annotations

import sys
import threading

UNITS = ("B", "KiB", "MiB", "GiB", "TiB")

EXCEPTIONS = {
    400: "BadRequestException",
    401: "AccessDeniedException",
    403: "AccessDeniedException",
    404: "NotFoundException",
    412: "PreconditionException",
}
"""gsutil's names for refusals; others are a ServiceException."""


class ToolError(Exception):
    """A failure in the words of gsutil, without the name of an exception."""

    def __init__(self, message: str, *, kind: str = "CommandException", code: int = 1) -> None:
        super().__init__(message)
        self.message = message
        self.kind = kind
        """gsutil's exception name; empty for a message that stands alone."""
        self.code = code
        """Exit status."""


class Refused(Exception):  # noqa: N818  # a refusal, as the service means it
    """An error answer of the Storage API."""

    def __init__(self, status: int, message: str, bucket: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.bucket = bucket


def size_text(count: int) -> str:
    """Bytes as gsutil writes them: `8.0 B`, `9.5 MiB`."""
    size, unit = float(count), 0
    while size >= 1000 and unit < len(UNITS) - 1:  # noqa: PLR2004  # gsutil changes the unit before 1024
        size /= 1024
        unit += 1
    return f"{size:.1f} {UNITS[unit]}"


def size_rounded(count: int) -> str:
    """Bytes as `du -h` and `ls -lh` write them: `4 B`, `9.54 MiB`."""
    size, unit = float(count), 0
    while size >= 1024 and unit < len(UNITS) - 1:  # noqa: PLR2004
        size /= 1024
        unit += 1
    return f"{round(size, 2):g} {UNITS[unit]}"


class Voice:
    """Messages of one run of a tool."""

    def __init__(self, tool: str, *, quiet: bool = False) -> None:
        self.tool = tool
        """`gsutil`, or `gcloud.storage.cp` and the like."""
        self.gsutil = tool == "gsutil"
        self.quiet = quiet
        self._lock = threading.Lock()
        self._files = self._bytes = self._all_files = self._all_bytes = 0

    def say(self, text: str, end: str = "\n") -> None:
        """A message, unless quiet."""
        if not self.quiet:
            self.complain(text, end)

    def complain(self, text: str, end: str = "\n") -> None:
        """A message, also if quiet."""
        with self._lock:
            sys.stderr.write(text + end)
            sys.stderr.flush()

    def expect(self, files: int, size: int) -> None:
        """How much there is to copy."""
        self._all_files, self._all_bytes = files, size

    def copying(self, source: str, target: str, content_type: str = "") -> None:
        """A copy begins."""
        if self.gsutil:
            self.say(f"Copying {source}{f' [Content-Type={content_type}]' if content_type else ''}...")
        else:
            self.say(f"Copying {source} to {target}")

    def copied(self, size: int) -> None:
        """A copy of `size` bytes is done."""
        with self._lock:
            self._files += 1
            self._bytes += size
        share = 100 * self._bytes // self._all_bytes if self._all_bytes else 100
        if self.gsutil:
            files = f"{self._files}/{self._all_files} files"
            sizes = f"{size_text(self._bytes):>8}/{size_text(self._all_bytes):>8}"
            self.say(f"/ [{files}][{sizes}] {share:>3}% Done", end="\r")

    def removing(self, url: str) -> None:
        """An object is about to be deleted."""
        self.say(f"Removing {url}...")

    def completed(self, *, sizes: bool = True) -> None:
        """The end of a copy or a removal, with what `copied` counted."""
        if self.gsutil and self._files:
            size = f"/{size_text(self._bytes)}" if sizes else ""
            self.say(f"\nOperation completed over {self._files} objects{size}.")

    def counted(self) -> None:
        """One object was removed."""
        with self._lock:
            self._files += 1

    def wording(self, error: Refused | ToolError | OSError) -> str:
        """An error as the tool prints it."""
        if isinstance(error, Refused):
            return self._refused(error)
        if isinstance(error, OSError):
            text, kind = f"{error.strerror or error}: {error.filename or ''}".rstrip(": "), "OSError"
        else:
            text, kind = error.message, error.kind
        if self.gsutil:
            return f"{kind}: {text}" if kind else text
        return f"ERROR: ({self.tool}) {text}"

    def _refused(self, error: Refused) -> str:
        lost = error.status == 404 and error.bucket and "bucket does not exist" in error.message  # noqa: PLR2004
        if not self.gsutil:
            text = (
                f"gs://{error.bucket} not found: 404."
                if lost
                else f"HTTPError {error.status}: {error.message}"
            )
            return f"ERROR: ({self.tool}) {text}"
        if lost:
            return f"BucketNotFoundException: 404 gs://{error.bucket} bucket does not exist."
        return f"{EXCEPTIONS.get(error.status, 'ServiceException')}: {error.status} {error.message}"
