"""What a job refers to outside itself: networks, buckets, TensorBoard, experiments, persistent resources."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tui.domain.catalog.accelerators import PEERING_REFUSED
from tui.local import names
from tui.local.api.job_rules.machines import accelerator_name
from tui.local.api.job_rules.top import Problem, in_project
from tui.local.wire.gtypes import Message

SPEC = "custom_job.job_spec"
_NETWORK = re.compile(r"projects/([^/]+)/global/networks/[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?")
_ATTACHMENT = re.compile(
    r"(?:projects/[^/]+/regions/(?P<region>[^/]+)/networkAttachments/)?[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?"
)
_OUTPUT = re.compile(r"gs://[a-z0-9][a-z0-9._-]{1,220}[a-z0-9](?:/[^\r\n]*)?")
_PERSISTENT = re.compile(r"[a-z](?:[a-z0-9-]{0,126}[a-z0-9])?")
_CONTEXT = "metadataStores/default/contexts/[a-z0-9][a-z0-9-]{0,127}"


def surroundings_problems(spec: Message, region: str) -> Iterator[Problem]:
    """What is wrong with the references of a CustomJobSpec."""
    yield from _network(spec)
    yield from _psc(spec, region)
    yield from _tensorboard(spec, region)
    prefix = spec.base_output_directory.output_uri_prefix
    if spec.HasField("base_output_directory") and not _OUTPUT.fullmatch(prefix):
        field = f"{SPEC}.base_output_directory.output_uri_prefix"
        yield field, "The output URI prefix must have the form gs://BUCKET or gs://BUCKET/PATH."
    for name in ("experiment", "experiment_run"):
        if getattr(spec, name) and not in_project(getattr(spec, name), region, _CONTEXT):
            form = "projects/P/locations/R/metadataStores/default/contexts/NAME"
            yield f"{SPEC}.{name}", f"The context must have the form {form}, in the job's project and region."
    if spec.persistent_resource_id and not _PERSISTENT.fullmatch(spec.persistent_resource_id):
        yield (
            f"{SPEC}.persistent_resource_id",
            (
                "The ID can only contain numbers, lower case letters and hyphens, must begin with a letter, "
                "not end with a hyphen, and have at most 128 characters."
            ),
        )


def _network(spec: Message) -> Iterator[Problem]:
    field = f"{SPEC}.network"
    found = _NETWORK.fullmatch(spec.network)
    if spec.network and not found:
        yield field, "The network must have the form projects/PROJECT_NUMBER/global/networks/NAME."
    elif found and not found[1].isdigit():
        text = f"The network must be named by the project's number, not by its ID {found[1]!r}."
        yield field, f"{text} For this project: {names.PROJECT_NUMBER}."
    if spec.reserved_ip_ranges and not spec.network:
        yield f"{SPEC}.reserved_ip_ranges", "Reserved IP ranges can be given together with a network only."
    for pool in spec.worker_pool_specs if spec.network else ():
        accelerator = accelerator_name(pool.machine_spec)
        if accelerator in PEERING_REFUSED:
            yield field, f"VPC peering is not supported with {accelerator}; use a PSC interface."
            break


def _psc(spec: Message, region: str) -> Iterator[Problem]:
    if not spec.HasField("psc_interface_config"):
        return
    field = f"{SPEC}.psc_interface_config"
    config = spec.psc_interface_config
    if spec.network:
        yield field, "A network and a PSC interface cannot be used together."
    found = _ATTACHMENT.fullmatch(config.network_attachment)
    if not found:
        form = "NAME or projects/P/regions/R/networkAttachments/NAME"
        yield f"{field}.network_attachment", f"The network attachment must have the form {form}."
    elif found["region"] not in {None, region}:
        yield f"{field}.network_attachment", f"The network attachment must be in the job's region {region}."
    for index, peering in enumerate(config.dns_peering_configs):
        if not (peering.domain and peering.target_project and peering.target_network):
            text = "Domain, target project and target network must be specified."
            yield f"{field}.dns_peering_configs[{index}]", text
        elif not peering.domain.endswith("."):
            yield f"{field}.dns_peering_configs[{index}].domain", "The domain must end with a dot."


def _tensorboard(spec: Message, region: str) -> Iterator[Problem]:
    if not spec.tensorboard:
        return
    if not in_project(spec.tensorboard, region, "tensorboards/[0-9a-z-]+"):
        form = f"projects/{names.PROJECT_ID}/locations/{region}/tensorboards/ID"
        yield (
            f"{SPEC}.tensorboard",
            f"The TensorBoard must have the form {form}: the job's project and region.",
        )
    if not spec.service_account:
        yield f"{SPEC}.service_account", "A service account must be specified to use a TensorBoard."
