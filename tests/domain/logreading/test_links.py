"""What a line points at."""

from __future__ import annotations

import pytest

from tui.domain.logreading.links import MOST, LinkKind, has_link, links

WANDB, WEB, STORAGE = LinkKind.WANDB, LinkKind.WEB, LinkKind.STORAGE


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "wandb: 🚀 View run at https://wandb.ai/lagoon/kelp/runs/k3lp.",
            [(WANDB, "https://wandb.ai/lagoon/kelp/runs/k3lp")],
        ),
        (
            "at https://wandb.lagoon.example/a/b/runs/c?x=1",
            [(WANDB, "https://wandb.lagoon.example/a/b/runs/c?x=1")],
        ),
        ("https://wandb.ai/lagoon/kelp", [(WEB, "https://wandb.ai/lagoon/kelp")]),
        (
            "(see https://en.example.org/wiki/Kelp_(alga)).",
            [(WEB, "https://en.example.org/wiki/Kelp_(alga)")],
        ),
        (
            "<http://a.example/x>, 'http://b.example'!",
            [(WEB, "http://a.example/x"), (WEB, "http://b.example")],
        ),
        ("Copying file://a to gs://kelp/run-1/a.txt...", [(STORAGE, "gs://kelp/run-1/a.txt")]),
        (
            "saved to 'gs://kelp/run-1/model', done; gs://kelp",
            [(STORAGE, "gs://kelp/run-1/model"), (STORAGE, "gs://kelp")],
        ),
        ("gs://kelp/a,gs://kelp/b", [(STORAGE, "gs://kelp/a"), (STORAGE, "gs://kelp/b")]),
        ("read /gcs/kelp/data/x.csv: ok", [(STORAGE, "gs://kelp/data/x.csv")]),
        ("--out=/gcs/kelp/", [(STORAGE, "gs://kelp/")]),
        ("/mnt/gcs/kelp/x, gs://, https://, http://., gs://A, //x", []),
        ("[gs://kelp/a[0]]", [(STORAGE, "gs://kelp/a[0]")]),
    ],
)
def test_links_of_a_line(text: str, expected: list[tuple[LinkKind, str]]) -> None:
    found = links(text)
    assert [(link.kind, link.address) for link in found] == expected
    assert has_link(text) == bool(expected)
    for link in found:
        part = text[link.start : link.end]
        assert link.address in (part, part.replace("/gcs/", "gs://"))


def test_there_is_an_end_to_links() -> None:
    assert len(links("gs://kelp/x " * 500)) == MOST
