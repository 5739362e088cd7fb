"""Which exceptions mean what: wordings of the libraries that training programs use."""

from __future__ import annotations

from dataclasses import dataclass

from tui.domain.diagnosis import exception_words as words
from tui.domain.diagnosis.model import Cause, Confidence

_LIKELY, _UNSURE = Confidence.LIKELY, Confidence.UNSURE


@dataclass(frozen=True, slots=True)
class Rule:
    """A kind of exception; all of what is given has to fit."""

    cause: Cause
    words: str
    """A sentence; `{subject}` stands for what `subjects` finds."""
    marks: tuple[str, ...] = ()
    """One of these is in its text, in small letters."""
    names: frozenset[str] = frozenset()
    """Its class, without the module, is one of these."""
    package: str = ""
    """Its class begins with this."""
    confidence: Confidence = Confidence.SURE
    hint: str = ""
    collateral: bool = False
    wrapper: bool = False
    nobody: str = ""
    """What stands for an unknown subject."""


_MEMORY_RULES = (
    Rule(
        Cause.HOST_MEMORY,
        "The data loading's shared memory is too small: its worker processes died of it.",
        words.SHARED,
        confidence=_LIKELY,
        hint="shm",
    ),
    Rule(Cause.HOST_MEMORY, "The machine ran out of memory.", ("by allocator cpu", "by allocator mklcpu")),
    Rule(Cause.GPU_MEMORY, "The GPU ran out of memory.", words.GPU),
    Rule(
        Cause.HOST_MEMORY,
        "The machine ran out of memory.",
        names=words.names("MemoryError ArrayMemoryError _ArrayMemoryError"),
    ),
    Rule(
        Cause.HOST_MEMORY,
        "The machine ran out of memory.",
        names=words.names("OutOfMemoryError"),
        package="ray.",
    ),
    Rule(Cause.GPU_MEMORY, "The GPU ran out of memory.", names=words.names("OutOfMemoryError OutOfMemory")),
    Rule(Cause.HOST_MEMORY, "The machine ran out of memory.", words.HOST),
    Rule(
        Cause.HOST_MEMORY,
        "One of the program's processes was killed, as happens when the machine runs out of memory.",
        words.MAYBE_HOST,
        confidence=_LIKELY,
    ),
)

_SETUP_RULES = (
    Rule(Cause.DISK_FULL, "The disk is full.", words.DISK),
    Rule(
        Cause.DISK_FULL,
        "A file could not be written to its end, as happens when the disk is full.",
        ("pytorchstreamwriter failed writing", "inline_container.cc"),
        confidence=_LIKELY,
    ),
    Rule(
        Cause.WANDB_LOGIN,
        "Weights & Biases was given no API key, or one that it does not take.",
        (
            "api_key not configured",
            "api key must",
            "no api key configured",
            "api key you provided",
            "invalid api key",
        ),
    ),
    Rule(
        Cause.WANDB_LOGIN,
        "Weights & Biases refused the login.",
        ("401", "403", "not logged in", "login", "permission", "api key"),
        package="wandb.",
        hint="entity",
    ),
    Rule(
        Cause.WANDB_LOGIN,
        "Weights & Biases refused the API key.",
        names=words.names("AuthenticationError"),
        package="wandb.",
    ),
    Rule(
        Cause.API_DISABLED,
        "The API {subject} is turned off in the project.",
        ("has not been used in project", "service_disabled", "it is disabled. enable it"),
        nobody="that the program calls",
    ),
    Rule(
        Cause.NETWORK,
        "The program was told to slow down by {subject}: too many requests.",
        ("429 client error", "429 too many requests", "http error 429"),
        hint="rate",
        nobody="a server",
    ),
    Rule(
        Cause.MODEL_ACCESS,
        "Hugging Face refused {subject}: it needs an accepted licence, or a valid token.",
        words.HUB,
        hint="gated",
        nobody="the download",
    ),
    Rule(
        Cause.MODEL_ACCESS,
        "Hugging Face refused {subject}: it needs an accepted licence, or a valid token.",
        names=words.MODEL_NAMES,
        hint="gated",
        nobody="the download",
    ),
    Rule(
        Cause.MODEL_ACCESS,
        "Hugging Face has no {subject} for this job: the name is wrong, or it takes a token.",
        words.MODEL_SAYS,
        confidence=_LIKELY,
        hint="missing",
        nobody="such model",
    ),
    Rule(
        Cause.MODEL_ACCESS,
        "Hugging Face has no such file or revision of {subject}.",
        names=words.names(
            "EntryNotFoundError RevisionNotFoundError DatasetNotFoundError RemoteEntryNotFoundError"
        ),
        confidence=_LIKELY,
        hint="missing",
        nobody="the model",
    ),
)

_MODULE_RULES = (
    Rule(
        Cause.MISSING_MODULE,
        "The Python module {subject} is not installed in the job.",
        names=words.names("ModuleNotFoundError PackageNotFoundError"),
        nobody="it imports",
    ),
    Rule(
        Cause.MISSING_MODULE,
        "The system library {subject} is missing from the image.",
        ("cannot open shared object file",),
        hint="system",
        nobody="it needs",
    ),
    Rule(
        Cause.MISSING_MODULE,
        "{subject} is not in the installed version of a Python package.",
        ("cannot import name", "undefined symbol"),
        names=words.names("ImportError OSError"),
        hint="version",
        nobody="Something it imports",
    ),
    Rule(
        Cause.MISSING_MODULE,
        "The program could not import {subject}.",
        names=words.names("ImportError DistributionNotFound"),
        nobody="something",
    ),
)

_RUN_RULES = (
    Rule(
        Cause.NAN_LOSS,
        "The program stopped because its loss or a gradient was no number any more.",
        (
            "loss is nan",
            "loss is inf",
            "nan loss",
            "nan or inf",
            "infinite or nan",
            "loss became",
            "returned nan values",
        ),
    ),
    Rule(
        Cause.NAN_LOSS,
        "The program stopped because its loss or a gradient was no number any more.",
        ("nan", "inf"),
        names=words.names("FloatingPointError NanLossDuringTrainingError NanError"),
    ),
    Rule(
        Cause.INTERNAL,
        "The GPU itself failed: the machine is to blame, not the program.",
        ("uncorrectable ecc error", "fallen off the bus", "uncorrectable nvlink", "gpu is lost"),
        confidence=_LIKELY,
        hint="hardware",
    ),
    Rule(
        Cause.TRACEBACK,
        "The program found no GPU that it can use.",
        words.NO_GPU,
        hint="no-gpu",
    ),
    Rule(
        Cause.NCCL,
        "Two processes were given the same GPU.",
        ("duplicate gpu detected",),
        hint="setup",
    ),
    Rule(
        Cause.NCCL,
        "The processes of the job lost touch with each other.",
        words.NCCL,
        confidence=_LIKELY,
        collateral=True,
    ),
    Rule(
        Cause.NCCL,
        "The processes of the job lost touch with each other.",
        names=words.names(
            "DistBackendError DistStoreError DistNetworkError DistError RendezvousTimeoutError"
            " RendezvousConnectionError RendezvousClosedError"
        ),
        confidence=_LIKELY,
        collateral=True,
    ),
    Rule(
        Cause.NETWORK,
        "The connection to {subject} broke.",
        names=words.names(
            "ConnectionResetError ConnectionRefusedError BrokenPipeError ConnectionAbortedError"
            " EOFError UnavailableError AbortedError"
        ),
        marks=(
            "reset by peer",
            "refused",
            "broken pipe",
            "[errno",
            "unavailable",
            "failed to connect",
            "aborted",
        ),
        confidence=_LIKELY,
        collateral=True,
        nobody="another process or server",
    ),
)

_WORLD_RULES = (
    Rule(
        Cause.QUOTA,
        "A quota of the project was used up by the program's own calls.",
        ("quota exceeded", "quota_exceeded", "rate_limit_exceeded"),
        package="google.",
        confidence=_LIKELY,
        hint="program",
    ),
    Rule(
        Cause.MISSING_FILE,
        "The bucket {subject} does not exist.",
        ("specified bucket does not exist", "bucket does not exist", "invalid bucket name"),
        hint="bucket",
        nobody="named",
    ),
    Rule(
        Cause.PERMISSION,
        "The job has no credentials for what it called.",
        names=words.names("DefaultCredentialsError NoCredentialsError RefreshError"),
        hint="credentials",
    ),
    Rule(
        Cause.PERMISSION,
        "The job was refused access to {subject}.",
        names=words.REFUSED_NAMES,
        nobody="something it needs",
    ),
    Rule(
        Cause.PERMISSION,
        "The job was refused access to {subject}.",
        ("/gcs/",),
        names=words.names("PermissionError"),
        confidence=_LIKELY,
        nobody="the bucket",
    ),
    Rule(
        Cause.PERMISSION,
        "The job was refused access to {subject}.",
        words.REFUSED,
        names=words.names(
            "HTTPError HTTPStatusError HttpError HTTPStatusError ClientError OSError HfHubHTTPError"
            " GoogleAPICallError GCSFSError RpcError _InactiveRpcError RuntimeError AioRpcError"
            " PermissionError PermissionDeniedError"
        ),
        confidence=_LIKELY,
        nobody="something it needs",
    ),
    Rule(
        Cause.COMMAND_NOT_FOUND,
        "The program started a command that is not in the image: {subject}.",
        (
            "no such file or directory: 'nvidia-smi'",
            "no such file or directory: 'git'",
            "no such file or directory: 'gcloud'",
            "no such file or directory: 'gsutil'",
            "no such file or directory: 'ffmpeg'",
            "no such file or directory: 'nvcc'",
            "no such file or directory: 'gcc'",
            "no such file or directory: 'java'",
        ),
        names=words.names("FileNotFoundError"),
    ),
    Rule(
        Cause.MISSING_FILE,
        "The program did not find {subject}.",
        names=words.names("FileNotFoundError NotADirectoryError NoSuchKey"),
        nobody="a file",
    ),
    Rule(
        Cause.MISSING_FILE,
        "The program did not find {subject}.",
        (
            "no such file or directory",
            "no such object",
            "404 get https://storage",
            "http error 404",
            "404 client error",
        ),
        confidence=_LIKELY,
        nobody="a file",
    ),
    Rule(
        Cause.MISSING_FILE,
        "The program did not find {subject}.",
        names=words.names("NotFound"),
        package="google.",
        confidence=_LIKELY,
        nobody="something it asked Google Cloud for",
    ),
    Rule(
        Cause.NETWORK,
        "The program could not reach {subject}.",
        names=words.NETWORK_NAMES,
        nobody="a server",
    ),
    Rule(
        Cause.NETWORK,
        "The program could not reach {subject}.",
        words.NETWORK_WORDS,
        confidence=_LIKELY,
        nobody="a server",
    ),
    Rule(
        Cause.BAD_ARGUMENTS,
        "The program did not understand its arguments.",
        names=words.names(
            "ArgumentError NoSuchOption BadParameter MissingParameter ConfigCompositionException"
            " MissingMandatoryValue OverrideParseException UnrecognizedFlagError IllegalFlagValueError"
            " MissingConfigException ConfigAttributeError ConfigKeyError ArgumentTypeError"
        ),
    ),
    Rule(Cause.BAD_ARGUMENTS, "The program did not understand its arguments.", words.ARGUMENTS),
)

_OTHERS = (
    Rule(
        Cause.TRACEBACK,
        "",
        names=words.names(
            "ChildFailedError CalledProcessError ProcessRaisedException SystemExit RemoteTraceback"
            " _RemoteTraceback SignalException ProcessExitedException WorkerCrashedError"
        ),
        wrapper=True,
        confidence=_LIKELY,
    ),
    Rule(Cause.TRACEBACK, "", names=words.names("KeyboardInterrupt"), collateral=True, confidence=_LIKELY),
)

RULES = (*_MEMORY_RULES, *_SETUP_RULES, *_MODULE_RULES, *_RUN_RULES, *_WORLD_RULES, *_OTHERS)
"""The first that fits counts."""
