"""The file of certificates that clients are given: all that they trusted before, and the door's authority."""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator, Mapping
from pathlib import Path

import certifi

VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH")
"""Where Google's clients, and most others, look for the name of such a file."""
_CERTIFICATE = re.compile(
    rb"-----BEGIN (?:TRUSTED )?CERTIFICATE-----.+?-----END (?:TRUSTED )?CERTIFICATE-----", re.DOTALL
)


def bundle(authority: Path, environ: Mapping[str, str]) -> str:
    """The file's text: each certificate once.

    Args:
        authority: the certificate to add.
        environ: whose files take the place of the system's, as they do for the clients.

    Raises:
        OSError: a file that the environment names cannot be read.
    """
    found: dict[bytes, None] = {}
    for path in (*_before(environ), authority):
        found |= dict.fromkeys(_CERTIFICATE.findall(path.read_bytes()))
    return "".join(f"{certificate.decode('ascii', 'replace')}\n" for certificate in found)


def _before(environ: Mapping[str, str]) -> Iterator[Path]:
    named = [
        Path(environ[name])
        for name in (*VARIABLES, "CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE")
        if environ.get(name)
    ]
    if not named:
        yield Path(certifi.where())
        system = ssl.get_default_verify_paths().openssl_cafile
        named = [path for path in (Path(system),) if path.is_file()]
    for path in named:
        yield from (file for file in sorted(path.iterdir()) if file.is_file()) if path.is_dir() else (path,)
