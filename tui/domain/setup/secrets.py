"""The rows about the secrets that the open spec refers to."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from tui.domain.setup.facts import SetupFacts, TokenVerdict
from tui.domain.setup.model import Check, CheckState, Group, SetSecret, Standing
from tui.domain.setup.needs import JobNeeds

MODELS_CHECKED = 5
"""At most so many models of a spec are asked about."""
_MOST_NAMED = 2


@dataclass(frozen=True, slots=True)
class TokenService:
    """A service whose tokens the app knows how to check."""

    name: str
    token: str
    """What its secret is called."""
    tokens_page: str
    """Where one is made."""
    use: str
    """What a job does with it."""


HUGGING_FACE = TokenService(
    "Hugging Face",
    "token",
    "https://huggingface.co/settings/tokens",
    "The job downloads models with it.",
)
WANDB = TokenService(
    "W&B",
    "API key",
    "https://wandb.ai/authorize",
    "The job reports its metrics with it; without a valid one it fails when the training begins.",
)

_HUGGING_FACE = re.compile(r"HUGGING_?FACE|(?:^|_)HF(?:_|$)", re.IGNORECASE)
_WANDB = re.compile(r"WANDB|WEIGHTS_?(?:AND_?)?BIASES", re.IGNORECASE)
_TOKEN = re.compile(r"TOKEN|KEY|SECRET", re.IGNORECASE)


def service_of(name: str) -> TokenService | None:
    """The service that the secret of this name is for; None when the name does not tell."""
    if not _TOKEN.search(name):
        return None
    if _HUGGING_FACE.search(name):
        return HUGGING_FACE
    return WANDB if _WANDB.search(name) else None


def model_page(model: str) -> str:
    """Where the licence of a model is accepted."""
    return f"https://huggingface.co/{model}"


def secret_checks(facts: SetupFacts) -> tuple[Check, ...]:
    """One row for each `${NAME}` of the open spec without a default."""
    needs = facts.needs
    file = (_trouble(facts),) if facts.secret_trouble else ()
    if needs is None:
        return (*file, _plain(CheckState.SKIPPED, "no readable spec is open: press 2"))
    unfilled = needs.placeholders
    if not needs.references and not unfilled:
        return (*file, _plain(CheckState.OK, "the open spec asks you for none"))
    rows = (_secret(facts, needs, name) for name in needs.references)
    return (*file, *rows, *(_placeholder(facts, name) for name in unfilled))


def _placeholder(facts: SetupFacts, name: str) -> Check:
    """A secret for which the file still holds what a template or tutorial put there."""
    from tui.domain.secrets import is_telling  # noqa: PLC0415 (many patterns; no first frame needs them)

    secret = is_telling(name)
    known = not secret or (facts.secret_names is not None and name in facts.secret_names)
    service = service_of(name)
    step = f"In the spec (2), write ${{{name}}} as its value: it is filled in when the job is started."
    if not secret:
        step = "Write its value in the spec (2)."
    if service is not None and not known:
        step += f" Make one at {service.tokens_page}; f keeps it here, without showing it."
    return Check(
        f"secrets.{name}",
        Group.SECRETS,
        name,
        CheckState.FAILED,
        "a placeholder in the file" + (", though you have a value" if known and secret else ""),
        why=f"The job would be given the placeholder itself. {service.use if service else ''}".strip(),
        next_step=step,
        link="" if facts.local or service is None else service.tokens_page,
        fixes=() if known else (SetSecret(name),),
        by_hand=True,
    )


def _plain(state: CheckState, finding: str) -> Check:
    return Check(
        "secrets.spec",
        Group.SECRETS,
        "secrets",
        state,
        finding,
        why="A spec names a secret as ${NAME} in env; its value is put in when a job is started, and"
        " stands in no file of the project.",
        optional=True,
    )


def _trouble(facts: SetupFacts) -> Check:
    """The file itself; jobs need it as soon as their spec refers to a name."""
    finding, _, rest = facts.secret_trouble.partition(": ")
    needed = facts.needs is not None and bool(facts.needs.references)
    return Check(
        "secrets.file",
        Group.SECRETS,
        "secrets file",
        CheckState.FAILED if needed else CheckState.WARNING,
        finding,
        why="It holds the values of your secrets. As long as it cannot be used, no job with one starts.",
        next_step=rest,
        optional=not needed,
    )


def _secret(facts: SetupFacts, needs: JobNeeds, name: str) -> Check:
    service = service_of(name)
    standing, verdict = _standing(facts, name), facts.tokens.get(name)
    fixable = standing.state is CheckState.WARNING
    link = service.tokens_page if service else ""
    unsure = False
    if verdict is not None and standing.state is CheckState.OK:
        standing = _judged(verdict)
        fixable, unsure = standing.state is CheckState.FAILED, standing.state is CheckState.UNKNOWN
        link = verdict.link or link
    if fixable and service is not None and not standing.next_step:
        step = f"Make one at {service.tokens_page} and enter it here; it is not shown."
        standing = replace(standing, next_step=step)
    return Check(
        f"secrets.{name}",
        Group.SECRETS,
        name,
        standing.state,
        standing.finding,
        why=_why(name, service, needs),
        next_step=standing.next_step,
        link="" if facts.local else link,
        fixes=(SetSecret(name),) if fixable else (),
        by_hand=True,
        optional=unsure,
    )


def _standing(facts: SetupFacts, name: str) -> Standing:
    """Whether there is a value; the start would ask for one that is missing, so nothing has failed yet."""
    if facts.secret_names is not None and name in facts.secret_names:
        return Standing(CheckState.OK, "set")
    if facts.secret_trouble:
        return Standing(CheckState.SKIPPED, "waits for the secrets file")
    if facts.secret_names is None:
        return Standing(CheckState.SKIPPED, "not looked for yet")
    return Standing(CheckState.WARNING, "missing")


def _judged(verdict: TokenVerdict) -> Standing:
    answer = CheckState.OK if verdict.good else CheckState.FAILED
    state = answer if verdict.told else CheckState.UNKNOWN
    return Standing(state, f"set · {verdict.words}", next_step=verdict.next_step)


def _why(name: str, service: TokenService | None, needs: JobNeeds) -> str:
    parts = [f"{needs.file} refers to ${{{name}}}."]
    if service is not None:
        parts.append(f"It is the {service.token} of your {service.name} account. {service.use}")
    if service is HUGGING_FACE:
        pages = [model_page(model) for model in needs.models[:_MOST_NAMED]] or [model_page("MODEL")]
        parts.append(
            "For a model with a licence, such as Gemma, the same account must have accepted it at"
            f" {' and '.join(pages)}, else the download is refused minutes after the start."
        )
    parts.append("The value is looked for in your secrets file first, then in the environment.")
    return " ".join(parts)
