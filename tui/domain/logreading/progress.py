"""Progress bars in log lines: what a terminal would redraw in place arrives as many lines.

A bar's name holds what stays the same from state to state: numbers that are readings (loss, speed, sizes,
times) are `#` in it, those that tell bars apart (epochs, ranks, files) stay. Each pattern is tried only on
lines that hold what it cannot do without, from a place where it fits or fails within a bounded length.
"""

from __future__ import annotations

import re
from functools import lru_cache

from tui.domain.logreading.lanes import lane
from tui.domain.logreading.model import Bar

_SIZE = r"\d[\d.]{0,14}\s?[kKMGTP]?i?B?"
_LINE = "[━─╸╺╶]"
_LONGEST_NAME = 200
_PULSE = 20
"""Columns at least of a bar that does not say how far it is."""

_TQDM = re.compile(
    r"\d{1,3}%\|[^|]{0,500}\|\s{0,8}(?P<done>\d[\d.]{0,14}[kMGTPE]?)[A-Za-z]{0,8}\s?/\s{0,4}"
    r"(?P<total>\d[\d.]{0,14}\w{0,4})"
)
_TQDM_BARE = re.compile(r"(?P<done>\d{1,3})%\|[^|]{1,500}\|\s{0,4}(?:\[|$)")
"""Of a format without counts."""
_ELAPSED = re.compile(
    r" \[(?:\d{1,4}:)?\d{1,4}:\d\d, {1,6}(?:[\d.]{1,14}|\?)(?: ?\w{0,20}/s| ?s/\w{1,20}| [a-z]{1,20}/s)"
)
_COUNT = re.compile(r"(?:^|(?<=[\s:\]]))(?P<done>\d[\d.]{0,14}[kMGTPE]?)(?P<unit> ?[A-Za-z]{1,20})$")
_UPLOADS = re.compile(
    r"(?P<name>[^|]{0,120}):\s{0,4}\|\s{0,200}\|\s{0,9}"
    r"(?P<done>[\d.]{1,9}[kMGT]?)B /\s{0,9}[\d.]{1,9}[kMGT]?B"
)
_KERAS = re.compile(
    rf"\s{{0,12}}(?P<name>)(?P<done>\d{{1,12}})/(?P<total>\d{{1,12}})\s{{1,4}}(?:\[[=>.]{{1,300}}\]|{_LINE}{{2,300}})"
)
_KERAS_UNKNOWN = re.compile(r"\s{0,12}(?P<name>)(?P<done>\d{1,12})/Unknown\s{1,4}(?:- ?)?\d{1,7}m?s(?: |$)")
_RICH = re.compile(
    rf"(?:(?P<before>\d{{1,3}}(?:\.\d)?)%\s{{1,2}})?{_LINE}{{2,400}}"
    rf"(?:\s{{1,40}}(?:(?P<percent>[\d.]{{1,7}})%|(?P<done>{_SIZE})/(?P<total>{_SIZE})|(?P<time>[\d-]{{1,3}}:[\d:-]{{2,6}})))?"
)
_GIT = re.compile(
    r"(?P<name>[\w ,:-]{0,80}(?:objects|deltas|files|content|connectivity|index|refs)):\s{1,4}"
    r"(?P<done>\d{1,3})% \(\d{1,12}/(?P<total>\d{1,12})\)"
)
_OF = re.compile(
    r"(?P<name>[^%|]{0,80}?)\s{0,4}(?P<done>\d{1,3})% \(\s{0,9}[\d.]{1,12}\s?\w{0,4} of\s{1,9}"
    r"(?P<total>[\d.]{1,12}\s?\w{0,4})\) ?\|"
)
_GSUTIL = re.compile(
    r"[-\\|/]? ?(?P<name>)\[[\d.]{1,9}k?(?:/[\d.]{1,9}k?)? files\]\[\s{0,9}(?P<done>[\d.]{1,9} [KMGT]?i?B)/"
)
_GSUTIL_OBJECTS = re.compile(r"[-\\|/]? ?\[(?P<done>[\d.]{1,9}k?)(?:/[\d.]{1,9}k?)? (?P<name>objects)\]")
_GCLOUD = re.compile(r"(?P<name>Completed files) \d{1,9}(?:/\d{1,9})? \| (?P<done>[\d.]{1,9}[kMGTPE]?i?B)")
_GCLOUD_COUNT = re.compile(r"(?P<name>Completed) (?P<done>\d{1,9})(?:/\d{1,9})?$")
_GIT_COUNT = re.compile(
    r"(?P<name>(?:remote: )?(?:Enumerating|Counting) objects): (?P<done>\d{1,12})(?:, done\.)?$"
)
_WGET = re.compile(r"(?P<name>[^\[%]{0,120}?)\s{0,12}(?P<done>\d{1,3})%\s?\[[=> <+-]{1,300}\]")
_DOTS = re.compile(
    r"\s{0,9}(?P<done>\d{1,9}[KMG])(?P<name>) [ .,]{10,120}(?:\s?\d{1,3}%|\s?[\d.,]{1,9}[KMG]|$)"
)
_CURL = re.compile(
    r"\s{0,3}(?P<done>\d{1,3})(?P<name>)(?: {1,7}[\d.]{1,9}[kMGTP]?){7}"
    r"(?: {1,4}(?:[\d-]{1,3}:[\d-]{2}:[\d-]{2}|\d{1,4}d \d\dh)){3}"
)
_HASHES = re.compile(r"(?P<name>)[#=O\- ]{5,300}\s(?P<done>\d{1,3}\.\d)%$")
_APT = re.compile(
    r"(?P<name>\(?Reading database|Reading [a-z]{1,20} [a-z]{1,20}|Building dependency tree"
    r"|Extracting templates from packages|Preconfiguring packages|Progress)"
    r"\s?(?:\.\.\.|:)\s?\[?\s{0,2}(?P<done>\d{1,3})%"
)
_FETCHING = re.compile(r"(?P<done>\d{1,3})%(?P<name>) \[(?:\d{1,6} |Working|Waiting|Connecting)")
_FASTAI = re.compile(
    r"(?P<name>[^|%]{0,120})\|[█\-#]{1,200}\|?\s{0,4}(?P<done>[\d.]{1,6})% \[\d{1,12}/(?P<total>\d{1,12})"
)
_CONDA = re.compile(r"(?P<name>[^|%]{1,60}\|[^|%]{1,16})\|[ \d#]{1,60}\|\s{1,4}(?P<done>\d{1,3})%\s?$")
_ARIA = re.compile(r"\[(?P<name>#[0-9a-f]{6}) \S{1,20}/\S{1,20}\((?P<done>\d{1,3})%\)")
_DOCKER = re.compile(
    r"(?P<name>[0-9a-f]{12}: [A-Z][a-z]{1,20})\s{1,4}\[[=> ]{1,80}\]\s{1,6}(?P<done>[\d.]{1,9}\s?[kMGT]?B)/"
)
_VERB = re.compile(
    r"(?P<name>(?:(?:Down|Up)loading|Extracting|Unpacking|Copying|Fetching)[^%]{0,120}?)[\s(:]{1,4}"
    r"(?P<done>\d{1,3}(?:\.\d{1,4})?) ?%\)?$"
)
_WANDB = re.compile(r"(?P<name>wandb): [-\\|/] (?P<done>[\d.]{1,12}) MB of [\d.]{1,12} MB uploaded")
_ALIVE = re.compile(
    r"(?P<name>[^|]{0,80})\|[^|]{1,200}\| \S{1,12}/(?P<total>\d{1,12}) \[(?P<done>\d{1,3})%\]"
)

_PERCENT = (
    ("git", "% (", _GIT),
    ("of", "% (", _OF),
    ("wget", "[", _WGET),
    ("gsutil", "files][", _GSUTIL),
    ("gsutil", "objects]", _GSUTIL_OBJECTS),
    ("curl", "#", _HASHES),
    ("apt", "", _APT),
    ("apt", "% [", _FETCHING),
    ("fastai", "% [", _FASTAI),
    ("alive", "%]", _ALIVE),
    ("conda", "| ", _CONDA),
    ("aria", "%)", _ARIA),
    ("verb", "ing", _VERB),
    ("dots", "K ", _DOTS),
)
"""Patterns of lines with a percent sign: kind, what the line has to hold as well, and the pattern."""
_BRACKET = (
    ("keras", "/", _KERAS),
    ("gsutil", "files][", _GSUTIL),
    ("gsutil", "objects]", _GSUTIL_OBJECTS),
    ("docker", "[=", _DOCKER),
)
_OTHERS = (
    ("keras", "/Unknown", _KERAS_UNKNOWN),
    ("gcloud", "Completed files", _GCLOUD),
    ("gcloud", "Completed ", _GCLOUD_COUNT),
    ("git", "ing objects: ", _GIT_COUNT),
    ("dots", "K ...", _DOTS),
    ("xet", "B /", _UPLOADS),
    ("wandb", "MB of", _WANDB),
)


_SPINNERS = frozenset("-\\|/⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏")
_SPUN = Bar("spinner", 0.0)


def bar_of(text: str) -> Bar | None:
    """The bar that this line is one state of, if it is one; read whole: give no more than is worth it."""
    if len(text) == 1 and text in _SPINNERS:
        return _SPUN
    found = None
    if "%" in text:
        found = _tqdm(text) or _first(_PERCENT, text)
    if found is None and not text.isascii() and ("━" in text or "╺" in text):
        found = _drawn(text)
    if found is None and " [" in text:
        found = _counter(text) or _first(_BRACKET, text)
    if found is None and (
        "objects: " in text
        or "Completed " in text
        or "K ..." in text
        or "B /" in text
        or "MB of" in text
        or "/Unknown" in text
    ):
        found = _first(_OTHERS, text)
    if found is None and text[:1] in " 1" and text.count(":") > 5 and (match := _CURL.match(text)):  # noqa: PLR2004
        found = _bar("curl", match)
    return found


def _first(patterns: tuple[tuple[str, str, re.Pattern[str]], ...], text: str) -> Bar | None:
    """The first of the patterns that fits."""
    whose = lane(text)
    for kind, hint, pattern in patterns:
        if hint in text and (match := pattern.match(text, whose)):
            return _bar(kind, match, text[:whose])
    return None


def _bar(kind: str, match: re.Match[str], whose: str = "") -> Bar:
    parts = match.groupdict()
    return _named(kind, whose + parts["name"], parts.get("total") or "", parts["done"])


def _tqdm(text: str) -> Bar | None:
    """`train:  45%|████▌     | 45/100 [00:10<00:12,  4.50it/s]`, whatever stands before it."""
    at = text.find("%|")
    if at < 1:
        return None
    start = at
    while start > at - 3 and "0" <= text[start - 1 : start] <= "9":
        start -= 1
    match = _TQDM.match(text, start) or _TQDM_BARE.match(text, start)
    if not match:
        return None
    parts = match.groupdict()
    return _named("tqdm", text[:start], parts.get("total") or "", parts["done"])


def _counter(text: str) -> Bar | None:
    """Bars of tqdm without a total: `12345it [00:10, 1234.50it/s]`."""
    elapsed = _ELAPSED.search(text)
    if not elapsed:
        return None
    first = max(elapsed.start() - 40, 0)
    match = _COUNT.search(text[first : elapsed.start()])
    if not match:
        return None
    return _named("tqdm", text[: first + match.start()], match["unit"].strip(), match["done"])


def _drawn(text: str) -> Bar | None:
    """Bars of rich, pip, Keras 3 and others: `Downloading ━━━━╸━━━ 45.0/100.0 MB 3.0 MB/s eta 0:00:01`."""
    if found := _KERAS.match(text, lane(text)):
        return _bar("keras", found)
    match = _RICH.search(text)
    if not match:
        return None
    percent = match["percent"] or match["before"]
    pulse = match["time"] or (match.end() == len(text) and 0 < match.start() < match.end() - _PULSE)
    done = match["done"] or percent or ("0" if pulse else "")
    # The total of a download has its unit, and is what tells it from the one before.
    return _named("rich", text[: match.start()], match["total"] or "", done) if done else None


def _named(kind: str, label: str, total: str, done: str) -> Bar:
    return Bar(f"{kind} {_name(label[-_LONGEST_NAME:])} {total.strip()}".rstrip(), _amount(done))


_APART = (
    r"(?:epochs?|ep|fold|split|shard|part|file|rank|pid|worker|gpu|device|node|layer|stage|phase|round|trial|run"
    r"|task|chunk|block|iteration|replica|seed|level)s?[ :#=\[(]{0,3}\d{1,9}(?:/\d{1,9})?(?![\d.]| / )"
)
_READING = re.compile(
    rf"(?P<kept>(?<![a-z]){_APART})"
    r"|(?<![\w.\-/])[-+]?\d[\d.,:/T-]{0,40}(?:e[-+]?\d{1,3})?\s?(?:[kKMGTP]?i?[bB]?(?:it)?(?:/s)?|%|m?s(?:/it)?|x|nan)(?![\w\-])"
    r"|(?<![\w.\-/])-?(?:nan|inf)\b",
    re.IGNORECASE,
)
_SPINNER = re.compile(r"^[\s\u2800-\u28ff◐◓◑◒◜◝◞◟●|/\\-]{1,4}(?=\s)")
_VARIES = re.compile(r"\d|nan|inf", re.IGNORECASE)


@lru_cache(maxsize=2048)
def _name(label: str) -> str:
    """What stays the same of a bar's label from state to state."""
    label = _SPINNER.sub("", label).strip()
    if _VARIES.search(label):
        label = _READING.sub(lambda match: match["kept"] or "#", label)
    return label


_SCALES = {"k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18}
_AMOUNT = re.compile(r"([\d.]{1,20})\s?([kKMGTPE]?)")


def _amount(digits: str) -> float:
    """A count, `4.50k` or `1.5 GiB` as one number; units are only ever compared within one bar."""
    match = _AMOUNT.match(digits)
    if not match:
        return 0.0
    try:
        return float(match[1]) * _SCALES.get(match[2], 1)
    except ValueError:
        return 0.0
