"""Asks Hugging Face and W&B about a token, when the user wants it; nothing else ever sends one there."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from urllib.parse import quote, urlsplit

from tui.domain.setup.facts import TokenVerdict
from tui.domain.setup.secrets import HUGGING_FACE, MODELS_CHECKED, WANDB, TokenService, service_of
from tui.services.token_requests import Address, Answer, Caller, NotToldError, expect, in_thread

CHECK_SECONDS = 10.0
"""A whole check takes no longer."""

_NAME = re.compile(r"[\w.@-]{1,100}")
_QUERY = "query Viewer { viewer { username } }"
_UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND = 401, 403, 404


def can_check(name: str) -> bool:
    """Whether the name tells which service can be asked about its value."""
    return service_of(name) is not None


def what_is_sent(name: str, models: Sequence[str], environ: Mapping[str, str]) -> tuple[str, ...]:
    """The lines of a confirmation: exactly what goes where; none for a name that cannot be checked.

    `models` are those of the open spec; HF_ENDPOINT and WANDB_BASE_URL of `environ` are honoured as those
    services' own tools do.
    """
    service = service_of(name)
    if service is None:
        return ()
    try:
        address = _address(service, environ)
    except NotToldError as failure:
        return (f"Nothing: {failure}.",)
    if service is WANDB:
        lines = [
            f"The value of {name} is sent to {address.host}, as the password of",
            f"  POST {address.base}/graphql",
            f"  asking: {_QUERY}",
        ]
    else:
        lines = [f"The value of {name} is sent to {address.host}, in the Authorization header of"]
        lines.append(f"  GET  {address.base}/api/whoami-v2")
        for model in models[:MODELS_CHECKED]:
            lines.append(f"  GET  {_model_url(address, model)}")
            lines.append(f"  HEAD {_file_url(address, model)}")
    if address.variable:
        lines.append(f"The address comes from {address.variable}.")
    if address.open:
        lines.append("Not encrypted: everybody on the way can read it.")
    return (*lines, "Nothing else is sent, and nothing of it is kept.")


async def check(
    name: str,
    value: str,
    models: Sequence[str],
    environ: Mapping[str, str],
    *,
    seconds: float = CHECK_SECONDS,
) -> TokenVerdict:
    """Ask the service that the name speaks of; never raises for what the network or the service does.

    Raises:
        ValueError: the name cannot be checked (`can_check`).
    """
    service = service_of(name)
    if service is None:
        raise ValueError(f"nobody can be asked about {name}")
    if not value.isascii() or not value.isprintable() or not value or " " in value:
        return _impossible(service)
    try:
        address = _address(service, environ)
        async with asyncio.timeout(seconds):
            end = time.monotonic() + seconds
            caller = Caller(address, value, as_password=service is WANDB, end=end)
            if service is WANDB:
                verdict = await in_thread(lambda: _ask_wandb(caller))
            else:
                verdict = await _ask_hugging_face(caller, models[:MODELS_CHECKED])
            from tui.domain.secrets import hide  # noqa: PLC0415 (many patterns; no first frame needs them)

            return replace(verdict, words=hide(verdict.words, (value,)))
    except TimeoutError:
        words = f"{service.name} did not answer within {seconds:.0f} s"
    except NotToldError as failure:
        words = str(failure)
    return TokenVerdict(
        good=False,
        words=f"not checked: {words}",
        told=False,
        next_step="Check again later. A job can need it all the same.",
    )


def _impossible(service: TokenService) -> TokenVerdict:
    return TokenVerdict(
        good=False,
        words=f"cannot be a {service.name} {service.token}; nothing was sent",
        next_step=f"Enter it again: a {service.name} {service.token} has no blanks and no line ends.",
    )


def _address(service: TokenService, environ: Mapping[str, str]) -> Address:
    variable, own = (
        ("WANDB_BASE_URL", "https://api.wandb.ai")
        if service is WANDB
        else ("HF_ENDPOINT", "https://huggingface.co")
    )
    named = environ.get(variable, "").strip().rstrip("/")
    if not named:
        return Address(own, "")
    try:
        parts = urlsplit(named)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        parts, port = urlsplit(""), ""
    if parts.scheme not in ("http", "https") or not parts.hostname or not named.isprintable():
        raise NotToldError(f"{variable} is no address that begins with https://")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return Address(f"{parts.scheme}://{host}{port}{parts.path}", variable)


def _model_url(address: Address, model: str) -> str:
    return f"{address.base}/api/models/{quote(model)}"


def _file_url(address: Address, model: str) -> str:
    return f"{address.base}/{quote(model)}/resolve/main/config.json"


# Hugging Face


async def _ask_hugging_face(caller: Caller, models: Sequence[str]) -> TokenVerdict:
    who = await in_thread(lambda: caller.ask("GET", f"{caller.address.base}/api/whoami-v2"))
    if who.status in (_UNAUTHORIZED, _FORBIDDEN):
        return _not_accepted(HUGGING_FACE, caller.address)
    expect(who, caller.address)
    account = _account(who.body, "name", caller.address)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_ask_model(caller, model)) for model in models]
    found = [task.result() for task in tasks]
    worst = next((one for one in found if not one.good and one.told), None)
    worst = worst or next((one for one in found if not one.good), None)
    if worst is not None:
        return TokenVerdict(
            good=False,
            words=f"belongs to {account}, {worst.words}",
            told=worst.told,
            next_step=worst.next_step,
            link=worst.link,
        )
    may = f", may read {', '.join(models)}" if models else "; the spec names no model to try it on"
    return TokenVerdict(good=True, words=f"belongs to {account}{may}")


async def _ask_model(caller: Caller, model: str) -> TokenVerdict:
    try:
        return await in_thread(lambda: _ask_about(caller, model))
    except NotToldError as failure:
        return TokenVerdict(
            good=False,
            words=f"{model} not checked: {failure}",
            told=False,
            next_step="Check again later.",
        )


def _ask_about(caller: Caller, model: str) -> TokenVerdict:
    """First whether there is such a model, then whether its files may be read: a gated model shows itself."""
    address = caller.address
    page = f"{address.base}/{model}"
    known = caller.ask("GET", _model_url(address, model))
    if known.status in (_UNAUTHORIZED, _NOT_FOUND) and known.code != "GatedRepo":
        return TokenVerdict(
            good=False,
            words=f"which sees no model {model}",
            told=False,
            next_step="Check the model's name in the spec. A private one needs a token that may read it.",
            link=page,
        )
    if known.status not in (_UNAUTHORIZED, _FORBIDDEN):
        expect(known, address)
    file = caller.ask("HEAD", _file_url(address, model))
    if file.status in (_UNAUTHORIZED, _FORBIDDEN):
        return _no_access(model, page, file)
    if not file.elsewhere and not (file.status == _NOT_FOUND and file.code == "EntryNotFound"):
        expect(file, address)  # a readable model need not have this file, or may keep it on another host
    return TokenVerdict(good=True, words="")


def _no_access(model: str, page: str, answer: Answer) -> TokenVerdict:
    if "fine-grained" in answer.message.lower():
        return TokenVerdict(
            good=False,
            words=f"which may not read models with a licence ({model})",
            next_step=f"At {HUGGING_FACE.tokens_page} let the token read public gated repositories.",
            link=HUGGING_FACE.tokens_page,
        )
    return TokenVerdict(
        good=False,
        words=f"which has no access to {model}",
        next_step=f"Signed in as that account, accept the licence at {page}, then check again.",
        link=page,
    )


# W&B


def _ask_wandb(caller: Caller) -> TokenVerdict:
    answer = caller.ask("POST", f"{caller.address.base}/graphql", {"query": _QUERY})
    if answer.status in (_UNAUTHORIZED, _FORBIDDEN):
        return _not_accepted(WANDB, caller.address)
    expect(answer, caller.address)
    data = answer.body.get("data") if isinstance(answer.body, dict) else None
    if isinstance(data, dict) and data.get("viewer", "") is None:
        return _not_accepted(WANDB, caller.address)
    viewer = data.get("viewer") if isinstance(data, dict) else None
    return TokenVerdict(good=True, words=f"belongs to {_account(viewer, 'username', caller.address)}")


def _not_accepted(service: TokenService, address: Address) -> TokenVerdict:
    page = service.tokens_page
    if address.variable:
        page = f"{address.base}{urlsplit(page).path}"
    return TokenVerdict(
        good=False,
        words=f"{address.host} does not accept it: wrong, expired or withdrawn",
        next_step=f"Make a new {service.token} at {page} and enter it here.",
        link=page,
    )


def _account(body: object, key: str, address: Address) -> str:
    """The account's name in an answer; something between here and the service may give one of its own."""
    name = body.get(key) if isinstance(body, dict) else None
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise NotToldError(f"{address.host} gave an answer of another kind")
    return name
