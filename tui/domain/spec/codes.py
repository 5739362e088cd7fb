"""Every code of the checks: how grave, what it means, an example; `docs/rules.md` is made from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from tui.domain.spec.problems import Severity


@dataclass(frozen=True, slots=True)
class Rule:
    """What a code stands for.

    Attributes:
        code: stays the same between versions.
        severities: how grave its problems are; the gravest first where that depends.
        meaning: one sentence.
        example: a text that shows it, on one line.
    """

    code: str
    severities: tuple[Severity, ...]
    meaning: str
    example: str

    @property
    def can_be_silenced(self) -> bool:
        """Whether a comment in the file may silence it; errors stop a submission and stay."""
        return self.severities != (Severity.ERROR,)


def _error(code: str, meaning: str, example: str) -> Rule:
    return Rule(code, (Severity.ERROR,), meaning, example)


def _graded(code: str, meaning: str, example: str) -> Rule:
    return Rule(code, (Severity.ERROR, Severity.WARNING), meaning, example)


def _warn(code: str, meaning: str, example: str) -> Rule:
    return Rule(code, (Severity.WARNING,), meaning, example)


def _info(code: str, meaning: str, example: str) -> Rule:
    return Rule(code, (Severity.INFO,), meaning, example)


_YAML = (
    _error("yaml-syntax", "The text is not YAML.", "name: 'not closed"),
    _error("yaml-space", "A space is missing behind a colon or a dash.", "timeout:3600s"),
    _error("yaml-tab", "A tab indents a line.", "⇥replicaCount: 1"),
    _error("yaml-blank", "A blank that is no space, as in text copied from a page.", "a no-break space"),
    _error("yaml-colon", "“: ” makes a key and a value of a text.", '- echo "loss: 3"'),
    _error("git-conflict", "Git left both versions of some lines in the file.", "<<<<<<< HEAD"),
    _error("yaml-duplicate-key", "A key is set twice in one place.", "{imageUri: a, imageUri: b}"),
    _error("yaml-several-documents", "A second document begins.", "---"),
    _error("yaml-empty", "The file holds nothing.", "# only a comment"),
    _error("yaml-character", "A character that YAML does not allow.", "a NUL byte"),
    _error("yaml-tag", "A value begins with “!”, as texts in quotes only may.", "!!python/object:os.system"),
    _error("yaml-alias", "A value is repeated with * that is not marked with & above.", "args: *nowhere"),
    _error("yaml-merge", "What << takes over is not keys with values.", "<<: text"),
    _error("yaml-too-deep", "Too many levels inside each other.", "[[[[…]]]]"),
    _error("yaml-too-big", "More text or more values than any spec has.", "a file of 5 MB"),
)
_SCHEMA = (
    _error("unknown-key", "Vertex AI knows no such key here.", "machinetype: n1-standard-4"),
    _error("misplaced-key", "The key exists, but in another place.", "displayName beside workerPoolSpecs"),
    _error("wrong-type", "A value of another kind is wanted.", "replicaCount: two"),
    _error("needs-quotes", "YAML reads a number, a date, true or false where a text is wanted.", "args: [5]"),
    _error("out-of-range", "A number is too large for its key.", "replicaCount: 99999999999999999999"),
    _error("bad-enum", "Not one of the names that are known here.", "acceleratorType: NVIDIA_L5"),
    _error("bad-duration", "A duration is a number of seconds with an s.", "timeout: 1h"),
    _error(
        "both-tasks",
        "A pool is to run two things.",
        "containerSpec and pythonPackageSpec",
    ),
    _error("env-form", "Variables are written as names and values.", "env: {EPOCHS: 3}"),
    _graded(
        "curly-quotes", "A value between the quotes of a word processor.", "machineType: “n1-standard-4”"
    ),
    _error("other-format", "The file is for another program.", "kind: Job"),
    _error("required", "A key that must be there is missing.", "containerSpec without imageUri"),
    _info("empty-value", "A key without a value is not sent.", "network:"),
    _info("output-only", "Only Vertex AI sets this key; it is not sent.", "state: JOB_STATE_FAILED"),
    _info("one-not-list", "One value is read as a list of one, as gcloud does.", "args: hello"),
    Rule(
        "read-differently",
        (Severity.WARNING, Severity.INFO),
        "Readers of YAML differ about the value, or gcloud refuses it.",
        "replicaCount: 010",
    ),
    _error("refused", "Vertex AI refused the spec; its own words.", "after a submission"),
)
_JOB = (
    _error("long-name", "displayName is longer than 128 characters.", "displayName: xxx…"),
    _graded("bad-label", "A label's key or value may not be written so.", "labels: {Team: ml}"),
    _error("own-label", "The label by which this app finds its submissions.", "labels: {vertex-tui-id: x}"),
    _warn("too-many-labels", "More labels than most of Google's resources take.", "65 labels"),
    _error("bad-key-name", "Not the full name of an encryption key.", "kmsKeyName: my-key"),
    _graded("other-region", "A resource of the job is in another region.", "a tensorboard of us-central1"),
    _graded(
        "bad-output",
        "The output directory is not gs://bucket/path, or no such bucket can be.",
        "outputUriPrefix: /tmp",
    ),
    _graded(
        "service-account",
        "No address of a service account, or one that looks like a person's.",
        "serviceAccount: me@example.com",
    ),
    _error("persistent-resource", "No id of a persistent resource.", "persistentResourceId: A B"),
    _graded("resource-name", "Not the full name of a resource.", "tensorboard: my-board"),
    _error("tensorboard-account", "A tensorboard needs a service account of your own.", "tensorboard: …"),
    _warn("tensorboard-output", "A tensorboard without an output directory gets no logs.", "tensorboard: …"),
    _info("web-access", "What the shells of enableWebAccess need.", "enableWebAccess: true"),
    _error("network", "Not the full name of a network.", "network: default"),
    _error("network-number", "A network names its project by number.", "projects/my-id/global/networks/x"),
    _warn("network-twice", "Both kinds of private network are given.", "network and pscInterfaceConfig"),
    _error("network-accelerator", "This machine cannot be used with a network.", "a TPU with a network"),
    _graded("network-attachment", "Not the name of a network attachment.", "networkAttachment: A B"),
    _warn("ip-ranges", "Reserved ranges without a network.", "reservedIpRanges: [a]"),
    _error("dns-peering", "A part of a DNS peering is missing or wrong.", "domain: example.com"),
    _warn("wait-strategy", "maxWaitDuration counts with FLEX_START only.", "maxWaitDuration: 3600s"),
    _error("flex-start", "FLEX_START is not possible for this.", "strategy: FLEX_START"),
    _error("spot-tpu", "SPOT is not possible for a TPU of several hosts.", "strategy: SPOT"),
    _info("old-strategy", "Google has another name for the strategy now.", "strategy: ON_DEMAND"),
    _warn("restart", "disableRetries switches the restart off.", "disableRetries: true"),
    _warn("long-timeout", "The timeout is longer than Vertex AI lets such a job run.", "timeout: 900000s"),
    _warn("no-timeout", "Without a timeout a job may run, and be paid for, for 7 days.", "scheduling: {}"),
)
_POOLS = (
    _error("no-pools", "A job needs a pool.", "workerPoolSpecs: []"),
    _error("too-many-pools", "A job has at most four pools.", "five pools"),
    _error("no-task", "A pool has nothing to run.", "a pool without containerSpec"),
    _graded("no-replicas", "replicaCount is missing.", "a pool without replicaCount"),
    _graded("replicas", "The first pool has one replica, others at least one.", "replicaCount: 2"),
    _error("no-machine", "machineType is missing.", "machineSpec: {}"),
    _error("unknown-machine", "Custom training has no such machine type.", "machineType: n9-standard-4"),
    _error("machine-region", "The machine type is not in the region.", "a3-highgpu-8g in europe-west2"),
    _error("accelerator", "Type and count of the accelerator belong together.", "acceleratorCount: 1 alone"),
    _info("accelerator-machine", "These machines have as many accelerators.", "two L4 on a g2-standard-4"),
    _error("accelerator-count", "The machine does not take so many.", "acceleratorCount: 3"),
    _error("accelerator-pair", "The machine does not take this accelerator.", "n1-standard-4 with NVIDIA_L4"),
    _error("accelerator-region", "The accelerator is not in the region.", "NVIDIA_H100_80GB in asia-east1"),
    _warn("accelerator-ended", "The accelerator is not supported any longer.", "NVIDIA_TESLA_P100"),
    _error("gpu-partition", "A part of a GPU needs a count of one.", "gpuPartitionSize with two GPUs"),
    _error("tpu-accelerator", "Accelerator and TPU do not fit.", "cloud-tpu without TPU_V2"),
    _graded("tpu-topology", "The topology does not fit the machine.", "tpuTopology: 3x3"),
    _error("tpu-pool", "A TPU job has one pool of one replica.", "a TPU and a second pool"),
    _graded("reservation", "A part of the reservation is missing or wrong.", "reservationAffinity: {key: x}"),
    _error("reduction-server", "The reduction server runs without accelerators.", "an L4 in the third pool"),
    _error("disk-type", "No type of a boot disk.", "bootDiskType: ssd"),
    _error("disk-size", "A boot disk has between 100 and 64000 GB.", "bootDiskSizeGb: 50"),
    _error("mount", "A part of a mount is missing or wrong.", "nfsMounts: [{server: 10.0.0.2}]"),
    _graded("mount-network", "A mount needs a private network.", "nfsMounts without network"),
)
_CONTAINER = (
    _error("bad-image", "Not the name of a container image.", "imageUri: https://gcr.io/p/i"),
    _warn("image-path", "An image of Artifact Registry has four parts.", "us-docker.pkg.dev/project/image"),
    _warn("image-registry", "It is not known whether images may come from there.", "imageUri: ghcr.io/a/b"),
    _graded("image-tag", "The image needs another tag.", "an executor image without :latest"),
    _warn("image-ended", "The image is past its end of availability.", "tf-cpu.2-8"),
    _warn("image-registry-ended", "Prebuilt images moved to another registry.", "gcr.io/cloud-aiplatform/…"),
    _info("image-unpatched", "The image gets no patches any longer.", "pytorch-gpu.2-0.py310"),
    _graded("package-uri", "Not the place of a package in a bucket.", "packageUris: [trainer.tar.gz]"),
    _error("too-many-packages", "More packages than allowed.", "101 packageUris"),
    _error("env-name", "Not a name that a variable can have.", "name: 1A"),
    _warn("env-twice", "A variable is set twice.", "two entries named A"),
    _error("env-value", "A variable has no value.", "- name: A"),
    _warn("env-order", "A variable uses one that is defined below it.", "value: $(LATER)"),
    _error("too-many-env", "More variables than allowed.", "101 variables"),
    _error("bad-reference", "${ that begins no reference.", "value: ${1}"),
    _info("unset-reference", "A reference has no value yet.", "value: ${HF_TOKEN}"),
    _graded(
        "placeholder", "A placeholder was not filled in, or what looks like one.", "value: <YOUR_HF_TOKEN>"
    ),
    _warn("literal-secret", "A secret stands in the file itself.", "value: hf_…"),
    _warn(
        "secret-in-git",
        "A file with a secret in it is in a git repository, tracked or not ignored.",
        "value: hf_…",
    ),
    _info("env-stored", "Vertex AI keeps values of variables in the job.", "value: ${HF_TOKEN}"),
)
_MONEY = (
    _warn("gpu-idle", "A GPU is paid for and nothing uses it.", "command: [sleep, infinity] with a GPU"),
    _warn("over-limit", "The job may cost more than your limit.", "eight H100 for 7 days"),
)
_SHELL = (
    _warn(
        "shell-hidden-failure",
        "A later command counts instead.",
        "python train.py; gsutil cp …",
    ),
    _warn(
        "shell-goes-on", "A preparation may fail without stopping the script.", "pip install x; python a.py"
    ),
    _warn("shell-pipe", "A failure before | is hidden by what stands behind it.", "python a.py | tee log"),
    _warn("shell-ignored-failure", "A failure is made a success.", "python train.py || true"),
    _warn("shell-wait", "A bare wait does not tell whether the work failed.", "python a.py & wait"),
    _warn("shell-no-wait", "The script ends while its work still runs.", "nohup python a.py &"),
    _warn("shell-unset-variable", "Nothing gives the variable a value.", "gsutil cp a gs://$BUKET_NAME/"),
    _warn("shell-continuation", "A command is cut in two at the end of a line.", "python a.py \\␠"),
    _warn(
        "shell-letters", "Quotes, dashes or blanks of a word processor in a command.", "python a.py –epochs 3"
    ),
    _warn("shell-double-scheme", "The value begins with gs:// already.", "gs://$BUCKET of BUCKET=gs://kelp"),
    _warn("shell-typo", "A line that the shell reads otherwise than it looks.", "EPOCHS = 3"),
    _warn("shell-cd", "Nothing made the folder.", "git clone …/my-repo.git && cd my_repo"),
    _warn("shell-outputs-lost", "Results stay in the container, which is deleted.", "--output_dir out"),
    _warn("shell-unexpanded", "Nothing fills in the variable here.", "command: [python, a.py, $BUCKET]"),
    _warn("shell-one-item", "Several words in one item of a list.", 'command: ["python train.py --x 1"]'),
    _warn(
        "shell-extra-args", "The script gets no arguments as it is written.", "[bash, -c, python, train.py]"
    ),
    _warn("shell-no-script", "bash -c without a script.", "command: [bash, -c]"),
)
_COMMENTS = (
    _info("unknown-ignore", "A comment names a code that does not exist.", "# vertex-tui: ignore shel-pipe"),
    _info("ignore-error", "A comment names an error, which stays.", "# vertex-tui: ignore wrong-type"),
)

GROUPS: Mapping[str, tuple[Rule, ...]] = MappingProxyType(
    {
        "YAML": _YAML,
        "Fields and values": _SCHEMA,
        "The job": _JOB,
        "Pools and machines": _POOLS,
        "Containers": _CONTAINER,
        "Money": _MONEY,
        "Commands and shell scripts": _SHELL,
        "Comments": _COMMENTS,
    }
)
"""All rules, by what they are about."""

RULES: Mapping[str, Rule] = MappingProxyType({rule.code: rule for group in GROUPS.values() for rule in group})
"""All rules by code."""
