"""Tokens are checked against a server on this box that answers as Hugging Face and W&B do."""

from __future__ import annotations

import base64
import json
import logging
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support import wait_for
from tui.domain.setup.facts import TokenVerdict
from tui.services.token_checks import can_check, check, what_is_sent

TOKEN = "hf_" + "notAtokenNotAtokenNotAtoken123"
MODEL = "google/gemma-3-1b-it"
WHO, ABOUT, FILE = "/api/whoami-v2", f"/api/models/{MODEL}", f"/{MODEL}/resolve/main/config.json"
Reply = tuple[int, object, dict[str, str]]
ANA: Reply = (200, {"type": "user", "name": "ana"}, {})
GATED: Reply = (
    403,
    None,
    {"X-Error-Code": "GatedRepo", "X-Error-Message": "You are not in the authorized list."},
)
SCOPE_WORDS = "Please enable access to public gated repositories in your fine-grained token settings."
SCOPE: Reply = (403, None, {"X-Error-Message": SCOPE_WORDS})


@dataclass
class Service:
    """What the server answers by path, and what it was sent."""

    replies: dict[str, Reply] = field(default_factory=dict)
    seen: list[tuple[str, str, str, bytes]] = field(default_factory=list)
    port: int = 0
    silent: threading.Event | None = None

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def hf(self, models: tuple[str, ...] = (MODEL,), value: str = TOKEN) -> TokenVerdict:
        return await check("HF_TOKEN", value, models, {"HF_ENDPOINT": f"{self.base}/"}, seconds=20)

    async def wandb(self, value: str = "k" * 40) -> TokenVerdict:
        return await check("WANDB_API_KEY", value, (), {"WANDB_BASE_URL": self.base}, seconds=20)


def handler_of(service: Service) -> type[BaseHTTPRequestHandler]:
    """Answers what the service was told to answer, and notes what came."""

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            taken = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            service.seen.append((self.command, self.path, self.headers.get("Authorization", ""), taken))
            if service.silent is not None:
                service.silent.wait(60)
            status, body, headers = service.replies.get(self.path, (404, None, {}))
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        do_GET = do_HEAD = do_POST = answer  # noqa: N815  # as the base class calls them

        def log_message(self, *_: object) -> None:
            """Keep the test's output clean."""

    return Handler


@pytest.fixture
def open_service() -> Iterator[Callable[[], Service]]:
    running: list[tuple[ThreadingHTTPServer, threading.Thread, Service]] = []

    def start() -> Service:
        service = Service()
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler_of(service))
        server.daemon_threads = True
        service.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        running.append((server, thread, service))
        return service

    yield start
    for server, thread, service in running:
        if service.silent is not None:
            service.silent.set()
        server.shutdown()
        thread.join(10)
        server.server_close()


@pytest.fixture
def service(open_service: Callable[[], Service]) -> Service:
    return open_service()


def test_names_tell_what_can_be_checked() -> None:
    good = ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HUGGINGFACEHUB_API_TOKEN", "WANDB_API_KEY", "my_hf_token")
    assert all(map(can_check, good))
    assert not any(map(can_check, ("HF_HOME", "WANDB_PROJECT", "DB_PASSWORD", "SHELF_TOKEN", "API_KEY")))


async def test_a_good_token_is_sent_exactly_where_the_confirmation_says(service: Service) -> None:
    service.replies = {WHO: ANA, ABOUT: (200, {}, {}), FILE: (200, None, {})}
    verdict = await service.hf()
    assert verdict == TokenVerdict(good=True, words=f"belongs to ana, may read {MODEL}")
    lines = what_is_sent("HF_TOKEN", (MODEL,), {"HF_ENDPOINT": service.base})
    assert {auth for _, _, auth, _ in service.seen} == {f"Bearer {TOKEN}"}
    sent = [f"{method} {service.base}{path}" for method, path, _, _ in service.seen]
    assert [" ".join(line.split()) for line in lines if line.startswith("  ")] == sent
    assert TOKEN not in "".join(lines)


async def test_without_a_model_the_verdict_says_so(service: Service) -> None:
    service.replies = {WHO: ANA}
    verdict = await service.hf(())
    assert verdict.good
    assert "names no model" in verdict.words


@pytest.mark.parametrize("status", [401, 403])
async def test_a_refused_token(service: Service, status: int) -> None:
    service.replies = {WHO: (status, {"error": "Invalid credentials"}, {})}
    verdict = await service.hf()
    assert not verdict.good
    assert verdict.told
    assert "does not accept it" in verdict.words
    assert verdict.link == f"{service.base}/settings/tokens"
    assert len(service.seen) == 1


async def test_a_licence_that_is_not_accepted(service: Service) -> None:
    service.replies = {WHO: ANA, ABOUT: (200, {}, {}), FILE: GATED}
    verdict = await service.hf()
    assert (verdict.good, verdict.told) == (False, True)
    assert verdict.words == f"belongs to ana, which has no access to {MODEL}"
    assert f"accept the licence at {service.base}/{MODEL}" in verdict.next_step


async def test_a_token_that_may_not_read_gated_models(service: Service) -> None:
    service.replies = {WHO: ANA, ABOUT: SCOPE, FILE: SCOPE}
    verdict = await service.hf()
    assert (verdict.good, verdict.told) == (False, True)
    assert "public gated repositories" in verdict.next_step


@pytest.mark.parametrize("status", [401, 404])
async def test_a_model_that_is_not_there(service: Service, status: int) -> None:
    service.replies = {WHO: ANA, ABOUT: (status, None, {"X-Error-Code": "RepoNotFound"})}
    verdict = await service.hf()
    assert (verdict.good, verdict.told) == (False, False)
    assert verdict.words == f"belongs to ana, which sees no model {MODEL}"


async def test_the_worst_of_several_models_is_told(service: Service) -> None:
    service.replies = {WHO: ANA, ABOUT: (200, {}, {}), FILE: GATED}
    service.replies["/api/models/a/fine"] = service.replies["/a/fine/resolve/main/config.json"] = (
        200,
        {},
        {},
    )
    verdict = await service.hf(("a/fine", "not/there", MODEL))
    assert MODEL in verdict.words
    assert verdict.told


async def test_a_readable_model_needs_no_such_file(service: Service) -> None:
    service.replies = {WHO: ANA, ABOUT: (200, {}, {}), FILE: (404, None, {"X-Error-Code": "EntryNotFound"})}
    assert (await service.hf()).good


async def test_a_renamed_model_is_followed_on_the_same_host(service: Service) -> None:
    moved = "/google/new/resolve/main/config.json"
    service.replies = {WHO: ANA, ABOUT: (307, None, {"Location": "/api/models/google/new"})}
    service.replies |= {"/api/models/google/new": (200, {}, {}), FILE: (307, None, {"Location": moved})}
    service.replies[moved] = GATED
    assert "no access" in (await service.hf()).words


async def test_no_other_host_gets_the_token(open_service: Callable[[], Service]) -> None:
    service, other = open_service(), open_service()
    elsewhere = {"Location": f"{other.base}/elsewhere"}
    service.replies = {WHO: ANA, ABOUT: (200, {}, {}), FILE: (302, None, elsewhere)}
    assert (await service.hf()).good
    service.replies[WHO] = (302, None, elsewhere)
    verdict = await service.hf()
    assert "your token is not sent" in verdict.words
    assert not verdict.told
    assert other.seen == []


@pytest.mark.parametrize(
    "reply",
    [
        (200, b"<html>Sign in to the airport</html>", {}),
        (200, ["ana"], {}),
        (200, {"name": "\x1b[31mana\n"}, {}),
        (200, b"[" * 100_000, {}),
        (200, b" " * 1_500_000, {}),
        (429, None, {}),
        (502, b"bad gateway", {}),
        (307, None, {"Location": WHO}),
        (307, None, {"Location": "http://["}),
        (302, None, {}),
    ],
)
async def test_answers_of_another_kind_tell_nothing(service: Service, reply: Reply) -> None:
    service.replies = {WHO: reply, "/graphql": reply}
    for verdict in (await service.hf(), await service.wandb()):
        assert (verdict.good, verdict.told) == (False, False)
        assert verdict.words.startswith("not checked: ")
        assert verdict.words.isprintable()


async def test_a_service_that_says_nothing_is_given_up(service: Service) -> None:
    service.silent = threading.Event()
    verdict = await check("HF_TOKEN", TOKEN, (), {"HF_ENDPOINT": service.base}, seconds=0.3)
    assert not verdict.told
    assert "in time" in verdict.words or "within" in verdict.words
    service.silent.set()
    await wait_for(lambda: not [one for one in threading.enumerate() if one.name == "token-check"])


async def test_a_service_that_cannot_be_reached() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{closed.getsockname()[1]}"
        verdict = await check("WANDB_API_KEY", "x" * 40, (), {"WANDB_BASE_URL": address})
    assert not verdict.told
    assert "cannot be reached" in verdict.words


async def test_a_good_key_of_wandb(service: Service) -> None:
    service.replies = {"/graphql": (200, {"data": {"viewer": {"username": "ana"}}}, {})}
    assert await service.wandb() == TokenVerdict(good=True, words="belongs to ana")
    ((method, path, auth, body),) = service.seen
    assert base64.b64decode(auth.removeprefix("Basic ")).decode() == "api:" + "k" * 40
    lines = what_is_sent("WANDB_API_KEY", (MODEL,), {"WANDB_BASE_URL": service.base})
    assert f"  {method} {service.base}{path}" in lines
    assert json.loads(body)["query"] in "".join(lines)


@pytest.mark.parametrize("reply", [(401, None, {}), (200, {"data": {"viewer": None}}, {})])
async def test_a_key_that_wandb_refuses(service: Service, reply: Reply) -> None:
    service.replies = {"/graphql": reply}
    verdict = await service.wandb()
    assert (verdict.good, verdict.told) == (False, True)
    assert "does not accept it" in verdict.words


async def test_a_password_of_netrc_is_not_taken_instead(
    service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`wandb login` writes ~/.netrc, which requests prefers to a plain header."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login user password another\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    service.replies = {WHO: ANA}
    assert (await service.hf(())).good
    assert service.seen[0][2] == f"Bearer {TOKEN}"


@given(st.text(max_size=30).map(lambda text: f"{text}\n"))
async def test_what_cannot_be_a_token_is_not_sent(value: str) -> None:
    verdict = await check("HF_TOKEN", value, (), {"HF_ENDPOINT": "http://127.0.0.1:1"})
    assert verdict.told
    assert "nothing was sent" in verdict.words


async def test_the_token_reaches_no_text_and_no_log(
    service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    shown = ""
    for reply in (
        ANA,
        GATED,
        (500, {"error": TOKEN}, {}),
        (200, {"name": TOKEN}, {}),
        (200, {"name": f"{TOKEN} {TOKEN}"}, {}),
    ):
        service.replies = {WHO: reply, ABOUT: (200, {}, {}), FILE: GATED}
        shown += repr(await service.hf())
    shown += repr(await check("HF_TOKEN", TOKEN, (), {"HF_ENDPOINT": "ftp://x"}))
    assert TOKEN not in shown + caplog.text


@pytest.mark.parametrize(
    "address", ["huggingface.co", "ftp://a", "http://", "https://[", "https://a:b", "https://a\nb"]
)
async def test_a_wrong_address_is_named_by_its_variable(address: str) -> None:
    environ = {"HF_ENDPOINT": address}
    assert "HF_ENDPOINT is no address" in what_is_sent("HF_TOKEN", (), environ)[0]
    assert "HF_ENDPOINT is no address" in (await check("HF_TOKEN", TOKEN, (), environ)).words


def test_the_confirmation_names_the_services_own_addresses() -> None:
    assert what_is_sent("HF_TOKEN", (MODEL,), {}) == (
        "The value of HF_TOKEN is sent to huggingface.co, in the Authorization header of",
        "  GET  https://huggingface.co/api/whoami-v2",
        f"  GET  https://huggingface.co/api/models/{MODEL}",
        f"  HEAD https://huggingface.co/{MODEL}/resolve/main/config.json",
        "Nothing else is sent, and nothing of it is kept.",
    )
    assert "  POST https://api.wandb.ai/graphql" in what_is_sent("WANDB_API_KEY", (), {})
    assert what_is_sent("DB_PASSWORD", (), {}) == ()


def test_the_confirmation_warns_of_an_address_without_encryption() -> None:
    lines = what_is_sent("HF_TOKEN", (), {"HF_ENDPOINT": "http://user:word@mirror.example:8000/hf/"})
    assert "  GET  http://mirror.example:8000/hf/api/whoami-v2" in lines
    assert any("Not encrypted" in line for line in lines)
    assert "The address comes from HF_ENDPOINT." in lines
