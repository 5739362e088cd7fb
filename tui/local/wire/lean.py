"""Load Google's message types without the clients around them.

`google.cloud.aiplatform_v1` imports every service with all its transports (1.7 s, 111 MB); the server needs
message types only. Bare parent packages, put in place before the first import, leave their `__init__` unread.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType

PACKAGES = (
    "google.cloud.aiplatform_v1",
    "google.cloud.aiplatform_v1.types",
    "google.cloud.billing_v1",
    "google.cloud.billing_v1.types",
    "google.cloud.cloudquotas_v1",
    "google.cloud.cloudquotas_v1.types",
    "google.cloud.iam_admin_v1",
    "google.cloud.iam_admin_v1.types",
    "google.cloud.logging_v2",
    "google.cloud.logging_v2.types",
    "google.cloud.resourcemanager_v3",
    "google.cloud.resourcemanager_v3.types",
    "google.cloud.service_usage_v1",
    "google.cloud.service_usage_v1.types",
)


def install() -> None:
    """Put bare packages in place of `PACKAGES`; only for a process that never needs Google's clients."""
    for name in PACKAGES:
        if name not in sys.modules:
            _install_one(name)


def _install_one(name: str) -> None:
    parent_name, _, leaf = name.rpartition(".")
    parent = importlib.import_module(parent_name)
    folders = [str(Path(folder, leaf)) for folder in parent.__path__ if Path(folder, leaf).is_dir()]
    if not folders:
        return
    module = ModuleType(name)
    module.__path__ = folders
    module.__package__ = name
    sys.modules[name] = module
    setattr(parent, leaf, module)
