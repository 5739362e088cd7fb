"""One login for several regions: what a gateway says of other places, and short answers."""

from __future__ import annotations

import pytest

from tests.cloud.conftest import REGION
from tests.cloud.test_local_wire import APIS, spec
from tui.domain.errors import CloudError
from tui.domain.gateway import Gateway
from tui.domain.places import Place, places, read_place

OTHER = "us-central1"


async def test_jobs_of_another_region_are_read_there(gateway: Gateway) -> None:
    await gateway.setup.enable_apis(APIS)
    project = gateway.target.project
    other = gateway.elsewhere(Place(project, OTHER))
    assert other is gateway.elsewhere(Place(project, OTHER))
    assert gateway.elsewhere(Place(project, REGION)) is gateway
    here = await gateway.jobs.create_job(spec("echo here", "ana-here"))
    there = await other.jobs.create_job(spec("echo there", "ana-there"))
    assert (here.region, there.region) == (REGION, OTHER)
    assert [job.display_name for job in (await gateway.jobs.list_jobs()).jobs] == ["ana-here"]
    assert [job.display_name for job in (await other.jobs.list_jobs()).jobs] == ["ana-there"]
    await gateway.close()
    with pytest.raises(CloudError):
        await other.jobs.list_jobs()


async def test_a_brief_list_leaves_the_specs_out(gateway: Gateway) -> None:
    await gateway.setup.enable_apis(APIS)
    job = await gateway.jobs.create_job(spec("echo one"))
    (brief,) = (await gateway.jobs.list_jobs(brief=True)).jobs
    assert (brief.name, brief.display_name, brief.labels) == (job.name, job.display_name, job.labels)
    assert brief.create_time == job.create_time
    assert brief.pools == ()
    assert "jobSpec" not in brief.raw
    (whole,) = (await gateway.jobs.list_jobs()).jobs
    assert whole.raw["jobSpec"]["workerPoolSpecs"][0]["replicaCount"] == "1"


def test_places_are_read_from_settings() -> None:
    first = Place("kelp-train", "europe-west4")
    assert read_place("us-east1", "kelp-train") == Place("kelp-train", "us-east1")
    assert str(read_place("reef-lab/us-east1", "kelp-train")) == "reef-lab/us-east1"
    assert places(first, ["europe-west4", "reef-lab/us-east1"]) == (first, Place("reef-lab", "us-east1"))
    with pytest.raises(ValueError, match="neither REGION nor PROJECT/REGION"):
        read_place("Nowhere", "kelp-train")
