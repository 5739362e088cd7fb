"""`vertex-tui doctor`: whether the project is ready for a job, and what makes it so."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tui.cli_common import CommandLineError, Options, common_options, merged_options
from tui.commands.confirm import must_ask, yes_option
from tui.commands.doctor_fix import Fixer, Made
from tui.commands.doctor_look import look
from tui.commands.doctor_words import SHAPE, check_json, for_shell, paragraphs, row
from tui.commands.exits import Exit
from tui.commands.hints import command
from tui.commands.output import note, safe, say, say_json
from tui.commands.session import run_async
from tui.commands.table import say_table
from tui.domain.setup.assess import assess
from tui.domain.setup.facts import SetupFacts, connection_error
from tui.domain.setup.model import Check, CheckState, is_ready, safe_fixes
from tui.domain.setup.request import admin_request
from tui.services.options import AppOptions

if TYPE_CHECKING:
    from tui.commands.specs import SpecSource


@click.command()
@click.option("--spec", metavar="FILE", help="Look also at what this spec needs: account, quota, secrets.")
@click.option("--fix", is_flag=True, help="List the changes that are safe to make, ask, and make them.")
@yes_option
@click.option("--request", "as_request", is_flag=True, help="Print one text that asks an administrator.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, see docs/commands.md.")
@common_options
@click.pass_context
def doctor(
    ctx: click.Context,
    /,
    *,
    spec: str | None,
    fix: bool,
    yes: bool,
    as_request: bool,
    as_json: bool,
    **given: Any,  # noqa: ANN401  # the common options
) -> Exit:
    """Check whether the project is ready for a job; exit 1 if something blocks.

    \b
    Examples:
      vertex-tui doctor --spec vertex_job.yaml
      vertex-tui doctor --fix --yes --project kelp-train
    """  # noqa: D301
    options = merged_options(ctx, given)
    _refuse_nonsense(options, fix=fix, yes=yes, texts=as_request + as_json)
    facts, made = _examined(options, spec, fix=fix, yes=yes)
    checks = assess(facts)
    if as_request:
        _say_request(facts, checks)
    elif as_json:
        say_json(_json(facts, checks, made))
    else:
        _say(facts, checks, _fix_command(spec), fix=fix)
    return Exit.FAILED if made.failed or _blocks(facts, checks) else Exit.OK


def _refuse_nonsense(options: Options, *, fix: bool, yes: bool, texts: int) -> None:
    if texts > 1:
        raise CommandLineError("--json and --request exclude each other; leave one out")
    if yes and not fix:
        raise CommandLineError("--yes answers what --fix asks; say --fix, too, or neither")
    if fix and options.read_only:
        raise CommandLineError("--fix changes the project, which --read-only refuses; leave one out")
    if fix and not yes:
        must_ask("--fix asks before it changes anything.")


def _examined(options: Options, spec: str | None, *, fix: bool, yes: bool) -> tuple[SetupFacts, Made]:
    """What was found, after the changes that were asked for; settings that were changed are used at once."""
    source = _source(spec) if spec is not None else None
    done: list[str] = []
    for again in (False, True):
        made = Made(done=done)

        async def work(app: AppOptions, made: Made = made) -> SetupFacts:
            fixer = Fixer(app, made, yes=yes)
            return await look(options, app, source, fixer.fix if fix else None)

        facts = run_async(options, work, changes="nothing was looked at or changed" if fix else "")
        if again or not made.settings:
            break
    return facts, made


def _source(spec: str) -> SpecSource:
    """The text of a spec, which may be readable only once."""
    from tui.commands.specs import needed_source  # noqa: PLC0415 (only for a spec)

    return needed_source(spec)


def _blocks(facts: SetupFacts, checks: Sequence[Check]) -> bool:
    """Whether no job can be expected to run."""
    troubled = connection_error(facts) is not None or bool(facts.spec_trouble)
    return troubled or any(check.to_fix for check in checks)


# Telling


def _fix_command(spec: str | None) -> str:
    """What makes the same look, and what is safe to make."""
    named = ["--spec", spec] if spec is not None and Path(spec).expanduser().is_file() else []
    return command(shlex.join(["doctor", *named, "--fix"]))


def _say(facts: SetupFacts, checks: Sequence[Check], fix_command: str, *, fix: bool) -> None:
    say_table(SHAPE, [row(check) for check in checks])
    for line in paragraphs(checks):
        say(line)
    say()
    say(safe(_summary(facts, checks, "" if fix else fix_command)))


def _summary(facts: SetupFacts, checks: Sequence[Check], fix_command: str = "") -> str:
    where = f"{facts.project_id or 'no project'} in {facts.region}"
    if error := connection_error(facts):
        return f"✗ {where}: {error.title}"
    to_fix = sum(check.to_fix for check in checks)
    if to_fix:
        more = f"; {fix_command} makes what is safe to make" if fix_command and safe_fixes(checks) else ""
        return f"✗ {where}: {to_fix} to fix{more}"
    if facts.spec_trouble:
        return f"✗ {where}: {for_shell(facts.spec_trouble)}; vertex-tui check says more"
    unknown = sum(check.state is CheckState.UNKNOWN and not check.optional for check in checks)
    if not is_ready(checks):
        return f"? {where}: {unknown or 'some'} could not be checked; jobs may run all the same"
    return f"✓ {where}: ready"


def _say_request(facts: SetupFacts, checks: Sequence[Check]) -> None:
    text = admin_request(facts, tuple(checks))
    if text:
        say("\n".join(map(safe, text.split("\n"))))
    else:
        note("Nothing has to be asked for.")


def _json(facts: SetupFacts, checks: Sequence[Check], made: Made) -> dict[str, object]:
    return {
        "project": facts.project_id,
        "region": facts.region,
        "local": facts.local,
        "ready": is_ready(checks) and not _blocks(facts, checks),
        "blocks": _blocks(facts, checks),
        "summary": _summary(facts, checks),
        "spec_trouble": for_shell(facts.spec_trouble),
        "checks": [check_json(check) for check in checks],
        "changed": made.done,
        "failed": made.failed,
    }
