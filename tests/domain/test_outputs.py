"""From a job to the place where it writes."""

from __future__ import annotations

from typing import Any

import pytest

from tui.domain.jobs import job_from_json
from tui.domain.outputs import output_place


def _job(script: str, **spec: Any) -> Any:
    container = {"args": [script], "env": [{"name": "B", "value": "bucket"}, {"name": "RUN", "value": "r1"}]}
    return job_from_json({"jobSpec": {"workerPoolSpecs": [{"containerSpec": container}], **spec}})


@pytest.mark.parametrize(
    ("script", "place"),
    [
        (
            "gsutil cp -r gs://in/data . && gsutil -m cp -r outputs/ gs://$B/runs/${RUN}\n",
            "gs://bucket/runs/r1/",
        ),
        ("gsutil cp x 'gs://b2/dir/'", "gs://b2/dir/"),
        ("gsutil cp x gs://$UNKNOWN/dir", "gs://default/"),
        ("echo nothing", "gs://default/"),
    ],
)
def test_the_last_path_of_the_script_whose_variables_are_known(script: str, place: str) -> None:
    assert str(output_place(_job(script), "default")) == place


def test_the_base_directory_goes_first() -> None:
    job = _job("gsutil cp x gs://b2/dir", baseOutputDirectory={"outputUriPrefix": "gs://base/out"})
    assert str(output_place(job, "default")) == "gs://base/out/"


def test_odd_specs_do_not_raise() -> None:
    odd: list[dict[str, Any]] = [
        {},
        {"jobSpec": {"workerPoolSpecs": [{}]}},
        {"jobSpec": {"workerPoolSpecs": {}}},
    ]
    for raw in odd:
        assert str(output_place(job_from_json(raw), "default")) == "gs://default/"
