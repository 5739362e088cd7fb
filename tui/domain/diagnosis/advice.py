"""What to do about each cause, and with which key."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tui.domain.diagnosis.facts import Facts
from tui.domain.diagnosis.findings import Finding, told
from tui.domain.diagnosis.model import Action, Cause, NextStep

Steps = tuple[NextStep, ...]
_LOGS = NextStep("Read the log around the first quoted line.", Action.OPEN_LOGS)
_RERUN = NextStep("Run it again as it is.", Action.RERUN)
_HF_NAMES = ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HUGGINGFACE_TOKEN", "HUGGINGFACEHUB_API_TOKEN")
_TRAINING = "custom_model_training_"
_MOST_METRICS = 4


def steps(finding: Finding, facts: Facts) -> Steps:
    """The next steps for a finding, the best first."""
    make = _MAKERS.get(finding.cause)
    return make(finding, facts) if make else ()


def _edit(words: str, path: tuple[str | int, ...]) -> NextStep:
    return NextStep(words, Action.OPEN_SPEC, spec_path=path)


def _machine(finding: Finding, facts: Facts) -> tuple[str | int, ...]:
    return facts.path(finding.replica, "machineSpec", "machineType")


def _image_path(finding: Finding, facts: Facts) -> tuple[str | int, ...]:
    task = facts.task(finding.replica)
    return facts.path(
        finding.replica, task, "executorImageUri" if task == "pythonPackageSpec" else "imageUri"
    )


def _quota(finding: Finding, facts: Facts) -> Steps:
    if finding.hint == "replicas":
        path = facts.path(finding.replica, "replicaCount")
        return (_edit("Ask for fewer replicas.", path),)
    if finding.hint == "program":
        return (_LOGS, _edit("Make fewer calls at once, or pause between them.", facts.command_path("")))
    metrics = finding.subject.split()[:_MOST_METRICS]
    checks = [f"quota.{metric.removeprefix(_TRAINING)}" for metric in metrics] or ["quota"]
    asked = tuple(
        NextStep(
            f"Ask for more quota of {told(check.partition('.')[2]) or 'training'}.",
            Action.REQUEST_QUOTA,
            check,
        )
        for check in checks
    )
    other = "standard" if facts.spot else "spot"
    words = "with standard machines" if facts.spot else "on Spot"
    return (
        *asked,
        NextStep("Run it on a smaller machine that the quota allows.", Action.RERUN_AS, change="machine"),
        NextStep("Run it in another region.", Action.RERUN_AS, change="region"),
        NextStep(f"Run it {words}, which counts against other limits.", Action.RERUN_AS, change=other),
    )


def _stockout(_finding: Finding, facts: Facts) -> Steps:
    spot = (
        (NextStep("Run it with standard machines.", Action.RERUN_AS, change="standard"),)
        if facts.spot
        else ()
    )
    return (
        NextStep("Run it in another region.", Action.RERUN_AS, change="region"),
        NextStep("Run it on another kind of machine or GPU.", Action.RERUN_AS, change="machine"),
        *spot,
        NextStep("Run it again later as it is.", Action.RERUN),
    )


def _preemption(_finding: Finding, _facts: Facts) -> Steps:
    return (
        NextStep("Run it again from its last checkpoint.", Action.RERUN_AS, change="args"),
        NextStep(
            "Run it with standard machines, which are not taken away.", Action.RERUN_AS, change="standard"
        ),
        NextStep("Run it in another region.", Action.RERUN_AS, change="region"),
    )


def _image(finding: Finding, facts: Facts) -> Steps:
    return (
        _edit("Check the name and tag of the image.", _image_path(finding, facts)),
        NextStep(
            "See whether the agents that pull images may read the repository.",
            Action.OPEN_SETUP,
            "account.images",
        ),
        NextStep(
            "See whether Artifact Registry is on.", Action.OPEN_SETUP, "apis.artifactregistry.googleapis.com"
        ),
        NextStep("If this was the project's first job, run it again after a minute.", Action.RERUN),
    )


def _account(finding: Finding, _facts: Facts) -> Steps:
    check = "account.use" if finding.hint == "use" else "account.runs-as"
    return (
        NextStep("See to the job's service account.", Action.OPEN_SETUP, check),
        _edit("Check the service account in the spec.", ("jobSpec", "serviceAccount")),
    )


def _permission(finding: Finding, facts: Facts) -> Steps:
    if finding.hint == "billing":
        return (NextStep("See to the project's billing account.", Action.OPEN_SETUP, "billing"),)
    if finding.hint == "git":
        return (
            _edit(
                "Check the repository's address; a private one takes a token.",
                facts.script_path(finding.replica),
            ),
            NextStep("Give the job a token for git.", Action.SET_SECRET, secret="GIT_TOKEN"),  # noqa: S106 (a name)
        )
    if finding.hint == "credentials":
        return (
            NextStep("See which service account the job runs as.", Action.OPEN_SETUP, "account.runs-as"),
            _LOGS,
        )
    return (
        NextStep(
            "See whether the job's service account may use the bucket.", Action.OPEN_SETUP, "bucket.job"
        ),
        NextStep("See what the job's service account may do.", Action.OPEN_SETUP, "account.storage"),
        _LOGS,
    )


def _api(finding: Finding, _facts: Facts) -> Steps:
    check = f"apis.{finding.subject}" if finding.subject else "apis"
    return (
        NextStep("Turn the API on.", Action.OPEN_SETUP, check),
        NextStep("Then run it again; it takes effect within minutes.", Action.RERUN),
    )


def _host(finding: Finding, facts: Facts) -> Steps:
    if finding.hint == "shm":
        words = "Use fewer data loading workers, or share their data through files"
        share = 'torch.multiprocessing.set_sharing_strategy("file_system")'
        return (_edit(f"{words}: {share}.", facts.command_path(finding.replica)), _LOGS)
    return (
        NextStep("Run it on a machine with more memory.", Action.RERUN_AS, change="machine"),
        _edit(
            "Load less at once: a smaller batch, fewer data loading workers, data read in parts.",
            facts.command_path(finding.replica),
        ),
        _edit("Choose the machine type in the spec.", _machine(finding, facts)),
    )


def _gpu(finding: Finding, facts: Facts) -> Steps:
    return (
        NextStep(
            "Run it with a smaller batch or shorter sequences, and gradient accumulation to make up for it.",
            Action.RERUN_AS,
            change="args",
        ),
        NextStep("Run it on a GPU with more memory.", Action.RERUN_AS, change="machine"),
        _edit(
            "Or let it need less: gradient checkpointing, 16-bit or quantized weights, LoRA.",
            facts.command_path(finding.replica),
        ),
        _LOGS,
    )


def _traceback(finding: Finding, facts: Facts) -> Steps:
    if finding.hint == "no-gpu":
        return (
            _edit("Give the pool an accelerator.", facts.path(finding.replica, "machineSpec")),
            _edit("Or use an image with CUDA that fits the driver.", _image_path(finding, facts)),
        )
    where = f" in {finding.frame.file}, line {finding.frame.line}" if finding.frame else ""
    return (
        _LOGS,
        NextStep(
            f"Mend the program{told(where)}, and run it again.".replace("programin", "program in"),
            Action.RERUN,
        ),
    )


def _module(finding: Finding, facts: Facts) -> Steps:
    name = told(finding.subject, 60)
    if finding.hint == "system":
        return (
            _edit(
                f"Use an image with {name or 'the library'}, or install it first.",
                _image_path(finding, facts),
            ),
        )
    if finding.hint == "version":
        return (
            _edit(
                "Pin versions of the Python packages that fit together.", facts.script_path(finding.replica)
            ),
            _LOGS,
        )
    words = (
        f"Install {name} before the program starts"
        if name
        else "Install what it imports before the program starts"
    )
    return (
        _edit(f"{words}, or use an image that has it.", facts.script_path(finding.replica)),
        _edit("Choose another image.", _image_path(finding, facts)),
        _LOGS,
    )


def _file(finding: Finding, facts: Facts) -> Steps:
    if finding.hint == "bucket":
        return (
            NextStep("See whether the bucket exists.", Action.OPEN_SETUP, "bucket"),
            _edit("Check the bucket's name in the spec.", facts.script_path(finding.replica)),
        )
    if finding.hint == "copy":
        return (
            _LOGS,
            _edit("Check where the program writes and what is copied.", facts.script_path(finding.replica)),
        )
    words = "Check the path: it has to be in the image, downloaded by the job, or in a bucket."
    return (_edit(words, facts.script_path(finding.replica)), _LOGS)


def _env_name(facts: Facts, finding: Finding, names: tuple[str, ...]) -> str:
    number = facts.pool(finding.replica)
    pool = facts.pools[number] if number < len(facts.pools) else {}
    task = pool.get(facts.task(finding.replica))
    env = task.get("env") if isinstance(task, Mapping) else None
    there = (
        [each.get("name") for each in env[:200] if isinstance(each, Mapping)] if isinstance(env, list) else []
    )
    return next((name for name in names if name in there), names[0])


def _model(finding: Finding, facts: Facts) -> Steps:
    name = _env_name(facts, finding, _HF_NAMES)
    model = told(finding.subject, 120)
    page = f"https://huggingface.co/{model}" if model else "the model's page"
    accept = NextStep(f"Accept the model's licence at {page}, with the account of the token.")
    token = NextStep(
        f"Give the job a valid token as {name}.", Action.SET_SECRET, f"secrets.{name}", secret=name
    )
    check = _edit("Check the model's name.", facts.script_path(finding.replica))
    return (check, token) if finding.hint == "missing" else (token, accept, check)


def _wandb(finding: Finding, facts: Facts) -> Steps:
    name = _env_name(facts, finding, ("WANDB_API_KEY",))
    key = NextStep(
        f"Give the job a valid key as {name}, from https://wandb.ai/authorize.",
        Action.SET_SECRET,
        f"secrets.{name}",
        secret=name,
    )
    env = facts.path(finding.replica, facts.task(finding.replica), "env")
    entity = (
        (_edit("Check the entity and project that it writes to.", env),) if finding.hint == "entity" else ()
    )
    return (key, *entity, _edit("Or run without it: set WANDB_MODE to offline or disabled.", env))


def _command(finding: Finding, facts: Facts) -> Steps:
    words = {
        "format": "Use an image made for x86-64 Linux, and scripts with Unix line ends.",
        "mode": "Make the file executable in the image, or start it with its interpreter.",
        "none": "Name a command in the spec.",
    }.get(finding.hint, "Check the command: it has to be in the image, or installed first.")
    return (
        _edit(words, facts.command_path(finding.replica)),
        _edit("Check the image.", _image_path(finding, facts)),
    )


def _arguments(finding: Finding, facts: Facts) -> Steps:
    if finding.hint == "variable":
        env = facts.path(finding.replica, facts.task(finding.replica), "env")
        return (_edit("Set the variable in the spec.", env), _LOGS)
    if finding.hint == "script":
        return (_edit("Mend the script in the spec.", facts.script_path(finding.replica)), _LOGS)
    return (
        NextStep("Run it with other arguments.", Action.RERUN_AS, change="args"),
        _edit("Mend the arguments in the spec.", facts.command_path(finding.replica)),
        _LOGS,
    )


def _disk(finding: Finding, facts: Facts) -> Steps:
    disk = facts.path(finding.replica, "diskSpec", "bootDiskSizeGb")
    return (
        _edit("Give the machine a larger boot disk.", disk),
        _edit(
            "Or keep fewer checkpoints, and copy them to the bucket as it runs.",
            facts.command_path(finding.replica),
        ),
    )


def _nccl(finding: Finding, facts: Facts) -> Steps:
    env = facts.path(finding.replica, facts.task(finding.replica), "env")
    return (
        NextStep(
            "Read the other replicas' logs before this moment: one may have died first.", Action.OPEN_LOGS
        ),
        _RERUN,
        _edit(
            "If it comes again, set NCCL_DEBUG to INFO, and check that all replicas run the same steps.", env
        ),
    )


def _network(finding: Finding, facts: Facts) -> Steps:
    path = ("jobSpec", "network") if finding.hint != "rate" else facts.command_path(finding.replica)
    words = (
        "Download less at once, or give a token."
        if finding.hint == "rate"
        else "Check the job's network, if the spec names one."
    )
    return (
        NextStep("Run it again: it may have been a passing trouble.", Action.RERUN),
        _edit(words, path),
        _LOGS,
    )


def _timeout(_finding: Finding, _facts: Facts) -> Steps:
    return (
        NextStep("Run it again with more time, from its last checkpoint.", Action.RERUN_AS, change="timeout"),
        _edit("Set the time limit in the spec.", ("jobSpec", "scheduling", "timeout")),
        NextStep("See whether a checkpoint was saved.", Action.OPEN_OUTPUTS),
    )


def _crash(finding: Finding, facts: Facts) -> Steps:
    return (
        _LOGS,
        _RERUN,
        _edit("If it comes again, try another image or versions.", _image_path(finding, facts)),
    )


def _nan(finding: Finding, facts: Facts) -> Steps:
    return (
        NextStep(
            "Run it with a smaller learning rate, or with gradients clipped.", Action.RERUN_AS, change="args"
        ),
        NextStep("See where it began.", Action.OPEN_LOGS),
        _edit("Or compute in bfloat16 or float32 instead of float16.", facts.command_path(finding.replica)),
    )


def _masked(finding: Finding, facts: Facts) -> Steps:
    return (
        _edit(
            "Let the script stop at its first failure: begin it with set -e, or join commands with &&.",
            facts.script_path(finding.replica),
        ),
        NextStep("See what failed.", Action.OPEN_LOGS),
        NextStep("See what was written.", Action.OPEN_OUTPUTS),
    )


def _outputs(finding: Finding, facts: Facts) -> Steps:
    return (
        NextStep("Look into the folder.", Action.OPEN_OUTPUTS),
        _edit(
            "Check where the program writes, and that it is copied to the bucket.",
            facts.script_path(finding.replica),
        ),
        NextStep("See what the log says of saving.", Action.OPEN_LOGS),
    )


_MAKERS: Mapping[Cause, Callable[[Finding, Facts], Steps]] = {
    Cause.QUOTA: _quota,
    Cause.STOCKOUT: _stockout,
    Cause.PREEMPTION: _preemption,
    Cause.IMAGE_PULL: _image,
    Cause.SERVICE_ACCOUNT: _account,
    Cause.PERMISSION: _permission,
    Cause.API_DISABLED: _api,
    Cause.HOST_MEMORY: _host,
    Cause.GPU_MEMORY: _gpu,
    Cause.TRACEBACK: _traceback,
    Cause.MISSING_MODULE: _module,
    Cause.MISSING_FILE: _file,
    Cause.MODEL_ACCESS: _model,
    Cause.WANDB_LOGIN: _wandb,
    Cause.COMMAND_NOT_FOUND: _command,
    Cause.BAD_ARGUMENTS: _arguments,
    Cause.DISK_FULL: _disk,
    Cause.NCCL: _nccl,
    Cause.NETWORK: _network,
    Cause.TIMEOUT: _timeout,
    Cause.CANCELLED: lambda _finding, _facts: (_RERUN,),
    Cause.CRASH: _crash,
    Cause.INTERNAL: lambda _finding, _facts: (
        _RERUN,
        NextStep("Run it in another region.", Action.RERUN_AS, change="region"),
    ),
    Cause.NAN_LOSS: _nan,
    Cause.MASKED_EXIT: _masked,
    Cause.NO_OUTPUTS: _outputs,
    Cause.UNKNOWN: lambda _finding, _facts: (_LOGS, _RERUN),
}
