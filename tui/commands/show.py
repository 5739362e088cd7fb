"""`vertex-tui show`: the job that a spec would send, to be read and compared."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import click

from tui.cli_common import CommandLineError, common_options, merged_options
from tui.commands.exits import Exit
from tui.commands.output import note, safe, say, say_json
from tui.commands.specs import (
    Given,
    SpecSource,
    Surroundings,
    check_name,
    filled,
    load_spec,
    name_option,
    refuse_errors,
    set_option,
)
from tui.domain.secret_args import hide_args
from tui.domain.secrets import HIDDEN, hide_found, is_telling, placeholder
from tui.domain.spec.check import Spec
from tui.domain.spec.references import Value, missing
from tui.domain.spec.request import env_lists, gcloud_command, gcloud_notes, preview

_STDIN_FILE = "/dev/stdin"
"""What gcloud reads where the spec came from stdin."""


@click.command()
@click.argument("spec")
@click.option("--json", "as_json", is_flag=True, help="Print nothing beside the job on stderr.")
@click.option("--gcloud", is_flag=True, help="Print the gcloud command that sends the same instead.")
@name_option
@set_option
@common_options
@click.pass_context
def show(
    ctx: click.Context,
    /,
    spec: str,
    *,
    as_json: bool,
    gcloud: bool,
    name: str | None,
    pairs: tuple[str, ...],
    **given: Any,  # noqa: ANN401  # the common options
) -> Exit:
    """Print the CustomJob that a spec would send, in the API's JSON; secrets are hidden. - is stdin.

    \b
    Examples:
      vertex-tui show vertex_job.yaml
      vertex-tui show vertex_job.yaml --set machineType=g2-standard-8 | jq .jobSpec
    """  # noqa: D301
    if as_json and gcloud:
        raise CommandLineError("--json and --gcloud exclude each other; leave one out")
    check_name(name)
    around = Surroundings.of(merged_options(ctx, given))
    source, checked, sets = load_spec(spec, around, pairs)
    refuse_errors(source, checked)
    chosen = name or around.display_name(checked, source.stem)
    if gcloud:
        _say_gcloud(source, checked, around, chosen, sets)
        return Exit.OK
    values = filled(checked, sets, around)
    if not as_json:
        _say_around(checked, around, values)
    text = preview(checked, chosen, around.labels(checked), values)
    say_json(_readable(text, {"displayName": chosen, **checked.job}))
    return Exit.OK


def _say_around(spec: Spec, around: Surroundings, values: Mapping[str, Value]) -> None:
    """What the job itself does not tell: where it would go, and what is still missing."""
    where = f"project {around.project}" if around.project else "a project that is not set yet"
    note(f"Would be sent to {safe(where)} in {safe(around.region)}.")
    for name in missing(spec.references, values):
        note(f"{name} has no value yet; run asks for it, or set it with --set {name}=VALUE.")


def _say_gcloud(source: SpecSource, spec: Spec, around: Surroundings, name: str, sets: Given) -> None:
    if not around.project:
        raise CommandLineError("no project is set; name one with --project ID")
    file = source.name if source.path is not None else _STDIN_FILE
    labels = around.labels(spec)
    command = gcloud_command(
        spec, file=file, project=around.project, region=around.region, display_name=name, labels=labels
    )
    say("\n".join(map(safe, command.split("\n"))))
    for line in gcloud_notes(spec):
        note(safe(line))
    if sets.fields:
        note("gcloud reads the file as it stands: what --set changes is not in it.")
    if around.local:
        note('For the local server, first: eval "$(vertex-tui local env)"')


def _readable(text: str, job: Mapping[str, Any]) -> dict[str, Any]:
    """The hidden text as JSON again; hiding a secret that has quotes in it may have taken those along."""
    found: dict[str, Any]
    try:
        found = json.loads(text)
    except ValueError:
        found = _hidden(job)
    for variable in (variable for env in env_lists(found) for variable in env):
        name, value = str(variable.get("name", "")), str(variable.get("value", ""))
        shown = not value or HIDDEN in value or value.endswith(": not set>")
        if is_telling(name) and not shown and not placeholder(value, whole=True):
            variable["value"] = HIDDEN
    return found


def _hidden(value: Any) -> Any:  # noqa: ANN401  # any JSON
    """The same with each text looked through by itself."""
    if isinstance(value, Mapping):
        return {key: _hidden(inner) for key, inner in value.items()}
    if isinstance(value, list):
        if all(isinstance(item, str) for item in value):
            value = hide_args(value)
        return [_hidden(item) for item in value]
    return hide_found(value, HIDDEN) if isinstance(value, str) else value
