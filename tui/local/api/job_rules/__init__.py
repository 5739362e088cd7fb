"""What Vertex AI refuses in a new custom job; the facts are those of `tui.domain.catalog`.

Everything that is wrong with fields is told at once, in one `List of found errors:`. Where Google's wording
is not known the same form is used with words of our own.
"""

from __future__ import annotations

from tui.domain.catalog.availability import machine_regions
from tui.local import names
from tui.local.api.job_rules.pools import pool_problems
from tui.local.api.job_rules.scheduling import scheduling_problems
from tui.local.api.job_rules.surroundings import surroundings_problems
from tui.local.api.job_rules.top import top_problems
from tui.local.wire.errors import ApiError, Code, found_errors, invalid
from tui.local.wire.gtypes import Message


def check_custom_job(job: Message, region: str) -> None:
    """Refuse a job that Vertex AI would refuse in a region.

    Raises:
        ApiError: INVALID_ARGUMENT with everything that was found, or for a machine type that the region does
            not have; NOT_FOUND for a persistent resource, of which the local project has none.
    """
    spec = job.job_spec
    problems = [
        *top_problems(job, region),
        *pool_problems(spec, region),
        *scheduling_problems(spec),
        *surroundings_problems(spec, region),
    ]
    if problems:
        raise found_errors(problems)
    for pool in spec.worker_pool_specs:
        machine_type = pool.machine_spec.machine_type
        if machine_type and region not in machine_regions(machine_type):
            raise invalid(f"Machine type {machine_type} is not supported.")
    if spec.persistent_resource_id:
        parent = f"projects/{names.PROJECT_NUMBER}/locations/{region}/persistentResources"
        text = f'The PersistentResource "{parent}/{spec.persistent_resource_id}" does not exist.'
        raise ApiError(Code.NOT_FOUND, text)
