"""What a job refers to outside itself: networks, buckets, TensorBoard, experiments, persistent resources."""

from __future__ import annotations

from collections.abc import Iterator

from tui.domain.catalog.accelerators import PEERING_REFUSED
from tui.domain.spec.forms import ATTACHMENT, FOLDER, NETWORK, PERSISTENT
from tui.local import names
from tui.local.api.job_rules.machines import accelerator_name
from tui.local.api.job_rules.top import Problem, in_project
from tui.local.wire.gtypes import Message

SPEC = "custom_job.job_spec"


def surroundings_problems(spec: Message, region: str) -> Iterator[Problem]:
    """What is wrong with the references of a CustomJobSpec."""
    yield from _network(spec)
    yield from _psc(spec, region)
    yield from _tensorboard(spec, region)
    prefix = spec.base_output_directory.output_uri_prefix
    if spec.HasField("base_output_directory") and not FOLDER.fullmatch(prefix):
        field = f"{SPEC}.base_output_directory.output_uri_prefix"
        yield field, "The output URI prefix must have the form gs://BUCKET or gs://BUCKET/PATH."
    if spec.persistent_resource_id and not PERSISTENT.fullmatch(spec.persistent_resource_id):
        text = "The ID can only contain numbers, lower case letters and hyphens."
        yield f"{SPEC}.persistent_resource_id", text


def _network(spec: Message) -> Iterator[Problem]:
    field = f"{SPEC}.network"
    found = NETWORK.fullmatch(spec.network)
    if spec.network and not found:
        yield field, "The network must have the form projects/PROJECT_NUMBER/global/networks/NAME."
    elif found and not found[1].isdigit():
        text = f"The network must be named by the project's number, not by its ID {found[1]!r}."
        yield field, f"{text} For this project: {names.PROJECT_NUMBER}."
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
    found = ATTACHMENT.fullmatch(config.network_attachment)
    if config.network_attachment and not found:
        form = "NAME or projects/P/regions/R/networkAttachments/NAME"
        yield f"{field}.network_attachment", f"The network attachment must have the form {form}."
    elif found and found["region"] not in {None, region}:
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
    if not in_project(spec.tensorboard, region, "tensorboards/[^/]+"):
        form = f"projects/{names.PROJECT_ID}/locations/{region}/tensorboards/ID"
        yield (
            f"{SPEC}.tensorboard",
            f"The TensorBoard must have the form {form}: the job's project and region.",
        )
    if not spec.service_account:
        yield f"{SPEC}.service_account", "A service account must be specified to use a TensorBoard."
