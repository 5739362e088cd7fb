"""Where logs are read: the setting's names, those that a local server can know, and what is no name."""

from __future__ import annotations

import pytest

from tui.connection import _names, _there
from tui.services.settings import BY_KEY, problem

SETTING = BY_KEY["logging.resource_names"]
VIEW = "projects/{project}/locations/global/buckets/kelp/views/_AllLogs"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "projects/kelp-train",
        f"{VIEW}, folders/12,organizations/3",
        "billingAccounts/0A1B2C-3D4E5F-678901/locations/eu/buckets/b_1/views/v-2",
        ",".join(["folders/1"] * 100),
    ],
)
def test_names_that_may_be_read(text: str) -> None:
    assert problem(SETTING, text) == ""


@pytest.mark.parametrize(
    "text",
    ["kelp-train", "projects/", "folders/kelp", "projects/p/logs/x", "projects/p,", "projects/p/locations/l"],
)
def test_what_is_no_name_is_refused_with_an_example(text: str) -> None:
    assert problem(SETTING, text).startswith("must be at most 100 names such as projects/P/locations/")


def test_more_than_the_service_takes_are_refused() -> None:
    assert problem(SETTING, ",".join(["folders/1"] * 101))
    assert problem(SETTING, ["folders/1"]) == "must be a string, not a list"


def test_the_local_server_is_asked_only_for_what_it_can_know() -> None:
    names = _names(f"{VIEW}, folders/12 , projects/kelp-train, projects/local-project")
    assert names == (VIEW, "folders/12", "projects/kelp-train", "projects/local-project")
    assert _there(names, "local-project") == (VIEW, "projects/local-project")
