"""Every setting, declared once: validation, the example file and the command line derive from it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from tui.domain.logs import RESOURCE
from tui.domain.places import PLACE_PATTERN
from tui.domain.spec.naming import DEFAULT_TEMPLATE, TEMPLATE_PATTERN

Value = str | int | float | bool | Mapping[str, str]
"""What a setting may hold."""

_PROJECT = r"[a-z0-9][a-z0-9.:-]*"
_REGION = r"[a-z]+(-[a-z]+)+[0-9]+"
_BUCKET = r"[a-z0-9][a-z0-9._-]*"
_NAME = r"[A-Za-z0-9][A-Za-z0-9_.-]*"


_SWITCH = {
    "true": True,
    "1": True,
    "yes": True,
    "on": True,
    "false": False,
    "0": False,
    "no": False,
    "off": False,
}


class Kind(StrEnum):
    """The type of a setting, in the words an error uses."""

    TEXT = "a string"
    WHOLE = "a whole number"
    NUMBER = "a number"
    SWITCH = "true or false"
    TABLE = "a table of strings"


@dataclass(frozen=True, slots=True)
class Setting:
    """One key of `config.toml`."""

    key: str
    """Where it stands, with dots for tables: `jobs.poll_seconds`."""
    default: Value
    """The value when nothing says otherwise."""
    about: str
    """One sentence for the user, ending in a full stop."""
    choices: tuple[str, ...] = ()
    """The only values allowed, if there are few."""
    pattern: str = ""
    """A regular expression for the whole of a non-empty string."""
    form: str = ""
    """What `pattern` asks for, in words."""
    minimum: float | None = None
    """The least value of a number."""
    variables: tuple[str, ...] = ()
    """Google's own environment variables for it, the strongest first."""
    gcloud: tuple[str, ...] = ()
    """The same in gcloud's configuration, as `section/name`, the strongest first."""

    @property
    def path(self) -> tuple[str, ...]:
        """The key as table names and the last name."""
        return tuple(self.key.split("."))

    @property
    def attribute(self) -> str:
        """The name of the field in `Settings`."""
        return self.key.replace(".", "_")

    @property
    def variable(self) -> str:
        """Our own environment variable for it; empty for a table."""
        return "" if self.kind is Kind.TABLE else f"VERTEX_TUI_{self.attribute.upper()}"

    @property
    def kind(self) -> Kind:
        """Its type, which is the default's."""
        if isinstance(self.default, str):
            return Kind.TEXT
        if isinstance(self.default, bool):
            return Kind.SWITCH
        if isinstance(self.default, float):
            return Kind.NUMBER
        return Kind.WHOLE if isinstance(self.default, int) else Kind.TABLE


def _setting(key: str, default: Value, about: str, **more: Any) -> Any:  # noqa: ANN401  # as dataclasses.field
    declared = Setting(key, default, about, **more)
    if isinstance(default, Mapping):
        return field(default_factory=dict, metadata={"setting": declared})
    return field(default=default, metadata={"setting": declared})


@dataclass(frozen=True, slots=True)
class Settings:
    """The values in force; each field is the declaration of one key of the file."""

    project: str = _setting(
        "project",
        "",
        "The Google Cloud project id; empty leaves it to Google's variables and gcloud.",
        pattern=_PROJECT,
        form="a project id such as kelp-train",
        variables=("GOOGLE_CLOUD_PROJECT", "GCLOUD_PROJECT", "CLOUDSDK_CORE_PROJECT"),
        gcloud=("core/project",),
    )
    region: str = _setting(
        "region",
        "us-central1",
        "The Vertex AI region in which jobs run.",
        pattern=_REGION,
        form="a region such as europe-west4",
        variables=("GOOGLE_CLOUD_REGION", "CLOUDSDK_AI_REGION"),
        gcloud=("ai/region", "compute/region"),
    )
    quota_project: str = _setting(
        "quota_project",
        "",
        "The project that API calls are counted against; empty for the one of your credentials.",
        pattern=_PROJECT,
        form="a project id such as kelp-train",
        variables=("GOOGLE_CLOUD_QUOTA_PROJECT",),
    )
    transport: str = _setting(
        "transport",
        "auto",
        "How to talk to Google: auto tries gRPC and falls back to REST where a proxy blocks it.",
        choices=("auto", "grpc", "rest"),
    )
    bucket: str = _setting(
        "bucket",
        "",
        "The Cloud Storage bucket of your runs, without gs://.",
        pattern=_BUCKET,
        form="a bucket's name without gs://",
    )
    kms_key: str = _setting(
        "kms_key",
        "",
        "The Cloud KMS key for new buckets and for jobs whose spec names none; empty for Google's own keys.",
        pattern=r"projects/[^/\s]+/locations/[^/\s]+/keyRings/[^/\s]+/cryptoKeys/[^/\s]+",
        form="a key such as projects/P/locations/europe-west4/keyRings/R/cryptoKeys/K",
    )
    credentials: str = _setting(
        "credentials",
        "adc",
        "Whose login to use: adc for application default credentials, gcloud for gcloud's own.",
        choices=("adc", "gcloud"),
    )
    read_only: bool = _setting(
        "read_only",
        False,  # noqa: FBT003  # the default
        "Whether everything that would change the project, its jobs or its objects is refused.",
    )
    jobs_poll_seconds: float = _setting(
        "jobs.poll_seconds",
        2.0,
        "Seconds between two looks at the job list while a job is alive.",
        minimum=1,
    )
    jobs_idle_poll_seconds: float = _setting(
        "jobs.idle_poll_seconds",
        30.0,
        "Seconds between two looks at the job list while no job is alive.",
        minimum=1,
    )
    jobs_name_template: str = _setting(
        "jobs.name_template",
        DEFAULT_TEMPLATE,
        "The name of a job whose spec gives none; {user}, {file}, {time}, {date} and {n} are filled in.",
        pattern=TEMPLATE_PATTERN,
        form="a text in which only {user}, {file}, {time}, {date} and {n} stand in braces",
    )
    jobs_price_limit: float = _setting(
        "jobs.price_limit",
        0.0,
        "Estimated USD above which a job is started only after its price was typed; 0 for no limit."
        " Not asked with --local, where nothing costs.",
        minimum=0,
    )
    jobs_places: str = _setting(
        "jobs.places",
        "",
        "Other places whose jobs are listed too, each REGION or PROJECT/REGION, with commas between.",
        pattern=rf"{PLACE_PATTERN}(\s*,\s*{PLACE_PATTERN})*",
        form="places such as us-central1, kelp-train/europe-west4",
    )
    jobs_columns: str = _setting(
        "jobs.columns",
        "",
        "The columns of the job list in order, with commas between; empty for the usual ones.",
        pattern=r"[a-z]+(\s*,\s*[a-z]+)*",
        form="names of columns such as state, name, age",
    )
    jobs_user: str = _setting(
        "jobs.user",
        "",
        "Whom the label submitted-by of jobs started here names; empty for you on this box, - for nobody.",
        pattern=r"[a-z0-9_-]{1,63}",
        form="a label's value: lower-case letters, digits, _ and -",
    )
    jobs_notify: str = _setting(
        "jobs.notify",
        "auto",
        "How the terminal is told that a watched job ended; auto picks what it is known to understand.",
        choices=("auto", "bell", "osc9", "osc777", "off"),
    )
    jobs_end_command: str = _setting(
        "jobs.end_command",
        "",
        "A shell command to run when a watched job ends; VERTEX_TUI_JOB_NAME, _ID and _STATE tell which.",
    )
    logs_max_lines: int = _setting(
        "logs.max_lines",
        1_000_000,
        "Lines of one job's log that are kept in memory; older ones go to a temporary file.",
        minimum=1_000,
    )
    logging_resource_names: str = _setting(
        "logging.resource_names",
        "",
        "Where logs are read instead of the job's project, with commas between; {project} is filled in.",
        pattern=rf"{RESOURCE}(\s*,\s*{RESOURCE}){{0,99}}",
        form="at most 100 names such as projects/P/locations/global/buckets/B/views/_AllLogs or folders/12",
    )
    storage_download_dir: str = _setting(
        "storage.download_dir",
        ".",
        "The folder that downloads go to; a dot is the folder the app was started in.",
    )
    ui_theme: str = _setting(
        "ui.theme",
        "vertex",
        "The colour theme, by its name in the command palette.",
        pattern=_NAME,
        form="a theme's name",
    )
    keys: Mapping[str, str] = _setting(
        "keys",
        {},
        'Other keys for actions, by the names that the help shows, e.g. "jobs.cancel" = "x".',
    )

    def get(self, key: str) -> Value:
        """The value of a dotted key."""
        value: Value = getattr(self, BY_KEY[key].attribute)
        return value


def _declared(item: Field[Any]) -> Setting:
    setting: Setting = item.metadata["setting"]
    return setting


SETTINGS: tuple[Setting, ...] = tuple(_declared(item) for item in fields(Settings))
"""All settings in the order of the example file."""

BY_KEY: Mapping[str, Setting] = MappingProxyType({setting.key: setting for setting in SETTINGS})
"""The same by dotted key."""


def problem(setting: Setting, value: object) -> str:
    """What is wrong with `value` for this setting, as the end of a sentence; empty if nothing is."""
    if not _right_type(setting, value):
        return f"must be {setting.kind}, not {_describe(value)}"
    if setting.choices and value not in setting.choices:
        return f"must be one of {', '.join(setting.choices)}, not {value!r}"
    if isinstance(value, str) and value and setting.pattern and not re.fullmatch(setting.pattern, value):
        return f"must be {setting.form}, not {value!r}"
    if setting.minimum is not None and isinstance(value, int | float) and not value >= setting.minimum:
        return f"must be at least {setting.minimum:g}, not {value:g}"
    if value == float("inf"):
        return "must be finite"
    return ""


def parse(setting: Setting, text: str) -> Value:
    """The value that `text` (an environment variable, an argument) means for this setting.

    Raises:
        ValueError: with the end of a sentence that says why not.
    """
    value: Value = text
    try:
        if setting.kind is Kind.SWITCH:
            value = _SWITCH.get(text.lower(), text)
        elif setting.kind is Kind.WHOLE:
            value = int(text)
        elif setting.kind is Kind.NUMBER:
            value = float(text)
    except ValueError:
        raise ValueError(f"must be {setting.kind}, not {text!r}") from None
    if wrong := problem(setting, value):
        raise ValueError(wrong)
    return value


def _right_type(setting: Setting, value: object) -> bool:
    match setting.kind:
        case Kind.TEXT:
            return isinstance(value, str)
        case Kind.WHOLE:
            return isinstance(value, int) and not isinstance(value, bool)
        case Kind.NUMBER:
            return isinstance(value, int | float) and not isinstance(value, bool)
        case Kind.SWITCH:
            return isinstance(value, bool)
        case Kind.TABLE:
            return isinstance(value, Mapping)


def _describe(value: object) -> str:
    names = {bool: "true or false", str: "a string", int: "a whole number", float: "a number", list: "a list"}
    if isinstance(value, Mapping):
        return "a table"
    return names.get(type(value), "a date or time")


class Source(StrEnum):
    """The kinds of places a value comes from, the strongest first."""

    FLAG = "flag"
    LOCAL = "local server"
    ENVIRONMENT = "environment"
    PROFILE = "profile"
    FILE = "file"
    GCLOUD = "gcloud"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where one value came from."""

    source: Source
    """The kind of place."""
    text: str
    """The place in words, e.g. `flag --project` or `~/.config/vertex-tui/config.toml:12 (profile lab)`."""

    def __str__(self) -> str:
        return self.text
