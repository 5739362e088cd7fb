"""The rules of names, fields, ranges and pages, without a server."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.local.storage.calls import Reply, Route
from tui.local.storage.errors import StorageError
from tui.local.storage.fields import apply_mask, parse_fields
from tui.local.storage.listing import ListQuery, position_of, token_of
from tui.local.storage.media import parse_range
from tui.local.storage.names import check_object, glob_pattern, successor
from tui.local.storage.objects import ObjectStore
from tui.local.storage.uploads import Chunk, parse_chunk

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
        glob_pattern(glob).fullmatch(name)


@given(st.text("ab*(),/ ", max_size=20))
def test_any_field_mask_applies_or_is_refused(text: str) -> None:
    with suppress(StorageError):
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


@given(st.text(max_size=20))
def test_any_page_token_is_read_or_refused(token: str) -> None:
    with suppress(StorageError):
        position_of(token)


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
