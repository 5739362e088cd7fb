"""A piece of Google Cloud on loopback: TLS listeners, a token endpoint, and the proxy that leads to them.

The product code is not told of it: regional host names are resolved by an ordinary CONNECT proxy, trust comes
from a throw-away certificate authority, and the login is a throw-away service-account key.
"""

from __future__ import annotations

import contextlib
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from google.auth import jwt
from google.cloud.aiplatform_v1.types import (
    CreateCustomJobRequest,
    CustomJob,
    JobState,
    ListCustomJobsRequest,
    ListCustomJobsResponse,
)
from google.cloud.logging_v2.types import ListLogEntriesRequest, ListLogEntriesResponse, LogEntry

from tests.cloud import fake_logins
from tests.cloud.fake_proxy import connect_proxy

HOSTS = (
    "europe-west4-aiplatform.googleapis.com",
    "logging.googleapis.com",
)
TOKEN_HOST = "oauth2.googleapis.com"  # noqa: S105 (a host name)
STORAGE_HOST = "storage.googleapis.com"
USERINFO_HOST = "openidconnect.googleapis.com"
ACCOUNT = "ana@kelp-train.iam.gserviceaccount.com"
OTHER_ACCOUNT = "ben@kelp-train.iam.gserviceaccount.com"
USER = "ana@lagoon.example"
TOKEN = fake_logins.TOKEN
STS_HOST = "sts.googleapis.com"
IAM_HOST = "iamcredentials.googleapis.com"
JOB_NAME = "projects/42/locations/europe-west4/customJobs/7"

ALL_HOSTS = (*HOSTS, TOKEN_HOST, STORAGE_HOST, USERINFO_HOST, STS_HOST, IAM_HOST)

Handler = Callable[[Any, Any], Awaitable[Any]]


@dataclass
class FakeGoogle:
    """What the listeners saw."""

    folder: Path
    proxy_port: int = 0
    hosts: list[str] = field(default_factory=list)
    """Host and port of each CONNECT."""
    calls: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    """Method, and the metadata or headers it came with."""
    grants: list[dict[str, Any]] = field(default_factory=list)
    """Claims of each assertion that the token endpoint verified."""
    created: list[str] = field(default_factory=list)
    revoked: bool = False
    """Whether the token endpoint refuses the login of `ACCOUNT`."""
    wants_quota_project: bool = False
    """Whether calls without one are refused, as Google does for a user's login."""
    clock_ahead: float = 0.0
    """Seconds that the clock of all HTTP answers is ahead of this box's."""
    may_impersonate: bool = True
    routes: dict[str, int] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """What leads an unmodified client here, besides the trust in `ca.pem`."""
        return {
            "HTTPS_PROXY": f"http://127.0.0.1:{self.proxy_port}",
            "GOOGLE_APPLICATION_CREDENTIALS": str(self.folder / "key.json"),
        }


@contextlib.asynccontextmanager
async def fake_google(folder: Path, *, grpc_passes: bool) -> AsyncIterator[FakeGoogle]:
    """Listeners on loopback; without `grpc_passes` they speak HTTP/1.1 only, as a TLS-opening proxy."""
    google = FakeGoogle(folder)
    key = _write_certificates(folder)
    async with contextlib.AsyncExitStack() as stack:
        token_port = await stack.enter_async_context(
            _https(google, [web.post("/token", _token(google, key)), *_other_routes(google)])
        )
        google.routes[TOKEN_HOST] = token_port
        if grpc_passes:
            port = await stack.enter_async_context(_grpc_server(google))
        else:
            port = await stack.enter_async_context(_https(google, _rest_routes(google)))
        google.routes |= dict.fromkeys(HOSTS, port)
        always = await stack.enter_async_context(
            _https(google, [*fake_logins.login_routes(google), *_other_routes(google)])
        )
        google.routes |= dict.fromkeys((STORAGE_HOST, USERINFO_HOST, STS_HOST, IAM_HOST), always)
        google.proxy_port = await stack.enter_async_context(connect_proxy(google.hosts, google.routes))
        yield google


def _write_certificates(folder: Path) -> rsa.RSAPrivateKey:
    """Write ca.pem, server.pem, server.key and key.json; the service account's key."""
    authority = ec.generate_private_key(ec.SECP256R1())
    server = ec.generate_private_key(ec.SECP256R1())
    root = _certificate("Throw-away CA", authority.public_key(), "Throw-away CA", authority, authority=True)
    leaf = _certificate("googleapis", server.public_key(), "Throw-away CA", authority, authority=False)
    (folder / "ca.pem").write_bytes(root.public_bytes(serialization.Encoding.PEM))
    (folder / "server.pem").write_bytes(leaf.public_bytes(serialization.Encoding.PEM))
    (folder / "server.key").write_bytes(_pem(server))
    login = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    _write_logins(folder, login)
    return login


def _write_logins(folder: Path, login: rsa.RSAPrivateKey) -> None:
    """Two service-account keys, and what `gcloud auth application-default login` writes."""
    content = {
        "type": "service_account",
        "project_id": "kelp-train",
        "private_key_id": "throw-away",
        "private_key": _pem(login).decode(),
        "client_email": ACCOUNT,
        "client_id": "1",
        "token_uri": f"https://{TOKEN_HOST}/token",
    }
    (folder / "key.json").write_text(json.dumps(content))
    (folder / "new-key.json").write_text(json.dumps({**content, "client_email": OTHER_ACCOUNT}))
    user = {
        "type": "authorized_user",
        "client_id": "1.apps.googleusercontent.com",
        "client_secret": "throw-away",
        "refresh_token": "throw-away",
        "quota_project_id": "kelp-billing",
    }
    (folder / "gcloud").mkdir()
    (folder / "gcloud" / "application_default_credentials.json").write_text(json.dumps(user))


def _certificate(
    subject: str,
    public: ec.EllipticCurvePublicKey,
    issuer: str,
    signer: ec.EllipticCurvePrivateKey,
    *,
    authority: bool,
) -> x509.Certificate:
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    )
    if authority:
        usage = x509.KeyUsage(
            digital_signature=True,
            key_cert_sign=True,
            crl_sign=True,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            encipher_only=False,
            decipher_only=False,
        )
        builder = builder.add_extension(usage, critical=True)
    else:
        names = [x509.DNSName(name) for name in ALL_HOSTS]
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(signer, hashes.SHA256())


def _pem(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


@contextlib.asynccontextmanager
async def _https(google: FakeGoogle, routes: list[web.RouteDef]) -> AsyncIterator[int]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(google.folder / "server.pem", google.folder / "server.key")
    context.set_alpn_protocols(["http/1.1"])
    app = web.Application()
    app.add_routes(routes)

    async def tell_time(_request: web.Request, response: web.StreamResponse) -> None:
        now = datetime.now(UTC) + timedelta(seconds=google.clock_ahead)
        response.headers["Date"] = format_datetime(now, usegmt=True)

    app.on_response_prepare.append(tell_time)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
    await site.start()
    try:
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


def _token(google: FakeGoogle, key: rsa.RSAPrivateKey) -> Callable[[web.Request], Awaitable[web.Response]]:
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )

    async def answer(request: web.Request) -> web.Response:
        form = await request.post()
        if form["grant_type"] == "refresh_token":
            google.grants.append({"iss": USER})
            return web.json_response({"access_token": TOKEN, "expires_in": 3600, "token_type": "Bearer"})
        if form["grant_type"] != "urn:ietf:params:oauth:grant-type:jwt-bearer":
            return web.json_response({"error": "unsupported_grant_type"}, status=400)
        claims = jwt.decode(str(form["assertion"]), certs=public)
        if google.revoked and claims["iss"] == ACCOUNT:
            refusal = {"error": "invalid_grant", "error_description": "Token has been expired or revoked."}
            return web.json_response(refusal, status=400)
        google.grants.append(dict(claims))
        return web.json_response({"access_token": TOKEN, "expires_in": 3600, "token_type": "Bearer"})

    return answer


@contextlib.asynccontextmanager
async def _grpc_server(google: FakeGoogle) -> AsyncIterator[int]:
    server = grpc.aio.server()
    server.add_generic_rpc_handlers(
        (
            grpc.method_handlers_generic_handler(
                "google.cloud.aiplatform.v1.JobService",
                {
                    "ListCustomJobs": _unary(google, "ListCustomJobs", ListCustomJobsRequest, _list_jobs),
                    "CreateCustomJob": _unary(google, "CreateCustomJob", CreateCustomJobRequest, _create_job),
                },
            ),
            grpc.method_handlers_generic_handler(
                "google.logging.v2.LoggingServiceV2",
                {"ListLogEntries": _unary(google, "ListLogEntries", ListLogEntriesRequest, _list_entries)},
            ),
        )
    )
    folder = google.folder
    pair = ((folder / "server.key").read_bytes(), (folder / "server.pem").read_bytes())
    port = server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials([pair]))
    await server.start()
    try:
        yield port
    finally:
        await server.stop(0.1)


def _unary(
    google: FakeGoogle, name: str, request_type: Any, answer: Callable[[FakeGoogle, Any], Any]
) -> grpc.RpcMethodHandler[Any, Any]:
    async def handle(request: Any, context: grpc.aio.ServicerContext[Any, Any]) -> Any:
        metadata = {str(key): str(value) for key, value in context.invocation_metadata() or ()}
        google.calls.append((name, metadata))
        if metadata.get("authorization") != f"Bearer {TOKEN}":
            await context.abort(grpc.StatusCode.UNAUTHENTICATED, "no token")
        if google.wants_quota_project and "x-goog-user-project" not in metadata:
            await context.abort(grpc.StatusCode.PERMISSION_DENIED, "The API requires a quota project")
        return answer(google, request)

    return grpc.unary_unary_rpc_method_handler(
        handle,
        request_deserializer=request_type.deserialize,
        response_serializer=lambda reply: type(reply).serialize(reply),
    )


def _list_jobs(google: FakeGoogle, request: ListCustomJobsRequest) -> ListCustomJobsResponse:
    assert request.parent == "projects/kelp-train/locations/europe-west4"
    jobs = [
        CustomJob(name=JOB_NAME, display_name=name, state=JobState.JOB_STATE_QUEUED)
        for name in google.created
    ]
    return ListCustomJobsResponse(custom_jobs=jobs)


def _create_job(google: FakeGoogle, request: CreateCustomJobRequest) -> CustomJob:
    google.created.append(request.custom_job.display_name)
    job = request.custom_job
    return CustomJob(
        name=JOB_NAME, display_name=job.display_name, job_spec=job.job_spec, state=JobState.JOB_STATE_QUEUED
    )


def _list_entries(_google: FakeGoogle, request: ListLogEntriesRequest) -> ListLogEntriesResponse:
    assert list(request.resource_names) == ["projects/kelp-train"]
    entry = LogEntry(log_name="projects/kelp-train/logs/x", insert_id="a", text_payload="hello")
    return ListLogEntriesResponse(entries=[entry])


def _rest_routes(google: FakeGoogle) -> list[web.RouteDef]:
    def note(name: str, request: web.Request) -> None:
        google.calls.append((name, {key.lower(): value for key, value in request.headers.items()}))

    async def list_jobs(request: web.Request) -> web.Response:
        note("ListCustomJobs", request)
        jobs = [{"name": JOB_NAME, "displayName": name, "state": 1} for name in google.created]
        return web.json_response({"customJobs": jobs})

    async def create_job(request: web.Request) -> web.Response:
        note("CreateCustomJob", request)
        body = await request.json()
        google.created.append(body["displayName"])
        return web.json_response({"name": JOB_NAME, "state": 1, **body})

    async def list_entries(request: web.Request) -> web.Response:
        note("ListLogEntries", request)
        entry = {"logName": "projects/kelp-train/logs/x", "insertId": "a", "textPayload": "hello"}
        return web.json_response({"entries": [entry]})

    parent = "/v1/projects/kelp-train/locations/europe-west4/customJobs"
    return [
        web.get(parent, list_jobs),
        web.post(parent, create_job),
        web.post("/v2/entries:list", list_entries),
    ]


def _other_routes(google: FakeGoogle) -> list[web.RouteDef]:
    """Cloud Storage and the account's e-mail, which have no gRPC form here."""

    async def answer(request: web.Request) -> web.Response:
        if request.path == "/" or request.path.endswith("/allowedLocations"):
            return web.Response(status=404)
        google.calls.append((request.path, {key.lower(): value for key, value in request.headers.items()}))
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return web.json_response({"error": {"code": 401, "message": "no token"}}, status=401)
        if request.path.endswith("/userinfo"):
            if "x-goog-user-project" in request.headers:
                return web.json_response({"error": {"code": 403, "message": "quota project"}}, status=403)
            return web.json_response({"sub": "1", "email": USER})
        return web.json_response({"items": [], "prefixes": ["runs/"]})

    return [web.get("/{path:.*}", answer)]
