"""The certificate for Google's names, and the authority that signs it: made here, kept here."""

from __future__ import annotations

import datetime as dt
import fcntl
import os
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tui.domain.regions import TRAINING_REGIONS
from tui.local import names
from tui.local.private import make_private, write_private

AUTHORITY_DAYS = 3650
CERTIFICATE_DAYS = 397
"""The longest life that clients still accept of a server's certificate."""
RENEW_DAYS = 60
"""What is left of a life when its successor is made."""


@dataclass(frozen=True, slots=True)
class Papers:
    """Where the certificates are, in PEM."""

    authority: Path
    """For clients to trust."""
    server: Path
    """For the server to show, with its key."""


def papers(data_dir: Path, now: dt.datetime | None = None) -> Papers:
    """The certificates of a data directory, made or renewed if need be; several processes may ask at once.

    A new certificate of the server's is trusted wherever the authority is, so it may change at any time.

    Raises:
        OSError: the folder cannot be written.
        ValueError: a file there is not what was once written.
    """
    now = now or dt.datetime.now(dt.UTC)
    folder = data_dir / "front-door"
    make_private(folder)
    found = Papers(folder / "authority.pem", folder / "server.pem")
    with os.fdopen(os.open(folder / "lock", os.O_WRONLY | os.O_CREAT, 0o600), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        renewed = not _is_good(found.authority, now)
        if renewed:
            _make_authority(found.authority, now)
        if renewed or not _is_good(found.server, now):
            _make_server(found, now)
    return found


def _key_file(authority: Path) -> Path:
    return authority.with_suffix(".key")


def _is_good(path: Path, now: dt.datetime) -> bool:
    if not path.exists():
        return False
    certificate = x509.load_pem_x509_certificate(path.read_bytes())
    return now + dt.timedelta(days=RENEW_DAYS) < certificate.not_valid_after_utc


def _make_authority(path: Path, now: dt.datetime) -> None:
    """An authority that nobody could use for other names, even with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "vertex-tui local server")])
    builder = (
        _builder(name, name, key.public_key(), now, AUTHORITY_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs=True), critical=True)
        .add_extension(x509.NameConstraints([x509.DNSName(names.GOOGLE)], None), critical=True)
    )
    certificate = builder.sign(key, hashes.SHA256())
    write_private(_key_file(path), _pem(key))
    write_private(path, certificate.public_bytes(serialization.Encoding.PEM).decode())


def _make_server(found: Papers, now: dt.datetime) -> None:
    authority = x509.load_pem_x509_certificate(found.authority.read_bytes())
    signer = serialization.load_pem_private_key(_key_file(found.authority).read_bytes(), None)
    if not isinstance(signer, ec.EllipticCurvePrivateKey):
        raise ValueError(f"{_key_file(found.authority)} is not the key of the local server's certificates")  # noqa: TRY004  # a file's content
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"*.{names.GOOGLE}")])
    builder = (
        _builder(name, authority.subject, key.public_key(), now, CERTIFICATE_DAYS)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host) for host in _hosts()]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
        )
    )
    certificate = builder.sign(signer, hashes.SHA256())
    write_private(found.server, certificate.public_bytes(serialization.Encoding.PEM).decode() + _pem(key))


def _hosts() -> list[str]:
    """The shapes of Google's API names: plain, a bucket's own, with a client certificate, regional."""
    return [
        names.GOOGLE,
        f"*.{names.GOOGLE}",
        f"*.storage.{names.GOOGLE}",
        f"*.mtls.{names.GOOGLE}",
        *(f"*.{region}.rep.{names.GOOGLE}" for region in sorted(TRAINING_REGIONS)),
    ]


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: dt.datetime, days: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=days - 1))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs,
        crl_sign=signs,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(key: ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
