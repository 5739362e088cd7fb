"""How `doctor` looks at a project: all checks once, with what this box and a spec add to them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from tui.cli_common import Options
from tui.commands.doctor_words import fix_words
from tui.commands.output import note, progress, progress_done, safe
from tui.commands.places import quota_in_use
from tui.commands.session import light_connection
from tui.domain.errors import CloudError
from tui.domain.gateway import Gateway
from tui.domain.setup.facts import PROBES, SetupFacts, connection_error
from tui.domain.setup.needs import JobNeeds, needs_of
from tui.services.acceptance import AcceptanceError, Acceptances
from tui.services.box import read_box
from tui.services.checks import SetupChecks, first_facts
from tui.services.options import AppOptions
from tui.services.secrets import SecretsError, SecretStore

if TYPE_CHECKING:
    from tui.commands.specs import SpecSource

AndThen = Callable[[SetupChecks], Awaitable[None]]


async def look(
    given: Options, options: AppOptions, source: SpecSource | None, and_then: AndThen | None = None
) -> SetupFacts:
    """Everything that the checks are made from; `and_then` may change the project through them.

    Without a connection its trouble is a fact like others.
    """
    needs = await asyncio.to_thread(_needs, given, options, source) if source is not None else None
    before = first_facts(options, None)
    facts = before
    try:
        async with light_connection(options) as gateway:
            facts = _with_box(first_facts(options, gateway.target), given, options)
            checks = SetupChecks(gateway, facts, _tell)
            checks.note_needs(needs)
            await _check(checks, gateway, needs)
            if and_then is not None and connection_error(checks.facts) is None:
                await and_then(checks)
            return checks.facts
    except CloudError as trouble:
        if facts is not before:
            raise
        known, said = (needs.known, needs.trouble) if needs is not None else (None, "")
        facts = replace(_with_box(before, given, options), trouble=trouble)
        return replace(facts, needs=known, spec_trouble=said)
    finally:
        progress_done()


def _needs(given: Options, options: AppOptions, source: SpecSource) -> JobNeeds | None:
    """What a job of a spec would use."""
    from tui.commands.specs import Surroundings  # noqa: PLC0415 (only for a spec)

    checked = Surroundings.of(given, options).check(source.text)
    errors, needs = len(checked.errors), needs_of(checked, source.name)
    if errors and (needs is None or not needs.pools):
        return JobNeeds(source.name, errors=errors, unread=True)
    return replace(needs, errors=errors) if needs is not None else None


async def _check(checks: SetupChecks, gateway: Gateway, needs: JobNeeds | None) -> None:
    await checks.check()
    if not checks.settled and connection_error(checks.facts) is None:
        await checks.check()  # what failed for a moment only
    if needs is not None and needs.quota:
        checks.tell(quota_in_use=await quota_in_use(gateway))


def _tell(facts: SetupFacts) -> None:
    """Say how far it is; a pipe only hears that it has begun."""
    if facts.applying:
        words = fix_words(facts.applying[0])
        progress(f"{words} …", plain=f"{words} …")
        return
    read = sum(getattr(facts, name) is not None for name in PROBES)
    words = f"checking {facts.project_id} …"
    progress(f"{words} {read} of {len(PROBES)}", plain=words if not facts.made else "")


def _with_box(facts: SetupFacts, given: Options, options: AppOptions) -> SetupFacts:
    """With what this box knows: logins, secrets, and what the user took as it is."""
    names = {name for name, value in given.environ.items() if value}
    trouble = ""
    accepted: Mapping[str, str] = {}
    try:
        names.update(SecretStore(options.paths.secrets_file).names())
    except SecretsError as failure:
        trouble = str(failure)
    try:
        accepted = Acceptances(options.paths.state_dir, facts.project_id, local=facts.local).read()
    except AcceptanceError as failure:
        note(f"What you accepted as it is: {safe(failure)}")
    return replace(
        facts,
        box=read_box(given.environ, options.gcloud),
        secret_names=frozenset(names),
        secret_trouble=trouble,
        accepted=accepted,
    )
