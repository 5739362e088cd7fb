"""Of what a delete would take, only what a download has brought home."""

from __future__ import annotations

from tui.domain.deleteplan import DeletePlan, narrowed
from tui.services.transfers.model import Transfer

RULE = "what was downloaded; what was added or replaced since stays"


def only_downloaded(plan: DeletePlan, transfer: Transfer) -> DeletePlan:
    """The plan itself if all of it was downloaded, else the objects whose generations were.

    The empty objects that stand for folders become no files: they hold nothing that could be missed.
    """
    home = {
        (file.uri.bucket, file.uri.name, file.item.generation)
        for file in transfer.files
        if file.item is not None
    }
    chosen = {
        part.bucket: [
            number
            for number, item in enumerate(part.live)
            if (part.bucket, item.name, item.generation) in home
            or (item.name.endswith("/") and not item.size)
        ]
        for part in plan.parts
    }
    if sum(map(len, chosen.values())) == plan.live:
        return plan
    return narrowed(plan, chosen, {}, RULE)
