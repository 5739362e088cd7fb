"""What the environment of a shell has to be for Google's tools and libraries to use the local server.

Two ways lead to the server, and each client gets the better one. gcloud, gsutil and the storage library take
a plain address (`…_OVERRIDES_…`, `STORAGE_EMULATOR_HOST`). All others go by Google's own names, through the
server's proxy (`tui.local.front_door`), under its certificate, with credentials that the server knows.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from tui.local.environ import Changes, original, undoable
from tui.local.front_door import trust, upstream
from tui.local.front_door.credentials import credentials
from tui.local.launcher import OWNER_FILE, Record, http_address, owner_token
from tui.local.names import GOOGLE
from tui.local.peer import tells_users
from tui.local.private import make_private, write_private

DISTURBING = (
    "CLOUDSDK_ACTIVE_CONFIG_NAME",
    "CLOUDSDK_AUTH_ACCESS_TOKEN",
    "CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE",
    "CLOUDSDK_AUTH_DISABLE_CREDENTIALS",
    "CLOUDSDK_AUTH_IMPERSONATE_SERVICE_ACCOUNT",
    "CLOUDSDK_BILLING_QUOTA_PROJECT",
    "CLOUDSDK_CORE_ACCOUNT",
    "CLOUDSDK_CORE_UNIVERSE_DOMAIN",
    "GOOGLE_API_USE_CLIENT_CERTIFICATE",
    "GOOGLE_API_USE_MTLS_ENDPOINT",
    "GOOGLE_CLOUD_UNIVERSE_DOMAIN",
)
"""Variables that point gcloud or a library at somebody's real account, and are taken away."""

_PROXIES = ("HTTPS_PROXY", "https_proxy", "grpc_proxy")
_EXCEPTIONS = ("NO_PROXY", "no_proxy", "no_grpc_proxy")
_PLAIN_SERVICES = ("AIPLATFORM", "LOGGING", "SERVICEUSAGE", "CLOUDRESOURCEMANAGER", "IAM")


def changes(record: Record, region: str, environ: Mapping[str, str]) -> Changes:
    """What to change in `environ`; changes made before are seen through.

    Writes what the variables refer to into the data directory: a folder for gcloud, a boto file, credentials,
    certificates. The proxy of `environ` becomes the server's way to all other hosts.

    Raises:
        LauncherError: the server's token is gone.
        OSError: a file of certificates that `environ` names cannot be read, or ours cannot be written.
        ValueError: the server's own certificates are damaged.
    """
    before = original(environ)
    folder = Path(record.data_dir) / "clients"
    make_private(folder)
    wanted = (
        _places(record, region, folder) | _plain_addresses(record, folder) | _door(record, before, folder)
    )
    taken = dict.fromkeys(name for name in DISTURBING if name in before)
    return undoable({**wanted, **taken}, before)


def _places(record: Record, region: str, folder: Path) -> dict[str, str]:
    """Which project, which region, and no questions."""
    make_private(folder / "gcloud")
    return {
        "CLOUDSDK_CONFIG": str(folder / "gcloud"),
        "CLOUDSDK_CORE_PROJECT": record.project,
        "CLOUDSDK_AI_REGION": region,
        "CLOUDSDK_CORE_DISABLE_PROMPTS": "1",
        "CLOUDSDK_CORE_DISABLE_USAGE_REPORTING": "true",
        "CLOUDSDK_CORE_CHECK_GCE_METADATA": "false",
        "CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK": "true",
        "CLOUDSDK_AUTH_ACCESS_TOKEN_FILE": str(Path(record.data_dir) / OWNER_FILE),
        "GOOGLE_CLOUD_PROJECT": record.project,
        "GOOGLE_CLOUD_QUOTA_PROJECT": record.project,
        "GOOGLE_CLOUD_REGION": region,
        "GOOGLE_CLOUD_LOCATION": region,
    }


def _plain_addresses(record: Record, folder: Path) -> dict[str, str]:
    """For the tools that take an address without TLS."""
    write_private(folder / "boto", "[GSUtil]\nuse_gcloud_storage = True\n[Credentials]\n")
    overrides = {f"CLOUDSDK_API_ENDPOINT_OVERRIDES_{name}": f"{record.http_url}/" for name in _PLAIN_SERVICES}
    return {
        **overrides,
        "CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE": f"{record.http_url}/storage/v1/",
        "BOTO_CONFIG": str(folder / "boto"),
        "STORAGE_EMULATOR_HOST": http_address(record),
    }


def _door(record: Record, before: Mapping[str, str], folder: Path) -> dict[str, str]:
    """For everything that goes by Google's names."""
    from tui.local.front_door.authority import papers  # noqa: PLC0415  # slow to load

    data_dir = Path(record.data_dir)
    authority = papers(data_dir).authority
    upstream.remember(data_dir, _proxy_of(before))
    write_private(folder / "certificates.pem", trust.bundle(authority, before))
    login = json.dumps(credentials(owner_token(record)), indent=2) + "\n"
    write_private(folder / "credentials.json", login)
    certificates = dict.fromkeys(
        (*trust.VARIABLES, "CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE"), str(folder / "certificates.pem")
    )
    around = without_google(before)
    return {
        **certificates,
        "GOOGLE_APPLICATION_CREDENTIALS": str(folder / "credentials.json"),
        **dict.fromkeys(_PROXIES, _proxy_address(record)),
        **dict.fromkeys(_EXCEPTIONS, around),
    }


def leads_here(record: Record, environ: Mapping[str, str]) -> bool:
    """Whether Google's names lead to the server in such an environment, and never past it."""
    door = urlsplit(record.proxy_url).netloc
    ways = {urlsplit(environ.get(name, "")).netloc.rpartition("@")[2] for name in _PROXIES}
    past = (host.strip() for name in _EXCEPTIONS for host in environ.get(name, "").split(","))
    return ways == {door} and not any(host and _covers_google(host) for host in past)


def _proxy_address(record: Record) -> str:
    """The proxy, with the owner's token where the system does not tell it who calls."""
    if tells_users():
        return record.proxy_url
    return f"http://local:{owner_token(record)}@{urlsplit(record.proxy_url).netloc}"


def _proxy_of(before: Mapping[str, str]) -> str:
    names = ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
    return next((before[name] for name in names if before.get(name)), "")


def without_google(before: Mapping[str, str]) -> str:
    """The hosts that need no proxy: the user's, without Google's, and this machine."""
    given = before.get("NO_PROXY") or before.get("no_proxy") or ""
    hosts = [host.strip() for host in given.split(",")]
    kept = [host for host in hosts if host and not _covers_google(host)]
    return ",".join(dict.fromkeys([*kept, "127.0.0.1", "localhost", "::1"]))


def _covers_google(pattern: str) -> bool:
    """Whether an entry of `NO_PROXY` stands for one of Google's names."""
    if pattern.startswith((":", "[")):
        return False  # an IPv6 address
    name = pattern.lstrip("*.").partition(":")[0].lower()
    return name in {"", "com"} or name == GOOGLE or name.endswith(f".{GOOGLE}")
