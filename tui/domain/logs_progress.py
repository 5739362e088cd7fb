"""Progress bars in log lines: what a terminal would redraw in place arrives as many lines."""

from __future__ import annotations

import re
from typing import NamedTuple


class Progress(NamedTuple):
    """One state of a progress bar."""

    bar: str
    """What tells this bar from others of the same replica."""
    done: float
    """How far it is; falls only when the bar starts anew. Comparable only within one bar."""


_HINTS = ("%|", "it [", "━", "[=", "[>", "% (", "% Done")
"""One of these is in every line that the patterns match; a cheap test for the other lines."""

_PATTERNS = (
    # tqdm: `train:  45%|████▌     | 45/100 [00:10<00:12,  4.50it/s, loss=1.2]`
    re.compile(
        r"^(?P<name>[^|]{0,200}?)\s{0,8}(?P<done>\d{1,3})%\|[^|]{0,500}\|\s{0,8}[\d.]{1,20}\w?/(?P<total>[\d.]{1,20}\w?)"
    ),
    # tqdm without a total: `12345it [00:10, 1234.50it/s]`
    re.compile(r"^(?P<name>[^|\[]{0,200}?)(?P<done>\d{1,15})it \[\d+:\d\d"),
    # Keras: `45/100 ━━━━━━━━ 3s 10ms/step - loss: 0.5` and `45/100 [====>.....] - ETA: 3s`
    re.compile(r"^\s*(?P<name>)(?P<done>\d{1,15})/(?P<total>\d{1,15})\s+(?:\[[=>.]+\]|[━─╸╺]+)"),
    # pip and rich: `Downloading ━━━━━━━╸━━━ 45.0/100.0 MB 3.0 MB/s eta 0:00:01`, `Working ━━━━ 45% 0:00:10`
    re.compile(r"^(?P<name>[^━╸╺]{0,200})[━╸╺]+\s+(?P<done>[\d.]{1,20})(?:/(?P<total>[\d.]{1,20})|%)"),
    # git: `Receiving objects:  45% (45/100), 1.00 MiB`
    re.compile(r"^(?P<name>[\w ,:-]{0,100}?):\s+(?P<done>\d{1,3})% \(\d+/(?P<total>\d+)\)"),
    # gsutil: `/ [1/5 files][  1.0 MiB/ 10.0 MiB]  10% Done`
    re.compile(r"^(?P<name>)[-\\|/ ]*\[\d+(?:/(?P<total>\d+))? files\].{0,100}?(?P<done>\d{1,3})% Done"),
)

_READINGS = re.compile(r"\d+\.\d+")


def progress(text: str) -> Progress | None:
    """The bar that this line is one state of, if it is one."""
    if not any(hint in text for hint in _HINTS):
        return None
    for number, pattern in enumerate(_PATTERNS):
        if match := pattern.match(text):
            parts = match.groupdict()
            name = _READINGS.sub("#", parts["name"].strip())
            return Progress(f"{number} {name} {parts.get('total') or ''}", _number(parts["done"]))
    return None


def _number(digits: str) -> float:
    try:
        return float(digits)
    except ValueError:
        return 0.0
