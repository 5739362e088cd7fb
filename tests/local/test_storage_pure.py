"""The rules of names, fields, ranges and pages, without a server."""

from __future__ import annotations

import base64
import json
from contextlib import suppress
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from tui.local.storage.calls import Reply, Route
from tui.local.storage.errors import StorageError
from tui.local.storage.globs import Glob
from tui.local.storage.listing import ListQuery, position_of, token_of
from tui.local.storage.media import parse_range
from tui.local.storage.names import check_object, successor
from tui.local.storage.objects import ObjectStore
from tui.local.storage.uploads import Chunk, parse_chunk
from tui.local.wire.field_masks import FieldsError, apply_mask, parse_fields

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
NAMES = st.text("ab/é\N{GRINNING FACE}\U0010ffff", min_size=1, max_size=5)


@given(TEXT, TEXT)
def test_the_successor_is_the_first_name_after_a_prefix(prefix: str, rest: str) -> None:
    after = successor(prefix)
    if after is None:
        assert set(prefix) <= {"\U0010ffff"}
        return
    assert prefix + rest < after
    assert (prefix + rest).encode() < after.encode()
    assert not after.startswith(prefix)


@given(st.text(max_size=30))
def test_any_text_is_a_name_or_a_refusal(name: str) -> None:
    with suppress(StorageError):
        assert 1 <= len(check_object(name).encode()) <= 1024


@given(st.text("ab/*?[]{},!^\\", max_size=12), st.text("ab/", max_size=6))
def test_any_glob_matches_or_is_refused(glob: str, name: str) -> None:
    with suppress(StorageError):
        Glob(glob).fullmatch(name)


Tree = str | tuple[str, Any]
"""A piece of a glob: itself, a set of characters and whether it is negated, or globs to choose from."""

SETS = st.tuples(st.just("set"), st.tuples(st.booleans(), st.text("ab/", min_size=1, max_size=3)))
GLOBS = st.recursive(
    st.lists(st.sampled_from(["a", "b", "/", "-", "?", "*", "**"]) | SETS, max_size=5),
    lambda inner: st.lists(
        st.sampled_from(["a", "b", "/", "?", "*", "**"])
        | st.tuples(st.just("choice"), st.lists(inner, min_size=1, max_size=3)),
        max_size=4,
    ),
    max_leaves=6,
)


def written(glob: list[Tree]) -> str:
    """The text of a glob."""
    out = ""
    for piece in glob:
        if isinstance(piece, str):
            out += piece
        elif piece[0] == "set":
            out += "[" + "!" * piece[1][0] + piece[1][1] + "]"
        else:
            out += "{" + ",".join(written(each) for each in piece[1]) + "}"
    return out


def ends(glob: list[Tree], name: str, at: int) -> set[int]:
    """Where a match that begins at `at` may end, by the rules one by one."""
    places = {at}
    for piece in glob:
        places = {end for place in places for end in piece_ends(piece, name, place)}
    return places


def piece_ends(piece: Tree, name: str, at: int) -> set[int]:
    if isinstance(piece, tuple) and piece[0] == "choice":
        return {end for each in piece[1] for end in ends(each, name, at)}
    if piece in {"*", "**"}:
        rest = name[at:] if piece == "**" else name[at:].partition("/")[0]
        return set(range(at, at + len(rest) + 1))
    char = name[at : at + 1]
    if isinstance(piece, tuple):
        fits = char != "" and (char in piece[1][1]) is not piece[1][0]
    else:
        fits = char not in {"", "/"} if piece == "?" else char == piece
    return {at + 1} if fits else set()


@given(GLOBS, st.lists(st.text("ab/-", max_size=8), min_size=1, max_size=5))
def test_globs_match_as_their_rules_say(glob: list[Tree], names: list[str]) -> None:
    text = written(glob)
    assume("***" not in text and not any(one == two == "*" for one, two in pairwise(flat(glob))))
    matcher = Glob(text)
    for name in names:
        assert matcher.fullmatch(name) is (len(name) in ends(glob, name, 0)), (text, name)


def flat(glob: list[Tree]) -> list[str]:
    """The pieces in the order of the text, with something between those that braces keep apart."""
    found: list[str] = []
    for piece in glob:
        if isinstance(piece, tuple) and piece[0] == "choice":
            for each in piece[1]:
                found += ["{", *flat(each)]
            found.append("}")
        else:
            found.append(piece if isinstance(piece, str) else "[")
    return found


@pytest.mark.parametrize(
    ("glob", "fitting", "other"),
    [
        ("*.txt", ["a.txt", ".txt"], ["a/b.txt", "a.txtx"]),
        ("**.txt", ["a/b.txt"], ["a/b.csv"]),
        ("a/**/b", ["a/x/b", "a/x/y/b", "a//b"], ["a/b"]),
        ("[a-c][!0-9]", ["ax", "c-"], ["dx", "a1"]),
        ("[]-][^]]", ["]a", "-["], ["]]", "a]"]),
        ("{a,b{1,2},}x", ["ax", "b1x", "b2x", "x"], ["bx", "a,x"]),
        ("a,b", ["a,b"], ["a"]),
        ("\\*", ["\\x"], ["*"]),
        ("", [""], ["a"]),
    ],
)
def test_globs(glob: str, fitting: list[str], other: list[str]) -> None:
    matcher = Glob(glob)
    assert [name for name in fitting + other if matcher.fullmatch(name)] == fitting


@pytest.mark.parametrize("glob", ["{a", "a}", "[a", "[]", "[!]", "[z-a]", "}{", "a" * 1025])
def test_globs_that_are_none(glob: str) -> None:
    with pytest.raises(StorageError) as refused:
        Glob(glob)
    assert refused.value.status == 400


@pytest.mark.parametrize(
    ("glob", "name"),
    [
        ("*a" * 12 + "b", "a" * 200),
        ("*a" * 500 + "b", "a" * 1024),
        ("{a,aa,*}" * 100 + "b", "a" * 1024),
        ("{" * 500 + "*" + "}" * 500 + "b", "a" * 1024),
        ("**a" + "?" * 1000, "ab" * 512),
    ],
)
def test_a_glob_that_is_made_to_be_slow_ends(glob: str, name: str) -> None:
    matcher = Glob(glob)
    with suppress(StorageError):
        for end in range(100):
            assert not matcher.fullmatch(f"{name[: -len(str(end))]}{end}")


@given(st.text("ab*(),/ ", max_size=20))
def test_any_field_mask_applies_or_is_refused(text: str) -> None:
    with suppress(FieldsError):
        mask = parse_fields(text)
        apply_mask({"a": [{"b": {"a": 1}}, 5], "b": {"a": 1, "b": 2}}, mask)


def test_fields_merge() -> None:
    value = {"items": [{"name": "x", "metadata": {"k": "1", "l": "2"}, "size": "3"}], "other": 1}
    assert apply_mask(value, parse_fields("items/name,items/metadata/k")) == {
        "items": [{"name": "x", "metadata": {"k": "1"}}]
    }
    assert apply_mask(value, parse_fields("items(metadata,metadata/k)")) == {
        "items": [{"metadata": {"k": "1", "l": "2"}}]
    }
    assert apply_mask(value, parse_fields("*")) == value


@pytest.mark.parametrize(
    ("header", "size", "expected"),
    [
        ("bytes=0-0", 10, (0, 1)),
        ("bytes=3-", 10, (3, 10)),
        ("bytes=-4", 10, (6, 10)),
        ("bytes=-40", 10, (0, 10)),
        ("bytes=2-99", 10, (2, 10)),
        ("bytes=5-2", 10, None),
        ("bytes=-", 10, None),
        ("bytes=1-2,4-5", 10, None),
        ("", 10, None),
    ],
)
def test_ranges(header: str, size: int, expected: tuple[int, int] | None) -> None:
    assert parse_range(header, size) == expected


@pytest.mark.parametrize(("header", "size"), [("bytes=10-", 10), ("bytes=0-", 0), ("bytes=-0", 10)])
def test_ranges_outside(header: str, size: int) -> None:
    with pytest.raises(StorageError) as refused:
        parse_range(header, size)
    assert refused.value.status == 416


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, Chunk(0, 7, 7)),
        ("bytes 0-6/7", Chunk(0, 7, 7)),
        ("bytes 3-6/*", Chunk(3, 7, None)),
        ("bytes */*", Chunk(None, None, None)),
        ("bytes */7", Chunk(None, None, 7)),
    ],
)
def test_content_ranges(header: str | None, expected: Chunk) -> None:
    assert parse_chunk(header, 7) == expected


@pytest.mark.parametrize("header", ["bytes 5-2/9", "bytes 0-9/9", "bytes a-b/c", "0-1/2", "bytes 0-1"])
def test_bad_content_ranges(header: str) -> None:
    with pytest.raises(StorageError):
        parse_chunk(header, 7)


@given(TEXT, st.integers(-1, (1 << 63) - 1))
def test_page_tokens_come_back(name: str, generation: int) -> None:
    assert position_of(token_of((name, generation))) == (name, generation)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=2),
    max_leaves=4,
)


@given(st.text(st.characters(), max_size=20) | JSON.map(lambda value: encoded_token(json.dumps(value))))
@example("W" * 5000)
def test_any_page_token_is_read_or_refused(token: str) -> None:
    with suppress(StorageError):
        name, generation = position_of(token)
        assert (bool(name.encode()) or not name, type(generation)) == (True, int)


@pytest.mark.parametrize(
    "text", ['["\\ud800", 0]', "[" * 5000, '["a", true]', '["a", 9223372036854775808]', '["a"]', "5"]
)
def test_page_tokens_that_no_listing_gave_out(text: str) -> None:
    with pytest.raises(StorageError) as refused:
        position_of(encoded_token(text))
    assert refused.value.status == 400


def encoded_token(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode()


def test_routes_match_encoded_paths() -> None:
    route = Route("storage.objects.get", "GET", "/b/{bucket}/o/{object}", lambda _: Reply(200))
    assert route.match("GET", "/b/x/o/a%2Fb%20c") == {"bucket": "x", "object": "a/b c"}
    assert route.match("GET", "/b/x/o/a/b") is None
    assert route.match("PUT", "/b/x/o/a") is None


@given(
    names=st.sets(NAMES, max_size=12),
    prefix=st.one_of(st.just(""), NAMES),
    delimiter=st.sampled_from(["", "/", "b", "a/"]),
    limit=st.integers(1, 4),
)
def test_pages_together_are_the_listing(
    tmp_path_factory: pytest.TempPathFactory, names: set[str], prefix: str, delimiter: str, limit: int
) -> None:
    store = ObjectStore(tmp_path_factory.mktemp("listing"))
    bucket = store.buckets.insert("p", {"name": "listing"})
    for name in names:
        store.put_bytes(bucket, name, b"")
    rows: list[str] = []
    prefixes: list[str] = []
    token = ""
    while True:
        page = store.list_page(
            bucket, ListQuery(prefix=prefix, delimiter=delimiter, limit=limit, token=token)
        )
        assert len(page.rows) + len(page.prefixes) <= limit
        rows += [row.name for row in page.rows]
        prefixes += page.prefixes
        token = page.token
        if not token:
            break
    store.close()
    found = sorted((name for name in names if name.startswith(prefix)), key=str.encode)
    cut = {name: name.find(delimiter, len(prefix)) if delimiter else -1 for name in found}
    folded = {name[: at + len(delimiter)] for name, at in cut.items() if at >= 0}
    assert rows == [name for name in found if cut[name] < 0]
    assert prefixes == sorted(folded, key=str.encode)
