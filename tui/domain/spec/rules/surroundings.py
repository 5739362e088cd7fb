"""What a job refers to outside itself: networks, buckets, accounts, TensorBoard, persistent resources."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tui.domain.catalog.accelerators import PEERING_REFUSED
from tui.domain.spec.forms import ATTACHMENT, BUCKET, FOLDER, NETWORK, PERSISTENT, meant_place
from tui.domain.spec.problems import Problem, error, info, warning
from tui.domain.spec.rules.base import SPEC, View
from tui.domain.spec.rules.machines import accelerator_of

_CONTEXT = re.compile(
    r"projects/[^/\s]+/locations/(?P<region>[^/\s]+)/metadataStores/[^/\s]+/contexts/[^/\s]+"
)
_TENSORBOARD = re.compile(r"projects/[^/\s]+/locations/(?P<region>[^/\s]+)/tensorboards/[^/\s]+")
_ADDRESS = re.compile(r"[^@\s/]+@[^@\s/]+\.[a-z]+")
_PEERING = ("domain", "targetProject", "targetNetwork")


def surroundings_problems(view: View) -> Iterator[Problem]:
    """What is wrong with the references of a CustomJobSpec."""
    yield from _network(view)
    if "pscInterfaceConfig" in view.spec:
        yield from _psc(view, view.spec["pscInterfaceConfig"])
    yield from _account(view)
    yield from _tensorboard(view)
    yield from _output(view)
    for name in ("experiment", "experimentRun"):
        form = "projects/P/locations/R/metadataStores/default/contexts/NAME"
        yield from _resource(view, name, _CONTEXT, form, warning)
    resource = view.spec.get("persistentResourceId", "")
    path = (*SPEC, "persistentResourceId")
    if resource and not PERSISTENT.fullmatch(resource) and not view.is_open(*path):
        text = "persistentResourceId is an id such as my-resource-1: lower-case letters, digits and -."
        yield error(view.value_at(*path), "persistent-resource", text)
    if view.spec.get("enableWebAccess"):
        text = "The shells of enableWebAccess need bash in the image, and end with the job."
        yield info(view.at(*SPEC, "enableWebAccess"), "web-access", text)


def _network(view: View) -> Iterator[Problem]:
    network, path = view.spec.get("network", ""), (*SPEC, "network")
    place = view.value_at(*path)
    found = NETWORK.fullmatch(network)
    if network and not found and not view.is_open(*path):
        text = "network must be like projects/PROJECT_NUMBER/global/networks/NAME."
        yield error(place, "network", text)
    elif found and not found["project"].isdigit():
        text = f"network names the project by its number, not by its id {found['project'][:40]}."
        yield error(place, "network-number", text)
    if view.spec.get("reservedIpRanges") and not network and not view.unread(*path):
        text = "reservedIpRanges are ranges of a network, and no network is given."
        yield warning(view.at(*SPEC, "reservedIpRanges"), "ip-ranges", text)
    for _, pool in view.pools() if network else ():
        name, _ = accelerator_of(pool.get("machineSpec", {}))
        if name in PEERING_REFUSED:
            text = f"{name} cannot be used with a network; use a pscInterfaceConfig."
            yield error(view.at(*path), "network-accelerator", text)
            break


def _psc(view: View, config: Mapping[str, Any]) -> Iterator[Problem]:
    path = (*SPEC, "pscInterfaceConfig")
    if view.spec.get("network"):
        text = "network and pscInterfaceConfig are two ways into a private network; one is enough."
        yield warning(view.at(*path), "network-twice", text)
    attachment, where = config.get("networkAttachment", ""), (*path, "networkAttachment")
    found = ATTACHMENT.fullmatch(attachment)
    if not found and not view.unread(*where) and not view.is_open(*where):
        text = "networkAttachment must be NAME or projects/P/regions/R/networkAttachments/NAME."
        kind = error if attachment else warning
        yield kind(view.value_at(*where), "network-attachment", text)
    elif found and view.region and found["region"] not in {None, view.region}:
        text = (
            f"The network attachment is in {found['region']}; it must be in the job's region, {view.region}."
        )
        yield error(view.value_at(*where), "other-region", text)
    for number, peering in enumerate(config.get("dnsPeeringConfigs", [])):
        item = (*path, "dnsPeeringConfigs", number)
        missing = [name for name in _PEERING if not peering.get(name) and not view.unread(*item, name)]
        if missing:
            yield error(view.at(*item), "dns-peering", f"dnsPeeringConfigs needs {', '.join(missing)}.")
        elif not peering.get("domain", ".").endswith("."):
            fix = view.write((*item, "domain"), f"{peering['domain']}.")
            yield error(view.value_at(*item, "domain"), "dns-peering", "domain must end with a dot.", fix)


def _account(view: View) -> Iterator[Problem]:
    account, path = view.spec.get("serviceAccount", ""), (*SPEC, "serviceAccount")
    if not account or view.is_open(*path):
        return
    if not _ADDRESS.fullmatch(account):
        form = "NAME@PROJECT.iam.gserviceaccount.com"
        text = f"serviceAccount is an address such as {form}, not “{account[:60]}”."
        yield error(view.value_at(*path), "service-account", text)
    elif not account.endswith("gserviceaccount.com"):
        text = (
            f"{account[:80]} looks like a person's address; a service account's ends in gserviceaccount.com."
        )
        yield warning(view.value_at(*path), "service-account", text)


def _tensorboard(view: View) -> Iterator[Problem]:
    if not view.spec.get("tensorboard"):
        return
    form = "projects/P/locations/R/tensorboards/ID"
    yield from _resource(view, "tensorboard", _TENSORBOARD, form, error)
    path = (*SPEC, "tensorboard")
    if not view.spec.get("serviceAccount") and not view.unread(*SPEC, "serviceAccount"):
        text = "tensorboard needs a serviceAccount of your own."
        yield error(view.at(*path), "tensorboard-account", text)
    if "baseOutputDirectory" not in view.spec and not view.unread(*SPEC, "baseOutputDirectory"):
        text = "Without a baseOutputDirectory, AIP_TENSORBOARD_LOG_DIR is not set for the tensorboard."
        yield warning(view.at(*path), "tensorboard-output", text)


def _resource(
    view: View, name: str, pattern: re.Pattern[str], form: str, kind: Callable[..., Problem]
) -> Iterator[Problem]:
    """A resource of the job's own project and region; `kind` is `error` where that is documented."""
    value, path = view.spec.get(name, ""), (*SPEC, name)
    if not value or view.is_open(*path):
        return
    found = pattern.fullmatch(value)
    if not found:
        yield kind(view.value_at(*path), "resource-name", f"{name} must be like {form}.")
    elif view.region and found["region"] != view.region:
        text = f"{name} is in {found['region'][:40]}; it must be in the job's region, {view.region}."
        yield kind(view.value_at(*path), "other-region", text)


def _output(view: View) -> Iterator[Problem]:
    path = (*SPEC, "baseOutputDirectory")
    where = (*path, "outputUriPrefix")
    if "baseOutputDirectory" not in view.spec or view.unread(*where) or view.is_open(*where):
        return
    found = FOLDER.fullmatch(view.spec["baseOutputDirectory"].get("outputUriPrefix", ""))
    if not found:
        meant = meant_place(view.spec["baseOutputDirectory"].get("outputUriPrefix", ""))
        fix = view.write(where, meant) if meant else None
        text = "outputUriPrefix must be like gs://bucket/path."
        yield error(view.value_at(*where), "bad-output", text, fix)
    elif not BUCKET.fullmatch(found["bucket"]):
        text = f"“{found['bucket'][:60]}” cannot name a bucket: lower-case letters, digits, -, _ and dots."
        yield warning(view.value_at(*where), "bad-output", text)
