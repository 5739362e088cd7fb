"""Job specs as the commands read them: from files or stdin, checked with what is known on this box."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tui.cli_common import CommandLineError, Options
from tui.commands.exits import Exit
from tui.commands.output import is_terminal, note, safe, styled
from tui.domain.catalog.skus import PriceBook
from tui.domain.spec.assign import assign
from tui.domain.spec.check import Shape, Spec, check
from tui.domain.spec.naming import name_problem
from tui.domain.spec.override import OverrideError
from tui.domain.spec.problems import Problem, Severity, in_order
from tui.domain.spec.references import Layers, Source, Value, resolve
from tui.domain.spec.request import with_key
from tui.domain.spec.secret_rules import LITERAL
from tui.services.options import AppOptions
from tui.services.paths import Paths
from tui.services.settings import Settings
from tui.services.specfile import MAX_BYTES, SpecFileError, decode_spec, read_spec
from tui.services.submitter import display_name, submitter_labels

if TYPE_CHECKING:
    from tui.services.secrets import SecretStore

STDIN = "-"
"""Stands for stdin where a file's name is expected."""
_STEM = "job"
"""Of the name of a job whose spec has no file."""
_COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}


name_option = click.option("--name", metavar="NAME", help="The job's name, displayName.")
set_option = click.option(
    "--set",
    "pairs",
    metavar="KEY=VALUE",
    multiple=True,
    help="Set a field of the job (machineType, timeout, args, env.NAME, labels.NAME …) or the value of a"
    " ${NAME}, for this once.",
)
"""For commands that make a job of a spec; `load_spec` takes what they were given."""


@dataclass(frozen=True, slots=True)
class SpecSource:
    """The text of a spec, and where it is from."""

    name: str
    """The file as the user named it, or `-`."""
    text: str
    path: Path | None
    """None for stdin and for a pipe, which can be read only once."""

    @property
    def stem(self) -> str:
        """For the job's name."""
        return self.path.stem if self.path is not None else _STEM

    @property
    def file(self) -> str:
        """Its real path, by which submissions are remembered; empty for stdin."""
        return os.path.realpath(self.path) if self.path is not None else ""


def read_source(name: str) -> SpecSource:
    """Read a spec.

    Raises:
        SpecFileError: it cannot be read, or is no text.
    """
    if name == STDIN:
        return SpecSource(STDIN, decode_spec("stdin", _read_once("stdin", _stdin)), None)
    if not name:
        raise SpecFileError("An empty name is no file", "Name a job spec, or - for stdin.")
    path = Path(name).expanduser()
    if path.is_fifo():  # also what <(…) stands for
        return SpecSource(name, decode_spec(name, _read_once(name, partial(_piped, path))), None)
    return SpecSource(name, read_spec(path).text, path)


def needed_source(name: str) -> SpecSource:
    """The same for a command that cannot do without.

    Raises:
        CommandLineError: it cannot be read (status 2).
    """
    try:
        return read_source(name)
    except SpecFileError as error:
        raise CommandLineError(safe(str(error)).rstrip("."), Exit.MISUSED) from error


def _read_once(name: str, read: Callable[[], bytes]) -> bytes:
    try:
        return read()
    except OSError as failure:
        raise SpecFileError(f"Cannot read {name}", f"{failure.strerror or failure}.") from failure


def _stdin() -> bytes:
    if sys.stdin is None:
        raise SpecFileError("Cannot read stdin", "It is closed.")
    if is_terminal(sys.stdin):
        note("Reading the spec from the terminal; ctrl+d ends it.")
    return sys.stdin.buffer.read(MAX_BYTES + 1)


def _piped(path: Path) -> bytes:
    with path.open("rb") as pipe:
        return pipe.read(MAX_BYTES + 1)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a spec is read with: the settings, and where its job would run."""

    settings: Settings
    paths: Paths
    environ: Mapping[str, str]
    local: bool
    project: str
    """Empty when none is known."""
    region: str

    @classmethod
    def of(cls, options: Options, app_options: AppOptions | None = None) -> Surroundings:
        """As the options and the configuration say.

        Raises:
            ConfigError: something in the configuration cannot be used.
        """
        settings = app_options.settings if app_options is not None else options.configuration().settings
        project = options.local_project() if options.local else settings.project
        region = settings.region
        return cls(settings, options.paths(), options.environ, bool(options.local), project, region)

    def secrets(self) -> SecretStore:
        """The private file with values for references."""
        from tui.services.secrets import SecretStore  # noqa: PLC0415 (most specs need none)

        return SecretStore(self.paths.secrets_file)

    def layers(self) -> Layers:
        """Where references are filled from.

        Raises:
            SecretsError: the secrets file cannot be used.
        """
        from tui.services.secrets import value_layers  # noqa: PLC0415 (most specs need none)

        return value_layers(self.secrets(), self.environ, self.settings, self.project, self.region)

    def known_names(self) -> set[str] | None:
        """Names that references can be filled from; None while the secrets file cannot be used."""
        from tui.services.secrets import SecretsError  # noqa: PLC0415 (most specs need none)

        try:
            return {name for _, values in self.layers() for name, value in values.items() if value}
        except SecretsError:
            return None

    def prices(self) -> PriceBook | None:
        """The prices of the day that are kept on this box; None for those of the table."""
        from tui.services.pricebook import PriceBooks  # noqa: PLC0415 (only where a sum is asked for)

        return PriceBooks(self.paths.state_dir).read()

    def check(self, text: str) -> Spec:
        """Read and check a text as the Spec pane does, with the key of the settings in it."""
        limit = None if self.local else self.settings.jobs_price_limit or None
        spec = check(
            text,
            self.known_names() if "${" in text else None,
            region=self.region,
            today=datetime.now(UTC).astimezone().date(),
            limit_usd=limit,
            prices=self.prices() if limit else None,
        )
        return with_key(spec, self.settings.kms_key)

    def display_name(self, spec: Spec, stem: str, *, account: str = "", number: int = 1) -> str:
        """The name that the job gets where none is given."""
        now = datetime.now(UTC).astimezone()
        template = self.settings.jobs_name_template
        return display_name(spec, account, stem, now, template=template, number=number)

    def labels(self, spec: Spec) -> dict[str, str]:
        """Labels that are added to those of the spec."""
        return submitter_labels(self.settings.jobs_user, spec.job.get("labels", {}))


# What the command line sets


@dataclass(frozen=True, slots=True)
class Given:
    """`--set KEY=VALUE`: fields of the job, and values for `${NAME}`."""

    fields: tuple[tuple[str, str], ...] = ()
    values: Mapping[str, str] | None = None

    def layers(self, others: Layers) -> Layers:
        """The values given before all others."""
        return ((Source.COMMAND_LINE, dict(self.values or {})), *others)


def parse_given(spec: Spec, pairs: Iterable[str]) -> Given:
    """Tell values for the spec's references from fields of the job.

    Raises:
        CommandLineError: one of them has no `=`.
    """
    names = {reference.name for reference in spec.references}
    fields, values = [], {}
    for pair in pairs:
        key, equals, text = pair.partition("=")
        if not equals or not key:
            raise CommandLineError(f"--set {safe(pair)}: write KEY=VALUE")
        if key in names:
            values[key] = text
        else:
            fields.append((key, text))
    return Given(tuple(fields), values)


def with_given(spec: Spec, given: Given, around: Surroundings) -> Spec:
    """The spec with the fields set, checked again; what was wrong with those fields counts no more.

    Raises:
        CommandLineError: a field cannot be set, or what comes out would be refused (status 2).
    """
    if not given.fields or spec.shape is Shape.NONE:
        return spec
    job: dict[str, Any] = dict(spec.job)
    for key, text in given.fields:
        try:
            job = assign(job, key, text)
        except OverrideError as error:
            said = str(error).removeprefix(f"{key}: ").rstrip(".")
            raise CommandLineError(f"--set {safe(key)}: {safe(said)}") from error
    before, again = around.check(json.dumps(spec.job)), around.check(json.dumps(job))
    told, old = _told(spec.problems), _told(before.problems)
    new = [problem for problem in again.problems if _mark(problem) not in told | old]
    wrong = [problem for problem in new if problem.severity is Severity.ERROR]
    if wrong:
        raise CommandLineError(f"with --set: {safe(wrong[0].message).rstrip('.')} ({wrong[0].code})")
    # What also the job without its file shows is right once it does not show there any more.
    left = [problem for problem in spec.problems if _mark(problem) not in old - _told(again.problems)]
    # What looks like a secret here stands on the command line, not in the file that is warned of.
    warned = (replace(item, line=1, column=1, fix=None) for item in new if item.code != LITERAL)
    return replace(spec, job=again.job, references=again.references, problems=in_order((*left, *warned)))


def _told(problems: Iterable[Problem]) -> set[tuple[str, str]]:
    return set(map(_mark, problems))


def _mark(problem: Problem) -> tuple[str, str]:
    """What makes a problem the same one in another text."""
    return problem.code, problem.message


def filled(spec: Spec, given: Given, around: Surroundings) -> dict[str, Value]:
    """Values for the references of a spec, as far as there are any; `missing` tells for which there are none.

    Raises:
        CommandLineError: the secrets file cannot be used.
    """
    from tui.services.secrets import SecretsError  # noqa: PLC0415 (most specs need none)

    if not spec.references:
        return {}
    try:
        return resolve(spec.references, given.layers(around.layers()))
    except SecretsError as error:
        raise CommandLineError(str(error).rstrip("."), Exit.FAILED) from error


def load_spec(name: str, around: Surroundings, pairs: Sequence[str] = ()) -> tuple[SpecSource, Spec, Given]:
    """Read and check one spec and set in it what the command line says, for a command that needs it whole.

    Its problems are in the spec; with errors among them no job can be made of it (`refuse_errors`).

    Raises:
        CommandLineError: the file cannot be read, or something cannot be set.
    """
    source = needed_source(name)
    spec = around.check(source.text)
    given = parse_given(spec, pairs)
    return source, with_given(spec, given, around), given


def check_name(name: str | None) -> None:
    """Refuse a name that no job can have."""
    if name is not None and (trouble := name_problem(name)):
        raise CommandLineError(f"--name: {trouble[:1].lower()}{trouble[1:].rstrip('.')}")


def refuse_errors(source: SpecSource, spec: Spec) -> None:
    """Say on stderr what is wrong with a spec; with errors no job can be made of it.

    Raises:
        CommandLineError: there are errors (status 1).
    """
    told = (problem for problem in spec.problems if problem.severity is not Severity.INFO)
    for line in problem_lines(source.name, told):
        note(line)
    if spec.errors or spec.shape is Shape.NONE:
        count = max(len(spec.errors), 1)
        what = "an error" if count == 1 else f"{count} errors"
        raise CommandLineError(
            f"{safe(source.name)} has {what}, named above; put that right first", Exit.FAILED
        )


# Problems


def problem_lines(name: str, problems: Iterable[Problem]) -> Iterator[str]:
    """`file:line:col: severity code: message`, one line for each."""
    for problem in problems:
        severity = styled(problem.severity.value, fg=_COLOURS[problem.severity])
        place = f"{safe(name) or repr(name)}:{problem.line}:{problem.column}"
        yield f"{place}: {severity} {problem.code}: {safe(problem.message)}"


def problem_json(name: str, problem: Problem) -> dict[str, object]:
    """A problem as `--json` prints it."""
    return {
        "file": name,
        "line": problem.line,
        "column": problem.column,
        "severity": problem.severity.value,
        "code": problem.code,
        "message": problem.message,
    }
