"""What to do about what the program did."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tui.domain.diagnosis.facts import Facts
from tui.domain.diagnosis.findings import Finding, told
from tui.domain.diagnosis.model import Action, Cause, NextStep

Steps = tuple[NextStep, ...]
Maker = Callable[[Finding, Facts], Steps]
LOGS = NextStep("Read the log around the first quoted line.", Action.OPEN_LOGS)
LOGS_END = NextStep("Read the end of the log.", Action.OPEN_LOGS)
RERUN = NextStep("Run it again as it is.", Action.RERUN)
_HF_NAMES = ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HUGGINGFACE_TOKEN", "HUGGINGFACEHUB_API_TOKEN")


def edit(words: str, path: tuple[str | int, ...]) -> NextStep:
    """A change of the spec, at a place in it."""
    return NextStep(words, Action.OPEN_SPEC, spec_path=path)


def machine_path(finding: Finding, facts: Facts) -> tuple[str | int, ...]:
    """Where the spec names the machine of the replica that failed."""
    return facts.path(finding.replica, "machineSpec", "machineType")


def image_path(finding: Finding, facts: Facts) -> tuple[str | int, ...]:
    """Where the spec names its image."""
    task = facts.task(finding.replica)
    return facts.path(
        finding.replica, task, "executorImageUri" if task == "pythonPackageSpec" else "imageUri"
    )


def _host(finding: Finding, facts: Facts) -> Steps:
    if finding.hint == "shm":
        words = "Use fewer data loading workers, or share their data through files"
        share = 'torch.multiprocessing.set_sharing_strategy("file_system")'
        return (edit(f"{words}: {share}.", facts.command_path(finding.replica)), LOGS)
    return (
        NextStep("Run it on a machine with more memory.", Action.RERUN_AS, change="machine"),
        edit(
            "Load less at once: a smaller batch, fewer data loading workers, data read in parts.",
            facts.command_path(finding.replica),
        ),
        edit("Choose the machine type in the spec.", machine_path(finding, facts)),
    )


def _gpu(finding: Finding, facts: Facts) -> Steps:
    return (
        NextStep(
            "Run it with a smaller batch or shorter sequences, and gradient accumulation to make up for it.",
            Action.RERUN_AS,
            change="args",
        ),
        NextStep("Run it on a GPU with more memory.", Action.RERUN_AS, change="machine"),
        edit(
            "Or let it need less: gradient checkpointing, 16-bit or quantized weights, LoRA.",
            facts.command_path(finding.replica),
        ),
        LOGS,
    )


def _traceback(finding: Finding, facts: Facts) -> Steps:
    if finding.hint == "no-gpu":
        return (
            edit("Give the pool an accelerator.", facts.path(finding.replica, "machineSpec")),
            edit("Or use an image with CUDA that fits the driver.", image_path(finding, facts)),
        )
    place = f" in {told(finding.frame.file)}, line {finding.frame.line}" if finding.frame else ""
    return (LOGS, NextStep(f"Mend the program{place}, and run it again.", Action.RERUN))


def _module(finding: Finding, facts: Facts) -> Steps:
    name = told(finding.subject, 60)
    if finding.hint == "system":
        return (
            edit(
                f"Use an image with {name or 'the library'}, or install it first.",
                image_path(finding, facts),
            ),
        )
    if finding.hint == "version":
        return (
            edit(
                "Pin versions of the Python packages that fit together.", facts.script_path(finding.replica)
            ),
            LOGS,
        )
    words = (
        f"Install {name} before the program starts"
        if name
        else "Install what it imports before the program starts"
    )
    return (
        edit(f"{words}, or use an image that has it.", facts.script_path(finding.replica)),
        edit("Choose another image.", image_path(finding, facts)),
        LOGS,
    )


def _file(finding: Finding, facts: Facts) -> Steps:
    if finding.hint == "bucket":
        return (
            NextStep("See whether the bucket exists.", Action.OPEN_SETUP, "bucket"),
            edit("Check the bucket's name in the spec.", facts.script_path(finding.replica)),
        )
    if finding.hint == "copy":
        return (
            LOGS,
            edit("Check where the program writes and what is copied.", facts.script_path(finding.replica)),
        )
    words = "Check the path: it has to be in the image, downloaded by the job, or in a bucket."
    return (edit(words, facts.script_path(finding.replica)), LOGS)


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
    check = edit("Check the model's name.", facts.script_path(finding.replica))
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
        (edit("Check the entity and project that it writes to.", env),) if finding.hint == "entity" else ()
    )
    return (key, *entity, edit("Or run without it: set WANDB_MODE to offline or disabled.", env))


def _command(finding: Finding, facts: Facts) -> Steps:
    words = {
        "format": "Use an image made for x86-64 Linux, and scripts with Unix line ends.",
        "mode": "Make the file executable in the image, or start it with its interpreter.",
        "none": "Name a command in the spec.",
    }.get(finding.hint, "Check the command: it has to be in the image, or installed first.")
    return (
        edit(words, facts.command_path(finding.replica)),
        edit("Check the image.", image_path(finding, facts)),
    )


def _arguments(finding: Finding, facts: Facts) -> Steps:
    if finding.hint == "variable":
        env = facts.path(finding.replica, facts.task(finding.replica), "env")
        return (edit("Set the variable in the spec.", env), LOGS)
    if finding.hint == "script":
        return (edit("Mend the script in the spec.", facts.script_path(finding.replica)), LOGS)
    return (
        NextStep("Run it with other arguments.", Action.RERUN_AS, change="args"),
        edit("Mend the arguments in the spec.", facts.command_path(finding.replica)),
        LOGS,
    )


def _disk(finding: Finding, facts: Facts) -> Steps:
    disk = facts.path(finding.replica, "diskSpec", "bootDiskSizeGb")
    return (
        edit("Give the machine a larger boot disk.", disk),
        edit(
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
        RERUN,
        edit(
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
        edit(words, path),
        LOGS,
    )


def _crash(finding: Finding, facts: Facts) -> Steps:
    return (
        LOGS,
        RERUN,
        edit("If it comes again, try another image or versions.", image_path(finding, facts)),
    )


def _nan(finding: Finding, facts: Facts) -> Steps:
    return (
        NextStep(
            "Run it with a smaller learning rate, or with gradients clipped.", Action.RERUN_AS, change="args"
        ),
        NextStep("See where it began.", Action.OPEN_LOGS),
        edit("Or compute in bfloat16 or float32 instead of float16.", facts.command_path(finding.replica)),
    )


def _masked(finding: Finding, facts: Facts) -> Steps:
    return (
        edit(
            "Let the script stop at its first failure: begin it with set -eo pipefail (pipes, too).",
            facts.script_path(finding.replica),
        ),
        NextStep("See what failed.", Action.OPEN_LOGS),
        NextStep("See what was written.", Action.OPEN_OUTPUTS),
    )


def _outputs(finding: Finding, facts: Facts) -> Steps:
    return (
        NextStep("Look into the folder.", Action.OPEN_OUTPUTS),
        edit(
            "Check where the program writes, and that it is copied to the bucket.",
            facts.script_path(finding.replica),
        ),
        NextStep("See what the log says of saving.", Action.OPEN_LOGS),
    )


PROGRAM: Mapping[Cause, Maker] = {
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
    Cause.CRASH: _crash,
    Cause.NAN_LOSS: _nan,
    Cause.MASKED_EXIT: _masked,
    Cause.NO_OUTPUTS: _outputs,
}
"""The makers of the steps for each cause within the program."""
