"""Functions of the Logging query language: `SEARCH`, `log_id`, `sample`, `ip_in_net`."""

from __future__ import annotations

import hashlib
import ipaddress
import re
from urllib.parse import unquote

from tui.local.filters.grammar import Argument, Call, FilterError
from tui.local.filters.log_compare import normal, scalar_texts
from tui.local.filters.log_fields import Field, find, texts
from tui.local.filters.matching import Predicate
from tui.local.wire.gtypes import Message

_DELIMITERS = re.compile(r"""[\s\[\]<>(){}|!;,'"*&?+/:=@.\-$%\\_]+""")
_PHRASE = re.compile(r"`([^`]*)`")
_MOST = 2**64 - 1


def function(call: Call) -> Predicate:
    """A predicate over entries.

    Raises:
        FilterError: an argument that does not suit.
    """
    makers = {"search": _search, "log_id": _log_id, "sample": _sample, "ip_in_net": _ip_in_net}
    return makers[call.text](call)


def _search(call: Call) -> Predicate:
    """All words of the query are there as words, in any order; what is in backticks as it is."""
    query = call.arguments[-1]
    if not query.quoted:
        raise FilterError("the query of SEARCH must be in quotes")
    field = find(call.arguments[0].path) if len(call.arguments) > 1 else None
    phrases = [normal(found) for found in _PHRASE.findall(query.text)]
    wanted = frozenset(_words(_PHRASE.sub(" ", query.text)))

    def passes(entry: Message) -> bool:
        found = scalar_texts(field, entry) if field else list(texts(entry))
        if not wanted <= {word for text in found for word in _words(text)}:
            return False
        return all(any(_holds(text, phrase) for text in found) for phrase in phrases)

    return passes


def _words(text: str) -> list[str]:
    return [word for word in _DELIMITERS.split(normal(text)) if word]


def _holds(text: str, phrase: str) -> bool:
    """Whether a phrase occurs, and not as a part of longer words."""
    low = normal(text)
    start = low.find(phrase)
    while start >= 0:
        end = start + len(phrase)
        before, after = low[start - 1 : start], low[end : end + 1]
        if all(not around or _DELIMITERS.fullmatch(around) for around in (before, after)):
            return True
        start = low.find(phrase, start + 1)
    return False


def _log_id(call: Call) -> Predicate:
    wanted = normal(unquote(call.arguments[0].text))
    return lambda entry: normal(unquote(entry.log_name.partition("/logs/")[2])) == wanted


def _field(argument: Argument) -> Field:
    if argument.quoted:
        raise FilterError(f"a field is needed, not '{argument.text}'")
    return find(argument.path)


def _sample(call: Call) -> Predicate:
    field = _field(call.arguments[0])
    try:
        fraction = float(call.arguments[1].text)
    except ValueError:
        fraction = 0.0
    if not 0 < fraction <= 1:
        raise FilterError(f"the fraction of sample must be over 0 and at most 1: '{call.arguments[1].text}'")

    def passes(entry: Message) -> bool:
        for text in scalar_texts(field, entry)[:1]:
            return _hash(text) <= fraction * _MOST
        return False

    return passes


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:8])


def _ip_in_net(call: Call) -> Predicate:
    field = _field(call.arguments[0])
    try:
        net = ipaddress.ip_network(call.arguments[1].text, strict=False)
    except ValueError as error:
        raise FilterError(f"not an IP address or range: '{call.arguments[1].text}'") from error

    def inside(text: str) -> bool:
        try:
            found = ipaddress.ip_network(text, strict=False)
        except ValueError:
            return False
        if found.version != net.version:
            return False
        return found[0] in net and found[-1] in net

    return lambda entry: any(map(inside, scalar_texts(field, entry)))
